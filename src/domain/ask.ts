import { sql } from 'kysely'
import type { Books } from './books.ts'
import type { Moment } from './calendar.ts'
import type { PaymentOrder } from './order.ts'

/**
 * Asking Midtrans by ourselves what became of an order: money arrives though every notification was lost (G2, P12).
 */

/**
 * Whether an order that could still be paid would pay for nothing: its invoices were paid or voided another way. Nothing
 * for an order that is not known.
 */
export async function isMoot(books: Books, orderId: string): Promise<boolean | undefined> {
  const { rows } = await sql<{ moot: boolean }>`
    select o.state in ('made', 'open') and not exists (
             select from payment_order_invoice l
               join invoice i on i.business_id = l.business_id and i.id = l.invoice_id and i.status = 'open'
              where l.business_id = o.business_id and l.order_id = o.id) as moot
      from payment_order o
     where o.business_id = ${books.business.id} and o.order_id = ${orderId}`.execute(books.trx)
  return rows[0]?.moot
}

/** Marks an order as ended by us, unless it was paid first (M15). */
export async function closeUnpaid(books: Books, orderId: string): Promise<void> {
  await books.trx
    .updateTable('payment_order')
    .set({ state: 'closed' })
    .where('business_id', '=', books.business.id)
    .where('order_id', '=', orderId)
    .where('state', 'in', ['made', 'open'])
    .execute()
}

/** An order is first asked about after so long, and never more often. */
export const ASK_MINUTES = 15
/** So long after its end an order is asked about a last time: what was paid in the last minute may settle late (P04). */
export const LAST_ASK_HOURS = 24
/** How many go into one job; several jobs ask at the same time. */
const ASKED_AT_ONCE = 50

/**
 * When an order is asked about next: at growing distances, when its time is over, and a last time a day later. Nothing
 * once nothing can come of it. One that we closed counts like an open one: its page may still take money (M15).
 */
export function nextAsk(order: Pick<PaymentOrder, 'state' | 'made_at' | 'expires_at'>, now: Moment): Moment | null {
  const { state, made_at: made, expires_at: end } = order
  if (state === 'paid' || state === 'differs' || state === 'reversed') return null
  const last = end.add({ hours: LAST_ASK_HOURS })
  if (state === 'expired') return Temporal.Instant.compare(now, last) < 0 ? last : null
  const soonest = now.add({ minutes: ASK_MINUTES })
  const half = now.add({ milliseconds: Math.round(made.until(now).total('milliseconds') / 2) })
  const grown = Temporal.Instant.compare(half, soonest) > 0 ? half : soonest
  if (Temporal.Instant.compare(grown, end) <= 0) return grown
  return Temporal.Instant.compare(end, now) > 0 ? end : grown
}

/** Has an open order asked about with the next tick. */
export async function askSoon(books: Books, orderId: string): Promise<void> {
  await books.trx
    .updateTable('payment_order')
    .set({ ask_at: books.now.add({ minutes: 1 }) })
    .where('business_id', '=', books.business.id)
    .where('order_id', '=', orderId)
    .where('state', 'in', ['made', 'open'])
    .execute()
}

/** Bills are void: the orders that would pay them are asked about at once, which ends those that pay for nothing (M22). */
export async function askSoonAbout(books: Books, invoiceIds: readonly number[]): Promise<void> {
  await sql`
    update payment_order o set ask_at = ${books.now}
     where o.business_id = ${books.business.id} and o.state in ('made', 'open')
       and o.id in (select order_id from payment_order_invoice l
                     where l.business_id = o.business_id and l.invoice_id = any (${[...invoiceIds]}::bigint[]))`.execute(
    books.trx,
  )
}

/** When the next order is to be asked about; nothing while none is. */
export async function nextAskTime(books: Books): Promise<Moment | undefined> {
  const { at } = await books.trx
    .selectFrom('payment_order')
    .select((eb) => eb.fn.min('ask_at').as('at'))
    .where('business_id', '=', books.business.id)
    .where('ask_at', 'is not', null)
    .executeTakeFirstOrThrow()
  return at ?? undefined
}

/**
 * Takes orders whose time to be asked about has come (P12), a jobful at once. Their next time is noted before anybody
 * is asked: one that was not answered, or whose job died, comes again by itself.
 */
export async function takeOrdersToAsk(books: Books): Promise<string[]> {
  const due = await books.trx
    .selectFrom('payment_order')
    .select(['id', 'order_id'])
    .where('business_id', '=', books.business.id)
    .where('ask_at', '<=', books.now)
    .orderBy('ask_at')
    .orderBy('id')
    .limit(ASKED_AT_ONCE)
    .forUpdate()
    .execute()
  if (due.length === 0) return []
  await books.trx
    .updateTable('payment_order')
    .set({ ask_at: books.now.add({ minutes: ASK_MINUTES }) })
    .where('business_id', '=', books.business.id)
    .where(
      'id',
      'in',
      due.map((order) => order.id),
    )
    .execute()
  return due.map((order) => order.order_id)
}
