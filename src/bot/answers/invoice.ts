import type { Books } from '../../domain/books.ts'
import {
  type BillRun,
  findProgress,
  type LeftOut,
  lastBilled,
  planBillRun,
  queueBills,
  startBillRun,
  stopBroadcast,
} from '../../domain/broadcast.ts'
import { formatDay, formatTime, type Moment } from '../../domain/calendar.ts'
import { boldName, nameWithArea, showArea, showName } from '../../domain/customer.ts'
import { issueChunk, issueSummary, listOpenInvoices } from '../../domain/invoice.ts'
import { billLetter, namePeriods } from '../../domain/letter.ts'
import { formatCount, formatRupiah, sum } from '../../domain/money.ts'
import { cancelWaiting, GatewayError, quietUntil } from '../../domain/outbox.ts'
import { formatPhone } from '../../domain/phone.ts'
import { listDebtors } from '../../domain/report.ts'
import { listSubscriptions } from '../../domain/subscription.ts'
import type { Answer, ErrandHandler, StaffTurn } from '../command.ts'
import { explainNext } from './customer.ts'
import { pickCustomer } from './pick.ts'

/** `terbitkan`: what is due now is issued in an errand, chunk by chunk; issuing sends nothing (rules 6). */
export async function handleIssue(): Promise<Answer> {
  return { errands: [{ kind: 'invoice.issue', args: {} }] }
}

export const issueErrand: ErrandHandler = async ({ open }) => {
  const since = await open(async (books) => books.now)
  for (let chunk = await open((books) => issueChunk(books)); chunk.more; ) {
    const { after } = chunk
    chunk = await open((books) => issueChunk(books, { after }))
  }
  return async ({ books }) => {
    const done = await issueSummary(books, since)
    const parts = [
      `${formatCount(done.issued)} terbit sekarang`,
      `${formatCount(done.issuedBefore)} sudah terbit`,
      `${formatCount(done.notYet)} belum waktunya`,
      `${formatCount(done.stopped)} berhenti`,
      `${formatCount(done.paused)} cuti`,
      `${formatCount(done.parked)} ditahan`,
    ]
    const first =
      done.issued > 0
        ? `✅ *${formatCount(done.issued)} tagihan* terbit, ${formatRupiah(done.issuedAmount)}.`
        : 'Tidak ada tagihan yang perlu terbit sekarang.'
    const lines = [first, `${formatCount(done.subscriptions)} langganan = ${parts.join(' + ')}.`]
    if (done.late > 0)
      lines.push(`${formatCount(done.late)} di antaranya terlambat terbit; tagihannya menyebutkan itu.`)
    if (done.issued > 0) lines.push('Belum ada yang dikirim. Kirim ke semua: *tagih semua*')
    return { text: lines.join('\n') }
  }
}

type SendArgs = { who?: string; area?: string; customerId?: number; again?: boolean }

