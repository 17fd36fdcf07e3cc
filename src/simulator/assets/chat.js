/** The chat of the phone that is looked at, and what is written into it. */

import { drawMessage, isLost, plainText, quickReplies, sizeOf } from './bubble.js'
import { DAY_MS, now } from './clock.js'
import { localPhone, paintAvatar, personOf, ROLES } from './contacts.js'
import { actionButton, arrange, element, icon, tell, ui, wallClock } from './dom.js'
import { hooks, isCustomer, LARGEST_FILE_MB, loadChat, markSeen, send, sendAgain, state } from './state.js'

/** Pixels from the end that still count as the end. */
const NEAR_END = 80
const FIRST_WORDS = { customer: ['halo', 'tagihan saya berapa'], staff: ['bantuan', 'rekap', 'telat'] }

/** What was begun and not sent, by phone. */
const drafts = new Map()
let files = []
let quoted

/** Shows the chat of a phone; with nothing, on a narrow screen, the list of phones. */
export async function openPhone(phone) {
  drafts.set(state.open, ui.text.value)
  state.open = phone
  document.body.dataset.pane = phone ? 'chat' : 'list'
  ui.welcome.hidden = Boolean(phone)
  ui.head.hidden = ui.composer.hidden = !phone
  ui.messages.replaceChildren()
  ui.text.value = drafts.get(phone) ?? ''
  quote(undefined)
  isAtEnd = true
  shown = BUBBLES
  if (!phone) return hooks.onChange()
  const person = personOf(phone)
  paintAvatar(ui['head-avatar'], person)
  ui['head-name'].textContent = person.name
  const withWhom = element('span', { class: 'with' }, ` · chat dengan ${document.body.dataset.business}`)
  ui['head-sub'].replaceChildren(`HP ${ROLES[person.role]} · ${localPhone(phone)}`, withWhom)
  ui.text.placeholder = `Tulis sebagai ${person.name}`
  markSeen(phone)
  hooks.onChange()
  await loadChat(phone).catch(() => {})
  hooks.onChange()
}

/** Bubbles that are drawn at once; thousands would make the page slow, and few look back that far. */
const BUBBLES = 150
let shown = BUBBLES
const earlier = element('button', { type: 'button', class: 'more', 'data-action': 'earlier' }, 'Pesan sebelumnya')
const earlierItem = element('li', {}, earlier)
const typing = drawTyping()

/** Adds what is new, replaces what changed, and leaves everything else where it is. */
export function drawChat() {
  const all = state.chats.get(state.open) ?? []
  const drawn = new Map([...ui.messages.children].map((item) => [item.dataset.message ?? item.dataset.day, item]))
  const items = all.length > shown ? [earlierItem] : []
  const today = wallClock(now()).day
  let day
  for (const message of all.slice(-shown)) {
    const known = drawn.get(String(message.id))
    const item = known?.dataset.status === message.status ? known : drawAnswering(message, all)
    const its = wallClock(message.at).day
    if (its !== day) items.push(drawn.get(its) ?? element('li', { class: 'day', 'data-day': its }))
    day = its
    items.push(item)
  }
  arrange(ui.messages, [...items, ...drawPassing(all)])
  for (const line of ui.messages.querySelectorAll('.day')) line.textContent = labelOf(line.dataset.day, today)
}

const drawAnswering = (message, all) =>
  drawMessage(message, message.quotedId && all.find(({ id }) => id === message.quotedId))

function labelOf(day, today) {
  if (day === today) return `Hari ini · ${day}`
  return day === wallClock(now() - DAY_MS).day ? `Kemarin · ${day}` : day
}

/** Draws earlier messages and stays at the one that was looked at. */
export function showEarlier() {
  shown += BUBBLES
  isAtEnd = false
  const fromEnd = ui.log.scrollHeight - ui.log.scrollTop
  drawChat()
  ui.log.scrollTop = ui.log.scrollHeight - fromEnd
}

/** What stands below the messages for a while: what is being sent, who is typing, what could be written. */
function drawPassing(messages) {
  const mine = state.pending.filter(({ phone }) => phone === state.open)
  const isTyping = mine.some(({ failed }) => !failed)
  drawChips(isTyping || !state.chats.has(state.open) ? [] : repliesTo(messages))
  const items = mine.filter(({ stored }) => !stored).map(drawPending)
  if (isTyping) items.push(typing)
  if (messages.length + mine.length === 0 && state.chats.has(state.open))
    items.push(element('li', { class: 'hint' }, 'Belum ada pesan di HP ini.'))
  return items
}

