import { randomInt } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import { ASK_MINUTES, LAST_ASK_HOURS, nextAsk } from './ask.ts'
import { anyOf, audit, type Books } from './books.ts'
import { type Day, dayIn, type Moment } from './calendar.ts'
import { openMatter } from './conversation.ts'
import { lockCustomers } from './customer.ts'
import { type Invoice, listOpenInvoices } from './invoice.ts'
import { formatRupiah, type Rupiah, sum } from './money.ts'
import { type Recorded, recordPayment } from './payment.ts'
import type { Method, Tables } from './tables.ts'

/** One Midtrans transaction for one or more invoices: a try to pay. */
export type PaymentOrder = Selectable<Tables['payment_order']>
export type OrderLine = { customerId: number; invoiceId: number; amount: Rupiah; name: string }

/** What Midtrans says of an order. `none` means that the customer has not chosen a method yet. */
export type GatewayStatus = {
  state: 'none' | 'pending' | 'paid' | 'failed' | 'expired' | 'challenged'
  transactionId?: string
  amount?: Rupiah
  currency?: string
  method: Method
  /** When it was paid, as Midtrans says it. */
  paidAt?: Moment
}

/** The gateway for digital payment, with one business's keys. All throw `GatewayError`. */
export type PaymentGateway = {
  makeLink(order: {
    orderId: string
    amount: Rupiah
    lines: readonly { id: string; name: string; amount: Rupiah }[]
    customer: { name: string; phone: string }
    startAt: Moment
    hours: number
  }): Promise<{ url: string }>
  getStatus(orderId: string): Promise<GatewayStatus>
  /** Ends an order that nobody shall pay any more; one that was never begun counts as ended. */
  expire(orderId: string): Promise<void>
}

/** How long a pay link is good for. */
export const LINK_HOURS = 24

const PREFIX = 'TGH-'
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
const SIGNS = `${LETTERS}23456789`

/** An id of fixed length that ends in a letter: Midtrans' signature has no separators (P09). Unguessable. */
function makeOrderId(): string {
  const signs = Array.from({ length: 15 }, () => SIGNS[randomInt(SIGNS.length)])
  return `${PREFIX}${signs.join('')}${LETTERS[randomInt(LETTERS.length)]}`
}

/** Whether an order id is one of ours: other things may be sold with the same Midtrans account. */
export function isOurs(orderId: string): boolean {
  return orderId.startsWith(PREFIX)
}

/**
 * The order with which a phone pays these invoices: the one that is open for exactly them, or a new one, stored
 * before Midtrans is asked (P06). Orders for another set or sum stay payable until they expire.
 */
