import { addMonths, type Day, isAfter, nearestMonth, validDay } from './calendar.ts'
import { type Rupiah, rupiah } from './money.ts'
import { planKey } from './plan.ts'
import type { Column, ColumnAnswers, ColumnQuestion } from './sheet/columns.ts'
import { type Field, REASON_HEADING } from './sheet/heading.ts'
import { readPaidMark } from './sheet/remarks.ts'
import { type CustomerFacts, filled, ownCells, type Ready, type Rejected, readRow } from './sheet/row.ts'
import { findTables, headingTexts, type Table } from './sheet/table.ts'
import { cellText, isMonthFirst, readPrice, readThousands } from './sheet/values.ts'
import type { Cell, Sheet, SheetRow } from './workbook/raw.ts'

export type { ColumnAnswers, ColumnChoice, ColumnQuestion } from './sheet/columns.ts'
export type { Field } from './sheet/heading.ts'
export type { CustomerFacts, ProblemKind } from './sheet/row.ts'

/** A row below a header, with its cells as they stood there, as wide as the header at least. */
export type RowReading = (Ready | Rejected) & {
  readonly sheet: string
  readonly rowNumber: number
  /** Which of the tables it stands in. */
  readonly table: number
  readonly cells: readonly Cell[]
}

/** Where a list was found; `unused` are headings that said nothing to us. */
type TableFound = {
  readonly sheet: string
  readonly headerRow: number
  readonly headings: readonly string[]
  readonly unused: readonly string[]
}

/**
 * All lists of customers in a file. `rows` and `skipped` together are all rows below the headers. `missing` is
 * what no row of a list says, so that it is asked once; `unclear` are columns that could mean two things;
 * `unreadSheets` hold something, but no list of customers.
 */
export type SheetReading = {
  readonly tables: readonly TableFound[]
  readonly rows: readonly RowReading[]
  readonly skipped: { readonly blank: number; readonly total: number; readonly header: number }
  readonly missing: readonly ('due' | 'price')[]
  readonly unclear: readonly ColumnQuestion[]
  readonly unreadSheets: readonly string[]
}

export type SheetRefusal = { readonly refused: 'noTable'; readonly sentence: string }

const NO_TABLE: SheetRefusal = {
  refused: 'noTable',
  sentence:
    'Daftar pelanggannya tidak ketemu di file ini. Perlu satu baris judul dengan kolom Nama, dan sebaiknya No HP, ' +
    'Alamat, Paket, Harga, dan Jatuh Tempo. Tambahkan judulnya, lalu kirim lagi ke sini.',
}

/** Reads customers out of sheets; `answers` tells what an `unclear` heading means. Pure: nothing is matched here. */
export function readCustomers(
  sheets: readonly Sheet[],
  today: Day,
  answers: ColumnAnswers = {},
): SheetReading | SheetRefusal {
  const tables = findTables(sheets, answers)
  if (tables.length === 0) return NO_TABLE
  const read = tables.map((table, index) => readTable(table, index, today))
  const count = (kind: 'blank' | 'total') => read.reduce((sum, { skipped }) => sum + skipped[kind], 0)
  // A header further down the same sheet is a row below the first one.
  const sheetsRead = new Set(tables.map(({ sheet }) => sheet))
  const header = tables.length - sheetsRead.size
  const unread = sheets.filter((sheet) => !sheet.hidden && sheet.rows.length > 0 && !sheetsRead.has(sheet))
  return {
    tables: tables.map(describeTable),
    rows: read.flatMap(({ rows }) => rows),
    skipped: { blank: count('blank'), total: count('total'), header },
    missing: (['due', 'price'] as const).filter((field) => read.some(({ missing }) => missing.includes(field))),
    unclear: tables.flatMap(({ unclear }) => unclear),
    unreadSheets: unread.map(({ name }) => name),
  }
}

function describeTable(table: Table): TableFound {
  const { sheet, header, columns } = table
  const headings = headingTexts(table)
  const used = new Set(columns.filter(({ field }) => field !== 'ignored').map(({ index }) => index))
  const unused = headings.filter((heading, index) => heading !== '' && heading !== REASON_HEADING && !used.has(index))
  return { sheet: sheet.name, headerRow: header.number, headings, unused }
}

/** Fields of which at least one makes a row one about a customer: numbered empty lines are none. */
const OF_A_CUSTOMER: readonly Field[] = ['name', 'phone', 'address', 'plan', 'price', 'due']

const DATES: readonly Field[] = ['due', 'startedOn', 'paidUntil']

