import { sql } from 'kysely'
import { z } from 'zod'
import { type Books, json } from './books.ts'
import { addDays, type Day, day, firstAnchorAfter, isBefore, monthOf } from './calendar.ts'
import { type Existing, type Match, matchRows } from './import-match.ts'
import { formatCount, type Rupiah } from './money.ts'
import { DEFAULT_LEAD_DAYS, listPlans, type Plan, planKey } from './plan.ts'
import { debtOf } from './sheet/debts.ts'
import type { CustomerList, PlainCell } from './sheet/list.ts'
import { type CustomerFacts, type PlanFound, type ProblemKind, planPrices } from './sheet.ts'
import { type FirstInvoice, firstInvoice, issueDay, periodOf } from './subscription.ts'
import type { Billing } from './tables.ts'

/**
 * Customers from the owner's sheet (rules 11, 39, 40). The rows are staged as read; planning matches them with what is
 * there and computes first invoices; applying plans once more and writes. Planning twice is cheap and means that
 * nothing that happened between preview and *ya* is overlooked.
 */

/**
 * What the owner added to the file: billing starts later, the due day that the sheet lacks, the price of a plan (by its
 * key; the empty one for rows that name neither plan nor price), or that they do not know one (`null`).
 */
export type ImportOptions = { from?: Day; day?: number; prices?: Readonly<Record<string, Rupiah | null>> }

/** Where a row stands in the file, and what stands in it. */
type Place = { sheet: string; rowNumber: number; table: number; cells: PlainCell[] }

/** One row of the file that is about a customer. */
export type StagedRow = Place & { facts: CustomerFacts; doubts: readonly string[] }

export type RejectedRow = Place & { kind: ProblemKind | 'noPlanPrice' | 'twice'; value: string; reason: string }

/** `debt` is what a noted debt seems to come to; 0 where the first invoice has it all. */
export type PlannedRow = StagedRow & { plan: string; ownPrice?: Rupiah; first: FirstInvoice; debt?: Rupiah }

/** What an import would do. `rows` is every row of the file below its headings; the parts add up to it. */
export type ImportPlan = {
  state: 'read' | 'applied' | 'withdrawn'
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
  /** Plans whose price nobody has said yet; the one without a name is that of rows that name no plan. */
  unpriced: Pick<PlanFound, 'key' | 'name' | 'customers'>[]
  ownPrices: number
  byStatus: { active: number; paused: number; stopped: number }
  withoutWhatsApp: number
  /** Noted debts that the owner is asked about. */
  debts: number
  /** What was read and should be looked at, row by row. */
  doubts: { rowNumber: number; text: string }[]
  /** Active rows whose first invoice is issued at once. */
  issuedNow: number
  firstDueOn?: Day
  missing: readonly string[]
}

const Reading = z.object({
  tables: z.array(z.object({ headings: z.array(z.string()), unused: z.array(z.string()) })),
  missing: z.array(z.string()),
  skipped: z.object({ blank: z.number(), total: z.number(), header: z.number() }),
})

