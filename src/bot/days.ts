import {
  addDays,
  addMonths,
  anchoredIn,
  type Day,
  monthNumber,
  resolveDay,
  resolveMonth,
  resolveWeekday,
  validDay,
} from '../domain/calendar.ts'
import { meaningOf } from './meaning.ts'
import { markAt, type Token, wholeAt, wordAt } from './tokens.ts'
import type { Found } from './values.ts'
import {
  DAY_WORDS,
  LAST,
  MONTHS_THAT_ARE_NAMES,
  MULTIPLIERS,
  NEXT,
  NUMERALS,
  ONE_OF_A_UNIT,
  RELATIVE_DAYS,
  THIS,
  UNITS_OF_TIME,
  WEEKDAYS,
} from './vocabulary.ts'

/** `tgl 20`, `20/12`, `5 des 2026`, `20-12-26`, `20.12.2026`, `2026-12-20`; `12/2026` is a month. */
export function dateAt(tokens: readonly Token[], at: number, today: Day): Found | undefined {
  const isMarked = DAY_WORDS.has(wordAt(tokens, at))
  const from = isMarked ? (/^[.:]$/.test(markAt(tokens, at + 1)) ? at + 2 : at + 1) : at
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})$/.exec(tokens[from]?.text ?? '')
  if (dotted) return typedDay(today, from + 1, Number(dotted[1]), Number(dotted[2]), yearOf(Number(dotted[3])))
  const inFigures = dateInFiguresAt(tokens, from, today)
  if (inFigures) return inFigures
  const number = wholeAt(tokens, from)
  if (number === undefined || number < 1 || number > 31) return undefined
  const month = monthNumber(wordAt(tokens, from + 1))
  if (month !== undefined) {
    const year = yearAt(tokens, from + 2)
    return typedDay(today, from + (year === undefined ? 2 : 3), number, month, year)
  }
  if (!isMarked) return undefined
  const relative = relativeMonthAt(tokens, from + 1, today)
  if (relative) {
    const { month: first, to } = relative
    return { value: { kind: 'date', on: () => validDay(first.year, first.month, number) }, to }
  }
  return { value: { kind: 'date', on: (side) => resolveDay(today, { day: number }, side), bare: number }, to: from + 1 }
}

/** Two or three numbers with the same `/` or `-` between them. */
function dateInFiguresAt(tokens: readonly Token[], from: number, today: Day): Found | undefined {
  const separator = markAt(tokens, from + 1)
  const part = (at: number) => (tokens[at - 1]?.glued && tokens[at]?.glued ? wholeAt(tokens, at) : undefined)
  const first = wholeAt(tokens, from)
  const second = separator === '/' || separator === '-' ? part(from + 2) : undefined
  if (first === undefined || second === undefined) return undefined
  const third = markAt(tokens, from + 3) === separator ? part(from + 4) : undefined
  if (isYear(first) && third !== undefined) return typedDay(today, from + 5, third, second, first)
  if (isYear(first)) return typedMonth(from + 3, second, first)
  if (isYear(second)) return typedMonth(from + 3, first, second)
  return typedDay(today, third === undefined ? from + 3 : from + 5, first, second, third && yearOf(third))
}

const isYear = (number: number) => number >= 2000 && number < 2100
const yearOf = (typed: number) => (typed < 100 ? 2000 + typed : typed)

function yearAt(tokens: readonly Token[], at: number): number | undefined {
  const number = wholeAt(tokens, at)
  return number !== undefined && isYear(number) ? number : undefined
}

/** A leap year, so that 29 February may be meant where the year is not typed. */
const ANY_YEAR = 2024

function typedDay(today: Day, to: number, day: number, month: number, year?: number): Found | undefined {
  if (!validDay(year ?? ANY_YEAR, month, day)) return undefined
  return { value: { kind: 'date', on: (side) => resolveDay(today, { day, month, year }, side) }, to }
}

function typedMonth(to: number, month: number, year: number): Found | undefined {
  const first = validDay(year, month, 1)
  return first && { value: { kind: 'month', in: () => first }, to }
}

/** `besok`, `kemarin lusa`, `akhir bulan`; the vague "minggu depan" and "awal bulan" name no day. */
export function relativeDayAt(tokens: readonly Token[], at: number, today: Day): Found | undefined {
  const [word, next] = [wordAt(tokens, at), wordAt(tokens, at + 1)]
  const pair = RELATIVE_DAYS.get(`${word}_${next}`)
  const distance = pair ?? RELATIVE_DAYS.get(word)
  if (distance !== undefined) {
    const side = distance > 0 ? ('coming' as const) : distance < 0 ? ('past' as const) : undefined
    const day = addDays(today, distance)
    return { value: { kind: 'date', on: () => day, side }, to: at + (pair === undefined ? 1 : 2) }
  }
  if (['awal', 'akhir', 'tengah', 'pertengahan'].includes(word) && UNITS_OF_TIME.has(next)) {
    const relative = relativeMonthAt(tokens, at + 1, today)
    const to = relative?.to ?? at + 2
    if (word !== 'akhir' || !isMonthWord(next)) return { value: { kind: 'vague' }, to }
    const last = anchoredIn(relative?.month ?? today, 31)
    return { value: { kind: 'date', on: () => last, side: 'coming' }, to }
  }
  const isWhen = THIS.has(next) || NEXT.has(next) || LAST.has(next)
  return isWhen && UNITS_OF_TIME.has(word) && !isMonthWord(word) ? { value: { kind: 'vague' }, to: at + 2 } : undefined
}

