import { z } from 'zod'
import { type Day, type Direction, day as dayOf, isAfter, isBefore, monthOf, resolveDay } from '../domain/calendar.ts'
import { type Rupiah, rupiah } from '../domain/money.ts'
import type { Arg } from './command.ts'
import type { Concept } from './meaning.ts'
import type { Item } from './sentence.ts'
import {
  type Hand,
  isAlsoName,
  isNegation,
  planIn,
  type Run,
  runsOf,
  takeLastValue,
  takeRun,
  takeValue,
} from './take.ts'
import { STREETS } from './vocabulary.ts'

/**
 * A kind of argument that finds itself in a message. What `read` answers is in the form of the contract (JSON); the
 * schema turns that into what handlers work with. A command's `takes` are read in their order, so names stand last.
 */
export type Word<T = unknown> = Arg<T> & { read: (hand: Hand) => unknown }

type Asking = { ask?: string; example?: string }

export const METHOD = z.enum(['cash', 'transfer', 'qris', 'va', 'ewallet', 'midtrans'])
const ROLE = z.enum(['owner', 'admin', 'collector', 'technician', 'viewer'])
export const TEXT = z.string().min(1)
export const RUPIAH = z.number().int().positive().transform(rupiah)
const DAY = z.iso.date().transform((iso) => dayOf(iso))
const MONTH = z
  .string()
  .regex(/^\d{4}-(?:0[1-9]|1[0-2])(?:-\d\d)?$/)
  .transform((iso) => dayOf(`${iso.slice(0, 7)}-01`))
const count = (most: number, least = 1) => z.number().int().min(least).max(most)

export function word<T>(schema: z.ZodType<T>, { ask, example }: Asking, read: Word['read']): Word<T> {
  return { schema, ask, example, read }
}

/**
 * A person: the phone as digits, the number of a bill, or a name in lower case without titles. A command that asks
 * for the person (`ask`) is about one and is not given for everybody.
 */
export function who({ ask, example = 'budi santoso' }: Asking = {}): Word<string> {
  return word(TEXT, { ask, example }, (hand) => {
    const phone = takeValue(hand, 'phone')?.phone
    if (phone) for (const item of hand.items) if (item.kind === 'name') hand.used.add(item)
    return phone ?? takeValue(hand, 'bill')?.number ?? readName(hand) ?? readNamelessPerson(hand)
  })
}

const NAME_MARKERS: ReadonlySet<string> = new Set(['atas nama', 'an', 'si'])

function readName(hand: Hand): string | undefined {
  const all = runsOf(hand, 'person')
  // "budi bayar di warung": where something happened is a name only if there is no other.
  const elsewhere = all.filter((run) => run.before?.text !== 'di')
  const runs = elsewhere.length > 0 ? elsewhere : all
  const isMarked = ({ before }: Run) => before?.concept === 'dari' || NAME_MARKERS.has(before?.text ?? '')
  const first = runs.find(isMarked) ?? runs.find((run) => run.titles.length > 0) ?? runs[0]
  if (!first) return undefined
  const isNext = (run: Run) => run.before?.concept === 'dan'
  const others = runs.slice(runs.indexOf(first) + 1)
  const end = others.findIndex((run) => !isNext(run))
  // "tagih budi dan siti": nobody is left out silently, even where only one can be meant.
  return [first, ...others.slice(0, end < 0 ? undefined : end)].map((run) => takeRun(hand, run)).join(' dan ')
}

/** "lunas pak haji", "mei lunas", "bagus lunas": a title, a month or a word where there is no other name. */
function readNamelessPerson(hand: Hand): string | undefined {
  const free = hand.items.filter((item) => !hand.used.has(item))
  const title = free.findLast((item) => item.kind === 'title' && item.dignity)
  const stranger = free.find((item) => (item.value?.kind === 'month' && item.value.maybeName) || isAlsoName(item))
  const person = title ?? stranger
  if (!person) return undefined
  hand.used.add(person)
  if (person === stranger) hand.doubt += 0.5
  return person.text
}

