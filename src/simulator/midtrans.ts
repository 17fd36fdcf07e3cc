import { createHash, randomInt, randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { readForms } from './form.ts'
import { payPage } from './pay.ts'

type MidtransOptions = {
  serverKey: string
  /** Where notifications go: the program's own webhook. */
  notificationUrl: () => string
  merchantName: () => string
  now: () => Temporal.Instant
  /** The address under which the outside reaches the routes, without a slash at the end. */
  publicBase: () => string
  /** What `save` was last given, or nothing. */
  load: () => unknown
  save: (state: unknown) => void
}

type Payment = {
  orderId: string
  /** A `transaction_status`: pending, settlement, capture, deny, cancel, expire, refund … */
  status: string
  /** `qris` (at first), `va`, `ewallet`, `card`, or a `payment_type` of Midtrans. */
  method?: string
  /** Rupiah to report instead of the order's own sum. */
  amount?: number
}

export type MidtransFake = {
  /** A Fastify plugin: `/snap/v1/transactions`, `/v2/…` and `/bayar/:orderId` under the prefix it is registered with. */
  routes: (app: FastifyInstance) => Promise<void>
  /**
   * Plays the customer and Midtrans: sets the status of an order and sends the signed notification. A status that
   * can no longer come (pending after settlement) is sent as a notification that was late, and changes nothing.
   * Answers with the HTTP status of the webhook (null when nobody answered), or nothing when there is no such order.
   */
  pay: (payment: Payment) => Promise<{ webhook: number | null } | undefined>
  /** Forgets every order, so that a business that starts anew may use the same ids again. */
  clear: () => void
}

export type Order = {
  orderId: string
  token: string
  amount: number
  items: { name: string; price: number; quantity: number }[]
  phone?: string
  customFields: Record<string, string>
  expiry?: Expiry
  /** When the page closes for a customer who picked no method, as an instant. */
  pageExpiresAt: string
  transaction?: Transaction
}

type Transaction = {
  id: string
  status: string
  amount: number
  /** `payment_type` and the fields that come with it. */
  method: { payment_type: string; va_numbers?: { bank: string; va_number: string }[]; [field: string]: unknown }
  /** Instants as text, so that the whole state is JSON. */
  startedAt: string
  expiresAt: string
  settledAt?: string
  /** What the program's webhook answered last; null when nobody did. */
  webhook: number | null
}

const MERCHANT_ID = 'G000000000'
/** Midtrans gives a webhook that long (api-facts B7). */
const WEBHOOK_TIMEOUT_MS = 15_000
const PAGE_LIFE_MINUTES = 24 * 60

const expirySchema = z.object({
  start_time: z.string().optional(),
  unit: z.string().regex(/^(minute|hour|day)s?$/),
  duration: z.number().int().positive(),
})
type Expiry = z.infer<typeof expirySchema>

const customField = z.string().max(255).optional()

const snapSchema = z.object({
  transaction_details: z.object({
    order_id: z.string().regex(/^[A-Za-z0-9\-_~.]{1,50}$/),
    gross_amount: z.number().int().positive(),
  }),
  item_details: z
    .array(z.object({ name: z.string().max(50), price: z.number().int(), quantity: z.number().int().positive() }))
    .optional(),
  customer_details: z.object({ phone: z.string().optional() }).optional(),
  expiry: expirySchema.optional(),
  page_expiry: expirySchema.optional(),
  custom_field1: customField,
  custom_field2: customField,
  custom_field3: customField,
})

/** A local Midtrans that answers as the real one does (api-facts B2, B4–B7, B11), with a page to pay on. */
export function fakeMidtrans(options: MidtransOptions): MidtransFake {
  const orders = new Map<string, Order>()
  const stored = options.load()
  if (Array.isArray(stored)) for (const order of stored as Order[]) orders.set(order.orderId, order)

  const save = () => options.save([...orders.values()])

  /** By order id or transaction id. A pending transaction whose time is up becomes expired when it is looked at. */
  function find(id: string): Order | undefined {
    const order = orders.get(id) ?? orders.values().find((one) => one.transaction?.id === id)
    const transaction = order?.transaction
    if (transaction?.status === 'pending' && isPast(transaction.expiresAt, options.now())) {
      transaction.status = 'expire'
      save()
    }
    return order
  }

  async function createTransaction(request: FastifyRequest, reply: FastifyReply) {
    const refuse = (...messages: string[]) => reply.code(400).send({ error_messages: messages })
    const parsed = snapSchema.safeParse(request.body)
    if (!parsed.success)
      return refuse(...parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`))
    const { transaction_details: details, item_details: items = [], customer_details, ...rest } = parsed.data
    const total = items.reduce((sum, { price, quantity }) => sum + price * quantity, 0)
    if (items.length > 0 && total !== details.gross_amount)
      return refuse('transaction_details.gross_amount is not equal to the sum of item_details')
    if (find(details.order_id)?.transaction) return refuse('transaction_details.order_id has already been taken')

    const { custom_field1, custom_field2, custom_field3, expiry, page_expiry } = rest
    const order: Order = {
      orderId: details.order_id,
      token: randomUUID(),
      amount: details.gross_amount,
      items,
      phone: customer_details?.phone,
      customFields: withoutEmpty({ custom_field1, custom_field2, custom_field3 }),
      expiry,
      pageExpiresAt: endOf(page_expiry ?? (expiry?.start_time ? expiry : undefined), options.now(), PAGE_LIFE_MINUTES),
    }
    orders.set(order.orderId, order)
    save()
    const redirect_url = `${options.publicBase()}/bayar/${order.orderId}`
    return reply.code(201).send({ token: order.token, redirect_url })
  }

  async function status(request: FastifyRequest, reply: FastifyReply) {
    const order = find((request.params as { id: string }).id)
    if (!order?.transaction) return reply.code(404).send(notFound())
    const code = order.transaction.status === 'expire' ? '407' : codeOf(order.transaction.status)
    return describe(order, order.transaction, code, 'Success, transaction is found')
  }

  /** `cancel` and `expire` by the merchant. */
  async function end(request: FastifyRequest, reply: FastifyReply) {
    const { id, act } = request.params as { id: string; act: 'cancel' | 'expire' }
    const order = find(id)
    if (!order?.transaction) return reply.code(404).send(notFound())
    const allowed = act === 'cancel' ? ['pending', 'capture'] : ['pending']
    if (!allowed.includes(order.transaction.status))
      return {
        status_code: '412',
        status_message: 'Merchant cannot modify the status of the transaction',
        id: randomUUID(),
      }
    order.transaction.status = act
    save()
    const message = act === 'cancel' ? 'Success, transaction is canceled' : 'Success, transaction has expired'
    return describe(order, order.transaction, act === 'cancel' ? '200' : '407', message)
  }

  async function pay({ orderId, status, method, amount }: Payment) {
    const order = find(orderId)
    if (!order) return
    const transaction = play(order, status, method, amount)
    const event = { ...transaction, status }
    order.transaction = transaction
    save()
    const body = describe(order, event, codeOf(status), 'midtrans payment notification')
    transaction.webhook = await notify(options.notificationUrl(), body)
    save()
    return { webhook: transaction.webhook }
  }

  /** The order's transaction after the event. After a refusal, or with another method, a new one is begun. */
  function play(order: Order, status: string, method: string | undefined, amount: number | undefined): Transaction {
    const now = options.now()
    const before = order.transaction
    const picked = methodFields(method ?? (status === 'capture' ? 'card' : 'qris'))
    const goesOn = before && before.status !== 'deny' && (!method || before.method.payment_type === picked.payment_type)
    const transaction: Transaction = goesOn
      ? before
      : {
          id: randomUUID(),
          status,
          amount: order.amount,
          method: picked,
          startedAt: now.toString(),
          expiresAt: endOf(order.expiry, now, picked.payment_type === 'bank_transfer' ? 24 * 60 : 15),
          webhook: null,
        }
    if (isLate(transaction.status, status)) return transaction
    const settledAt = transaction.settledAt ?? (status === 'settlement' ? now.toString() : undefined)
    return { ...transaction, status, amount: amount ?? transaction.amount, settledAt }
  }

  function describe(order: Order, transaction: Transaction, status_code: string, status_message: string) {
    const gross_amount = `${transaction.amount}.00`
    const signed = order.orderId + status_code + gross_amount + options.serverKey
    return {
      ...transaction.method,
      transaction_time: timeInJakarta(transaction.startedAt),
      transaction_status: transaction.status,
      transaction_id: transaction.id,
      status_message,
      status_code,
      signature_key: createHash('sha512').update(signed).digest('hex'),
      order_id: order.orderId,
      merchant_id: MERCHANT_ID,
      gross_amount,
      fraud_status: 'accept',
      currency: 'IDR',
      expiry_time: timeInJakarta(transaction.expiresAt),
      ...(transaction.settledAt && { settlement_time: timeInJakarta(transaction.settledAt) }),
      ...order.customFields,
    }
  }

  const credentials = `Basic ${Buffer.from(`${options.serverKey}:`).toString('base64')}`
  const demandKey = (denied: object) => async (request: FastifyRequest, reply: FastifyReply) => {
    if (request.headers.authorization !== credentials) return reply.code(401).send(denied)
  }
  const snapKey = demandKey({
    error_messages: ['Access denied, please check client or server key', 'Visit https://snap-docs.midtrans.com'],
  })
  const coreKey = demandKey({ status_code: '401', status_message: 'Unknown Merchant server_key/id', id: randomUUID() })

  return {
    pay,
    clear: () => {
      orders.clear()
      save()
    },
    routes: async (app) => {
      readForms(app)
      app.post('/snap/v1/transactions', { preHandler: snapKey }, createTransaction)
      app.get('/v2/:id/status', { preHandler: coreKey }, status)
      app.post('/v2/:id/:act(^cancel|expire$)', { preHandler: coreKey }, end)
      payPage(app, { find, pay, merchantName: options.merchantName, now: options.now })
    },
  }
}

/** Sends a notification; answers with the HTTP status, or null when nobody answered. Repeats are not played. */
async function notify(url: string, body: object): Promise<number | null> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', 'user-agent': 'Veritrans' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
    })
    await response.body?.cancel()
    return response.status
  } catch {
    return null
  }
}

function notFound() {
  return { status_code: '404', status_message: "Transaction doesn't exist.", id: randomUUID() }
}

/** Whether a transaction that stands at `current` never comes to `next` any more (api-facts B7). */
function isLate(current: string, next: string): boolean {
  if (current === 'settlement' && next === 'deny') return false
  if (current === 'capture' && next === 'cancel') return false
  return rank(next) < rank(current)
}

function rank(status: string): number {
  if (status === 'pending' || status === 'authorize') return 0
  if (codeOf(status) === '202') return 1
  return status === 'capture' ? 2 : status === 'settlement' ? 3 : 4
}

/** The status code of a notification (api-facts B5). */
function codeOf(status: string): string {
  if (status === 'pending') return '201'
  return ['deny', 'cancel', 'expire', 'failure'].includes(status) ? '202' : '200'
}

function methodFields(method: string): Transaction['method'] {
  switch (method) {
    case 'qris':
      return { payment_type: 'qris', transaction_type: 'on-us', issuer: 'gopay', acquirer: 'gopay' }
    case 'va':
      return {
        payment_type: 'bank_transfer',
        va_numbers: [{ bank: 'bca', va_number: `82406${randomInt(100_000, 1_000_000)}` }],
        payment_amounts: [],
      }
    case 'ewallet':
      return { payment_type: 'gopay' }
    case 'card':
      return { payment_type: 'credit_card', masked_card: '48111111-1114', bank: 'bni', card_type: 'credit', eci: '05' }
    default:
      return { payment_type: method }
  }
}

/** When something that lives for `expiry`, or `minutes` without one, comes to its end. */
function endOf(expiry: Expiry | undefined, now: Temporal.Instant, minutes: number): string {
  const start = expiry?.start_time ? Temporal.Instant.from(expiry.start_time.replace(/ (?=[+-])/, '')) : now
  const unit = expiry?.unit.replace(/s$/, '')
  const life = expiry ? expiry.duration * (unit === 'day' ? 24 * 60 : unit === 'hour' ? 60 : 1) : minutes
  return start.add({ minutes: life }).toString()
}

function isPast(instant: string, now: Temporal.Instant): boolean {
  return Temporal.Instant.compare(instant, now) <= 0
}

/** `2026-12-01 08:00:00`, always in Jakarta and without a zone, as Midtrans writes it. */
function timeInJakarta(instant: string): string {
  const there = Temporal.Instant.from(instant).toZonedDateTimeISO('Asia/Jakarta').toPlainDateTime()
  return there.toString({ smallestUnit: 'second' }).replace('T', ' ')
}

function withoutEmpty(fields: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter((field): field is [string, string] => Boolean(field[1])))
}
