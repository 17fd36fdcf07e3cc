import { createHash } from 'node:crypto'
import fastify from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { fakeMidtrans } from '../../src/simulator/midtrans.ts'

const KEY = 'SB-Mid-server-test'
const CREDENTIALS = `Basic ${Buffer.from(`${KEY}:`).toString('base64')}`
const ORDER = 'INV-202612-00017-a'

const open: { close: () => Promise<unknown> }[] = []
afterEach(async () => {
  for (const app of open.splice(0)) await app.close()
})

type Body = Record<string, unknown>

async function start(stored?: unknown) {
  const world = {
    now: Temporal.Instant.from('2026-12-01T08:00:00+07:00'),
    /** What the program's webhook answers. */
    answer: 200,
    notifications: [] as Body[],
    stored,
  }
  const app = fastify()
  open.push(app)
  const midtrans = fakeMidtrans({
    serverKey: KEY,
    notificationUrl: () => `${base}/webhook`,
    merchantName: () => 'Barokah Net',
    now: () => world.now,
    publicBase: () => `${base}/midtrans`,
    load: () => world.stored,
    save: (state) => {
      world.stored = JSON.parse(JSON.stringify(state))
    },
  })
  app.register(midtrans.routes, { prefix: '/midtrans' })
  app.post('/webhook', async (request, reply) => {
    world.notifications.push(request.body as Body)
    return reply.code(world.answer).send({})
  })
  const base = await app.listen({ port: 0 })
  const call = async (method: string, path: string, body?: unknown, authorization = CREDENTIALS) => {
    const response = await fetch(`${base}/midtrans${path}`, {
      method,
      headers: { authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as Body }
  }
  const create = (change: Body = {}) => call('POST', '/snap/v1/transactions', { ...request, ...change })
  const status = (id = ORDER) => call('GET', `/v2/${id}/status`)
  const page = async (path = `/bayar/${ORDER}`, form?: Record<string, string>) => {
    const body = form && new URLSearchParams(form)
    const response = await fetch(`${base}/midtrans${path}`, { method: form ? 'POST' : 'GET', body })
    const html = await response.text()
    return { status: response.status, html, view: /data-view="(\w+)"/.exec(html)?.[1] }
  }
  return { world, midtrans, base, call, create, status, page }
}

const request = {
  transaction_details: { order_id: ORDER, gross_amount: 150000 },
  item_details: [
    { id: 'paket', price: 160000, quantity: 1, name: 'Rumah 10 Mbps Des 2026' },
    { id: 'potongan', price: -10000, quantity: 1, name: 'Potongan <b>' },
  ],
  customer_details: { first_name: 'Nabila', phone: '+6281200001474' },
  custom_field1: 'demo',
}

test('a transaction gets a token and a page whose address ends in the order id', async () => {
  const { create, base } = await start()
  const { status, body } = await create()
  expect(status).toBe(201)
  expect(body).toEqual({ token: expect.any(String), redirect_url: `${base}/midtrans/bayar/${ORDER}` })
})

test('before a method is picked a new token is given, afterwards the order id is taken', async () => {
  const { create, midtrans } = await start()
  const first = await create()
  const second = await create()
  expect(second.status).toBe(201)
  expect(second.body.token).not.toBe(first.body.token)
  await midtrans.pay({ orderId: ORDER, status: 'pending' })
  expect(await create()).toEqual({
    status: 400,
    body: { error_messages: ['transaction_details.order_id has already been taken'] },
  })
})

test('a wrong key is refused by Snap and by the status API', async () => {
  const { call } = await start()
  const wrong = `Basic ${Buffer.from('lain:').toString('base64')}`
  const snap = await call('POST', '/snap/v1/transactions', request, wrong)
  expect(snap.status).toBe(401)
  expect(snap.body.error_messages).toContain('Access denied, please check client or server key')
  expect(await call('GET', `/v2/${ORDER}/status`, undefined, wrong)).toMatchObject({
    status: 401,
    body: { status_code: '401' },
  })
})

test('lines that do not add up, a fraction and an unfit order id are refused', async () => {
  const { create } = await start()
  const sum = await create({ transaction_details: { order_id: ORDER, gross_amount: 160000 } })
  expect(sum).toEqual({
    status: 400,
    body: { error_messages: ['transaction_details.gross_amount is not equal to the sum of item_details'] },
  })
  const fraction = await create({ transaction_details: { order_id: ORDER, gross_amount: 1500.5 } })
  expect(fraction.status).toBe(400)
  const id = await create({ transaction_details: { order_id: 'INV/2026#1', gross_amount: 150000 } })
  expect(id.status).toBe(400)
})

test('an order has no status until a method was picked', async () => {
  const { create, status, call } = await start()
  await create()
  const nothing = { status: 404, body: { status_code: '404', status_message: "Transaction doesn't exist." } }
  expect(await status()).toMatchObject(nothing)
  expect(await call('POST', `/v2/${ORDER}/cancel`, null)).toMatchObject(nothing)
  expect(await call('POST', `/v2/${ORDER}/expire`, null)).toMatchObject(nothing)
})

test('a payment is notified with a valid signature and found by order and transaction id', async () => {
  const { create, midtrans, status, world } = await start()
  await create()
  expect(await midtrans.pay({ orderId: ORDER, status: 'settlement' })).toEqual({ webhook: 200 })
  const [notification] = world.notifications
  expect(notification).toEqual({
    transaction_time: '2026-12-01 08:00:00',
    transaction_status: 'settlement',
    transaction_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    status_message: 'midtrans payment notification',
    status_code: '200',
    signature_key: createHash('sha512').update(`${ORDER}200150000.00${KEY}`).digest('hex'),
    payment_type: 'qris',
    transaction_type: 'on-us',
    issuer: 'gopay',
    acquirer: 'gopay',
    order_id: ORDER,
    merchant_id: 'G000000000',
    gross_amount: '150000.00',
    fraud_status: 'accept',
    currency: 'IDR',
    expiry_time: '2026-12-01 08:15:00',
    settlement_time: '2026-12-01 08:00:00',
    custom_field1: 'demo',
  })
  const found = await status(notification?.transaction_id as string)
  expect(found).toEqual(await status())
  expect(found.body).toMatchObject({ status_code: '200', transaction_status: 'settlement', gross_amount: '150000.00' })
})

test('each method has its own fields', async () => {
  const { create, midtrans, world } = await start()
  await create()
  await midtrans.pay({ orderId: ORDER, status: 'pending', method: 'va' })
  await midtrans.pay({ orderId: ORDER, status: 'pending', method: 'ewallet' })
  expect(world.notifications).toMatchObject([
    {
      payment_type: 'bank_transfer',
      status_code: '201',
      va_numbers: [{ bank: 'bca', va_number: expect.stringMatching(/^\d{11}$/) }],
      expiry_time: '2026-12-02 08:00:00',
    },
    { payment_type: 'gopay', status_code: '201' },
  ])
  expect(world.notifications[0]?.transaction_id).not.toBe(world.notifications[1]?.transaction_id)
})

test('another amount stands in the notification, under its signature, and in the status', async () => {
  const { create, midtrans, status, world } = await start()
  await create()
  await midtrans.pay({ orderId: ORDER, status: 'settlement', amount: 100000 })
  expect(world.notifications[0]).toMatchObject({
    gross_amount: '100000.00',
    signature_key: createHash('sha512').update(`${ORDER}200100000.00${KEY}`).digest('hex'),
  })
  expect((await status()).body.gross_amount).toBe('100000.00')
})

test('an event that comes late is notified and changes nothing', async () => {
  const { create, midtrans, status, world } = await start()
  await create()
  for (const name of ['settlement', 'settlement', 'pending', 'expire'])
    await midtrans.pay({ orderId: ORDER, status: name })
  expect(world.notifications.map((one) => [one.transaction_status, one.status_code])).toEqual([
    ['settlement', '200'],
    ['settlement', '200'],
    ['pending', '201'],
    ['expire', '202'],
  ])
  expect(new Set(world.notifications.map((one) => one.transaction_id)).size).toBe(1)
  expect((await status()).body.transaction_status).toBe('settlement')
})

test('a settled payment can be taken back', async () => {
  const { create, midtrans, status } = await start()
  await create()
  await midtrans.pay({ orderId: ORDER, status: 'settlement', method: 'va' })
  await midtrans.pay({ orderId: ORDER, status: 'deny' })
  expect((await status()).body).toMatchObject({ transaction_status: 'deny', status_code: '202' })
})

test('after a refusal the customer tries again with a new transaction', async () => {
  const { create, midtrans, world } = await start()
  await create()
  await midtrans.pay({ orderId: ORDER, status: 'deny' })
  await midtrans.pay({ orderId: ORDER, status: 'settlement' })
  expect(world.notifications[0]?.transaction_id).not.toBe(world.notifications[1]?.transaction_id)
})

test('a transaction expires by the clock', async () => {
  const { create, midtrans, status, world } = await start()
  await create({ expiry: { start_time: '2026-12-01 08:00:00 +0700', unit: 'hours', duration: 2 } })
  await midtrans.pay({ orderId: ORDER, status: 'pending' })
  world.now = world.now.add({ minutes: 119 })
  expect((await status()).body.status_code).toBe('201')
  world.now = world.now.add({ minutes: 1 })
  expect(await status()).toMatchObject({ status: 200, body: { status_code: '407', transaction_status: 'expire' } })
})

test('the merchant ends a pending transaction, not a settled one', async () => {
  const { create, midtrans, call, status } = await start()
  await create()
  await midtrans.pay({ orderId: ORDER, status: 'pending' })
  expect((await call('POST', `/v2/${ORDER}/cancel`, null)).body).toMatchObject({ transaction_status: 'cancel' })
  expect((await status()).body.transaction_status).toBe('cancel')
  await midtrans.pay({ orderId: ORDER, status: 'settlement' })
  expect((await call('POST', `/v2/${ORDER}/expire`, null)).body.status_code).toBe('412')
})

test('orders outlive a restart, and are forgotten when asked to', async () => {
  const first = await start()
  await first.create()
  await first.midtrans.pay({ orderId: ORDER, status: 'settlement' })
  const { status, midtrans } = await start(first.world.stored)
  expect((await status()).body).toEqual((await first.status()).body)
  midtrans.clear()
  expect((await status()).status).toBe(404)
})

test('a webhook that refuses or is gone is reported', async () => {
  const { create, midtrans, world, base } = await start()
  await create()
  world.answer = 503
  expect(await midtrans.pay({ orderId: ORDER, status: 'settlement' })).toEqual({ webhook: 503 })
  expect(await midtrans.pay({ orderId: 'tidak-ada', status: 'settlement' })).toBeUndefined()
  await (open.pop() as { close: () => Promise<unknown> }).close()
  expect(await midtrans.pay({ orderId: ORDER, status: 'settlement' })).toEqual({ webhook: null })
  expect(base).toBeDefined()
})

test('the page leads from the method to the thanks', async () => {
  const { create, page, world } = await start()
  await create()
  const choose = await page()
  expect(choose.view).toBe('choose')
  expect(choose.html).toContain('Rp150.000')
  expect(choose.html).toContain('Potongan &lt;b&gt;')
  expect(choose.html).toContain('Tidak ada uang sungguhan')
  expect((await page(`/bayar/${ORDER}`, { status: 'pending', method: 'va' })).view).toBe('pay')
  const paid = await page(`/bayar/${ORDER}`, { status: 'settlement' })
  expect(paid.view).toBe('paid')
  expect(paid.html).toContain('/simulator#6281200001474/kembali')
  expect(world.notifications.map((one) => one.transaction_status)).toEqual(['pending', 'settlement'])
})

test('the page says when it cannot be paid any more', async () => {
  const { create, page, world } = await start()
  expect(await page()).toMatchObject({ status: 404, view: 'unknown' })
  await create()
  world.now = world.now.add({ hours: 24 })
  expect((await page()).view).toBe('closed')
})

test('the page plays a refusal and another amount', async () => {
  const { create, page, world } = await start()
  await create()
  const denied = await page(`/bayar/${ORDER}`, { status: 'deny' })
  expect(denied).toMatchObject({ view: 'choose', html: expect.stringContaining('Pembayaran tadi ditolak') })
  await page(`/bayar/${ORDER}`, { status: 'settlement', amount: '100000' })
  expect(world.notifications.at(-1)).toMatchObject({ transaction_status: 'settlement', gross_amount: '100000.00' })
})
