import { closeQuestions, heardSince, type OpenQuestion } from '../domain/conversation.ts'
import { plain as plainText } from '../domain/letter.ts'
import type { Plan } from '../domain/plan.ts'
import { decideMatter } from './answers/general.ts'
import { explainHold } from './answers/restoration.ts'
import type { Answer, Args, Command, CommandId, StaffTurn, Turn } from './command.ts'
import { COMMANDS } from './commands/all.ts'
import { askLate, doLate, isBlind, isLate, lateOf, movesMoney } from './late.ts'
import { askCode, checkCode, needsProof } from './proof.ts'
import { explain, forbid, nameAct, nothingDone, refuseArgument, refuseUnbuilt } from './refuse.ts'
import { type Context, type Reading, readAnswer, saysNone, understand } from './understand.ts'
import { ASKABLE } from './weigh.ts'

/** What a turn leads to, and what was read from the words, for the record. */
export type Outcome = { answer: Answer; understood: { command: string; args: Args } | null; turn: Turn }

/** What the words of a message are read with: what this person was asked, and what the plans are called. */
export type Known = { question: OpenQuestion | undefined; plans: readonly Plan[] }

/**
 * Finds out what a message means and does it. The order of meaning: an answer to the open question, then a command,
 * then an answer to a free question, then nothing. A new command always wins over a forgotten question.
 */
export async function converse(turn: Turn, { question, plans }: Known): Promise<Outcome> {
  const { books, person, message } = turn
  const context = contextOf(turn, plans)
  const reading = message.kind === 'text' ? understand(message.text, context) : await readOther(turn, context)
  const understood = reading.command ? { command: reading.command, args: reading.args } : null
  if (question?.awaits === 'code') {
    const checked = await checkCode(turn, question)
    if (checked && 'answer' in checked) return { answer: checked.answer, understood, turn }
    if (checked) {
      const proven = { command: question.command as CommandId, args: question.args }
      return { answer: await obey(checked.turn, proven), understood, turn: checked.turn }
    }
  }
  // What was typed before a question was asked cannot be its answer.
  const isAnswer = question && !isBlind(turn, question)
  const answered = isAnswer ? await answerQuestion(turn, question, reading, context) : undefined
  if (answered) return { answer: answered, understood, turn }
  if (question && isForgotten(question, reading)) await closeQuestions(books, person.phone)
  const late = { before: lateOf(question), context }
  const answer = reading.command ? await obey(turn, reading, late) : await explain(turn, reading)
  return { answer, understood, turn }
}

/**
 * Whether a command leaves an open question behind. Looking something up does not, so that *ya* still answers a preview;
 * but a number would then mean a row of the newer list. The questions of a new business wait for as long as it takes.
 */
function isForgotten({ awaits, command: asking }: OpenQuestion, { command }: Reading): boolean {
  if (!command || command === 'confirm.yes' || command === 'confirm.no' || asking === 'setup') return false
  return awaits === 'choice' || !ASKABLE.has(command)
}

function contextOf({ books, person }: Turn, plans: readonly Plan[]): Context {
  const role =
    person.kind === 'customer' ? 'customer' : person.role === 'owner' || person.role === 'admin' ? 'owner' : 'staff'
  const names = role === 'customer' ? [] : plans.map(({ name }) => name)
  return { role, today: books.today, plans: names, commands: COMMANDS }
}

/** A file is a list of customers from staff, and something for a person from anybody else. */
async function readOther({ person, message }: Turn, context: Context): Promise<Reading> {
  if (message.kind === 'file' && person.kind === 'staff' && message.fileId !== null)
    return { command: 'customer.import', args: { fileId: message.fileId } }
  if (person.kind === 'customer' && message.kind === 'file') {
    const caption = understand(message.text, context)
    return caption.command ? caption : { command: 'me.talk', args: {} }
  }
  // A reaction is no word: an emoji under an old message must never confirm anything (C08).
  return message.kind === 'reaction' || person.kind === 'staff'
    ? { command: null, args: {} }
    : { command: 'me.talk', args: {} }
}

function find(id: string): Command {
  const command = COMMANDS.find((each) => each.id === id)
  if (!command) throw new Error(`no command ${id}`)
  return command
}