const isMonthWord = (word: string) => UNITS_OF_TIME.get(word)?.months === 1

/** `senin`, `hari minggu`, `jumat depan` (that of next week), `senin kemarin`. */
export function weekdayAt(tokens: readonly Token[], at: number, today: Day): Found | undefined {
  const here = wordAt(tokens, at) === 'hari' ? at + 1 : at
  const weekday = WEEKDAYS.get(wordAt(tokens, here))
  if (weekday === undefined) return undefined
  const next = wordAt(tokens, here + 1)
  if (NEXT.has(next)) {
    const day = addDays(resolveWeekday(today, 7, 'coming'), weekday)
    return { value: { kind: 'date', on: () => day, side: 'coming' }, to: here + 2 }
  }
  if (LAST.has(next)) {
    const day = resolveWeekday(addDays(today, -1), weekday, 'past')
    return { value: { kind: 'date', on: () => day, side: 'past' }, to: here + 2 }
  }
  const to = here + (THIS.has(next) ? 2 : 1)
  return { value: { kind: 'date', on: (side) => resolveWeekday(today, weekday, side) }, to }
}

/** `desember`, `bulan 12`, `bln lalu`, `november 2026`. */
export function monthAt(tokens: readonly Token[], at: number, today: Day): Found | undefined {
  const relative = relativeMonthAt(tokens, at, today)
  if (relative) return { value: { kind: 'month', in: () => relative.month, relative: true }, to: relative.to }
  const isMarked = isMonthWord(wordAt(tokens, at))
  const here = isMarked ? at + 1 : at
  const word = wordAt(tokens, here)
  const number = (isMarked ? wholeAt(tokens, here) : undefined) ?? monthNumber(word)
  if (number === undefined || number < 1 || number > 12) return undefined
  const year = yearAt(tokens, here + 1)
  if (year !== undefined) return typedMonth(here + 2, number, year)
  const maybeName = !isMarked && MONTHS_THAT_ARE_NAMES.has(word)
  return {
    value: { kind: 'month', in: (direction) => resolveMonth(today, number, direction), maybeName },
    to: here + 1,
  }
}

/** `bulan ini`, `bln kemarin`, `bulan yang lalu`, `bulan depan`. */
function relativeMonthAt(tokens: readonly Token[], at: number, today: Day): { month: Day; to: number } | undefined {
  if (!isMonthWord(wordAt(tokens, at))) return undefined
  const whenAt = isYang(tokens, at + 1) ? at + 2 : at + 1
  const when = wordAt(tokens, whenAt)
  const distance = THIS.has(when) ? 0 : NEXT.has(when) ? 1 : LAST.has(when) ? -1 : undefined
  return distance === undefined ? undefined : { month: addMonths(today, distance), to: whenAt + 1 }
}

const isYang = (tokens: readonly Token[], at: number) => meaningOf(wordAt(tokens, at))?.concept === 'yang'

/** `3 bulan`, `tiga hari`, `setahun`; with "lagi", "dalam" or "lalu" it is a day (or month) counted from today. */
export function countAt(tokens: readonly Token[], at: number, today: Day): Found | undefined {
  const one = ONE_OF_A_UNIT.get(wordAt(tokens, at))
  const numeral = one ? { number: 1, to: at } : numeralAt(tokens, at)
  const unit = one ?? (numeral && UNITS_OF_TIME.get(wordAt(tokens, numeral.to)))
  if (!numeral || !unit || numeral.number > 999) return undefined
  const to = numeral.to + 1
  const whenAt = isYang(tokens, to) || wordAt(tokens, to) === 'ke' ? to + 1 : to
  const when = wordAt(tokens, whenAt)
  const isAhead = meaningOf(when)?.concept === 'lagi' || NEXT.has(when) || when === 'kedepan'
  const sign = isAhead || wordAt(tokens, at - 1) === 'dalam' ? 1 : LAST.has(when) ? -1 : 0
  const after = isAhead || LAST.has(when) ? whenAt + 1 : to
  const { number } = numeral
  if (unit.months !== undefined) {
    if (sign === 0) return { value: { kind: 'count', months: number * unit.months }, to }
    const month = addMonths(today, sign * number * unit.months)
    return { value: { kind: 'month', in: () => month }, to: after }
  }
  if (sign === 0) return { value: { kind: 'count', days: number * unit.days }, to }
  const day = addDays(today, sign * number * unit.days)
  return { value: { kind: 'date', on: () => day, side: sign > 0 ? 'coming' : 'past' }, to: after }
}

/** A whole number in figures, or in words: `tiga`, `seratus lima puluh ribu`. */
export function numeralAt(tokens: readonly Token[], at: number): { number: number; to: number } | undefined {
  const whole = wholeAt(tokens, at)
  if (whole !== undefined) return { number: whole, to: at + 1 }
  let total = 0
  let group = 0
  let to = at
  for (; ; to++) {
    const word = wordAt(tokens, to)
    const unit = NUMERALS.get(word)
    const times = MULTIPLIERS.get(word)
    if (unit !== undefined) group += unit
    else if (to === at) return undefined
    else if (word === 'belas') group += 10
    else if (times === undefined) return { number: total + group, to }
    else if (times < 1000) group += (group % 10) * (times - 1)
    else {
      total += group * times
      group = 0
    }
  }
}
