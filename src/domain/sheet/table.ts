import { readPhones } from '../phone.ts'
import type { Cell, Sheet, SheetRow } from '../workbook.ts'
import { type Field, fieldsOf, headingWords, isNameHeading } from './heading.ts'
import { monthOfHeading } from './remarks.ts'
import { cellText, isNothing } from './values.ts'

/** A column of a customer table. `month` is the month a heading like "Status Desember" names. */
export type Column = {
  readonly index: number
  readonly heading: string
  readonly field: Field
  readonly month?: { month: number; year?: number }
}

/** A heading that could mean two things; the answer goes back into `findTables`. */
export type UnclearColumn = { readonly sheet: string; readonly heading: string; readonly could: readonly Field[] }

/** One list of customers: its header row and what stands below, up to the next header or the end of the sheet. */
export type Table = {
  readonly sheet: Sheet
  /** The sheet's name and what stands above its first header. */
  readonly titles: string
  readonly header: SheetRow
  readonly rows: readonly SheetRow[]
  /** How many rows stand below the header, empty ones included. */
  readonly height: number
  readonly columns: readonly Column[]
  readonly unclear: readonly UnclearColumn[]
}

/** What was answered about unclear columns: the heading as written, and its field. */
export type ColumnAnswers = Readonly<Record<string, Field>>

/** Besides a name one of these makes a sheet one of customers; name and price alone could be takings or a price list. */
const OF_CUSTOMERS: readonly Field[] = ['phone', 'address', 'area', 'due', 'plan', 'number', 'status', 'email']

/** Finds the lists of customers in a workbook: below titles, on any sheet, several on one. None: an empty array. */
export function findTables(sheets: readonly Sheet[], answers: ColumnAnswers = {}): Table[] {
  const ofSheets = (hidden: boolean) =>
    sheets.filter((sheet) => sheet.hidden === hidden).flatMap((sheet) => tablesOf(sheet, answers))
  const visible = ofSheets(false)
  // What the owner has hidden counts only when nothing else is there.
  const tables = visible.length > 0 ? visible : ofSheets(true)
  const isOfCustomers = ({ columns }: Table) => columns.some(({ field }) => OF_CUSTOMERS.includes(field))
  const ofCustomers = new Set(tables.filter(isOfCustomers).map(({ sheet }) => sheet))
  return ofCustomers.size > 0 ? tables.filter(({ sheet }) => ofCustomers.has(sheet)) : tables
}

/** Rows above a list in which its year is looked for. */
const MAX_TITLE_ROWS = 20

function tablesOf(sheet: Sheet, answers: ColumnAnswers): Table[] {
  const lists: { header: SheetRow; rows: SheetRow[] }[] = []
  for (const row of sheet.rows) {
    if (isHeader(row)) lists.push({ header: row, rows: [] })
    else lists.at(-1)?.rows.push(row)
  }
  if (lists.length === 0) {
    const start = sheet.rows.findIndex(isLoneName)
    const header = sheet.rows[start]
    if (header) lists.push({ header, rows: sheet.rows.slice(start + 1) })
  }
  const first = lists[0]?.header.number ?? 0
  const above = sheet.rows.slice(0, MAX_TITLE_ROWS).filter(({ number }) => number < first)
  const titles = [sheet.name, ...above.flatMap(({ cells }) => cells.map(cellText))].join(' ')
  const last = sheet.rows.at(-1)?.number ?? 0
  return lists.map(({ header, rows }, index) => {
    const next = lists[index + 1]?.header.number ?? last + 1
    return {
      sheet,
      titles,
      header,
      rows,
      height: next - header.number - 1,
      ...mapColumns(sheet, header, rows, answers),
    }
  })
}

/** A row of headings: a name and two more fields, or half of what stands there (others have modems and passwords). */
function isHeader(row: SheetRow): boolean {
  const cells = headingCells(row)
  if (!cells.some(({ cell }) => typeof cell === 'string' && isNameHeading(headingWords(cell)))) return false
  const known = cells.map(({ cell }) => meaningsOf(cell)).filter((fields) => fields.length > 0)
  const fields = new Set(known.map((could) => could.join()))
  return fields.has('name') && (fields.size >= 3 || (fields.size === 2 && known.length >= cells.length / 2))
}

function isLoneName(row: SheetRow): boolean {
  const cells = row.cells.filter((cell) => cell !== null)
  return cells.length === 1 && fieldsOf(headingWords(cellText(cells[0])))[0] === 'name'
}

function meaningsOf(cell: Cell): readonly Field[] {
  return monthOf(cell) ? ['paidMonth'] : fieldsOf(headingWords(cellText(cell)))
}

