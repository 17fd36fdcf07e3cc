import { sql } from 'kysely'
import { audit, type Books } from './books.ts'
import { areaKey, nameKey } from './customer.ts'
import { planImport } from './import.ts'
import type { Difference, Existing } from './import-match.ts'
import { rupiah } from './money.ts'
import { addPlan, listPlans, planKey } from './plan.ts'
import type { CustomerFacts } from './sheet.ts'

/** Fields that a sheet may change in what is there; due day and status move money and have commands of their own. */
const APPLICABLE = new Set(['price', 'plan', 'phones', 'address', 'area', 'name'])

/** Whether a difference can be taken over from a sheet. */
export function isApplicable({ field }: Difference): boolean {
  return APPLICABLE.has(field)
}

/** Takes over what the sheet says differently, as its sender asked; answers how many customers changed. */
export async function applyChanges(books: Books, importId: number, staffId: number): Promise<number> {
  const { changed } = await planImport(books, importId, {})
  let count = 0
  for (const { row, existing, differences } of changed) {
    const fields = new Set(differences.filter(isApplicable).map(({ field }) => field))
    if (fields.size === 0) continue
    await changeCustomer(books, row.facts, existing, fields)
    await audit(books, {
      actor: `staff:${staffId}`,
      act: 'import.change',
      subject: `customer:${existing.id}`,
      facts: { differences },
    })
    count++
  }
  return count
}

async function changeCustomer(
  books: Books,
  facts: CustomerFacts,
  existing: Existing,
  fields: ReadonlySet<string>,
): Promise<void> {
  const { trx, business } = books
  const text = {
    ...(fields.has('name') && { name: facts.name, name_key: nameKey(facts.name) }),
    ...(fields.has('address') && { address: facts.address }),
    ...(fields.has('area') && { area: facts.area, area_key: areaKey(facts.area ?? '') }),
  }
  if (Object.keys(text).length > 0)
    await trx
      .updateTable('customer')
      .set(text)
      .where('business_id', '=', business.id)
      .where('id', '=', existing.id)
      .execute()
  if (fields.has('phones')) await addPhones(books, existing.id, facts)
  if (!fields.has('plan') && !fields.has('price')) return
  const plans = await listPlans(books)
  const name = facts.planName ?? existing.planName ?? ''
  const plan =
    plans.find((each) => planKey(each.name) === planKey(name)) ??
    (await addPlan(books, { name, price: facts.price ?? rupiah(existing.price ?? 0) }))
  const price = facts.price ?? plan.price
  await trx
    .updateTable('subscription')
    .set({ plan_id: plan.id, own_price: price === plan.price ? null : price })
    .where('business_id', '=', business.id)
    .where('customer_id', '=', existing.id)
    .execute()
}

/** New phones come first, so that bills go where the newer sheet says; old ones stay known. */
async function addPhones(books: Books, customerId: number, facts: CustomerFacts): Promise<void> {
  await sql`update customer_phone set position = position + ${facts.phones.length}
             where business_id = ${books.business.id} and customer_id = ${customerId}`.execute(books.trx)
  for (const [position, { phone, kind }] of facts.phones.entries())
    await books.trx
      .insertInto('customer_phone')
      .values({ business_id: books.business.id, customer_id: customerId, phone, kind, position })
      .onConflict((conflict) => conflict.columns(['business_id', 'customer_id', 'phone']).doUpdateSet({ position }))
      .execute()
}