/** Takes a message as the answer to the open question, or says nothing when it is none. */
async function answerQuestion(
  turn: Turn,
  question: OpenQuestion,
  reading: Reading,
  context: Context,
): Promise<Answer | undefined> {
  const { books, person, message } = turn
  const command = find(question.command)
  const close = () => closeQuestions(books, person.phone)
  const risky = command.risky === true || lateOf(question).length > 0
  const goAs = (as: Turn) => async (more: Args) => {
    // An answer can come late as well.
    if (risky && isLate(turn, message))
      return again(question, 'Jawaban itu baru terbaca sekarang, jadi belum ada yang berubah. Balas sekali lagi.')
    await close()
    return run(as, command, { ...question.args, ...more })
  }
  const go = goAs(turn)
  // Whoever proved to be the sender of a command may say *ya* to it without another code.
  const goProven = goAs({ ...turn, message: { ...message, proven: true } })
  const proceed = question.proven ? goProven : go
  const asked = command.takes[question.awaits]
  if (asked?.none && saysNone(message.text, context)) return go(asked.none)
  // Yes and no mean the same from everybody; a customer's are no commands otherwise.
  const plain = person.kind === 'customer' ? understand(message.text, { ...context, role: 'owner' }) : reading
  if (plain.args.item === undefined && isRefusal(plain)) {
    // "batal" ends a row of questions, "tidak" is the answer to this one.
    if (question.on_no && plain.command === 'confirm.no') return proceed(question.on_no)
    await close()
    return { text: declined(question) }
  }
  const number = choiceOf(message.text)
  const choice = number === undefined ? undefined : question.choices?.[number - 1]
  if (choice) return go(choice)
  if (question.awaits === 'choice' && number !== undefined)
    return again(question, `Pilihannya 1 sampai ${question.choices?.length ?? 1}.`)
  if (question.awaits === 'more' && /^(lagi|lanjut|terus|next)[.!]*$/i.test(message.text.trim())) return go({})
  if (command.amends && reading.command === command.id) {
    await close()
    const stay = Object.entries(question.args).filter(([name]) => command.amends?.includes(name))
    return run(turn, command, { ...Object.fromEntries(stay), ...reading.args })
  }
  if (plain.command === 'confirm.yes' && plain.args.item === undefined) {
    // "ya 200rb": yes, but so much.
    if (question.awaits === 'amount' && plain.args.amount !== undefined) return proceed({ amount: plain.args.amount })
    if (question.on_yes) return proceed(question.on_yes)
    if (question.awaits === 'yes') return confirm(turn, question, { command, risky }, proceed)
    if (question.awaits === 'choice') return again(question, 'Balas dengan nomornya.')
    if (asked?.ask && !command.alsoAnswers?.includes(plain.command)) return again(question, asked.ask)
  }
  const isAlso = reading.command && command.alsoAnswers?.includes(reading.command)
  if (reading.command && !reading.guessed && reading.command !== 'me.talk' && !isAlso) return undefined
  for (const name of namesAwaited(question, reading)) {
    // Among choices an area or a plan must be one; any other words are a name.
    const read = readAnswer(message.text, command, name, context, question.awaits !== 'choice' || name === 'who')
    if (read) return go(read)
  }
  return undefined
}

/** What a numbered choice may be answered with in words: "rt 5", "hartono", "november". */
const CHOSEN_BY: Readonly<Record<string, readonly string[]>> = {
  customerId: ['area', 'who'],
  invoiceIds: ['month'],
  planId: ['plan'],
}

/** The arguments that a free text may be the answer with. */
function namesAwaited({ awaits, choices }: OpenQuestion, { hint }: Reading): readonly string[] {
  if (awaits === 'yes' || awaits === 'more' || awaits === 'code') return []
  if (awaits !== 'choice') return [awaits]
  const isChatter = hint?.kind === 'thanks' || hint?.kind === 'greeting' || hint?.kind === 'smallTalk'
  return isChatter ? [] : (CHOSEN_BY[Object.keys(choices?.[0] ?? {})[0] ?? ''] ?? [])
}

function isRefusal({ command, args }: Reading): boolean {
  return command === 'confirm.no' || (command === 'undo' && Object.keys(args).length === 0)
}

/** `1`, `1.`, `no 1` */
function choiceOf(text: string): number | undefined {
  const match = /^\s*\*?(?:no\.?|nomor|nomer)?\s*(\d{1,2})\s*[.)]?\*?\s*$/i.exec(text)
  return match ? Number(match[1]) : undefined
}

function again(question: OpenQuestion, what: string): Answer {
  const { command, args, awaits, choices, firm, on_yes, on_no } = question
  return {
    text: `${what} Atau *tidak*${on_no ? '' : ' untuk membatalkan'}.`,
    ask: {
      command: command as CommandId,
      args,
      awaits,
      firm,
      ...(choices && { choices }),
      ...(on_yes && { onYes: on_yes }),
      ...(on_no && { onNo: on_no }),
    },
  }
}

/**
 * A *ya*. Mass sending needs *ya* or *kirim* in so many words; and when something unasked came in between, a bare *ya* to
 * a question of money or messages is asked back (voice 13).
 */
