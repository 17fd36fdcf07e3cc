import { addDays, type Day, formatDay, formatMonth, isAfter } from '../calendar.ts'
import { formatRupiah, type Rupiah, rupiah } from '../money.ts'
import { type Phone, readPhones } from '../phone.ts'
import type { Cell, SheetRow } from '../workbook/raw.ts'
import { type Column, mergedCell } from './columns.ts'
import { type Field, headingWords } from './heading.ts'
import { type Remarks, readActiveMark, readNote, readPaidMark, readStatus, type SheetStatus } from './remarks.ts'
import {
  cellText,
  type Due,
  isFree,
  isNothing,
  readDate,
  readDue,
  readMonth,
  readMonthFirst,
  readPrice,
  readThousands,
} from './values.ts'

/** What a row says about one customer. `paidUntil` is the first day of the last month paid (rules 11). */
export type CustomerFacts = {
  readonly number?: string
  readonly name: string
  readonly phones: readonly Phone[]
  readonly address?: string
  readonly area?: string
  readonly planName?: string
  readonly price?: Rupiah
  readonly due?: Due
  readonly paidUntil?: Day
  readonly paidThisMonth?: true
  readonly status: SheetStatus
  readonly startedOn?: Day
  readonly email?: string
  readonly note?: string
  readonly debtNote?: string
}

export type ProblemKind = 'noName' | 'phone' | 'price' | 'noPrice' | 'due' | 'noDue' | 'status' | 'paidUntil'

/** `doubts` are sentences without a full stop about what was read and should be looked at. */
export type Ready = { readonly outcome: 'ready'; readonly facts: CustomerFacts; readonly doubts: readonly string[] }

/** `problem` is the first of them, `reason` names all, as sentences for the file that goes back. */
export type Rejected = {
  readonly outcome: 'rejected'
  readonly problem: { readonly kind: ProblemKind; readonly value: string }
  readonly reason: string
}

/** What is known about the list a row stands in. */
export type RowContext = {
  readonly columns: readonly Column[]
  readonly today: Day
  /** The month of each column that is headed by one. */
  readonly months: ReadonlyMap<number, Day>
  readonly hasDue: boolean
  readonly hasPrice: boolean
  /** Prices written in full; `150` beside a 150.000 is one with its zeros left out. */
  readonly prices: ReadonlySet<number>
  /** Columns whose dates an American program wrote. */
  readonly monthFirst: ReadonlySet<number>
}

type Problem = { kind: ProblemKind; value: string; reason: string }

/** Problems and doubts of one row while it is read. */
type Findings = { problems: Problem[]; doubts: string[] }

/** Whether one of these fields holds something in a row. */
export function filled(row: SheetRow, columns: readonly Column[], fields: readonly Field[]): boolean {
  return columns.some(({ field, index }) => fields.includes(field) && !isNothing(cellText(row.cells[index])))
}

/** Reads one row. What costs money and cannot be read sends it back; what is merely odd is a doubt. */
export function readRow(row: SheetRow, context: RowContext): Ready | Rejected {
  const found: Findings = { problems: [], doubts: [] }
  const entries = entriesOf(row, context)
  const one = (field: Field) => entries.find((entry) => entry.column.field === field)
  const all = (field: Field) => entries.filter((entry) => entry.column.field === field)
  const facts: CustomerFacts = {
    number: one('number')?.text,
    name: readName(one('name'), found),
    phones: readPhoneEntries(all('phone'), found),
    address: one('address')?.text,
    area: readArea(all('area'), found),
    ...readCharge(one('plan'), one('price'), row, context, found),
    due: readDueEntry(one('due'), context, found),
    // Last, because a remark "gratis" says more than the price of the plan.
    ...readBilling(entries, context, found),
    startedOn: readStart(one('startedOn'), found),
    email: readEmail(one('email'), found),
  }
  const [problem] = found.problems
  if (!problem) return { outcome: 'ready', facts, doubts: found.doubts }
  const reason = found.problems.map((each) => each.reason).join(' ')
  return { outcome: 'rejected', problem: { kind: problem.kind, value: problem.value }, reason }
}

type Entry = { column: Column; cell: Cell; text: string }

/** Fields whose value a merged cell gives to every row it covers; a price or a name it does not. */
const SHARED_BY_MERGE: readonly Field[] = ['area', 'address', 'plan', 'due']

/** What a row says by itself, were it to stand alone: with what it shares with those above it. */
export function ownCells(row: SheetRow, columns: readonly Column[], width: number): Cell[] {
  const shared = new Set(columns.filter(({ field }) => SHARED_BY_MERGE.includes(field)).map(({ index }) => index))
  return Array.from({ length: Math.max(width, row.cells.length) }, (_, index) =>
    shared.has(index) ? mergedCell(row, index) : (row.cells[index] ?? null),
  )
}

