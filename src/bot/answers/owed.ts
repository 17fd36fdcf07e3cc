import type { Books } from '../../domain/books.ts'
import { type Customer, findByPhone } from '../../domain/customer.ts'
import { type Invoice, listOpenInvoices } from '../../domain/invoice.ts'
import { type Rupiah, sum } from '../../domain/money.ts'

/** A customer who owes something. */
export type Owed = { customer: Customer; open: Invoice[]; total: Rupiah }

/** The customers of this phone who owe something. */
export async function listOwed(books: Books, phone: string): Promise<{ customers: Customer[]; owed: Owed[] }> {
  const customers = await findByPhone(books, phone)
  const open = Map.groupBy(
    await listOpenInvoices(
      books,
      customers.map(({ id }) => id),
    ),
    ({ customerId }) => customerId,
  )
  const owed = customers.flatMap((customer) => {
    const invoices = open.get(customer.id) ?? []
    return invoices.length > 0
      ? [{ customer, open: invoices, total: sum(invoices.map((invoice) => invoice.open)) }]
      : []
  })
  return { customers, owed }
}

/** Always in these words (voice, Forms). */
export const PAY_LINE = 'Balas *1* untuk bayar.'