/** `tagih budi`: one bill, by the bot's own number. */
export async function handleSend(turn: StaffTurn, args: SendArgs): Promise<Answer> {
  const { books } = turn
  const picked = await pickCustomer(turn, 'invoice.send', args, {
    ask: 'Siapa yang ditagih? Tulis nama atau No HP-nya.',
    nothing: 'Belum ada yang dikirim.',
  })
  if ('answer' in picked) return picked.answer
  const { customer } = picked
  const open = await listOpenInvoices(books, [customer.id])
  if (open.length === 0) {
    const next = explainNext(await listSubscriptions(books, customer.id), books.today)
    return {
      text: [`${boldName(customer)} tidak punya tagihan yang belum lunas. Belum ada yang dikirim.`, ...next].join('\n'),
    }
  }
  const total = sum(open.map((invoice) => invoice.open))
  const phone = customer.phones.find(({ kind }) => kind === 'mobile')?.phone
  if (!phone)
    return {
      text: `${boldName(customer)} tidak punya nomor WhatsApp, jadi belum dikirim.\nTagihannya *${formatRupiah(total)}*, tagih langsung. Alamatnya: *cari ${showName(customer.name).toLowerCase()}*`,
    }
  const doubt = await doubtSending(turn, customer.id, customer.optedOut, args)
  if (doubt)
    return {
      text: `${doubt} ${boldName(customer)} *${formatRupiah(total)}*?\nBalas *ya* untuk mengirim, *tidak* untuk membatalkan.`,
      ask: {
        command: 'invoice.send',
        args: { ...args, customerId: customer.id, again: true },
        awaits: 'yes',
      },
    }
  const [messageId] = await queueBills(
    books,
    [{ customerId: customer.id, name: customer.name, phone, invoices: open }],
    {
      channel: 'bot',
      causeId: turn.message.id,
    },
  )
  const later = quietUntil(books.business, books.now)
  const when = later ? `dikirim ${formatTime(later, books.business.zone)}, sesudah jam tenang,` : 'dikirim'
  return {
    text: `✅ Tagihan ${namePeriods(open, books.today)} *${formatRupiah(total)}* ${when} ke ${boldName(customer)}, ${formatPhone(phone)}.`,
    undo: { command: 'invoice.send', args: { messageId }, summary: `kirim tagihan ke ${nameWithArea(customer)}` },
  }
}

/** A bill that has left cannot be called back; *batal* must say so instead of undoing what came before it. */
export async function undoSend({ books }: StaffTurn, args: { messageId?: number }): Promise<Answer> {
  const id = args.messageId ?? 0
  if ((await cancelWaiting(books, [id], 'dibatalkan')) > 0)
    return { text: '✅ Dibatalkan: tagihannya tidak jadi dikirim.' }
  return { text: 'Tagihan itu sudah terkirim, jadi tidak bisa ditarik. Belum ada yang berubah.' }
}

async function doubtSending(
  turn: StaffTurn,
  customerId: number,
  optedOut: boolean,
  args: SendArgs,
): Promise<string | undefined> {
  const { books } = turn
  if (args.again) return undefined
  if (optedOut) return 'Pelanggan ini minta tidak dikirimi pesan. Tetap tagih'
  const billed = await lastBilled(books, customerId)
  if (!billed) return undefined
  return `Tagihannya sudah dikirim ${describeMoment(books, billed)}. Kirim ulang ke`
}

/** `hari ini 08.05`, `1 Des 2026 08.05` */
function describeMoment(books: Books, at: Moment): string {
  const { zone } = books.business
  const date = at.toZonedDateTimeISO(zone).toPlainDate()
  return `${date.equals(books.today) ? 'hari ini' : formatDay(date)} ${formatTime(at, zone)}`
}

type SendAllArgs = { area?: string; previewed?: boolean }

/** `tagih semua`: the preview asks Fonnte for its quota, so it is an errand; nothing leaves before *ya*. */
export async function handleSendAll(turn: StaffTurn, args: SendAllArgs): Promise<Answer> {
  const { books, person } = turn
  if (books.business.package !== 'bisnis') return offerPackage(books)
  const other = await refuseSecond(books)
  if (other) return other
  if (!args.previewed) return { errands: [{ kind: 'broadcast.preview', args }] }
  const started = await startBillRun(books, person.id, args.area)
  if (!started) return nothingToSend(books, await planBillRun(books, args.area), args.area)
  const { run, broadcast } = started
  const { at, from } = finishing(books, run.recipients.length)
  const begin = from ? `⏳ Mulai ${from}, sesudah jam tenang, ke` : '⏳ Mulai mengirim ke'
  return {
    text: `${begin} *${formatCount(run.recipients.length)}* pelanggan, selesai sekitar ${at}.\nMau dihentikan? Ketik *berhenti kirim*`,
    undo: {
      command: 'invoice.sendAll',
      args: { broadcastId: broadcast.id },
      summary: `kirim tagihan ke ${formatCount(run.recipients.length)} pelanggan`,
    },
  }
}

