import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { addCustomer } from '../../src/domain/customer.ts'
import { findInvoices, issueChunk, listOpenInvoices } from '../../src/domain/invoice.ts'
import { rupiah } from '../../src/domain/money.ts'
import { recordPayment, undoPayment } from '../../src/domain/payment.ts'
import { addPlan } from '../../src/domain/plan.ts'
import { addStaff } from '../../src/domain/staff.ts'
import { firstInvoice, subscribe } from '../../src/domain/subscription.ts'
import { createTestBusiness, openTestBooks } from '../support/database.ts'

const { open, openBooks, database, clock, businessId } = await openTestBooks()

const plan = await open((books) => addPlan(books, { name: 'Rumah 10 Mbps', price: rupiah(150_000) }))
await open((books) => addStaff(books, { name: 'Joko', phone: '6281200000011', role: 'owner' }))
let phones = 6_285_700_000_000

/** A customer with one open invoice of Rp150.000. */
async function billed(name: string): Promise<{ customerId: number; invoiceId: number }> {
  return open(async (books) => {
    const phone = String(phones++)
    const { id } = await addCustomer(books, { name, phones: [{ phone, kind: 'mobile' }] })
    await subscribe(books, { customerId: id, plan, first: firstInvoice({ day: 20 }, books.today, 'prepaid') })
    await issueChunk(books, { customerIds: [id] })
    const [invoice] = await listOpenInvoices(books, [id])
    return { customerId: id, invoiceId: (invoice as { id: number }).id }
  })
}

const pay = (customerId: number, amount: number, source: string) =>
  open((books) =>
    recordPayment(books, {
      customerId,
      amount: rupiah(amount),
      method: 'cash',
      paidOn: books.today,
      channel: 'chat',
      source,
      staffId: 1,
    }),
  )

test('the same source at the same moment is recorded once', async () => {
  const { customerId } = await billed('Budi')
  const made = await Promise.all(Array.from({ length: 8 }, () => pay(customerId, 150_000, 'message:1')))
  expect(made.filter((each) => each !== undefined)).toHaveLength(1)
})

test('many payments for one invoice at the same moment pay it once, the rest is credit', async () => {
  const { customerId, invoiceId } = await billed('Siti')
  await Promise.all(Array.from({ length: 8 }, (_, index) => pay(customerId, 150_000, `siti:${index}`)))
  await open(async (books) => {
    const invoice = await books.trx
      .selectFrom('invoice')
      .select(['paid', 'total', 'status'])
      .where('id', '=', invoiceId)
      .executeTakeFirstOrThrow()
    expect(invoice).toEqual({ paid: 150_000, total: 150_000, status: 'paid' })
    const { rows } =
      await sql`select sum(amount - allocated) as credit from payment where customer_id = ${customerId}`.execute(
        books.trx,
      )
    // 8 × 150.000 came in, 150.000 was owed.
    expect(rows).toEqual([{ credit: 7 * 150_000 }])
  })
})

test('the answer to a payment shows its invoices as the table has them then', async () => {
  const { customerId, invoiceId } = await billed('Dewi')
  // 150.000 is owed: 50.000 leaves 100.000, and of 120.000 more 20.000 is over.
  for (const [amount, status, credit] of [
    [50_000, 'open', 0],
    [120_000, 'paid', 20_000],
  ] as const) {
    const made = await pay(customerId, amount, `dewi:${amount}`)
    const stored = await open((books) => findInvoices(books, [invoiceId]))
    expect(made?.invoices).toEqual(stored)
    expect(made).toMatchObject({ invoices: [{ status }], credit })
  }
})

test('an invoice cannot belong to another customer than its subscription, nor to nobody', async () => {
  const [{ customerId }, other] = [await billed('Tono'), await billed('Yuli')]
  const insert = (subscription: string, customer: number, kind: string) =>
    open((books) =>
      sql`insert into invoice (business_id, customer_id, subscription_id, kind, source, number, period, plan_name, due_on, issue_on, issued_on, issued_at, total)
          select business_id, ${customer}, ${sql.raw(subscription)}, ${kind}, 'test', 'INV-209912-00001', '2099-12-01', 'x', '2099-12-20', '2099-12-01', '2099-12-01', ${books.now}, 1
            from subscription where customer_id = ${customerId}`.execute(books.trx),
    )
  await expect(insert('id', other.customerId, 'recurring')).rejects.toThrow(/foreign key/)
  await expect(insert('null', 999_999, 'one_off')).rejects.toThrow(/foreign key/)
})

test('a second undo changes nothing', async () => {
  const { customerId, invoiceId } = await billed('Hasan')
  const made = await pay(customerId, 150_000, 'hasan')
  const undone = await Promise.all([1, 2, 3].map(() => open((books) => undoPayment(books, made?.paymentId ?? 0, 1))))
  expect(undone.filter((each) => each !== undefined)).toHaveLength(1)
  await open(async (books) => {
    const [invoice] = await listOpenInvoices(books, [customerId])
    expect(invoice).toMatchObject({ id: invoiceId, open: 150_000, paid: 0 })
  })
})

