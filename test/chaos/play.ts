import { setTimeout as sleep } from 'node:timers/promises'
import { findBroken, inBooks } from '../support/invariants.ts'
import {
  databaseUrl,
  freePort,
  get,
  kill,
  killDatabase,
  launch,
  newFolder,
  OWNER,
  post,
  type Running,
  ready,
  say,
} from '../support/process.ts'
import type { ChatRow } from '../support/program.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { type RoughFonnte, roughFonnte } from '../support/rough-fonnte.ts'

/**
 * `tagih semua` while the program, its PostgreSQL or both are killed at random moments and Fonnte has a bad day. The
 * owner does nothing but say *lanjut kirim* when the bot says that it stopped.
 */
export type Outcome = {
  customers: number
  kills: number
  calls: number
  withheld: number
  /** Phones that were handed over more than once. */
  twice: string[]
  /** Rows by what became of them. */
  rows: Record<string, number>
  /** Rows that say something else than what Fonnte saw, one line each. */
  contradictions: string[]
  /** Invariants of the whole database that do not hold. */
  broken: string[]
  /** How often the owner was told that the run is done. */
  reports: number
  /** The bot's own last word on it. */
  status: string
  seconds: number
}

type Target = 'program' | 'both' | 'database'

export async function playChaos(plan: {
  customers: number
  kills: readonly Target[]
  hangs: number
  /** Fonnte has a good day: only the kills are to blame. */
  calm?: boolean
  seed: number
  log?: (line: string) => void
}): Promise<Outcome> {
  const started = performance.now()
  const { customers, kills, log = () => {} } = plan
  const random = seededRandom(plan.seed)
  const fonnte = await roughFonnte(random, { calls: customers, count: plan.hangs, calm: plan.calm })
  const folder = newFolder()
  const port = await freePort()
  const start = () => launch(folder, port, { FONNTE_URL: fonnte.url, LOG_LEVEL: 'silent' })
  let program = await ready(start())
  try {
    await beginRun(program, customers)
    for (const [index, target] of kills.entries()) {
      const share = customers / (kills.length + 1)
      // Every fifth comes while the program is still starting after the one before.
      const early = index % 5 === 4
      if (early) await sleep(random() * 800)
      else {
        program = await ready(program)
        await reach(program, fonnte, Math.floor((index + random()) * share))
        await sleep(random() * 20)
      }
      log(
        `kill ${index + 1} of ${kills.length}: ${target}${early ? ' while starting' : ''} after ${fonnte.calls()} calls`,
      )
      program = await strike(target, folder, program, random, start)
    }
    program = await ready(program)
    await reach(program, fonnte, Number.POSITIVE_INFINITY)
    return {
      customers,
      kills: kills.length,
      calls: fonnte.calls(),
      withheld: fonnte.withheld(),
      ...(await judge(program, folder, fonnte)),
      seconds: Math.round((performance.now() - started) / 1_000),
    }
  } finally {
    await kill(program)
    await fonnte.stop()
  }
}

async function beginRun(program: Running, customers: number): Promise<void> {
  await post(program, '/simulator/reset', { customers, now: '2026-11-24T09:00:00+07:00' })
  // By then the first invoice of each of them is issued.
  await post(program, '/simulator/clock', { now: '2026-12-04T09:00:00+07:00' })
  const preview = await say(program, 'tagih semua')
  const count = customers.toLocaleString('id-ID')
  if (!preview.replies.some(({ text }) => text.includes(`*${count}* pelanggan`)))
    throw new Error(`no preview for ${count}: ${JSON.stringify(preview.replies)}`)
  await say(program, 'ya')
}

/** Waits until Fonnte was called so often or the run is done; plays the owner, who resumes a run that was stopped. */
async function reach(program: Running, fonnte: RoughFonnte, calls: number): Promise<void> {
  for (let look = Date.now(); fonnte.calls() < calls; await sleep(3)) {
    if (Date.now() < look) continue
    look = Date.now() + 500
    const status = await askStatus(program)
    if (status.startsWith('Selesai')) return
    if (status.includes('Dihentikan')) await say(program, 'lanjut kirim').catch(() => {})
    if (program.child.exitCode !== null) throw new Error(`ended by itself: ${program.output()}`)
  }
}

async function askStatus(program: Running): Promise<string> {
  const said = await say(program, 'status pengiriman').catch(() => undefined)
  return said?.replies?.[0]?.text ?? ''
}

async function strike(
  target: Target,
  folder: string,
  program: Running,
  random: Random,
  start: () => Running,
): Promise<Running> {
  if (target === 'database') {
    await killDatabase(folder)
    return program
  }
  const databaseFirst = random() < 0.5
  if (target === 'both' && databaseFirst) await killDatabase(folder)
  await kill(program)
  if (target === 'both') await killDatabase(folder)
  return start()
}

async function judge(program: Running, folder: string, fonnte: RoughFonnte) {
  const url = databaseUrl(folder)
  await post(program, '/simulator/settle')
  const messages = (await inBooks(url, (query) =>
    query(`select phone, status, reason from message where broadcast_id is not null order by id`),
  )) as { phone: string; status: string; reason: string | null }[]
  const rows: Record<string, number> = {}
  const contradictions: string[] = []
  for (const { phone, status, reason } of messages) {
    rows[status] = (rows[status] ?? 0) + 1
    const handed = fonnte.handed.get(phone) ?? 0
    const fits = status === 'sent' ? handed === 1 : status === 'failed' ? handed === 0 : status === 'uncertain'
    if (!fits) contradictions.push(`${status} (${reason}) and handed over ${handed} times`)
  }
  const chat = await get<ChatRow[]>(program, `/simulator/messages?phone=${OWNER}`)
  return {
    twice: [...fonnte.handed].filter(([, times]) => times > 1).map(([phone]) => phone),
    rows,
    contradictions,
    broken: await findBroken(url),
    reports: chat.filter(({ text }) => text.startsWith('✅ Selesai')).length,
    status: await askStatus(program),
  }
}
