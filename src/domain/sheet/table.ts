import { readPhones } from '../phone.ts'
import type { Sheet, SheetRow } from '../workbook/raw.ts'
import {
  type Column,
  type ColumnAnswers,
  type ColumnQuestion,
  headingCells,
  headingsOf,
  mapColumns,
  meaningsOf,
} from './columns.ts'
import { type Field, fieldsOf, headingWords, isNameHeading } from './heading.ts'
import { cellText } from './values.ts'

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
  readonly unclear: readonly ColumnQuestion[]
}

/** Besides a name one of these makes a sheet one of customers; name and price alone could be takings or a price list. */
const OF_CUSTOMERS: readonly Field[] = ['phone', 'address', 'area', 'due', 'plan', 'number', 'status', 'email']

/** Finds the lists of customers in a workbook: below titles, on any sheet, several on one. None: an empty array. */
export function findTables(sheets: readonly Sheet[], answers: ColumnAnswers = {}): Table[] {
  // What the owner has hidden counts only when nothing else is there, and a list whose names we must ask for likewise.
  for (const hasHeader of [isHeader, isNamelessHeader]) {
    for (const hidden of [false, true]) {
      const shown = sheets.filter((sheet) => sheet.hidden === hidden)
      const tables = shown.flatMap((sheet) => tablesOf(sheet, answers, hasHeader))
      if (tables.length > 0) return onlyCustomers(tables)
    }
  }
  return []
}

/** Where a sheet lists customers, other sheets with names alone (takings, staff) are none of them. */
function onlyCustomers(tables: Table[]): Table[] {
  const isOfCustomers = ({ columns }: Table) => columns.some(({ field }) => OF_CUSTOMERS.includes(field))
  const ofCustomers = new Set(tables.filter(isOfCustomers).map(({ sheet }) => sheet))
  return ofCustomers.size > 0 ? tables.filter(({ sheet }) => ofCustomers.has(sheet)) : tables
}

/** Rows above a list in which its year is looked for. */
const MAX_TITLE_ROWS = 20

type HeaderTest = (row: SheetRow, below: SheetRow | undefined) => boolean

function tablesOf(sheet: Sheet, answers: ColumnAnswers, hasHeader: HeaderTest): Table[] {
  const lists: { header: SheetRow; rows: SheetRow[] }[] = []
  for (const [index, row] of sheet.rows.entries()) {
    if (hasHeader(row, sheet.rows[index + 1])) lists.push({ header: row, rows: [] })
    else lists.at(-1)?.rows.push(row)
  }
  if (lists.length === 0 && hasHeader === isHeader) {
    const start = sheet.rows.findIndex(isLoneName)
    const header = sheet.rows[start]
    if (header) lists.push({ header, rows: sheet.rows.slice(start + 1) })
  }
  const first = lists[0]?.header.number ?? 0
  const above = sheet.rows.slice(0, MAX_TITLE_ROWS).filter(({ number }) => number < first)
  const titles = [sheet.name, ...above.flatMap(({ cells }) => cells.map(cellText))].join(' ')
  const last = sheet.rows.at(-1)?.number ?? 0
  const tables = lists.map(({ header, rows }, index) => {
    const next = lists[index + 1]?.header.number ?? last + 1
    const height = next - header.number - 1
    return { sheet, titles, header, rows, height, ...mapColumns(headingsOf(header, rows), answers) }
  })
  const isNamed = ({ columns, unclear }: Table) =>
    columns.some(({ field }) => field === 'name') || unclear.some(({ field }) => field === 'name')
  return tables.every(isNamed) ? tables : []
}

/** A row of headings: a name and a phone or two more fields, or half of what stands there (others have modems and passwords). */
function isHeader(row: SheetRow): boolean {
  const cells = headingCells(row)
  if (!cells.some(({ cell }) => typeof cell === 'string' && isNameHeading(headingWords(cell)))) return false
  const known = cells.map(({ cell }) => meaningsOf(cell)).filter((fields) => fields.length > 0)
  const fields = new Set(known.map((could) => could.join()))
  if (!fields.has('name')) return false
  return fields.size >= 3 || fields.has('phone') || (fields.size === 2 && known.length >= cells.length / 2)
}

/** Headings without one for the name: three that we know, or one for a phone with a phone right below. */
function isNamelessHeader(row: SheetRow, below: SheetRow | undefined): boolean {
  const cells = headingCells(row)
  if (cells.length < 2 || !cells.every(({ cell }) => typeof cell === 'string' && /\p{L}/u.test(cell))) return false
  const known = cells.filter(({ cell }) => meaningsOf(cell).length > 0)
  if (new Set(known.map(({ cell }) => meaningsOf(cell).join())).size >= 3) return true
  return known.some(({ index, cell }) => meaningsOf(cell)[0] === 'phone' && isPhone(cellText(below?.cells[index])))
}

function isPhone(text: string): boolean {
  return readPhones(text).phones.length > 0
}

function isLoneName(row: SheetRow): boolean {
  const cells = row.cells.filter((cell) => cell !== null)
  return cells.length === 1 && fieldsOf(headingWords(cellText(cells[0])))[0] === 'name'
}

/** The headings of a list by column, with empty texts for columns without one. */
export function headingTexts({ header }: Table): string[] {
  const texts: string[] = []
  for (const { index, cell } of headingCells(header)) texts[index] = cellText(cell)
  return Array.from(texts, (text) => text ?? '')
}
