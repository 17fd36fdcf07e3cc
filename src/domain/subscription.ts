import type { Books } from './books.ts'
import { addDays, addMonths, type Day, firstAnchorAfter, isAfter, isBefore, later, monthOf } from './calendar.ts'
import type { Rupiah } from './money.ts'
import type { Plan } from './plan.ts'
import type { Billing, SubscriptionStatus } from './tables.ts'

/** When the first invoice of a subscription is due, for which period, and what it is anchored to. */
export type FirstInvoice = { dueOn: Day; anchorDay: number; period: Day }

/**
 * The first invoice of a new subscription (rules 10, 11). A date from today on is taken as it stands; a bare day is
 * the first such day after today, and so is a date that is past. Whoever has paid until a month starts behind
 * it: paid to March, the first period is April, due in April (prepaid) or May (postpaid); the later of this and
 * a typed date wins.
 */
export function firstInvoice(
  typed: { day: number } | { date: Day },
  today: Day,
  billing: Billing,
  paidUntil?: Day,
): FirstInvoice {
  const anchorDay = 'day' in typed ? typed.day : typed.date.day
  const asked = 'date' in typed && !isBefore(typed.date, today) ? typed.date : firstAnchorAfter(today, anchorDay)
  if (!paidUntil) return { dueOn: asked, anchorDay, period: periodOf(asked, billing) }
  const firstUnpaid = addMonths(paidUntil, 1)
  const dueMonth = billing === 'prepaid' ? firstUnpaid : addMonths(firstUnpaid, 1)
  const behind = firstAnchorAfter(addDays(dueMonth, -1), anchorDay)
  const dueOn = later(asked, behind)
  return { dueOn, anchorDay, period: periodOf(dueOn, billing) }
}

/** The month an invoice due on that day pays for: its own (prepaid) or the one before (postpaid). */
export function periodOf(dueOn: Day, billing: Billing): Day {
  return addMonths(monthOf(dueOn), billing === 'prepaid' ? 0 : -1)
}

/** The day on which the invoice due on `dueOn` is issued (rules 1). */
export function issueDay(dueOn: Day, leadDays: number): Day {
  return addDays(dueOn, -leadDays)
}

/** A customer's subscription as answers show it. */
export type Subscription = {
  id: number
  customerId: number
  plan: Plan
  ownPrice: Rupiah | null
  price: Rupiah
  anchorDay: number
  nextDueOn: Day
  nextPeriod: Day
  status: SubscriptionStatus
  parked: boolean
}

/** The subscriptions of a customer, the oldest first. */
export async function listSubscriptions(books: Books, customerId: number): Promise<Subscription[]> {
  const rows = await books.trx
    .selectFrom('subscription as s')
    .innerJoin('plan as p', (join) => join.onRef('p.business_id', '=', 's.business_id').onRef('p.id', '=', 's.plan_id'))
    .select([
      's.id',
      's.customer_id as customerId',
      's.own_price as ownPrice',
      's.anchor_day as anchorDay',
      's.next_due_on as nextDueOn',
      's.next_period as nextPeriod',
      's.status',
      's.parked_at as parkedAt',
      'p.id as planId',
      'p.name as planName',
      'p.price as planPrice',
      'p.months',
      'p.lead_days as leadDays',
      'p.billing',
    ])
    .where('s.business_id', '=', books.business.id)
    .where('s.customer_id', '=', customerId)
    .orderBy('s.id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    customerId: row.customerId,
    plan: {
      id: row.planId,
      name: row.planName,
      price: row.planPrice,
      months: row.months,
      leadDays: row.leadDays,
      billing: row.billing,
    },
    ownPrice: row.ownPrice,
    price: row.ownPrice ?? row.planPrice,
    anchorDay: row.anchorDay,
    nextDueOn: row.nextDueOn,
    nextPeriod: row.nextPeriod,
    status: row.status,
    parked: row.parkedAt !== null,
  }))
}

/** Subscribes a customer to a plan. */
export async function subscribe(
  books: Books,
  fresh: { customerId: number; plan: Plan; first: FirstInvoice; ownPrice?: Rupiah },
): Promise<void> {
  const { plan, first } = fresh
  await books.trx
    .insertInto('subscription')
    .values({
      business_id: books.business.id,
      customer_id: fresh.customerId,
      plan_id: plan.id,
      own_price: fresh.ownPrice !== undefined && fresh.ownPrice !== plan.price ? fresh.ownPrice : null,
      anchor_day: first.anchorDay,
      next_due_on: first.dueOn,
      next_period: first.period,
      status: 'active',
      started_on: books.today,
      parked_at: null,
    })
    .execute()
}

/** How many invoices of a plan would be issued at once with other lead days. */
export async function countDueWith(books: Books, planId: number, leadDays: number): Promise<number> {
  const { count } = await books.trx
    .selectFrom('subscription')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('business_id', '=', books.business.id)
    .where('plan_id', '=', planId)
    .where('status', '=', 'active')
    .where('parked_at', 'is', null)
    .where('next_due_on', '<=', addDays(books.today, leadDays))
    .executeTakeFirstOrThrow()
  return count
}

/** Stops the subscriptions of customers: no more invoices; open ones stay open (rules 28). */
export async function stopSubscriptions(books: Books, customerIds: readonly number[]): Promise<void> {
  await books.trx
    .updateTable('subscription')
    .set({ status: 'stopped' })
    .where('business_id', '=', books.business.id)
    .where('customer_id', 'in', [...customerIds])
    .execute()
}

/** Whether a due date that somebody typed can be a first one: from tomorrow on (rules 10). */
export function isPossibleFirst(date: Day, today: Day): boolean {
  return isAfter(date, today)
}