export async function openOrder(books: Books, phone: string, invoices: readonly Invoice[]): Promise<PaymentOrder> {
  const wanted = invoices.map((invoice) => `${invoice.id}:${invoice.open}`).sort()
  const standing = await books.trx
    .selectFrom('payment_order')
    .selectAll()
    .where('business_id', '=', books.business.id)
    .where('phone', '=', phone)
    .where('state', 'in', ['made', 'open'])
    // A link that dies while the customer reads it is worse than a new one.
    .where('expires_at', '>', books.now.add({ minutes: 30 }))
    .orderBy('id', 'desc')
    .execute()
  for (const order of standing) {
    const lines = await listOrderLines(books, order.order_id)
    if (
      lines
        .map((line) => `${line.invoiceId}:${line.amount}`)
        .sort()
        .join() === wanted.join()
    )
      return order
  }
  const order = await books.trx
    .insertInto('payment_order')
    .values({
      business_id: books.business.id,
      order_id: makeOrderId(),
      phone,
      amount: sum(invoices.map((invoice) => invoice.open)),
      state: 'made',
      made_at: books.now,
      expires_at: books.now.add({ hours: LINK_HOURS }),
      ask_at: books.now.add({ minutes: ASK_MINUTES }),
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  await books.trx
    .insertInto('payment_order_invoice')
    .values(
      invoices.map((invoice, position) => ({
        business_id: books.business.id,
        order_id: order.id,
        position,
        customer_id: invoice.customerId,
        invoice_id: invoice.id,
        amount: invoice.open,
      })),
    )
    .execute()
  return order
}

/** What an order pays for, in the order in which it is applied; nothing for an order that is not known. */
export async function listOrderLines(books: Books, orderId: string): Promise<OrderLine[]> {
  return books.trx
    .selectFrom('payment_order as o')
    .innerJoin('payment_order_invoice as l', (join) =>
      join.onRef('l.business_id', '=', 'o.business_id').onRef('l.order_id', '=', 'o.id'),
    )
    .innerJoin('customer as c', (join) =>
      join.onRef('c.business_id', '=', 'l.business_id').onRef('c.id', '=', 'l.customer_id'),
    )
    .select(['l.customer_id as customerId', 'l.invoice_id as invoiceId', 'l.amount', 'c.name'])
    .where('o.business_id', '=', books.business.id)
    .where('o.order_id', '=', orderId)
    .orderBy('l.position')
    .execute()
}

/** An order by the id that Midtrans knows, only within this business (P07). */
export async function findOrder(books: Books, orderId: string): Promise<PaymentOrder | undefined> {
  return books.trx
    .selectFrom('payment_order')
    .selectAll()
    .where('business_id', '=', books.business.id)
    .where('order_id', '=', orderId)
    .executeTakeFirst()
}

/** Keeps the link that Midtrans made. */
export async function keepLink(books: Books, id: number, url: string): Promise<void> {
  await books.trx
    .updateTable('payment_order')
    .set({ url, state: 'open' })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .where('state', 'in', ['made', 'open'])
    .execute()
}

/** The ids of open orders that would pay one of these invoices: they end when it is paid another way (M15). */
export async function listOpenOrders(books: Books, invoiceIds: readonly number[]): Promise<string[]> {
  if (invoiceIds.length === 0) return []
  const orders = await books.trx
    .selectFrom('payment_order')
    .select('order_id')
    .where('business_id', '=', books.business.id)
    .where('state', 'in', ['made', 'open'])
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('payment_order_invoice as l')
        .select('l.order_id')
        .where('l.business_id', '=', books.business.id)
        .where('l.invoice_id', '=', anyOf(invoiceIds)),
    )
    .orderBy('id')
    .execute()
  return orders.map((order) => order.order_id)
}

/** What became of a gateway's word on an order. */
export type Applied =
  | { outcome: 'paid'; order: PaymentOrder; method: Method; recorded: Recorded[]; lines: OrderLine[] }
  | {
      outcome: 'differs'
      order: PaymentOrder
      payment: { customerId: number; amount: Rupiah; method: Method }
      lines: OrderLine[]
      matter: number
    }
  /** Midtrans took back what it had called paid. */
  | { outcome: 'reversed'; order: PaymentOrder; lines: OrderLine[] }
  | { outcome: 'nothing'; reason: string }

/**
 * Applies what the status API said of an order. Only its word moves money, never a notification's (P08). The same
 * transaction is recorded once, whatever repeats or crosses (P02, P03); money for an order that we had given up
 * still counts (P04). Another amount than the order's is kept and held for a person (rules 21).
 */
export async function applyStatus(books: Books, orderId: string, status: GatewayStatus): Promise<Applied> {
  const lines = await listOrderLines(books, orderId)
  if (lines.length === 0) return { outcome: 'nothing', reason: 'unknown order' }
  const customerIds = [...new Set(lines.map((line) => line.customerId))]
  // The lock is said first: what is read behind it stays true until the commit.
  const [, found, open] = await Promise.all([
    lockCustomers(books, customerIds),
    findOrder(books, orderId),
    listOpenInvoices(books, customerIds, { ahead: true }),
  ])
  const order = found as PaymentOrder
  const { state, money, reason } = judge(order, status, books.now)
  const [, applied] = await Promise.all([
    books.trx
      .updateTable('payment_order')
      .set({ state, asked_at: books.now, ask_at: nextAsk({ ...order, state }, books.now) })
      .$if(money !== undefined, (query) => query.set({ transaction_id: money?.transactionId }))
      .where('business_id', '=', books.business.id)
      .where('id', '=', order.id)
      .execute(),
    money && record(books, { order, lines, open }, status, money),
  ])
  if (applied) return applied
  if (state !== 'reversed' || order.state === 'reversed') return { outcome: 'nothing', reason }
  await audit(books, { actor: 'midtrans', act: 'order.reversed', subject: `order:${order.id}` })
  return { outcome: 'reversed', order, lines }
}

type Money = { transactionId: string; amount: Rupiah }

/** What a word makes of an order: the state that it is in then, and the money that came with it and is not recorded yet. */
function judge(
  order: PaymentOrder,
  status: GatewayStatus,
  now: Moment,
): { state: PaymentOrder['state']; money?: Money; reason: string } {
  const { transactionId, amount } = status
  const { state, transaction_id: known } = order
  const settled = state === 'paid' || state === 'differs' || state === 'reversed'
  const paidAgain = status.state === 'paid' && transactionId !== known
  if (settled && !paidAgain) {
    // A deny for the very transaction that was paid takes it back; one of another try on the same order says nothing.
    const back = status.state === 'failed' && transactionId === known
    return { state: back ? 'reversed' : state, reason: `already ${state}` }
  }
  if (status.state !== 'paid') return { state: isOver(order, status, now) ? 'expired' : state, reason: status.state }
  if (!transactionId || amount === undefined || amount <= 0 || status.currency !== 'IDR')
    return { state, reason: 'incomplete answer' }
  return { state: amount === order.amount ? 'paid' : 'differs', money: { transactionId, amount }, reason: 'paid' }
}

/** An order that was not paid ends when Midtrans says so, or when its time is over and it was never begun (P13). */
function isOver(order: PaymentOrder, { state }: GatewayStatus, now: Moment): boolean {
  const unfinished = state === 'pending' || state === 'challenged'
  const end = unfinished ? order.expires_at.add({ hours: LAST_ASK_HOURS }) : order.expires_at
  return state === 'expired' || Temporal.Instant.compare(end, now) <= 0
}

/** An order, what it pays for, and which invoices of its customers are open. */
type Found = { order: PaymentOrder; lines: OrderLine[]; open: readonly Invoice[] }

function record(books: Books, found: Found, status: GatewayStatus, { transactionId, amount }: Money): Promise<Applied> {
  const paidOn = dayIn(books.business.zone, status.paidAt ?? books.now)
  const payment = { method: status.method, paidOn, channel: 'midtrans' as const }
  return amount === found.order.amount
    ? recordExact(books, found, transactionId, payment)
    : holdOther(books, found, transactionId, { ...payment, amount })
}

async function recordExact(
  books: Books,
  { order, lines, open }: Found,
  transactionId: string,
  payment: { method: Method; paidOn: Day; channel: 'midtrans' },
): Promise<Applied> {
  const recorded: Recorded[] = []
  for (const customerId of new Set(lines.map((line) => line.customerId))) {
    const own = lines.filter((line) => line.customerId === customerId)
    const made = await recordPayment(books, {
      ...payment,
      customerId,
      amount: sum(own.map((line) => line.amount)),
      // One transaction may pay for several customers of one phone: a payment for each.
      source: `midtrans:${transactionId}:${customerId}`,
      invoices: own.flatMap((line) => open.find((invoice) => invoice.id === line.invoiceId) ?? []),
    })
    if (made) recorded.push(made)
  }
  if (recorded.length === 0) return { outcome: 'nothing', reason: 'already recorded' }
  return { outcome: 'paid', order, method: payment.method, recorded, lines }
}

async function holdOther(
  books: Books,
  { order, lines }: Found,
  transactionId: string,
  payment: { method: Method; paidOn: Day; channel: 'midtrans'; amount: Rupiah },
): Promise<Applied> {
  const customerId = (lines[0] as OrderLine).customerId
  const held = await recordPayment(books, {
    ...payment,
    customerId,
    source: `midtrans:${transactionId}:${customerId}`,
    held: true,
  })
  if (!held) return { outcome: 'nothing', reason: 'already recorded' }
  const matter = await openMatter(books, {
    kind: 'payment.differs',
    args: { paymentId: held.paymentId, invoiceIds: lines.map((line) => line.invoiceId) },
    summary: `${formatRupiah(payment.amount)} dari ${lines[0]?.name}, tagihannya ${formatRupiah(order.amount)}`,
  })
  await audit(books, {
    actor: 'midtrans',
    act: 'order.differs',
    subject: `order:${order.id}`,
    facts: { expected: order.amount, received: payment.amount },
  })
  return { outcome: 'differs', order, payment: { customerId, ...payment }, lines, matter }
}

/** How many digital payments came in today, and how much: the owner's second line (voice 38). */
export async function digitalToday(books: Books): Promise<{ count: number; amount: Rupiah }> {
  const { rows } = await sql<{ count: number; amount: Rupiah }>`
    select count(*)::int as count, coalesce(sum(amount), 0) as amount from payment
     where business_id = ${books.business.id} and channel = 'midtrans' and paid_on = ${books.today}
       and returned = 0`.execute(books.trx)
  return rows[0] as { count: number; amount: Rupiah }
}
