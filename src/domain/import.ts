import { sql } from 'kysely'
import { z } from 'zod'
import { audit, type Books, json } from './books.ts'
import { addDays, type Day, day, firstAnchorAfter, isBefore, monthOf } from './calendar.ts'
import { areaKey, nameKey, nextNumber, withdrawCustomers } from './customer.ts'
import { type Difference, type Existing, type Match, matchRows } from './import-match.ts'
import { issueChunk, voidInvoices } from './invoice.ts'
import { formatCount, type Rupiah, rupiah } from './money.ts'
import { formatPhone } from './phone.ts'
import { addPlan, archivePlans, DEFAULT_LEAD_DAYS, listPlans, type Plan, planKey } from './plan.ts'
import { type CustomerFacts, type PlanFound, type ProblemKind, planPrices, type SheetReading } from './sheet.ts'
import { type FirstInvoice, firstInvoice, issueDay, periodOf } from './subscription.ts'
import type { Billing } from './tables.ts'
import type { Cell } from './workbook.ts'

/**
 * Customers from the owner's sheet (rules 11, 39, 40). The rows are staged as read; planning matches them with what is
 * there and computes first invoices; applying plans once more and writes. Planning twice is cheap and means that
 * nothing that happened between preview and *ya* is overlooked.
 */

/** What the owner added to the file: billing starts later, or the due day that the sheet lacks. */
export type ImportOptions = { from?: Day; day?: number }

/** One row of the file that is about a customer. */
export type StagedRow = { sheet: string; rowNumber: number; facts: CustomerFacts }

export type RejectedRow = {
  sheet: string
  rowNumber: number
  kind: ProblemKind | 'noPlanPrice'
  value: string
  reason: string
  cells: (string | number | boolean | null)[]
}

export type PlannedRow = StagedRow & { plan: string; ownPrice?: Rupiah; first: FirstInvoice }

/** What an import would do. `rows` is every row of the file below its headings; the parts add up to it. */
export type ImportPlan = {
  rows: number
  /** Rows that stand for nobody: blank ones and sums. */
  skipped: number
  /** Columns that nothing was taken from. */
  unused: readonly string[]
  ready: PlannedRow[]
  same: number
  changed: Extract<Match, { outcome: 'changed' }>[]
  doublesInFile: number
  rejected: RejectedRow[]
  /** Same phone, another name: both come in, and it is shown (rules 39). */
  sharedPhones: number
  newPlans: PlanFound[]
  ownPrices: number
  byStatus: { active: number; paused: number; stopped: number }
  withoutWhatsApp: number
  debts: number
  /** Active rows whose first invoice is issued at once. */
  issuedNow: number
  firstDueOn?: Day
  missing: readonly string[]
}

const Reading = z.object({
  tables: z.array(z.object({ sheet: z.string(), headings: z.array(z.string()), unused: z.array(z.string()) })),
  missing: z.array(z.string()),
  skipped: z.number(),
})

