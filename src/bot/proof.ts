import { createHash, randomInt, timingSafeEqual } from 'node:crypto'
import { closeQuestions, countCodesAsked, countTryOf, type OpenQuestion } from '../domain/conversation.ts'
import { plain } from '../domain/letter.ts'
import { markProven } from '../domain/message.ts'
import type { Answer, Args, Command, Turn } from './command.ts'

/**
 * Fonnte's webhook proves nothing: whoever knows the address can claim any sender. What moves money or many messages
 * is therefore done only after a code that was sent to the phone came back from it (faults H01, H15). Over the bot's own
 * number WhatsApp itself proves the sender.
 */

/** Long enough to read a message that was sent and type six digits (S08). */
const CODE_MINUTES = 10
/** A million codes, five tries. */
const MOST_TRIES = 5
/** Whoever forges commands shall not flood the phone's owner with codes. */
const MOST_CODES = 5

/** What needs a code besides the risky commands: they take back, bring in or decide what those did. */
const ALSO = new Set<string>(['undo', 'confirm.yes', 'confirm.no', 'customer.import', 'broadcast.stop'])

/** Whether this command, given as it was, needs a code first. */
export function needsProof(turn: Turn, command: Command): boolean {
  const { channel, proven } = turn.message
  return (
    channel === 'fonnte' && !proven && turn.person.kind === 'staff' && (command.risky === true || ALSO.has(command.id))
  )
}

/** Sends a code to the phone; the command waits for it. */
export async function askCode(turn: Turn, command: Command, args: Args): Promise<Answer> {
  const { books, person, message } = turn
  if ((await countCodesAsked(books, person.phone, CODE_MINUTES)) >= MOST_CODES) return {}
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  return {
    text: `Belum dikerjakan: "${plain(message.text.slice(0, 100))}". Balas kode *${code}* dalam ${CODE_MINUTES} menit untuk mengerjakannya.\nBukan Anda yang menulis? Biarkan saja, tidak ada yang berubah.`,
    ask: { command: command.id, args, awaits: 'code', codeHash: digest(person.phone, code), minutes: CODE_MINUTES },
  }
}

/**
 * Reads a message as the answer to a question for a code: the proven turn, an answer to a wrong code, or nothing where
 * the message is no code at all.
 */
export async function checkCode(
  turn: Turn,
  question: OpenQuestion,
): Promise<{ turn: Turn } | { answer: Answer } | undefined> {
  const { books, person, message } = turn
  const typed = message.text.replace(/[\s*.-]+/g, '')
  if (!/^\d{6}$/.test(typed) || question.code_hash === null) return undefined
  if (timingSafeEqual(Buffer.from(digest(person.phone, typed)), Buffer.from(question.code_hash))) {
    await closeQuestions(books, person.phone)
    await markProven(books, message.id)
    return { turn: { ...turn, message: { ...message, proven: true } } }
  }
  if ((await countTryOf(books, question.id)) < MOST_TRIES)
    return {
      answer: {
        text: 'Kodenya belum cocok, jadi belum ada yang berubah. Coba sekali lagi, lihat pesan kode terakhir.',
      },
    }
  await closeQuestions(books, person.phone)
  return {
    answer: {
      text: `Kodenya ${MOST_TRIES} kali tidak cocok, jadi perintahnya saya tutup. Belum ada yang berubah. Ulangi perintahnya.`,
    },
  }
}

function digest(phone: string, code: string): string {
  return createHash('sha256').update(`${phone} ${code}`).digest('hex')
}
