import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import type { MidtransFake, Order } from './midtrans.ts'
import { useViews } from './views.ts'

type PayPageOptions = {
  find: (orderId: string) => Order | undefined
  pay: MidtransFake['pay']
  merchantName: () => string
  now: () => Temporal.Instant
}

const POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"

const METHOD_NAMES: Record<string, string> = {
  qris: 'QRIS',
  bank_transfer: 'Virtual account BCA',
  gopay: 'E-wallet (GoPay)',
  credit_card: 'Kartu kredit',
}

/** Serves `/bayar/:orderId`: the page that plays Midtrans Snap. Works without scripts. */
export function payPage(app: FastifyInstance, { find, pay, merchantName, now }: PayPageOptions): void {
  useViews(app)
  app.get('/bayar/assets/pay.css', async (_, reply) =>
    reply.type('text/css').send(await readFile(`${import.meta.dirname}/assets/pay.css`)),
  )

  app.get<{ Params: { orderId: string }; Querystring: { ganti?: string } }>(
    '/bayar/:orderId',
    async (request, reply) => {
      const order = find(request.params.orderId)
      const transaction = order?.transaction
      const view = order ? viewOf(order, now(), request.query.ganti !== undefined) : 'unknown'
      reply.code(order ? 200 : 404).header('content-security-policy', POLICY)
      return reply.view('pay.eta', {
        view,
        order,
        transaction,
        merchant: merchantName(),
        amount: formatRupiah(transaction?.amount ?? order?.amount ?? 0),
        formatRupiah,
        methodName: METHOD_NAMES[transaction?.method.payment_type ?? ''] ?? transaction?.method.payment_type,
        qr: drawQr(request.params.orderId),
        chat: `/simulator#${order?.phone?.replace(/\D/g, '') ?? ''}/kembali`,
      })
    },
  )

  app.post<{ Params: { orderId: string } }>('/bayar/:orderId', async (request, reply) => {
    const form = request.body instanceof FormData ? request.body : new FormData()
    const amount = Number(form.get('amount'))
    await pay({
      orderId: request.params.orderId,
      status: String(form.get('status') ?? 'settlement'),
      method: form.get('method')?.toString() || undefined,
      amount: Number.isSafeInteger(amount) && amount > 0 ? amount : undefined,
    })
    return reply.redirect(request.url.replace(/\?.*/, ''), 303)
  })
}

/** Which face the page shows: choose a method, pay with it, thanks, or why it cannot be paid any more. */
function viewOf(order: Order, now: Temporal.Instant, change: boolean) {
  const status = order.transaction?.status
  if (status === 'settlement' || status === 'capture') return 'paid'
  if (status === 'pending') return change ? 'choose' : 'pay'
  if (status && status !== 'deny') return 'closed'
  return Temporal.Instant.compare(order.pageExpiresAt, now) <= 0 ? 'closed' : 'choose'
}

function formatRupiah(amount: number): string {
  return `${amount < 0 ? '-' : ''}Rp${Math.abs(amount).toLocaleString('id-ID')}`
}

const QR_SIZE = 25

/** The path of a picture that looks like a QR code (25 × 25), the same for the same order. It cannot be scanned. */
function drawQr(seed: string): string {
  const bits = createHash('shake256', { outputLength: Math.ceil((QR_SIZE * QR_SIZE) / 8) })
    .update(seed)
    .digest()
  let path = ''
  for (let y = 0; y < QR_SIZE; y++)
    for (let x = 0; x < QR_SIZE; x++) {
      const index = y * QR_SIZE + x
      const noise = ((bits[index >> 3] ?? 0) >> (index & 7)) & 1
      if (finder(x, y) ?? noise) path += `M${x} ${y}h1v1h-1z`
    }
  return path
}

/** Whether a module of the three corner squares is dark; nothing outside of them. */
function finder(x: number, y: number): boolean | undefined {
  const far = QR_SIZE - 8
  if (!((x < 8 && y < 8) || (x >= far && y < 8) || (x < 8 && y >= far))) return undefined
  const ring = Math.max(Math.abs((x < 8 ? x : x - far - 1) - 3), Math.abs((y < 8 ? y : y - far - 1) - 3))
  return ring === 3 || ring <= 1
}
