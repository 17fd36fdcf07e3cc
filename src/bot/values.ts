import type { Day, Direction } from '../domain/calendar.ts'
import { type Rupiah, readRupiah } from '../domain/money.ts'
import { readPhone } from '../domain/phone.ts'
import { countAt, dateAt, monthAt, numeralAt, relativeDayAt, weekdayAt } from './days.ts'
import { meaningOf } from './meaning.ts'
import { markAt, type Token, wholeAt, wordAt } from './tokens.ts'
import { AREA_PREFIXES, AREAS, FORMATS, LONG_AREAS, SPEEDS } from './vocabulary.ts'

/** Something typed that is no word: a phone, money, a day … */
export type Value =
  | { kind: 'phone'; phone: string }
  /** A bill's or a customer's number, as typed. */
  | { kind: 'bill'; number: string }
  /** Money that is surely money: with a unit, `Rp` or thousands. */
  | { kind: 'amount'; amount: Rupiah }
  /** A bare number; what it counts is for the command to say. */
  | { kind: 'number'; number: number; digits: string }
  /** A number that could mean two things (`150.00`, `1.500 ribu`). */
  | { kind: 'unread' }
  | { kind: 'percent'; percent: number }
  | { kind: 'count'; days?: number; months?: number }
  /** A day; `bare` is the number of one without its month, `side` where it lies whatever a command prefers. */
  | { kind: 'date'; on: (direction: Direction) => Day | undefined; bare?: number; side?: Direction }
  /** A month; `relative` is "bulan ini", "bulan lalu", `maybeName` one that people are called. */
  | { kind: 'month'; in: (direction: Direction | 'nearest') => Day; maybeName?: boolean; relative?: boolean }
  | { kind: 'area'; area: string }
  | { kind: 'speed' }
  | { kind: 'format' }
  /** The wording of an announcement, set apart before the rest is read. */
  | { kind: 'said' }
  /** Understood, and of no use: a time of day, a vague "minggu depan". */
  | { kind: 'vague' }

/** A value and the token after it. */
export type Found = { value: Value; to: number }

/** Looks a few tokens ahead at most, so that reading a message stays linear. */
type Recogniser = (tokens: readonly Token[], at: number, today: Day) => Found | undefined

/** The value that begins at a token, if any. The first recogniser that knows it wins: a phone is no amount. */
export function valueAt(tokens: readonly Token[], at: number, today: Day): Found | undefined {
  for (const recognise of RECOGNISERS) {
    const found = recognise(tokens, at, today)
    if (found) return found
  }
  return undefined
}

const RECOGNISERS: readonly Recogniser[] = [
  billAt,
  clockAt,
  phoneAt,
  areaAt,
  formatAt,
  dateAt,
  relativeDayAt,
  weekdayAt,
  monthAt,
  countAt,
  speedAt,
  amountAt,
]

/** `INV-202612-00001`, `P-00012` */
function billAt(tokens: readonly Token[], at: number): Found | undefined {
  const ours = wordAt(tokens, at) === 'p' ? joined(tokens.slice(at, at + 3)) : ''
  if (/^p-\d{5,8}$/.test(ours)) return { value: { kind: 'bill', number: ours }, to: at + 3 }
  if (wordAt(tokens, at) !== 'inv') return undefined
  const number = joined(tokens.slice(at, at + 5))
  return /^inv-\d{6}-\d{5,}$/.test(number) ? { value: { kind: 'bill', number }, to: at + 5 } : undefined
}

/** `jam 9`, `pukul 14.05`: never money, never a day. */
function clockAt(tokens: readonly Token[], at: number): Found | undefined {
  if (!['jam', 'pukul', 'pkl', 'jm'].includes(wordAt(tokens, at)) || tokens[at + 1]?.kind !== 'number') return undefined
  const hasMinutes = markAt(tokens, at + 2) === ':' && tokens[at + 3]?.kind === 'number'
  return { value: { kind: 'vague' }, to: at + (hasMinutes ? 4 : 2) }
}