/** One run at a time: of two, *berhenti kirim* and *lanjut kirim* would reach only the newer one. */
async function refuseSecond(books: Books): Promise<Answer | undefined> {
  const progress = await findProgress(books)
  if (!progress || progress.waiting === 0 || progress.broadcast.state === 'done') return undefined
  const waiting = `*${formatCount(progress.waiting)}* dari ${formatCount(progress.all)} tagihan`
  return {
    text:
      progress.broadcast.state === 'running'
        ? `⏳ ${waiting} masih dikirim, selesai sekitar ${finishing(books, progress.waiting).at}.\nTunggu selesai, atau ketik *berhenti kirim*`
        : `⚠️ ${waiting} masih menunggu sejak dihentikan. Belum ada yang dikirim.\nLanjutkan dulu: *lanjut kirim*`,
  }
}

/** *batal* after *tagih semua* stops what has not left yet. */
export async function undoSendAll({ books, person }: StaffTurn, args: { broadcastId?: number }): Promise<Answer> {
  const id = args.broadcastId ?? 0
  const stopped = await stopBroadcast(books, id, `oleh ${person.callName ?? person.name}`)
  const progress = await findProgress(books, id)
  if (!progress || (!stopped && progress.waiting === 0))
    return { text: 'Tagihannya sudah terkirim semua, jadi tidak bisa ditarik. Belum ada yang berubah.' }
  return {
    text: `✅ Pengiriman ${stopped ? '' : 'sudah '}dihentikan: *${formatCount(progress.sent)}* sudah terkirim dan tidak bisa ditarik, *${formatCount(progress.waiting)}* menunggu.\nMau dilanjutkan? Ketik *lanjut kirim*`,
  }
}

/** Sending to many belongs to Paket Bisnis; below it bills go one at a time (voice 18). */
async function offerPackage(books: Books): Promise<Answer> {
  const { customers, rows } = await listDebtors(books, {})
  const lines = ['Kirim massal ada di Paket Bisnis. Belum ada yang dikirim.']
  if (rows[0])
    lines.push(
      `Sekarang *${formatCount(customers)} pelanggan* belum lunas. Satu per satu bisa: *tagih ${showName(rows[0].name).toLowerCase()}*, atau *belum bayar* untuk daftarnya.`,
    )
  return { text: lines.join('\n') }
}

export const previewErrand: ErrandHandler = async ({ open, gateways, args }) => {
  const business = await open(async (books) => books.business)
  const gateway = gateways.broadcast(business)
  const device = await gateway?.device().catch((error: unknown) => {
    if (error instanceof GatewayError) return error
    throw error
  })
  return async ({ books }) => {
    const area = typeof args.area === 'string' ? args.area : undefined
    const run = await planBillRun(books, area)
    if (run.recipients.length === 0) return nothingToSend(books, run, area)
    const trouble = findTrouble(device)
    if (trouble)
      return {
        text: `⚠️ Belum bisa mengirim ke ${formatCount(run.recipients.length)} pelanggan: ${trouble}. Belum ada yang dikirim.\nPerbaiki di Fonnte, lalu ketik *tagih semua* lagi.`,
      }
    return {
      text: await previewText(books, run, device instanceof GatewayError ? undefined : device?.quota),
      ask: { command: 'invoice.sendAll', args: { ...args, previewed: true }, awaits: 'yes', firm: true },
    }
  }
}

/** What keeps the device from sending at all; an unanswered question about it does not. */
function findTrouble(device: { connected: boolean } | GatewayError | undefined): string | undefined {
  if (!device) return 'token Fonnte belum diisi'
  if (device instanceof GatewayError) return device.fault === 'device' ? device.message : undefined
  return device.connected ? undefined : 'perangkat Fonnte terputus'
}

