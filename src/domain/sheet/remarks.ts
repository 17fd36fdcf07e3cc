import { type Day, monthNumber } from '../calendar.ts'
import { readMonth } from './values.ts'

export type SheetStatus = 'active' | 'paused' | 'stopped'

/** What a status or a note says about billing. `unread` is what stays a note. */
export type Remarks = {
  status?: SheetStatus
  paidUntil?: Day
  paidThisMonth?: true
  debtNote?: string
  unread?: string
  doubts: string[]
}

const NOT = '(?:non|tidak|tdk|ga|gak|nggak|in) ?'
const DONE = '(?:sudah |sdh |udah |udh |telah )?'

const ACTIVE = /^(?:aktif|active|on|jalan|berlangganan|normal|lancar)$/
const PAUSED = new RegExp(`^(?:cuti|libur|(?:off|stop|berhenti|${NOT}akti[fv]e?) (?:sementara|dulu))(?: .*)?$`)
const STOPPED = new RegExp(
  `^${DONE}(?:off|${NOT}akti[fv]e?|berhenti|stop|cabut|dicabut|bongkar|dibongkar|keluar|putus langganan)` +
    '(?: (?:langganan|berlangganan|total|permanen))?(?: (?:sejak|mulai|per|tgl|tanggal|bulan|bln|\\d).*)?$',
)
/** Cut off at the router: bills go on (rules 32). */
const CUT = /^(?:di)?(?:isolir|blokir|suspend|putus)(?: .*)?$/
const PAID = /^(?:lunas|paid|(?:sudah|sdh|udah|udh|telah) (?:lunas|bayar|dibayar))(?: (?:bulan|bln) ini)?$/
const PAID_UNTIL = new RegExp(
  `^${DONE}(?:lunas|bayar|dibayar|terbayar|paid) (?:s/?d|s d|sampai|sampe|smp|hingga|until) (?:dengan |dgn )?(.+)$`,
)
const PAID_MONTH =
  /^(?:lunas|(?:sudah|sdh|udah|udh|telah) (?:lunas|bayar|dibayar)) (?:bulan |bln )?([a-z]+(?: \d{2,4})?)$/
const DEBT =
  /(?:^| )(?:me)?(?:nunggak|tunggakan|h?utang|(?:belum|blm) (?:bayar|lunas)|kurang (?:bayar|\d|rp)|telat bayar)/
const UNPAID = /^(?:belum|blm|unpaid)$/

/**
 * Reads a status column: it must say something known. `unread` left over means that it does not, and nobody
 * should guess.
 */
export function readStatus(text: string, today: Day): Remarks {
  const key = plain(text)
  if (ACTIVE.test(key)) return { status: 'active', doubts: [] }
  if (UNPAID.test(key)) return { debtNote: text, doubts: [] }
  const remarks = readPiece(text, today)
  if (remarks.unread === undefined || !CUT.test(key)) return remarks
  return { status: 'active', doubts: [`"${text}" saya baca aktif: tagihannya jalan terus`] }
}

/** Reads a note: what is known about billing is taken out of it, the rest stays as written. */
export function readNote(text: string, today: Day): Remarks {
  const all: Remarks = { doubts: [] }
  const unread: string[] = []
  const pieces = text.split(/[;,\n]/)
  for (const piece of pieces) {
    if (piece.trim() === '') continue
    const { unread: rest, doubts, ...found } = readPiece(piece.trim(), today)
    Object.assign(all, found)
    all.doubts.push(...doubts)
    if (rest !== undefined) unread.push(rest)
  }
  if (unread.length > 0) all.unread = unread.length === pieces.length ? text : unread.join(', ')
  return all
}

function readPiece(text: string, today: Day): Remarks {
  const key = plain(text)
  if (DEBT.test(key)) return { debtNote: text, doubts: [] }
  if (PAUSED.test(key)) return withDetail('paused', text, key)
  if (STOPPED.test(key)) return withDetail('stopped', text, key)
  if (PAID.test(key)) return { paidThisMonth: true, doubts: [] }
  const until = PAID_UNTIL.exec(key)?.[1] ?? PAID_MONTH.exec(key)?.[1]
  const paidUntil = until === undefined ? undefined : readMonth(until, today)
  return paidUntil ? { paidUntil, doubts: [] } : { unread: text, doubts: [] }
}

/** "cuti sampai maret" says more than the status: that stays a note, and somebody should look. */
function withDetail(status: SheetStatus, text: string, key: string): Remarks {
  const more = /(?:sejak|mulai|per|sampai|s\/?d|hingga|tgl|tanggal|\d)/.test(key)
  if (!more) return { status, doubts: [] }
  return {
    status,
    unread: text,
    doubts: [`"${text}" saya baca ${status === 'paused' ? 'cuti' : 'berhenti'} mulai sekarang`],
  }
}

/** Whether a cell under a month ("Desember", "Status Desember") says that the month is paid; nothing: unknown. */
export function readPaidMark(text: string): boolean | undefined {
  const key = text.normalize('NFKC').toLowerCase().trim()
  if (/^(?:lunas|paid|ya|y|ok|v|√|✓|✔|☑|✅|(?:sudah|sdh|udah)(?: (?:bayar|lunas))?|bayar)$/.test(key)) return true
  // An amount or the day it was paid.
  if (/^(?:rp\.?\s*)?\d[\d.,/\s-]*(?:rb|ribu|k)?$/.test(key)) return !/^0+$/.test(key)
  if (/^(?:|[-–—.]+|belum|blm|tidak|tdk|unpaid|nunggak|(?:belum|blm) (?:bayar|lunas))$/.test(key)) return false
  return undefined
}

/** The month a heading names: `Desember`, `Status Des 2026`, `Bayar Nov`. */
export function monthOfHeading(words: string): { month: number; year?: number } | undefined {
  const match = /^(?:(?:status|sts|bayar|pembayaran|lunas|ket|bulan|bln) )*([a-z]+)(?: (20\d{2}|\d{2}))?$/.exec(words)
  const month = match?.[1] === undefined ? undefined : monthNumber(match[1])
  if (!match || month === undefined) return undefined
  return match[2] === undefined ? { month } : { month, year: Number(match[2].slice(-2)) + 2000 }
}

function plain(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}/]+/gu, ' ')
    .trim()
}
