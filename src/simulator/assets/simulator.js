/** The page of the simulator: any phone of the demo, its chat with the business, and the program's clock. */

import { plainText } from './bubble.js'
import {
  attach,
  drawChat,
  openPhone,
  quote,
  sampleFile,
  sendHere,
  showEarlier,
  submit,
  toBottom,
  write,
} from './chat.js'
import { DAY_MS, loadClock, moveTo, nextEvent, now, setMoving, tick } from './clock.js'
import { drawContacts, personOf, showRows } from './contacts.js'
import { actionButton, tell, ui } from './dom.js'
import { drawGuide, note } from './guide.js'
import { api, beginAnew, hooks, isCustomer, loadPhones, markSeen, refresh, send, state } from './state.js'

const POLL_MS = 1500
const HIDDEN_POLL_MS = 15_000
const SLOWEST_RETRY_MS = 10_000
/** Every that many rounds the clock and the phones are asked for too. */
const FULL_ROUND = 14
/** Where a fresh demo starts, too. */
const START = '2026-11-23T09:00:00+07:00'

const sampleSheet = () => sampleFile('contoh.xlsx', 'contoh-pelanggan.xlsx')
const proofOfTransfer = () => sampleFile('assets/bukti-transfer.jpg', 'bukti-transfer.jpg')

/** What the guide borrows of the page. */
const world = {
  owner: () => state.phones[0]?.phone,
  nameOf: (phone) => personOf(phone).name,
  hasCustomers: () => state.phones.some(({ role }) => role === 'customer'),
  open: (phone) => {
    if (state.open !== phone) location.hash = phone
  },
  send,
  now,
  moveTo,
  openPay,
  sample: sampleSheet,
}

hooks.onMessage = (message) => {
  note(message, isCustomer(message.phone))
  if (message.phone === state.open && message.direction === 'out')
    ui.announce.textContent = `Pesan baru: ${plainText(message)}`
}

hooks.onChange = () => {
  drawContacts()
  if (state.open) drawChat()
  drawGuide(ui.steps, world)
}

let timer
let rounds = 0
let failures = 0

/** One round, then the next: sooner when somebody looks, later when the program does not answer. */
async function poll() {
  clearTimeout(timer)
  try {
    if (rounds++ % FULL_ROUND === 0 || failures > 0) await Promise.all([loadPhones(), loadClock()])
    await refresh()
    failures = 0
  } catch {
    failures++
  }
  ui.trouble.hidden = failures === 0
  clearTimeout(timer)
  const pause = document.hidden ? HIDDEN_POLL_MS : POLL_MS
  timer = setTimeout(poll, failures ? Math.min(failures * POLL_MS, SLOWEST_RETRY_MS) : pause)
}

async function attachSample(getFile) {
  try {
    attach([await getFile()])
  } catch {
    tell('Contohnya belum bisa diambil; program belum menjawab.')
  }
}

/** Shows the fake's own page inside this one, whatever name the link calls this server by; others in a tab. */
function openPay(url) {
  const { pathname } = new URL(url)
  if (!isFakePay(pathname)) return window.open(url, '_blank', 'noopener')
  ui['sheet-link'].href = ui.frame.src = pathname
  ui.sheet.showModal()
}

const isFakePay = (pathname) => /^\/simulator\/.*\/bayar\//.test(pathname)

async function startAnew() {
  const customers = Number(new FormData(ui.reset.querySelector('form')).get('customers'))
  setMoving(true)
  try {
    await api('reset', { customers, now: START })
    beginAnew()
  } catch {
    setMoving(false)
    tell('Belum bisa mulai ulang; program belum menjawab.')
  }
}

function showGuide(isShown) {
  ui.guide.hidden = !isShown
  actionButton('guide').setAttribute('aria-pressed', String(isShown))
  localStorage.setItem('tagih-guide', isShown ? 'shown' : 'hidden')
}

const ACTIONS = {
  day: () => moveTo(now() + DAY_MS),
  next: () => moveTo(nextEvent()),
  guide: () => showGuide(ui.guide.hidden),
  reset: () => ui.reset.showModal(),
  retry: poll,
  more: () => showRows(true),
  bottom: toBottom,
  earlier: showEarlier,
  file: () => ui.file.click(),
  sample: () => attachSample(sampleSheet),
  proof: () => attachSample(proofOfTransfer),
  toast: () => {
    ui.toast.hidden = true
  },
  sheet: () => ui.sheet.close(),
}

