import { type Attributes, localName, openParts, type Parts, scanPart } from './parts.ts'
import {
  addCell,
  type Budget,
  countContent,
  countRow,
  type RawCell,
  type RawRow,
  type RawSheet,
  Unreadable,
} from './raw.ts'

/**
 * Reads the sheets of an .xlsx with yauzl and saxes instead of exceljs: that loads all of it into memory (1.7 GB for
 * 6 MB), its streaming reader loses inline strings and, by the order of the files in the zip, dates; both expand
 * hostile ranges. What is read here is small: text, numbers, booleans, dates, merges. Throws `Unreadable`, and
 * other errors when the file is damaged.
 */
export async function readXlsx(bytes: Buffer): Promise<RawSheet[]> {
  const parts = await openParts(bytes)
  const main = (await relationships(parts, '')).find((link) => link.type === 'officeDocument')?.target
  const workbookPath = main && parts.entries.has(main) ? main : 'xl/workbook.xml'
  if (!parts.entries.has(workbookPath))
    throw new Unreadable(parts.entries.has('xl/workbook.bin') ? 'xls' : 'notSpreadsheet')
  const links = await relationships(parts, workbookPath)
  const ofType = (type: string) => links.find((link) => link.type === type)?.target
  const { sheets, date1904 } = await readWorkbookXml(parts, workbookPath)
  const shared = await readSharedStrings(parts, ofType('sharedStrings'))
  const isDate = await readDateStyles(parts, ofType('styles'))
  const budget: Budget = { rows: 0, content: 0 }
  const read: RawSheet[] = []
  for (const sheet of sheets) {
    const link = links.find(({ id, type }) => id === sheet.link && type === 'worksheet')
    if (!link) continue
    const rows = await readSheet(parts, link.target, { shared, isDate, date1904, budget })
    read.push({ name: sheet.name, hidden: sheet.hidden, rows })
  }
  return read
}

type Relationship = { id: string; type: string; target: string }

/** Where the parts of a file are; the empty path is the workbook as a whole. */
async function relationships(parts: Parts, path: string): Promise<Relationship[]> {
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  const found: Relationship[] = []
  const open = (tag: string, { Id: id = '', Type: type = '', Target: target = '' }: Attributes) => {
    if (tag !== 'Relationship') return
    found.push({
      id,
      type: type.slice(type.lastIndexOf('/') + 1),
      target: target.startsWith('/') ? target.slice(1) : resolvePath(folder, target),
    })
  }
  await scanPart(parts, `${folder}_rels/${path.slice(folder.length)}.rels`, { open })
  return found
}

function resolvePath(folder: string, target: string): string {
  return new URL(target, `zip:///${folder}`).pathname.slice(1)
}

async function readWorkbookXml(parts: Parts, path: string) {
  const sheets: { name: string; link: string; hidden: boolean }[] = []
  let date1904 = false
  const open = (tag: string, attributes: Attributes) => {
    if (tag === 'workbookPr') date1904 = isTrue(attributes.date1904)
    if (tag !== 'sheet') return
    const { name = '', state = 'visible' } = attributes
    // It is `r:id`, by whatever prefix the program chose.
    const [, link = ''] = Object.entries(attributes).find(([key]) => localName(key) === 'id') ?? []
    sheets.push({ name, link, hidden: state !== 'visible' })
  }
  await scanPart(parts, path, { open })
  return { sheets, date1904 }
}

function isTrue(value: string | undefined): boolean {
  return value === '1' || value === 'true'
}

/** The texts that cells point to, in order; rich text becomes plain, phonetic readings are left out. */
async function readSharedStrings(parts: Parts, path: string | undefined): Promise<string[]> {
  const strings: string[] = []
  const item = stringCollector()
  await scanPart(parts, path, {
    open: (tag) => (tag === 'si' ? item.start() : item.open(tag)),
    close: (tag) => (tag === 'si' ? strings.push(item.end()) : item.close(tag)),
    text: item.text,
  })
  return strings
}

/** Joins the `<t>` texts of a string item (`<si>` or `<is>`). */
function stringCollector() {
  let parts = ''
  let inText = false
  let phonetic = false
  return {
    start: () => {
      parts = ''
      inText = false
    },
    open: (tag: string) => {
      if (tag === 't') inText = !phonetic
      if (tag === 'rPh') phonetic = true
    },
    close: (tag: string) => {
      if (tag === 't') inText = false
      if (tag === 'rPh') phonetic = false
    },
    text: (text: string) => {
      if (inText) parts += text
    },
    end: () => decodeControls(parts),
  }
}