/** The name of someone new. Other names that stand around (of a plan that is not known here) are theirs too. */
export function name({ ask = 'Siapa namanya?', example = 'Slamet Widodo' }: Asking = {}): Word<string> {
  return word(TEXT, { ask, example }, (hand) => {
    const [first, ...others] = runsOf(hand, 'person')
    const text = takeRun(hand, first)
    const rest = [...others.flatMap((run) => run.items), ...hand.items.filter((item) => item.value?.kind === 'speed')]
    for (const item of rest) hand.used.add(item)
    return text
  })
}

/** A phone; where there are two, the new one is the last. */
export function phone({ ask = 'Nomor HP-nya berapa?', example = '085700004321' }: Asking = {}): Word<string> {
  return word(z.string().regex(/^\d{8,15}$/), { ask, example }, (hand) => takeLastValue(hand, 'phone')?.phone)
}

export function role({
  ask = 'Sebagai apa? penagih, teknisi, admin, atau pengawas',
  example = 'penagih',
}: Asking = {}) {
  return word(ROLE, { ask, example }, (hand) => hand.items.find((item) => item.role)?.role)
}

/**
 * Money. A bare number of two or three digits means thousands, in a `payment` one of four digits too (contract.md,
 * Reading rules).
 */
export function amount({
  payment = false,
  ask = 'Berapa jumlahnya?',
  example = '150rb',
}: Asking & { payment?: boolean } = {}): Word<Rupiah> {
  return word(RUPIAH, { ask, example }, (hand) => {
    const typed = takeValue(hand, 'amount')
    if (typed) return typed.amount
    hand.unclear ??= hand.items.find((item) => item.value?.kind === 'unread' && !hand.used.has(item))?.text
    const bare = takeValue(hand, 'number', ({ digits }) => /^[1-9]\d{1,10}$/.test(digits))
    return bare && bare.number * (bare.digits.length <= (payment ? 4 : 3) ? 1000 : 1)
  })
}

/** A price; `bare` where no other number can be meant, else only money that is written as money. */
export function price({
  bare = false,
  ask = 'Berapa harganya sebulan?',
  example = '150rb',
}: Asking & { bare?: boolean } = {}): Word<Rupiah> {
  const plain = amount()
  return word(RUPIAH, { ask, example }, (hand) => (bare ? plain.read(hand) : takeValue(hand, 'amount')?.amount))
}

/** How it was paid: the first word that says so ("va bri" is a virtual account, "transfer bri" a transfer). */
export function method({ ask = 'Bayar lewat apa?', example = 'tunai' }: Asking = {}) {
  return word(METHOD, { ask, example }, (hand) => {
    const said = hand.items.filter((item) => item.method)
    for (const item of said) hand.used.add(item)
    return said[0]?.method
  })
}

type Present = {
  /**
   * The present day or month is what the command takes anyway, and is left out of the arguments; with `unnamed` only
   * where it was not called by its name ("bulan ini").
   */
  isDefault?: boolean | 'unnamed'
}

/** A day. Without its month it is the nearest one in `direction`; `bare` takes a lone number for one. */
export function date(
  direction: Direction,
  { bare, isDefault, ask = 'Tanggal berapa?', example = 'tgl 20' }: Asking & Present & { bare?: boolean } = {},
): Word<Day> {
  return word(DAY, { ask, example }, (hand) => {
    const typed = takeValue(hand, 'date')
    const number = typed || !bare ? undefined : takeValue(hand, 'number', ({ number }) => number >= 1 && number <= 31)
    const found = typed?.on(direction) ?? (number && resolveDay(hand.today, { day: number.number }, direction))
    if (!found || (isDefault && found.equals(hand.today))) return undefined
    const isWrongSide = direction === 'coming' ? isBefore(found, hand.today) : isAfter(found, hand.today)
    if (isWrongSide) hand.doubt += 1
    if (typed?.side && typed.side !== direction) hand.doubt += 1
    return found.toString()
  })
}

/** The day of every month on which something falls due. */
export function day({ ask = 'Tanggal berapa tiap bulan?', example = 'tgl 20' }: Asking = {}): Word<number> {
  return word(count(31), { ask, example }, (hand) => {
    const isDay = (digits: string) => /^(?:0?[1-9]|[12]\d|3[01])$/.test(digits)
    const bare = takeValue(hand, 'date', (value) => value.bare !== undefined)?.bare
    return bare ?? takeValue(hand, 'number', ({ digits }) => isDay(digits))?.number
  })
}

