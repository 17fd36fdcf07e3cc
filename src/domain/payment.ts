import { sql } from 'kysely'
import { audit, type Books } from './books.ts'
import type { Day, Moment } from './calendar.ts'
import { type Allocation, allocate, spread } from './credit.ts'
import { lockCustomers } from './customer.ts'
import { findInvoices, type Invoice, listOpenInvoices } from './invoice.ts'
import { type Rupiah, rupiah, sum } from './money.ts'
import type { Method } from './tables.ts'

export type NewPayment = {
  customerId: number
  amount: Rupiah
  method: Method
  paidOn: Day
  channel: 'chat' | 'midtrans'
  /** What this money came from, chosen before the first try: the same source is never recorded twice (M18, P02). */
  source: string
  staffId?: number
  /** Which invoices it pays, in order; without them the open ones, the oldest first. */
  invoiceIds?: readonly number[]
  /** Kept as received and applied to nothing until a person decides (rules 21). */
  held?: boolean
}

/** What recording a payment did. */
export type Recorded = {
  paymentId: number
  /** The invoices it touched, as they stand now. */
  invoices: Invoice[]
  paid: Allocation[]
  /** What is over and became credit. */
  credit: Rupiah
}

/** Money in, as answers show it. */
export type Payment = {
  id: number
  customerId: number
  amount: Rupiah
  method: Method
  paidOn: Day
  channel: 'chat' | 'midtrans'
  recordedAt: Moment
  staffId: number | null
  by: string | null
  undone: boolean
}

/**
 * Records money and lets it pay, the oldest invoice first; what is over stays as credit. Locks the customer
 * first, so the caller's reading of open invoices must come after `lockCustomers` too (rules 20, M10).
 * Answers nothing when this source was recorded before: then nothing changed.
 */
export async function recordPayment(books: Books, fresh: NewPayment): Promise<Recorded | undefined> {
  const { trx, business, now } = books
  await lockCustomers(books, [fresh.customerId])
  const inserted = await trx
    .insertInto('payment')
    .values({
      business_id: business.id,
      customer_id: fresh.customerId,
      amount: fresh.amount,
      method: fresh.method,
      paid_on: fresh.paidOn,
      channel: fresh.channel,
      source: fresh.source,
      recorded_by: fresh.staffId ?? null,
      recorded_at: now,
      held: fresh.held ?? false,
    })
    .onConflict((conflict) => conflict.columns(['business_id', 'source']).doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!inserted) return undefined
  await audit(books, {
    actor: fresh.staffId ? `staff:${fresh.staffId}` : fresh.channel,
    act: 'payment.record',
    subject: `payment:${inserted.id}`,
    facts: { customerId: fresh.customerId, amount: fresh.amount, method: fresh.method },
  })
  if (fresh.held) return { paymentId: inserted.id, invoices: [], paid: [], credit: fresh.amount }
  return settle(books, inserted.id, fresh)
}

/** Lets a payment that is held pay after all, as its owner decided. */
export async function releasePayment(
  books: Books,
  paymentId: number,
  invoiceIds: readonly number[],
): Promise<Recorded | undefined> {
  const payment = await books.trx
    .updateTable('payment')
    .set({ held: false })
    .where('business_id', '=', books.business.id)
    .where('id', '=', paymentId)
    .where('held', '=', true)
    .returning(['id', 'customer_id as customerId', 'amount'])
    .executeTakeFirst()
  return payment && settle(books, payment.id, { ...payment, invoiceIds })
}

async function settle(
  books: Books,
  paymentId: number,
  payment: { customerId: number; amount: Rupiah; invoiceIds?: readonly number[] },
): Promise<Recorded> {
  const { customerId, amount, invoiceIds } = payment
  const all = await listOpenInvoices(books, [customerId], { ahead: true })
  const open = invoiceIds ? invoiceIds.flatMap((id) => all.find((invoice) => invoice.id === id) ?? []) : all
  const paid = spread(
    [{ paymentId, customerId, free: amount }],
    open.map((invoice) => ({ invoiceId: invoice.id, customerId, open: invoice.open })),
  )
  await allocate(books, paid, 'payment')
  return {
    paymentId,
    paid,
    invoices: await findInvoices(
      books,
      paid.map((row) => row.invoiceId),
    ),
    credit: rupiah(amount - sum(paid.map((row) => row.amount))),
  }
}

