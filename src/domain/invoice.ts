import { sql } from 'kysely'
import { askSoonAbout } from './ask.ts'
import { audit, type Books } from './books.ts'
import type { Day, Moment } from './calendar.ts'
import { applyCredit } from './credit.ts'
import { lockCustomers } from './customer.ts'
import { type Rupiah, rupiah } from './money.ts'

/** What is owed for one period, as answers show it. */
export type Invoice = {
  id: number
  customerId: number
  number: string
  period: Day | null
  months: number
  planName: string
  dueOn: Day
  issueOn: Day
  issuedOn: Day
  total: Rupiah
  paid: Rupiah
  open: Rupiah
  status: 'open' | 'paid' | 'void'
}

/** Customers are locked in chunks of this many: one transaction each, so that issuing never holds the books long (rules 20). */
const CHUNK = 1_000

/** A subscription that would get more invoices than this in one run gets none and is parked (rules 4, M06). */
const MOST_AT_ONCE = 3

/** What a run of issuing did; the counts add up to all subscriptions (rules 9). */
export type IssueSummary = {
  subscriptions: number
  issued: number
  issuedAmount: Rupiah
  /** Invoices of this run that were issued later than their regular day. */
  late: number
  issuedBefore: number
  notYet: number
  paused: number
  stopped: number
  parked: number
}

/** What one chunk did, whether there may be more, and behind which customer the next one begins. */
export type IssuedChunk = { issued: number; more: boolean; after?: number }

/**
 * Issues the next invoice of every subscription whose day of issue has come, for one chunk of customers, the first ones
 * behind `after`. Called until there is no more. Whatever repeats or overlaps, there is one invoice for a subscription and
 * period: the unique key says so, and a conflict counts as done (faults M01, M03). Sends nothing (rules 6).
 */
export async function issueChunk(
  books: Books,
  only: { customerIds?: readonly number[]; however?: 'many'; after?: number } = {},
): Promise<IssuedChunk> {
  const { trx, business, today, now } = books
  const { rows: due } = await sql<{ id: number }>`
    select distinct s.customer_id as id
      from subscription s
      join plan p on p.business_id = s.business_id and p.id = s.plan_id
     where s.business_id = ${business.id} and s.status = 'active' and s.parked_at is null
       and s.next_due_on - p.lead_days <= ${today} and s.customer_id > ${only.after ?? 0}
       and (${only.customerIds ?? null}::bigint[] is null or s.customer_id = any (${only.customerIds ?? null}::bigint[]))
     order by 1 limit ${CHUNK}`.execute(trx)
  // Behind the last customer it begins anew: an outage of several periods makes them due again.
  if (due.length === 0) return { issued: 0, more: only.after !== undefined }
  const ids = await lockCustomers(
    books,
    due.map((row) => row.id),
  )
  if (!only.however) await parkRunaways(books, ids)
  // The subscriptions are read again under the lock: one that was stopped meanwhile gets nothing (M04).
  const { rows } = await sql<{ due: number; issued: number; customerIds: number[] }>`
    with due as materialized (
      select s.id, s.customer_id, s.next_due_on, s.next_period, s.anchor_day, p.months, p.name,
             coalesce(s.own_price, p.price) as price,
             greatest(s.next_due_on - p.lead_days, s.started_on) as issue_on,
             row_number() over (order by s.next_due_on, s.id) as place
        from subscription s
        join plan p on p.business_id = s.business_id and p.id = s.plan_id
       where s.business_id = ${business.id} and s.customer_id = any (${ids}) and s.status = 'active'
         and s.parked_at is null and s.next_due_on - p.lead_days <= ${today}
    ), counter as (
      insert into invoice_counter as k (business_id, month, last)
      select ${business.id}, date_trunc('month', ${today}::timestamp)::date, count(*) from due having count(*) > 0
      on conflict (business_id, month) do update set last = k.last + excluded.last
      returning last - (select count(*) from due) as before
    ), issued as (
      insert into invoice (business_id, customer_id, subscription_id, kind, number, period, months, plan_name, due_on,
                           issue_on, issued_on, issued_at, total)
      select ${business.id}, d.customer_id, d.id, 'recurring',
             'INV-' || to_char(${today}::date, 'YYYYMM') || '-' || lpad(n.n::text, greatest(5, length(n.n::text)), '0'),
             d.next_period, d.months, d.name, d.next_due_on, d.issue_on, ${today}, ${now}, d.price
        from due d cross join counter cross join lateral (select counter.before + d.place as n) n
      on conflict (business_id, subscription_id, period) where kind = 'recurring' do nothing
      returning id, subscription_id, plan_name, total
    ), lines as (
      insert into invoice_line (business_id, invoice_id, position, text, amount, added_at)
      select ${business.id}, id, 1, plan_name, total, ${now} from issued
    ), moved as (
      update subscription s
         set next_due_on = next_due(d.next_due_on, d.anchor_day, d.months),
             next_period = (d.next_period + make_interval(months => d.months))::date
        from due d where s.business_id = ${business.id} and s.customer_id = any (${ids}) and s.id = d.id
    )
    select count(*)::int as due, count(i.id)::int as issued,
           coalesce(json_agg(distinct d.customer_id) filter (where i.id is not null), '[]') as "customerIds"
      from due d left join issued i on i.subscription_id = d.id`.execute(trx)
  const done = rows[0] as (typeof rows)[0]
  if (done.issued > 0) await applyCredit(books, done.customerIds)
  const next = due.length === CHUNK ? due.at(-1)?.id : undefined
  const more = done.due > 0 || next !== undefined || only.after !== undefined
  return { issued: done.issued, more, ...(next && { after: next }) }
}