/** The month a heading names; "Jan 26" is a date to sheet programs. */
function monthOf(cell: Cell): Column['month'] {
  if (cell instanceof Temporal.PlainDate) return { month: cell.month, year: cell.year }
  return monthOfHeading(headingWords(cellText(cell)))
}

/** The headings of a row; one that is merged over two rows of headings counts in both. */
function headingCells(row: SheetRow): { index: number; cell: Cell }[] {
  const width = Math.max(row.cells.length, ...[...(row.merged?.keys() ?? [])].map((column) => column + 1))
  const cells = Array.from({ length: width }, (_, index) => ({ index, cell: mergedCell(row, index) }))
  return cells.filter(({ cell }) => cell !== null)
}

/** The headings of a list by column, with empty texts for columns without one. */
export function headingTexts({ header }: Table): string[] {
  const texts: string[] = []
  for (const { index, cell } of headingCells(header)) texts[index] = cellText(cell)
  return Array.from(texts, (text) => text ?? '')
}

/** The value of a cell; where cells are merged downwards it is the uppermost one's. */
export function mergedCell(row: SheetRow, index: number): Cell {
  return row.cells[index] ?? row.merged?.get(index) ?? null
}

/** Fields of which a customer has one: the first column that says so has it. */
const SINGLE: readonly Field[] = [
  'number',
  'name',
  'address',
  'plan',
  'price',
  'due',
  'paidUntil',
  'startedOn',
  'email',
]

/** A second column of these is money in doubt, and asked about. */
const COSTLY: readonly Field[] = ['price', 'due', 'plan']

function mapColumns(sheet: Sheet, header: SheetRow, rows: readonly SheetRow[], answers: ColumnAnswers) {
  const columns: Column[] = []
  const unclear: UnclearColumn[] = []
  const vague: { index: number; heading: string; could: readonly Field[] }[] = []
  const has = (field: Field) => columns.some((column) => column.field === field)
  for (const { index, cell } of headingCells(header)) {
    const heading = cellText(cell)
    const could = Object.hasOwn(answers, heading) ? [answers[heading] as Field] : meaningsOf(cell)
    const [field] = could
    if (!field) continue
    if (could.length > 1) vague.push({ index, heading, could })
    else if (!SINGLE.includes(field) || !has(field)) columns.push({ index, heading, field, month: monthOf(cell) })
    else if (COSTLY.includes(field)) unclear.push({ sheet: sheet.name, heading, could })
  }
  for (const { index, heading, could } of vague) {
    const rivals = vague.filter((other) => other.could === could).length - 1
    const values = rows.map((row) => row.cells[index] ?? null).filter((cell) => !isNothing(cellText(cell)))
    const field = decideByContent(could, values, has, rivals)
    if (field === 'unclear') unclear.push({ sheet: sheet.name, heading, could })
    else if (field) columns.push({ index, heading, field })
  }
  return { columns: columns.sort((a, b) => a.index - b.index), unclear }
}

/** What a vague heading means by what stands below it; nothing when that does not matter. */
function decideByContent(
  could: readonly Field[],
  values: Cell[],
  has: (field: Field) => boolean,
  rivals: number,
): Field | 'unclear' | undefined {
  if (values.length === 0) return undefined
  const texts = values.map(cellText)
  if (could.includes('rowNumber')) {
    if (share(texts, (text) => readPhones(text).phones.length > 0) > 0.6) return 'phone'
    return has('number') || isRunning(texts) ? 'rowNumber' : 'number'
  }
  if (could.includes('due')) {
    if (has('due')) return undefined
    const isDay = (text: string) => /^(?:(?:tiap|setiap) )?(?:(?:tgl|tanggal)\.? ?)?\d{1,2}$/i.test(text)
    return share(texts, isDay) > 0.8 ? 'due' : 'unclear'
  }
  if (has('price')) return undefined
  return rivals > 0 ? 'unclear' : 'price'
}

function share(texts: string[], is: (text: string) => boolean): number {
  return texts.filter(is).length / texts.length
}

/**
 * Row numbers: whole, and spread hardly wider than the rows, so that deleted rows do no harm. Below a repeated
 * header they go on from where they were (rules 39).
 */
function isRunning(texts: string[]): boolean {
  if (!texts.every((text) => /^\d{1,6}\.?$/.test(text))) return false
  const numbers = texts.map((text) => Number.parseInt(text, 10))
  const spread = numbers.reduce((a, b) => Math.max(a, b)) - numbers.reduce((a, b) => Math.min(a, b))
  return spread <= 2 * numbers.length + 10
}
