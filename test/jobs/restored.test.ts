import nock from 'nock'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSession } from '../../src/domain/database.ts'
import { listOpenInvoices } from '../../src/domain/invoice.ts'
import { storeNotification } from '../../src/domain/notification.ts'
import { openOrder } from '../../src/domain/order.ts'
import { holdRestored } from '../../src/domain/restoration.ts'
import { sealer } from '../../src/domain/secret.ts'
import { midtrans } from '../../src/gateways/midtrans.ts'
import { handleNotification } from '../../src/jobs/pay.ts'
import { settleRestoration } from '../../src/jobs/restored.ts'
import { tick } from '../../src/jobs/schedule.ts'
import { openTestBooks } from '../support/database.ts'
import { liveAMonth } from '../support/life.ts'

const API = 'https://api.midtrans.test'
const { open, openBooks, database, url, clock, businessId, jobs } = await openTestBooks('2026-12-10T09:00:00+07:00')
await open((books) => liveAMonth(books))

const gateway = midtrans({ serverKey: 'SB-Mid-server-test', production: false, apiUrl: API })
const errors: Error[] = []
const deps = {
  database,
  openBooks,
  payment: () => gateway,
  opens: () => true,
  onError: (error: Error) => void errors.push(error),
}

beforeEach(() => nock.disableNetConnect())
afterEach(() => {
  nock.cleanAll()
  nock.enableNetConnect()
})

/** The business comes back from a backup, and the program starts on it at that moment. */
async function restoreAt(now: string): Promise<void> {
  const client = await openSession(url, 'test')
  await client.query('begin')
  await client.query(`select set_config('app.business_id', $1, true)`, [String(businessId)])
  await holdRestored(client, businessId)
  await client.query('commit')
  await client.end()
  clock.set(now)
  jobs.length = 0
  await tick({ database, openBooks, clock })
  clock.set(Temporal.Instant.from(now).add({ seconds: 1 }).toString())
}

const question = () =>
  open(async (books) => {
    const row = await books.trx
      .selectFrom('message')
      .select('text')
      .where('kind', '=', 'matter')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    return row?.text ?? ''
  })

const openOrders = () =>
  open((books) =>
    books.trx
      .selectFrom('payment_order')
      .select(['order_id', 'amount'])
      .where('state', 'in', ['made', 'open'])
      .execute(),
  )

const settled = (orderId: string, amount: number) => ({
  status_code: '200',
  order_id: orderId,
  transaction_id: `tx-${orderId}`,
  transaction_status: 'settlement',
  gross_amount: `${amount}.00`,
  currency: 'IDR',
  payment_type: 'qris',
})

test('Midtrans is asked first: what was paid after the backup is in the books before the owner is asked', async () => {
  await restoreAt('2026-12-11T09:00:00+07:00')
  expect(jobs[0]).toEqual({ businessId, name: 'restored' })
  const [order] = await openOrders()
  if (!order) throw new Error('no open order')
  nock(API).get(`/v2/${order.order_id}/status`).reply(200, settled(order.order_id, order.amount))
  await settleRestoration(deps, businessId)
  const text = await question()
  expect(text).toMatch(/isinya sampai \*10 Des 2026 09\.00\*/)
  expect(text).toContain('Midtrans sudah saya tanyai')
  expect(text).toMatch(/\*ya 101\*$/)
  expect(await openOrders()).toEqual([])
  const { amount } = await open((books) =>
    books.trx
      .selectFrom('payment')
      .select('amount')
      .where('source', 'like', `midtrans:tx-${order.order_id}:%`)
      .executeTakeFirstOrThrow(),
  )
  expect(amount).toBe(order.amount)
})

test('the question is asked once for one restore, however often its job runs', async () => {
  const before = await question()
  await settleRestoration(deps, businessId)
  jobs.length = 0
  await tick({ database, openBooks, clock })
  expect(jobs.filter((job) => (job as { name: string }).name === 'restored')).toEqual([])
  expect(await question()).toBe(before)
})

test('where Midtrans does not answer, and where the key is another, the question says so', async () => {
  await open(async (books) => {
    const customers = await books.trx.selectFrom('customer').select('id').orderBy('id').execute()
    const invoices = await listOpenInvoices(
      books,
      customers.map(({ id }) => id),
    )
    for (const invoice of invoices.slice(0, 5)) await openOrder(books, '6285700000009', [invoice])
  })
  await restoreAt('2026-12-12T09:00:00+07:00')
  // After the third it is not asked any more, and all five are named.
  nock(API)
    .get(/status$/)
    .times(3)
    .reply(503, {})
  await settleRestoration({ ...deps, opens: () => false }, businessId)
  const text = await question()
  expect(text).toContain('Midtrans belum menjawab tentang 5 percobaan bayar')
  expect(text).toContain('SECRET_KEY berbeda')
  expect(text).toMatch(/\*ya 201\*$/)
  expect(nock.isDone()).toBe(true)
})

test('money for an order that was made after the backup: the owner hears of it once, and nothing is recorded', async () => {
  const orderId = 'TGH-ABCDEFGHJKLMNPQR'
  nock(API).get(`/v2/${orderId}/status`).times(4).reply(200, settled(orderId, 175_000))
  for (const state of ['pending', 'settlement']) {
    const { id } = await open((books) => storeNotification(books, { order_id: orderId, transaction_status: state }))
    await handleNotification(deps, businessId, id)
  }
  const told = await open((books) =>
    books.trx.selectFrom('message').select('text').where('text', 'like', `%${orderId}%`).execute(),
  )
  expect(told.map(({ text }) => text)).toEqual([expect.stringMatching(/^⚠️ \*Rp175\.000\* masuk lewat QRIS/)])
  const rows = await open((books) =>
    books.trx.selectFrom('payment').select('id').where('source', 'like', `%${orderId}%`).execute(),
  )
  expect(rows).toEqual([])
  const kept = await open((books) => books.trx.selectFrom('notification').select('id').execute())
  expect(kept).toHaveLength(3)
})

test('a credential that was sealed with another key is as good as none', () => {
  const [before, after] = [sealer('the key that was lost'), sealer('the key made instead')]
  const sealed = before.seal(1, 'token')
  expect(before.tryOpen(1, sealed)).toBe('token')
  expect(after.tryOpen(1, sealed)).toBeUndefined()
  expect(after.tryOpen(1, null)).toBeUndefined()
})
