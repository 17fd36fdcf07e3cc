import type pg from 'pg'
import { onClient, sayBy } from './say.ts'

/** What a bare loop records: when, who writes, who paid, how much. */
export type BareTurn = {
  now: string
  outsideId: string
  sender: string
  customer: string
  amount: number
  text: string
}

const RECEIPT =
  '✅ *Rp50.000* untuk tagihan Desember sudah kami terima. Terima kasih Bapak/Ibu Budi.\nSisa tagihan Rp100.000.\nINV-202612-00001 · tunai · 10 Des 2026 09.00\nBarokah Net'
const REPLY =
  '✅ *Rp50.000* dari *Budi Santoso* (RT 3) dicatat. Sisa *Rp100.000*.\nDesember · jatuh tempo 20 Des 2026 · tunai · dicatat Admin 09.00\nKwitansi dikirim ke 0857-1000-0001.\nSalah? Ketik *batal*.'

/**
 * The bare loop on the product's own tables: whatever a turn reads and writes (open questions, the look for a repeat,
 * others with the same phone, orders that are open, the undo), said by hand to the bare driver, one after the other.
 * Statements are named, so that PostgreSQL prepares them, and the two messages that leave are one insert. No words are read
 * and no texts are made.
 */
export async function paySame(pool: pg.Pool, turn: BareTurn): Promise<void> {
  await onClient(pool, async (client) => {
    const say = sayBy(client, SAME)
    const { now } = turn
    await client.query('begin; select * from business')
    const stored = await say('store', turn.outsideId, turn.sender, turn.text, now)
    await client.query('commit')
    await client.query('begin; select * from business')
    await say('chat', turn.sender)
    const messages = await say('unhandled', turn.sender)
    const senders = await say('staff', turn.sender)
    await say('plans')
    await say('question', turn.sender)
    const customers = await say('customer', turn.customer)
    const customer = customers[0].id
    await say('lock', customer)
    const bills = await say('bills', customer, now)
    await say('repeat', customer, turn.amount, senders[0].id, now)
    const source = `message:${stored[0].id}`
    const paid = await say('payment', customer, turn.amount, now, source, senders[0].id, `staff:${senders[0].id}`)
    const payment = paid[0].id
    await say('allocation', customer, payment, bills[0].id, turn.amount, now)
    await say('orders', bills[0].id)
    const cause = messages[0].id
    await say('messages', turn.outsideId, cause, turn.sender, REPLY, turn.customer, RECEIPT, now, customer)
    await say('undo', senders[0].id, JSON.stringify({ paymentIds: [payment] }), now)
    await say('settle', cause, now, JSON.stringify({ command: 'payment.record', args: { amount: turn.amount } }))
    await client.query('commit')
  })
}

/**
 * The same on a pool that pipelines, with what is independent sent together, as ours does, and more of it: what is stored
 * and the last commit wait for nothing.
 */
export async function payTogether(pool: pg.Pool, turn: BareTurn): Promise<void> {
  await onClient(pool, async (client) => {
    const say = sayBy(client, SAME)
    const { now } = turn
    const [, stored] = await Promise.all([
      client.query('begin; select * from business'),
      say('store', turn.outsideId, turn.sender, turn.text, now),
      client.query('commit'),
    ])
    const [, , messages, senders] = await Promise.all([
      client.query('begin; select * from business'),
      say('chat', turn.sender),
      say('unhandled', turn.sender),
      say('staff', turn.sender),
      say('plans'),
      say('question', turn.sender),
    ])
    const [customer] = await say('customer', turn.customer)
    const [, [bill]] = await Promise.all([
      say('lock', customer.id),
      say('bills', customer.id, now),
      say('repeat', customer.id, turn.amount, senders[0].id, now),
    ])
    const source = `message:${stored[0].id}`
    const staff = senders[0].id
    const [paid] = await Promise.all([
      say('paymentWhole', customer.id, turn.amount, now, source, staff, `staff:${staff}`, bill.id),
      say('orders', bill.id),
    ])
    const cause = messages[0].id
    await Promise.all([
      say('messages', turn.outsideId, cause, turn.sender, REPLY, turn.customer, RECEIPT, now, customer.id),
      say('undo', staff, JSON.stringify({ paymentIds: [paid[0].id] }), now),
      say('settle', cause, now, JSON.stringify({ command: 'payment.record', args: { amount: turn.amount } })),
      client.query('commit'),
    ])
  })
}

/** A payment and its trace. */
const RECORDED = `
  with recorded as (
    insert into payment (business_id, customer_id, amount, method, paid_on, channel, source, recorded_by, recorded_at)
    values (1, $1, $2, 'cash', $3::timestamptz::date, 'chat', $4, $5, $3) on conflict do nothing returning *
  ), noted as (
    insert into audit (business_id, at, actor, act, subject, facts)
    select 1, recorded_at, $6, 'payment.record', 'payment:' || id, jsonb_build_object('amount', amount) from recorded
  )`