function entriesOf(row: SheetRow, { columns, monthFirst }: RowContext): Entry[] {
  return columns.flatMap((column) => {
    const shared = SHARED_BY_MERGE.includes(column.field)
    const own = shared ? mergedCell(row, column.index) : (row.cells[column.index] ?? null)
    const cell = monthFirst.has(column.index) ? readMonthFirst(own) : own
    const text = cellText(cell)
    return isNothing(text) ? [] : [{ column, cell, text }]
  })
}

function readName(entry: Entry | undefined, { problems }: Findings): string {
  const name = entry?.text ?? ''
  if (!/\p{L}/u.test(name)) problems.push({ kind: 'noName', value: name, reason: 'Nama pelanggan belum diisi.' })
  return name
}

function readPhoneEntries(entries: readonly Entry[], { problems }: Findings): readonly Phone[] {
  const text = entries.map((entry) => entry.text).join(' / ')
  const { phones, unread } = readPhones(text)
  if (!unread) return phones
  const value = shorten(text)
  const reason = /\de\+?\d/i.test(value)
    ? `No HP "${value}" terpotong oleh Excel. Ubah kolomnya menjadi teks, lalu tulis lagi nomornya.`
    : `No HP "${value}" tidak terbaca. Tulis angkanya saja, contoh 085700001101, atau - kalau tidak ada.`
  problems.push({ kind: 'phone', value, reason })
  return []
}

/** What is quoted in a sentence of ours. */
function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text
}

/** A bare figure gets the word of its heading, so that "05/04" under "RT/RW" is "RT 05/04". */
function readArea(entries: readonly Entry[], { doubts }: Findings): string | undefined {
  const parts = entries.map(({ column, cell, text }) => {
    const words = headingWords(column.heading)
    const word = /\brt\b/.test(words) ? 'RT' : /\brw\b/.test(words) ? 'RW' : column.heading
    if (cell instanceof Temporal.PlainDate) {
      // Sheet programs turn "05/04" into the 5th of April.
      doubts.push(`${column.heading} tertulis sebagai tanggal (${formatDay(cell)})`)
      return `${word} ${twoDigits(cell.day)}/${twoDigits(cell.month)}`
    }
    return /^[\d\s/.-]+$/.test(text) ? `${word} ${text}` : text
  })
  return parts.length === 0 ? undefined : parts.join(' ')
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}

function readCharge(
  plan: Entry | undefined,
  price: Entry | undefined,
  row: SheetRow,
  { columns, hasPrice, prices }: RowContext,
  { problems, doubts }: Findings,
): Pick<CustomerFacts, 'planName' | 'price'> {
  const planName = plan && /[\p{L}\p{N}]/u.test(plan.text) ? plan.text : undefined
  if (columns.some(({ field, index }) => field === 'price' && row.merged?.has(index))) {
    const reason = 'Harganya digabung dengan baris di atas. Tulis harga tiap pelanggan di barisnya sendiri.'
    problems.push({ kind: 'price', value: '', reason })
  } else if (!price) {
    const reason = 'Paket dan harga dua-duanya kosong. Isi salah satu.'
    if (!planName && hasPrice) problems.push({ kind: 'noPrice', value: '', reason })
  } else {
    const amount = readPrice(price.cell)
    if (amount !== undefined) return { planName, price: amount }
    const value = shorten(price.text)
    const thousands = readThousands(price.cell)
    const meant = isFree(price.text)
      ? rupiah(0)
      : thousands !== undefined && prices.has(thousands)
        ? thousands
        : undefined
    if (meant !== undefined) {
      doubts.push(`harga "${value}" saya baca ${formatRupiah(meant)}`)
      return { planName, price: meant }
    }
    const reason = `Harga "${value}" tidak terbaca. Tulis angkanya lengkap, contoh 150000, atau 0 kalau memang gratis.`
    problems.push({ kind: 'price', value, reason })
  }
  return { planName }
}

function readDueEntry(entry: Entry | undefined, { today, hasDue }: RowContext, found: Findings): Due | undefined {
  if (!entry) {
    const reason = 'Jatuh tempo belum diisi. Tulis tanggalnya, contoh 20.'
    if (hasDue) found.problems.push({ kind: 'noDue', value: '', reason })
    return undefined
  }
  const due = readDue(entry.cell, today)
  if (!due) {
    const value = shorten(entry.text)
    const reason = `Jatuh tempo "${value}" tidak terbaca. Tulis tanggalnya saja, contoh 20.`
    found.problems.push({ kind: 'due', value, reason })
  } else if ('date' in due && isAfter(due.date, addDays(today, 366))) {
    found.doubts.push(`jatuh tempo ${formatDay(due.date)} masih lebih dari setahun lagi`)
  }
  return due
}

type BillingFacts = Pick<CustomerFacts, 'status' | 'paidUntil' | 'paidThisMonth' | 'note' | 'debtNote' | 'price'>