/** Keeps what was read from a file; answers the import's id. */
export async function stageImport(
  books: Books,
  from: { fileId: number; staffId: number; list: CustomerList },
): Promise<number> {
  const { reading, rows } = from.list
  const { id } = await books.trx
    .insertInto('import')
    .values({
      business_id: books.business.id,
      file_id: from.fileId,
      staff_id: from.staffId,
      state: 'read',
      reading: json(reading),
      at: books.now,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const staged = rows.map(({ sheet, rowNumber, outcome, ...facts }, position) => ({
    position,
    sheet,
    row_number: rowNumber,
    outcome,
    facts,
  }))
  await sql`
    insert into import_row (business_id, import_id, position, sheet, row_number, outcome, facts)
    select ${books.business.id}, ${id}, r.position, r.sheet, r.row_number, r.outcome, r.facts
      from jsonb_to_recordset(${json(staged)}::jsonb)
        as r (position int, sheet text, row_number int, outcome text, facts jsonb)`.execute(books.trx)
  return id
}

/** Says what an import would do now. */
export async function planImport(books: Books, importId: number, options: ImportOptions): Promise<ImportPlan> {
  const { state, reading, ready, rejected } = await loadStaged(books, importId)
  const { matches, sharedPhones } = matchRows(ready, await listExisting(books))
  const plans = await listPlans(books)
  const prices = new Map(Object.entries(options.prices ?? {}))
  const fresh = matches.flatMap((match) => (match.outcome === 'new' ? [nameThePlan(match.row, prices)] : []))
  const known = new Map(plans.map((plan) => [planKey(plan.name), plan]))
  const found = planPrices(fresh.map(({ facts, plan }) => ({ ...facts, planName: plan })))
    .filter(({ key }) => !known.has(key))
    .map((each) => ({ ...each, price: each.price ?? prices.get(each.key) ?? undefined }))
  const costOf = ({ plan }: { plan: string }) =>
    (known.get(planKey(plan)) ?? found.find(({ key }) => key === planKey(plan)))?.price
  const planned = fresh
    .filter((row) => costOf(row) !== undefined)
    .map((row) => planRow(row, costOf(row) as Rupiah, known.get(planKey(row.plan)), options, books.today))
  const unpriced = [
    ...Map.groupBy(
      fresh.filter((row) => costOf(row) === undefined),
      ({ plan }) => planKey(plan),
    ),
  ]
  const active = planned.filter(({ facts }) => facts.status === 'active')
  const leadOf = ({ plan }: PlannedRow) => known.get(planKey(plan))?.leadDays ?? DEFAULT_LEAD_DAYS
  const firstDues = active.map(({ first }) => first.dueOn).sort(Temporal.PlainDate.compare)
  const skipped = reading.skipped.blank + reading.skipped.total + reading.skipped.header
  return {
    state,
    rows: ready.length + rejected.length + skipped,
    skipped,
    unused: [...new Set(reading.tables.flatMap(({ unused }) => unused))],
    ready: planned,
    same: matches.filter(({ outcome }) => outcome === 'same').length,
    changed: matches.filter((match) => match.outcome === 'changed'),
    doublesInFile: matches.filter(({ outcome }) => outcome === 'double').length,
    rejected: [
      ...rejected,
      ...matches.flatMap((match) => (match.outcome === 'clash' ? [rejectTwice(match)] : [])),
      ...unpriced.filter(([key]) => prices.get(key) === null).flatMap(([, rows]) => rows.map(rejectUnpriced)),
    ].sort((a, b) => a.table - b.table || a.rowNumber - b.rowNumber),
    sharedPhones,
    newPlans: found.filter(({ price }) => price !== undefined),
    unpriced: unpriced
      .filter(([key]) => !prices.has(key))
      .map(([key, rows]) => ({ key, name: rows[0]?.plan ?? '', customers: rows.length })),
    ownPrices: planned.filter(({ ownPrice }) => ownPrice !== undefined).length,
    byStatus: {
      active: active.length,
      paused: planned.filter(({ facts }) => facts.status === 'paused').length,
      stopped: planned.filter(({ facts }) => facts.status === 'stopped').length,
    },
    withoutWhatsApp: planned.filter(({ facts }) => !facts.phones.some(({ kind }) => kind === 'mobile')).length,
    debts: planned.filter(({ facts, debt }) => facts.debtNote && debt !== 0).length,
    doubts: planned.flatMap(({ rowNumber, doubts }) => doubts.map((text) => ({ rowNumber, text }))),
    issuedNow: active.filter((row) => !isBefore(books.today, issueDay(row.first.dueOn, leadOf(row)))).length,
    ...(firstDues[0] && { firstDueOn: firstDues[0] }),
    missing: reading.missing,
  }
}

async function loadStaged(books: Books, importId: number) {
  const { reading, state } = await books.trx
    .selectFrom('import')
    .select(['reading', 'state'])
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
  const whole = rows.map(({ sheet, rowNumber, outcome, facts }) => ({ ...facts, sheet, rowNumber, outcome }))
  return {
    state,
    reading: Reading.parse(reading),
    ready: whole.filter(({ outcome }) => outcome === 'ready').map((row) => reviveRow(row as unknown as StagedRow)),
    rejected: whole.filter(({ outcome }) => outcome === 'rejected') as unknown as RejectedRow[],
  }
}

/** Facts as they were before jsonb made text of their days. */
function reviveRow(row: StagedRow): StagedRow {
  const { paidUntil, startedOn, due } = row.facts as unknown as {
    paidUntil?: string
    startedOn?: string
    due?: { day: number } | { date: string }
  }
  const facts = {
    ...row.facts,
    ...(paidUntil && { paidUntil: day(paidUntil) }),
    ...(startedOn && { startedOn: day(startedOn) }),
    ...(due && { due: 'date' in due ? { date: day(due.date) } : due }),
  }
  return { ...row, facts }
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

/** A sheet without plans has prices, in it or said by the owner: each price is a plan then. */
function nameThePlan(row: StagedRow, prices: ReadonlyMap<string, Rupiah | null>): StagedRow & { plan: string } {
  const { planName } = row.facts
  if (planName !== undefined && planKey(planName) !== '') return { ...row, plan: planName }
  const price = row.facts.price ?? prices.get('') ?? undefined
  return { ...row, facts: { ...row.facts, price }, plan: price === undefined ? '' : `Paket ${formatCount(price)}` }
}

function planRow(
  row: StagedRow & { plan: string },
  cost: Rupiah,
  plan: Plan | undefined,
  options: ImportOptions,
  today: Day,
): PlannedRow {
  const { facts } = row
  // A bare "lunas" means that the present month is paid (rules 11).
  const paidUntil = facts.paidUntil ?? (facts.paidThisMonth ? monthOf(today) : undefined)
  const typed = facts.due ?? { day: options.day ?? 1 }
  const billing = plan?.billing ?? 'prepaid'
  const first = startFrom(firstInvoice(typed, today, billing, paidUntil), options.from, billing)
  const price = facts.price ?? cost
  const debt =
    facts.debtNote === undefined
      ? undefined
      : debtOf(facts.debtNote, { price, today, ...(facts.status === 'active' && { first: first.period }) })
  return { ...row, first, ...(price !== cost && { ownPrice: price }), ...(debt !== undefined && { debt }) }
}

/** `mulai januari` shifts the first period of the whole import; months before it are not billed (rules 11). */
function startFrom(first: FirstInvoice, from: Day | undefined, billing: Billing): FirstInvoice {
  if (!from || !isBefore(first.dueOn, from)) return first
  const dueOn = firstAnchorAfter(addDays(from, -1), first.anchorDay)
  return { ...first, dueOn, period: periodOf(dueOn, billing) }
}

function rejectUnpriced({ sheet, rowNumber, table, cells, plan }: StagedRow & { plan: string }): RejectedRow {
  const reason =
    plan === ''
      ? 'Harganya belum ada. Isi harganya, contoh 150000.'
      : `Harga paket "${plan}" belum ada. Isi harganya, contoh 150000.`
  return { sheet, rowNumber, table, cells, kind: 'noPlanPrice', value: plan, reason }
}

/** A second row about somebody that says something else: whether it is a slip or a second line, nobody can tell. */
function rejectTwice({ row, other, by }: Extract<Match, { outcome: 'clash' }>): RejectedRow {
  const { sheet, rowNumber, table, cells, facts } = row
  const where = `baris ${other.rowNumber} (${other.facts.name})`
  const reason =
    by === 'number'
      ? `No Pelanggan "${facts.number}" sudah dipakai ${where}. Tulis nomor lain, atau kosongkan.`
      : `Sama dengan ${where}, tetapi ${by} beda. Hapus salah satu; kalau memang dua langganan, bedakan namanya, contoh "${facts.name} 2".`
  return { sheet, rowNumber, table, cells, kind: 'twice', value: facts.name, reason }
}

/** The headings of each list in the file, for the file that goes back. */
export async function listHeadings(books: Books, importId: number): Promise<string[][]> {
  const { reading } = await loadStaged(books, importId)
  return reading.tables.map(({ headings }) => headings)
}
