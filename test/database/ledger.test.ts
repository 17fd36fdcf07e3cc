import { sql } from 'kysely'
import { expect, test } from 'vitest'
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

test.each(['allocation', 'payment_reversal', 'invoice_line', 'audit'])(
  '%s is never rewritten, not even by its owner',
  async (table) => {
    await billed(`Pemilik ${table}`)
    const change = database.kysely.transaction().execute(async (trx) => {
      await sql`select set_config('app.business_id', ${String(businessId)}, true)`.execute(trx)
      await sql.raw(`update ${table} set business_id = business_id`).execute(trx)
      const { rows } = await sql.raw<{ count: number }>(`select count(*)::int as count from ${table}`).execute(trx)
      // Without a row the trigger would have had nothing to refuse.
      if (rows[0]?.count === 0) throw new Error('append-only: nothing to try')
    })
    await expect(change).rejects.toThrow(/append-only/)
  },
)

test('what an invoice shows as paid can be written by nobody but the ledger', async () => {
  const { invoiceId } = await billed('Wati')
  const cheat = open((books) => sql`update invoice set paid = total where id = ${invoiceId}`.execute(books.trx))
  await expect(cheat).rejects.toMatchObject({ code: '42501' })
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
  await expect(more(1)).rejects.toMatchObject({ code: '23514' })
  await expect(more(60_000)).rejects.toMatchObject({ code: '23514' })
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
