import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DEMO } from '../../src/simulator/business.ts'

/** What the status API says of an order: a `transaction_status` with what differs from the usual, or a fault. */
export type Says =
  | { status: string; amount?: number; currency?: string; orderId?: string; transactionId?: string }
  | { fault: 'none' | 'down' | 'cut' | 'hang' | 'html' | 'key' }

/** A Midtrans that says what a test tells it to, and remembers what it said. */
export type RoughMidtrans = {
  env: { MIDTRANS_SNAP_URL: string; MIDTRANS_API_URL: string }
  /** What is said of an order from now on; 404 of one that nothing was set for. */
  says: Map<string, Says>
  /** What an order is for, where it was not made through Snap. */
  amounts: Map<string, number>
  /** Orders of which it ever confirmed the settlement, in full and in rupiah. */
  confirmed: Set<string>
  /** Orders that were asked about, in order. */
  asked: string[]
  /** Orders that we wanted to end. */
  expired: string[]
  /** Lets everything that hangs be answered. */
  release(): void
  stop(): Promise<void>
}

export async function roughMidtrans(): Promise<RoughMidtrans> {
  const hanging: (() => void)[] = []
  const fake = {
    says: new Map<string, Says>(),
    amounts: new Map<string, number>(),
    confirmed: new Set<string>(),
    asked: [] as string[],
    expired: [] as string[],
    release: () => {
      for (const go of hanging.splice(0)) go()
    },
  }

  const server = createServer(async (request, response) => {
    const body = await read(request)
    if (request.url === '/snap/v1/transactions') {
      const { order_id: orderId, gross_amount: amount } = JSON.parse(body).transaction_details
      fake.amounts.set(orderId, amount)
      return answer(response, 201, { token: 'token', redirect_url: `http://pay.test/bayar/${orderId}` })
    }
    const [, orderId = '', act] = /^\/v2\/([^/]+)\/(status|expire)$/.exec(request.url ?? '') ?? []
    if (act === 'expire') fake.expired.push(orderId)
    else fake.asked.push(orderId)
    await tell(response, orderId, act === 'expire')
  })

  const tell = async (response: ServerResponse, orderId: string, ending: boolean): Promise<void> => {
    const says = fake.says.get(orderId) ?? { fault: 'none' }
    if ('fault' in says) {
      if (says.fault === 'none')
        return answer(response, 404, { status_code: '404', status_message: "Transaction doesn't exist." })
      if (says.fault === 'down') return answer(response, 500, { status_code: '500', status_message: 'Sorry' })
      if (says.fault === 'key') return answer(response, 401, { status_code: '401', status_message: 'Unknown key' })
      if (says.fault === 'html')
        return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>')
      if (says.fault === 'cut') return void response.socket?.destroy()
      await new Promise<void>((go) => hanging.push(go))
      return tell(response, orderId, ending)
    }
    if (ending && says.status !== 'pending') return answer(response, 200, { status_code: '412', status_message: 'No' })
    const usual = says.amount === undefined && (says.currency ?? 'IDR') === 'IDR' && says.orderId === undefined
    if (says.status === 'settlement' && usual && !ending) fake.confirmed.add(orderId)
    return answer(response, 200, describe(orderId, says, fake.amounts.get(orderId) ?? 150_000))
  }

  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...fake,
    env: { MIDTRANS_SNAP_URL: `${base}/snap/v1`, MIDTRANS_API_URL: base },
    async stop() {
      fake.release()
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

type Status = Exclude<Says, { fault: string }>

function describe(orderId: string, says: Status, amount: number) {
  const code = says.status === 'pending' ? '201' : says.status === 'expire' ? '407' : '200'
  return {
    status_code: code,
    status_message: 'Success, transaction is found',
    transaction_id: says.transactionId ?? `t-${orderId}`,
    order_id: says.orderId ?? orderId,
    transaction_status: says.status,
    fraud_status: 'accept',
    gross_amount: `${says.amount ?? amount}.00`,
    currency: says.currency ?? 'IDR',
    payment_type: 'qris',
    transaction_time: '2026-12-10 09:00:00',
  }
}

/** The body of a notification that Midtrans would send, signed with the demo's key. */
export function signedNotification(orderId: string, status: string, amount = 150_000): Record<string, string> {
  const { status_message: _, ...body } = describe(orderId, { status }, amount)
  const code = status === 'settlement' ? '200' : status === 'pending' ? '201' : '202'
  const signed = `${orderId}${code}${body.gross_amount}${DEMO.midtransKey}`
  return { ...body, status_code: code, signature_key: createHash('sha512').update(signed).digest('hex') }
}

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