/** A month; for handlers its first day. */
export function month(
  direction: Direction | 'nearest',
  { isDefault, ask = 'Bulan apa?', example = 'november' }: Asking & Present = {},
): Word<Day> {
  return word(MONTH, { ask, example }, (hand) => {
    // "lunas mei" is about Mei where nobody else is named; a report names nobody.
    const isNamed = hand.items.some(({ kind, dignity, value }) => kind === 'name' || dignity || value?.kind === 'phone')
    const typed = takeValue(hand, 'month', ({ maybeName }) => !maybeName || isNamed || isDefault === true)
    const found = typed?.in(direction)
    const isLeftOut = isDefault === true || (isDefault === 'unnamed' && typed?.relative)
    if (!found || (isLeftOut && found.equals(monthOf(hand.today)))) return undefined
    return found.toString().slice(0, 7)
  })
}

const MOST_MONTHS = 120
const MOST_DAYS = 3650

export function months({ ask = 'Berapa bulan?', example = '3 bulan' }: Asking = {}): Word<number> {
  return word(count(MOST_MONTHS), { ask, example }, (hand) => {
    return takeValue(hand, 'count', ({ months }) => months !== undefined && months >= 1 && months <= MOST_MONTHS)
      ?.months
  })
}

/** A number of days as typed: `telat > 14 hari`, `telat 30`. */
export function minDays({ ask = 'Telat berapa hari?', example = '14 hari' }: Asking = {}): Word<number> {
  const isFit = (days = 0) => days >= 1 && days <= MOST_DAYS
  return word(count(MOST_DAYS), { ask, example }, (hand) => {
    const days = takeValue(hand, 'count', (value) => isFit(value.days))?.days
    return days ?? takeValue(hand, 'number', ({ number }) => isFit(number))?.number
  })
}

/** How many days before its due date a bill is issued. */
export function leadDays({ ask = 'Berapa hari sebelum jatuh tempo?', example = '14 hari' }: Asking = {}): Word<number> {
  return word(count(MOST_DAYS, 0), { ask, example }, (hand) => {
    return takeValue(hand, 'count', ({ days }) => days !== undefined && days <= MOST_DAYS)?.days
  })
}

/** A plan by its name: one of the business's, one behind the word "paket", or where `alone` any name there is. */
export function plan({
  alone = false,
  ask = 'Paket yang mana?',
  example = 'rumah 10 mbps',
}: Asking & { alone?: boolean } = {}): Word<string> {
  return word(TEXT, { ask, example }, (hand) => {
    const runs = runsOf(hand, 'thing')
    const known = runs.map((run) => planIn(run, hand.plans)).findLast((run) => run !== undefined)
    const marked = runs.find((run) => run.before?.concept === 'paket')
    return takeRun(hand, known ?? marked ?? (alone ? runs[0] : undefined))
  })
}

/** The name of a new plan, numbers too: "rumah 20". */
export function planName({ ask = 'Apa nama paketnya?', example = 'Gamer 30 Mbps' }: Asking = {}): Word<string> {
  return word(TEXT, { ask, example }, (hand) => takeRun(hand, runsOf(hand, 'thing')[0]))
}

/** The new value of something: what stands behind "ke" or "jadi", where `about` says which thing is changed. */
export function becomes(about: Concept, { ask, example }: Asking = {}): Word<string> {
  return word(TEXT, { ask, example }, (hand) => {
    const to = hand.items.findLast((item) => item.concept === 'ke')
    const target = runsOf(hand, 'thing').find((run) => to && (run.items[0]?.start ?? 0) > to.start)
    const isPlan = target && (target.items.some(({ value }) => value?.kind === 'speed') || planIn(target, hand.plans))
    const isMeant = hand.items.some((item) => item.concept === about) || (about === 'paket' && isPlan)
    return isMeant ? takeRun(hand, target) : undefined
  })
}

