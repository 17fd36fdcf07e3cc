import { readFileSync } from 'node:fs'
import { day } from '../../src/domain/calendar.ts'
import {
  type ColumnAnswers,
  type CustomerFacts,
  type RowReading,
  readCustomers,
  type SheetReading,
} from '../../src/domain/sheet.ts'
import { type Cell, readWorkbook, type Sheet } from '../../src/domain/workbook.ts'

/** Sheets made of values, and what is read from them on one day. */
export const TODAY = day('2026-11-23')

export async function readSample(name: string, today = '2026-11-23'): Promise<SheetReading> {
  const bytes = readFileSync(new URL(`../data/${name}`, import.meta.url))
  const sheets = await readWorkbook(bytes, name)
  if ('refused' in sheets) throw new Error(sheets.detail)
  const reading = readCustomers(sheets, day(today))
  if ('refused' in reading) throw new Error(reading.sentence)
  return reading
}

export function sheet(name: string, rows: Cell[][]): Sheet {
  const numbered = rows.map((cells, index) => ({ number: index + 1, cells }))
  return {
    name,
    hidden: false,
    rows: numbered.filter(({ cells }) => cells.some((cell) => cell !== null && cell !== '')),
  }
}

export function read(...sheets: Sheet[]): SheetReading {
  return readWith({}, ...sheets)
}

export function readWith(answers: ColumnAnswers, ...sheets: Sheet[]): SheetReading {
  const reading = readCustomers(sheets, TODAY, answers)
  if ('refused' in reading) throw new Error(reading.sentence)
  return reading
}

/** One row beside a good one, with these cells instead of the usual ones. */
export function readRow(cells: Record<string, Cell>): RowReading {
  const usual: Record<string, Cell> = { Nama: 'Siti', 'No HP': '085700001199', Harga: 150_000, 'Jatuh Tempo': 20 }
  const row = { ...usual, ...cells }
  const other = Object.keys(row).map((heading) => usual[heading] ?? null)
  const reading = read(sheet('S', [Object.keys(row), other, Object.values(row)]))
  const found = reading.rows.find(({ rowNumber }) => rowNumber === 3)
  if (!found) throw new Error('the row was skipped')
  return found
}

export function factsOf(row: RowReading | undefined): CustomerFacts {
  if (row?.outcome !== 'ready') throw new Error(row ? row.reason : 'no such row')
  return row.facts
}

export function readyFacts(reading: SheetReading): CustomerFacts[] {
  return reading.rows.flatMap((row) => (row.outcome === 'ready' ? [row.facts] : []))
}

export function problems(reading: SheetReading) {
  return reading.rows.flatMap((row) => (row.outcome === 'rejected' ? [[row.rowNumber, row.problem.kind]] : []))
}

export function outcomes(reading: SheetReading) {
  return countBy(reading.rows, ({ outcome }) => outcome)
}

export function countBy<T>(values: readonly T[], key: (value: T) => string | undefined): Record<string, number> {
  const groups = Map.groupBy(values, (value) => String(key(value)))
  return Object.fromEntries([...groups].map(([name, group]) => [name, group.length]))
}
