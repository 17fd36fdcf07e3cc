import type { Args, Command, CommandId } from './command.ts'
import { ASKING, type Context, hear, type Message, NO_MOOD, PREFACES } from './hear.ts'
import { type Concept, conceptSet, isOneSlipAway } from './meaning.ts'
import type { Item } from './sentence.ts'
import { clean, LONGEST } from './tokens.ts'
import { GUESSABLE, NAMES_NEAR_COMMANDS } from './vocabulary.ts'
import { ASKABLE, best, type Candidate, isMany, isWeighty, read } from './weigh.ts'

export type { Context } from './hear.ts'

/** Why a message is no command, so that the bot can answer well. */
type Hint =
  | { kind: 'thanks' | 'greeting' | 'smallTalk' }
  /** "bisa tagih semua ga?": the bot says yes, and how. */
  | { kind: 'canYou'; command: CommandId }
  /** "jangan tagih semua": nothing is done. */
  | { kind: 'negated'; command?: CommandId }
  /** "lunas semua": a wish about everybody that no command offers. */
  | { kind: 'tooBig'; command: CommandId }
  /** "lunas budi 150.00": a number that could mean two things. */
  | { kind: 'unclear'; command: CommandId; typed: string }
  /** Longer than anything that is read; nothing of it was. */
  | { kind: 'tooLong' }

/** A message as a command with its arguments, in the form of the contract; `command` is null for what is none. */
export type Reading = {
  command: CommandId | null
  args: Args
  /** The command word was misspelt: what was typed, and what it was taken for. */
  guessed?: { typed: string; word: string }
  /** The titles that were dropped from `who` or `name`. */
  title?: string
  hint?: Hint
}

/**
 * Reads a message: words and values → concepts → the command whose ways of saying it explain most of them; what is
 * left over is the name. Pure, and linear in the length of the text.
 */
export function understand(text: string, context: Context): Reading {
  if (text.length > LONGEST) return context.role === 'customer' ? TALK : none({ kind: 'tooLong' })
  const message = withTopic(hear(text, context))
  return smallTalk(message) ?? guess(message) ?? decide(message)
}

/**
 * Reads a message as the answer to a question for one argument of a command, with whatever else of that command it
 * says ("budi 100rb"). A bare number is meant as in the argument's example: "20" for `tgl 20`. What is read as nothing
 * else is a text where the argument is one and `anyText` allows it. Nothing when it is no answer.
 */
export function readAnswer(
  text: string,
  command: Command,
  awaits: string,
  context: Context,
  anyText = true,
): Args | undefined {
  const arg = command.takes[awaits]
  const said = clean(text)
  if (!arg || said === '' || text.length > LONGEST) return undefined
  const typed = /^\d+$/.test(said) && arg.example ? arg.example.replace(/\d+/, said) : said
  for (const each of [said, typed]) {
    const message = { ...hear(each, context), mood: NO_MOOD }
    const found = read(message, { command, concepts: [], options: [], needs: [awaits], order: 0 })
    if (found) return found.args
  }
  const isText = anyText && arg.schema.safeParse('x').success
  return isText ? { [awaits]: FREE_TEXTS.has(awaits) ? said : said.toLowerCase() } : undefined
}

const NONE = conceptSet('tidak belum ada nomor no wa')

/** "-", "tidak ada", "ga punya wa": there is none of what was asked for. A bare *tidak* cancels the question instead. */
export function saysNone(text: string, context: Context): boolean {
  if (/^\s*[-–—]+\s*$/.test(text)) return true
  const { items } = hear(text, context)
  const isNone = items.every(({ kind, concept }) => kind === 'filler' || NONE.has(concept ?? ''))
  return isNone && items.length > 1 && items.some(({ concept }) => concept === 'tidak' || concept === 'belum')
}

/** Arguments that keep their own wording and case. */
const FREE_TEXTS: ReadonlySet<string> = new Set(['text', 'address'])

