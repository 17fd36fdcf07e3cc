import { type Day, monthNumber } from '../calendar.ts'
import { isFree, readMonth } from './values.ts'

export type SheetStatus = 'active' | 'paused' | 'stopped'

/** What a status or a note says about billing. `unread` is what stays a note. */
export type Remarks = {
  status?: SheetStatus
  paidUntil?: Day
  paidThisMonth?: true
  debtNote?: string
  /** Pays nothing, whatever the plan costs. */
  free?: true
  unread?: string
  doubts: string[]
}

const NOT = '(?:non|tidak|tdk|ga|gak|nggak|in) ?'
const DONE = '(?:sudah |sdh |udah |udh |telah )?'
const ACTIVE_WORD = 'a[kc]ti[fvp]e?'

const ACTIVE = new RegExp(
  `^(?:${ACTIVE_WORD}|akif|aktf|on|online|ok|oke|jalan|nyala|hidup|berlangganan|normal|lancar|reg[ui]ler|terpasang|enabled?|` +
    '(?:pelanggan )?baru)$',
)
const PAUSED = new RegExp(`^(?:cuti|libur|(?:off|stop|berhenti|${NOT}${ACTIVE_WORD}) (?:sementara|dulu))(?: .*)?$`)
const STOP = `${DONE}(?:off|${NOT}${ACTIVE_WORD}|ber?henti|berenti|stop|cabut|dicabut|bongkar|dibongkar|dismantle|keluar|terminated?|disabled?|putus langganan)`
/** In a column for it a status may have anything behind it: "off pindah rumah". */
const STARTS_ACTIVE = new RegExp(`^${ACTIVE_WORD} (.+)$`)
const STARTS_STOPPED = new RegExp(`^${STOP} `)
const STOPPED = new RegExp(
  `^${STOP}(?: (?:langganan|berlangganan|total|permanen))?(?: (?:sejak|mulai|per|tgl|tanggal|bulan|bln|\\d).*)?$`,
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
  /(?:^| )(?:(?:me)?nunggak|tunggakan|h?utang|(?:belum|blm) (?:bayar|byr|lunas)|(?:kurang|sisa|minus) (?:bayar|\d|rp)|telat bayar)|^(?:bulan|bln) [a-z]+ (?:belum|blm)$/
const NO_DEBT =
  /(?:^| )(?:(?:tidak|tdk|ga|gak|nggak|tanpa|jarang|pernah|sering|suka) (?:ada |pernah |punya )?(?:(?:me)?nunggak|tunggakan|h?utang|telat)|(?:tunggakan|h?utang) (?:sudah |sdh )?(?:lunas|beres|nihil)|lunas (?:semua )?(?:tunggakan|h?utang))/
const UNPAID = /^(?:belum|blm|unpaid)$/

/**
 * Reads a status column: it must say something known. `unread` left over means that it does not, and nobody
 * should guess. What is said besides ("off, modem sudah diambil") is a note.
 */
export function readStatus(text: string, today: Day): Remarks {
  const pieces = joinDebts(text.split(/[,;()]|\s[-–]\s|\/(?!d\b|\d)/))
  const read = pieces.map((piece) => readStatusPiece(piece.trim(), today))
  return read.some(({ unread, status, free }) => unread === undefined || status || free)
    ? merge(read)
    : { unread: text, doubts: [] }
}

function readStatusPiece(text: string, today: Day): Remarks {
  const key = plain(text)
  if (ACTIVE.test(key)) return { status: 'active', doubts: [] }
  if (UNPAID.test(key)) return { debtNote: text, doubts: [] }
  const remarks = readPiece(text, today)
  if (remarks.unread === undefined || remarks.status) return remarks
  if (CUT.test(key)) return { status: 'active', doubts: [`"${text}" saya baca aktif: tagihannya jalan terus`] }
  const rest = STARTS_ACTIVE.exec(key)?.[1]
  if (rest) return merge([{ status: 'active', doubts: [] }, readPiece(rest, today)])
  return STARTS_STOPPED.test(key) ? { status: 'stopped', unread: text, doubts: [] } : remarks
}

/** Reads a note: what is known about billing is taken out of it, the rest stays as written. */
export function readNote(text: string, today: Day): Remarks {
  const pieces = joinDebts(text.split(/[;\n]|,(?![-\d])/))
  const read = pieces.map((piece) => readPiece(piece.trim(), today))
  const all = merge(read)
  return read.every(({ unread }) => unread !== undefined) ? { ...all, unread: text } : all
}

/** "belum bayar okt, nov" is one debt, though a comma stands in it. */
function joinDebts(pieces: readonly string[]): string[] {
  const joined: string[] = []
  for (const piece of pieces.filter((each) => each.trim() !== '')) {
    const before = joined.at(-1)
    const goesOn = before && isDebt(plain(before)) && isMonths(plain(piece))
    if (goesOn) joined[joined.length - 1] = `${before},${piece}`
    else joined.push(piece)
  }
  return joined
}

/** Whether nothing but months stands there: "nov", "dan des 2026". */
function isMonths(key: string): boolean {
  return key.split(' ').every((word) => /^(?:dan|bulan|bln|\d+)$/.test(word) || monthNumber(word) !== undefined)
}

function isDebt(key: string): boolean {
  return DEBT.test(key) && !NO_DEBT.test(key)
}

function merge(remarks: readonly Remarks[]): Remarks {
  const all: Remarks = { doubts: [] }
  for (const { doubts, unread, debtNote, ...found } of remarks) {
    Object.assign(all, found)
    all.doubts.push(...doubts)
    if (unread !== undefined) all.unread = all.unread === undefined ? unread : `${all.unread}, ${unread}`
    if (debtNote !== undefined) all.debtNote = all.debtNote === undefined ? debtNote : `${all.debtNote}, ${debtNote}`
  }
  return all
}

function readPiece(text: string, today: Day): Remarks {
  const key = plain(text)
  if (isDebt(key)) return { debtNote: text, doubts: [] }
  if (PAUSED.test(key)) return withDetail('paused', text, key)
  if (STOPPED.test(key)) return withDetail('stopped', text, key)
  if (PAID.test(key)) return { paidThisMonth: true, doubts: [] }
  if (isFree(text)) return { free: true, unread: text, doubts: [`"${text}" saya baca gratis, Rp0`] }
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

/** A column headed "Aktif": a tick or a yes, a cross or a no; nothing for anything else. */
export function readActiveMark(text: string): SheetStatus | undefined {
  if (/^(?:ya|y|v|1|true|√|✓|✔|☑|✅)$/i.test(text)) return 'active'
  return /^(?:tidak|tdk|t|n|x|0|false|✗|✘|❌)$/i.test(text) ? 'stopped' : undefined
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