document.addEventListener('click', (event) => {
  if (!event.target.closest('[data-attach]')) ui.attach.open = false
  const target = event.target.closest('button, a')
  const { action, reply, replyTo, reactTo } = target?.dataset ?? {}
  if (action) ACTIONS[action]()
  else if (replyTo) quote(Number(replyTo))
  else if (reactTo) sendHere({ quotedId: Number(reactTo), reaction: '👍' })
  else if (reply?.includes('…')) write(reply.replace('…', ''))
  else if (reply) sendHere({ text: reply })
  else if (target?.matches('.text a') && isFakePay(target.pathname) && !event.metaKey && !event.ctrlKey) {
    event.preventDefault()
    openPay(target.href)
  }
})

ui.search.addEventListener('input', () => showRows(false))
ui.search.addEventListener('keydown', (event) => {
  if (event.key === 'Enter') ui.contacts.querySelector('.row')?.click()
})
ui.contacts.addEventListener('keydown', (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (!step) return
  event.preventDefault()
  const links = [...ui.contacts.querySelectorAll('.row')]
  links[links.indexOf(document.activeElement) + step]?.focus()
})
ui.composer.addEventListener('submit', (event) => {
  event.preventDefault()
  submit()
})
ui.attach.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return
  ui.attach.open = false
  ui.attach.querySelector('summary').focus()
})
ui.text.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') quote(undefined)
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  submit()
})
ui.text.addEventListener('paste', (event) => {
  if (event.clipboardData.files.length === 0) return
  event.preventDefault()
  attach(event.clipboardData.files)
})
ui.file.addEventListener('change', () => {
  attach(ui.file.files)
  ui.file.value = ''
})
document.addEventListener('dragover', (event) => {
  event.preventDefault()
  ui.chat.classList.toggle('dropping', Boolean(state.open) && event.dataTransfer.types.includes('Files'))
})
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) ui.chat.classList.remove('dropping')
})
document.addEventListener('drop', (event) => {
  event.preventDefault()
  ui.chat.classList.remove('dropping')
  const items = [...event.dataTransfer.items].filter(({ kind }) => kind === 'file')
  const files = items.filter((item) => !item.webkitGetAsEntry()?.isDirectory).map((item) => item.getAsFile())
  if (files.length < items.length) tell('Folder tidak bisa dikirim; pilih berkas di dalamnya.')
  if (state.open && files.length > 0) attach(files)
})
ui.sheet.addEventListener('close', () => {
  ui.frame.src = 'about:blank'
  poll()
})
ui.reset.addEventListener('close', () => {
  if (ui.reset.returnValue === 'yes') startAnew()
  ui.reset.returnValue = ''
})
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return
  if (state.open) markSeen(state.open)
  poll()
})

/** The address names the open phone; the pay page comes back with `/kembali` behind it. */
function follow() {
  const phone = /^#(\d+)/.exec(location.hash)?.[1]
  if (location.hash.endsWith('/kembali')) {
    history.replaceState(null, '', phone ? `#${phone}` : location.pathname)
    ui.sheet.close()
  }
  if (phone === state.open) return
  openPhone(phone)
  if (phone && hasKeyboard.matches) ui.text.focus()
}

/** Where typing needs no keyboard on the screen, which would cover the chat that was just opened. */
const hasKeyboard = matchMedia('(hover: hover) and (pointer: fine)')

/** Keeps the reply box above the keyboard where the page is not made smaller by it (iOS). */
function fitKeyboard() {
  const { height, scale } = window.visualViewport
  if (scale === 1) document.body.style.height = `${height}px`
}

async function start() {
  showGuide(localStorage.getItem('tagih-guide') !== 'hidden')
  setInterval(tick, 1000)
  window.visualViewport.addEventListener('resize', fitKeyboard)
  await poll()
  const isWide = matchMedia('(min-width: 800px)').matches
  if (!location.hash && isWide && world.owner()) history.replaceState(null, '', `#${world.owner()}`)
  window.addEventListener('hashchange', follow)
  follow()
}

start()
