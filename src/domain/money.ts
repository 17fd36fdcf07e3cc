/**
 * Money is whole rupiah: a safe integer, never a fraction. The brand keeps a plain number
 * (a count, a phone, a day) from being added to money by accident.
 */
export type Rupiah = number & { readonly __unit: 'rupiah' }

/** Makes rupiah of a number. Throws when it is no safe integer: a fraction here is a bug, not an input. */
export function rupiah(amount: number): Rupiah {
  if (!Number.isSafeInteger(amount)) throw new Error(`not whole rupiah: ${amount}`)
  return amount as Rupiah
}

/** Adds up amounts, in rupiah; nothing adds up to Rp0. */
export function sum(amounts: Iterable<Rupiah>): Rupiah {
  let total = 0
  for (const amount of amounts) total += amount
  return rupiah(total)
}

/** `Rp150.000`, `-Rp5.000`, `Rp0`: the only form in which money is shown (voice.md, Forms). */
export function formatRupiah(amount: Rupiah): string {
  return `${amount < 0 ? '-' : ''}Rp${formatCount(Math.abs(amount))}`
}

/** A number with Indonesian thousands: `1.240`. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '.')
}

const UNITS: Record<string, number> = {
  rb: 1_000,
  rbu: 1_000,
  ribu: 1_000,
  ribuan: 1_000,
  rebu: 1_000,
  ewu: 1_000,
  k: 1_000,
  jt: 1_000_000,
  jta: 1_000_000,
  juta: 1_000_000,
}

const UNIT = Object.keys(UNITS)
  .sort((a, b) => b.length - a.length)
  .join('|')

/** One amount as typed, with `Rp` before and `,-` after allowed. Groups: number, unit, a second number and unit (`1jt500`). */
const AMOUNT = new RegExp(
  `^(?:rp|idr)?\\.?\\s*(\\d[\\d.,]*?)\\s*(?:(${UNIT})\\.?\\s*(?:(\\d{1,3})\\s*(${UNIT})?)?)?(?:[.,]-{1,2}|[.,]?=)?\\s*(?:rupiah)?$`,
)

/** More than this is a typing mistake or an attack: a bill of a hundred billion does not exist here. */
const LARGEST = 100_000_000_000

/**
 * Reads an amount as people type it: `150rb` `150k` `150.000` `Rp 150.000,-` `Rp. 75.000,00` `1,5jt`
 * `1jt500`. Answers nothing for what is no amount (`gratis`), ambiguous (`150.00`) or fractional.
 * A bare `150` is 150: whether it means thousands is for the reader to decide (contract.md).
 */
export function readRupiah(text: string): Rupiah | undefined {
  const match = text.length <= 40 && AMOUNT.exec(text.normalize('NFKC').trim().toLowerCase())
  if (!match) return undefined
  const [, digits = '', unit, tail, tailUnit] = match
  const scale = unit ? (UNITS[unit] as number) : 1
  const head = readNumber(digits, scale)
  if (head === undefined) return undefined
  // "1jt500" and "1jt 500rb" are both one and a half million; a tail makes sense behind millions only.
  if (tail !== undefined && scale !== 1_000_000) return undefined
  if (tail !== undefined && tailUnit !== undefined && UNITS[tailUnit] !== 1_000) return undefined
  const amount = head + (tail === undefined ? 0 : Number(tail) * 1_000)
  return amount <= LARGEST ? rupiah(amount) : undefined
}

/** Groups of exactly three digits are thousands; one or two digits at the end are decimals. */
function readNumber(digits: string, scale: number): number | undefined {
  if (/^\d+$/.test(digits)) return Number(digits) * scale
  const grouped = /^(\d{1,3}(?:([.,])\d{3})(?:\2\d{3})*)(?:[.,](0{1,2}))?$/.exec(digits)
  // "1.500 ribu" is left alone with a unit: nobody agrees on what it means.
  if (grouped?.[1] && scale === 1) return Number(grouped[1].replace(/[.,]/g, ''))
  const decimal = /^(\d+)[.,](\d{1,2})$/.exec(digits)
  if (decimal && scale > 1) {
    const [, whole = '', fraction = ''] = decimal
    const amount = Number(whole) * scale + (Number(fraction) * scale) / 10 ** fraction.length
    return Number.isSafeInteger(amount) ? amount : undefined
  }
  const zeroCents = /^(\d+),00$/.exec(digits)
  return zeroCents && scale === 1 && (zeroCents[1] as string).length > 3 ? Number(zeroCents[1]) : undefined
}