/** Status, months paid, debts and notes: they can stand in columns of their own or in each other's. */
function readBilling(entries: readonly Entry[], context: RowContext, found: Findings): BillingFacts {
  const { today } = context
  const remarks: Remarks[] = []
  const statuses: SheetStatus[] = []
  for (const entry of entries) {
    const read = readRemarks(entry, context, found)
    if (!read) continue
    found.doubts.push(...read.doubts)
    remarks.push(read)
    if (read.status) statuses.push(read.status)
  }
  const status = statuses.includes('stopped') ? 'stopped' : statuses.includes('paused') ? 'paused' : 'active'
  if (new Set(statuses).size > 1)
    found.doubts.push(`statusnya tertulis berbeda-beda, saya baca ${STATUS_WORDS[status]}`)
  const paid = remarks.flatMap(({ paidUntil }) => paidUntil ?? [])
  const paidUntil = paid.reduce<Day | undefined>(
    (last, month) => (last && isAfter(last, month) ? last : month),
    undefined,
  )
  if (paidUntil && isAfter(paidUntil, addDays(today, 366)))
    found.doubts.push(`lunas sampai ${formatMonth(paidUntil)} masih lebih dari setahun lagi`)
  return {
    status,
    paidUntil,
    paidThisMonth: remarks.some(({ paidThisMonth }) => paidThisMonth) || undefined,
    ...(remarks.some(({ free }) => free) && { price: rupiah(0) }),
    note: joined(remarks.map(({ unread }) => unread)),
    debtNote: joined(remarks.map(({ debtNote }) => debtNote)),
  }
}

const STATUS_WORDS: Record<SheetStatus, string> = { active: 'aktif', paused: 'cuti', stopped: 'berhenti' }

function joined(texts: readonly (string | undefined)[]): string | undefined {
  return texts.filter((text) => text !== undefined).join('; ') || undefined
}

function readRemarks(entry: Entry, { today, months }: RowContext, { problems }: Findings): Remarks | undefined {
  const { column, cell, text } = entry
  if (column.field === 'note') return readNote(text, today)
  if (column.field === 'debt') return readDebt(entry)
  if (column.field === 'paidMonth') {
    const paid = readPaidMark(text)
    if (paid === undefined) return { doubts: [`${column.heading} "${shorten(text)}" tidak saya baca`] }
    return paid ? { paidUntil: months.get(column.index), doubts: [] } : { doubts: [] }
  }
  if (column.field === 'status') {
    const mark = /^(?:keaktifan|akti[fv]e?)$/.test(headingWords(column.heading)) && readActiveMark(text)
    if (mark) return { status: mark, doubts: [] }
    const { unread, ...read } = readStatus(text, today)
    const isKnown = read.status || read.debtNote || read.paidUntil || read.paidThisMonth || read.free
    if (unread === undefined || isKnown) return { ...read, unread }
    const value = shorten(text)
    const reason = `Status "${value}" belum dikenal. Tulis aktif, berhenti, atau cuti.`
    problems.push({ kind: 'status', value, reason })
    return undefined
  }
  return column.field === 'paidUntil' ? readPaidUntil(cell, text, today, problems) : undefined
}

function readPaidUntil(cell: Cell, text: string, today: Day, problems: Problem[]): Remarks | undefined {
  const paidUntil = readMonth(cell, today)
  if (paidUntil) {
    const guessed = !(cell instanceof Temporal.PlainDate) && !/\d{2}/.test(text)
    return { paidUntil, doubts: guessed ? [`lunas sampai "${text}" saya baca ${formatMonth(paidUntil)}`] : [] }
  }
  const mark = readPaidMark(text)
  if (mark !== undefined && !/\d/.test(text)) return mark ? { paidThisMonth: true, doubts: [] } : { doubts: [] }
  const value = shorten(text)
  const reason = `Lunas sampai "${value}" tidak terbaca. Tulis bulannya, contoh Desember 2026.`
  problems.push({ kind: 'paidUntil', value, reason })
  return undefined
}

/** A column of debts: kept as text with its heading, because only the owner makes a bill of it (rules 11). */
function readDebt({ column, cell, text }: Entry): Remarks {
  if (/^(?:rp\.? ?)?0+(?:[.,]0+)?$|^(?:lunas|tidak|nihil)$/i.test(text)) return { doubts: [] }
  const amount = readPrice(cell)
  return { debtNote: amount === undefined ? text : `${column.heading} ${formatRupiah(amount)}`, doubts: [] }
}

function readStart(entry: Entry | undefined, { doubts }: Findings): Day | undefined {
  if (!entry) return undefined
  const date = readDate(entry.cell)
  if (!date) doubts.push(`${entry.column.heading} "${shorten(entry.text)}" tidak terbaca, jadi saya kosongkan`)
  return date
}

/** What mail servers take. */
const LONGEST_EMAIL = 254

function readEmail(entry: Entry | undefined, { doubts }: Findings): string | undefined {
  if (!entry) return undefined
  if (entry.text.length <= LONGEST_EMAIL && /^[^\s@]+@[^\s@]+$/.test(entry.text)) return entry.text
  doubts.push(`email "${shorten(entry.text)}" tidak terbaca, jadi saya kosongkan`)
  return undefined
}
