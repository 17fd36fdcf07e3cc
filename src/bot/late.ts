import { rememberAct } from '../domain/conversation.ts'
import { plain } from '../domain/letter.ts'
import { explainHold } from './answers/restoration.ts'
import type { Answer, Args, Command, CommandId, StaffTurn, Turn } from './command.ts'

/** A command that moves money or messages and was read so late is not done without a question (design, Clock). */
const LATE_MINUTES = 10

/** A command that was typed before an outage, with the message that it came from. */
type Late = { command: CommandId; args: Args; said: string; messageId: number }

/** The rows that an answer has room for. */
const ROWS = 9

export function isLate({ books, message }: Turn): boolean {
  return message.at.until(books.now).total('minutes') > LATE_MINUTES
}

/** The late commands that a question holds, if it is about such. */
export function lateOf(question: { args: Args } | undefined): readonly Late[] {
  return (question?.args.late as Late[] | undefined) ?? []
}

/** What was typed before an outage may have been done by hand meanwhile: all of it is asked together, with one *ya*. */
export function askLate(turn: Turn, command: Command, args: Args, before: readonly Late[]): Answer {
  const { text, id } = turn.message
  const said = plain(text.replace(/\s+/g, ' ').slice(0, 60))
  const late: Late[] = [...before, { command: command.id, args, said, messageId: id }]
  const rows = late.map((each, index) => `${index + 1}. "${each.said}"`)
  return {
    text: [
      late.length === 1
        ? `Pesan ini baru terbaca sekarang: "${said}". Belum dikerjakan.`
        : `*${late.length} pesan* baru terbaca sekarang, belum dikerjakan:`,
      ...(late.length === 1 ? [] : shorten(rows)),
      'Balas *ya* untuk mengerjakan, *tidak* untuk membiarkan.',
    ].join('\n'),
    ask: { command: 'confirm.yes', args: { late }, awaits: 'yes' },
  }
}

function shorten(rows: readonly string[]): string[] {
  return rows.length <= ROWS ? [...rows] : [...rows.slice(0, ROWS - 1), `dan ${rows.length - ROWS + 1} lagi`]
}

/** Does them in the order in which they were typed. One that needs an answer first is left for its writer to repeat. */
export async function doLate(turn: StaffTurn, late: readonly Late[]): Promise<Answer> {
  const done: Answer[] = []
  for (const { command, args, said, messageId } of late) {
    const { handle, sends } = turn.commands.find(({ id }) => id === command) ?? {}
    if (!handle) throw new Error(`${command} has no handler`)
    const held = sends ? await explainHold(turn.books) : undefined
    // Money is recorded under the message that it came from, once.
    const answer = held ?? (await handle({ ...turn, message: { ...turn.message, id: messageId, text: said } }, args))
    if (answer.undo) await rememberAct(turn.books, { staffId: turn.person.id, ...answer.undo })
    done.push(answer)
  }
  const [only] = done
  if (only && done.length === 1) return { ...only, undo: undefined }
  const rows = late.map(({ said }, index) => `${index + 1}. ${describe(said, done[index] as Answer)}`)
  const left = done.filter((answer) => answer.ask).length
  return {
    text: [
      left > 0 ? `⚠️ *${done.length - left}* dari ${done.length} dikerjakan:` : `✅ *${done.length} pesan* dikerjakan:`,
      ...shorten(rows),
    ].join('\n'),
    notes: done.flatMap((answer) => answer.notes ?? []),
    errands: done.flatMap((answer) => answer.errands ?? []),
  }
}

/** The first line of an answer carries it (voice 1). */
function describe(said: string, { text, ask }: Answer): string {
  if (ask) return `"${said}": perlu ditanya dulu, ketik lagi`
  return (text?.split('\n')[0] ?? `"${said}": sedang dikerjakan`).replace(/^(?:✅|⏳|⚠️) /u, '')
}
