import { rememberAct } from '../domain/conversation.ts'
import { plain } from '../domain/letter.ts'
import { listUnhandled, settleIncoming } from '../domain/message.ts'
import { queueMessages } from '../domain/outbox.ts'
import type { Answer, Args, Command, CommandId, StaffTurn, Turn } from './command.ts'
import { type Context, type Reading, understand } from './understand.ts'

/** A command that moves money or messages and was read so late is not done without a question (design, Clock). */
const LATE_MINUTES = 10
/** What was typed so much before a question was asked cannot be its answer; the clocks of phones differ by less. */
const BLIND_SECONDS = 30

/** A command that was typed before an outage, with the message that it came from. */
type Late = { command: CommandId; args: Args; said: string; messageId: number }

/** The rows that an answer has room for. */
const ROWS = 9

export function isLate({ books }: Pick<Turn, 'books'>, message: Pick<Turn['message'], 'at'>): boolean {
  return message.at.until(books.now).total('minutes') > LATE_MINUTES
}

/** Whether a message was typed before a question could be read (C18). */
export function isBlind({ message }: Turn, question: { asked_at: Temporal.Instant }): boolean {
  return message.at.until(question.asked_at).total('seconds') > BLIND_SECONDS
}

/** Whether a command does harm when it comes late: also one that takes something back, or decides a matter. */
export function movesMoney({ id, risky }: Pick<Command, 'id' | 'risky'>, args: Args): boolean {
  return risky === true || id === 'undo' || (id.startsWith('confirm.') && args.item !== undefined)
}

/** The late commands that a question holds, if it is about such. */
export function lateOf(question: { args: Args } | undefined): readonly Late[] {
  return (question?.args.late as Late[] | undefined) ?? []
}

/**
 * What was typed before an outage may have been done by hand meanwhile: all of it is asked together, with one *ya*, those
 * too that are asked about already and those that wait behind.
 */
export async function askLate(
  turn: Turn,
  command: Command,
  args: Args,
  { before, context }: { before: readonly Late[]; context: Context },
): Promise<Answer> {
  const { text, id } = turn.message
  const own = { command: command.id, args, said: quote(text), messageId: id }
  const late: Late[] = [...before, own, ...(await takeWaiting(turn, context))]
  const rows = late.map((each, index) => `${index + 1}. "${each.said}"`)
  return {
    text: [
      late.length === 1
        ? `Pesan ini baru terbaca sekarang: "${own.said}". Belum dikerjakan.`
        : `*${late.length} pesan* baru terbaca sekarang, belum dikerjakan:`,
      ...(late.length === 1 ? [] : shorten(rows)),
      'Balas *ya* untuk mengerjakan, *tidak* untuk membiarkan.',
    ].join('\n'),
    ask: { command: 'confirm.yes', args: { late }, awaits: 'yes' },
  }
}

/** Late commands of the same person that nobody handled yet: the list handles them. Anything in doubt has its own turn. */
async function takeWaiting(turn: Turn, context: Context): Promise<Late[]> {
  const { books, person, message } = turn
  const taken: Late[] = []
  for (const { id, kind, text, at } of await listUnhandled(books, person.phone)) {
    if (id === message.id || kind !== 'text' || !isLate(turn, { at })) continue
    const reading = understand(text, context)
    const command = turn.commands.find((each) => each.id === reading.command)
    if (!command || !isClear(turn as StaffTurn, command, reading)) continue
    taken.push({ command: command.id, args: reading.args, said: quote(text), messageId: id })
    await settleIncoming(books, id, 'handled', { command: command.id, args: reading.args }, 'late')
  }
  return taken
}

function isClear({ person }: StaffTurn, command: Command, { args, guessed }: Reading): boolean {
  const built = command.handle !== undefined || command.id.startsWith('confirm.')
  const supported = !Object.keys(args).some((name) => command.later?.[name])
  return !guessed && built && supported && command.roles.includes(person.role) && movesMoney(command, args)
}

function quote(text: string): string {
  return plain(text.replace(/\s+/g, ' ').slice(0, 60))
}

function shorten(rows: readonly string[]): string[] {
  return rows.length <= ROWS ? [...rows] : [...rows.slice(0, ROWS - 1), `dan ${rows.length - ROWS + 1} lagi`]
}

/**
 * Does them in the order in which they were typed, each as the message that it came in, so that money is recorded for it
 * once. One that needs an answer first is left for its writer to repeat.
 */
export async function doLate(
  turn: StaffTurn,
  late: readonly Late[],
  perform: (turn: Turn, reading: Reading) => Promise<Answer>,
): Promise<Answer> {
  const done: Answer[] = []
  for (const { command, args, said, messageId } of late) {
    const answer = await perform(
      { ...turn, message: { ...turn.message, id: messageId, text: said } },
      { command, args },
    )
    // As if it had been a turn of its own: what comes behind it may take it back.
    if (answer.undo) await rememberAct(turn.books, { staffId: turn.person.id, ...answer.undo })
    await queueMessages(
      turn.books,
      (answer.notes ?? []).map((note) => ({ ...note, causeId: messageId })),
    )
    done.push({ ...answer, notes: [], undo: undefined })
  }
  const [only] = done
  if (only && done.length === 1) return only
  const rows = late.map(({ said }, index) => `${index + 1}. ${describe(said, done[index] as Answer)}`)
  const left = done.filter((answer) => answer.ask).length
  return {
    text: [
      left > 0 ? `⚠️ *${done.length - left}* dari ${done.length} dikerjakan:` : `✅ *${done.length} pesan* dikerjakan:`,
      ...shorten(rows),
    ].join('\n'),
    errands: done.flatMap((answer) => answer.errands ?? []),
  }
}

/** The first line of an answer carries it (voice 1). */
function describe(said: string, { text, ask }: Answer): string {
  if (ask) return `"${said}": perlu ditanya dulu, ketik lagi`
  return (text?.split('\n')[0] ?? `"${said}": sedang dikerjakan`).replace(/^(?:✅|⏳|⚠️) /u, '')
}
