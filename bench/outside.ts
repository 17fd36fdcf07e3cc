import { createHash } from 'node:crypto'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * The outside of the notification figure, as a process of its own: a Midtrans that answers status questions, and that
 * sends its signed notifications as fast as so many connections take them.
 */
export type Outside = { port: number }
export type Send = { url: string; orderIds: readonly string[]; atOnce: number; serverKey: string; amount: number }

let amount = 0
const server = createServer((asked, reply) => {
  const orderId = /^\/v2\/([^/]+)\/status$/.exec(asked.url ?? '')?.[1]
  reply.writeHead(orderId ? 200 : 404, { 'content-type': 'application/json' })
  reply.end(JSON.stringify(orderId ? statusOf(orderId) : { status_code: '404' }))
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port } satisfies Outside)
})
process.on('message', (send: Send) => {
  amount = send.amount
  sendAll(send).then(() => process.send?.('sent'))
})
// The bench is gone: nobody is left to send to.
process.on('disconnect', () => process.exit())

function statusOf(orderId: string) {
  return {
    status_code: '200',
    transaction_id: `bench-${orderId}`,
    order_id: orderId,
    gross_amount: `${amount}.00`,
    currency: 'IDR',
    payment_type: 'qris',
    transaction_status: 'settlement',
    transaction_time: '2026-12-10 09:00:00',
    settlement_time: '2026-12-10 09:00:05',
    fraud_status: 'accept',
  }
}

async function sendAll({ url, orderIds, atOnce, serverKey }: Send): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  const left = orderIds.values()
  const loop = async () => {
    for (const orderId of left) {
      const status = statusOf(orderId)
      const signed = createHash('sha512').update(`${orderId}200${status.gross_amount}${serverKey}`).digest('hex')
      await post(agent, url, JSON.stringify({ ...status, signature_key: signed }))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, loop))
  agent.destroy()
}

function post(agent: Agent, url: string, body: string): Promise<void> {
  return new Promise((done, failed) => {
    const sent = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (answer) => {
      answer.resume()
      answer.on('end', () => (answer.statusCode === 200 ? done() : failed(new Error(`answered ${answer.statusCode}`))))
    })
    sent.on('error', failed)
    sent.end(body)
  })
}
