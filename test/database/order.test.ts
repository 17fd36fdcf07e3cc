import { describe, expect, test } from 'vitest'
import type { Books } from '../../src/domain/books.ts'
import { addCustomer } from '../../src/domain/customer.ts'
import { type Invoice, issueChunk, listOpenInvoices, voidInvoices } from '../../src/domain/invoice.ts'
import { rupiah } from '../../src/domain/money.ts'
import { applyStatus, findOrder, type GatewayStatus, openOrder, type PaymentOrder } from '../../src/domain/order.ts'
import { recordPayment, releasePayment } from '../../src/domain/payment.ts'
import { addPlan } from '../../src/domain/plan.ts'
import { announceApplied } from '../../src/domain/receipt.ts'
import { addStaff } from '../../src/domain/staff.ts'
import { firstInvoice, subscribe } from '../../src/domain/subscription.ts'
import { createTestBusiness, openTestBooks, untilWaiting } from '../support/database.ts'

const { open, openBooks, database, businessId, clock } = await openTestBooks()
const PHONE = '6285700001101'

/** Of a fresh customer with one open invoice of Rp150.000. */
async function bill(books: Books, name: string): Promise<Invoice> {
  const plan = await addPlan(books, { name: `Rumah ${name}`, price: rupiah(150_000) })
  const { id } = await addCustomer(books, { name, phones: [{ phone: PHONE, kind: 'mobile' }] })
  await subscribe(books, { customerId: id, plan, first: firstInvoice({ day: 20 }, books.today, 'prepaid') })
  await issueChunk(books, { customerIds: [id] })
  return (await listOpenInvoices(books, [id]))[0] as Invoice
}

const paid = (transactionId: string, more: Partial<GatewayStatus> = {}): GatewayStatus => ({
  state: 'paid',
  transactionId,
  amount: rupiah(150_000),
  currency: 'IDR',
  method: 'qris',
  ...more,
})

describe('an order id', () => {
  test('has one length and ends in a letter, so that a signature means one order (P09)', async () => {
    const made = await open(async (books) => {
      const invoice = await bill(books, 'Tetap')
      const orders: PaymentOrder[] = []
      // Each for another phone: for the same one it would be the same order.
      for (let index = 0; index < 200; index++)
        orders.push(await openOrder(books, `62857000${10_000 + index}`, [invoice]))
      return orders
    })
    for (const { order_id: id } of made) expect(id).toMatch(/^TGH-[A-Z0-9]{15}[A-Z]$/)
    expect(new Set(made.map((order) => order.order_id)).size).toBe(200)
  })

  test.each(['TGH-ABCDEFGHJKLMNPQ2', 'TGH-ABCDEFGHJKLMNPQ', 'TGH-ABCDEFGHJKLMNPQRS', 'ABCDEFGHJKLMNPQRSTUV'])(
    'that is another, as %s, has no place in the table (P09)',
    async (orderId) => {
      const { order_id: id } = await open(async (books) => openOrder(books, PHONE, [await bill(books, orderId)]))
      const change = open((books) =>
        books.trx.updateTable('payment_order').set({ order_id: orderId }).where('order_id', '=', id).execute(),
      )
      await expect(change).rejects.toMatchObject({ code: '23514' })
    },
  )

  test('is no other try’s, and money for the try before counts as well (P14)', async () => {
    const invoice = await open((books) => bill(books, 'Dua Kali'))
    const ask = () => open((books) => openOrder(books, PHONE, [invoice]))
    const first = await ask()
    // While it is good for more than half an hour it is the same try.
    expect(await ask()).toMatchObject({ order_id: first.order_id })
    clock.set('2026-12-11T08:45:00+07:00')
    const second = await ask()
    expect(second.order_id).not.toBe(first.order_id)
    const taken = open((books) =>
      books.trx
        .updateTable('payment_order')
        .set({ order_id: first.order_id })
        .where('order_id', '=', second.order_id)
        .execute(),
    )
    await expect(taken).rejects.toMatchObject({ code: '23505' })

    expect(await open((books) => applyStatus(books, first.order_id, paid('one')))).toMatchObject({
      outcome: 'paid',
      recorded: [{ credit: 0, invoices: [{ id: invoice.id, status: 'paid' }] }],
    })
    // Paid by both, the second is credit; neither order takes the other's word.
    expect(await open((books) => applyStatus(books, second.order_id, paid('two')))).toMatchObject({
      outcome: 'paid',
      recorded: [{ credit: 150_000, invoices: [] }],
    })
    const states = await open(async (books) => [
      (await findOrder(books, first.order_id))?.transaction_id,
      (await findOrder(books, second.order_id))?.transaction_id,
    ])
    expect(states).toEqual(['one', 'two'])
  })
})

