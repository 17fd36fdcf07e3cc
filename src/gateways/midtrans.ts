import { createHash, timingSafeEqual } from 'node:crypto'
import client from 'midtrans-client'
import { z } from 'zod'
import { refuseInsideBooks } from '../domain/books.ts'
import { rupiah } from '../domain/money.ts'
import type { GatewayStatus, PaymentGateway } from '../domain/order.ts'
import { GatewayError } from '../domain/outbox.ts'
import type { Method } from '../domain/tables.ts'

/** Midtrans (api-facts B): Snap for the link, the status API for the truth. */

/** The client has no time limit of its own (B10). */
const TIMEOUT_MS = 15_000
/** Midtrans cuts or refuses longer item names. */
const LONGEST_NAME = 50
/** Times without a zone are Asia/Jakarta (M20). */
const MIDTRANS_ZONE = 'Asia/Jakarta'

const Status = z.object({
  status_code: z.string().optional(),
  transaction_id: z.string().optional(),
  order_id: z.string().optional(),
  transaction_status: z.string().optional(),
  fraud_status: z.string().optional(),
  gross_amount: z.string().optional(),
  currency: z.string().optional(),
  payment_type: z.string().optional(),
  settlement_time: z.string().optional(),
  transaction_time: z.string().optional(),
})

const METHODS: Record<string, Method> = {
  qris: 'qris',
  gopay: 'ewallet',
  shopeepay: 'ewallet',
  dana: 'ewallet',
  ovo: 'ewallet',
  bank_transfer: 'va',
  echannel: 'va',
  permata: 'va',
}

/** What of the client is used; its published types know less. */
type Api = {
  apiConfig: { getSnapApiBaseUrl(): string; getCoreApiBaseUrl(): string }
  httpClient: { http_client: { defaults: { timeout: number; maxRedirects: number } } }
  createTransaction(parameters: object): Promise<{ redirect_url?: unknown }>
  transaction: { status(id: string): Promise<unknown>; expire(id: string): Promise<unknown> }
}

export type MidtransOptions = { serverKey: string; production: boolean; snapUrl?: string; apiUrl?: string }

/** Makes the gateway for one business's keys. */
export function midtrans(options: MidtransOptions): PaymentGateway {
  const api = connect(options)
  return {
    async makeLink({ orderId, amount, lines, customer, startAt, hours }) {
      refuseInsideBooks()
      const made = await api
        .createTransaction({
          transaction_details: { order_id: orderId, gross_amount: amount },
          item_details: lines.map((line) => ({
            id: line.id,
            name: line.name.slice(0, LONGEST_NAME),
            price: line.amount,
            quantity: 1,
          })),
          customer_details: { first_name: customer.name.slice(0, LONGEST_NAME), phone: `+${customer.phone}` },
          expiry: { start_time: midtransTime(startAt), unit: 'hour', duration: hours },
          page_expiry: { unit: 'hour', duration: hours },
        })
        .catch(rethrow)
      // HTML with 200 comes back as a string (B10).
      if (typeof made?.redirect_url !== 'string') throw new GatewayError('passing', 'jawaban Midtrans tidak terbaca')
      return { url: made.redirect_url }
    },
    async getStatus(orderId) {
      refuseInsideBooks()
      const answer = await api.transaction.status(orderId).catch((error: unknown) => {
        // Before the customer chose a method the order has no status; that is no error (P13).
        if (httpStatus(error) === 404) return undefined
        return rethrow(error)
      })
      if (answer === undefined) return { state: 'none', method: 'midtrans' }
      const status = Status.safeParse(answer)
      if (!status.success) throw new GatewayError('passing', 'jawaban Midtrans tidak terbaca')
      // An answer about another order must never pay this one (P07).
      if (status.data.order_id !== orderId) throw new GatewayError('passing', 'Midtrans menjawab tentang pesanan lain')
      return readStatus(status.data)
    },
    async expire(orderId) {
      refuseInsideBooks()
      await api.transaction.expire(orderId).catch((error: unknown) => {
        // 404: never begun. 412: already in a final state, which the status will tell.
        if (![404, 407, 412].includes(httpStatus(error) ?? 0)) rethrow(error)
      })
    },
  }
}

