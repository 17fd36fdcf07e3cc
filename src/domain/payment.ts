import { sql } from 'kysely'
import { audit, type Books, json } from './books.ts'
import type { Day, Moment } from './calendar.ts'
import { allocate, spread } from './credit.ts'
import { lockCustomers } from './customer.ts'
import { afterPaying, findInvoices, type Invoice, listOpenInvoices } from './invoice.ts'
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
  /** The open invoices it pays, in order, as read under the customer's lock; without them all, the oldest first. */
  invoices?: readonly Invoice[]
  /** Kept as received and applied to nothing until a person decides (rules 21). */
  held?: boolean
}

/** What recording a payment did. */
export type Recorded = {
  paymentId: number
  customerId: number
  amount: Rupiah
  /** The invoices it touched, as they stand now. */
  invoices: Invoice[]
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
 * Records money and lets it pay, the oldest invoice first; what is over stays as credit: one statement, so there is no
 * money without its trace and without what it paid. Who brings the invoices has read them under the customer's lock
 * (rules 20, M10). Answers nothing when this source was recorded before: then nothing changed.
 */
export async function recordPayment(books: Books, fresh: NewPayment): Promise<Recorded | undefined> {
  const { trx, business, now } = books
  const { customerId, amount, held = false } = fresh
  const pays = payOver(amount, held ? [] : (fresh.invoices ?? (await lockOpenInvoices(books, customerId))))
  const actor = fresh.staffId ? `staff:${fresh.staffId}` : fresh.channel
  const { rows } = await sql<{ id: number }>`
    with recorded as (
      insert into payment (business_id, customer_id, amount, method, paid_on, channel, source, recorded_by, recorded_at, held)
      values (${business.id}, ${customerId}, ${amount}, ${fresh.method}, ${fresh.paidOn}, ${fresh.channel}, ${fresh.source},
              ${fresh.staffId ?? null}, ${now}, ${held})
      on conflict (business_id, source) do nothing
      returning *
    ), noted as (
      insert into audit (business_id, at, actor, act, subject, facts)
      select business_id, recorded_at, ${actor}, 'payment.record', 'payment:' || id,
             jsonb_build_object('customerId', customer_id, 'amount', amount, 'method', method)
        from recorded
    ), paid as (
      insert into allocation (business_id, customer_id, payment_id, invoice_id, amount, reason, at)
      select r.business_id, r.customer_id, r.id, part."invoiceId", part.amount, 'payment', r.recorded_at
        from recorded r, jsonb_to_recordset(${json(pays.parts)}) as part ("invoiceId" bigint, amount bigint)
    )
    select id from recorded`.execute(trx)
  const [made] = rows
  return made && { paymentId: made.id, customerId, amount, invoices: pays.invoices, credit: pays.credit }
}

/** The open invoices of a customer under their lock: what is read stays true until the commit (rules 20). */
async function lockOpenInvoices(books: Books, customerId: number): Promise<Invoice[]> {
  const [, open] = await Promise.all([
    lockCustomers(books, [customerId]),
    listOpenInvoices(books, [customerId], { ahead: true }),
  ])
  return open
}

/** Lets a payment that is held pay after all, as its owner decided. */
export async function releasePayment(
  books: Books,
  paymentId: number,
  invoiceIds: readonly number[],
): Promise<Recorded | undefined> {
  const held = await findPayment(books, paymentId)
  if (held) await lockCustomers(books, [held.customerId])
  const payment = await books.trx
    .updateTable('payment')
    .set({ held: false })
    .where('business_id', '=', books.business.id)
    .where('id', '=', paymentId)
    .where('held', '=', true)
    .returning(['id', 'customer_id as customerId', 'amount'])
    .executeTakeFirst()
  if (!payment) return undefined
  const { customerId, amount } = payment
  const { parts, invoices, credit } = payOver(amount, await pickOpen(books, customerId, invoiceIds))
  await allocate(
    books,
    parts.map((part) => ({ ...part, customerId, paymentId })),
    'payment',
  )
  return { paymentId, customerId, amount, invoices, credit }
}

/** Those of a customer's invoices that are open, in the order given. */
async function pickOpen(books: Books, customerId: number, invoiceIds: readonly number[]): Promise<Invoice[]> {
  const all = await listOpenInvoices(books, [customerId], { ahead: true })
  return invoiceIds.flatMap((id) => all.find((invoice) => invoice.id === id) ?? [])
}

/** How an amount pays invoices of one customer, in the order given: the parts, how those stand then, and what is over. */
export function payOver(
  amount: Rupiah,
  open: readonly Invoice[],
): { parts: { invoiceId: number; amount: Rupiah }[]; invoices: Invoice[]; credit: Rupiah } {
  // One payment of one customer: neither has to be told from others.
  const customerId = 0
  const parts = spread(
    [{ paymentId: 0, customerId, free: amount }],
    open.map((invoice) => ({ invoiceId: invoice.id, customerId, open: invoice.open })),
  )
  const paid = new Map(parts.map((part) => [part.invoiceId, part.amount]))
  return {
    parts: parts.map((part) => ({ invoiceId: part.invoiceId, amount: part.amount })),
    invoices: open.flatMap((invoice) => {
      const part = paid.get(invoice.id)
      return part ? [afterPaying(invoice, part)] : []
    }),
    credit: rupiah(amount - sum(parts.map((part) => part.amount))),
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

/** A payment with the invoices that it paid on. */
export type RecentPayment = Payment & { invoiceIds: number[] }

/** What a person recorded for a customer within the last minutes and did not take back, the newest first. */
export async function listRecentPayments(
  books: Books,
  who: { customerId: number; staffId: number },
  minutes: number,
): Promise<RecentPayment[]> {
  return payments(books)
    .select(
      sql<number[]>`(
        select coalesce(jsonb_agg(a.invoice_id), '[]') from allocation a
         where a.business_id = p.business_id and a.payment_id = p.id)`.as('invoiceIds'),
    )
    .where('p.customer_id', '=', who.customerId)
    .where('p.recorded_by', '=', who.staffId)
    .where('p.returned', '=', 0 as Rupiah)
    .where('p.recorded_at', '>', books.now.subtract({ minutes }))
    .orderBy('p.id', 'desc')
    .execute()
}