const LEFT_OUT: Record<Exclude<LeftOut, 'sent'>, string> = {
  noWhatsApp: 'tanpa WhatsApp',
  optedOut: 'minta tidak dikirimi',
  recent: 'baru ditagih 3 hari terakhir',
}

async function previewText(books: Books, run: BillRun, quota: number | undefined): Promise<string> {
  const count = run.recipients.length
  const lines = [`Tagihan untuk *${formatCount(count)}* pelanggan, total *${formatRupiah(run.total)}*.`]
  const left = describeLeftOut(run)
  if (left) lines.push(left)
  const strangers = run.recipients.filter(({ wrote }) => !wrote).length
  if (strangers > 0)
    lines.push(
      `${formatCount(strangers)} dari ${formatCount(count)} belum pernah menulis ke nomor ini; WhatsApp bisa menolak pesan ke mereka.`,
    )
  const { minutes, at, from } = finishing(books, count)
  const enough =
    quota === undefined
      ? ''
      : quota >= count
        ? `Kuota pesan ${formatCount(quota)}, cukup. `
        : `⚠️ Kuota pesan ${formatCount(quota)}, kurang ${formatCount(count - quota)}. `
  const night = from ? `Sekarang jam tenang, mulai ${from}. ` : ''
  lines.push(`${enough}${night}Perkiraan ${minutes < 1 ? 'kurang dari 1' : formatCount(minutes)} menit, selesai ${at}.`)
  const sample = run.recipients[0]
  if (sample) {
    const open = await listOpenInvoices(books, [sample.customerId])
    // Whom it is about stands further down: only the first line is shown.
    const text = billLetter(books.business, { ...sample, shared: false }, open, books.today)
    lines.push(`Pesannya: "${text.split('\n')[0]?.replace(/\*/g, '')} …"`)
  }
  lines.push('Balas *ya* untuk mengirim, *tidak* untuk membatalkan.')
  return lines.join('\n')
}

function describeLeftOut(run: BillRun): string | undefined {
  const shown = run.leftOut.flatMap(({ reason, customers }) => (reason === 'sent' ? [] : [{ reason, customers }]))
  if (shown.length === 0) return undefined
  const total = shown.reduce((all, { customers }) => all + customers, 0)
  return `Dilewati ${formatCount(total)}: ${shown.map(({ reason, customers }) => `${formatCount(customers)} ${LEFT_OUT[reason]}`).join(' · ')}`
}

/** When a run of so many messages will be done, by the pace and the quiet hours; `from` where those hold it back. */
export function finishing(books: Books, count: number): { minutes: number; at: string; from?: string } {
  const { business, now } = books
  // The pace varies by up to half of it.
  const seconds = Math.ceil(count * business.pace_seconds * 1.25)
  const quiet = quietUntil(business, now)
  return {
    minutes: Math.round(seconds / 60),
    at: formatTime((quiet ?? now).add({ seconds }), business.zone),
    ...(quiet && { from: formatTime(quiet, business.zone) }),
  }
}

/** When nothing is unsent: since when, and what is still open (rules 34). */
async function nothingToSend(books: Books, run: BillRun, area?: string): Promise<Answer> {
  const owed = await listDebtors(books, { area })
  const where = area ? ` di ${showArea(area)}` : ''
  if (owed.customers === 0) return { text: `Tidak ada tagihan yang belum lunas${where}. Belum ada yang dikirim.` }
  const left = describeLeftOut(run)
  const sent = run.lastSentAt
    ? `Tidak ada tagihan baru untuk dikirim${where}, yang terakhir ${describeMoment(books, run.lastSentAt)}.`
    : `Tidak ada tagihan yang bisa dikirim${where} sekarang.`
  const list = `Daftarnya: *belum bayar${area ? ` ${area}` : ''}*`
  return {
    text: [
      sent,
      ...(left ? [left] : []),
      `Belum lunas: *${formatCount(owed.customers)} pelanggan*, ${formatRupiah(owed.total)}. ${list}`,
    ].join('\n'),
  }
}
