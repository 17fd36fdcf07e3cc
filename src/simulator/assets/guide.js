/** "Coba ini dulu": the main job in five taps. What is done is read from the chats, so doing it by hand counts too. */

import { isLost } from './bubble.js'
import { DAY_MS } from './clock.js'
import { element, tell, wallClock } from './dom.js'

const PAY_LINK = /https?:\/\/\S*(?:bayar|midtrans)\S*/
/** So that the preview, and the answer with the pay link, can be read before it goes on. */
const READING_MS = 1600
/** Far enough that the first bills of the sample are overdue. */
const DAYS_UNTIL_LATE = 10

/** What the chats show so far; `note` is called for every message once, oldest first. */
const facts = { wrote: new Set(), sheet: false, billed: undefined, link: undefined, paid: false, late: false }

export function note(message, isCustomers) {
  const text = message.text ?? ''
  if (message.direction === 'in') {
    facts.wrote.add(message.phone)
    if (!isCustomers && message.media) facts.sheet = true
    if (!isCustomers && /^\W*telat\b/i.test(text)) facts.late = true
  } else if (isCustomers) {
    const link = PAY_LINK.exec(text)?.[0]
    if (link) facts.link = { phone: message.phone, url: link }
    // A message is noted once: a bill that waits at that moment leaves a little later.
    else if (
      /Balas \*1\*/.test(text) &&
      !facts.wrote.has(message.phone) &&
      (message.status === 'waiting' || !isLost(message))
    )
      facts.billed ??= message.phone
    if (/^✅.*kami terima/.test(text)) facts.paid = true
  }
}

/**
 * The steps, first to last. `world` is what the page lends: `owner()`, `nameOf(phone)`, `hasCustomers()`, `open(phone)`,
 * `send(phone, message)` → the answer, `now()`, `moveTo(ms)`, `openPay(url)`, `sample()`.
 */
function steps(world) {
  return [
    {
      title: 'Kirim daftar',
      hint: 'Excel apa adanya.',
      action: 'Kirim contoh',
      done: facts.sheet || world.hasCustomers(),
      run: async () => {
        world.open(world.owner())
        await world.send(world.owner(), { file: await world.sample() })
      },
    },
    {
      title: 'Setujui',
      hint: 'Baca dulu ringkasannya.',
      action: 'Balas ya',
      done: world.hasCustomers(),
      run: async () => {
        world.open(world.owner())
        await world.send(world.owner(), { text: 'ya' })
      },
    },
    {
      title: 'Tagih semua',
      hint: 'Cukup satu pesan.',
      action: 'Tagih semua',
      done: facts.billed !== undefined || facts.link !== undefined,
      run: () => billAll(world),
    },
    {
      title: 'Jadi pelanggan',
      hint: facts.link
        ? 'Buka halaman bayarnya.'
        : `Pindah ke HP ${facts.billed ? world.nameOf(facts.billed) : 'pelanggan'}.`,
      action: facts.link ? 'Bayar' : 'Balas 1',
      done: facts.paid,
      run: () => payAsCustomer(world),
    },
    {
      title: 'Siapa yang telat?',
      hint: `Maju ${DAYS_UNTIL_LATE} hari, lalu tanya.`,
      action: 'Maju',
      done: facts.late,
      run: async () => {
        world.open(world.owner())
        await world.moveTo(world.now() + DAYS_UNTIL_LATE * DAY_MS)
        await world.send(world.owner(), { text: 'telat' })
      },
    },
  ]
}

async function billAll(world) {
  world.open(world.owner())
  const [hour, minute] = wallClock(world.now()).time.split('.').map(Number)
  const isQuiet = hour < 7 || hour >= 19
  if (isQuiet) await world.moveTo(world.now() + (((8 - hour + 24) % 24) * 60 - minute) * 60_000)
  const answer = await world.send(world.owner(), { text: 'tagih semua' })
  if (!answer?.replies.some(({ to, text }) => to === world.owner() && text.includes('*ya*'))) return
  await pause()
  await world.send(world.owner(), { text: 'ya' })
}

async function payAsCustomer(world) {
  const phone = facts.link?.phone ?? facts.billed
  world.open(phone)
  if (facts.link) return world.openPay(facts.link.url)
  const answer = await world.send(phone, { text: '1' })
  const url = answer?.replies.map(({ text }) => PAY_LINK.exec(text ?? '')?.[0]).find(Boolean)
  if (!url) return
  await pause()
  world.openPay(url)
}

const pause = () => new Promise((done) => setTimeout(done, READING_MS))

let running = -1

/** Draws the steps into `list`; only the first that is not done can be tapped. */
export function drawGuide(list, world) {
  const all = steps(world)
  const current = all.findIndex(({ done }) => !done)
  const key = JSON.stringify([all, running])
  if (list.dataset.key === key) return
  list.dataset.key = key
  list.replaceChildren(...all.map((step, index) => drawStep(step, index, current, () => run(step, index, list, world))))
  if (current === -1)
    list.append(
      element(
        'li',
        { class: 'step current', 'data-step': 'done' },
        'Selesai. Berikutnya, tulis bantuan sebagai pemilik.',
        element('button', { type: 'button', 'data-action': 'guide' }, 'Tutup'),
      ),
    )
}

function drawStep({ title, hint, action, done }, index, current, tap) {
  const state = done ? 'done' : index === current ? 'current' : 'later'
  const button = element('button', { type: 'button', 'data-step-run': index + 1 }, action)
  button.disabled = running >= 0
  button.addEventListener('click', tap)
  return element(
    'li',
    { class: `step ${state}`, 'data-step': index + 1, 'aria-current': state === 'current' ? 'step' : undefined },
    element('span', { class: 'number' }, done ? '✓' : String(index + 1)),
    element('span', { class: 'words' }, element('b', {}, title), state === 'current' && element('small', {}, hint)),
    state === 'current' && button,
  )
}

async function run(step, index, list, world) {
  running = index
  drawGuide(list, world)
  try {
    await step.run()
  } catch {
    tell('Langkah ini belum jadi; program belum menjawab. Coba lagi.')
  } finally {
    running = -1
    drawGuide(list, world)
  }
}
