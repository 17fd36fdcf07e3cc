import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type pg from 'pg'
import { onClient, sayBy } from './say.ts'

/** A bare server: its address, and how it is ended. */
export type BareServer = { url: string; end(): Promise<void> }

/** How a bare server keeps a notification and what the status says of it. */
export type BareBooks = {
  store(body: object): Promise<number>
  record(notificationId: number, status: Status): Promise<void>
}

/**
 * The bare webhook: node:http and pg. Checks the signature, stores the notification, answers, asks the status, records the
 * payment with its receipt in one transaction. In memory between the two: no queue that a crash would survive.
 */
export async function serveBare(
  books: BareBooks,
  options: { serverKey: string; statusUrl: string; onRecorded: () => void; onError: (error: Error) => void },
): Promise<BareServer> {
  const server = createServer(async (asked, reply) => {
    try {
      const chunks: Buffer[] = []
      for await (const chunk of asked) chunks.push(chunk)
      const body = JSON.parse(Buffer.concat(chunks).toString())
      const { order_id: orderId, status_code: code, gross_amount: amount, signature_key: signature } = body
      const signed = createHash('sha512').update(`${orderId}${code}${amount}${options.serverKey}`).digest('hex')
      if (signed !== signature) return reply.writeHead(403).end()
      const id = await books.store(body)
      reply.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
      const answer = await fetch(`${options.statusUrl}/${orderId}/status`)
      await books.record(id, (await answer.json()) as Status)
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

type Status = { order_id: string; transaction_id: string; gross_amount: string; settlement_time: string }

const RECEIPT =
  '✅ *Rp150.000* untuk tagihan Desember sudah kami terima. Lunas, terima kasih Bapak/Ibu Budi.\nINV-202612-00001 · QRIS · 10 Des 2026 09.00\nBarokah Net'
const NOTE =
  '✅ *Rp150.000* dari *Budi Santoso* (RT 3) lewat QRIS. Desember lunas.\nHari ini 12 pembayaran, Rp1.800.000.'

/**
 * On the product's own tables: whatever a notification reads and writes there (whose webhook it is, whether the order still
 * pays for something, what is open, who shares the phone, the day so far), said by hand to the bare driver. Statements are
 * named, so that PostgreSQL prepares them.
 */
export function sameBooks(pool: pg.Pool, slug: string, now: string): BareBooks {
  const inBooks = <T>(work: (say: Say) => Promise<T>): Promise<T> =>
    onClient(pool, async (client) => {
      await client.query('begin; select * from business')
      const done = await work(sayBy(client, SAME))
      await client.query('commit')
      return done
    })
  return {
    async store(body) {
      await sayBy(pool, SAME)('directory', slug)
      const [stored] = await inBooks((say) => say('store', digest(body), JSON.stringify(body), now))
      return stored?.id
    },
    async record(id, status) {
      // What is asked before Midtrans is.
      await inBooks(async (say) => {
        await say('notification', id)
        await say('moot', status.order_id)
      })
      await inBooks((say) => recordSame(say, id, status, now))
    },
  }
}

type Say = ReturnType<typeof sayBy<keyof typeof SAME>>

async function recordSame(say: Say, id: number, status: Status, now: string): Promise<void> {
  const [line] = await say('lines', status.order_id)
  await say('lock', line?.customer_id)
  const [order] = await say('order', status.order_id)
  await say('orderPaid', order?.id, status.transaction_id, now)
  const [bill] = await say('bills', line?.customer_id)
  const day = status.settlement_time.slice(0, 10)
  const [paid] = await say('payment', line?.customer_id, line?.amount, day, `midtrans:${status.transaction_id}`, now)
  await say('allocation', line?.customer_id, paid?.id, bill?.id, line?.amount, now)
  const [owner] = await say('owners')
  await say('today', day)
  await say('customer', line?.customer_id)
  await say('messages', status.transaction_id, order?.phone, RECEIPT, line?.customer_id, owner?.phone, NOTE, now)
  await say('settle', id, now)
}

const SAME = {
  directory: `select business_id from directory where kind = 'slug' and key = $1`,
  store: `insert into notification (business_id, provider, digest, body, state, received_at, retry_at)
    values (1, 'midtrans', $1, $2, 'received', $3, $3) on conflict do nothing returning id`,
  notification: `select * from notification where business_id = 1 and id = $1 and state = 'received'`,
  moot: `select o.state in ('made', 'open') and not exists (
             select from payment_order_invoice l
               join invoice i on i.business_id = 1 and i.id = l.invoice_id and i.status = 'open'
              where l.business_id = 1 and l.order_id = o.id) as moot
      from payment_order o where o.business_id = 1 and o.order_id = $1`,
  lines: `select l.customer_id, l.invoice_id, l.amount, c.name from payment_order o
      join payment_order_invoice l on l.business_id = 1 and l.order_id = o.id
      join customer c on c.business_id = 1 and c.id = l.customer_id
     where o.business_id = 1 and o.order_id = $1 order by l.position`,
  lock: 'select id from customer where business_id = 1 and id = $1 for update',
  order: 'select * from payment_order where business_id = 1 and order_id = $1',
  orderPaid: `update payment_order set state = 'paid', transaction_id = $2, asked_at = $3, ask_at = null
     where business_id = 1 and id = $1`,
  bills: `select *, total - paid as open from invoice where business_id = 1 and customer_id = $1 and status = 'open'
     order by due_on, id`,
  payment: `with recorded as (
      insert into payment (business_id, customer_id, amount, method, paid_on, channel, source, recorded_at)
      values (1, $1, $2, 'qris', $3, 'midtrans', $4, $5) on conflict do nothing returning *
    ), noted as (
      insert into audit (business_id, at, actor, act, subject, facts)
      select 1, recorded_at, 'midtrans', 'payment.record', 'payment:' || id, jsonb_build_object('amount', amount)
        from recorded
    )
    select id from recorded`,
  audit: `insert into audit (business_id, at, actor, act, subject, facts) values (1, $1, 'midtrans', 'payment.record', $2, $3)`,
  allocation: `insert into allocation (business_id, customer_id, payment_id, invoice_id, amount, reason, at)
    values (1, $1, $2, $3, $4, 'payment', $5)`,
  owners: `select id, name, phone from staff where business_id = 1 and role = 'owner' and removed_at is null`,
  today: 'select count(*), sum(amount) from payment where business_id = 1 and paid_on = $1 and returned = 0',
  customer: `select c.*, (select jsonb_agg(jsonb_build_object('phone', phone, 'kind', kind) order by position)
             from customer_phone where business_id = 1 and customer_id = c.id) as phones,
           exists (select from customer_phone p
                     join customer_phone q on q.business_id = 1 and q.phone = p.phone and q.customer_id <> p.customer_id
                     join customer o on o.business_id = 1 and o.id = q.customer_id and o.withdrawn_at is null
                    where p.business_id = 1 and p.customer_id = c.id and p.kind = 'mobile') as shared
      from customer c where business_id = 1 and id = $1`,
  messages: `insert into message (business_id, direction, channel, outside_id, phone, kind, text, customer_id, status, at, not_before)
    values (1, 'out', 'bot', $1 || 'a', $2, 'receipt', $3, $4::bigint, 'waiting', $7::timestamptz, $7),
           (1, 'out', 'bot', $1 || 'b', $5, 'note', $6, null, 'waiting', $7, $7)
    returning id, pg_notify('outbox', '1:bot')`,
  settle: `update notification set state = 'handled', result = 'paid', handled_at = $2, retry_at = null
     where business_id = 1 and id = $1`,
}

/** On plain tables: nothing but the rows that must come to be, and what the product's own triggers write. */
export function barestBooks(pool: pg.Pool, now: string): BareBooks {
  return {
    async store(body) {
      const [stored] = await sayBy(pool, BARE)('store', digest(body), JSON.stringify(body), now)
      return stored.id
    },
    async record(id, status) {
      await onClient(pool, async (client) => {
        const say = sayBy(client, BARE)
        await client.query('begin')
        const { transaction_id: transaction } = status
        const [line] = await say('order', status.order_id)
        await say('lock', line.customer_id)
        await say('orderPaid', line.id, transaction, now)
        const day = status.settlement_time.slice(0, 10)
        const [paid] = await say('payment', line.customer_id, line.amount, day, `midtrans:${transaction}`, now)
        await say('allocation', line.customer_id, paid.id, line.invoice_id, line.amount, now)
        await say('paid', line.amount, line.invoice_id)
        await say('audit', now, `payment:${paid.id}`, JSON.stringify({ amount: line.amount }))
        const [owner] = await say('owners')
        await say('messages', transaction, line.phone, RECEIPT, line.customer_id, owner.phone, NOTE, now)
        await say('settle', id, now)
        await client.query('commit')
      })
    },
  }
}

const BARE = {
  ...SAME,
  order: `select o.id, o.phone, o.amount, l.customer_id, l.invoice_id from payment_order o
      join payment_order_invoice l on l.business_id = o.business_id and l.order_id = o.id
     where o.business_id = 1 and o.order_id = $1 for update of o`,
  payment: `insert into payment (business_id, customer_id, amount, method, paid_on, channel, source, recorded_at, allocated)
    values (1, $1, $2, 'qris', $3, 'midtrans', $4, $5, $2) returning id`,
  paid: 'update invoice set paid = paid + $1 where business_id = 1 and id = $2',
  audit: `insert into audit (business_id, at, actor, act, subject, facts) values (1, $1, 'midtrans', 'payment.record', $2, $3)`,
  messages: `insert into message (business_id, direction, channel, outside_id, phone, kind, text, customer_id, status, at, not_before)
    values (1, 'out', 'bot', $1 || 'a', $2, 'receipt', $3, $4::bigint, 'waiting', $7::timestamptz, $7),
           (1, 'out', 'bot', $1 || 'b', $5, 'note', $6, null, 'waiting', $7, $7)`,
}

function digest(body: object): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex')
}
