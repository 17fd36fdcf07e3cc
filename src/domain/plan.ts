import { sql } from 'kysely'
import type { Books } from './books.ts'
import type { Rupiah } from './money.ts'
import type { Billing } from './tables.ts'

/** What a customer subscribes to. */
export type Plan = {
  id: number
  name: string
  price: Rupiah
  months: number
  leadDays: number
  billing: Billing
}

/** How many days before its due date an invoice is issued, where the owner said nothing (rules 1). */
export const DEFAULT_LEAD_DAYS = 19

/** The largest lead: a bill is never issued before the one before it is due (rules 3). */
export function maxLeadDays(months: number): number {
  return 28 * months
}

/**
 * The form in which plan names are compared, without case, spaces and signs: `rumah  10mbps` is `Rumah 10 Mbps`.
 * The point in a figure stays, because 1,5 Mbps is not 15 Mbps.
 */
export function planKey(name: string): string {
  const plain = name.normalize('NFKC').toLowerCase()
  return plain.replace(/(?<=\d)[.,](?=\d)/g, '.').replace(/(?<!\d)\.|\.(?!\d)|[^\p{L}\p{N}.]/gu, '')
}

const SELECTED = ['id', 'name', 'price', 'months', 'lead_days as leadDays', 'billing'] as const

/** Every plan on offer, the cheapest first. */
export async function listPlans(books: Books): Promise<Plan[]> {
  return books.trx
    .selectFrom('plan')
    .select(SELECTED)
    .where('business_id', '=', books.business.id)
    .where('archived_at', 'is', null)
    .orderBy('price')
    .orderBy('name')
    .execute()
}

/** The plans that a typed name can mean: the one of that name, else those whose name holds the words. */
export function matchPlans(plans: readonly Plan[], typed: string): Plan[] {
  const key = planKey(typed)
  const exact = plans.filter((plan) => planKey(plan.name) === key)
  if (exact.length > 0) return exact
  const starting = plans.filter((plan) => planKey(plan.name).startsWith(key))
  return starting.length > 0 ? starting : plans.filter((plan) => planKey(plan.name).includes(key))
}

/** Adds a plan; the caller has made sure that no plan of that name is on offer. */
export async function addPlan(
  books: Books,
  plan: { name: string; price: Rupiah; months?: number; leadDays?: number; billing?: Billing; importId?: number },
): Promise<Plan> {
  const months = plan.months ?? 1
  return books.trx
    .insertInto('plan')
    .values({
      business_id: books.business.id,
      name: plan.name,
      name_key: planKey(plan.name),
      price: plan.price,
      months,
      lead_days: plan.leadDays ?? Math.min(DEFAULT_LEAD_DAYS, maxLeadDays(months)),
      billing: plan.billing ?? 'prepaid',
      import_id: plan.importId ?? null,
      added_at: books.now,
    })
    .returning(SELECTED)
    .executeTakeFirstOrThrow()
}

/** Changes what a plan costs or when its invoices are issued; issued invoices stay as they are (rules 7). */
export async function editPlan(
  books: Books,
  id: number,
  change: { price?: Rupiah; leadDays?: number; name?: string },
): Promise<void> {
  await books.trx
    .updateTable('plan')
    .set({
      ...(change.price !== undefined && { price: change.price }),
      ...(change.leadDays !== undefined && { lead_days: change.leadDays }),
      ...(change.name !== undefined && { name: change.name, name_key: planKey(change.name) }),
    })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .execute()
}

/** Takes a plan off the offer. */
export async function archivePlans(books: Books, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  await books.trx
    .updateTable('plan')
    .set({ archived_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('id', 'in', [...ids])
    .execute()
}

/** How many subscriptions each plan has, by status, and how many of them pay a price of their own. */
export async function countSubscribers(
  books: Books,
): Promise<Map<number, { active: number; ownPrice: number; all: number }>> {
  const rows = await books.trx
    .selectFrom('subscription')
    .innerJoin('customer', (join) =>
      join
        .onRef('customer.business_id', '=', 'subscription.business_id')
        .onRef('customer.id', '=', 'subscription.customer_id')
        .on('customer.withdrawn_at', 'is', null),
    )
    .select([
      'plan_id as planId',
      sql<number>`count(*)::int`.as('all'),
      sql<number>`(count(*) filter (where status = 'active'))::int`.as('active'),
      sql<number>`(count(*) filter (where own_price is not null and status = 'active'))::int`.as('ownPrice'),
    ])
    .where('subscription.business_id', '=', books.business.id)
    .groupBy('plan_id')
    .execute()
  return new Map(rows.map(({ planId, ...counts }) => [planId, counts]))
}
