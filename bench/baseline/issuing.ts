import type pg from 'pg'

/** Customers in one transaction: as many as ours takes, so that both commit as often. */
const CHUNK = 1_000

/**
 * The bare SQL of a day's issuing: one statement and one commit for a thousand customers. No locks, no
 * credit, no look for what must be parked, no conflicts: nothing but the rows that must come to be.
 */
export async function issueBare(pool: pg.Pool, today: string, now: string): Promise<number> {
  let issued = 0
  for (let after = '0'; ; ) {
    const { rows } = await pool.query(STATEMENT, [today, now, after, CHUNK])
    issued += rows[0].issued
    if (rows[0].issued < CHUNK) return issued
    after = rows[0].last
  }
}

const STATEMENT = `
  with due as materialized (
    select s.business_id, s.id, s.customer_id, s.next_due_on, s.next_period, p.months, p.name,
           coalesce(s.own_price, p.price) as price, s.next_due_on - p.lead_days as issue_on
      from subscription s
      join plan p on p.business_id = s.business_id and p.id = s.plan_id
     where s.business_id = 1 and s.customer_id > $3 and s.status = 'active' and s.next_due_on - p.lead_days <= $1
     order by s.customer_id limit $4
  ), issued as (
    insert into invoice (business_id, customer_id, subscription_id, kind, number, period, months, plan_name,
                              due_on, issue_on, issued_on, issued_at, total)
    select business_id, customer_id, id, 'recurring', 'INV-' || to_char($1::date, 'YYYYMM') || '-' || lpad(id::text, 6, '0'),
           next_period, months, name, next_due_on, issue_on, $1, $2, price
      from due
    returning business_id, id, plan_name, total
  ), lines as (
    insert into invoice_line (business_id, invoice_id, position, text, amount, added_at)
    select business_id, id, 1, plan_name, total, $2 from issued
  ), moved as (
    update subscription s
       set next_due_on = (d.next_due_on + make_interval(months => d.months))::date,
           next_period = (d.next_period + make_interval(months => d.months))::date
      from due d
     where s.business_id = 1 and s.customer_id > $3 and s.customer_id <= (select max(customer_id) from due) and s.id = d.id
  )
  select count(*)::int as issued, max(customer_id) as last from due`
