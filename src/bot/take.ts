import type { Day } from '../domain/calendar.ts'
import { conceptSet } from './meaning.ts'
import type { Item } from './sentence.ts'
import type { Value } from './values.ts'
import { WORDS_THAT_ARE_NAMES } from './vocabulary.ts'

/** What the arguments of a command may take from while a message is read as that command. */
export type Hand = {
  /** The message, cleaned, in its own wording and case. */
  text: string
  items: readonly Item[]
  /** What is explained so far: by the words of the command or by an argument. */
  used: Set<Item>
  today: Day
  /** The names of the business's own plans, in lower case. */
  plans: readonly string[]
  /** The command that the message asks help about. */
  topic?: string
  /** Titles that were dropped from a name. */
  title?: string
  /** A number that could mean two things. */
  unclear?: string
  /** How badly the arguments fit: a day on the wrong side, a command word taken for a name. */
  doubt: number
}

type Kind<K extends Value['kind']> = Extract<Value, { kind: K }>

/** Takes the first value of a kind that is still unexplained. */
export function takeValue<K extends Value['kind']>(
  hand: Hand,
  kind: K,
  fits: (value: Kind<K>) => boolean = () => true,
): Kind<K> | undefined {
  const item = hand.items.find((each) => isFree(hand, each, kind) && fits(each.value as Kind<K>))
  if (item) hand.used.add(item)
  return item?.value as Kind<K> | undefined
}

/** Takes the last one: "ganti nomor 0857… jadi 0858…" is about the second. */
export function takeLastValue<K extends Value['kind']>(hand: Hand, kind: K): Kind<K> | undefined {
  const item = hand.items.findLast((each) => isFree(hand, each, kind))
  if (item) hand.used.add(item)
  return item?.value as Kind<K> | undefined
}

function isFree(hand: Hand, item: Item, kind: Value['kind']): boolean {
  return item.value?.kind === kind && !hand.used.has(item)
}

/** Words side by side that may be one name. */
export type Run = { items: readonly Item[]; text: string; titles: readonly Item[]; before?: Item }

/**
 * The names that are still unexplained. A person's may hold a small number ("budi 2"), and a word of a command behind
 * a title or between its parts ("toko lunas jaya"); that of a thing may hold any word ("rumah 10 mbps").
 */
export function runsOf(hand: Hand, of: 'person' | 'thing'): Run[] {
  const runs: Run[] = []
  let open: Item[] = []
  let titles: Item[] = []
  let before: Item | undefined
  const close = () => {
    const isNamed =
      titles.length > 0 || open.some(({ kind }) => kind === 'name' || (of === 'thing' && kind === 'concept'))
    if (open.length > 0 && isNamed) runs.push({ items: open, text: textOf(open), titles, before })
    open = []
    titles = []
  }
  hand.items.forEach((item, at) => {
    const isTitle = item.kind === 'title' && !hand.used.has(item)
    const isPart = !isTitle && !hand.used.has(item) && belongs(hand, at, open, of)
    if ((isTitle || isPart) && open.length + titles.length === 0)
      before = hand.items[at - 1]?.text === ':' ? hand.items[at - 2] : hand.items[at - 1]
    if (isTitle) titles.push(item)
    else if (isPart) open.push(item)
    else close()
  })
  close()
  return runs
}

function textOf(items: readonly Item[]): string {
  return items.map((item) => item.text).join(' ')
}

const NEGATIONS = conceptSet('jangan gajadi tidak belum bukan')

/** Whoever takes one of these for part of a name or text does what was forbidden. */
export function isNegation(item: Item): boolean {
  return NEGATIONS.has(item.concept ?? '')
}

function belongs(hand: Hand, at: number, open: readonly Item[], of: 'person' | 'thing'): boolean {
  const item = hand.items[at] as Item
  const [previous, next] = [hand.items[at - 1], hand.items[at + 1]]
  if (item.kind === 'name') return true
  if (isAlsoName(item)) return open.length > 0 || next?.kind === 'name'
  if (item.value?.kind === 'speed') return of === 'thing'
  if (item.value?.kind === 'number')
    return open.length > 0 && (of === 'thing' || /^(?:\d|0\d+)$/.test(item.value.digits))
  if (item.kind !== 'concept' || item.light || isNegation(item)) return false
  if (item.concept === 'paket' || item.concept === 'ngobrol') return false
  if (of === 'thing' || (item.concept === 'benda' && open.length > 0)) return true
  return previous?.kind === 'title' || (open.length > 0 && next?.kind === 'name' && !hand.used.has(next))
}

/** "bagus", "amin": a word that is a name too. */
export function isAlsoName(item: Item): boolean {
  return item.value === undefined && WORDS_THAT_ARE_NAMES.has(item.text)
}

/** Takes a name out of the hand, with its titles. A word of a command in it makes the reading doubtful. */
export function takeRun(hand: Hand, run: Run | undefined): string | undefined {
  if (!run) return undefined
  for (const item of [...run.items, ...run.titles]) hand.used.add(item)
  hand.doubt += run.items.filter((item) => item.kind === 'concept' && item.concept !== 'benda').length
  if (run.titles.length > 0) hand.title = textOf(run.titles)
  return run.text
}

/** The part of a run that names a plan: all of a plan's name, or its beginning where no other plan begins so. */
export function planIn(run: Run, plans: readonly string[]): Run | undefined {
  for (let length = run.items.length; length > 0; length--)
    for (let start = run.items.length - length; start >= 0; start--) {
      const items = run.items.slice(start, start + length)
      const text = textOf(items)
      const meant = plans.filter((known) => known.startsWith(`${text} `))
      if (plans.includes(text) || meant.length === 1) return { ...run, items, text }
    }
  return undefined
}