function drawPending(entry) {
  const { text, reaction, file } = entry.message
  if (entry.item?.dataset.status === (entry.failed ? 'failed' : 'sending')) return entry.item
  const isImage = file?.type.startsWith('image/')
  if (isImage) entry.url ??= URL.createObjectURL(file)
  const media = file && { kind: isImage ? 'image' : 'document', filename: file.name, size: file.size, url: entry.url }
  const status = entry.failed ? 'failed' : 'sending'
  entry.item = drawMessage({ direction: 'in', status, text: text ?? reaction, media })
  entry.item.classList.add('passing')
  if (entry.failed) {
    const again = element('button', { type: 'button' }, 'Coba lagi')
    again.addEventListener('click', () => sendAgain(entry))
    entry.item.append(element('p', { class: 'again', role: 'status' }, `${entry.failed} `, again))
  }
  return entry.item
}

function drawTyping() {
  const dots = element('span', { class: 'typing' }, element('i'), element('i'), element('i'))
  const bubble = element('div', { class: 'bubble' }, element('span', { class: 'sr' }, 'sedang mengetik'), dots)
  return element('li', { class: 'message theirs passing', 'data-typing': '' }, bubble)
}

function repliesTo(messages) {
  const last = messages.findLast((message) => !isLost(message))
  if (last) return last.direction === 'out' ? quickReplies(last.text ?? '') : []
  return FIRST_WORDS[isCustomer(state.open) ? 'customer' : 'staff'].map((word) => ({ send: word, label: word }))
}

function drawChips(replies) {
  const key = JSON.stringify(replies)
  if (ui.chips.dataset.key === key) return
  ui.chips.dataset.key = key
  ui.chips.replaceChildren(
    ...replies.map(({ send, label }) => element('button', { type: 'button', 'data-reply': send }, label)),
  )
}

/** While the end is in view it stays in view, whatever grows: a message, a picture, the keyboard. */
let isAtEnd = true
let extent

const measure = () => `${ui.log.scrollHeight}/${ui.log.clientHeight}`

const watcher = new ResizeObserver(() => {
  extent = measure()
  if (isAtEnd) toBottom()
})
watcher.observe(ui.log)
watcher.observe(ui.messages)

ui.log.addEventListener('scroll', () => {
  // A scroll that came with another size was not a person's; the watcher answers it.
  if (measure() !== extent) return
  isAtEnd = ui.log.scrollHeight - ui.log.scrollTop - ui.log.clientHeight < NEAR_END
  actionButton('bottom').hidden = isAtEnd
})

export function toBottom() {
  isAtEnd = true
  ui.log.scrollTop = ui.log.scrollHeight
}

/** Sends from the open phone; what was just written is always in view. */
export function sendHere(message) {
  send(state.open, message)
  toBottom()
}

export function submit() {
  const text = ui.text.value.trim()
  if (!state.open || (!text && files.length === 0)) return
  const [first, ...rest] = files
  sendHere({ text: text || undefined, quotedId: quoted, file: first })
  for (const file of rest) sendHere({ file })
  ui.text.value = ''
  files = []
  quote(undefined)
}

export function write(text) {
  ui.text.value = text
  ui.text.focus()
}

export function attach(list) {
  const [small, large] = [[], []]
  for (const file of list) (file.size > LARGEST_FILE_MB * 1024 * 1024 ? large : small).push(file)
  if (large.length > 0) tell(`${large[0].name} lebih dari ${LARGEST_FILE_MB} MB, jadi tidak bisa dikirim.`)
  files.push(...small)
  ui.attach.open = false
  drawDrafts()
  ui.text.focus()
}

/** The next message answers that one; with nothing, none. */
export function quote(id) {
  quoted = id
  drawDrafts()
  if (id) ui.text.focus()
}

function drawDrafts() {
  const line = (drop, ...words) => {
    const button = element('button', { type: 'button', class: 'icon', 'aria-label': 'Lepas' }, icon('close'))
    button.addEventListener('click', drop)
    return element('p', { class: 'draft' }, element('span', {}, ...words), button)
  }
  const answered = state.chats.get(state.open)?.find(({ id }) => id === quoted)
  const lines = files.map((file) => {
    const drop = () => {
      files = files.filter((one) => one !== file)
      drawDrafts()
    }
    return line(drop, element('b', {}, file.name), ` ${sizeOf(file.size)}`)
  })
  if (answered) lines.unshift(line(() => quote(undefined), 'Membalas: ', plainText(answered)))
  ui.drafts.replaceChildren(...lines)
}

/** A file that the program offers to play with. */
export async function sampleFile(path, name) {
  const response = await fetch(`/simulator/${path}`)
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  const blob = await response.blob()
  return new File([blob], name, { type: blob.type })
}
