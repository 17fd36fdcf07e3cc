import type { Command, CommandId } from './command.ts'
import type { Context, Message, Mood } from './hear.ts'
import { CONCEPTS, type Concept } from './meaning.ts'
import type { Item } from './sentence.ts'
import type { Hand } from './take.ts'
import type { Value } from './values.ts'
import type { Word } from './words.ts'

/** One way to say a command. */
export type Saying = {
  command: Command
  /** Concepts that must be there, in any order, and those that may. */
  concepts: readonly Concept[]
  options: readonly Concept[]
  /** Arguments that must be there, or a circumstance (`isThere`). */
  needs: readonly string[]
  /** Its place in the list of commands: the earlier one is meant where two explain a message equally well. */
  order: number
}

/** A message read as one command: the arguments found, and what they left unexplained. */
export type Candidate = {
  saying: Saying
  args: Record<string, unknown>
  hand: Hand
  left: readonly Item[]
  score: number
  /** Where its first command word stands: who gives an order says first what to do. */
  start: number
}

/** What a word of a saying weighs: one that must be there, one that may; of colour less than of meaning. */
const WEIGHT = { core: 3, light: 1.5, option: 1, lightOption: 0.5, argument: 1, need: 1, ownOfCustomer: 1.75 }

/** What a reading pays for each thing that it leaves unexplained, or explains badly. */
const COST = {
  core: 2,
  light: 0.3,
  done: 1.5,
  name: 2.5,
  chat: 1,
  moreOfName: 0.2,
  value: 1,
  before: 0.5,
  doubt: 1.5,
  asked: 1.5,
}

/** Below this a command word stands among too much else: "bayar parkir dulu". */
const LEAST_SCORE = 1.75

/** No order has more different words with a meaning; weighing what has would take long (C15). */
const MOST_CONCEPTS = 24

/** Commands that a question may be: those of staff change nothing, a customer may ask for a way or a day to pay. */
export const ASKABLE: ReadonlySet<CommandId> = new Set<CommandId>([
  'invoice.forecast',
  'cash.status',
  'report.overdue',
  'report.unpaid',
  'report.paid',
  'report.summary',
  'customer.find',
  'visit.list',
  'plan.list',
  'broadcast.status',
  'staff.list',
  'panel',
  'package.upgrade',
  'support',
  'help',
  'me.invoice',
  'me.pay',
  'me.history',
  'me.receipt',
  'me.promise',
  'me.help',
  'me.talk',
])

/** The command that explains most of a message, if one explains enough. */
export function best(message: Message, isMeant: (command: CommandId) => boolean = () => true): Candidate | undefined {
  const present = new Set(message.items.map((item) => item.concept))
  if (present.size > MOST_CONCEPTS) return undefined
  let found: Candidate | undefined
  for (const saying of sayingsOf(message.context)) {
    if (!isMeant(saying.command.id) || !saying.concepts.every((concept) => present.has(concept))) continue
    const candidate = read(message, saying)
    if (candidate && (!found || isBetter(candidate, found))) found = candidate
  }
  return found && (found.score >= LEAST_SCORE || found.saying.needs.includes('alone')) ? found : undefined
}

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.score !== b.score) return a.score > b.score
  return a.start !== b.start ? a.start < b.start : a.saying.order < b.saying.order
}

/** Reads a message as one command; nothing where the saying asks for something that is not there. */
export function read(message: Message, saying: Saying): Candidate | undefined {
  const { text, items, context, plans, mood, topic } = message
  const own = items.filter((_, at) => isOwn(items, at, saying))
  const used = new Set([...own, ...mood.tags])
  const hand: Hand = { text, items, used, today: context.today, plans, topic, doubt: 0 }
  const args: Record<string, unknown> = {}
  let score = weightOf(saying, own)
  for (const [name, arg] of Object.entries(saying.command.takes)) {
    const before = used.size
    const value = (arg as Word).read(hand)
    if (value !== undefined) args[name] = value
    if (value !== undefined || used.size > before) score += WEIGHT.argument
  }
  const left = items.filter((item) => !used.has(item))
  if (!saying.needs.every((need) => args[need] !== undefined || isThere(need, own, left, mood))) return undefined
  const start = own.find((item) => !item.light)?.start ?? 0
  // Of an act on one person, "semua" makes a wish about everybody (`isTooBig`), not another command.
  const isWish = saying.command.takes.who?.ask !== undefined && args.who === undefined
  for (const [at, item] of left.entries())
    score -= isWish && isMany(item) ? COST.light : costOf(item, left[at - 1], start, context.role)
  score += saying.needs.filter((need) => CIRCUMSTANCES[need]).length * WEIGHT.need
  if (mood.question && !ASKABLE.has(saying.command.id)) score -= COST.asked
  if (context.role === 'customer' && isCustomers(saying.command)) score += WEIGHT.ownOfCustomer
  return { saying, args, hand, left, score: score - hand.doubt * COST.doubt, start }
}