async function parkRunaways(books: Books, customerIds: readonly number[]): Promise<void> {
  const { rows } = await sql<{ id: number }>`
    update subscription s set parked_at = ${books.now}
      from plan p
     where s.business_id = ${books.business.id} and s.customer_id = any (${[...customerIds]})
       and p.business_id = s.business_id and p.id = s.plan_id
       and s.status = 'active' and s.parked_at is null
       and next_due(s.next_due_on, s.anchor_day, p.months * ${MOST_AT_ONCE}) - p.lead_days <= ${books.today}
    returning s.id`.execute(books.trx)
  for (const row of rows)
    await audit(books, { actor: 'system', act: 'subscription.park', subject: `subscription:${row.id}` })
}

/** Issues all that parked subscriptions are behind with, as the owner said (rules 4); answers how many. */
export async function issueParked(books: Books, subscriptionIds: readonly number[]): Promise<number> {
  const customerIds = await unpark(books, subscriptionIds)
  let total = 0
  for (;;) {
    const { issued, more } = await issueChunk(books, { customerIds, however: 'many' })
    total += issued
    if (!more) return total
  }
}

/** Lets parked subscriptions go on with the next due date after today; what was missed is not billed. */
export async function skipParked(
  books: Books,
  subscriptionIds: readonly number[],
  act: { cause: string; staffId: number },
): Promise<number> {
  await unpark(books, subscriptionIds)
  const { rows } = await sql<{ id: number }>`
    with ahead as (
      select s.id, s.anchor_day, s.next_due_on, k.due_on, (s.next_period + make_interval(months => p.months * k.skipped))::date as period
        from subscription s
        join plan p on p.business_id = s.business_id and p.id = s.plan_id
       cross join lateral (
         select n as skipped, case n when 0 then s.next_due_on else next_due(s.next_due_on, s.anchor_day, p.months * n) end as due_on
           from generate_series(0, 1200) n
          where case n when 0 then s.next_due_on else next_due(s.next_due_on, s.anchor_day, p.months * n) end > ${books.today}
          order by n limit 1
       ) k
       where s.business_id = ${books.business.id} and s.id = any (${[...subscriptionIds]})
    ), noted as (
      insert into due_change (business_id, subscription_id, cause, kind, next_period, anchor_from, anchor_to, next_from, next_to, staff_id, at)
      select ${books.business.id}, id, ${act.cause}, 'skip', period, anchor_day, anchor_day, next_due_on, due_on, ${act.staffId}, ${books.now}
        from ahead
    )
    update subscription s set next_due_on = a.due_on, next_period = a.period
      from ahead a where s.business_id = ${books.business.id} and s.id = a.id
    returning s.id`.execute(books.trx)
  return rows.length
}

