import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Database, StartError } from './domain/database.ts'
import type { Lock } from './domain/lock.ts'
import { PROGRAM_LOCK } from './gateways/postgres.ts'
import type { Settings } from './settings.ts'

/** How long a lock that was lost may be refused before another program is what holds it. */
const LOCK_REFUSED_MS = 5_000
const LOCK_RETRY_MS = 100

/**
 * One program at a time works on a data folder; the lock ends with the connection, however the program ends. Lost
 * because the database died, it is taken again at once. On an external server our own dead connection may still hold
 * it, so nothing follows from a refusal there.
 */
export async function holdDataDir(
  settings: Settings,
  folder: string,
  database: Database,
  { started, giveUp }: { started: (() => Promise<void>)[]; giveUp: (error: unknown) => void },
): Promise<void> {
  const name = settings.DATABASE_URL ? `${PROGRAM_LOCK} ${hostname()} ${folder}` : PROGRAM_LOCK
  const taken = new StartError(`DATA_DIR: ${folder} sedang dipakai Tagih lain yang masih berjalan.`)
  let lock: Lock | undefined
  let ended = false
  const retake = async () => {
    for (let refusedSince = 0; !ended; await sleep(LOCK_RETRY_MS)) {
      const answered = await database.tryLock(name, retake).catch(() => 'away' as const)
      if (answered === 'away') refusedSince = 0
      else if (answered) {
        lock = answered
        return
      } else refusedSince ||= Date.now()
      if (!settings.DATABASE_URL && refusedSince && Date.now() - refusedSince > LOCK_REFUSED_MS) return giveUp(taken)
    }
  }
  lock = await database.tryLock(name, retake)
  if (!lock) throw taken
  started.push(async () => {
    ended = true
    await lock?.release()
  })
}