const SAME = {
  store: `insert into message (business_id, direction, channel, outside_id, phone, kind, text, status, at, not_before)
    values (1, 'in', 'bot', $1, $2, 'text', $3, 'received', $4, $4) on conflict do nothing returning id`,
  chat: 'select phone from conversation where business_id = 1 and phone = $1 for update',
  unhandled: `select * from message where business_id = 1 and phone = $1 and direction = 'in' and status = 'received'
    order by id limit 1`,
  staff: 'select id, name, call_name, role from staff where business_id = 1 and phone = $1 and removed_at is null',
  plans: 'select * from plan where business_id = 1 and archived_at is null order by price',
  question: 'select * from question where business_id = 1 and phone = $1 and closed_at is null',
  customer: `select c.*, (select jsonb_agg(jsonb_build_object('phone', phone, 'kind', kind) order by position)
             from customer_phone where business_id = 1 and customer_id = c.id) as phones,
           exists (select from customer_phone p
                     join customer_phone q on q.business_id = 1 and q.phone = p.phone and q.customer_id <> p.customer_id
                     join customer o on o.business_id = 1 and o.id = q.customer_id and o.withdrawn_at is null
                    where p.business_id = 1 and p.customer_id = c.id and p.kind = 'mobile') as shared
      from customer c where business_id = 1 and withdrawn_at is null
       and id in (select customer_id from customer_phone where business_id = 1 and phone = $1)`,
  lock: 'select id, withdrawn_at from customer where business_id = 1 and id = $1 for update',
  bills: `select *, total - paid as open from invoice
     where business_id = 1 and customer_id = $1 and status = 'open' and issue_on <= $2::timestamptz::date order by due_on, id`,
  repeat: `select * from payment where business_id = 1 and customer_id = $1 and amount = $2 and recorded_by = $3
       and returned = 0 and recorded_at > $4::timestamptz - interval '10 minutes' order by id desc limit 1`,
  payment: `${RECORDED}
    select id from recorded`,
  paymentWhole: `${RECORDED}, paid as (
      insert into allocation (business_id, customer_id, payment_id, invoice_id, amount, reason, at)
      select 1, customer_id, id, $7, amount, 'payment', recorded_at from recorded
    )
    select id from recorded`,
  allocation: `insert into allocation (business_id, customer_id, payment_id, invoice_id, amount, reason, at)
    values (1, $1, $2, $3, $4, 'payment', $5)`,
  orders: `select * from payment_order where business_id = 1 and state in ('made', 'open')
       and id in (select order_id from payment_order_invoice where business_id = 1 and invoice_id = $1)`,
  messages: `insert into message (business_id, direction, channel, outside_id, phone, kind, text, cause_id, customer_id, status, at, not_before)
    values (1, 'out', 'bot', $1 || 'a', $3, 'reply', $4, $2::bigint, null, 'waiting', $7::timestamptz, $7),
           (1, 'out', 'bot', $1 || 'b', $5, 'staffReceipt', $6, $2, $8::bigint, 'waiting', $7, $7)
    returning id, pg_notify('outbox', '1:bot')`,
  undo: `insert into undo (business_id, staff_id, command, args, summary, at) values (1, $1, 'payment.record', $2, 'Rp50.000', $3)`,
  settle: `update message set status = 'handled', settled_at = $2, understood = $3 where business_id = 1 and id = $1
    returning exists (select from message m where m.business_id = 1 and m.phone = message.phone and m.direction = 'in'
                         and m.status = 'received' and m.id <> message.id)`,
}

/**
 * The barest loop on plain tables: what recording a payment by chat cannot do without, in the same two transactions and
 * nothing more. No open questions, no look for a repeat, no undo, no policies, foreign keys or triggers.
 */
export async function payBare(pool: pg.Pool, turn: BareTurn): Promise<void> {
  await onClient(pool, async (client) => {
    const say = sayBy(client, BARE)
    const { now } = turn
    const [stored] = await say('store', turn.outsideId, turn.sender, turn.text, now)
    await client.query('begin')
    const [sender] = await say('staff', turn.sender)
    const [customer] = await say('customer', turn.customer)
    const [bill] = await say('bills', customer.id)
    const source = `message:${stored.id}`
    const [paid] = await say('payment', customer.id, turn.amount, now, source, sender.id)
    await say('allocation', customer.id, paid.id, bill.id, turn.amount, now)
    await say('paid', bill.id, turn.amount)
    await say('audit', now, `staff:${sender.id}`, `payment:${paid.id}`, JSON.stringify({ amount: turn.amount }))
    await say('messages', turn.outsideId, stored.id, turn.sender, REPLY, turn.customer, RECEIPT, now, customer.id)
    await say('settle', stored.id, now, JSON.stringify({ command: 'payment.record', args: { amount: turn.amount } }))
    await client.query('commit')
  })
}

const BARE = {
  store: SAME.store,
  staff: 'select id, name, role from staff where business_id = 1 and phone = $1 and removed_at is null',
  customer: `select c.id, c.name from customer_phone p
      join customer c on c.business_id = p.business_id and c.id = p.customer_id
     where p.business_id = 1 and p.phone = $1 for update of c`,
  bills: `select id, number, due_on, total - paid as open from invoice
     where business_id = 1 and customer_id = $1 and status = 'open' order by due_on, id`,
  payment: `insert into payment (business_id, customer_id, amount, method, paid_on, channel, source, recorded_by, recorded_at, allocated)
    values (1, $1, $2, 'cash', $3::timestamptz::date, 'chat', $4, $5, $3, $2) returning id`,
  allocation: SAME.allocation,
  paid: 'update invoice set paid = paid + $2 where business_id = 1 and id = $1',
  audit: `insert into audit (business_id, at, actor, act, subject, facts) values (1, $1, $2, 'payment.record', $3, $4)`,
  messages: `insert into message (business_id, direction, channel, outside_id, phone, kind, text, cause_id, customer_id, status, at, not_before)
    values (1, 'out', 'bot', $1 || 'a', $3, 'reply', $4, $2::bigint, null, 'waiting', $7::timestamptz, $7),
           (1, 'out', 'bot', $1 || 'b', $5, 'staffReceipt', $6, $2, $8::bigint, 'waiting', $7, $7)`,
  settle: `update message set status = 'handled', settled_at = $2, understood = $3 where business_id = 1 and id = $1`,
}
