import {
  findProgress,
  finishBroadcast,
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
  const progress = await findProgress(books)
  if (!progress) return { text: NEVER }
  const { broadcast } = progress
  if (broadcast.state === 'running')
    return {
      text: `⏳ ${counts(progress)} Selesai sekitar ${finishing(books, progress.waiting).at}.\nMau dihentikan? Ketik *berhenti kirim*`,
    }
  if (broadcast.state === 'stopped')
    return {
      text: `⚠️ Dihentikan${broadcast.stop_reason ? ` (${broadcast.stop_reason})` : ''}. ${counts(progress)}\nLanjutkan? Ketik *lanjut kirim*`,
    }
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

export async function handleStop({ books, person }: StaffTurn): Promise<Answer> {
  const progress = await findProgress(books)
  if (
    progress?.broadcast.state !== 'running' ||
    !(await stopBroadcast(books, progress.broadcast.id, `oleh ${person.callName ?? person.name}`))
  )
    return { text: 'Tidak ada pengiriman yang sedang berjalan. Belum ada yang berubah.' }
  const now = (await findProgress(books, progress.broadcast.id)) as Progress
  return {
    text: `✅ Pengiriman dihentikan: *${formatCount(now.sent)}* terkirim, *${formatCount(now.waiting)}* menunggu, tidak ada yang hilang.\nMau dilanjutkan? Ketik *lanjut kirim*`,
  }
}

export async function handleResume({ books }: StaffTurn): Promise<Answer> {
  const progress = await findProgress(books)
  if (progress?.broadcast.state !== 'stopped' || !(await resumeBroadcast(books, progress.broadcast.id)))
    return { text: 'Tidak ada pengiriman yang dihentikan. Belum ada yang berubah.' }
  // Stopped while the last one was on its way: nothing is left that could end it.
  if (progress.waiting === 0) {
    await finishBroadcast(books, progress.broadcast.id)
    return { text: `Tidak ada lagi yang menunggu. ${counts(progress)}` }
  }
  const { at, from } = finishing(books, progress.waiting)
  const begin = from ? `dikirim ${from}, sesudah jam tenang` : 'masih menunggu'
  return {
    text: `⏳ Dilanjutkan: *${formatCount(progress.waiting)}* ${begin}, selesai sekitar ${at}.\nMau dihentikan? Ketik *berhenti kirim*`,
    undo: {
      command: 'invoice.sendAll',
      args: { broadcastId: progress.broadcast.id },
      summary: `lanjut kirim ke ${formatCount(progress.waiting)} pelanggan`,
    },
  }
}