async function confirm(
  turn: Turn,
  question: OpenQuestion,
  { command, risky }: { command: Command; risky: boolean },
  go: (more: Args) => Promise<Answer>,
): Promise<Answer> {
  const { books, person, message } = turn
  const words = message.text
    .trim()
    .toLowerCase()
    .replace(/[.!*]+/g, '')
  const keep = {
    command: question.command as CommandId,
    args: question.args,
    awaits: 'yes',
    firm: question.firm,
    ...(question.on_no && { onNo: question.on_no }),
  }
  if (question.firm && !/^(y+a+|iya+|ya,? ?kirim|kirim)$/.test(words))
    return {
      text: 'Supaya tidak salah kirim, balas *ya* atau *kirim* untuk mengirim, *tidak* untuk membatalkan.',
      ask: keep,
    }
  if (risky && (await heardSince(books, person.phone, question.asked_at)))
    return {
      text: `Untuk yang mana? Balas *ya* sekali lagi untuk ${nameAct(command).toLowerCase()}, atau *ya* dengan nomornya untuk kabar yang baru masuk.\n${nothingDone(command.id)}`,
      ask: keep,
    }
  return go({})
}

function declined(question: OpenQuestion): string {
  // *batal* closes what is open and nothing else; whoever meant an act has to know that it stands.
  if (question.awaits === 'more') return 'Baik, daftarnya saya tutup. Belum ada yang dibatalkan.'
  if (question.on_no) return 'Baik, sampai di sini dulu. Sisanya belum ada yang berubah.'
  return `Baik, ${nothingDone(question.command).toLowerCase().replace('belum ada yang dikirim', 'tidak ada yang dikirim')}`
}

/** Does a command that was just given: role, what it cannot do yet, doubt and staleness, then its handler. */
async function obey(turn: Turn, reading: Reading, late?: Parameters<typeof askLate>[3]): Promise<Answer> {
  const { person, message } = turn
  const { args, guessed } = reading
  const id = reading.command as CommandId
  if (lateOf({ args }).length > 0) return run(turn, find(id), args)
  const isTooLate = late && person.kind === 'staff' && isLate(turn, message) && movesMoney(find(id), args)
  if (isTooLate && id.startsWith('confirm.')) return askLate(turn, find(id), args, late)
  if (person.kind === 'staff' && (id === 'confirm.yes' || id === 'confirm.no'))
    return args.item !== undefined && needsProof(turn, find(id))
      ? askCode(turn, find(id), args)
      : answerNothing(turn as StaffTurn, id, args)
  const command = find(id)
  if (person.kind === 'staff' && !command.roles.includes(person.role)) return forbid(turn as StaffTurn, command)
  if (!command.handle) return refuseUnbuilt(turn, command)
  const unsupported = Object.keys(args).find((name) => command.later?.[name])
  if (unsupported) return refuseArgument(turn, command, unsupported)
  if (guessed && command.asksBack) return run(turn, command, { ...args, guessed: guessed.word })
  if (guessed && command.risky) return askGuess(turn, command, args, guessed)
  if (isTooLate) return askLate(turn, command, args, late)
  return run(turn, command, args)
}

/** A misspelt word of a command that moves money or messages is asked back first (contract.md, Reading rules). */
function askGuess(turn: Turn, command: Command, args: Args, { typed, word }: NonNullable<Reading['guessed']>): Answer {
  const said = turn.message.text.toLowerCase().replace(typed, word).replace(/\s+/g, ' ').slice(0, 100)
  return {
    text: `Maksudnya *${plainText(said)}*? Balas *ya* atau *tidak*.`,
    ask: { command: command.id, args, awaits: 'yes' },
  }
}

async function run(turn: Turn, command: Command, args: Args): Promise<Answer> {
  const held = command.sends ? await explainHold(turn.books) : undefined
  if (held) return held
  if (needsProof(turn, command)) return askCode(turn, command, args)
  const late = lateOf({ args })
  if (late.length > 0) return doLate(turn as StaffTurn, late, obey)
  if (!command.handle) throw new Error(`${command.id} has no handler`)
  return command.handle(turn, args)
}

/** *ya 15* decides a matter; a bare yes or no answers nothing that this person caused (voice 16). */
async function answerNothing(turn: StaffTurn, id: 'confirm.yes' | 'confirm.no', args: Args): Promise<Answer> {
  if (typeof args.item === 'number') {
    if (args.amount !== undefined)
      return {
        text: 'Jumlah lain belum bisa dicatat lewat nomor. Belum ada yang berubah.\nJawab dengan *ya* atau *tolak* dan nomornya saja.',
      }
    return decideMatter(turn, args.item, id === 'confirm.yes' ? 'yes' : 'no')
  }
  if (id === 'confirm.no') return { text: 'Baik. Tidak ada yang sedang menunggu jawaban, jadi belum ada yang berubah.' }
  return {
    text: 'Tidak ada yang sedang menunggu jawaban; pertanyaan terakhir sudah lewat waktunya. Ulangi perintahnya, atau *bantuan*',
  }
}
