import { sql } from 'kysely'
import { anyOf, type Books } from './books.ts'
import { type Rupiah, rupiah } from './money.ts'

/** Money that can still pay something, and something that can still be paid. */
export type Source = { paymentId: number; customerId: number; free: Rupiah }
export type Target = { invoiceId: number; customerId: number; open: Rupiah }

export type Allocation = { customerId: number; paymentId: number; invoiceId: number; amount: Rupiah }

/**
 * Spreads money over invoices of the same customer, both in the order given (the oldest first, rules 13, 17). Nothing
 * is paid beyond what is open, nothing taken beyond what is free.
 */
export function spread(sources: readonly Source[], targets: readonly Target[]): Allocation[] {
  const made: Allocation[] = []
  const free = new Map(sources.map((source) => [source.paymentId, source.free as number]))
  for (const target of targets) {
    let open = target.open as number
    for (const source of sources) {
      const left = free.get(source.paymentId) as number
      const amount = Math.min(open, left)
      if (amount <= 0 || source.customerId !== target.customerId) continue
      made.push({
        customerId: target.customerId,
        paymentId: source.paymentId,
        invoiceId: target.invoiceId,
        amount: rupiah(amount),
      })
      free.set(source.paymentId, left - amount)
      open -= amount
    }
  }
  return made
}

/** Writes allocations; the trigger keeps what invoices and payments show in step. */
export async function allocate(
  books: Books,
  rows: readonly Allocation[],
  reason: 'payment' | 'credit' | 'undo',
): Promise<void> {
  if (rows.length === 0) return
  await books.trx
    .insertInto('allocation')
    .values(
      rows.map((row) => ({
        business_id: books.business.id,
        customer_id: row.customerId,
        payment_id: row.paymentId,
        invoice_id: row.invoiceId,
        amount: row.amount,
        reason,
        at: books.now,
      })),
    )
    .execute()
}

/** The payments of customers that are not used up, the oldest first. Held ones wait for a person (rules 21). */
export async function listCredit(books: Books, customerIds: readonly number[]): Promise<Source[]> {
  return books.trx
    .selectFrom('payment')
    .select(['id as paymentId', 'customer_id as customerId', sql<Rupiah>`amount - allocated - returned`.as('free')])
    .where('business_id', '=', books.business.id)
    .where('customer_id', '=', anyOf(customerIds))
    .where('held', '=', false)
    .where(sql<boolean>`amount - allocated - returned > 0`)
    .orderBy('id')
    .execute()
}

/** Lets the credit of customers pay their open invoices, in the transaction that issued them (rules 17). */
export async function applyCredit(books: Books, customerIds: readonly number[]): Promise<void> {
  const sources = await listCredit(books, customerIds)
  if (sources.length === 0) return
  const targets = await books.trx
    .selectFrom('invoice')
    .select(['id as invoiceId', 'customer_id as customerId', sql<Rupiah>`total - paid`.as('open')])
    .where('business_id', '=', books.business.id)
    .where('customer_id', '=', anyOf([...new Set(sources.map((source) => source.customerId))]))
    .where('status', '=', 'open')
    .orderBy('due_on')
    .orderBy('id')
    .execute()
  await allocate(books, spread(sources, targets), 'credit')
}
