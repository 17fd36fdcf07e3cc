import { closeQuestions, findQuestion, heardSince, mayHint, type OpenQuestion } from '../domain/conversation.ts'
import { listPlans } from '../domain/plan.ts'
import { decideMatter } from './answers/general.ts'
import { handleTalk } from './answers/me.ts'
import type { Answer, Args, Command, CommandId, StaffTurn, Turn } from './command.ts'
import { COMMANDS } from './commands/all.ts'
import { askCode, checkCode, needsProof } from './proof.ts'
import { type Context, type Reading, readAnswer, understand } from './understand.ts'

/** What a turn leads to, and what was read from the words, for the record. */
export type Outcome = { answer: Answer; understood: { command: string; args: Args } | null; turn: Turn }

/** "Belum saya pahami" is said at most once in so many minutes to chatter (voice 16). */
const HINT_MINUTES = 10
/** A command that moves money or messages and was read so late is not done without a question (design, Clock). */
const STALE_MINUTES = 10

/**
 * Finds out what a message means and does it. The order of meaning: an answer to the open question, then a command,
 * then an answer to a free question, then nothing. A new command always wins over a forgotten question.
 */
export async function converse(turn: Turn): Promise<Outcome> {
  const { books, person, message } = turn
  const context = await contextOf(turn)
  const reading = message.kind === 'text' ? understand(message.text, context) : await readOther(turn, context)
  const understood = reading.command ? { command: reading.command, args: reading.args } : null
  const question = await findQuestion(books, person.phone)
  if (question?.awaits === 'code') {
    const checked = await checkCode(turn, question)
    if (checked && 'answer' in checked) return { answer: checked.answer, understood, turn }
    if (checked) {
      const { command, args } = question
      return { answer: await obey(checked.turn, command as CommandId, args), understood, turn: checked.turn }
    }
  }
  const answered = question && (await answerQuestion(turn, question, reading, context))
  const answer =
    answered ?? (reading.command ? await obey(turn, reading.command, withGuess(reading)) : await explain(turn, reading))
  return { answer, understood, turn }
}

