import { sql } from 'kysely'
import { audit, type Books, json } from './books.ts'
import { areaKey, nameKey, nextNumber, withdrawCustomers } from './customer.ts'
import { type ImportOptions, type PlannedRow, planImport, type RejectedRow } from './import.ts'
import { areInUse, issueChunk, voidInvoices } from './invoice.ts'
import { addPlan, archivePlans, listPlans, type Plan, planKey } from './plan.ts'
import type { PlanFound } from './sheet.ts'

/** What an import did. */
export type ImportResult = {
  customers: number
  issued: number
  debts: number
  rejected: RejectedRow[]
  changed: number
}

/**
 * Brings the ready rows in: plans, customers, phones, subscriptions, and the invoices whose day of issue has come. All
 * or nothing. Answers nothing when this import was applied before.
 */
export async function applyImport(
  books: Books,
  importId: number,
  options: ImportOptions,
  staffId: number,
): Promise<ImportResult | undefined> {
  if (!(await takeState(books, importId, 'read', 'applied'))) return undefined
  const plan = await planImport(books, importId, options)
  const plans = await makePlans(books, plan.newPlans, importId)
  const ids = await insertCustomers(books, plan.ready, importId)
  await insertSubscriptions(books, plan.ready, ids, plans)
  let issued = 0
  for (;;) {
    const chunk = await issueChunk(books, { customerIds: ids })
    issued += chunk.issued
    if (!chunk.more) break
  }
  await audit(books, {
    actor: `staff:${staffId}`,
    act: 'import.apply',
    subject: `import:${importId}`,
    facts: { customers: ids.length, issued },
  })
  return { customers: ids.length, issued, debts: plan.debts, rejected: plan.rejected, changed: plan.changed.length }
}

async function takeState(
  books: Books,
  id: number,
  from: 'read' | 'applied',
  to: 'applied' | 'withdrawn',
): Promise<boolean> {
  const taken = await books.trx
    .updateTable('import')
    .set({ state: to })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .where('state', '=', from)
    .executeTakeFirst()
  return Number(taken.numUpdatedRows) === 1
}

async function makePlans(books: Books, found: readonly PlanFound[], importId: number): Promise<Map<string, Plan>> {
  for (const { name, price } of found) if (price !== undefined) await addPlan(books, { name, price, importId })
  return new Map((await listPlans(books)).map((plan) => [planKey(plan.name), plan]))
}

/** Inserts customers and their phones in two statements; answers their ids in the order of the rows. */
async function insertCustomers(books: Books, rows: readonly PlannedRow[], importId: number): Promise<number[]> {
  if (rows.length === 0) return []
  const taken = new Set(rows.flatMap(({ facts }) => facts.number?.toLowerCase() ?? []))
  const numbers = await nextNumber(books, rows.length)
  const spare = numbers.filter((number) => !taken.has(number.toLowerCase()))
  const fresh = rows.map(({ facts, debt }) => ({
    number: facts.number ?? (spare.shift() as string),
    name: facts.name,
    name_key: nameKey(facts.name),
    address: facts.address,
    area: facts.area,
    area_key: areaKey(facts.area ?? ''),
    email: facts.email,
    note: facts.note,
    debt_note: facts.debtNote,
    debt_amount: debt,
    debt_decided_at: debt === 0 ? books.now : undefined,
  }))
  const inserted = await sql<{ id: number; number: string }>`
    insert into customer (business_id, number, name, name_key, address, area, area_key, email, note,
                          debt_note, debt_amount, debt_decided_at, import_id, added_at)
    select ${books.business.id}, number, name, name_key, address, area, area_key, email, note,
           debt_note, debt_amount, debt_decided_at, ${importId}, ${books.now}
      from jsonb_to_recordset(${json(fresh)}::jsonb)
        as r (number text, name text, name_key text, address text, area text, area_key text, email text, note text,
              debt_note text, debt_amount bigint, debt_decided_at timestamptz)
    returning id, number`.execute(books.trx)
  const idOf = new Map(inserted.rows.map(({ id, number }) => [number, id]))
  const ids = fresh.map(({ number }) => idOf.get(number) as number)
  const phones = rows.flatMap(({ facts }, index) =>
    facts.phones.map(({ phone, kind }, position) => ({ customer_id: ids[index], phone, kind, position })),
  )
  await sql`
    insert into customer_phone (business_id, customer_id, phone, kind, position)
    select ${books.business.id}, customer_id, phone, kind, position
      from jsonb_to_recordset(${json(phones)}::jsonb) as r (customer_id bigint, phone text, kind text, position int)`.execute(
    books.trx,
  )
  return ids
}

