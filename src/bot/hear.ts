import type { Day } from '../domain/calendar.ts'
import type { Command } from './command.ts'
import { type Concept, conceptSet } from './meaning.ts'
import { type Item, interpret } from './sentence.ts'
import { clean, tokenize } from './tokens.ts'

/** What the reader may know: who writes, the day, and the business's own plans. */
export type Context = {
  role: 'owner' | 'staff' | 'customer'
  today: Day
  plans?: readonly string[]
  commands: readonly Command[]
}

/** A message heard: its pieces, and how it is meant. */
export type Message = {
  /** Cleaned, in its own wording and case. */
  text: string
  items: readonly Item[]
  mood: Mood
  context: Context
  /** The names of the business's plans, in lower case. */
  plans: readonly string[]
  /** The command that it asks help about. */
  topic?: string
}

export type Mood = {
  /** Asked in any way: by a mark, by its end, by a word such as "berapa". */
  question: boolean
  /** Asked by its mark or its end. */
  marked: boolean
  /** Asked whether the bot can do something: "bisa tagih semua ga?". */
  canYou: boolean
  /** Words that only make it a question: the last of "budi bayar ga". */
  tags: ReadonlySet<Item>
}

/** A plain statement. */
export const NO_MOOD: Mood = { question: false, marked: false, canYou: false, tags: new Set() }

export function hear(text: string, context: Context): Message {
  const cleaned = clean(text)
  const plans = (context.plans ?? []).map((plan) => plan.toLowerCase())
  const items = interpret(tokenize(cleaned), context.today, context.role !== 'customer')
  const trigger = items.findIndex((item) => item.kind === 'concept' && !PREFACES.has(item.concept ?? ''))
  const announced = trigger < 0 ? undefined : announcementIn(cleaned, items, trigger)
  // The mood of an announcement is that of what stands before it.
  const mood = moodOf(announced?.slice(0, trigger + 1) ?? items)
  return { text: cleaned, items: announced ?? items, mood, context, plans }
}

/** What may stand before the word that says what a message is. */
export const PREFACES = conceptSet('tolong kirim buat minta mau saya salam gimana bisa apa seru ya')

const TRIGGERS = conceptSet('umumkan kabari pesan siaran data')

/** What may stand between the trigger of an announcement and its words: who it goes to. */
const AUDIENCE = conceptSet('ke pelanggan semua orang buat')
const AUDIENCE_FILLERS: ReadonlySet<string> = new Set(
  'untuk utk buat para di kepada khusus bagi bahwa bahwasanya : -'.split(' '),
)

/** "umumkan (ke semua pelanggan) …": everything behind it is the announcement and is not read word by word. */
function announcementIn(text: string, items: readonly Item[], trigger: number): Item[] | undefined {
  const word = items[trigger] as Item
  const isFirst = items.slice(0, trigger).every(({ kind }) => kind !== 'name' && kind !== 'value')
  if (!isFirst || !TRIGGERS.has(word.concept ?? '')) return undefined
  const isAudience = (item: Item) =>
    AUDIENCE.has(item.concept ?? '') || AUDIENCE_FILLERS.has(item.text) || item.value?.kind === 'area'
  const behind = items.slice(trigger + 1)
  const length = behind.findIndex((item) => !isAudience(item))
  const audience = length < 0 ? behind : behind.slice(0, length)
  const names = (...concepts: Concept[]) => audience.some((item) => concepts.includes(item.concept as Concept))
  const toWhom = names('pelanggan', 'semua') || audience.some((item) => item.value)
  // "kabari budi", "info budi", "broadcast tagihan" are something else: only what goes to many is announced.
  if (word.concept !== 'umumkan' && !toWhom) return undefined
  if (word.concept === 'data' && !names('ke')) return undefined
  const end = audience.at(-1)?.end ?? word.end
  const said = unwrapped(text.slice(end).replace(/^[\s:,–—-]+/, ''))
  const announced: Item[] = [...items.slice(0, trigger), { ...word, concept: 'umumkan', light: false }]
  announced.push(...audience.filter((item) => item.value))
  if (said !== '') announced.push({ kind: 'value', text: said, start: end, end: text.length, value: { kind: 'said' } })
  return announced
}

/** Without the closing half of a mark or quote that was opened before the trigger: `*umumkan besok libur*`. */
function unwrapped(text: string): string {
  const last = text.at(-1) ?? ''
  const isHalf = '*_~`"”\''.includes(last) && text.split(last).length % 2 === 0
  return (isHalf ? text.slice(0, -1) : text).trim()
}

export const ASKING = conceptSet('siapa berapa kapan apa mana gimana kenapa kan')

function moodOf(items: readonly Item[]): Mood {
  const said = items.filter((item) => ['concept', 'name', 'value'].includes(item.kind))
  const has = (...concepts: Concept[]) => said.some((item) => concepts.includes(item.concept as Concept))
  // "tolong tagih budi?" is a request; "tolong, budi sudah bayar?" asks all the same.
  const isRequest = has('tolong') && (!has('sudah') || has('catat'))
  // "budi bayar ga", "sudah lunas belum", "bayar apa tidak": the last word only makes it a question.
  const core = said.filter((item) => item.concept !== 'ya' && item.concept !== 'lagi')
  const last = core.length > 1 ? core.at(-1) : undefined
  const isTag =
    last?.concept === 'tidak' ||
    (last?.concept === 'bukan' && core.length > 2) ||
    (last?.concept === 'belum' && has('sudah', 'apa'))
  const isMarked = items.some((item) => item.text === '?') || isTag
  const first = said.find((item) => item.concept !== 'apa' && item.concept !== 'salam' && item.concept !== 'ya')
  return {
    question: said.some((item) => ASKING.has(item.concept ?? '')) || (isMarked && !isRequest),
    marked: isMarked && !isRequest,
    canYou: first?.concept === 'bisa' && !isRequest,
    tags: new Set(last && isTag ? [last] : []),
  }
}
