import type pg from 'pg'

/** What the bare loop records: who writes, who paid, how much. */
export type BareTurn = { outsideId: string; sender: string; customer: string; amount: number; text: string }

const RECEIPT =
  '✅ *Rp50.000* untuk tagihan Desember sudah kami terima. Terima kasih Bapak/Ibu Budi.\nSisa tagihan Rp100.000.\nINV-202612-00001 · tunai · 10 Des 2026 09.00\nBarokah Net'
const REPLY =
  '✅ *Rp50.000* dari *Budi Santoso* (RT 3) dicatat. Sisa *Rp100.000*.\nDesember · jatuh tempo 20 Des 2026 · tunai · dicatat Admin 09.00\nKwitansi dikirim ke 0857-1000-0001.\nSalah? Ketik *batal*.'

/**
 * The bare loop: what recording a payment by chat cannot do without, in the same two transactions and nothing more. No
 * reading of the words, no open questions, no look for a repeat, no undo, no policies, foreign keys or triggers.
 */
export async function payBare(pool: pg.Pool, turn: BareTurn): Promise<void> {
  const client = await pool.connect()
  try {
    const now = new Date().toISOString()
    const { rows: stored } = await client.query(
      `insert into bare.message (business_id, direction, channel, outside_id, phone, kind, text, status, at, not_before)
       values (1, 'in', 'bot', $1, $2, 'text', $3, 'received', $4, $4) on conflict do nothing returning id`,
      [turn.outsideId, turn.sender, turn.text, now],
    )
    await client.query('begin')
    const { rows: senders } = await client.query(
      'select id, name, role from bare.staff where business_id = 1 and phone = $1 and removed_at is null',
      [turn.sender],
    )
    const { rows: customers } = await client.query(
      `select c.id, c.name from bare.customer_phone p
         join bare.customer c on c.business_id = p.business_id and c.id = p.customer_id
        where p.business_id = 1 and p.phone = $1 for update of c`,
      [turn.customer],
    )
    const { rows: bills } = await client.query(
      `select id, number, due_on, total - paid as open from bare.invoice
        where business_id = 1 and customer_id = $1 and status = 'open' order by due_on, id`,
      [customers[0].id],
    )
    const { rows: paid } = await client.query(
      `insert into bare.payment (business_id, customer_id, amount, method, paid_on, channel, source, recorded_by, recorded_at, allocated)
       values (1, $1, $2, 'cash', $3::timestamptz::date, 'chat', $4, $5, $3, $2) returning id`,
      [customers[0].id, turn.amount, now, `message:${stored[0].id}`, senders[0].id],
    )
    await client.query(
      `insert into bare.allocation (business_id, customer_id, payment_id, invoice_id, amount, reason, at)
       values (1, $1, $2, $3, $4, 'payment', $5)`,
      [customers[0].id, paid[0].id, bills[0].id, turn.amount, now],
    )
    await client.query('update bare.invoice set paid = paid + $2 where business_id = 1 and id = $1', [
      bills[0].id,
      turn.amount,
    ])
    await client.query(
      `insert into bare.audit (business_id, at, actor, act, subject, facts) values (1, $1, $2, 'payment.record', $3, $4)`,
      [now, `staff:${senders[0].id}`, `payment:${paid[0].id}`, JSON.stringify({ amount: turn.amount })],
    )
    await client.query(
      `insert into bare.message (business_id, direction, channel, outside_id, phone, kind, text, cause_id, customer_id, status, at, not_before)
       values (1, 'out', 'bot', $1 || 'a', $3, 'reply', $4, $2, null, 'waiting', $7, $7),
              (1, 'out', 'bot', $1 || 'b', $5, 'staffReceipt', $6, $2, $8, 'waiting', $7, $7)`,
      [turn.outsideId, stored[0].id, turn.sender, REPLY, turn.customer, RECEIPT, now, customers[0].id],
    )
    await client.query(
      `update bare.message set status = 'handled', settled_at = $2, understood = $3 where business_id = 1 and id = $1`,
      [stored[0].id, now, JSON.stringify({ command: 'payment.record', args: { amount: turn.amount } })],
    )
    await client.query('commit')
  } finally {
    client.release()
  }
}
