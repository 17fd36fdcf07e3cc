import { createHash } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import { type Books, json } from './books.ts'
import type { Moment } from './calendar.ts'
import type { Tables } from './tables.ts'

/** Midtrans' notifications: each is first a row and then work, and the row is what remembers it (P22). */

/** A notification is kept under the digest of its body; answers its id, and whether it is new. */
export async function storeNotification(
  books: Books,
  body: Record<string, unknown>,
): Promise<{ id: number; fresh: boolean }> {
  const digest = createHash('sha256')
    .update(json(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex')
  const stored = await books.trx
    .insertInto('notification')
    .values({
      business_id: books.business.id,
      provider: 'midtrans',
      digest,
      body: json(body),
      state: 'received',
      received_at: books.now,
      // The job that is queued with it is quicker; this finds it where that job dies.
      retry_at: books.now.add({ minutes: 1 }),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (stored) return { id: stored.id, fresh: true }
  const known = await books.trx
    .selectFrom('notification')
    .select('id')
    .where('business_id', '=', books.business.id)
    .where('provider', '=', 'midtrans')
    .where('digest', '=', digest)
    .executeTakeFirstOrThrow()
  return { id: known.id, fresh: false }
}

export async function findNotification(
  books: Books,
  id: number,
): Promise<Selectable<Tables['notification']> | undefined> {
  return books.trx
    .selectFrom('notification')
    .selectAll()
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .where('state', '=', 'received')
    .executeTakeFirst()
}

export async function settleNotification(books: Books, id: number, result: string): Promise<void> {
  await books.trx
    .updateTable('notification')
    .set({ state: 'handled', result, handled_at: books.now, retry_at: null })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .execute()
}

/** A notification whose order never came belongs to something else that is sold with the same Midtrans account. */
const UNKNOWN_HOURS = 24
const LONGEST_RETRY_MINUTES = 60

/**
 * Puts a notification off that cannot be worked on now, at growing distances. One whose order is not here yet waits a
 * day for it (P06); one that Midtrans gave no answer on waits for as long as it takes.
 */
export async function postponeNotification(
  books: Books,
  { id, received_at: receivedAt }: { id: number; received_at: Moment },
  why: 'unknown order' | 'no answer',
): Promise<void> {
  const seconds = receivedAt.until(books.now).total('seconds')
  if (why === 'unknown order' && seconds > UNKNOWN_HOURS * 3_600) return settleNotification(books, id, why)
  const wait = Math.min(Math.max(30, seconds), LONGEST_RETRY_MINUTES * 60)
  await books.trx
    .updateTable('notification')
    .set({ result: why, retry_at: books.now.add({ milliseconds: Math.round(wait * 1_000) }) })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .where('state', '=', 'received')
    .execute()
}

/** When the next notification that was put off is taken up again; nothing while there is none. */
export async function nextNotificationTime(books: Books): Promise<Moment | undefined> {
  const { at } = await books.trx
    .selectFrom('notification')
    .select((eb) => eb.fn.min('retry_at').as('at'))
    .where('business_id', '=', books.business.id)
    .where('retry_at', 'is not', null)
    .executeTakeFirstOrThrow()
  return at ?? undefined
}

/** One that was taken and whose job died is taken again after this. */
const LEASE_MINUTES = 15

/** Takes the notifications whose time has come. */
export async function takeNotifications(books: Books): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    update notification set retry_at = ${books.now.add({ minutes: LEASE_MINUTES })}
     where business_id = ${books.business.id} and retry_at <= ${books.now}
    returning id`.execute(books.trx)
  return rows.map(({ id }) => id).sort((a, b) => a - b)
}