/** "bantuan lunas", "gimana cara tagih semua": the rest of the message is the command that help is asked about. */
function withTopic(message: Message): Message {
  const trigger = message.items.find((item) => item.kind === 'concept' && !PREFACES.has(item.concept ?? ''))
  const isHelp = trigger?.concept === 'cara' || trigger?.concept === 'bantuan'
  if (!trigger || !isHelp || message.context.role === 'customer') return message
  const rest = message.items.filter((item) => item !== trigger && item.concept !== 'gimana')
  const topic = best({ ...message, items: rest, mood: NO_MOOD })
  return topic ? { ...message, items: [trigger], topic: topic.saying.command.id } : message
}

/** Words that forbid, take back, and deny. Where a command does not explain them, it is not given. */
const FORBIDDING = conceptSet('jangan gajadi')
const UNDOING = conceptSet('batal hapus')
const DENYING = conceptSet('tidak belum bukan')
/** What makes a payment one that was not made: "budi harus bayar 100rb", "kalau budi bayar". */
const UNREAL = conceptSet('andai harus suruh')
/** Of a customer, these want a human wherever nothing explains them. */
const HUMAN = conceptSet('jangan gajadi tidak belum bukan kenapa gangguan mahal semua putus nyala salah')

function decide(message: Message): Reading {
  const candidate = best(message)
  return message.context.role === 'customer'
    ? decideForCustomer(message, candidate)
    : decideForStaff(message, candidate)
}

function decideForStaff(message: Message, candidate: Candidate | undefined): Reading {
  const holds = (concepts: ReadonlySet<string>) =>
    (candidate?.left ?? message.items).some((item) => concepts.has(item.concept ?? ''))
  if (holds(FORBIDDING)) return none({ kind: 'negated', command: candidate?.saying.command.id })
  if (!candidate) return (message.mood.question && lookUp(message)) || none()
  const command = candidate.saying.command.id
  if (holds(UNDOING)) return (message.mood.question && lookUp(message)) || none({ kind: 'negated', command })
  if (ASKABLE.has(command)) {
    // "semua yang telat isolir" is no report: a word that it leaves unexplained is an act on all of them.
    const act = candidate.left.some(isOfCommand) && best(message, (id) => !ASKABLE.has(id))
    return act && isTooBig(act) ? none({ kind: 'tooBig', command: act.saying.command.id }) : readingOf(candidate)
  }
  if (message.mood.canYou && !holds(DENYING)) return none({ kind: 'canYou', command })
  if (message.mood.marked || holds(ASKING)) return lookUp(message) ?? none({ kind: 'canYou', command })
  if (holds(DENYING) || (command === 'payment.record' && holds(UNREAL)))
    return lookUp(message) ?? none({ kind: 'negated', command })
  const typed = candidate.hand.unclear ?? secondAmount(candidate)
  if (typed) return none({ kind: 'unclear', command, typed })
  return isTooBig(candidate) ? none({ kind: 'tooBig', command }) : readingOf(candidate)
}

/** "budi udah bayar kan": a question about somebody, or what somebody did not do, shows that person. */
function lookUp(message: Message): Reading | undefined {
  const command = message.context.commands.find(({ id }) => id === 'customer.find')
  const options = message.items.flatMap((item) => item.concept ?? [])
  const found = command && read(message, { command, concepts: [], options, needs: ['who'], order: 0 })
  return found && (found.hand.title || message.items.some(isOfCommand)) ? readingOf(found) : undefined
}

/** A word of some command: "dewi sudah ditagih?" is asked of the bot, "berapa kilo beras" is not. */
function isOfCommand(item: Item): boolean {
  return item.concept !== undefined && !item.light && item.concept !== 'ngobrol' && item.concept !== 'benda'
}

/** What may stand before a second amount without making it a riddle: "bayar 100rb dari 150rb", "sisa 50rb". */
const AMOUNT_ASIDES = conceptSet('dari tagihan total harga lagi')

/** A second sum of money that nothing explains: which of the two was paid is not guessed. */
function secondAmount({ args, left, hand }: Candidate): string | undefined {
  const second = args.amount === undefined ? undefined : left.find((item) => item.value?.kind === 'amount')
  const before = second && hand.items[hand.items.indexOf(second) - 1]
  return AMOUNT_ASIDES.has(before?.concept ?? '') || before?.text === 'kurang' ? undefined : second?.text
}