function joined(tokens: readonly Token[]): string {
  return tokens.map((token) => token.text).join('')
}

/** No phone has more parts, however it is spaced. */
const MOST_PARTS = 12

/** A phone, also one written in parts: `0857-0000-4321`, `+62 (857) 0000 4321`. The longest that is one wins. */
function phoneAt(tokens: readonly Token[], at: number): Found | undefined {
  const marks = /^[+(]$/.test(markAt(tokens, at)) ? (markAt(tokens, at + 1) === '(' ? 2 : 1) : 0
  const first = tokens[at + marks]
  if (first?.kind !== 'number' || (marks === 0 && !/^(?:0|62|8\d{8})/.test(first.text))) return undefined
  const ends: number[] = []
  for (let i = at; i < at + MOST_PARTS; i++) {
    const token = tokens[i]
    if (!token || token.kind === 'word' || (token.kind === 'mark' && !'()+-–—.'.includes(token.text))) break
    if (token.kind === 'number') ends.push(i + 1)
    // A number that is a phone by itself does not take in the next one, which is money.
    const whole = ends.length === 1 && /^(?:(?:0|62)\d{9}|8\d{9})/.test(token.text) ? readPhone(token.text) : undefined
    if (whole && marks === 0) return { value: { kind: 'phone', phone: whole.phone }, to: i + 1 }
    if (whole) break
  }
  for (const to of ends.reverse()) {
    const phone = readPhone(joined(tokens.slice(at, to)))
    if (phone) return { value: { kind: 'phone', phone: phone.phone }, to }
  }
  return undefined
}

/** `rt 3`, `rt 03/rw 02`, `blok c12`, `dusun krajan`, `wilayah timur`. Behind a title ("pak rt 3") it is a person. */
function areaAt(tokens: readonly Token[], at: number, today: Day): Found | undefined {
  if (AREA_PREFIXES.has(wordAt(tokens, at))) {
    const name = isPlaceName(tokens, at + 1) ? wordAt(tokens, at + 1) : undefined
    return areaAt(tokens, at + 1, today) ?? (name ? { value: { kind: 'area', area: name }, to: at + 2 } : undefined)
  }
  const parts: string[] = []
  let to = at
  for (let part = areaPartAt(tokens, to); part; part = areaPartAt(tokens, to)) {
    parts.push(part.text)
    to = part.to
    if (markAt(tokens, to) === '/' && areaPartAt(tokens, to + 1)) to++
  }
  const isPerson = /^r[tw]$/.test(wordAt(tokens, at)) && meaningOf(wordAt(tokens, at - 1))?.kind === 'title'
  return parts.length > 0 && !isPerson ? { value: { kind: 'area', area: parts.join(' ') }, to } : undefined
}

/** One keyword with its name or number: `rt 3`, `rt 3/2`, `blok c12`, `perum griya asri`. */
function areaPartAt(tokens: readonly Token[], at: number): { text: string; to: number } | undefined {
  const keyword = wordAt(tokens, at)
  const nameAt = markAt(tokens, at + 1) === '.' ? at + 2 : at + 1
  const name = tokens[nameAt]
  if (!AREAS.has(keyword) || !name) return undefined
  const isName = /^r[tw]$/.test(keyword) ? false : isPlaceName(tokens, nameAt)
  if (!isName && wholeAt(tokens, nameAt) === undefined) return undefined
  const text = `${keyword} ${name.text}`
  const next = tokens[nameAt + 1]
  if (isName && next?.kind === 'number' && next.glued) return { text: text + next.text, to: nameAt + 2 }
  if (isName && LONG_AREAS.has(keyword) && isPlaceName(tokens, nameAt + 1))
    return { text: `${text} ${next?.text}`, to: nameAt + 2 }
  const second = markAt(tokens, nameAt + 1) === '/' ? wholeAt(tokens, nameAt + 2) : undefined
  return second === undefined
    ? { text, to: nameAt + 1 }
    : { text: `${text}/${tokens[nameAt + 2]?.text}`, to: nameAt + 3 }
}

function isPlaceName(tokens: readonly Token[], at: number): boolean {
  const word = wordAt(tokens, at)
  return word === 'baru' || (word !== '' && !meaningOf(word))
}

function formatAt(tokens: readonly Token[], at: number): Found | undefined {
  const word = wordAt(tokens, at)
  const isFormat = FORMATS.some((format) => word.startsWith(format) && word.length <= format.length + 3)
  return isFormat ? { value: { kind: 'format' }, to: at + 1 } : undefined
}

/** `10 mbps`, `20mb`, `20m`: part of a plan's name, never money. */
function speedAt(tokens: readonly Token[], at: number): Found | undefined {
  const unit = wordAt(tokens, at + 1)
  const isSpeed = SPEEDS.has(unit) || (unit === 'm' && tokens[at + 1]?.glued)
  return isSpeed && wholeAt(tokens, at) !== undefined ? { value: { kind: 'speed' }, to: at + 2 } : undefined
}

const isMoneyUnit = (word: string) => word !== '' && readRupiah(`1${word}`) !== undefined

/** Money in every form of `readRupiah`, a percentage, a bare number, or a number in words. */
function amountAt(tokens: readonly Token[], at: number): Found | undefined {
  const isPrefixed = ['rp', 'idr'].includes(wordAt(tokens, at))
  const from = isPrefixed ? (markAt(tokens, at + 1) === '.' ? at + 2 : at + 1) : at
  const number = tokens[from]
  if (number?.kind !== 'number') return isPrefixed ? undefined : amountInWordsAt(tokens, at)
  if (markAt(tokens, from + 1) === '%' || /^(?:persen|prosen)$/.test(wordAt(tokens, from + 1)))
    return { value: { kind: 'percent', percent: Number(number.text.replace(',', '.')) }, to: from + 2 }
  const { typed, to } = amountTyped(tokens, from)
  const isBare = !isPrefixed && typed === number.text && /^\d+$/.test(typed)
  if (isBare) return { value: { kind: 'number', number: Number(typed), digits: typed }, to }
  const amount = readRupiah(typed)
  return { value: amount === undefined ? { kind: 'unread' } : { kind: 'amount', amount }, to }
}

/** A number with what belongs to it: its unit, the tail of "1jt500" and "1jt 500rb", "rupiah", ",-". */
function amountTyped(tokens: readonly Token[], from: number): { typed: string; to: number } {
  let typed = tokens[from]?.text ?? ''
  let to = from + 1
  const unit = wordAt(tokens, to)
  if (isMoneyUnit(unit) && unit !== 'rupiah' && !(unit === 'jt' && wordAt(tokens, to + 1) === 'tempo')) {
    typed += unit
    to++
    const tail = /^(?:jt|juta|jta)$/.test(unit) ? wholeAt(tokens, to) : undefined
    const tailUnit = isMoneyUnit(wordAt(tokens, to + 1)) ? wordAt(tokens, to + 1) : ''
    if (tail !== undefined && tail < 1000 && (tokens[to]?.glued || tailUnit !== '')) {
      typed += ` ${tail}${tailUnit}`
      to += tailUnit === '' ? 1 : 2
    }
  }
  if (wordAt(tokens, to) === 'rupiah') {
    typed += ' rupiah'
    to++
  }
  if (/^[,.]$/.test(markAt(tokens, to)) && markAt(tokens, to + 1) === '-' && tokens[to + 1]?.glued) to += 2
  return { typed, to }
}

/** "seratus lima puluh ribu"; less than a thousand is a bare number. */
function amountInWordsAt(tokens: readonly Token[], at: number): Found | undefined {
  const numeral = numeralAt(tokens, at)
  if (!numeral) return undefined
  const { number, to } = numeral
  const amount = readRupiah(String(number))
  if (number < 1000 || amount === undefined) return { value: { kind: 'number', number, digits: String(number) }, to }
  return { value: { kind: 'amount', amount }, to: wordAt(tokens, to) === 'rupiah' ? to + 1 : to }
}
