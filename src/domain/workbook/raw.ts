import { addDays, type Day, day, daysBetween } from '../calendar.ts'

/** A cell as it is meant: dates only where the sheet shows one; a formula is its last result; texts as stored. */
export type Cell = string | number | boolean | Day | null

/**
 * A row that holds something; `number` as the sheet program shows it, `cells` by column, the last one not empty.
 * `merged` has, by column, the value of a cell above that is merged down over this row.
 */
export type SheetRow = {
  readonly number: number
  readonly cells: readonly Cell[]
  readonly merged?: ReadonlyMap<number, Cell>
}

/** A hidden sheet is read too; whoever reads its rows decides. */
export type Sheet = { readonly name: string; readonly hidden: boolean; readonly rows: readonly SheetRow[] }

/** A cell on its way between threads, where Temporal cannot pass: a date is the sheet program's day number. */
export type RawCell = string | number | boolean | null | { serial: number }

/** `merged` has, by column, the value of a cell above that is merged down over this row. */
export type RawRow = { number: number; cells: RawCell[]; merged?: Map<number, RawCell> }

export type RawSheet = { readonly name: string; readonly hidden: boolean; readonly rows: RawRow[] }

/** Why a file sent by a person cannot be read as a workbook. Each kind has its sentence in `REFUSALS`. */
export type RefusalKind = keyof typeof REFUSALS

/** What to tell the sender: why the file was not read, and the next step (voice.md, Forms: error). */
export const REFUSALS = {
  empty: 'File ini kosong. Kirim file .xlsx atau .csv yang berisi daftar pelanggan.',
  xls: 'File Excel lama (.xls) belum bisa saya baca. Buka di Excel, simpan sebagai .xlsx, lalu kirim lagi ke sini.',
  ods: 'File .ods belum bisa saya baca. Simpan sebagai .xlsx, lalu kirim lagi ke sini.',
  password: 'File ini dikunci kata sandi, jadi tidak bisa saya buka. Hapus kata sandinya, lalu kirim lagi ke sini.',
  damaged: 'File ini rusak atau tidak lengkap. Buka, simpan ulang sebagai .xlsx, lalu kirim lagi ke sini.',
  notSpreadsheet: 'Ini bukan file Excel atau CSV. Kirim daftar pelanggan sebagai file .xlsx atau .csv.',
  tooLarge:
    'File ini terlalu besar untuk dibaca (paling besar 10 MB). Sisakan daftar pelanggannya saja, lalu kirim lagi.',
  tooManyRows: 'File ini lebih dari 20.000 baris. Bagi menjadi beberapa file, lalu kirim satu per satu.',
  tooManyColumns: 'File ini lebih dari 200 kolom. Sisakan kolom data pelanggan saja, lalu kirim lagi.',
  tooSlow: 'File ini terlalu lama dibaca, jadi saya hentikan. Salin daftar pelanggannya ke file baru, lalu kirim lagi.',
} as const

/** Thrown deep inside reading, where the reason is known; it leaves the reader as a value. */
export class Unreadable extends Error {
  readonly kind: RefusalKind
  constructor(kind: RefusalKind, detail?: string) {
    super(detail ?? kind)
    this.kind = kind
  }
}

/** Non-empty rows of the whole file. Four times the largest business we know of, and still read in a second. */
const MAX_ROWS = 20_000

/** A column that holds something beyond this one is no customer's data: sheets in use have 5 to 30 columns. */
const MAX_COLUMNS = 200

/** Characters of all cells together, a cell counting one more: 400 for each of 20,000 rows. */
const MAX_CONTENT = 8_000_000

/** What was read out of one file so far. */
export type Budget = { rows: number; content: number }

/** Puts a value at its column, the gaps before it being empty. Throws `Unreadable` at the limits. */
export function addCell(budget: Budget, cells: RawCell[], column: number, value: RawCell): void {
  if (column >= MAX_COLUMNS) throw new Unreadable('tooManyColumns')
  countContent(budget, value)
  while (cells.length < column) cells.push(null)
  cells[column] = value
}

/** Counts a value that will be handed over. Throws `Unreadable` at the limit. */
export function countContent(budget: Budget, value: RawCell): void {
  budget.content += 1 + (typeof value === 'string' ? value.length : 0)
  if (budget.content > MAX_CONTENT) throw new Unreadable('tooLarge', 'cell content')
}

/** Counts a row that holds something. Throws `Unreadable` at the limit. */
export function countRow(budget: Budget): void {
  budget.rows += 1
  if (budget.rows > MAX_ROWS) throw new Unreadable('tooManyRows')
}

/** A sheet that came from a thread, or is read in one. */
export function receiveSheet(sheet: RawSheet): Sheet {
  return { ...sheet, rows: sheet.rows.map(receiveRow) }
}

function receiveRow({ number, cells, merged }: RawRow): SheetRow {
  const row = { number, cells: cells.map(receiveCell) }
  return merged ? { ...row, merged: new Map([...merged].map(([column, cell]) => [column, receiveCell(cell)])) } : row
}

function receiveCell(cell: RawCell): Cell {
  return cell !== null && typeof cell === 'object' ? dayOfSerial(cell.serial) : cell
}

export function sendCell(cell: Cell): RawCell {
  return cell instanceof Temporal.PlainDate ? { serial: serialOfDay(cell) } : cell
}

const SERIAL_ZERO = day('1899-12-30')

/** The day a sheet program means by a number: 46376 is 20 Dec 2026. */
export function dayOfSerial(serial: number): Day {
  // They believe in a 29 Feb 1900, so that days before it are one off; a lone "20" typed into a date cell is one.
  return addDays(SERIAL_ZERO, serial < 60 ? serial + 1 : serial)
}

function serialOfDay(date: Day): number {
  const serial = daysBetween(SERIAL_ZERO, date)
  return serial <= 60 ? serial - 1 : serial
}
