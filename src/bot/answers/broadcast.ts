import type { Books } from '../../domain/books.ts'
import {
  findProgress,
  listUnfinished,
  listUnreached,
  type Progress,
  resumeBroadcast,
  stopBroadcast,
} from '../../domain/broadcast.ts'
import { formatDay, formatTime } from '../../domain/calendar.ts'
import { nameWithArea } from '../../domain/customer.ts'
import { formatCount } from '../../domain/money.ts'
import type { Answer, StaffTurn } from '../command.ts'
import { finishing } from './invoice.ts'

const NEVER = 'Belum pernah ada pengiriman massal. Mulai dengan *tagih semua*'
const NAMES = 9

export async function handleStatus({ books }: StaffTurn): Promise<Answer> {
  const unfinished = await listUnfinished(books)
  if (unfinished.length > 0) return { text: unfinished.map((each) => describeUnfinished(books, each)).join('\n\n') }
  const progress = await findProgress(books)
  if (!progress) return { text: NEVER }
  const { broadcast } = progress
  const finished = broadcast.finished_at ?? books.now
  const when = `${formatDay(finished.toZonedDateTimeISO(books.business.zone).toPlainDate())} ${formatTime(finished, books.business.zone)}`
  const unreached = await listUnreached(books, broadcast.id, NAMES)
  const left = progress.failed + progress.uncertain - unreached.length
  const names = unreached.map(
    (row, index) =>
      `${index + 1}. ${nameWithArea(row)} · ${row.status === 'uncertain' ? 'tidak pasti' : 'gagal'}: ${row.reason ?? ''}`,
  )
  return {
    text: [
      `Selesai ${when}. ${counts(progress)}`,
      ...names,
      ...(left > 0 ? [`dan ${formatCount(left)} lagi`] : []),
    ].join('\n'),
  }
}

function describeUnfinished(books: Books, progress: Progress): string {
  const { state, stop_reason: reason } = progress.broadcast
  if (state === 'running')
    return `⏳ ${counts(progress)} Selesai sekitar ${finishing(books, progress.waiting).at}.\nMau dihentikan? Ketik *berhenti kirim*`
  return `⚠️ Dihentikan${reason ? ` (${reason})` : ''}. ${counts(progress)}\nLanjutkan? Ketik *lanjut kirim*`
}

function counts(progress: Progress): string {
  const others = [
    progress.failed > 0 ? `Gagal ${formatCount(progress.failed)}` : undefined,
    progress.uncertain > 0 ? `tidak pasti ${formatCount(progress.uncertain)}` : undefined,
    progress.cancelled > 0 ? `tidak jadi ${formatCount(progress.cancelled)}` : undefined,
    progress.waiting > 0 ? `menunggu ${formatCount(progress.waiting)}` : undefined,
  ].filter((part) => part !== undefined)
  const rest = others.length > 0 ? ` ${others.join(', ').replace(/^\p{Ll}/u, (first) => first.toUpperCase())}.` : ''
  return `Terkirim *${formatCount(progress.sent)}* dari ${formatCount(progress.all)}.${rest}`
}

/** Everything that runs is stopped: whoever says stop means all that leaves by the number. */
export async function handleStop({ books, person }: StaffTurn): Promise<Answer> {
  const stopped: Progress[] = []
  for (const { broadcast } of await listUnfinished(books)) {
    if (!(await stopBroadcast(books, broadcast.id, `oleh ${person.callName ?? person.name}`))) continue
    stopped.push((await findProgress(books, broadcast.id)) as Progress)
  }
  if (stopped.length === 0) return { text: 'Tidak ada pengiriman yang sedang berjalan. Belum ada yang berubah.' }
  const total = (of: 'sent' | 'waiting') => formatCount(stopped.reduce((all, progress) => all + progress[of], 0))
  return {
    text: `✅ Pengiriman dihentikan: *${total('sent')}* terkirim, *${total('waiting')}* menunggu, tidak ada yang hilang.\nMau dilanjutkan? Ketik *lanjut kirim*`,
  }
}

export async function handleResume({ books }: StaffTurn): Promise<Answer> {
  const resumed: Progress[] = []
  for (const progress of await listUnfinished(books))
    if (await resumeBroadcast(books, progress.broadcast.id)) resumed.push(progress)
  const [only] = resumed
  if (!only) return { text: 'Tidak ada pengiriman yang dihentikan. Belum ada yang berubah.' }
  const waiting = resumed.reduce((all, progress) => all + progress.waiting, 0)
  // Stopped while the last one was on its way: the sender finds nothing left, and says that it is done.
  if (waiting === 0) return { text: `Tidak ada lagi yang menunggu. ${counts(only)}` }
  const { at, from } = finishing(books, waiting)
  const begin = from ? `dikirim ${from}, sesudah jam tenang` : 'masih menunggu'
  return {
    text: `⏳ Dilanjutkan: *${formatCount(waiting)}* ${begin}, selesai sekitar ${at}.\nMau dihentikan? Ketik *berhenti kirim*`,
    ...(resumed.length === 1 && {
      undo: {
        command: 'invoice.sendAll' as const,
        args: { broadcastId: only.broadcast.id },
        summary: `lanjut kirim ke ${formatCount(waiting)} pelanggan`,
      },
    }),
  }
}
