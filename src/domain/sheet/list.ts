import type { Day } from '../calendar.ts'
import { type CustomerFacts, readCustomers, type SheetReading, type SheetRefusal } from '../sheet.ts'
import type { Cell, Sheet } from '../workbook/raw.ts'
import type { ColumnAnswers } from './columns.ts'
import { type DebtRow, readDebts } from './debts.ts'
import type { ProblemKind } from './row.ts'

/** A value as it is kept and as it travels between threads: days are texts. */
export type PlainCell = string | number | boolean | null

/** A row of the file with what was read from it, as it is kept; `facts` have their days as texts. */
export type ReadRow = { sheet: string; rowNumber: number; table: number; cells: PlainCell[] } & (
  | { outcome: 'ready'; facts: Record<string, unknown>; doubts: readonly string[] }
  | { outcome: 'rejected'; kind: ProblemKind; value: string; reason: string }
)

/** Customers: the rows as they are kept, the rest of the reading as it is. */
export type CustomerList = { kind: 'customers'; reading: Omit<SheetReading, 'rows'>; rows: ReadRow[] }

/** What a file holds: customers, debts that come back, or neither. */
export type ListReading = CustomerList | { kind: 'debts'; rows: DebtRow[] } | SheetRefusal

/** Reads whichever list there is. Runs in the thread that has read the file, so that no chat waits for it. */
export function readSheets(sheets: readonly Sheet[], today: Day, answers: ColumnAnswers): ListReading {
  const debts = readDebts(sheets)
  if (debts) return { kind: 'debts', rows: debts }
  const read = readCustomers(sheets, today, answers)
  return 'refused' in read ? read : keepReading(read)
}

/** A reading as it is kept. */
export function keepReading({ rows, ...reading }: SheetReading): CustomerList {
  return { kind: 'customers', reading, rows: rows.map(keepRow) }
}

function keepRow(row: SheetReading['rows'][number]): ReadRow {
  const { sheet, rowNumber, table } = row
  const place = { sheet, rowNumber, table, cells: row.cells.map(keepCell) }
  if (row.outcome === 'rejected') return { ...place, outcome: 'rejected', ...row.problem, reason: row.reason }
  return { ...place, outcome: 'ready', facts: keepFacts(row.facts), doubts: row.doubts }
}

/** Dates go back as people write them, so that a returned file reads like the one that was sent. */
function keepCell(cell: Cell): PlainCell {
  if (!(cell instanceof Temporal.PlainDate)) return cell
  return [cell.day, cell.month]
    .map((part) => String(part).padStart(2, '0'))
    .concat(String(cell.year))
    .join('/')
}

function keepFacts(facts: CustomerFacts): Record<string, unknown> {
  return JSON.parse(JSON.stringify(facts))
}