/** Keeps what was read from a file; answers the import's id. */
export async function stageImport(
  books: Books,
  from: { fileId: number; staffId: number; reading: SheetReading },
): Promise<number> {
  const { tables, missing, rows, skipped } = from.reading
  const { id } = await books.trx
    .insertInto('import')
    .values({
      business_id: books.business.id,
      file_id: from.fileId,
      staff_id: from.staffId,
      state: 'read',
      reading: json({
        tables: tables.map(({ sheet, headings, unused }) => ({ sheet, headings, unused })),
        missing,
        skipped: skipped.blank + skipped.total + skipped.header,
      }),
      at: books.now,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const staged = rows.map((row, position) => ({
    position,
    sheet: row.sheet,
    row_number: row.rowNumber,
    outcome: row.outcome,
    facts:
      row.outcome === 'ready'
        ? { ...row.facts }
        : { ...row.problem, reason: row.reason, cells: row.cells.map(showCell) },
  }))
  await sql`
    insert into import_row (business_id, import_id, position, sheet, row_number, outcome, facts)
    select ${books.business.id}, ${id}, r.position, r.sheet, r.row_number, r.outcome, r.facts
      from jsonb_to_recordset(${json(staged)}::jsonb)
        as r (position int, sheet text, row_number int, outcome text, facts jsonb)`.execute(books.trx)
  return id
}

/** Dates go back as people write them, so that the returned file reads like the one that was sent. */
function showCell(cell: Cell): string | number | boolean | null {
  if (!(cell instanceof Temporal.PlainDate)) return cell
  return [cell.day, cell.month]
    .map((part) => String(part).padStart(2, '0'))
    .concat(String(cell.year))
    .join('/')
}

/** Says what an import would do now. */
export async function planImport(books: Books, importId: number, options: ImportOptions): Promise<ImportPlan> {
  const { reading, ready, rejected } = await loadStaged(books, importId)
  const { matches, sharedPhones } = matchRows(ready, await listExisting(books))
  const plans = await listPlans(books)
  const fresh = matches
    .filter((match) => match.outcome === 'new')
    .map(({ row }) => ({ ...row, plan: planNameOf(row.facts) }))
  const found = planPrices(fresh.map(({ facts, plan }) => ({ ...facts, planName: plan })))
  const known = new Map(plans.map((plan) => [planKey(plan.name), plan]))
  const unpriced = new Set(
    found.filter(({ key, price }) => !known.has(key) && price === undefined).map(({ key }) => key),
  )
  const noPrice = fresh.filter(({ plan }) => unpriced.has(planKey(plan)))
  const planned = fresh
    .filter(({ plan }) => !unpriced.has(planKey(plan)))
    .map((row) => planRow(row, known, found, options, books.today))
  const active = planned.filter(({ facts }) => facts.status === 'active')
  const leadOf = ({ plan }: PlannedRow) => known.get(planKey(plan))?.leadDays ?? DEFAULT_LEAD_DAYS
  const firstDues = active.map(({ first }) => first.dueOn).sort(Temporal.PlainDate.compare)
  return {
    rows: ready.length + rejected.length + reading.skipped,
    skipped: reading.skipped,
    unused: [...new Set(reading.tables.flatMap(({ unused }) => unused))],
    ready: planned,
    same: matches.filter(({ outcome }) => outcome === 'same').length,
    changed: matches.filter((match) => match.outcome === 'changed'),
    doublesInFile: matches.filter(({ outcome }) => outcome === 'double').length,
    rejected: [...rejected, ...noPrice.map(rejectUnpriced)],
    sharedPhones,
    newPlans: found.filter(({ key, price }) => !known.has(key) && price !== undefined),
    ownPrices: planned.filter(({ ownPrice }) => ownPrice !== undefined).length,
    byStatus: {
      active: active.length,
      paused: planned.filter(({ facts }) => facts.status === 'paused').length,
      stopped: planned.filter(({ facts }) => facts.status === 'stopped').length,
    },
    withoutWhatsApp: planned.filter(({ facts }) => !facts.phones.some(({ kind }) => kind === 'mobile')).length,
    debts: planned.filter(({ facts }) => facts.debtNote).length,
    issuedNow: active.filter((row) => !isBefore(books.today, issueDay(row.first.dueOn, leadOf(row)))).length,
    ...(firstDues[0] && { firstDueOn: firstDues[0] }),
    missing: reading.missing,
  }
}

async function loadStaged(books: Books, importId: number) {
  const { reading } = await books.trx
    .selectFrom('import')
    .select('reading')
    .where('business_id', '=', books.business.id)
    .where('id', '=', importId)
    .executeTakeFirstOrThrow()
  const rows = await books.trx
    .selectFrom('import_row')
    .select(['sheet', 'row_number as rowNumber', 'outcome', 'facts'])
    .where('business_id', '=', books.business.id)
    .where('import_id', '=', importId)
    .orderBy('position')
    .execute()
  return {
    reading: Reading.parse(reading),
    ready: rows
      .filter(({ outcome }) => outcome === 'ready')
      .map(({ sheet, rowNumber, facts }): StagedRow => ({ sheet, rowNumber, facts: reviveFacts(facts) })),
    rejected: rows
      .filter(({ outcome }) => outcome === 'rejected')
      .map(({ sheet, rowNumber, facts }) => ({ sheet, rowNumber, ...facts }) as RejectedRow),
  }
}

/** Facts as they were before jsonb made text of their days. */
function reviveFacts(stored: Record<string, unknown>): CustomerFacts {
  const facts = stored as Record<string, unknown> & { due?: { day: number } | { date: string } }
  const revive = (value: unknown) => (typeof value === 'string' ? day(value) : undefined)
  return {
    ...facts,
    paidUntil: revive(facts.paidUntil),
    startedOn: revive(facts.startedOn),
    due: facts.due && ('date' in facts.due ? { date: day(facts.due.date) } : facts.due),
  } as CustomerFacts
}

async function listExisting(books: Books): Promise<Existing[]> {
  const { rows } = await sql<Existing>`
    select c.id, c.number, c.name, c.address, c.area, s.plan_id as "planId", p.name as "planName",
           coalesce(s.own_price, p.price) as price, s.own_price as "ownPrice", s.anchor_day as "anchorDay", s.status,
           coalesce((select jsonb_agg(ph.phone order by ph.position) from customer_phone ph
                      where ph.business_id = c.business_id and ph.customer_id = c.id), '[]') as phones
      from customer c
      left join lateral (
        select * from subscription where business_id = c.business_id and customer_id = c.id order by id limit 1
      ) s on true
      left join plan p on p.business_id = s.business_id and p.id = s.plan_id
     where c.business_id = ${books.business.id} and c.withdrawn_at is null
     order by c.id`.execute(books.trx)
  return rows
}

/** A sheet without plans has prices: each price is a plan then. */
function planNameOf(facts: CustomerFacts): string {
  return facts.planName ?? (facts.price === undefined ? '' : `Paket ${formatCount(facts.price)}`)
}

function planRow(
  row: StagedRow & { plan: string },
  known: ReadonlyMap<string, Plan>,
  found: readonly PlanFound[],
  options: ImportOptions,
  today: Day,
): PlannedRow {
  const { facts } = row
  const key = planKey(row.plan)
  const plan = known.get(key)
  const price = plan?.price ?? found.find((each) => each.key === key)?.price
  // A bare "lunas" means that the present month is paid (rules 11).
  const paidUntil = facts.paidUntil ?? (facts.paidThisMonth ? monthOf(today) : undefined)
  const typed = facts.due ?? { day: options.day ?? 1 }
  const billing = plan?.billing ?? 'prepaid'
  const first = startFrom(firstInvoice(typed, today, billing, paidUntil), options.from, billing)
  return { ...row, first, ...(facts.price !== undefined && facts.price !== price && { ownPrice: facts.price }) }
}

/** `mulai januari` shifts the first period of the whole import; months before it are not billed (rules 11). */
function startFrom(first: FirstInvoice, from: Day | undefined, billing: Billing): FirstInvoice {
  if (!from || !isBefore(first.dueOn, from)) return first
  const dueOn = firstAnchorAfter(addDays(from, -1), first.anchorDay)
  return { ...first, dueOn, period: periodOf(dueOn, billing) }
}

function rejectUnpriced({ sheet, rowNumber, facts, plan }: StagedRow & { plan: string }): RejectedRow {
  return {
    sheet,
    rowNumber,
    kind: 'noPlanPrice',
    value: plan,
    reason: `Harga paket "${plan}" belum ada. Isi harganya, contoh 150000.`,
    cells: [facts.name, facts.phones.map(({ phone }) => formatPhone(phone)).join(' / '), plan],
  }
}

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
  const spare = await nextNumber(books, rows.filter(({ facts }) => !facts.number).length)
  const fresh = rows.map(({ facts }) => ({
    number: facts.number ?? (spare.shift() as string),
    name: facts.name,
    name_key: nameKey(facts.name),
    address: facts.address,
    area: facts.area,
    area_key: areaKey(facts.area ?? ''),
    email: facts.email,
    note: facts.note,
    debt_note: facts.debtNote,
  }))
  const inserted = await sql<{ id: number; number: string }>`
    insert into customer (business_id, number, name, name_key, address, area, area_key, email, note, debt_note, import_id, added_at)
    select ${books.business.id}, number, name, name_key, address, area, area_key, email, note, debt_note, ${importId}, ${books.now}
      from jsonb_to_recordset(${json(fresh)}::jsonb)
        as r (number text, name text, name_key text, address text, area text, area_key text, email text, note text, debt_note text)
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
  const { rows } = await sql<{ paid: boolean; sent: boolean }>`
    select exists (select from payment where business_id = ${books.business.id} and customer_id = any (${ids})) as paid,
           exists (select from message where business_id = ${books.business.id} and customer_id = any (${ids})
                      and kind = 'bill' and status <> 'cancelled') as sent`.execute(books.trx)
  if (rows[0]?.paid) return { refused: 'paid' }
  if (rows[0]?.sent) return { refused: 'sent' }
  if (!(await takeState(books, importId, 'applied', 'withdrawn'))) return { refused: 'gone' }
  const invoices = await books.trx
    .selectFrom('invoice')
    .select('id')
    .where('business_id', '=', books.business.id)
    .where('customer_id', 'in', ids.length > 0 ? ids : [0])
    .where('voided_at', 'is', null)
    .execute()
  await voidInvoices(
    books,
    invoices.map(({ id }) => id),
    `import ${importId}`,
  )
  await withdrawCustomers(books, ids)
  await archiveUnused(books, importId)
  await audit(books, { actor: `staff:${staffId}`, act: 'import.withdraw', subject: `import:${importId}` })
  return { customers: ids.length, voided: invoices.length }
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

/** The headings of the sheet that a rejected row stood in, for the file that goes back. */
export async function listHeadings(books: Books, importId: number): Promise<Map<string, string[]>> {
  const { reading } = await loadStaged(books, importId)
  return new Map(reading.tables.map(({ sheet, headings }) => [sheet, headings]))
}
