import { sql } from 'kysely'
import { type Books, json } from './books.ts'
import type { Day } from './calendar.ts'
import { applyCredit } from './credit.ts'
import { findInvoices, type Invoice } from './invoice.ts'
import type { Rupiah } from './money.ts'

/** An invoice outside a subscription. `source` names what asked for it: the same one never makes a second (faults M02). */
export type OneOff = { customerId: number; source: string; text: string; amount: Rupiah; dueOn: Day; staffId?: number }

/**
 * Issues one-off invoices, in order, with what credit there is; answers those that were not there before. The caller
 * has locked the customers.
 */
export async function createInvoices(books: Books, fresh: readonly OneOff[]): Promise<Invoice[]> {
  if (fresh.length === 0) return []
  const { trx, business, today, now } = books
  const { rows } = await sql<{ id: number; customerId: number }>`
    with fresh as materialized (
      select r.*, row_number() over (order by r.position) as place
        from jsonb_to_recordset(${json(fresh.map((each, position) => ({ ...each, position })))}::jsonb)
          as r (position int, "customerId" bigint, source text, text text, amount bigint, "dueOn" date, "staffId" bigint)
       where not exists (select from invoice i where i.business_id = ${business.id} and i.source = r.source)
    ), counter as (
      insert into invoice_counter as k (business_id, month, last)
      select ${business.id}, date_trunc('month', ${today}::timestamp)::date, count(*) from fresh having count(*) > 0
      on conflict (business_id, month) do update set last = k.last + excluded.last
      returning last - (select count(*) from fresh) as before
    ), issued as (
      insert into invoice (business_id, customer_id, kind, source, number, plan_name, due_on, issue_on, issued_on,
                           issued_at, total)
      select ${business.id}, f."customerId", 'one_off', f.source,
             'INV-' || to_char(${today}::date, 'YYYYMM') || '-' || lpad(n.n::text, greatest(5, length(n.n::text)), '0'),
             f.text, f."dueOn", ${today}, ${today}, ${now}, f.amount
        from fresh f cross join counter cross join lateral (select counter.before + f.place as n) n
      returning id, customer_id, source, plan_name, total
    ), lines as (
      insert into invoice_line (business_id, invoice_id, position, text, amount, added_at, added_by)
      select ${business.id}, i.id, 1, i.plan_name, i.total, ${now}, f."staffId"
        from issued i join fresh f on f.source = i.source
    )
    select id, customer_id as "customerId" from issued order by id`.execute(trx)
  if (rows.length > 0) await applyCredit(books, [...new Set(rows.map((row) => row.customerId))])
  return findInvoices(
    books,
    rows.map((row) => row.id),
  )
}
