import {
  addDays,
  type Day,
  isAfter,
  isBefore,
  monthNumber,
  monthOf,
  nearestMonth,
  resolveDay,
  validDay,
} from '../calendar.ts'
import { type Rupiah, readRupiah, rupiah } from '../money.ts'
import { type Cell, dayOfSerial } from '../workbook/raw.ts'

/** A first due date as a sheet gives it: a day of every month, or one date (rules 11). */
export type Due = { readonly day: number } | { readonly date: Day }

/** The text of a cell as a person reads it: numbers plain, dates `20/12/2026`, no invisible characters. */
export function cellText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return ''
  if (cell instanceof Temporal.PlainDate) return `${cell.day}/${cell.month}/${cell.year}`
  if (cell === true) return 'ya'
  if (cell === false) return 'tidak'
  const text = String(cell)
    .replace(/\p{Cf}/gu, '')
    .replace(/\s+/g, ' ')
    .trim()
  // Some programs put an apostrophe before what could be a number or a formula.
  return text.replace(/^'(?=[\d=+@-])/, '')
}

/** What people write where there is nothing. */
export function isNothing(text: string): boolean {
  return /^(?:[-–—.\s]*|n\/?a|kosong|tidak ada|tdk ada)$/i.test(text)
}

/** A longer text is no day, month or price; patterns are not tried on it, since some take long on nonsense. */
const LONGEST_VALUE = 60

/** Lower case, so that words can be compared; empty when too long to be a value. */
function plain(text: string): string {
  return text.length > LONGEST_VALUE ? '' : text.normalize('NFKC').toLowerCase().trim()
}

/** Day numbers that stand for 2000 to 2100: a date whose cell lost its format. */
function isDateSerial(number: number): boolean {
  return number >= 36_526 && number <= 73_415
}

/** Words around the day in "Tiap tanggal 20", "tgl. 5 setiap bulannya". */
const DUE_WORDS =
  /(?<![a-z])(?:(?:jatuh|jth|jt) tempo|tempo|jt|setiap|tiap|pada|per|tanggal|tggl|tgl|tg|(?:bulan|bln) berjalan|bulannya|bulan|bln|ya)(?:2(?![a-z\d]))?(?![a-z])[.:]?/g

/** What somebody adds in brackets, "20 (dua puluh)"; but not what could be meant for the bill. */
const ASIDE = /\((?![^)]*(?:lunas|bayar|off|henti|cuti|stop|gratis))[^)\d]*\)/g

/**
 * Reads a due day in any of its forms: `20`, `tgl 20`, `Tiap tanggal 20`, a date, a date as text or as day
 * number. A past date is its day (rules 11). Nothing for what is none or could be two (`5-10`).
 */
export function readDue(cell: Cell, today: Day): Due | undefined {
  if (cell instanceof Temporal.PlainDate) return dueOn(cell, today)
  const text = plain(cellText(cell))
  if (/^(?:(?:tiap|setiap) )?(?:tgl |tanggal )?akhir(?: (?:bulan|bln))?$/.test(text)) return { day: 31 }
  const bare = text
    .replace(ASIDE, ' ')
    .replace(DUE_WORDS, ' ')
    .replace(/^[\s:=-]+|[\s/.,-]+$/g, '')
  if (/^\d{1,2}(?:[.,]0+|th|st|nd|rd)?$/.test(bare)) return dayNumber(Number.parseInt(bare, 10))
  const typed = readTyped(bare)
  if (!typed) return undefined
  if (typed instanceof Temporal.PlainDate) return dueOn(typed, today)
  const coming = resolveDay(today, typed, 'coming')
  if (!coming) return undefined
  // Without a year it is a date only when near; "5 Oktober" in December is the 5th, not ten free months.
  return isAfter(coming, addDays(today, 62)) ? dayNumber(typed.day) : { date: coming }
}

function dueOn(date: Day, today: Day): Due {
  return isBefore(date, today) ? { day: date.day } : { date }
}

function dayNumber(number: number): Due | undefined {
  return number >= 1 && number <= 31 ? { day: number } : undefined
}

/** Reads one day: a date, or one as text (`06/12/2021`, `3 Agustus 2024`, `2026-02-28`) or as day number. */
export function readDate(cell: Cell): Day | undefined {
  if (cell instanceof Temporal.PlainDate) return cell
  const typed = readTyped(plain(cellText(cell)))
  return typed instanceof Temporal.PlainDate ? typed : undefined
}

