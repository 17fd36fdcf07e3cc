import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import ExcelJS from 'exceljs'
import type { RawCell } from './raw.ts'

/** How the cells of a column are shown. The value decides what a cell is: a date in a text column stays a date. */
type ColumnKind = 'text' | 'day' | 'rupiah' | 'count'

/** A workbook of one sheet; widths are in characters. */
export type WorkbookSpec = {
  readonly sheetName: string
  readonly columns: readonly { readonly header: string; readonly width: number; readonly kind: ColumnKind }[]
}

/** Text format (`@`): a text like `=1+1` stays one even when somebody edits the cell. */
const TEXT = '@'
const DAY = 'dd/mm/yyyy'

/** A sheet has 1,048,576 rows, the header one of them. Excel drops what is beyond without a word. */
const MAX_ROWS_WRITTEN = 1_048_575

/** The longest text a cell holds; a file with a longer one is called damaged by Excel. */
const MAX_TEXT_LENGTH = 32_767

/** Writes rows as they come. Only plain values reach exceljs: an object would become a live formula or link (S16). */
export function openWriter(spec: WorkbookSpec) {
  const stream = new PassThrough()
  const file = buffer(stream)
  const workbook = new ExcelJS.stream.xlsx.WorkbookWriter({ stream, useStyles: true, useSharedStrings: true })
  workbook.creator = 'Tagih'
  const sheet = workbook.addWorksheet(cleanSheetName(spec.sheetName), { views: [{ state: 'frozen', ySplit: 1 }] })
  sheet.columns = spec.columns.map(({ width }) => ({ width }))
  const header = sheet.addRow(spec.columns.map((column) => cleanText(column.header)))
  header.font = { bold: true, name: 'Calibri', size: 11 }
  header.commit()
  let count = 0
  return {
    add(rows: RawCell[][]): void {
      for (const cells of rows) {
        count += 1
        if (count > MAX_ROWS_WRITTEN) throw new Error(`a sheet holds ${MAX_ROWS_WRITTEN} rows`)
        addRow(sheet, cells, spec)
      }
    },
    async close(): Promise<Uint8Array<ArrayBuffer>> {
      sheet.autoFilter = { from: { row: 1, column: 1 }, to: { row: count + 1, column: spec.columns.length } }
      sheet.commit()
      await workbook.commit()
      return new Uint8Array(await file)
    },
  }
}

function addRow(sheet: ExcelJS.Worksheet, cells: RawCell[], spec: WorkbookSpec): void {
  if (cells.length !== spec.columns.length) throw new Error(`${cells.length} cells for ${spec.columns.length} columns`)
  const row = sheet.addRow(cells.map(plainValue))
  for (const [index, value] of cells.entries()) {
    if (value === null) continue
    row.getCell(index + 1).numFmt = formatOf(value, spec.columns[index]?.kind ?? 'text')
  }
  row.commit()
}

function plainValue(value: RawCell): string | number | boolean | null {
  if (typeof value === 'string') return escapeControls(cleanText(value))
  return value !== null && typeof value === 'object' ? value.serial : value
}

function formatOf(value: RawCell, kind: ColumnKind): string {
  if (typeof value === 'string') return TEXT
  if (value !== null && typeof value === 'object') return DAY
  if (kind === 'rupiah' || kind === 'count') return '#,##0'
  // A phone kept as a number shows all its digits.
  return Number.isInteger(value) ? '0' : 'General'
}

/** XML cannot carry control characters nor half a surrogate pair. */
function cleanText(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu, '')
    .slice(0, MAX_TEXT_LENGTH)
}

/** XML turns a carriage return into a line end, so Excel writes `_x000D_`, and `_x005F_` before what looks like that. */
function escapeControls(text: string): string {
  return text.replace(/_(?=x[0-9a-f]{4}_)/gi, '_x005F_').replaceAll('\r', '_x000D_')
}

/** A name that sheet programs accept: at most 31 characters, none of `[]*?:/\`, no quotes at the ends (S18). */
function cleanSheetName(name: string): string {
  const clean = cleanText(name)
    .replace(/[[\]*?:/\\\t\r\n]/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^[\s']+/, '')
    .slice(0, 31)
    .replace(/[\s']+$/, '')
  return clean === '' || /^history$/i.test(clean) ? 'Lembar 1' : clean
}
