import { nextAskTime, takeOrdersToAsk } from '../domain/ask.ts'
import { type Books, type Clock, isFirstBusiness, listBusinessIds, type OpenBooks } from '../domain/books.ts'
import { addDays, type Moment, momentOf } from '../domain/calendar.ts'
import { type Database, databaseTime } from '../domain/database.ts'
import { nextNotificationTime, takeNotifications } from '../domain/notification.ts'
import { queueMessages } from '../domain/outbox.ts'
import { findHold, noticeRestoration } from '../domain/restoration.ts'
import { lastRunDay, noteDailyRun } from '../domain/run.ts'
import { listStaff } from '../domain/staff.ts'

/**
 * What happens by the clock. Time is only a nudge: every schedule asks the tables what is due and not done yet, so
 * that an outage of days heals itself (J01). A schedule starts a job; the job does the work.
 */
type Schedule = {
  name: string
  /** When it falls due next, which may be past; nothing while there is nothing to do. */
  next(books: Books): Promise<Moment | undefined>
  /** Queues its job, and notes that it did so in the same transaction. */
  start(books: Books): Promise<void>
}

/** The day's invoices are issued at this time in the business's zone. */
const ISSUE_AT = '00:05'

/** The night's backup is made at this time in the zone of the first business. */
const BACKUP_AT = '02:30'

/** The program's clock may differ from the database's by so much before issuing is parked (rules 4, J09). */
const CLOCK_TOLERANCE = { hours: 1 }

/** Today's moment of a daily act, or tomorrow's when it was started today. */
async function nextDaily(books: Books, act: string, time: string): Promise<Moment> {
  const done = (await lastRunDay(books, act))?.equals(books.today)
  return momentOf(done ? addDays(books.today, 1) : books.today, time, books.business.zone)
}

const schedules: readonly Schedule[] = [
  {
    name: 'restored',
    async next(books) {
      const hold = await findHold(books)
      return hold && hold.noticed_at === null ? books.now : undefined
    },
    async start(books) {
      await noticeRestoration(books)
      await books.enqueue({ name: 'restored' })
    },
  },
  {
    name: 'issue',
    next: (books) => nextDaily(books, 'issue', ISSUE_AT),
    async start(books) {
      if (await noteDailyRun(books, 'issue', books.today))
        await books.enqueue({ name: 'issue', day: books.today.toString() })
    },
  },
  {
    name: 'reconcile',
    next: nextAskTime,
    async start(books) {
      for (;;) {
        const orderIds = await takeOrdersToAsk(books)
        if (orderIds.length === 0) return
        await books.enqueue({ name: 'reconcile', orderIds })
      }
    },
  },
  {
    name: 'notification',
    next: nextNotificationTime,
    async start(books) {
      for (const id of await takeNotifications(books)) await books.enqueue({ name: 'notification', id })
    },
  },
  {
    name: 'backup',
    next: async (books) => ((await isFirstBusiness(books)) ? nextDaily(books, 'backup', BACKUP_AT) : undefined),
    async start(books) {
      if (await noteDailyRun(books, 'backup', books.today))
        await books.enqueue({ name: 'backup', day: books.today.toString() })
    },
  },
]

export type Ran = { at: Moment; job: string }

/** Starts everything that is due now; answers what it started. */
export async function tick(deps: { database: Database; openBooks: OpenBooks; clock: Clock }): Promise<Ran[]> {
  const ran: Ran[] = []
  const trouble = await findClockTrouble(deps)
  for (const businessId of await listBusinessIds(deps.database)) {
    await deps.openBooks(businessId, async (books) => {
      if (trouble) return tellClockTrouble(books, trouble)
      for (const schedule of schedules) {
        const at = await schedule.next(books)
        if (!at || Temporal.Instant.compare(at, books.now) > 0) continue
        await schedule.start(books)
        ran.push({ at, job: schedule.name })
      }
    })
  }
  return ran
}

/** When the next schedule of any business falls due. */
export async function nextTick(deps: { database: Database; openBooks: OpenBooks }): Promise<Ran | undefined> {
  const found: Ran[] = []
  for (const businessId of await listBusinessIds(deps.database)) {
    await deps.openBooks(businessId, async (books) => {
      for (const schedule of schedules) {
        const at = await schedule.next(books)
        if (at) found.push({ at, job: schedule.name })
      }
    })
  }
  return found.sort((a, b) => Temporal.Instant.compare(a.at, b.at))[0]
}

async function findClockTrouble(deps: { database: Database; clock: Clock }): Promise<string | undefined> {
  if (!deps.clock.real) return undefined
  const theirs = await databaseTime(deps.database)
  const ours = deps.clock.now()
  const [early, late] = [theirs.subtract(CLOCK_TOLERANCE), theirs.add(CLOCK_TOLERANCE)]
  const fine = Temporal.Instant.compare(ours, early) > 0 && Temporal.Instant.compare(ours, late) < 0
  return fine ? undefined : 'Jam server ini berbeda lebih dari 1 jam dari jam database'
}

/** Tells the owner once a day that issuing waits for the clock to be put right. */
async function tellClockTrouble(books: Books, trouble: string): Promise<void> {
  if (!(await noteDailyRun(books, 'clock', books.today))) return
  const owners = await listStaff(books, ['owner'])
  const text = `⚠️ ${trouble}, jadi tagihan belum saya terbitkan.\nBetulkan jam servernya; sesudah itu saya lanjutkan sendiri.`
  await queueMessages(
    books,
    owners.map(({ phone }) => ({ phone, kind: 'note', text })),
  )
}