/** A street: what follows "alamat", or begins with "jl". */
export function address({ ask = 'Alamatnya di mana?', example = 'jl melati 3' }: Asking = {}): Word<string> {
  return word(TEXT, { ask, example }, (hand) => {
    const street = hand.items.findIndex((item) => STREETS.has(item.text))
    const marker = hand.items.findIndex((item) => item.concept === 'alamat')
    if (street < 0 && marker < 0) return undefined
    const behind = hand.items.slice(street < 0 ? marker + 1 : street + 1)
    const skipped = street < 0 ? behind.findIndex((item) => item.concept !== 'ke' && item.text !== ':') : 0
    const length = behind.findIndex((item, at) => at >= skipped && !isAddressPart(item))
    const covered = behind.slice(Math.max(skipped, 0), length < 0 ? undefined : length)
    const first = street < 0 ? covered[0] : hand.items[street]
    const last = covered.at(-1)
    if (!first || !last || !covered.some((item) => item.kind === 'name')) return undefined
    for (const item of [first, ...covered]) hand.used.add(item)
    return hand.text.slice(first.start, last.end).toLowerCase().replace(/\s+/g, ' ')
  })
}

function isAddressPart({ kind, value, concept }: Item): boolean {
  return value ? value.kind === 'number' : kind === 'name' || kind === 'filler' || concept === 'no'
}

export function area({ ask = 'Wilayah mana?', example = 'rt 3' }: Asking = {}): Word<string> {
  return word(TEXT, { ask, example }, (hand) => takeValue(hand, 'area')?.area)
}

export function format(): Word<'xlsx'> {
  return word(z.literal('xlsx'), { example: 'excel' }, (hand) => takeValue(hand, 'format') && 'xlsx')
}

/** Whether something is said to be for this time only: "sekali ini saja". */
export function once(): Word<boolean> {
  return word(z.boolean(), { example: 'sekali ini saja' }, (hand) => {
    const said = hand.items.find((item) => item.concept === 'sekaliIni')
    if (said) hand.used.add(said)
    return said && true
  })
}

/** The number of an open matter: `ya 12`. */
export function item(): Word<number> {
  const most = 1_000_000
  return word(count(most), { example: '12' }, (hand) => {
    return takeValue(hand, 'number', ({ number }) => number >= 1 && number <= most)?.number
  })
}

/** The id of the command that help was asked about. */
export function topic(): Word<string> {
  return word(TEXT, { example: 'lunas' }, (hand) => hand.topic)
}

/** A whole message, in its own wording and case: a free answer. */
export function wholeText(): Word<string> {
  return word(TEXT, { example: 'Barokah Net, Pak Joko' }, (hand) => {
    for (const item of hand.items) hand.used.add(item)
    return hand.text
  })
}

/** The words of an announcement, in their own wording and case, which were set apart before (`hear`). */
export function announcement({
  ask = 'Apa isi pengumumannya?',
  example = 'besok pagi ada pemadaman',
}: Asking = {}): Word<string> {
  return word(TEXT, { ask, example }, (hand) => {
    const said = hand.items.find((item) => item.value?.kind === 'said')
    if (said) hand.used.add(said)
    return said?.text
  })
}

/** What stands behind a word or mark, to the end: the reason of a discount, the note of a visit. */
export function textBehind(marker: Concept | ':', { ask, example }: Asking = {}): Word<string> {
  return word(TEXT, { ask, example }, (hand) => {
    const at = hand.items.findIndex((item) => item.concept === marker || item.text === marker)
    const first = at < 0 ? undefined : hand.items[at + 1]
    if (!first) return undefined
    for (const item of hand.items.slice(at)) hand.used.add(item)
    return hand.text.slice(first.start).trim()
  })
}

/** What is left once all else is read, in its own wording: the purpose of a one-off bill. */
export function description({ ask = 'Untuk apa?', example = 'pasang baru' }: Asking = {}): Word<string> {
  return word(TEXT, { ask, example }, (hand) => {
    const isLeft = (item: Item) =>
      !hand.used.has(item) && ['name', 'concept'].includes(item.kind) && !item.light && !isNegation(item)
    const left = hand.items.filter(isLeft)
    const [first, last] = [left[0], left.at(-1)]
    if (!first || !last) return undefined
    for (const item of hand.items) if (item.start >= first.start && item.end <= last.end) hand.used.add(item)
    hand.doubt += left.filter((item) => item.kind === 'concept' && item.concept !== 'benda').length
    return hand.text.slice(first.start, last.end)
  })
}