async function contextOf({ books, person }: Turn): Promise<Context> {
  const role =
    person.kind === 'customer' ? 'customer' : person.role === 'owner' || person.role === 'admin' ? 'owner' : 'staff'
  const plans = role === 'customer' ? [] : (await listPlans(books)).map(({ name }) => name)
  return { role, today: books.today, plans, commands: COMMANDS }
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

function withGuess({ args, guessed }: Reading): Args {
  return guessed ? { ...args, guessed: guessed.word } : args
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
  const go = async (more: Args): Promise<Answer> => {
    await close()
    return run(turn, command, { ...question.args, ...more })
  }
  // Whoever proved to be the sender of a command may say *ya* to it without another code.
  const goProven = async (more: Args): Promise<Answer> => {
    await close()
    return run({ ...turn, message: { ...message, proven: true } }, command, { ...question.args, ...more })
  }
  // Yes and no mean the same from everybody; a customer's are no commands otherwise.
  const plain = person.kind === 'customer' ? understand(message.text, { ...context, role: 'owner' }) : reading
  if (plain.args.item === undefined && isRefusal(plain)) {
    await close()
    return { text: declined(question) }
  }
  const number = choiceOf(message.text)
  const choice = number === undefined ? undefined : question.choices?.[number - 1]
  if (choice) return go(choice)
  if (question.awaits === 'choice' && number !== undefined)
    return again(question, `Pilihannya 1 sampai ${question.choices?.length ?? 1}.`)
  if (question.awaits === 'more' && /^(lagi|lanjut|terus|next)[.!]*$/i.test(message.text.trim())) return go({})
  if (command.amends && reading.command === command.id) return go({ ...reading.args, confirmed: undefined })
  if (plain.command === 'confirm.yes' && plain.args.item === undefined) {
    if (question.awaits === 'yes') return confirm(turn, question, command, question.proven ? goProven : go)
    if (question.awaits === 'choice') return again(question, 'Balas dengan nomornya.')
  }
  const isAnswer = reading.command && command.alsoAnswers?.includes(reading.command)
  if (reading.command && !reading.guessed && reading.command !== 'me.talk' && !isAnswer) return undefined
  const read = isFree(question) ? readAnswer(message.text, command, question.awaits, context) : undefined
  return read && go(read)
}

function isFree({ awaits }: OpenQuestion): boolean {
  return awaits !== 'yes' && awaits !== 'choice' && awaits !== 'more' && awaits !== 'code'
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
  const { command, args, awaits, choices, firm } = question
  return {
    text: `${what} Atau *tidak* untuk membatalkan.`,
    ask: { command: command as CommandId, args, awaits, ...(choices && { choices }), firm },
  }
}

/**
 * A *ya*. Mass sending needs *ya* or *kirim* in so many words; and when something unasked came in between, a bare *ya* to
 * a question of money or messages is asked back (voice 13).
 */
async function confirm(
  turn: Turn,
  question: OpenQuestion,
  command: Command,
  go: (more: Args) => Promise<Answer>,
): Promise<Answer> {
  const { books, person, message } = turn
  const words = message.text
    .trim()
    .toLowerCase()
    .replace(/[.!*]+/g, '')
  const keep = { command: question.command as CommandId, args: question.args, awaits: 'yes', firm: question.firm }
  if (question.firm && !/^(y+a+|iya+|ya,? ?kirim|kirim)$/.test(words))
    return {
      text: 'Supaya tidak salah kirim, balas *ya* atau *kirim* untuk mengirim, *tidak* untuk membatalkan.',
      ask: keep,
    }
  if (command.risky && (await heardSince(books, person.phone, question.asked_at)))
    return {
      text: `Untuk yang mana? *${find(question.command).examples[0]}* masih menunggu: balas *ya* sekali lagi untuk itu, atau *ya* dengan nomor untuk yang lain.`,
      ask: keep,
    }
  return go({})
}

function declined(question: OpenQuestion): string {
  const sending = question.command.startsWith('invoice.send') || question.command.startsWith('broadcast')
  // *batal* closes what is open and nothing else; whoever meant an act has to know that it stands.
  if (question.awaits === 'more') return 'Baik, daftarnya saya tutup. Belum ada yang dibatalkan.'
  return sending ? 'Baik, tidak ada yang dikirim.' : 'Baik, belum ada yang berubah.'
}

/** Does a command that was just given: role, staleness, then its handler. */
async function obey(turn: Turn, id: CommandId, args: Args): Promise<Answer> {
  const { person } = turn
  if (person.kind === 'staff' && (id === 'confirm.yes' || id === 'confirm.no'))
    return args.item !== undefined && needsProof(turn, find(id))
      ? askCode(turn, find(id), args)
      : answerNothing(turn as StaffTurn, id, args)
  const command = find(id)
  if (person.kind === 'staff' && !command.roles.includes(person.role)) return forbid(turn as StaffTurn, command)
  if (!command.handle) return notYet(turn, command)
  const unsupported = Object.keys(args).find((name) => command.later?.[name])
  if (unsupported) return { text: `${command.later?.[unsupported]} Belum ada yang berubah.` }
  if (command.risky && isStale(turn)) return askStale(turn, command, args)
  return run(turn, command, args)
}

async function run(turn: Turn, command: Command, args: Args): Promise<Answer> {
  if (!command.handle) throw new Error(`${command.id} has no handler`)
  if (needsProof(turn, command)) return askCode(turn, command, args)
  return command.handle(turn, args)
}

function isStale({ books, message }: Turn): boolean {
  return message.at.until(books.now).total('minutes') > STALE_MINUTES
}

/** What was typed before an outage may have been done by hand meanwhile. */
function askStale({ message }: Turn, command: Command, args: Args): Answer {
  return {
    text: `Pesan ini baru terbaca sekarang: "${message.text.slice(0, 100)}". Masih mau dikerjakan?\nBalas *ya* untuk mengerjakan, *tidak* untuk membiarkan.`,
    ask: { command: command.id, args, awaits: 'yes' },
  }
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

function sentence(command: Command): string {
  return command.summary.replace(/\.$/, '')
}

/** Who may not gets what they may (voice 17). */
function forbid({ person }: StaffTurn, command: Command): Answer {
  const usable = COMMANDS.filter((each) => each.handle && each.roles.includes(person.role) && each.risky !== undefined)
  const some = (
    usable.length > 0 ? usable : COMMANDS.filter((each) => each.handle && each.roles.includes(person.role))
  ).slice(0, 3)
  return {
    text: [
      `${sentence(command)} hanya untuk ${command.roles.includes('admin') ? 'pemilik dan admin' : 'pemilik'}. Belum ada yang berubah.`,
      `Yang bisa Anda pakai: ${some.map(({ examples }) => `*${examples[0]}*`).join(' · ')}`,
    ].join('\n'),
  }
}

/** Understood and not built: staff hear it in a sentence, a customer's words go to a person. */
async function notYet(turn: Turn, command: Command): Promise<Answer> {
  if (turn.person.kind === 'customer') return handleTalk(turn)
  return { text: `${sentence(command)} belum bisa di sini. Belum ada yang berubah.\nYang sudah bisa: *bantuan*` }
}

/** Answers what is no command (voice 14, 15); customers get silence. */
async function explain(turn: Turn, reading: Reading): Promise<Answer> {
  const { books, person, message } = turn
  const { hint } = reading
  if (person.kind === 'customer' || message.kind === 'reaction') return {}
  if (message.kind === 'file')
    return { text: 'File lewat nomor ini belum bisa saya buka, jadi belum ada yang berubah. Kirim ke nomor bot.' }
  if (message.kind !== 'text')
    return { text: 'Kontak dan lokasi belum bisa saya baca, jadi belum ada yang berubah. Tulis nama dan nomornya.' }
  switch (hint?.kind) {
    case 'thanks':
      return { text: 'Sama-sama.' }
    case 'greeting':
      return {
        text: `Ya${person.callName ? `, ${person.callName}` : ''}. Ketik perintahnya, atau *bantuan* untuk melihat semuanya.`,
      }
    case 'canYou':
      return { text: `Bisa. Ketik *${find(hint.command).examples[0]}*` }
    case 'negated':
      return { text: 'Baik, tidak saya kerjakan. Belum ada yang berubah.' }
    case 'tooBig':
      return { text: tooBig(hint.command) }
    case 'unclear':
      return {
        text: `"${hint.typed}" bisa berarti dua hal, jadi belum ada yang berubah. Tulis jumlahnya lengkap, contoh *150rb* atau *150000*.`,
      }
    case 'tooLong':
      return {
        text: 'Pesannya terlalu panjang untuk saya baca, jadi belum ada yang berubah. Kirim perintahnya saja, contoh *telat*',
      }
    case 'smallTalk':
      return (await mayHint(books, person.phone, HINT_MINUTES)) ? { text: NOT_UNDERSTOOD } : {}
    default:
      return { text: NOT_UNDERSTOOD }
  }
}

const NOT_UNDERSTOOD = [
  'Yang ini belum saya pahami, jadi belum ada yang berubah.',
  'Saya bisa mencatat bayar, menagih, dan menunjukkan siapa yang telat. Contoh: *telat*',
  'Semua perintah: *bantuan*',
].join('\n')

/** A wish about everybody at once that no command offers (voice 15). */
function tooBig(id: CommandId): string {
  if (id === 'payment.record')
    return 'Uang masuk dicatat per orang, jadi *lunas semua* tidak bisa. Belum ada yang berubah.\nBeberapa sekaligus bisa, satu nama satu baris, contoh:\n*lunas: budi santoso, siti aminah*'
  const command = find(id)
  return `${sentence(command)} hanya bisa satu per satu, tidak sekaligus semua. Belum ada yang berubah.\nContoh: *${command.examples[0]}*`
}