function readTable(table: Table, index: number, today: Day) {
  const { columns, sheet } = table
  const about = table.rows.filter((row) => filled(row, columns, OF_A_CUSTOMER))
  const customers = about.filter((row) => !isTotal(row, columns))
  const has = (field: Field) => customers.some((row) => filled(row, columns, [field]))
  const missing = (['due', 'price'] as const).filter((field) => customers.length > 0 && !has(field))
  const context = {
    columns,
    today,
    months: monthsOf(table, today),
    hasDue: has('due'),
    hasPrice: has('price') || has('plan'),
    prices: pricesOf(table),
    monthFirst: new Set(
      columns
        .filter(({ field }) => DATES.includes(field))
        .map((column) => column.index)
        .filter((column) => isMonthFirst(table.rows.map((row) => row.cells[column] ?? null))),
    ),
  }
  const headings = headingTexts(table).length
  const rows: RowReading[] = customers.map((row) => {
    const cells = ownCells(row, columns, headings)
    return { ...readRow(row, context), sheet: sheet.name, rowNumber: row.number, table: index, cells }
  })
  return { rows, missing, skipped: { total: about.length - customers.length, blank: table.height - about.length } }
}

/** The prices of a list as far as they are written in full; a column without any is one of thousands. */
function pricesOf({ columns, rows }: Table): ReadonlySet<number> {
  const index = columns.find(({ field }) => field === 'price')?.index
  const cells = index === undefined ? [] : rows.map((row) => row.cells[index] ?? null)
  const full = new Set(cells.flatMap((cell) => readPrice(cell) || []))
  return full.size > 0 ? full : new Set(cells.flatMap((cell) => readThousands(cell) ?? []))
}

/** A sum below the list: a row that says so, or one that holds nothing but amounts. */
function isTotal(row: SheetRow, columns: readonly Column[]): boolean {
  if (filled(row, columns, ['phone', 'plan', 'due'])) return false
  const says = row.cells.some((cell) => /^(?:grand |sub ?)?(?:total|jumlah)\b/i.test(cellText(cell)))
  return says || !filled(row, columns, ['name', 'address'])
}

/** From how many months on the columns are a year's page ("Jan" to "Des") and not single remarks. */
const PAGE_OF_A_YEAR = 3

/** The month of each column headed by one. Without a year: the nearest; on a year's page that of the page. */
function monthsOf({ titles, columns, rows }: Table, today: Day): ReadonlyMap<number, Day> {
  const named = columns.filter(({ month }) => month !== undefined)
  const stated = /\b20\d{2}\b/.exec(titles)?.[0]
  const inYear = (year: number) => (month: number) => validDay(year, month, 1) ?? today
  let place = (month: number) => nearestMonth(today, month)
  if (named.length >= PAGE_OF_A_YEAR) {
    place = inYear(stated === undefined ? today.year : Number(stated))
    const isPaid = (column: Column) => rows.some((row) => readPaidMark(cellText(row.cells[column.index])) === true)
    // In January an owner sends last year's page: nobody has paid for next December.
    const ahead = named.some(
      (column) => isAfter(place(column.month?.month ?? 1), addMonths(today, 2)) && isPaid(column),
    )
    if (stated === undefined && ahead) place = inYear(today.year - 1)
  }
  const monthOf = ({ month, year }: { month: number; year?: number }) => (year ? inYear(year)(month) : place(month))
  return new Map(named.map(({ index, month }) => [index, monthOf(month ?? { month: 1 })]))
}

/** A plan as a sheet shows it. `price` is missing where no row has one; `ownPrices` counts rows with another. */
export type PlanFound = {
  readonly key: string
  readonly name: string
  readonly price?: Rupiah
  readonly months: 1
  readonly customers: number
  readonly ownPrices: number
}

/** The plans in a sheet, in order of appearance: the most frequent spelling and price, in a tie the lower (rules 11). */
export function planPrices(facts: Iterable<Pick<CustomerFacts, 'planName' | 'price'>>): PlanFound[] {
  const plans = Map.groupBy(facts, ({ planName }) => (planName === undefined ? '' : planKey(planName)))
  plans.delete('')
  return [...plans].map(([key, rows]) => {
    const prices = rows.flatMap(({ price }) => (price === undefined ? [] : [price]))
    const price = mostFrequent(prices, (a, b) => a - b)
    return {
      key,
      name: mostFrequent(rows.map(({ planName = '' }) => planName)) ?? '',
      price: price === undefined ? undefined : rupiah(price),
      months: 1,
      customers: rows.length,
      ownPrices: prices.filter((other) => other !== price).length,
    }
  })
}

/** The value that occurs most; in a tie the first by `order`, without one the first that appeared. */
function mostFrequent<T>(values: readonly T[], order: (a: T, b: T) => number = () => 0): T | undefined {
  const counts = [...Map.groupBy(values, (value) => value)]
  return counts.sort((a, b) => b[1].length - a[1].length || order(a[0], b[0]))[0]?.[0]
}
