import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type pg from 'pg'

/** A bare server: its address, and how it is ended. */
export type BareServer = { url: string; end(): Promise<void> }

/**
 * The bare webhook: node:http and pg. Checks the signature, stores the notification, answers, asks the status, records the
 * payment with its receipt in one transaction. In memory between the two: no queue that a crash would survive. On plain
 * tables it also writes what the product's own triggers write.
 */
export async function serveBare(
  pool: pg.Pool,
  options: {
    serverKey: string
    statusUrl: string
    plain: boolean
    onRecorded: () => void
    onError: (error: Error) => void
  },
): Promise<BareServer> {
  const server = createServer(async (asked, reply) => {
    try {
      const chunks: Buffer[] = []
      for await (const chunk of asked) chunks.push(chunk)
      const body = JSON.parse(Buffer.concat(chunks).toString())
      const { order_id: orderId, status_code: code, gross_amount: amount, signature_key: signature } = body
      const signed = createHash('sha512').update(`${orderId}${code}${amount}${options.serverKey}`).digest('hex')
      if (signed !== signature) return reply.writeHead(403).end()
      const id = await store(pool, body)
      reply.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
      const answer = await fetch(`${options.statusUrl}/${orderId}/status`)
      await record(pool, id, (await answer.json()) as Status, options.plain)
      options.onRecorded()
    } catch (error) {
      options.onError(error as Error)
    }
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    end: () => new Promise((done) => server.close(() => done())),
  }
}

async function store(pool: pg.Pool, body: object): Promise<number> {
  const text = JSON.stringify(body)
  const { rows } = await pool.query(
    `insert into notification (business_id, provider, digest, body, state, received_at, retry_at)
     values (1, 'midtrans', $1, $2, 'received', $3, $3) on conflict do nothing returning id`,
    [createHash('sha256').update(text).digest('hex'), text, new Date().toISOString()],
  )
  return rows[0].id
}

type Status = { order_id: string; transaction_id: string; gross_amount: string; settlement_time: string }

const RECEIPT =
  '✅ *Rp150.000* untuk tagihan Desember sudah kami terima. Lunas, terima kasih Bapak/Ibu Budi.\nINV-202612-00001 · QRIS · 10 Des 2026 09.00\nBarokah Net'
const NOTE =
  '✅ *Rp150.000* dari *Budi Santoso* (RT 3) lewat QRIS. Desember lunas.\nHari ini 12 pembayaran, Rp1.800.000.'

async function record(pool: pg.Pool, notificationId: number, status: Status, plain: boolean): Promise<void> {
  const now = new Date().toISOString()
  const client = await pool.connect()
  try {
    await client.query('begin')
    const { rows: lines } = await client.query(
      `select o.id, o.phone, o.amount, l.customer_id, l.invoice_id from payment_order o
         join payment_order_invoice l on l.business_id = o.business_id and l.order_id = o.id
        where o.business_id = 1 and o.order_id = $1 for update of o`,
      [status.order_id],
    )
    const [line] = lines
    await client.query('select id from customer where business_id = 1 and id = $1 for update', [line.customer_id])
    await client.query(
      `update payment_order set state = 'paid', transaction_id = $2, asked_at = $3 where business_id = 1 and id = $1`,
      [line.id, status.transaction_id, now],
    )
    const { rows: paid } = await client.query(
      `insert into payment (business_id, customer_id, amount, method, paid_on, channel, source, recorded_at)
       values (1, $1, $2, 'qris', $3, 'midtrans', $4, $5) returning id`,
      [line.customer_id, line.amount, status.settlement_time.slice(0, 10), `midtrans:${status.transaction_id}`, now],
    )
    await client.query(
      `insert into allocation (business_id, customer_id, payment_id, invoice_id, amount, reason, at)
       values (1, $1, $2, $3, $4, 'payment', $5)`,
      [line.customer_id, paid[0].id, line.invoice_id, line.amount, now],
    )
    if (plain) {
      const more = [line.amount, line.invoice_id]
      await client.query('update invoice set paid = paid + $1 where business_id = 1 and id = $2', more)
      await client.query('update payment set allocated = $1 where business_id = 1 and id = $2', [
        line.amount,
        paid[0].id,
      ])
    }
    await client.query(
      `insert into audit (business_id, at, actor, act, subject, facts) values (1, $1, 'midtrans', 'payment.record', $2, $3)`,
      [now, `payment:${paid[0].id}`, JSON.stringify({ amount: line.amount })],
    )
    const { rows: owners } = await client.query(
      `select phone from staff where business_id = 1 and role = 'owner' and removed_at is null`,
    )
    await client.query(
      `insert into message (business_id, direction, channel, outside_id, phone, kind, text, customer_id, status, at, not_before)
       values (1, 'out', 'bot', $1 || 'a', $2, 'receipt', $3, $4, 'waiting', $7, $7),
              (1, 'out', 'bot', $1 || 'b', $5, 'note', $6, null, 'waiting', $7, $7)`,
      [status.transaction_id, line.phone, RECEIPT, line.customer_id, owners[0].phone, NOTE, now],
    )
    await client.query(
      `update notification set state = 'handled', result = 'paid', handled_at = $2, retry_at = null where business_id = 1 and id = $1`,
      [notificationId, now],
    )
    await client.query('commit')
  } finally {
    client.release()
  }
}
