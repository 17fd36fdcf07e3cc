import { type Books, findBusinessId } from '../../src/domain/books.ts'
import { findByPhone } from '../../src/domain/customer.ts'
import { listOpenInvoices } from '../../src/domain/invoice.ts'
import { openOrder } from '../../src/domain/order.ts'
import { DEMO } from '../../src/simulator/business.ts'
import type { TestProgram } from './program.ts'
import type { RoughMidtrans } from './rough-midtrans.ts'

/** A customer of the demo with an open pay order for all that they owe. */
export type Payer = { phone: string; orderId: string; amount: number; invoiceIds: number[] }

export async function inDemo<T>({ program }: TestProgram, work: (books: Books) => Promise<T>): Promise<T> {
  return program.openBooks((await findBusinessId(program.database, DEMO.slug)) as number, work)
}

/** Makes a fresh business in which so many customers have an open invoice and an order to pay it. */
export async function listPayers(demo: TestProgram, midtrans: RoughMidtrans, count: number): Promise<Payer[]> {
  await demo.post('/simulator/reset', { customers: count, now: '2026-12-01T09:00:00+07:00' })
  await demo.post('/simulator/clock', { now: '2026-12-10T09:00:00+07:00' })
  const people = await demo.get<{ phone: string; role: string }[]>('/simulator/phones')
  const payers: Payer[] = []
  for (const { phone } of people.filter(({ role }) => role === 'customer'))
    payers.push(
      await inDemo(demo, async (books) => {
        const [customer] = await findByPhone(books, phone)
        const [invoice] = await listOpenInvoices(books, [customer?.id ?? 0])
        if (!invoice) throw new Error(`${phone} owes nothing`)
        const order = await openOrder(books, phone, [invoice])
        return { phone, orderId: order.order_id, amount: order.amount, invoiceIds: [invoice.id] }
      }),
    )
  for (const { orderId, amount } of payers) midtrans.amounts.set(orderId, amount)
  return payers
}

/** The payments and the open sum of each payer's invoices. */
export async function readPayers(demo: TestProgram, payers: readonly Payer[]) {
  return inDemo(demo, async (books) => {
    const invoices = await books.trx.selectFrom('invoice').select(['id', 'status']).execute()
    const payments = await books.trx
      .selectFrom('payment as p')
      .innerJoin('customer_phone as c', 'c.customer_id', 'p.customer_id')
      .select(['c.phone', 'p.amount', 'p.held', 'p.allocated'])
      .where('p.channel', '=', 'midtrans')
      .execute()
    const orders = await books.trx.selectFrom('payment_order').select(['order_id', 'state']).execute()
    return payers.map((payer) => ({
      ...payer,
      paid: payer.invoiceIds.every((id) => invoices.find((invoice) => invoice.id === id)?.status === 'paid'),
      payments: payments.filter(({ phone }) => phone === payer.phone),
      state: orders.find((order) => order.order_id === payer.orderId)?.state,
    }))
  })
}

/** Sends a notification to the demo's webhook; answers the HTTP status. */
export async function notify({ url }: TestProgram, body: object): Promise<number> {
  const response = await fetch(`${url}/webhooks/midtrans/${DEMO.slug}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  await response.body?.cancel()
  return response.status
}
