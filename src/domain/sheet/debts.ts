import { type Day, monthNumber, monthOf } from '../calendar.ts'
import { type Rupiah, readRupiah, rupiah } from '../money.ts'
import type { Cell, Sheet } from '../workbook/raw.ts'
import { cellText, isNothing, readPrice } from './values.ts'

/** What is read of a note: patterns take long on endless nonsense. */
const LONGEST_NOTE = 200

const AMOUNT = /(?:rp\.?\s*)?\d[\d.,]*(?:\s*(?:rb|ribu|k|jt|juta)\b)?/g
const COUNT = /(?<![\d.,])(\d{1,2})\s*(?:bln|bulan|bl|x|kali)\b/
const RANGE = /([a-z]+)\s*(?:-|–|s\/?d|sd|sampai|hingga)\s*([a-z]+)/
const SINCE = /(?:sejak|dari|mulai)\s+(?:bulan |bln )?([a-z]+)/
const THIS_MONTH = /^(?:(?:belum|blm)(?: (?:bayar|byr|lunas))?|unpaid)$|(?:bulan|bln) ini/
const LAST_MONTH = /(?:bulan|bln) (?:lalu|kemarin|kmrn|kmarin)/

/**
 * What a noted debt comes to, as a suggestion for the owner: the amount it names, else its months at the price of one.
 * A month that `first` (the period of the first invoice) bills anyway is none. Nothing when the note does not say.
 */
export function debtOf(
  note: string,
  { price, first, today }: { price: Rupiah; first?: Day; today: Day },
): Rupiah | undefined {
  const text = note.slice(0, LONGEST_NOTE).normalize('NFKC').toLowerCase()
  const amounts = new Set((text.match(AMOUNT) ?? []).flatMap((typed) => readDebtAmount(typed) ?? []))
  if (amounts.size > 0) return amounts.size === 1 ? [...amounts][0] : undefined
  const months = countMonths(text, first, today)
  return months === undefined || price === 0 ? undefined : rupiah(price * months)
}

function readDebtAmount(typed: string): Rupiah | undefined {
  const amount = readRupiah(typed.replace(/[.,]+$/, ''))
  return amount !== undefined && amount >= 1_000 ? amount : undefined
}

function countMonths(text: string, first: Day | undefined, today: Day): number | undefined {
  const count = COUNT.exec(text) ?? /^\D*(?<![\d.,])(\d{1,2})$/.exec(text)
  if (count) return Number(count[1])
  const billed = (month: Day) => first !== undefined && Temporal.PlainDate.compare(month, first) >= 0
  const months = monthsOf(text, today)
  if (months.length > 0) return months.filter((month) => !billed(month)).length
  if (LAST_MONTH.test(text)) return 1
  return THIS_MONTH.test(text) ? Number(!billed(monthOf(today))) : undefined
}

/** The months that a debt names, none of them to come: "okt, nov", "agustus - oktober", "sejak september". */
function monthsOf(text: string, today: Day): Day[] {
  const present = monthOf(today)
  const place = (number: number) => present.subtract({ months: (present.month - number + 12) % 12 })
  const named = (word = '') => monthNumber(word)
  const [from, to] = RANGE.exec(text)?.slice(1).map(named) ?? [named(SINCE.exec(text)?.[1]), present.month]
  if (from !== undefined && to !== undefined) {
    const last = place(to)
    const length = (last.month - from + 12) % 12
    return Array.from({ length: length + 1 }, (_, back) => last.subtract({ months: back }))
  }
  return [...new Set(text.split(/[^a-z]+/).flatMap((word) => named(word) ?? []))].map(place)
}

/** Headings of the list of noted debts that goes to the owner and comes back corrected. */
export const DEBT_HEADINGS = { number: 'No Pelanggan', amount: 'Jadi tagihan (Rp)' } as const

/** A row of that list: an amount, 0 for no invoice; nothing where the cell is empty, and the text where it is no amount. */
export type DebtRow = { rowNumber: number; number: string; amount?: Rupiah; unread?: string }

/** The list of noted debts in a file, if it is one. */
export function readDebts(sheets: readonly Sheet[]): DebtRow[] | undefined {
  for (const { rows } of sheets) {
    const header = rows.findIndex(({ cells }) => cells.some((cell) => cellText(cell) === DEBT_HEADINGS.amount))
    const texts = rows[header]?.cells.map(cellText) ?? []
    const number = texts.indexOf(DEBT_HEADINGS.number)
    const amount = texts.indexOf(DEBT_HEADINGS.amount)
    if (number < 0) continue
    return rows
      .slice(header + 1)
      .filter(({ cells }) => !isNothing(cellText(cells[number])))
      .map((row) => ({
        rowNumber: row.number,
        number: cellText(row.cells[number]),
        ...readDecision(row.cells[amount] ?? null),
      }))
  }
  return undefined
}

function readDecision(cell: Cell): Pick<DebtRow, 'amount' | 'unread'> {
  const text = cellText(cell)
  if (/^(?:tidak|tdk|ga|gak|nggak|batal|lunas)$/i.test(text)) return { amount: rupiah(0) }
  if (isNothing(text)) return {}
  const amount = readPrice(cell)
  return amount === undefined ? { unread: text.slice(0, 40) } : { amount }
}
