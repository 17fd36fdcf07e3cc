import { type Day, day } from '../domain/calendar.ts'
import { type Concept, expressionAt, type Meaning, type Method, meaningOf, type StaffRole } from './meaning.ts'
import { type Token, wordAt } from './tokens.ts'
import { type Value, valueAt } from './values.ts'
import {
  LAST,
  MONTHS_THAT_ARE_NAMES,
  NAMES_BEHIND_TITLES,
  NEXT,
  THIS,
  WEEKDAYS,
  WORDS_THAT_ARE_NAMES,
} from './vocabulary.ts'

/** A piece of a message that means one thing. What means nothing known is taken for part of a name. */
export type Item = {
  kind: 'name' | 'concept' | 'filler' | 'title' | 'value' | 'break'
  /** As typed, in lower case. */
  text: string
  start: number
  end: number
  concept?: Concept
  /** A concept that only colours the sentence. */
  light?: boolean
  value?: Value
  role?: StaffRole
  method?: Method
  /** A title that may stand for a person: "pak haji". */
  dignity?: boolean
}

/** Marks that end a name and part a list. */
const BREAKS: ReadonlySet<string> = new Set(['\n', ',', ';', ':', '?', '!', '&', '+'])

/**
 * Turns tokens into items: values first, then expressions, then single words. `titlesName` is true where a title
 * announces a name ("pak Mei"), false where people address the bot with it ("kak, senin ya").
 */
export function interpret(tokens: readonly Token[], today: Day, titlesName: boolean): Item[] {
  const items: Item[] = []
  for (let at = 0; at < tokens.length; ) {
    const previous = items.at(-1)
    const isNamed = titlesName && previous?.kind === 'title' && isNameBehindTitle(tokens, at)
    const found = isNamed ? undefined : valueAt(tokens, at, today)
    const isFirstName = found && isMaybeName(found.value) && beginsName(tokens, found.to, previous)
    if (found && !isFirstName) {
      items.push({ ...span(tokens, at, found.to), kind: 'value', value: found.value })
      at = found.to
      continue
    }
    const expression =
      isNamed || isFirstName ? undefined : expressionAt((offset) => wordAt(tokens, at + offset) || undefined)
    const to = at + (expression?.length ?? 1)
    const item = itemOf(tokens[at] as Token, isNamed || isFirstName ? NAME : expression?.meaning, previous)
    if (item) items.push({ ...span(tokens, at, to), ...item })
    at = to
  }
  return items
}

const NAME = { kind: 'name' } as const

function itemOf(
  token: Token,
  known: Meaning | typeof NAME | undefined,
  previous: Item | undefined,
): Pick<Item, 'kind'> | undefined {
  if (token.kind === 'mark') return BREAKS.has(token.text) ? { kind: 'break' } : undefined
  // The 2 of "siapa2" says the word twice; that of "budi2" is his name.
  if (token.kind === 'number') return { kind: token.glued && previous?.kind !== 'name' ? 'filler' : 'name' }
  return known ?? meaningOf(token.text) ?? NAME
}

function span(tokens: readonly Token[], from: number, to: number): Pick<Item, 'text' | 'start' | 'end'> {
  const covered = tokens.slice(from, to)
  const text = covered.map((token, index) => (index === 0 || token.glued ? '' : ' ') + token.text).join('')
  return { text, start: covered[0]?.start ?? 0, end: covered.at(-1)?.end ?? 0 }
}

/** "pak mei", "mbah jumat", "bu kasih": but not "pak senin depan". */
function isNameBehindTitle(tokens: readonly Token[], at: number): boolean {
  const [word, next] = [wordAt(tokens, at), wordAt(tokens, at + 1)]
  if (WORDS_THAT_ARE_NAMES.has(word) || NAMES_BEHIND_TITLES.has(word)) return true
  const isOfCalendar = MONTHS_THAT_ARE_NAMES.has(word) || WEEKDAYS.has(word)
  return isOfCalendar && !NEXT.has(next) && !LAST.has(next) && !THIS.has(next)
}

const isMaybeName = (value: Value) => value.kind === 'month' && value.maybeName === true

/** "mei lan": a month right before an unknown word, and behind none, is a first name. */
function beginsName(tokens: readonly Token[], next: number, previous: Item | undefined): boolean {
  const word = wordAt(tokens, next)
  return word !== '' && !meaningOf(word) && previous?.kind !== 'name' && !valueAt(tokens, next, ANY_DAY)
}

/** Only asked whether a value begins there, never which day it is. */
const ANY_DAY = day('2000-01-01')