async function unpark(books: Books, subscriptionIds: readonly number[]): Promise<number[]> {
  const rows = await books.trx
    .updateTable('subscription')
    .set({ parked_at: null })
    .where('business_id', '=', books.business.id)
    .where('id', 'in', [...subscriptionIds])
    .where('parked_at', 'is not', null)
    .returning('customer_id')
    .execute()
  return [...new Set(rows.map((row) => row.customer_id))]
}

/** Parked subscriptions that no matter was opened for yet: the owner has still to be asked. */
export async function listNewlyParked(books: Books): Promise<{ id: number; name: string }[]> {
  const { rows } = await sql<{ id: number; name: string }>`
    select s.id, c.name from subscription s
      join customer c on c.business_id = s.business_id and c.id = s.customer_id
     where s.business_id = ${books.business.id} and s.parked_at is not null
       and not exists (select from matter m where m.business_id = s.business_id and m.kind = 'subscription.parked'
                          and m.closed_at is null and m.args -> 'subscriptionIds' @> to_jsonb(s.id))
     order by s.id`.execute(books.trx)
  return rows
}

/** How all subscriptions stand after a run that began at `since`; the parts add up to the whole (rules 9). */
export async function issueSummary(books: Books, since: Moment): Promise<IssueSummary> {
  const { rows } = await sql<IssueSummary>`
    with standing as (
      select s.status, s.parked_at is not null as parked,
             exists (select from invoice i where i.business_id = s.business_id and i.subscription_id = s.id
                        and i.kind = 'recurring' and i.issued_at >= ${since}) as fresh,
             exists (select from invoice i where i.business_id = s.business_id and i.subscription_id = s.id
                        and i.kind = 'recurring' and i.due_on >= ${books.today}) as current
        from subscription s
        join customer c on c.business_id = s.business_id and c.id = s.customer_id and c.withdrawn_at is null
       where s.business_id = ${books.business.id}
    )
    select count(*)::int as subscriptions,
           (count(*) filter (where status = 'paused'))::int as paused,
           (count(*) filter (where status = 'stopped'))::int as stopped,
           (count(*) filter (where status = 'active' and parked))::int as parked,
           (count(*) filter (where status = 'active' and not parked and fresh))::int as issued,
           (count(*) filter (where status = 'active' and not parked and not fresh and current))::int as "issuedBefore",
           (count(*) filter (where status = 'active' and not parked and not fresh and not current))::int as "notYet",
           (select count(*)::int from invoice
             where business_id = ${books.business.id} and kind = 'recurring' and issued_at >= ${since} and issued_on > issue_on) as late,
           (select coalesce(sum(total), 0) from invoice
             where business_id = ${books.business.id} and kind = 'recurring' and issued_at >= ${since}) as "issuedAmount"
      from standing`.execute(books.trx)
  return rows[0] as IssueSummary
}

/** An invoice as it stands once more of it is paid: what the table says then too, so that it need not be read again. */
export function afterPaying(invoice: Invoice, amount: Rupiah): Invoice {
  const [paid, open] = [rupiah(invoice.paid + amount), rupiah(invoice.open - amount)]
  return { ...invoice, paid, open, status: open === 0 ? 'paid' : 'open' }
}

