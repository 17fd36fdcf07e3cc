import { createHash, randomInt } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import { audit, type Books, json } from './books.ts'
import { type Day, dayIn, type Moment } from './calendar.ts'
import { openMatter } from './conversation.ts'
import { lockCustomers } from './customer.ts'
import type { Invoice } from './invoice.ts'
import { type Rupiah, sum } from './money.ts'
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

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
const SIGNS = `${LETTERS}23456789`

/** An id of fixed length that ends in a letter: Midtrans' signature has no separators (P09). Unguessable. */
function makeOrderId(): string {
  const signs = Array.from({ length: 15 }, () => SIGNS[randomInt(SIGNS.length)])
  return `TGH-${signs.join('')}${LETTERS[randomInt(LETTERS.length)]}`
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
    const lines = await listOrderLines(books, order.id)
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

/** What an order pays for, in the order in which it is applied. */
export async function listOrderLines(books: Books, orderId: number): Promise<OrderLine[]> {
  return books.trx
    .selectFrom('payment_order_invoice as l')
    .innerJoin('customer as c', (join) =>
      join.onRef('c.business_id', '=', 'l.business_id').onRef('c.id', '=', 'l.customer_id'),
    )
    .select(['l.customer_id as customerId', 'l.invoice_id as invoiceId', 'l.amount', 'c.name'])
    .where('l.business_id', '=', books.business.id)
    .where('l.order_id', '=', orderId)
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

/** The open orders that would pay one of these invoices: they end when the invoice is paid another way (M15). */
export async function listOpenOrders(books: Books, invoiceIds: readonly number[]): Promise<PaymentOrder[]> {
  if (invoiceIds.length === 0) return []
  return books.trx
    .selectFrom('payment_order')
    .selectAll()
    .where('business_id', '=', books.business.id)
    .where('state', 'in', ['made', 'open'])
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('payment_order_invoice as l')
        .select('l.order_id')
        .where('l.business_id', '=', books.business.id)
        .where('l.invoice_id', 'in', [...invoiceIds]),
    )
    .orderBy('id')
    .execute()
}

export async function setOrderState(books: Books, id: number, state: PaymentOrder['state']): Promise<void> {
  await books.trx
    .updateTable('payment_order')
    .set({ state })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .execute()
}

/**
 * When an open order is asked about next: a quarter of an hour after it was made, then at growing distances, and once
 * more when its time is over (api-facts B7).
 */
const NEXT_ASK = sql<Moment>`
  least(coalesce(asked_at, made_at) + greatest(interval '15 minutes', (coalesce(asked_at, made_at) - made_at) / 2),
        greatest(expires_at, coalesce(asked_at, made_at) + interval '15 minutes'))`

/** More are asked about in the next run. */
const ASKED_AT_ONCE = 200

/** When the next open order is to be asked about; nothing while none is open. */
export async function nextAskTime(books: Books): Promise<Moment | undefined> {
  const { at } = await books.trx
    .selectFrom('payment_order')
    .select(sql<Moment | null>`min(${NEXT_ASK})`.as('at'))
    .where('business_id', '=', books.business.id)
    .where('state', 'in', ['made', 'open'])
    .executeTakeFirstOrThrow()
  return at ?? undefined
}

/** Takes the open orders whose time to be asked about has come, and notes that they are (P12). */
export async function takeOrdersToAsk(books: Books): Promise<string[]> {
  const due = await books.trx
    .selectFrom('payment_order')
    .select(['id', 'order_id'])
    .where('business_id', '=', books.business.id)
    .where('state', 'in', ['made', 'open'])
    .where(NEXT_ASK, '<=', books.now)
    .orderBy('id')
    .limit(ASKED_AT_ONCE)
    .forUpdate()
    .execute()
  if (due.length === 0) return []
  await books.trx
    .updateTable('payment_order')
    .set({ asked_at: books.now })
    .where('business_id', '=', books.business.id)
    .where(
      'id',
      'in',
      due.map((order) => order.id),
    )
    .execute()
  return due.map((order) => order.order_id)
}

/** What became of a gateway's word on an order. */
export type Applied =
  | { outcome: 'paid'; order: PaymentOrder; recorded: Recorded[]; lines: OrderLine[] }
  | {
      outcome: 'differs'
      order: PaymentOrder
      payment: { customerId: number; amount: Rupiah; method: Method }
      lines: OrderLine[]
      matter: number
    }
  | { outcome: 'nothing'; reason: string }

/**
 * Applies what the status API said of an order. Only its word moves money, never a notification's (P08). The same
 * transaction is recorded once, whatever repeats or crosses (P02, P03); money for an order that we had given up
 * still counts (P04). Another amount than the order's is kept and held for a person (rules 21).
 */
export async function applyStatus(books: Books, orderId: string, status: GatewayStatus): Promise<Applied> {
  const found = await findOrder(books, orderId)
  if (!found) return { outcome: 'nothing', reason: 'unknown order' }
  const lines = await listOrderLines(books, found.id)
  await lockCustomers(books, [...new Set(lines.map((line) => line.customerId))])
  const order = (await findOrder(books, orderId)) as PaymentOrder
  await books.trx
    .updateTable('payment_order')
    .set({ asked_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('id', '=', order.id)
    .execute()
  if (order.state === 'paid' || order.state === 'differs')
    return { outcome: 'nothing', reason: `already ${order.state}` }
  if (status.state !== 'paid') return applyUnpaid(books, order, status)
  const { transactionId, amount } = status
  if (!transactionId || amount === undefined || amount <= 0 || status.currency !== 'IDR')
    return { outcome: 'nothing', reason: 'incomplete answer' }
  const exact = amount === order.amount
  await books.trx
    .updateTable('payment_order')
    .set({ state: exact ? 'paid' : 'differs', transaction_id: transactionId })
    .where('business_id', '=', books.business.id)
    .where('id', '=', order.id)
    .execute()
  const paidOn = dayIn(books.business.zone, status.paidAt ?? books.now)
  const payment = { method: status.method, paidOn, channel: 'midtrans' as const }
  return exact
    ? recordExact(books, order, lines, transactionId, payment)
    : holdOther(books, order, lines, transactionId, { ...payment, amount })
}

/** An order that was not paid ends when Midtrans says so, or when its time is over and it was never begun (P13). */
async function applyUnpaid(books: Books, order: PaymentOrder, status: GatewayStatus): Promise<Applied> {
  const over = Temporal.Instant.compare(order.expires_at, books.now) <= 0
  if (status.state === 'expired' || (over && (status.state === 'none' || status.state === 'failed')))
    await setOrderState(books, order.id, 'expired')
  return { outcome: 'nothing', reason: status.state }
}

async function recordExact(
  books: Books,
  order: PaymentOrder,
  lines: readonly OrderLine[],
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
      invoiceIds: own.map((line) => line.invoiceId),
    })
    if (made) recorded.push(made)
  }
  if (recorded.length === 0) return { outcome: 'nothing', reason: 'already recorded' }
  return { outcome: 'paid', order, recorded, lines: [...lines] }
}

async function holdOther(
  books: Books,
  order: PaymentOrder,
  lines: readonly OrderLine[],
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
    summary: `order ${order.order_id}`,
  })
  await audit(books, {
    actor: 'midtrans',
    act: 'order.differs',
    subject: `order:${order.id}`,
    facts: { expected: order.amount, received: payment.amount },
  })
  return { outcome: 'differs', order, payment: { customerId, ...payment }, lines: [...lines], matter }
}

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
    .set({ state: 'handled', result, handled_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .execute()
}

/** How many digital payments came in on a day, and how much: the owner's second line (voice 38). */
export async function digitalToday(books: Books): Promise<{ count: number; amount: Rupiah }> {
  const { rows } = await sql<{ count: number; amount: Rupiah }>`
    select count(*)::int as count, coalesce(sum(amount), 0) as amount from payment
     where business_id = ${books.business.id} and paid_on = ${books.today} and returned = 0`.execute(books.trx)
  return rows[0] as { count: number; amount: Rupiah }
}
