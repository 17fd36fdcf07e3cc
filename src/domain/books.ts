import { AsyncLocalStorage } from 'node:async_hooks'
import { CompiledQuery, type Kysely, type Selectable, sql } from 'kysely'
import { type Day, dayIn, type Moment } from './calendar.ts'
import type { Database } from './database.ts'
import { STALE_STATEMENT } from './statement.ts'
import type { Tables } from './tables.ts'

/** The program's clock, real or movable. `real` ones are compared with the database's (rules.md 4). */
export type Clock = { now(): Moment; readonly real: boolean }

export type Business = Selectable<Tables['business']>

/** What pg-boss carries: acts, never single messages, by id only (its tables have no policy). */
export type Job =
  | { name: 'errand'; id: string }
  | { name: 'issue'; day: string }
  | { name: 'notification'; id: number }
  | { name: 'reconcile'; orderIds: string[] }
  | { name: 'restored' }
  | { name: 'backup'; day: string }

/** Runs SQL inside an open transaction: all that the queue needs to be part of it. */
export type Executor = { executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> }

export type Enqueue = (executor: Executor, businessId: number, job: Job) => Promise<void>

/**
 * One business's books, open for one transaction at one moment. Everything read is that business's own (row-level
 * security), everything written is committed together, and nothing of the outside is touched meanwhile.
 */
export type Books = {
  /** What is awaited together (`Promise.all`) is one round trip. */
  readonly trx: Kysely<Tables>
  readonly business: Business
  readonly now: Moment
  /** The business's day at `now`. */
  readonly today: Day
  /** Queues a job in this transaction: it exists exactly when the transaction commits. */
  enqueue(job: Job): Promise<void>
}

export type OpenBooks = <T>(businessId: number, work: (books: Books) => Promise<T>) => Promise<T>

const insideBooks = new AsyncLocalStorage<true>()

/** Whether whoever asks was called from within an open transaction. */
export function areBooksOpen(): boolean {
  return insideBooks.getStore() === true
}

/**
 * Every gateway calls this before it talks to the outside. Books that are open meanwhile would hold their locks for as
 * long as the outside likes (faults P19): that is a bug, and shows in the first test that comes this way.
 */
export function refuseInsideBooks(): void {
  if (areBooksOpen()) throw new Error('the outside was called from within open books')
}

/** A deadlock, a conflict, or a table that was changed meanwhile: tried again this often before it is an error (D05). */
const RETRIES = 3
const CONFLICTS = new Set(['40P01', '40001', STALE_STATEMENT])

/**
 * Makes `openBooks`, the only way to a business's data: opens a transaction, becomes the role that owns
 * nothing, names the business, and hands out the books. `work` may run more than once, so it must not touch
 * anything but the books.
 */
export function bookkeeper(deps: { database: Database; clock: Clock; enqueue: Enqueue }): OpenBooks {
  const { database, clock, enqueue } = deps
  const role = database.appRole ?? 'none'

  const once = <T>(businessId: number, work: (books: Books) => Promise<T>): Promise<T> => {
    const settings = `set local role "${role}"; set local app.business_id = '${Number(businessId)}'`
    return database.transact(settings, async (trx) => {
      const row = await trx.selectFrom('business').selectAll().where('id', '=', businessId).executeTakeFirst()
      if (!row) throw new Error(`no business ${businessId}`)
      const now = clock.now()
      const business = { ...row, zone: zoneAt(row, now) }
      const executor: Executor = {
        executeSql: async (text, values = []) => ({
          rows: [...(await trx.executeQuery(CompiledQuery.raw(text, values))).rows],
        }),
      }
      const books: Books = {
        trx,
        business,
        now,
        today: dayIn(business.zone, now),
        enqueue: (job) => enqueue(executor, business.id, job),
      }
      return insideBooks.run(true, work, books)
    })
  }

  return async (businessId, work) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(businessId, work)
      } catch (error) {
        if (attempt > RETRIES || !CONFLICTS.has((error as { code?: string }).code ?? '')) throw error
      }
    }
  }
}

/** A new time zone holds from a coming midnight on (rules 33). */
function zoneAt(business: Business, now: Moment): string {
  const { zone, next_zone: next, next_zone_at: at } = business
  return next !== null && at !== null && Temporal.Instant.compare(at, now) <= 0 ? next : zone
}

/** Finds the business of a slug, before any books can be open. */
export async function findBusinessId(database: Database, slug: string): Promise<number | undefined> {
  const found = await database.kysely
    .selectFrom('directory')
    .select('business_id')
    .where('kind', '=', 'slug')
    .where('key', '=', slug)
    .executeTakeFirst()
  return found?.business_id
}

/** Every business, for what goes from one to the next (a tick, a sweep). */
export async function listBusinessIds(database: Database): Promise<number[]> {
  const rows = await database.kysely
    .selectFrom('directory')
    .select('business_id')
    .distinct()
    .orderBy('business_id')
    .execute()
  return rows.map((row) => row.business_id)
}

/** Whether this is the first business: what concerns the whole program (its backup) is done and told in its name. */
export async function isFirstBusiness(books: Books): Promise<boolean> {
  const { first } = await books.trx
    .selectFrom('directory')
    .select((eb) => eb.fn.min('business_id').as('first'))
    .executeTakeFirstOrThrow()
  return first === books.business.id
}

/** Whether there is such a business: asked before books are opened for a number that somebody brought. */
export async function isBusiness(database: Database, businessId: number): Promise<boolean> {
  return (await listBusinessIds(database)).includes(businessId)
}

/** Writes one line of the trace of who did what (faults S29). */
export async function audit(
  books: Books,
  line: { actor: string; act: string; subject?: string; facts?: Record<string, unknown> },
): Promise<void> {
  await books.trx
    .insertInto('audit')
    .values({
      business_id: books.business.id,
      at: books.now,
      actor: line.actor,
      act: line.act,
      subject: line.subject ?? null,
      facts: json(line.facts ?? {}),
    })
    .execute()
}

/** A value for a jsonb column. */
export function json(value: unknown): string {
  return JSON.stringify(value)
}

/**
 * What `=` compares with to find many ids: one parameter instead of a thousand, so that the statement's text stays the same.
 * One id stands alone: of a list PostgreSQL does not know how long it is, and would plan the statement anew each time.
 */
export function anyOf(ids: readonly number[]) {
  return ids.length === 1 ? sql<number>`${ids[0]}` : sql<number>`any (${[...ids]}::bigint[])`
}