function connect(options: MidtransOptions): Api {
  const { serverKey, production, snapUrl, apiUrl } = options
  const api = new client.Snap({ isProduction: production, serverKey, clientKey: '' }) as unknown as Api
  if (snapUrl) api.apiConfig.getSnapApiBaseUrl = () => snapUrl
  if (apiUrl) api.apiConfig.getCoreApiBaseUrl = () => apiUrl
  api.httpClient.http_client.defaults.timeout = TIMEOUT_MS
  api.httpClient.http_client.defaults.maxRedirects = 0
  return api
}

function readStatus(status: z.infer<typeof Status>): GatewayStatus {
  const at = status.settlement_time ?? status.transaction_time
  const amount = /^(\d{1,15})(?:\.0+)?$/.exec(status.gross_amount ?? '')?.[1]
  return {
    state: readState(status),
    method: METHODS[status.payment_type ?? ''] ?? 'midtrans',
    ...(status.transaction_id && { transactionId: status.transaction_id }),
    ...(amount !== undefined && { amount: rupiah(Number(amount)) }),
    ...(status.currency && { currency: status.currency }),
    ...(at && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(at) && { paidAt: readTime(at) }),
  }
}

function readState({ transaction_status: state, fraud_status: fraud }: z.infer<typeof Status>): GatewayStatus['state'] {
  switch (state) {
    case 'settlement':
    case 'capture':
      // Only an accepted one is money; challenge waits for the merchant, deny is none (P10).
      if (fraud === undefined || fraud === 'accept') return 'paid'
      return fraud === 'challenge' ? 'challenged' : 'failed'
    case 'pending':
    case 'authorize':
      return 'pending'
    case 'expire':
    case 'cancel':
      return 'expired'
    default:
      return 'failed'
  }
}

function readTime(text: string): Temporal.Instant {
  return Temporal.PlainDateTime.from(text.replace(' ', 'T')).toZonedDateTime(MIDTRANS_ZONE).toInstant()
}

function midtransTime(at: Temporal.Instant): string {
  const time = at.toZonedDateTimeISO(MIDTRANS_ZONE).toPlainDateTime().round('second')
  return `${time.toString({ fractionalSecondDigits: 0 }).replace('T', ' ')} +0700`
}

function httpStatus(error: unknown): number | undefined {
  const { httpStatusCode } = error as { httpStatusCode?: number | string | null }
  return httpStatusCode ? Number(httpStatusCode) : undefined
}

/** The client's own error carries the request with the server key: only the status goes on (B10). */
function rethrow(error: unknown): never {
  const status = httpStatus(error)
  if (status === 401 || status === 402) throw new GatewayError('device', 'kunci Midtrans ditolak')
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429)
    throw new GatewayError('recipient', `Midtrans menolak (${status})`)
  throw new GatewayError('passing', status ? `Midtrans sedang gangguan (${status})` : 'Midtrans tidak bisa dihubungi')
}

/**
 * Whether a notification was signed with this server key. The signature does not cover the status, so a valid one
 * is only a reason to ask (P01, P08).
 */
export function isSigned(body: Record<string, unknown>, serverKey: string): boolean {
  const { order_id: orderId, status_code: code, gross_amount: amount, signature_key: signature } = body
  if (![orderId, code, amount, signature].every((field) => typeof field === 'string')) return false
  const expected = createHash('sha512').update(`${orderId}${code}${amount}${serverKey}`).digest('hex')
  const given = Buffer.from(signature as string)
  return given.length === expected.length && timingSafeEqual(given, Buffer.from(expected))
}
