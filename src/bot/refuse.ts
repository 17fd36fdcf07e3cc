import { mayHint } from '../domain/conversation.ts'
import { handleTalk } from './answers/me.ts'
import type { Answer, Command, CommandId, StaffTurn, Turn } from './command.ts'
import type { Reading } from './understand.ts'

/** What is not done says so, says why in the person's words, and what to type instead (voice, Forms). */

/** "Belum saya pahami" is said at most once in so many minutes to chatter (voice 16). */
const HINT_MINUTES = 10

/** What a command does, short enough for the middle of a sentence: "Menagih semua pelanggan". */
export function nameAct(command: Command): string {
  return (command.summary.split(/[,;(]/)[0] ?? '').replace(/\.$/, '').trim()
}

/** After *tidak* and after every refusal: what did not happen (voice 11). */
export function nothingDone(id: string): string {
  return /^(?:invoice\.send|broadcast\.(?:announce|resume|test))/.test(id)
    ? 'Belum ada yang dikirim.'
    : 'Belum ada yang berubah.'
}

/** What is offered to those who may not do something, the most used first (voice 17). */
const INSTEAD: readonly (readonly [CommandId, string])[] = [
  ['report.overdue', 'telat rt 3'],
  ['customer.find', 'cari budi'],
  ['payment.record', 'lunas budi'],
  ['customer.add', 'tambah pelanggan'],
  ['plan.list', 'daftar paket'],
]

/** Who may not gets what they may (voice 17). */
export function forbid({ person, commands }: StaffTurn, command: Command): Answer {
  const may = (id: CommandId) => commands.some((each) => each.id === id && each.roles.includes(person.role))
  const offered = INSTEAD.filter(([id]) => may(id)).slice(0, 3)
  return {
    text: [
      `${nameAct(command)} hanya untuk ${command.roles.includes('admin') ? 'pemilik dan admin' : 'pemilik'}. ${nothingDone(command.id)}`,
      `Yang bisa Anda pakai: ${offered.map(([, words]) => `*${words}*`).join(' · ')}`,
    ].join('\n'),
  }
}

/** Understood and not built: staff hear it in a sentence, a customer's words go to a person. */
export async function refuseUnbuilt(turn: Turn, command: Command): Promise<Answer> {
  if (turn.person.kind === 'customer') return handleTalk(turn, command.id)
  return { text: `${nameAct(command)} belum bisa di sini. ${nothingDone(command.id)}\nYang sudah bisa: *bantuan*` }
}

/** An argument that is understood and not supported is refused, never ignored (rules 15); its second line is the way out. */
export function refuseArgument({ person }: Turn, command: Command, name: string): Answer {
  const [why = '', ...instead] = (command.later?.[name] ?? '').split('\n')
  const first = person.kind === 'staff' ? `${why} ${nothingDone(command.id)}` : why
  return { text: [first, ...instead].join('\n') }
}

/** What comes over WhatsApp itself and has no words to read; what staff hear of it. */
const UNHEARD: Record<string, string> = {
  audio: 'Pesan suara belum bisa saya dengar, jadi belum ada yang berubah. Tulis perintahnya.',
  forwarded: 'Pesan terusan tidak saya kerjakan, jadi belum ada yang berubah. Tulis sendiri perintahnya.',
  viewOnce: 'Foto sekali lihat tidak bisa saya buka, jadi belum ada yang berubah. Kirim sebagai foto biasa.',
  tooLarge: 'File itu lebih dari 16 MB, jadi belum ada yang berubah. Kirim yang lebih kecil.',
  unreadable: 'File itu belum bisa saya ambil, jadi belum ada yang berubah. Kirim sekali lagi.',
}

/** Answers what is no command (voice 14, 15); customers get silence. */
export async function explain(turn: Turn, { hint }: Reading): Promise<Answer> {
  const { books, person, message, commands } = turn
  if (person.kind === 'customer' || message.kind === 'reaction') return {}
  if (message.kind === 'file')
    return { text: 'File lewat nomor ini belum bisa saya buka, jadi belum ada yang berubah. Kirim ke nomor bot.' }
  const unheard = UNHEARD[message.kind]
  if (unheard) return { text: unheard }
  if (message.kind !== 'text')
    return { text: 'Kontak dan lokasi belum bisa saya baca, jadi belum ada yang berubah. Tulis nama dan nomornya.' }
  const about = hint && 'command' in hint ? commands.find(({ id }) => id === hint.command) : undefined
  switch (hint?.kind) {
    case 'thanks':
      return { text: 'Sama-sama.' }
    case 'greeting':
      return {
        text: `Ya${person.callName ? `, ${person.callName}` : ''}. Ketik perintahnya, atau *bantuan* untuk melihat semuanya.`,
      }
    case 'canYou':
    case 'tooBig':
      if (!about) break
      if (!about.roles.includes(person.role)) return forbid(turn as StaffTurn, about)
      if (!about.handle) return refuseUnbuilt(turn, about)
      return { text: hint.kind === 'canYou' ? `Bisa. Ketik *${about.examples[0]}*` : refuseTooBig(about) }
    case 'negated':
      return { text: `Baik, tidak saya kerjakan. ${nothingDone(about?.id ?? '')}` }
    case 'unclear':
      return {
        text: `"${hint.typed}" bisa berarti dua hal, jadi belum ada yang berubah. Tulis jumlahnya lengkap, contoh *150rb* atau *150000*.`,
      }
    case 'tooLong':
      return {
        text: 'Pesannya terlalu panjang untuk saya baca, jadi belum ada yang berubah. Kirim perintahnya saja, contoh *telat*',
      }
    case 'smallTalk':
      if (!(await mayHint(books, person.phone, HINT_MINUTES))) return {}
  }
  return { text: NOT_UNDERSTOOD }
}

const NOT_UNDERSTOOD = [
  'Yang ini belum saya pahami, jadi belum ada yang berubah.',
  'Saya bisa mencatat bayar, menagih, dan menunjukkan siapa yang telat. Contoh: *telat*',
  'Semua perintah: *bantuan*',
].join('\n')

/** A wish about everybody at once that no command offers (voice 15). */
function refuseTooBig(command: Command): string {
  if (command.id === 'payment.record')
    return 'Uang masuk dicatat per orang, jadi *lunas semua* tidak bisa. Belum ada yang berubah.\nBeberapa sekaligus bisa, satu nama satu baris, contoh:\n*lunas: budi santoso, siti aminah*'
  return `${nameAct(command)} hanya bisa satu per satu, tidak sekaligus semua. ${nothingDone(command.id)}\nContoh: *${command.examples[0]}*`
}
