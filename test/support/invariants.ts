import pg from 'pg'
import { showFinding, verify } from '../../src/domain/verify.ts'

/**
 * What must hold in any database of Tagih after any fault (invariants I1, I2, I4 and I6), each as a query for what breaks
 * it: a second opinion beside the program's own `verify`, by somebody who distrusts it.
 */
const BREAKS: Record<string, string> = {
  'I1 two bills for one subscription and period': `
    select subscription_id, period from invoice where kind = 'recurring' group by 1, 2 having count(*) > 1`,
  'I2 a bill whose paid is not the sum of its ledger': `
    select i.id from invoice i left join allocation a on a.business_id = i.business_id and a.invoice_id = i.id
     group by i.id, i.paid having i.paid <> coalesce(sum(a.amount), 0)`,
  'I2 a payment whose allocated is not the sum of its ledger': `
    select p.id from payment p left join allocation a on a.business_id = p.business_id and a.payment_id = p.id
     group by p.id, p.allocated having p.allocated <> coalesce(sum(a.amount), 0)`,
  'I4 a bill in two messages of one round': `
    select invoice_id from message_invoice group by invoice_id, purpose, round having count(*) > 1`,
  'I4 a bill message about no bill': `
    select m.id from message m where m.kind = 'bill'
       and not exists (select from message_invoice l where l.business_id = m.business_id and l.message_id = m.id)`,
  'I6 an outgoing message that is nowhere': `
    select id from message where direction = 'out'
       and (status = 'sending' or (status in ('failed', 'uncertain', 'cancelled') and reason is null))`,
  'I6 a broadcast that is done while something of it waits': `
    select b.id from broadcast b join message m on m.business_id = b.business_id and m.broadcast_id = b.id
     where b.state = 'done' and m.status in ('waiting', 'sending')`,
  'two payments from one source': `select source from payment group by source having count(*) > 1`,
  'a payment order paid twice': `
    select o.id from payment_order o join payment p on p.business_id = o.business_id
       and p.source like 'midtrans:' || o.transaction_id || ':%'
     group by o.id, p.customer_id having count(*) > 1`,
  'an incoming message that nobody handled': `select id from message where direction = 'in' and status = 'received'`,
}

/** Everything that is broken in a database, one line each; empty is good. */
export async function findBroken(url: string): Promise<string[]> {
  const broken = await inBooks(url, async (query) => {
    const found: string[] = []
    for (const [what, sql] of Object.entries(BREAKS)) {
      const rows = await query(sql)
      if (rows.length > 0) found.push(`${what}: ${rows.length}, first ${JSON.stringify(rows[0])}`)
    }
    return found
  })
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('begin read only')
    const findings = await verify(client)
    return [...broken, ...findings.filter(({ wrong }) => wrong > 0).map(showFinding)]
  } finally {
    await client.end()
  }
}

/** Reads a database as its login does, for its first business, past the program. */
export async function inBooks<T>(
  url: string,
  read: (query: (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('begin')
    await client.query(
      `select set_config('app.business_id', (select min(business_id)::text from directory where kind = 'slug'), true)`,
    )
    return await read(async (sql, values) => (await client.query(sql, values)).rows)
  } finally {
    await client.end()
  }
}
