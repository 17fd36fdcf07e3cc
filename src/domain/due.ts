import { sql } from 'kysely'
import { audit, type Books, json } from './books.ts'
import { addMonths, anchoredIn, type Day, daysBetween, isAfter, isBefore, nextDue } from './calendar.ts'
import { inArea, lockCustomers } from './customer.ts'
import { issueChunk } from './invoice.ts'
import { type Rupiah, sum } from './money.ts'
import { issueDay } from './subscription.ts'

/**
 * Moving due dates (rules 23–26). The newest invoice anchors what follows: whoever moves its due date moves the
 * subscription. What is decided are shifts, pure and computed from what was read; applying them is set-based and
 * leaves a row of `due_change` each, so that `next_due_on` can be computed again and an act taken back.
 */

/** A subscription whose due dates can be moved. */
export type Movable = {
  id: number
  customerId: number
  name: string
  area: string | null
  planName: string
  price: Rupiah
  months: number
  leadDays: number
  anchorDay: number
  nextDueOn: Day
  nextPeriod: Day
  newest: {
    id: number
    period: Day
    months: number
    dueOn: Day
    status: 'open' | 'paid' | 'void'
    sent: boolean
  } | null
  /** The due date of the invoice before the newest. */
  beforeDueOn: Day | null
}

/** What becomes of a subscription: its anchor and next due date, and its newest invoice's where that moves too. */
export type Shift = {
  subscription: Movable
  anchorDay: number
  nextDueOn: Day
  invoice?: { id: number; from: Day; to: Day }
}

/** Less than half a period after the due date before it: two bills would come almost at once (rules 25). */
function isTooSoon(before: Day | null | undefined, date: Day, months: number): boolean {
  if (!before) return false
  return 2 * daysBetween(before, date) < daysBetween(before, nextDue(before, before.day, months))
}

function firstApart(before: Day | null | undefined, candidate: Day, anchorDay: number, months: number): Day {
  let date = candidate
  while (isTooSoon(before, date, months)) date = anchoredIn(addMonths(date, 1), anchorDay)
  return date
}

/**
 * Brings one subscription to a day of the month (rules 25): an invoice that is unpaid and unsent moves, within its own
 * due month or, when that is past, to the next one; else what is there keeps its date and the next due date moves by
 * the same rule. Answers nothing where all is so already.
 */
export function alignShift(subscription: Movable, anchorDay: number, today: Day): Shift | undefined {
  const { newest, beforeDueOn, months } = subscription
  const moves = newest?.status === 'open' && !newest.sent
  const from = moves ? newest.dueOn : subscription.nextDueOn
  const inMonth = anchoredIn(from, anchorDay)
  const candidate = isBefore(inMonth, today) ? anchoredIn(addMonths(inMonth, 1), anchorDay) : inMonth
  const to = firstApart(moves ? beforeDueOn : newest?.dueOn, candidate, anchorDay, months)
  const nextDueOn = moves ? nextDue(to, anchorDay, months) : to
  const invoice = moves && !to.equals(from) ? { id: newest.id, from, to } : undefined
  if (!invoice && subscription.anchorDay === anchorDay && subscription.nextDueOn.equals(nextDueOn)) return undefined
  return { subscription, anchorDay, nextDueOn, ...(invoice && { invoice }) }
}

/**
 * Moves one subscription to a date (rules 23): the newest invoice while it is open, and the next due date a period
 * behind it; where that invoice is paid, void or not there, the next due date itself. `once` keeps the anchor, so that
 * only this one time is another.
 */
export function moveShift(subscription: Movable, date: Day, once: boolean): Shift {
  const { newest, months } = subscription
  const anchorDay = once ? subscription.anchorDay : date.day
  if (newest?.status !== 'open')
    return { subscription, anchorDay, nextDueOn: firstApart(newest?.dueOn, date, date.day, months) }
  const nextDueOn = once ? subscription.nextDueOn : nextDue(date, date.day, months)
  return { subscription, anchorDay, nextDueOn, invoice: { id: newest.id, from: newest.dueOn, to: date } }
}