/** Excel writes a carriage return inside a text as `_x000D_`. */
function decodeControls(text: string): string {
  if (!text.includes('_x')) return text
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Date formats that have a number instead of a code; 18 to 21 and 45 to 47 are times of day. */
const BUILT_IN_DATES = (id: number) =>
  (id >= 14 && id <= 17) || id === 22 || (id >= 27 && id <= 36) || (id >= 50 && id <= 58)

/** For each cell style whether it shows a number as a date. */
async function readDateStyles(parts: Parts, path: string | undefined): Promise<boolean[]> {
  const dateFormats = new Set<number>()
  const styles: boolean[] = []
  let inCellStyles = false
  const open = (tag: string, { formatCode = '', numFmtId }: Attributes) => {
    const id = Number(numFmtId)
    if (tag === 'numFmt' && isDateFormat(formatCode)) dateFormats.add(id)
    if (tag === 'cellXfs') inCellStyles = true
    if (tag === 'xf' && inCellStyles) styles.push(BUILT_IN_DATES(id) || dateFormats.has(id))
  }
  const close = (tag: string) => {
    if (tag === 'cellXfs') inCellStyles = false
  }
  await scanPart(parts, path, { open, close })
  return styles
}

/** Whether a format code shows a day, a named month or a year: `dd/mm/yyyy`, not `"Rp" #,##0` nor `hh:mm`. */
function isDateFormat(code: string): boolean {
  // Excel takes no longer ones.
  if (code.length > 255) return false
  const bare = code.replace(/"[^"]*"|\[[^\]]*\]|\\.|_.|\*./g, '').split(';', 1)[0] ?? ''
  return /[dy]|mmm/i.test(bare)
}

type SheetContext = {
  readonly shared: readonly string[]
  readonly isDate: readonly boolean[]
  readonly date1904: boolean
  readonly budget: Budget
}

async function readSheet(parts: Parts, path: string, context: SheetContext): Promise<RawRow[]> {
  const rows: RawRow[] = []
  const merges: string[] = []
  const inline = stringCollector()
  let row: RawRow = { number: 0, cells: [] }
  let cell = { column: -1, type: '', style: 0, value: '' }
  let inValue = false
  const open = (tag: string, { r: reference, t: type = 'n', s: style = '0', ref: merged = '' }: Attributes) => {
    if (tag === 'c') {
      const column = reference === undefined ? cell.column + 1 : columnIndex(reference)
      cell = { column, type, style: Number(style), value: '' }
      inline.start()
    } else if (tag === 'v') inValue = true
    else if (tag === 'row') {
      row = { number: Number(reference ?? row.number + 1), cells: [] }
      cell.column = -1
    } else if (tag === 'mergeCell') merges.push(merged)
    else inline.open(tag)
  }
  const close = (tag: string) => {
    if (tag === 'c') {
      const value = cell.type === 'inlineStr' ? inline.end() || null : cellValue(cell, context)
      if (value !== null) addCell(context.budget, row.cells, cell.column, value)
    } else if (tag === 'v') inValue = false
    else if (tag === 'row' && row.cells.length > 0) {
      countRow(context.budget)
      rows.push(row)
    } else inline.close(tag)
  }
  const text = (piece: string) => {
    if (inValue) cell.value += piece
    else inline.text(piece)
  }
  await scanPart(parts, path, { open, close, text })
  spreadMerges(rows, merges, context.budget)
  return rows
}

function cellValue(cell: { type: string; style: number; value: string }, context: SheetContext): RawCell {
  const { type, value } = cell
  if (value === '') return null
  if (type === 's') return context.shared[Number(value)] || null
  if (type === 'b') return isTrue(value)
  if (type !== 'n') return decodeControls(value)
  const number = Number(value)
  if (!Number.isFinite(number)) return value
  if (!context.isDate[cell.style]) return number
  const serial = Math.floor(number) + (context.date1904 ? 1462 : 0)
  // Below 1 it is a time of day, above the year 9999.
  return serial >= 1 && serial <= 2_958_465 ? { serial } : number
}

/** `C12` → 2. */
function columnIndex(reference: string): number {
  let column = 0
  for (const letter of /^[A-Z]{1,3}/.exec(reference)?.[0] ?? '') column = column * 26 + letter.charCodeAt(0) - 64
  if (column === 0) throw new Unreadable('damaged', `cell ${reference.slice(0, 20)}`)
  return column - 1
}

/** Rows that merged cells may cover, all together; merges of the whole sheet would be walked for ever. */
const MAX_MERGED_ROWS = 1_000_000

/** Where cells are merged over several rows, tells the lower rows the value of the uppermost. */
function spreadMerges(rows: readonly RawRow[], merges: readonly string[], budget: Budget): void {
  const byNumber = new Map(rows.map((row) => [row.number, row]))
  const end = rows.at(-1)?.number ?? 0
  let covered = 0
  for (const reference of merges) {
    const match = /^([A-Z]{1,3}\d{1,7}):[A-Z]{1,3}(\d{1,7})$/.exec(reference)
    const [, first = '', last] = match ?? []
    const firstRow = Number(first.replace(/\D/g, ''))
    const column = match ? columnIndex(first) : 0
    const value = byNumber.get(firstRow)?.cells[column] ?? null
    if (value === null) continue
    for (let number = firstRow + 1; number <= Math.min(Number(last), end); number++) {
      covered += 1
      if (covered > MAX_MERGED_ROWS) throw new Unreadable('damaged', 'merged cells')
      const row = byNumber.get(number)
      if (!row) continue
      countContent(budget, value)
      row.merged ??= new Map()
      row.merged.set(column, value)
    }
  }
}
