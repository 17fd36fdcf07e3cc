import { type SelectQueryBuilder, sql } from 'kysely'
import { audit, type Books } from './books.ts'
import { firstAnchorAfter } from './calendar.ts'
import { lockCustomers } from './customer.ts'
import { areInUse, voidInvoices } from './invoice.ts'
import { type Rupiah, sum } from './money.ts'
import { createInvoices } from './one-off.ts'
import type { Tables } from './tables.ts'

/**
 * Debts that the owner had noted in the imported sheet: kept on the customer, and one-off invoices only after the owner
 * said so (rules 11).
 */
export type Debt = {
  customerId: number
  number: string
  name: string
  area: string | null
  phone: string | null
  note: string
  /** What the note seems to come to; null: it does not say. */
  amount: Rupiah | null
  anchorDay: number | null
}

/** What bills and lists call such an invoice; to customers nobody speaks of arrears (voice, Glossary). */
const DEBT_TEXT = 'sisa sebelumnya'

/** The debts that wait for a word, in the order in which they came. */
export async function listDebts(books: Books): Promise<Debt[]> {
  return waiting(books).execute()
}

function waiting(books: Books) {
  return undecided(books.trx.selectFrom('customer as c'))
    .select([
      'c.id as customerId',
      'c.number',
      'c.name',
      'c.area',
      sql<string>`c.debt_note`.as('note'),
      'c.debt_amount as amount',
      sql<string | null>`(select p.phone from customer_phone p where p.business_id = c.business_id
                           and p.customer_id = c.id order by p.position limit 1)`.as('phone'),
      sql<number | null>`(select s.anchor_day from subscription s where s.business_id = c.business_id
                           and s.customer_id = c.id order by s.id limit 1)`.as('anchorDay'),
    ])
    .where('c.business_id', '=', books.business.id)
    .orderBy('c.id')
}

function undecided<O>(query: SelectQueryBuilder<Tables & { c: Tables['customer'] }, 'c', O>) {
  return query
    .where('c.debt_note', 'is not', null)
    .where('c.debt_decided_at', 'is', null)
    .where('c.withdrawn_at', 'is', null)
}

/** What became of debts: the invoices that were issued, and how many got none because the owner said so. */
export type DebtsDecided = { billed: number; total: Rupiah; declined: number }

/**
 * Makes one-off invoices of debts, or none where the amount is 0. What somebody decided meanwhile stays as it is.
 * `series` names what asked, so that all of it can be taken back at once. They are due with the next due day, never
 * already overdue.
 */
export async function decideDebts(
  books: Books,
  decisions: readonly { customerId: number; amount: Rupiah }[],
  by: { staffId: number; series: number },
): Promise<DebtsDecided> {
  const amounts = new Map(decisions.map(({ customerId, amount }) => [customerId, amount]))
  await lockCustomers(books, [...amounts.keys()])
  const debts = await waiting(books)
    .where('c.id', 'in', [0, ...amounts.keys()])
    .execute()
  const invoices = await createInvoices(
    books,
    debts.flatMap(({ customerId, anchorDay }) => {
      const amount = amounts.get(customerId) ?? (0 as Rupiah)
      const dueOn = firstAnchorAfter(books.today, anchorDay ?? books.today.day)
      const source = `debts:${by.series}:${customerId}`
      return amount > 0 ? [{ customerId, source, text: DEBT_TEXT, amount, dueOn, staffId: by.staffId }] : []
    }),
  )
  await setDecided(
    books,
    debts.map(({ customerId }) => customerId),
    true,
  )
  const done = {
    billed: invoices.length,
    total: sum(invoices.map(({ total }) => total)),
    declined: debts.length - invoices.length,
  }
  await audit(books, { actor: `staff:${by.staffId}`, act: 'debt.decide', subject: `debts:${by.series}`, facts: done })
  return done
}

async function setDecided(books: Books, customerIds: readonly number[], decided: boolean): Promise<void> {
  await books.trx
    .updateTable('customer')
    .set({ debt_decided_at: decided ? books.now : null })
    .where('business_id', '=', books.business.id)
    .where('id', 'in', [0, ...customerIds])
    .execute()
}

/** Takes the invoices of a series back, unless one was paid or sent; the notes then wait for a word again. */
export async function withdrawDebts(
  books: Books,
  series: number,
  staffId: number,
): Promise<{ refused: 'paid' | 'sent' | 'gone' } | { voided: number; total: Rupiah }> {
  const ofSeries = books.trx
    .selectFrom('invoice')
    .select(['id', 'customer_id as customerId', 'total'])
    .where('business_id', '=', books.business.id)
    .where('source', 'like', `debts:${series}:%`)
    .where('voided_at', 'is', null)
  const customerIds = (await ofSeries.execute()).map(({ customerId }) => customerId)
  if (customerIds.length === 0) return { refused: 'gone' }
  await lockCustomers(books, customerIds)
  const invoices = await ofSeries.execute()
  const ids = invoices.map(({ id }) => id)
  const inUse = await areInUse(books, ids)
  if (inUse) return { refused: inUse }
  await voidInvoices(books, ids, `debts ${series}`)
  await setDecided(books, customerIds, false)
  await audit(books, { actor: `staff:${staffId}`, act: 'debt.withdraw', subject: `debts:${series}` })
  return { voided: ids.length, total: sum(invoices.map(({ total }) => total)) }
}
