import nock from 'nock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { rupiah } from '../../src/domain/money.ts'
import { GatewayError } from '../../src/domain/outbox.ts'
import { isSigned, midtrans } from '../../src/gateways/midtrans.ts'

const SNAP = 'https://snap.midtrans.test'
const API = 'https://api.midtrans.test'
const KEY = 'SB-Mid-server-test'
const gateway = midtrans({ serverKey: KEY, production: false, snapUrl: `${SNAP}/snap/v1`, apiUrl: API })
const ORDER = 'TGH-ABCDEFGHJKLMNPQR'

const order = {
  orderId: ORDER,
  amount: rupiah(150_000),
  lines: [{ id: 'INV-202612-00001', name: 'Rumah 10 Mbps Desember', amount: rupiah(150_000) }],
  customer: { name: 'Bu Nabila Utami', phone: '6281200001474' },
  startAt: Temporal.Instant.from('2026-12-10T02:10:00.123Z'),
  hours: 24,
}

beforeEach(() => nock.disableNetConnect())
afterEach(() => {
  nock.cleanAll()
  nock.enableNetConnect()
})

test('asks Snap for a link with the lines that add up, the key as basic auth', async () => {
  nock(SNAP)
    .post('/snap/v1/transactions', (body) => {
      expect(body).toMatchObject({
        transaction_details: { order_id: ORDER, gross_amount: 150_000 },
        item_details: [{ price: 150_000, quantity: 1, name: 'Rumah 10 Mbps Desember' }],
        expiry: { start_time: '2026-12-10 09:10:00 +0700', unit: 'hour', duration: 24 },
      })
      return true
    })
    .basicAuth({ user: KEY, pass: '' })
    .reply(201, { token: 't', redirect_url: `${SNAP}/redirection/t` })
  expect(await gateway.makeLink(order)).toEqual({ url: `${SNAP}/redirection/t` })
})

test.each([
  [401, { error_messages: ['Access denied'] }, 'device'],
  [400, { error_messages: ['transaction_details.order_id has already been taken'] }, 'recipient'],
  [500, { error_messages: ['Sorry'] }, 'passing'],
  [200, '<html>hello</html>', 'passing'],
])('Snap answering %i is %s', async (status, body, fault) => {
  nock(SNAP).post('/snap/v1/transactions').reply(status, body)
  const error = await gateway.makeLink(order).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(GatewayError)
  expect((error as GatewayError).fault).toBe(fault)
})

test('the server key is in no error', async () => {
  nock(SNAP)
    .post('/snap/v1/transactions')
    .reply(500, { error_messages: ['Sorry'] })
  const error = await gateway.makeLink(order).catch((thrown: unknown) => thrown)
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(KEY)
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(
    Buffer.from(`${KEY}:`).toString('base64'),
  )
})

describe('the status', () => {
  const answer = (body: object, status = 200) => nock(API).get(`/v2/${ORDER}/status`).reply(status, body)
  const settled = {
    status_code: '200',
    transaction_id: 'ecb79e2b',
    order_id: ORDER,
    transaction_status: 'settlement',
    fraud_status: 'accept',
    gross_amount: '150000.00',
    currency: 'IDR',
    payment_type: 'qris',
    settlement_time: '2026-12-10 00:30:00',
  }

  test('a settlement is money, at the time Midtrans says, which is Jakarta time', async () => {
    answer(settled)
    expect(await gateway.getStatus(ORDER)).toEqual({
      state: 'paid',
      transactionId: 'ecb79e2b',
      amount: 150_000,
      currency: 'IDR',
      method: 'qris',
      paidAt: Temporal.Instant.from('2026-12-09T17:30:00Z'),
    })
  })

  test.each([
    [404, 200],
    [404, 404],
  ])('no method chosen yet (%i in the body, HTTP %i) is no error', async (code, status) => {
    answer({ status_code: String(code), status_message: "Transaction doesn't exist." }, status)
    expect(await gateway.getStatus(ORDER)).toEqual({ state: 'none', method: 'midtrans' })
  })

  test.each([
    [{ transaction_status: 'pending', status_code: '201' }, 'pending'],
    [{ transaction_status: 'expire', status_code: '407' }, 'expired'],
    [{ transaction_status: 'cancel', status_code: '200' }, 'expired'],
    [{ transaction_status: 'deny', status_code: '200' }, 'failed'],
    [{ transaction_status: 'capture', fraud_status: 'accept' }, 'paid'],
    [{ transaction_status: 'capture', fraud_status: 'challenge' }, 'challenged'],
    [{ transaction_status: 'capture', fraud_status: 'deny' }, 'failed'],
    [{ transaction_status: 'settlement', fraud_status: 'something new' }, 'failed'],
    [{ transaction_status: 'settlement', fraud_status: undefined }, 'paid'],
    [{ transaction_status: 'something new' }, 'failed'],
  ])('%j is %s', async (change, state) => {
    answer({ ...settled, ...change })
    expect((await gateway.getStatus(ORDER)).state).toBe(state)
  })

  test('an amount with cents or letters is none', async () => {
    answer({ ...settled, gross_amount: '150000.50' })
    expect((await gateway.getStatus(ORDER)).amount).toBeUndefined()
  })

  test('an answer about another order is refused (P07)', async () => {
    answer({ ...settled, order_id: 'TGH-OTHER' })
    await expect(gateway.getStatus(ORDER)).rejects.toBeInstanceOf(GatewayError)
  })
})

test('ending an order that was never begun is done', async () => {
  nock(API).post(`/v2/${ORDER}/expire`).reply(404, { status_code: '404', status_message: "Transaction doesn't exist." })
  await gateway.expire(ORDER)
})

describe('the signature', () => {
  const good = {
    order_id: 'ORDER-sandbox-0001',
    status_code: '200',
    gross_amount: '150000.00',
    signature_key:
      'd65b4adf15335095fe1bfafe24964d48009dcc2989393e13570b0c9852ea60df0040b1a9646b9c9ef9433317f77acc8e387c59998dc20f5bd93fff93d23672e4',
  }
  test('the known one is good', () => expect(isSigned(good, KEY)).toBe(true))
  test.each([
    ['none', { ...good, signature_key: undefined }],
    ['a short one', { ...good, signature_key: 'd65b' }],
    ['one in capitals', { ...good, signature_key: good.signature_key.toUpperCase() }],
    ['a list', { ...good, signature_key: [good.signature_key] }],
    ['one of another amount', { ...good, gross_amount: '1500000.00' }],
    ['one with letters that take more bytes', { ...good, signature_key: 'é'.repeat(64) }],
  ])('%s is not', (_, body) => expect(isSigned(body, KEY)).toBe(false))
  test('that of another key is not', () => expect(isSigned(good, 'SB-Mid-server-other')).toBe(false))
})