/** An act on one customer that names none, but everybody, a group or an area. */
function isTooBig({ saying, args, hand, left }: Candidate): boolean {
  if (!saying.command.takes.who?.ask || args.who !== undefined || args.items !== undefined) return false
  const isGroup = (item: Item) => isMany(item) && !saying.concepts.includes(item.concept as Concept)
  return args.area !== undefined || hand.items.some(isGroup) || left.some((item) => item.value?.kind === 'area')
}

const TALK: Reading = { command: 'me.talk', args: {} }

/** A customer gets no owner's command: what claims a payment is a claim, anything else is for a human. */
function decideForCustomer(message: Message, candidate: Candidate | undefined): Reading {
  const isSaying = (item: Item) => item.concept !== undefined || (isWeighty(item) && item.value?.kind !== 'number')
  if (!candidate) return message.items.some(isSaying) ? TALK : none()
  if (candidate.left.some((item) => HUMAN.has(item.concept ?? ''))) return TALK
  const { id, roles } = candidate.saying.command
  if (roles.includes('customer')) return readingOf(candidate)
  return id === 'payment.record' ? { command: 'me.claimPaid', args: {} } : TALK
}

function readingOf({ saying, args, hand }: Candidate): Reading {
  return { command: saying.command.id, args, ...(hand.title && { title: hand.title }) }
}

function none(hint?: Hint): Reading {
  return { command: null, args: {}, ...(hint && { hint }) }
}

/** Words of which a message of mere politeness consists; a customer's bare yes, no or cancel is one too. */
const POLITE = conceptSet('ya terimakasih seru tawa salam tolong saya sudah lagi ini')
const DECLINING = conceptSet('tidak batal gajadi jangan')

function smallTalk({ items, context }: Message): Reading | undefined {
  const isCustomer = context.role === 'customer'
  const polite = isCustomer ? POLITE.union(DECLINING) : POLITE
  const said = items.filter((item) => isWeighty(item) || item.concept)
  if (!said.every((item) => polite.has(item.concept ?? ''))) return undefined
  const has = (...concepts: Concept[]) => said.some((item) => item.concept && concepts.includes(item.concept))
  const greets = has('salam') || (said.length === 0 && items.some((item) => item.kind === 'title'))
  if (has('terimakasih')) return none({ kind: 'thanks' })
  if (greets) return isCustomer ? { command: 'me.help', args: {} } : none({ kind: 'greeting' })
  return isCustomer || !has('ya') || has('seru', 'tawa') ? none({ kind: 'smallTalk' }) : undefined
}

/** Words tried in one message: a command has few, and each costs one more reading. */
const MOST_GUESSES = 6
/** A slip is recognisable in words of five letters and more; shorter ones are too near to names. */
const SHORTEST_GUESSED = 5
/** So much better must the corrected message be explained: a name that is read as a name is one. */
const LEAST_GAIN = 1.5
/** Answers are never guessed. */
const NOT_GUESSED: ReadonlySet<string> = new Set<CommandId>(['confirm.yes', 'confirm.no', 'me.talk'])

/** Reads the message with one unknown word taken for the command word that it nearly is, where that explains more. */
function guess(message: Message): Reading | undefined {
  const { text, items, context } = message
  const isUnknown = ({ kind, text: word }: Item, at: number) =>
    kind === 'name' &&
    word.length >= SHORTEST_GUESSED &&
    items[at - 1]?.kind !== 'title' &&
    !NAMES_NEAR_COMMANDS.has(word)
  const unknown = items.filter(isUnknown).slice(0, MOST_GUESSES)
  const slips = unknown.flatMap((item) =>
    GUESSABLE.filter((word) => isOneSlipAway(item.text, word)).map((word) => ({ item, word })),
  )
  if (slips.length === 0) return undefined
  const least = (best(message)?.score ?? 0) + LEAST_GAIN
  for (const { item, word } of slips) {
    const corrected = hear(text.slice(0, item.start) + word + text.slice(item.end), context)
    const reading = decide(corrected)
    const isBetter = (best(corrected)?.score ?? 0) >= least || reading.command === 'broadcast.announce'
    if (isBetter && reading.command && !NOT_GUESSED.has(reading.command))
      return { ...reading, guessed: { typed: item.text, word } }
  }
  return undefined
}