describe.each(['allocation', 'payment_reversal', 'invoice_line', 'audit', 'due_change'])('%s', (table) => {
  test.each([`update ${table} set business_id = business_id`, `delete from ${table}`])(
    'is never rewritten, not even by its owner: %s',
    async (change) => {
      const { customerId } = await billed(`Pemilik ${change}`)
      const made = await pay(customerId, 150_000, change)
      await open(async (books) => {
        await undoPayment(books, made?.paymentId ?? 0, 1)
        await sql`
          insert into due_change (business_id, subscription_id, cause, kind, next_period, anchor_from, anchor_to, next_from, next_to, at)
          select business_id, id, 'test', 'move', next_period, anchor_day, 5, next_due_on, next_due_on, ${books.now}
            from subscription where customer_id = ${customerId}`.execute(books.trx)
      })
      const asOwner = (text: string) =>
        database.kysely.transaction().execute(async (trx) => {
          await sql`select set_config('app.business_id', ${String(businessId)}, true)`.execute(trx)
          return (await sql.raw(text).execute(trx)).rows
        })
      // Without a row the trigger would have nothing to refuse.
      expect(await asOwner(`select from ${table}`)).not.toEqual([])
      await expect(asOwner(change)).rejects.toThrow(/append-only/)
    },
  )
})

test.each([
  ['invoice', ['number', 'total', 'paid', 'issued_on', 'customer_id']],
  ['payment', ['amount', 'source', 'allocated', 'returned', 'paid_on', 'customer_id']],
])('what %s says of money can be written by nobody but the ledger', async (table, columns) => {
  await billed('Wati')
  for (const column of columns) {
    const cheat = open((books) => sql.raw(`update ${table} set ${column} = ${column}`).execute(books.trx))
    await expect(cheat, column).rejects.toMatchObject({ code: '42501' })
  }
})

test('amounts beyond four bytes are exact, in the tables and out of them (M07)', async () => {
  const [large, odd] = [rupiah(90_000_000_000), rupiah(90_000_000_001)]
  const { customerId } = await open(async (books) => {
    const { id } = await addCustomer(books, { name: 'Besar', phones: [] })
    const dear = await addPlan(books, { name: 'Gedung', price: large })
    await subscribe(books, { customerId: id, plan: dear, first: firstInvoice({ day: 20 }, books.today, 'prepaid') })
    await issueChunk(books, { customerIds: [id] })
    return { customerId: id }
  })
  expect(await pay(customerId, odd, 'besar')).toMatchObject({
    invoices: [{ total: large, paid: large, open: 0 }],
    credit: 1,
  })
  expect(await pay(customerId, odd, 'besar again')).toMatchObject({ amount: odd, credit: odd })
})

test('money of one customer cannot pay the invoice of another', async () => {
  const [one, other] = [await billed('Satu'), await billed('Dua')]
  const made = await pay(one.customerId, 10_000, 'satu')
  const wrong = open((books) =>
    sql`insert into allocation (business_id, customer_id, payment_id, invoice_id, amount, reason, at)
        values (${businessId}, ${one.customerId}, ${made?.paymentId}, ${other.invoiceId}, 5000, 'payment', ${books.now})`.execute(
      books.trx,
    ),
  )
  await expect(wrong).rejects.toMatchObject({ code: '23503' })
})

test('nothing is paid beyond its total, nothing spent beyond what came in', async () => {
  const { customerId, invoiceId } = await billed('Agus')
  const made = await pay(customerId, 100_000, 'agus')
  const more = (amount: number) =>
    open((books) =>
      sql`insert into allocation (business_id, customer_id, payment_id, invoice_id, amount, reason, at)
          values (${businessId}, ${customerId}, ${made?.paymentId}, ${invoiceId}, ${amount}, 'payment', ${books.now})`.execute(
        books.trx,
      ),
    )
  await expect(more(1)).rejects.toMatchObject({ code: '23514', table: 'payment' })
  await expect(more(60_000)).rejects.toMatchObject({ code: '23514' })
  // 50.000 are still owed: of 120.000 more 70.000 are free, and the bill takes none of them, nor gives any back twice.
  const over = await pay(customerId, 120_000, 'agus again')
  expect(over?.credit).toBe(70_000)
  const spend = (amount: number) =>
    open((books) =>
      sql`insert into allocation (business_id, customer_id, payment_id, invoice_id, amount, reason, at)
          values (${businessId}, ${customerId}, ${over?.paymentId}, ${invoiceId}, ${amount}, 'payment', ${books.now})`.execute(
        books.trx,
      ),
    )
  await expect(spend(1)).rejects.toMatchObject({ code: '23514', table: 'invoice' })
  await expect(spend(-50_001)).rejects.toMatchObject({ code: '23514', table: 'payment' })
})

test('another business sees nothing, and cannot write here', async () => {
  const { customerId } = await billed('Rahasia')
  const stranger = await createTestBusiness(database, clock, 'tetangga')
  await openBooks(stranger, async (books) => {
    expect(await books.trx.selectFrom('customer').select('id').execute()).toEqual([])
    expect(await books.trx.selectFrom('business').select('slug').execute()).toEqual([{ slug: 'tetangga' }])
    const moved = await books.trx
      .updateTable('customer')
      .set({ name: 'x' })
      .where('id', '=', customerId)
      .executeTakeFirst()
    expect(moved.numUpdatedRows).toBe(0n)
  })
  const forged = openBooks(stranger, (books) =>
    books.trx.insertInto('conversation').values({ business_id: businessId, phone: '6281', hinted_at: null }).execute(),
  )
  await expect(forged).rejects.toMatchObject({ code: '42501' })
})
