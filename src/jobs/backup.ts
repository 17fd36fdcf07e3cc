import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Taken } from '../domain/backup.ts'
import type { Books, OpenBooks } from '../domain/books.ts'
import { addDays, type Day, isAfter, type Moment, day as readDay } from '../domain/calendar.ts'
import { queueMessages, quietUntil } from '../domain/outbox.ts'
import { lastRunDay, noteDailyRun } from '../domain/run.ts'
import { listStaff } from '../domain/staff.ts'

/** How a night's backup is called; those made by hand have other names, and are never removed. */
const NAME = /^tagih-malam-(\d{4}-\d\d-\d\d)\.tar(\.aes)?$/

/** Of the last days one each, then one a week and one a month. */
const KEPT = { days: 7, weeks: 4, months: 12 }

export type NightlyBackup = {
  openBooks: OpenBooks
  /** Where backups are kept. Throws when that cannot be. */
  folder: () => string
  encrypted: boolean
  take(file: string, now: Moment): Promise<Taken>
}

/**
 * Makes the night's backup and removes what the rule no longer keeps. Where that fails the owner hears it in one
 * sentence, once a day and not at night, and it is tried again.
 * @throws what went wrong, so that the queue tries again
 */
export async function backUpNightly(deps: NightlyBackup, businessId: number, date: string): Promise<void> {
  const { openBooks, encrypted } = deps
  const { now, newest } = await openBooks(businessId, async (books) => ({
    now: books.now,
    newest: await lastRunDay(books, 'backup'),
  }))
  // After an outage, or where the demo's clock runs through a month, one of the newest night says it all.
  if (newest && isAfter(newest, readDay(date))) return
  try {
    const folder = deps.folder()
    await deps.take(join(folder, `tagih-malam-${date}.tar${encrypted ? '.aes' : ''}`), now)
    for (const name of listOutdated(await readdir(folder), readDay(date))) await rm(join(folder, name), { force: true })
  } catch (error) {
    await openBooks(businessId, (books) => tellFailure(books, error as Error))
    throw error
  }
  await openBooks(businessId, tellRecovery)
}

/** Which of a folder's files the rule no longer keeps. The newest of a day, week or month stands for it. */
export function listOutdated(names: readonly string[], today: Day): string[] {
  const nightly = names
    .flatMap((name) => {
      const date = NAME.exec(name)?.[1]
      return date ? [{ name, day: readDay(date) }] : []
    })
    // What is dated later was made before somebody set the clock back, and is left alone.
    .filter(({ day }) => !isAfter(day, today))
    .sort((a, b) => Temporal.PlainDate.compare(b.day, a.day))
  const kept = new Set([
    ...newestOf(nightly, KEPT.days, (day) => day.toString()),
    ...newestOf(nightly, KEPT.weeks, (day) => addDays(day, 1 - day.dayOfWeek).toString()),
    ...newestOf(nightly, KEPT.months, (day) => day.toPlainYearMonth().toString()),
  ])
  return nightly.filter(({ day }) => !kept.has(day.toString())).map(({ name }) => name)
}

function newestOf(nightly: readonly { day: Day }[], count: number, spanOf: (day: Day) => string): string[] {
  const spans = new Map<string, string>()
  for (const { day } of nightly) if (!spans.has(spanOf(day))) spans.set(spanOf(day), day.toString())
  return [...spans.values()].slice(0, count)
}

const FAILED = 'backup.failed'
const RECOVERED = 'backup.recovered'

async function tellFailure(books: Books, error: Error): Promise<void> {
  if (!(await noteDailyRun(books, FAILED, books.today))) return
  await tellOwners(
    books,
    `⚠️ Cadangan data malam ini belum berhasil: ${reasonOf(error)}. Cadangan yang lama tetap ada; saya coba lagi sendiri.`,
  )
}

async function tellRecovery(books: Books): Promise<void> {
  const failed = (await lastRunDay(books, FAILED))?.equals(books.today)
  if (failed && (await noteDailyRun(books, RECOVERED, books.today)))
    await tellOwners(books, '✅ Cadangan data yang tadi gagal sekarang berhasil.')
}

function reasonOf(error: Error & { code?: string }): string {
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return 'disknya penuh'
  if (error.code?.startsWith('E') || error.message.startsWith('BACKUP_DIR'))
    return 'folder cadangannya tidak bisa ditulisi'
  return 'ada kesalahan di pihak saya'
}

/** Nobody is woken up for it. */
async function tellOwners(books: Books, text: string): Promise<void> {
  const until = quietUntil(books.business, books.now)
  const owners = await listStaff(books, ['owner'])
  await queueMessages(
    books,
    owners.map(({ phone }) => ({
      phone,
      kind: 'note',
      text,
      ...(until && { delaySeconds: Math.ceil(books.now.until(until).total('seconds')) }),
    })),
  )
}