/**
 * Takes a payment back: negative allocations reopen what it paid, a reversal keeps who and when. Other credit
 * does not move by itself (rules 17). Answers the invoices that it had paid, or nothing when it was undone
 * before (M12).
 */
export async function undoPayment(books: Books, paymentId: number, staffId: number): Promise<Invoice[] | undefined> {
  const { trx, business, now } = books
  const payment = await findPayment(books, paymentId)
  if (!payment) throw new Error(`no payment ${paymentId}`)
  await lockCustomers(books, [payment.customerId])
  const standing = await trx
    .selectFrom('allocation')
    .select(['invoice_id as invoiceId', sql<Rupiah>`sum(amount)`.as('amount')])
    .where('business_id', '=', business.id)
    .where('payment_id', '=', paymentId)
    .groupBy('invoice_id')
    .having(sql<boolean>`sum(amount) > 0`)
    .execute()
  if ((await findPayment(books, paymentId))?.undone) return undefined
  await allocate(
    books,
    standing.map(({ invoiceId, amount }) => ({
      customerId: payment.customerId,
      paymentId,
      invoiceId,
      amount: rupiah(-amount),
    })),
    'undo',
  )
  await trx
    .insertInto('payment_reversal')
    .values({
      business_id: business.id,
      payment_id: paymentId,
      kind: 'undo',
      amount: payment.amount,
      recorded_by: staffId,
      recorded_at: now,
    })
    .execute()
  await audit(books, { actor: `staff:${staffId}`, act: 'payment.undo', subject: `payment:${paymentId}` })
  return findInvoices(
    books,
    standing.map((row) => row.invoiceId),
  )
}

function payments(books: Books) {
  return books.trx
    .selectFrom('payment as p')
    .leftJoin('staff as s', (join) =>
      join.onRef('s.business_id', '=', 'p.business_id').onRef('s.id', '=', 'p.recorded_by'),
    )
    .select([
      'p.id',
      'p.customer_id as customerId',
      'p.amount',
      'p.method',
      'p.paid_on as paidOn',
      'p.channel',
      'p.recorded_at as recordedAt',
      'p.recorded_by as staffId',
      sql<string | null>`coalesce(s.call_name, s.name)`.as('by'),
      sql<boolean>`p.returned > 0`.as('undone'),
    ])
    .where('p.business_id', '=', books.business.id)
}

export async function findPayment(books: Books, id: number): Promise<Payment | undefined> {
  return payments(books).where('p.id', '=', id).executeTakeFirst()
}

/** The newest payments of a customer that stand, the newest first. */
export async function listPayments(books: Books, customerId: number, limit: number): Promise<Payment[]> {
  return payments(books)
    .where('p.customer_id', '=', customerId)
    .where('p.returned', '=', 0 as Rupiah)
    .orderBy('p.id', 'desc')
    .limit(limit)
    .execute()
}

/** The payment that last paid on an invoice: who was first, when and how (rules 16). */
export async function findPayer(books: Books, invoiceId: number): Promise<Payment | undefined> {
  return payments(books)
    .where('p.returned', '=', 0 as Rupiah)
    .where('p.id', 'in', (eb) =>
      eb
        .selectFrom('allocation')
        .select('payment_id')
        .where('business_id', '=', books.business.id)
        .where('invoice_id', '=', invoiceId)
        .where('amount', '>', 0 as Rupiah),
    )
    .orderBy('p.id', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/**
 * The same amount from the same customer by the same person within minutes: a repeat, or another payment (rules 16).
 * With `invoiceIds` only one that paid on those.
 */
export async function findRecentPayment(
  books: Books,
  customerId: number,
  amount: Rupiah,
  staffId: number,
  minutes: number,
  invoiceIds?: readonly number[],
): Promise<Payment | undefined> {
  const paid = sql<boolean>`exists (
    select from allocation a where a.business_id = p.business_id and a.payment_id = p.id
       and a.invoice_id = any (${invoiceIds ?? []}::bigint[]))`
  return payments(books)
    .where('p.customer_id', '=', customerId)
    .where('p.amount', '=', amount)
    .where('p.recorded_by', '=', staffId)
    .where('p.returned', '=', 0 as Rupiah)
    .where('p.recorded_at', '>', books.now.subtract({ minutes }))
    .where(invoiceIds ? paid : sql<boolean>`true`)
    .orderBy('p.id', 'desc')
    .limit(1)
    .executeTakeFirst()
}
