/**
 * Days and months as billing means them: `Temporal.PlainDate` in the business's time zone. A month (the
 * period of a bill) is its first day. This file is the only one that computes with dates.
 */

export type Day = Temporal.PlainDate
export type Moment = Temporal.Instant
/** Which way to look for a day that was named without its month or year. */
export type Direction = 'coming' | 'past'

const MONTHS = [
  'Januari',
  'Februari',
  'Maret',
  'April',
  'Mei',
  'Juni',
  'Juli',
  'Agustus',
  'September',
  'Oktober',
  'November',
  'Desember',
] as const

const SHORT_MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'Mei', 'Jun', 'Jul', 'Agu', 'Sep', 'Okt', 'Nov', 'Des'] as const

/** A day from `YYYY-MM-DD`; throws on anything else. */
export function day(iso: string): Day {
  return Temporal.PlainDate.from(iso)
}

/** The day it is at `now` in a zone. The one place where an instant becomes a business day (faults J07). */
export function dayIn(zone: string, now: Moment): Day {
  return now.toZonedDateTimeISO(zone).toPlainDate()
}

/** The instant at which a wall clock in `zone` shows `time` (`HH:MM`) on that day. */
export function momentOf(date: Day, time: string, zone: string): Moment {
  return date.toZonedDateTime({ timeZone: zone, plainTime: time }).toInstant()
}

export function isBefore(a: Day, b: Day): boolean {
  return Temporal.PlainDate.compare(a, b) < 0
}

export function isAfter(a: Day, b: Day): boolean {
  return Temporal.PlainDate.compare(a, b) > 0
}

export function later(a: Day, b: Day): Day {
  return isBefore(a, b) ? b : a
}

/** Whole days from `a` to `b`; negative when `b` is earlier. */
export function daysBetween(a: Day, b: Day): number {
  return a.until(b, { largestUnit: 'day' }).days
}

export function addDays(date: Day, days: number): Day {
  return date.add({ days })
}

/** The first day of the month that holds `date`: how the period of a bill is written. */
export function monthOf(date: Day): Day {
  return date.with({ day: 1 })
}

export function addMonths(month: Day, months: number): Day {
  return monthOf(month).add({ months })
}

/** The anchor day in that month, or the month's last day where it is shorter (rules.md 2). */
export function anchoredIn(month: Day, anchorDay: number): Day {
  return monthOf(month).with({ day: anchorDay }, { overflow: 'constrain' })
}

/**
 * The due date that follows `dueOn`: `months` on, on the anchor day or the last day of a shorter month,
 * always from the anchor (31 Jan → 28 Feb → 31 Mar). The SQL function `next_due` says the same; a
 * property test holds the two equal.
 */
export function nextDue(dueOn: Day, anchorDay: number, months: number): Day {
  return anchoredIn(addMonths(dueOn, months), anchorDay)
}

/** The first anchor day strictly after `today`: what a bare day means for a due date (rules.md 10, 11). */
export function firstAnchorAfter(today: Day, anchorDay: number): Day {
  const here = anchoredIn(today, anchorDay)
  return isAfter(here, today) ? here : anchoredIn(addMonths(today, 1), anchorDay)
}

/** `20 Des 2026` */
export function formatDay(date: Day): string {
  return `${date.day} ${SHORT_MONTHS[date.month - 1]} ${date.year}`
}

/** `Desember`, or `Desember 2026` when that is not the year of `today`. */
export function formatMonth(month: Day, today?: Day): string {
  const name = MONTHS[month.month - 1] as string
  return today && today.year === month.year ? name : `${name} ${month.year}`
}

/** A period of one or several months: `Desember`, `Desember–Februari 2027`. */
export function formatPeriod(period: Day, months: number, today?: Day): string {
  if (months <= 1) return formatMonth(period, today)
  const last = addMonths(period, months - 1)
  const from = formatMonth(period, last.year === period.year ? last : today)
  return `${from}–${formatMonth(last, today)}`
}

/** `08.05`: the time of day as people here write it. */
export function formatTime(now: Moment, zone: string): string {
  const time = now.toZonedDateTimeISO(zone)
  return `${String(time.hour).padStart(2, '0')}.${String(time.minute).padStart(2, '0')}`
}

/** The number of a month (1–12) by its Indonesian name, in full or shortened as people do. */
export function monthNumber(word: string): number | undefined {
  return MONTH_WORDS.get(word)
}

const MONTH_WORDS = new Map<string, number>(
  [
    'jan januari january',
    'feb februari pebruari peb february',
    'mar maret mrt march',
    'apr april',
    'mei may',
    'jun juni june',
    'jul juli july',
    'agu agt ags agustus aug august',
    'sep sept september',
    'okt oktober oct october',
    'nov november nopember nop',
    'des desember dec december',
  ].flatMap((words, index) => words.split(' ').map((word) => [word, index + 1] as const)),
)

/** The month with that number that is nearest to `today`; of two equally near the past one. */
export function nearestMonth(today: Day, month: number): Day {
  const ahead = (month - today.month + 12) % 12
  return addMonths(today, ahead < 6 ? ahead : ahead - 12)
}

/** A day and month that were typed; without a year the nearest one that `prefer` asks for, today included. */
export function resolveDay(
  today: Day,
  typed: { day: number; month?: number; year?: number },
  prefer: Direction,
): Day | undefined {
  const { day: number, month, year } = typed
  if (month === undefined) return resolveBareDay(today, number, prefer)
  const inYear = (y: number) => validDay(y, month, number)
  if (year !== undefined) return inYear(year)
  const here = inYear(today.year)
  if (prefer === 'coming')
    return here && !isBefore(here, today) ? here : (inYear(today.year + 1) ?? inYear(today.year + 2))
  return here && !isAfter(here, today) ? here : inYear(today.year - 1)
}

/** The coming (or past) day with that number, today included; months that lack it are passed over. */
function resolveBareDay(today: Day, number: number, prefer: Direction): Day | undefined {
  if (number < 1 || number > 31) return undefined
  const step = prefer === 'coming' ? 1 : -1
  for (let months = 0; months <= 2; months++) {
    const month = addMonths(today, months * step)
    const found = validDay(month.year, month.month, number)
    if (found && (prefer === 'coming' ? !isBefore(found, today) : !isAfter(found, today))) return found
  }
  return undefined
}

/** The coming (or past) day of the week, Monday is 1; today counts. */
export function resolveWeekday(today: Day, weekday: number, prefer: Direction): Day {
  const ahead = (weekday - today.dayOfWeek + 7) % 7
  return addDays(today, prefer === 'coming' || ahead === 0 ? ahead : ahead - 7)
}

/** The coming or past month with that number, the present one included; `nearest` looks three months ahead, else back. */
export function resolveMonth(today: Day, number: number, prefer: Direction | 'nearest'): Day {
  const ahead = (number - today.month + 12) % 12
  const isAhead = prefer === 'nearest' ? ahead <= 3 : prefer === 'coming' || ahead === 0
  return addMonths(today, isAhead ? ahead : ahead - 12)
}

/** That day, or nothing where the calendar has none (31/11, 29 Feb of a common year). */
export function validDay(year: number, month: number, number: number): Day | undefined {
  if (month < 1 || month > 12 || number < 1 || number > 31 || year < 1900 || year > 9999) return undefined
  const found = Temporal.PlainDate.from({ year, month, day: number }, { overflow: 'constrain' })
  return found.day === number ? found : undefined
}