/** A whole date, or the day and month of one without its year. Day before month, always. */
function readTyped(text: string): Day | { day: number; month: number } | undefined {
  if (/^\d{5}(?:[.,]\d+)?$/.test(text)) {
    const serial = Number.parseInt(text, 10)
    return isDateSerial(serial) ? dayOfSerial(serial) : undefined
  }
  const bare = text
    .replace(/^(?:senin|selasa|rabu|kamis|jum'?at|sabtu|minggu|ahad)[,\s]+/, '')
    .replace(/[\s,]+\d{1,2}[:.]\d{2}(?:[:.]\d{2})?$/, '')
  const iso = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:t[\d:.z+]*)?$/.exec(bare)
  if (iso) return validDay(Number(iso[1]), Number(iso[2]), Number(iso[3]))
  const numeric = /^(\d{1,2})([-/. ])(\d{1,2})(?:\2(\d{4}|\d{2}))?$/.exec(bare)
  if (numeric) {
    const [, date = '', separator, month = '', year] = numeric
    // "5-10" and "5 10" could be a span of days.
    if (year === undefined && separator !== '/') return undefined
    return year === undefined ? { day: Number(date), month: Number(month) } : fullDate(date, Number(month), year)
  }
  // "20 Des 2026", and "Dec 20, 2026" as English programs write it.
  const named = /^(\d{1,2})[-/.\s]*([a-z]+)[-/.,\s']*(\d{4}|\d{2})?$/.exec(bare)
  const english = /^([a-z]+)[-/.\s]+(\d{1,2})(?:(?:,\s*|\s+)(\d{4}))?$/.exec(bare)
  const [date = '', word = '', year] = named ? named.slice(1) : english ? [english[2], english[1], english[3]] : []
  const month = monthNumber(word)
  if (month === undefined) return undefined
  return year === undefined ? { day: Number(date), month } : fullDate(date, month, year)
}

function fullDate(date: string, month: number, year: string): Day | undefined {
  return validDay(year.length === 2 ? 2000 + Number(year) : Number(year), month, Number(date))
}

/** Reads a month (its first day): a date in it, `Desember`, `Des 2026`, `12/2026`. Without a year the nearest. */
export function readMonth(cell: Cell, today: Day): Day | undefined {
  const date = readDate(cell)
  if (date) return monthOf(date)
  const text = plain(cellText(cell)).replace(/^(?:(?:s\/?d|sd|sampai|hingga|bulan|bln|akhir|tgl|tanggal)\s+)+/, '')
  const numeric = /^(?:(\d{1,2})[-/. ](\d{4})|(\d{4})[-/. ](\d{1,2}))$/.exec(text)
  if (numeric) return validDay(Number(numeric[2] ?? numeric[3]), Number(numeric[1] ?? numeric[4]), 1)
  const named = /^(?:\d{1,2}[-\s]+)?([a-z]+)[-/.,\s']*(\d{4}|\d{2})?$/.exec(text)
  const month = named?.[1] === undefined ? undefined : monthNumber(named[1])
  if (!named || month === undefined) return undefined
  return named[2] === undefined ? nearestMonth(today, month) : fullDate('1', month, named[2])
}

/** Less than this a month is rather thousands left out (150 for 150.000) than a price. */
const LOWEST_PRICE = 1_000

/** Reads a monthly price; 0 is free. Nothing for what is none, has cents, or is too low to be whole. */
export function readPrice(cell: Cell): Rupiah | undefined {
  const amount = readAmount(cell)
  return amount === undefined || (amount > 0 && amount < LOWEST_PRICE) ? undefined : amount
}

/** `150` in a list whose other prices have all their thousands: 150.000 with three zeros left out, or cut off. */
export function readThousands(cell: Cell): Rupiah | undefined {
  const amount = readAmount(cell)
  return amount !== undefined && amount >= 5 && amount < LOWEST_PRICE ? rupiah(amount * 1_000) : undefined
}

/** What says "free" in words, perhaps with the reason in brackets; but not "gratis bulan depan". */
export function isFree(text: string): boolean {
  return /^(?:gratis|free|digratiskan|bebas (?:iuran|biaya))(?:\s*\([^)]*\))?\.?$/i.test(text.trim())
}

function readAmount(cell: Cell): Rupiah | undefined {
  if (typeof cell === 'number') return readNumber(cell)
  const text = plain(cellText(cell))
    .replace(ASIDE, ' ')
    .trim()
    .replace(/\s*(?:\/|per|se)\s*(?:bulan|bln|bl|month)\.?$/, '')
    .replace(/^@\s*/, '')
    .replace(/;-$/, ',-')
    // "150.OOO", "150 000", "150'000"
    .replace(/(?<=\d[.,]?o*)o/g, '0')
    .replace(/(?<=\d)[ '’](?=\d{3}(?!\d))/g, '.')
    .replace(/(?<=\d{4})\.00?$/, '')
  return readRupiah(text)
}

function readNumber(value: number): Rupiah | undefined {
  return Number.isSafeInteger(value) && value >= 0 ? readRupiah(String(rupiah(value))) : undefined
}

const NUMERIC_DATE = /^(\d{1,2})\/(\d{1,2})\/(\d{4}|\d{2})$/

/** Whether the texts of a column are dates as an American program writes them: several of them can be nothing else. */
export function isMonthFirst(cells: readonly Cell[]): boolean {
  const dates = cells.flatMap((cell) => (typeof cell === 'string' ? (NUMERIC_DATE.exec(cell.trim()) ?? []) : []))
  const parts = Array.from({ length: dates.length / 4 }, (_, at) => [
    Number(dates[at * 4 + 1]),
    Number(dates[at * 4 + 2]),
  ])
  return parts.every(([first = 0]) => first <= 12) && parts.filter(([, second = 0]) => second > 12).length >= 2
}

/** `12/25/2026` as the day it is in a column of such dates. */
export function readMonthFirst(cell: Cell): Cell {
  const [, month = '', date = '', year = ''] = (typeof cell === 'string' && NUMERIC_DATE.exec(cell.trim())) || []
  return year === '' ? cell : (fullDate(date, Number(month), year) ?? cell)
}