test('an order pays the bill that it names, though an older one is open', async () => {
  const applied = await open(async (books) => {
    const older = await bill(books, 'Dua Tagihan')
    const plan = await addPlan(books, { name: 'TV Dua Tagihan', price: rupiah(150_000) })
    const first = firstInvoice({ day: 25 }, books.today, 'prepaid')
    await subscribe(books, { customerId: older.customerId, plan, first })
    await issueChunk(books, { customerIds: [older.customerId] })
    const newer = (await listOpenInvoices(books, [older.customerId]))[1] as Invoice
    const { order_id: id } = await openOrder(books, PHONE, [newer])
    await applyStatus(books, id, paid('the newer one'))
    return { older, newer, open: await listOpenInvoices(books, [older.customerId]) }
  })
  expect(applied.newer.id).toBeGreaterThan(applied.older.id)
  expect(applied.open).toEqual([applied.older])
})

describe('while a bill is being paid by hand (M10)', () => {
  /** A bill and an order for it, and a payment by hand that stands right before its commit until `finish`. */
  async function payingByHand(name: string) {
    const { invoice, order } = await open(async (books) => {
      const fresh = await bill(books, name)
      return { invoice: fresh, order: await openOrder(books, PHONE, [fresh]) }
    })
    const { promise: gate, resolve: letGo } = Promise.withResolvers<void>()
    const { promise: recorded, resolve: isRecorded } = Promise.withResolvers<void>()
    const begin = () => {
      const byHand = open(async (books) => {
        const cash = { method: 'cash', paidOn: books.today, channel: 'chat' } as const
        const amount = rupiah(150_000)
        await recordPayment(books, { ...cash, customerId: invoice.customerId, amount, source: `message:${name}` })
        isRecorded()
        await gate
      })
      return { recorded, byHand }
    }
    const finish = async () => {
      await untilWaiting(database, 1)
      letGo()
    }
    return { invoice, order, begin, finish }
  }

  test('money by Midtrans waits, and is credit then', async () => {
    const { order, begin, finish } = await payingByHand('Lewat Midtrans')
    const { recorded, byHand } = begin()
    await recorded
    const byMidtrans = open((books) => applyStatus(books, order.order_id, paid('meanwhile')))
    await finish()
    await byHand
    expect(await byMidtrans).toMatchObject({ outcome: 'paid', recorded: [{ credit: 150_000, invoices: [] }] })
  })

  test('money that was held and is let pay waits, and is credit then', async () => {
    const { invoice, order, begin, finish } = await payingByHand('Ditahan')
    const other = paid('held', { amount: rupiah(120_000) })
    expect(await open((books) => applyStatus(books, order.order_id, other))).toMatchObject({ outcome: 'differs' })
    const { id } = await open(({ trx }) =>
      trx.selectFrom('payment').select('id').where('held', '=', true).executeTakeFirstOrThrow(),
    )
    const { recorded, byHand } = begin()
    await recorded
    const released = open((books) => releasePayment(books, id, [invoice.id]))
    await finish()
    await byHand
    expect(await released).toMatchObject({ credit: 120_000, invoices: [] })
  })
})

test.each([
  // 17.30 UTC is 00.30 in Jakarta and 02.30 in Jayapura; 15.30 UTC is 22.30 in Jakarta and 00.30 in Jayapura.
  ['Asia/Jakarta', '2026-12-09T17:30:00Z', '2026-12-10'],
  ['Asia/Jakarta', '2026-12-09T15:30:00Z', '2026-12-09'],
  ['Asia/Jayapura', '2026-12-09T15:30:00Z', '2026-12-10'],
])('in %s money of %s is of %s (M20)', async (zone, at, day) => {
  const id = zone === 'Asia/Jakarta' ? businessId : await createTestBusiness(database, clock, 'wit')
  const paidOn = await openBooks(id, async (books) => {
    await books.trx.updateTable('business').set({ zone }).execute()
    return bill(books, `${zone} ${at}`)
  }).then((invoice) =>
    openBooks(id, async (books) => {
      const order = await openOrder(books, PHONE, [invoice])
      await applyStatus(books, order.order_id, paid(at, { paidAt: Temporal.Instant.from(at) }))
      const payment = books.trx.selectFrom('payment').select('paid_on').where('source', 'like', `midtrans:${at}:%`)
      return (await payment.executeTakeFirstOrThrow()).paid_on
    }),
  )
  expect(String(paidOn)).toBe(day)
})

test('money for a bill that was taken back is told as that, when the customer stays (M16)', async () => {
  const told = await open(async (books) => {
    await addStaff(books, { name: 'Joko', phone: '6281200000011', role: 'owner' })
    const invoice = await bill(books, 'Ditarik')
    const order = await openOrder(books, PHONE, [invoice])
    await voidInvoices(books, [invoice.id], 'debts 1')
    await announceApplied(books, await applyStatus(books, order.order_id, paid('taken-back')))
    return books.trx.selectFrom('message').select('text').where('kind', '=', 'note').execute()
  })
  expect(told.map(({ text }) => text.split('\n')[1])).toEqual([
    'Tagihannya sudah ditarik, jadi *Rp150.000* jadi saldo dan memotong tagihan berikutnya.',
  ])
})
