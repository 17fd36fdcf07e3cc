import { CsvError, parse } from 'csv-parse/sync'
import { addCell, type Budget, countRow, type RawCell, type RawSheet, Unreadable } from './raw.ts'

const DELIMITERS = [',', ';', '\t', '|']

const LINE_END = /\r\n|\n|\r/

/** Lines on which the delimiter is judged: enough to get past titles, few enough to be quick. */
const SAMPLE_LINES = 200

/** Characters on which the delimiter is judged, should the lines be very long. */
const SAMPLE_LENGTH = 200_000

/** Reads a .csv in any of the usual encodings and delimiters. All cells are text. Throws `Unreadable`. */
export function readCsv(bytes: Buffer, name: string): RawSheet[] {
  let text = decodeText(bytes)
  // Excel's own hint, which it hides: "sep=;".
  const hint = /^sep=(.)\r?\n/i.exec(text)
  if (hint) text = text.slice(hint[0].length)
  const delimiter = hint?.[1] ?? findDelimiter(text)
  return [{ name, hidden: false, rows: readRows(text, delimiter) }]
}

/** UTF-8 or UTF-16 by mark, UTF-16 by its zero bytes, UTF-8 when valid, else Windows-1252. Throws for binary. */
function decodeText(bytes: Buffer): string {
  // The decoder drops the mark at the beginning.
  const text = new TextDecoder(encodingOf(bytes)).decode(bytes)
  if (/[^\P{Cc}\t\n\v\f\r]/u.test(text)) throw new Unreadable('notSpreadsheet', 'binary')
  return text
}

function encodingOf(bytes: Buffer): string {
  const mark = bytes.toString('hex', 0, 3)
  if (mark === 'efbbbf') return 'utf-8'
  if (mark.startsWith('fffe')) return 'utf-16le'
  if (mark.startsWith('feff')) return 'utf-16be'
  const start = bytes.subarray(0, 400)
  const zeros = (parity: number) => start.filter((byte, index) => byte === 0 && index % 2 === parity).length
  // Latin letters in UTF-16 have a zero byte each, always on the same side.
  const most = start.length * 0.35
  if (zeros(1) > most && zeros(0) === 0) return 'utf-16le'
  if (zeros(0) > most && zeros(1) === 0) return 'utf-16be'
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return 'utf-8'
  } catch {
    return 'windows-1252'
  }
}

/**
 * The delimiter that gives the most lines the same number of columns, two at least. Prices with commas
 * ("Rp 110.000,00") would win by mere count.
 */
function findDelimiter(text: string): string {
  const sample = text.slice(0, SAMPLE_LENGTH).split(LINE_END, SAMPLE_LINES).join('\n')
  let best = { delimiter: ',', lines: 0, columns: 1 }
  for (const delimiter of DELIMITERS) {
    const lines = new Map<number, number>()
    eachRecord(sample, delimiter, ({ length }) => {
      if (length > 1) lines.set(length, (lines.get(length) ?? 0) + 1)
    })
    for (const [columns, count] of lines) {
      if (count > best.lines || (count === best.lines && columns > best.columns))
        best = { delimiter, lines: count, columns }
    }
  }
  return best.delimiter
}

function readRows(text: string, delimiter: string): RawSheet['rows'] {
  let rows: RawSheet['rows'] = []
  let budget: Budget
  let number = 0
  const begin = () => {
    rows = []
    budget = { rows: 0, content: 0 }
    number = 0
  }
  begin()
  eachRecord(
    text,
    delimiter,
    (record) => {
      number += 1
      const cells: RawCell[] = []
      for (const [column, value] of record.entries()) if (value !== '') addCell(budget, cells, column, value)
      if (cells.length === 0) return
      countRow(budget)
      rows.push({ number, cells })
    },
    begin,
  )
  return rows
}

/**
 * Hands over record by record; empty ones too, because a row's number counts them. `restart` is called when
 * everything begins again.
 */
function eachRecord(text: string, delimiter: string, take: (record: string[]) => void, restart = () => {}): void {
  try {
    parseStrictly(text, delimiter, take)
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    // A stray quote (;"Pak RT;) would swallow the lines up to the next one, so each line is read for itself.
    restart()
    for (const line of text.split(LINE_END)) {
      if (line === '') take([])
      else takeLine(line, delimiter, take)
    }
  }
}

function takeLine(line: string, delimiter: string, take: (record: string[]) => void): void {
  try {
    parseStrictly(line, delimiter, take)
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    take(line.split(delimiter))
  }
}

function parseStrictly(text: string, delimiter: string, take: (record: string[]) => void): void {
  const on_record = (record: string[]) => {
    take(record)
    return null
  }
  parse(text, { delimiter, relax_column_count: true, on_record })
}