async function insertSubscriptions(
  books: Books,
  rows: readonly PlannedRow[],
  ids: readonly number[],
  plans: ReadonlyMap<string, Plan>,
): Promise<void> {
  const fresh = rows.map(({ plan, ownPrice, first, facts }, index) => ({
    customer_id: ids[index],
    plan_id: plans.get(planKey(plan))?.id,
    own_price: ownPrice,
    anchor_day: first.anchorDay,
    next_due_on: first.dueOn,
    next_period: first.period,
    status: facts.status,
  }))
  await sql`
    insert into subscription (business_id, customer_id, plan_id, own_price, anchor_day, next_due_on, next_period, status, started_on)
    select ${books.business.id}, customer_id, plan_id, own_price, anchor_day, next_due_on, next_period, status, ${books.today}
      from jsonb_to_recordset(${json(fresh)}::jsonb)
        as r (customer_id bigint, plan_id bigint, own_price bigint, anchor_day int, next_due_on date, next_period date, status text)`.execute(
    books.trx,
  )
}

/** Why an import cannot be taken back any more, or how many customers were. */
export type Withdrawal = { refused: 'paid' | 'sent' | 'gone' } | { customers: number; voided: number }

/** Takes a whole import back while nothing was paid or sent on it: invoices void, customers withdrawn (rules 40). */
export async function withdrawImport(books: Books, importId: number, staffId: number): Promise<Withdrawal> {
  const customers = await books.trx
    .selectFrom('customer')
    .select('id')
    .where('business_id', '=', books.business.id)
    .where('import_id', '=', importId)
    .where('withdrawn_at', 'is', null)
    .orderBy('id')
    .forUpdate()
    .execute()
  const ids = customers.map(({ id }) => id)
  const invoices = await books.trx
    .selectFrom('invoice')
    .select('id')
    .where('business_id', '=', books.business.id)
    .where('customer_id', 'in', [0, ...ids])
    .where('voided_at', 'is', null)
    .execute()
  const invoiceIds = invoices.map(({ id }) => id)
  const inUse = (await hasPayments(books, ids)) ? 'paid' : await areInUse(books, invoiceIds)
  if (inUse) return { refused: inUse }
  if (!(await takeState(books, importId, 'applied', 'withdrawn'))) return { refused: 'gone' }
  await voidInvoices(books, invoiceIds, `import ${importId}`)
  await withdrawCustomers(books, ids)
  await archiveUnused(books, importId)
  await audit(books, { actor: `staff:${staffId}`, act: 'import.withdraw', subject: `import:${importId}` })
  return { customers: ids.length, voided: invoices.length }
}

async function hasPayments(books: Books, customerIds: readonly number[]): Promise<boolean> {
  const paid = await books.trx
    .selectFrom('payment')
    .select('id')
    .where('business_id', '=', books.business.id)
    .where('customer_id', 'in', [0, ...customerIds])
    .limit(1)
    .executeTakeFirst()
  return paid !== undefined
}

/** Plans that came with the import and that nobody else has taken since. */
async function archiveUnused(books: Books, importId: number): Promise<void> {
  const { rows } = await sql<{ id: number }>`
    select p.id from plan p
     where p.business_id = ${books.business.id} and p.import_id = ${importId} and p.archived_at is null
       and not exists (select from subscription s
                         join customer c on c.business_id = s.business_id and c.id = s.customer_id and c.withdrawn_at is null
                        where s.business_id = p.business_id and s.plan_id = p.id)`.execute(books.trx)
  await archivePlans(
    books,
    rows.map(({ id }) => id),
  )
}
