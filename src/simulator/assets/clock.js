/** The program's clock: shown, moved, and what ran on the way. */

import { actionButton, element, momentOf, tell, ui, wallClock } from './dom.js'
import { api, loadPhones, refresh } from './state.js'

export const DAY_MS = 24 * 60 * 60 * 1000
const WATCH_MS = 400

/** The moment that the program told, when it told it, and what comes next. */
let clock
let isMoving = false

/** The program's time in milliseconds; it runs on between two questions. */
export const now = () => (clock ? clock.at + performance.now() - clock.asked : Date.now())

/** When the next event is, in milliseconds. */
export const nextEvent = () => (clock?.next ? Date.parse(clock.next.at) : undefined)

export async function loadClock() {
  const { now: at, next } = await api('clock')
  clock = { at: Date.parse(at), asked: performance.now(), next }
  ui.next.textContent = next ? `${shortMoment(next.at)} · ${jobName(next.job)}` : 'tidak ada jadwal'
  actionButton('next').title = `Ke kejadian berikutnya: ${ui.next.textContent}`
  actionButton('next').disabled = isMoving || !next
  tick()
}

export function tick() {
  if (!clock) return
  const [day, time] = Object.values(wallClock(now()))
  if (ui.clock.textContent !== `${day} ${time}`) ui.clock.replaceChildren(`${day} `, element('b', {}, time))
}

/** `07.00` today, `Sel, 24 Nov 07.00` on another day of the near future. */
function shortMoment(at) {
  const { day, time } = wallClock(at)
  return day === wallClock(now()).day ? time : `${day.slice(0, -' 2026'.length)} ${time}`
}

/** Jobs in the words of the people who watch; one without a name here goes by its own. */
const JOBS = {
  issue: 'tagihan terbit',
  reconcile: 'cek pembayaran',
  send: 'kirim pesan',
  backup: 'cadangan data',
  restored: 'data dipulihkan',
}
const jobName = (job) => JOBS[job] ?? job

/** Moves the program's clock forward and shows how far it is. Trouble is told, never thrown. */
export async function moveTo(target) {
  if (isMoving) return
  setMoving(true)
  const from = now()
  const watch = setInterval(() => showProgress(from, target), WATCH_MS)
  try {
    const { ran } = await api('clock', { now: new Date(Math.max(target, now() + 1000)).toISOString() })
    await Promise.all([loadClock(), loadPhones()])
    await refresh()
    tellRan(ran)
  } catch {
    tell('Waktunya belum bisa dimajukan; program belum menjawab.')
  } finally {
    clearInterval(watch)
    setMoving(false)
  }
}

async function showProgress(from, target) {
  await loadClock().catch(() => {})
  const part = (now() - from) / (target - from)
  if (isMoving && part > 0.01) ui.progress.value = Math.min(1, part)
}

export function setMoving(moving) {
  isMoving = moving
  ui.progress.hidden = !moving
  ui.progress.removeAttribute('value')
  for (const name of ['day', 'next', 'reset']) actionButton(name).disabled = moving
}

/** Which schedules ran, the same ones together. */
function tellRan(ran) {
  const jobs = new Map()
  for (const { at, job } of ran) jobs.set(job, { at, count: (jobs.get(job)?.count ?? 0) + 1 })
  const lines = [...jobs].map(([job, { at, count }]) =>
    element('li', {}, element('b', {}, jobName(job)), count > 1 ? ` ${count} kali, terakhir ` : ' ', shortMoment(at)),
  )
  if (lines.length === 0) lines.push(element('li', {}, 'Tidak ada jadwal yang berjalan.'))
  tell(element('strong', {}, `Sekarang ${momentOf(now())}`), element('ul', { 'data-ran': ran.length }, ...lines))
}