/** Days that customers get (positive) or lose, by how far the next due date moves. */
export function shiftedDays({ subscription, nextDueOn }: Shift): number {
  return daysBetween(subscription.nextDueOn, nextDueOn)
}

/** Whether the next invoice is issued at once when the shift happens (rules 24). */
export function isIssuedAtOnce({ subscription, nextDueOn }: Shift, today: Day): boolean {
  return !isAfter(issueDay(nextDueOn, subscription.leadDays), today)
}

export type DueFilter = { customerIds?: readonly number[]; planId?: number; area?: string }

/** The active subscriptions that a filter means, in the order of their customers. */
export async function listMovable(books: Books, filter: DueFilter): Promise<Movable[]> {
  const { rows } = await sql<Movable & { newest: { id: number; period: string; dueOn: string } | null }>`
    select s.id, s.customer_id as "customerId", c.name, c.area, p.name as "planName", coalesce(s.own_price, p.price) as price,
           p.months, p.lead_days as "leadDays", s.anchor_day as "anchorDay", s.next_due_on as "nextDueOn",
           s.next_period as "nextPeriod", newest.facts as newest, earlier.due_on as "beforeDueOn"
      from subscription s
      join plan p on p.business_id = s.business_id and p.id = s.plan_id
      join customer c on c.business_id = s.business_id and c.id = s.customer_id and c.withdrawn_at is null
      left join lateral (
        select i.period, jsonb_build_object('id', i.id, 'period', i.period, 'months', i.months, 'dueOn', i.due_on, 'status', i.status,
                 'sent', exists (select from message_invoice mi
                                   join message m on m.business_id = mi.business_id and m.id = mi.message_id
                                  where mi.business_id = i.business_id and mi.invoice_id = i.id
                                    and m.status in ('waiting', 'sending', 'sent', 'uncertain'))) as facts
          from invoice i
         where i.business_id = s.business_id and i.subscription_id = s.id and i.kind = 'recurring'
         order by i.period desc limit 1
      ) newest on true
      left join lateral (
        select i.due_on from invoice i
         where i.business_id = s.business_id and i.subscription_id = s.id and i.kind = 'recurring' and i.period < newest.period
         order by i.period desc limit 1
      ) earlier on true
     where s.business_id = ${books.business.id} and s.status = 'active' and s.parked_at is null
       and (${filter.customerIds ?? null}::bigint[] is null or s.customer_id = any (${filter.customerIds ?? null}::bigint[]))
       and (${filter.planId ?? null}::bigint is null or s.plan_id = ${filter.planId ?? null}::bigint)
       and ${inArea(filter.area, 'c')}
     order by s.customer_id, s.id`.execute(books.trx)
  // jsonb has no days.
  const revive = (iso: unknown) => Temporal.PlainDate.from(String(iso))
  return rows.map(({ newest, ...row }) => ({
    ...row,
    newest: newest && { ...newest, period: revive(newest.period), dueOn: revive(newest.dueOn) },
  }))
}

/** Locks the customers of a filter and reads their subscriptions again, so that what is decided still holds. */
export async function lockMovable(books: Books, filter: DueFilter): Promise<Movable[]> {
  const ids = [...new Set((await listMovable(books, filter)).map(({ customerId }) => customerId))]
  if (ids.length === 0) return []
  await lockCustomers(books, ids)
  return listMovable(books, { ...filter, customerIds: ids })
}

export type Act = { cause: string; staffId: number }