function invoices(books: Books) {
  return books.trx
    .selectFrom('invoice')
    .select([
      'id',
      'customer_id as customerId',
      'number',
      'period',
      'months',
      'plan_name as planName',
      'due_on as dueOn',
      'issue_on as issueOn',
      'issued_on as issuedOn',
      'total',
      'paid',
      sql<Rupiah>`total - paid`.as('open'),
      'status',
    ])
    .where('business_id', '=', books.business.id)
}

/**
 * The open invoices of customers, the oldest first: the order in which money pays them. One that was issued ahead is
 * not asked for before its regular day (rules 14); `ahead` takes it in, because money may pay it.
 */
export async function listOpenInvoices(
  books: Books,
  customerIds: readonly number[],
  { ahead = false } = {},
): Promise<Invoice[]> {
  if (customerIds.length === 0) return []
  return invoices(books)
    .where('customer_id', 'in', [...customerIds])
    .where('status', '=', 'open')
    .where(ahead ? sql<boolean>`true` : sql<boolean>`issue_on <= ${books.today}`)
    .orderBy('due_on')
    .orderBy('id')
    .execute()
}

/** The newest invoices of a customer, whatever their status. */
export async function listInvoices(books: Books, customerId: number, limit: number): Promise<Invoice[]> {
  return invoices(books)
    .where('customer_id', '=', customerId)
    .orderBy('due_on', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

/** An invoice by the number that people see, in any case. */
export async function findByNumber(books: Books, number: string): Promise<Invoice | undefined> {
  return invoices(books).where('number', '=', number.toUpperCase()).executeTakeFirst()
}

export async function findInvoices(books: Books, ids: readonly number[]): Promise<Invoice[]> {
  if (ids.length === 0) return []
  return invoices(books)
    .where('id', 'in', [...ids])
    .orderBy('due_on')
    .orderBy('id')
    .execute()
}

/** The recurring invoice of a subscription for a period, whatever its status. */
export async function findInvoiceOfPeriod(
  books: Books,
  subscriptionId: number,
  period: Day,
): Promise<Invoice | undefined> {
  return invoices(books)
    .where('subscription_id', '=', subscriptionId)
    .where('kind', '=', 'recurring')
    .where('period', '=', period)
    .executeTakeFirst()
}

/** What an invoice is made of. */
export async function listInvoiceLines(books: Books, invoiceId: number): Promise<{ text: string; amount: Rupiah }[]> {
  return books.trx
    .selectFrom('invoice_line')
    .select(['text', 'amount'])
    .where('business_id', '=', books.business.id)
    .where('invoice_id', '=', invoiceId)
    .orderBy('position')
    .execute()
}

/** Whether money has come in on invoices, or a message about them has gone out: then they are not simply taken back. */
export async function areInUse(books: Books, ids: readonly number[]): Promise<'paid' | 'sent' | undefined> {
  const { rows } = await sql<{ paid: boolean; sent: boolean }>`
    select exists (select from invoice where business_id = ${books.business.id} and id = any (${[...ids]}) and paid > 0) as paid,
           exists (select from message_invoice mi
                     join message m on m.business_id = mi.business_id and m.id = mi.message_id and m.status <> 'cancelled'
                    where mi.business_id = ${books.business.id} and mi.invoice_id = any (${[...ids]})) as sent`.execute(
    books.trx,
  )
  return rows[0]?.paid ? 'paid' : rows[0]?.sent ? 'sent' : undefined
}

/** Voids invoices that nobody paid on (an import taken back); their numbers stay used, their pay links end. */
export async function voidInvoices(books: Books, ids: readonly number[], reason: string): Promise<void> {
  if (ids.length === 0) return
  await books.trx
    .updateTable('invoice')
    .set({ voided_at: books.now, void_reason: reason })
    .where('business_id', '=', books.business.id)
    .where('id', 'in', [...ids])
    .where('voided_at', 'is', null)
    .execute()
  await askSoonAbout(books, ids)
}