/** A word of the saying. Behind a title the same word again is a name: "lunas pak lunas". */
function isOwn(items: readonly Item[], at: number, { concepts, options, needs }: Saying): boolean {
  const { concept, value } = items[at] as Item
  if (needs.includes('first') && value?.kind === 'number' && value.number === 1) return true
  if (needs.includes('past') && value?.kind === 'date' && value.side === 'past') return true
  if (needs.includes('vague') && value?.kind === 'vague') return true
  if (!concept || !(concepts.includes(concept) || options.includes(concept))) return false
  return items[at - 1]?.kind !== 'title' || !items.slice(0, at).some((other) => other.concept === concept)
}

/** The kind of value that a circumstance is. */
const CIRCUMSTANCES: Readonly<Record<string, Value['kind']>> = { past: 'date', vague: 'vague', first: 'number' }

/** What a saying may ask for besides arguments: that nothing else of weight is there, a question, everybody … */
function isThere(need: string, own: readonly Item[], left: readonly Item[], mood: Mood): boolean {
  if (need === 'alone') return left.every((item) => !isWeighty(item) && item.concept !== 'saya')
  if (need === 'question') return mood.question
  if (need === 'many') return left.some(isMany)
  return own.some((item) => item.value !== undefined && item.value.kind === CIRCUMSTANCES[need])
}

/** What means something by itself: a name, a value, a word of a command. */
export function isWeighty(item: Item): boolean {
  if (item.kind === 'concept') return !item.light
  return item.kind === 'name' || (item.kind === 'value' && item.value?.kind !== 'vague')
}

function weightOf({ concepts, options }: Saying, own: readonly Item[]): number {
  const present = new Set(own.map((item) => item.concept))
  const isLight = (concept: Concept) => CONCEPTS.get(concept)?.light
  let weight = 0
  for (const concept of concepts) weight += isLight(concept) ? WEIGHT.light : WEIGHT.core
  for (const concept of options)
    if (present.has(concept)) weight += isLight(concept) ? WEIGHT.lightOption : WEIGHT.option
  return weight
}

/** Everybody, or a group. */
export const isMany = ({ concept }: Item) => concept === 'semua' || concept === 'telat'

/** A command word before the first one of the saying says that something else is to be done. */
function costOf(item: Item, previous: Item | undefined, start: number, role: Context['role']): number {
  if (item.concept === 'sudah') return COST.done
  // "Halo admin" is how customers address the business.
  if (role === 'customer' && item.concept === 'staf') return COST.light
  if (item.kind === 'concept') return item.light ? COST.light : COST.core + (item.start < start ? COST.before : 0)
  if (item.kind === 'name' && (previous?.kind === 'name' || previous?.text === 'di')) return COST.moreOfName
  if (item.kind === 'name') return role === 'customer' ? COST.chat : COST.name
  if (item.kind !== 'value' || item.value?.kind === 'vague') return 0
  return role === 'customer' ? COST.light : COST.value
}

const isCustomers = (command: Command) => command.roles.includes('customer')

const compiled = new WeakMap<readonly Command[], { staff: Saying[]; customer: Saying[] }>()

/** The ways to say each command. A customer's own come first; an owner's are known so that they can be refused. */
function sayingsOf({ commands, role }: Context): readonly Saying[] {
  let sayings = compiled.get(commands)
  if (!sayings) {
    const all = commands.flatMap((command) => command.says.map((says) => ({ command, says })))
    const staff = all.filter(({ command }) => !isCustomers(command))
    const customers = all.filter(({ command }) => isCustomers(command))
    sayings = { staff: staff.map(compile), customer: [...customers, ...staff].map(compile) }
    compiled.set(commands, sayings)
  }
  return role === 'customer' ? sayings.customer : sayings.staff
}

/**
 * Reads one entry of `Command.says`: `tagih` must be there, `pelanggan?` may be there, `<who>` is an argument (or
 * `<alone>`, `<question>` …) that must be there. Throws on a concept that the vocabulary does not have.
 */
function compile({ command, says }: { command: Command; says: string }, order: number): Saying {
  const saying = { command, concepts: [] as Concept[], options: [] as Concept[], needs: [] as string[], order }
  for (const part of says.split(' ')) {
    const concept = part.replace('?', '') as Concept
    if (part.startsWith('<')) saying.needs.push(part.slice(1, -1))
    else if (!CONCEPTS.has(concept)) throw new Error(`${command.id} says "${says}": no concept "${concept}"`)
    else saying[part.endsWith('?') ? 'options' : 'concepts'].push(concept)
  }
  return saying
}