/** Applies shifts and issues what falls due at once; answers how many invoices that were. Sends nothing. */
export async function applyShifts(
  books: Books,
  shifts: readonly Shift[],
  act: Act & { kind: 'move' | 'align' },
): Promise<{ issued: number; amount: Rupiah }> {
  await writeChanges(
    books,
    shifts.map(({ subscription, anchorDay, nextDueOn, invoice }) => ({
      subscriptionId: subscription.id,
      nextPeriod: subscription.nextPeriod,
      anchorFrom: subscription.anchorDay,
      anchorTo: anchorDay,
      nextFrom: subscription.nextDueOn,
      nextTo: nextDueOn,
      invoiceId: invoice?.id ?? null,
      invoiceFrom: invoice?.from ?? null,
      invoiceTo: invoice?.to ?? null,
    })),
    act,
  )
  const due = shifts.filter((shift) => isIssuedAtOnce(shift, books.today))
  const customerIds = [...new Set(due.map(({ subscription }) => subscription.customerId))]
  let issued = 0
  while (customerIds.length > 0) {
    const chunk = await issueChunk(books, { customerIds })
    issued += chunk.issued
    if (!chunk.more) break
  }
  return { issued, amount: sum(due.map(({ subscription }) => subscription.price)) }
}

/** Moves the due date of one invoice alone: an older one, which anchors nothing (rules 24). */
export async function moveInvoice(
  books: Books,
  subscription: Movable,
  invoice: { id: number; dueOn: Day },
  to: Day,
  act: Act,
): Promise<void> {
  const { anchorDay, nextDueOn, nextPeriod } = subscription
  const change = {
    subscriptionId: subscription.id,
    nextPeriod,
    anchorFrom: anchorDay,
    anchorTo: anchorDay,
    nextFrom: nextDueOn,
    nextTo: nextDueOn,
    invoiceId: invoice.id,
    invoiceFrom: invoice.dueOn,
    invoiceTo: to,
  }
  await writeChanges(books, [change], { ...act, kind: 'move' })
}

/** A row of `due_change`. `issueOn` is given where an invoice's own day of issue moves with its due date. */
export type Change = {
  subscriptionId: number
  nextPeriod: Day
  anchorFrom: number
  anchorTo: number
  nextFrom: Day
  nextTo: Day
  invoiceId: number | null
  invoiceFrom: Day | null
  invoiceTo: Day | null
  issueOn?: Day
}

/** Writes changes in one statement: subscription, invoice, and the fact itself. */
export async function writeChanges(
  books: Books,
  changes: readonly Change[],
  act: Act & { kind: 'move' | 'align' | 'undo' },
): Promise<void> {
  if (changes.length === 0) return
  const { trx, business, now } = books
  await sql`
    with given as materialized (
      select * from jsonb_to_recordset(${json(changes)}::jsonb)
        as g ("subscriptionId" bigint, "nextPeriod" date, "anchorFrom" int, "anchorTo" int, "nextFrom" date, "nextTo" date,
              "invoiceId" bigint, "invoiceFrom" date, "invoiceTo" date, "issueOn" date)
    ), moved as (
      update subscription s set anchor_day = g."anchorTo", next_due_on = g."nextTo"
        from given g where s.business_id = ${business.id} and s.id = g."subscriptionId"
    ), dated as (
      update invoice i set due_on = g."invoiceTo", issue_on = coalesce(g."issueOn", i.issue_on)
        from given g where i.business_id = ${business.id} and i.id = g."invoiceId"
    )
    insert into due_change (business_id, subscription_id, cause, kind, next_period, anchor_from, anchor_to, next_from, next_to,
                            invoice_id, invoice_from, invoice_to, staff_id, at)
    select ${business.id}, "subscriptionId", ${act.cause}, ${act.kind}, "nextPeriod", "anchorFrom", "anchorTo", "nextFrom", "nextTo",
           "invoiceId", "invoiceFrom", "invoiceTo", ${act.staffId}, ${now}
      from given`.execute(trx)
  await audit(books, {
    actor: `staff:${act.staffId}`,
    act: `due.${act.kind}`,
    subject: changes.length === 1 ? `subscription:${changes[0]?.subscriptionId}` : act.cause,
    facts: { subscriptions: changes.length },
  })
}
