import type { Books } from '../../domain/books.ts'
import { type Day, formatDay, formatTime } from '../../domain/calendar.ts'
import { findActOfPayment, markUndone } from '../../domain/conversation.ts'
import { boldName, type Customer, findCustomer, nameWithArea, showName } from '../../domain/customer.ts'
import { type Invoice, listInvoices } from '../../domain/invoice.ts'
import { correctionLetter, formatMethod, namePeriods } from '../../domain/letter.ts'
import { formatRupiah, type Rupiah, sum } from '../../domain/money.ts'
import { queueMessages, withdrawReceipt } from '../../domain/outbox.ts'
import { findPayer, findPayment, listPayments, type Payment, undoPayment } from '../../domain/payment.ts'
import type { Answer, StaffTurn } from '../command.ts'
import { describePayment } from './paid.ts'
import { pickCustomer } from './pick.ts'

/** Staff may take back a payment for so long (rules 19). */
const UNDO_DAYS = 30
const COLLECTOR_UNDO_MINUTES = 15
/** What is older, even if one's own, is shown and asked (rules 19). */
const OWN_UNDO_MINUTES = 60
/** Among so many of the newest payments and bills the one that is meant is looked for. */
const RECENT = 24
/** So many rows of a list fit into an answer. */
const MOST_ROWS = 9

/** Takes back the payments of one act (voice 7). */
export async function undoRecord(turn: StaffTurn, args: { paymentIds?: readonly number[] }): Promise<Answer> {
  const taken: Taken[] = []
  for (const paymentId of args.paymentIds ?? []) taken.push(await takeBack(turn, paymentId))
  const [only] = taken
  return { text: only && taken.length === 1 ? describeTaken(turn.books, only) : describeManyTaken(turn.books, taken) }
}

/** A payment that was taken back; `invoices` is nothing when somebody did so before. */
type Taken = { payment: Payment; customer: Customer; invoices?: Invoice[]; corrected: boolean }

async function takeBack(turn: StaffTurn, paymentId: number): Promise<Taken> {
  const { books, person, message } = turn
  const payment = (await findPayment(books, paymentId)) as Payment
  const customer = (await findCustomer(books, payment.customerId)) as Customer
  const invoices = await undoPayment(books, paymentId, person.id)
  const receipt = invoices && (await withdrawReceipt(books, paymentId))
  if (!receipt) return { payment, customer, invoices, corrected: false }
  await queueMessages(books, [
    {
      phone: receipt.phone,
      kind: 'correction',
      text: correctionLetter(books.business, customer, { amount: payment.amount, invoices }, books.today),
      customerId: customer.id,
      causeId: message.id,
    },
  ])
  return { payment, customer, invoices, corrected: true }
}

function describeTaken(books: Books, { payment, customer, invoices, corrected }: Taken): string {
  const name = showName(customer.name)
  const amount = formatRupiah(payment.amount)
  if (!invoices) return `${amount} dari ${boldName(customer)} sudah dibatalkan sebelumnya. Belum ada yang berubah.`
  const at = payment.recordedAt.toZonedDateTimeISO(books.business.zone).toPlainDate()
  const day = at.equals(books.today) ? '' : `${formatDay(at)} `
  const how = `${formatMethod(payment.method)}, ${day}${formatTime(payment.recordedAt, books.business.zone)}`
  const lines = [`✅ Dibatalkan: *${amount}* dari *${name}* (${how}).${reopened(books, invoices)}`]
  if (corrected) lines.push('Kwitansinya sudah terkirim, jadi ralatnya saya kirim juga.')
  lines.push(`Mau dicatat lagi? Ketik *lunas ${name.toLowerCase()}*`)
  return lines.join('\n')
}

/** ` Desember kembali *belum lunas*, Rp150.000.` */
function reopened(books: Books, invoices: readonly Invoice[]): string {
  if (invoices.length === 0) return ''
  const open = sum(invoices.map((invoice) => invoice.open))
  return ` ${namePeriods(invoices, books.today)} kembali *belum lunas*, ${formatRupiah(open)}.`
}

function describeManyTaken(books: Books, taken: readonly Taken[]): string {
  const undone = taken.filter(({ invoices }) => invoices)
  if (undone.length === 0) return 'Semuanya sudah dibatalkan sebelumnya. Belum ada yang berubah.'
  const total = sum(undone.map(({ payment }) => payment.amount))
  const corrected = undone.filter((each) => each.corrected).length
  return [
    `✅ Dibatalkan: *${undone.length} pembayaran*, *${formatRupiah(total)}*.`,
    ...undone
      .slice(0, MOST_ROWS)
      .map(
        ({ payment, customer, invoices }) =>
          `• ${formatRupiah(payment.amount)} dari ${nameWithArea(customer)}.${reopened(books, invoices ?? [])}`,
      ),
    ...(undone.length > MOST_ROWS ? [`dan ${undone.length - MOST_ROWS} lagi`] : []),
    ...(corrected > 0 ? [`${corrected} kwitansi sudah terkirim, jadi ralatnya saya kirim juga.`] : []),
  ].join('\n')
}

type UndoArgs = {
  who?: string
  area?: string
  amount?: Rupiah
  date?: Day
  month?: Day
  customerId?: number
  paymentId?: number
  confirmed?: boolean
}

/** `batalkan lunas yuli`: the last payment of that customer that fits what was said, or the one that was shown. */
export async function handleUndo(turn: StaffTurn, args: UndoArgs): Promise<Answer> {
  const { books, person } = turn
  const picked = await pickCustomer(turn, 'payment.undo', args, {
    ask: 'Pembayaran siapa yang dibatalkan? Tulis nama atau No HP-nya.',
    nothing: 'Belum ada yang dibatalkan.',
  })
  if ('answer' in picked) return picked.answer
  const { customer } = picked
  const payment = await findMeant(books, customer, args)
  if (!payment) return { text: await describeNoneMeant(books, customer) }
  const refusal = refuseUndo(turn, customer, payment)
  if (refusal) return { text: refusal }
  const own = payment.staffId === person.id && minutesSince(books, payment) <= OWN_UNDO_MINUTES
  if (!own && !args.confirmed)
    return {
      text: [
        `Batalkan *${formatRupiah(payment.amount)}* dari ${boldName(customer)}?`,
        `${describePayment(books, payment).replace(/^\p{Ll}/u, (first) => first.toUpperCase())}.`,
        'Balas *ya* untuk membatalkannya, *tidak* untuk membiarkan.',
      ].join('\n'),
      ask: {
        command: 'payment.undo',
        args: { ...args, customerId: customer.id, paymentId: payment.id, confirmed: true },
        awaits: 'yes',
      },
    }
  const act = await findActOfPayment(books, payment.id)
  if (act) await markUndone(books, act.id, person.id)
  return { text: describeTaken(books, await takeBack(turn, payment.id)) }
}

/** The newest payment that has the amount, the day and the month that were named (rules 15). */
async function findMeant(books: Books, customer: Customer, args: UndoArgs): Promise<Payment | undefined> {
  const { amount, date, month, paymentId } = args
  if (paymentId !== undefined) return findPayment(books, paymentId)
  const invoice = month && (await listInvoices(books, customer.id, RECENT)).find(({ period }) => period?.equals(month))
  const payer = invoice && (await findPayer(books, invoice.id))
  return (await listPayments(books, customer.id, RECENT)).find(
    (payment) =>
      (amount === undefined || payment.amount === amount) &&
      (!date || payment.paidOn.equals(date)) &&
      (!month || payment.id === payer?.id),
  )
}

async function describeNoneMeant(books: Books, customer: Customer): Promise<string> {
  const [last] = await listPayments(books, customer.id, 1)
  if (!last) return `${boldName(customer)} belum punya pembayaran yang bisa dibatalkan. Belum ada yang berubah.`
  return `Pembayaran itu tidak ada pada ${boldName(customer)}. Belum ada yang berubah.\nYang terakhir: *${formatRupiah(last.amount)}* ${describePayment(books, last)}.`
}

function minutesSince(books: Books, payment: Payment): number {
  return payment.recordedAt.until(books.now).total('minutes')
}

/** Why this person may not take this payment back (rules 19, H06), or nothing. */
function refuseUndo(turn: StaffTurn, customer: Customer, payment: Payment): string | undefined {
  const { books, person } = turn
  const what = `${formatRupiah(payment.amount)} dari ${boldName(customer)}`
  if (payment.channel === 'midtrans')
    return `${what} masuk lewat Midtrans, jadi tidak bisa dibatalkan. Belum ada yang berubah.\nUangnya bisa dikembalikan lewat dashboard Midtrans.`
  const boss = person.role === 'owner' || person.role === 'admin'
  if (boss)
    return minutesSince(books, payment) <= UNDO_DAYS * 24 * 60
      ? undefined
      : `${what} dicatat lebih dari ${UNDO_DAYS} hari lalu, jadi tidak bisa dibatalkan lagi. Belum ada yang berubah.`
  if (payment.staffId === person.id && minutesSince(books, payment) <= COLLECTOR_UNDO_MINUTES) return undefined
  return `${what} hanya bisa dibatalkan pemilik atau admin${payment.staffId === person.id ? `, karena sudah lewat ${COLLECTOR_UNDO_MINUTES} menit` : ''}. Belum ada yang berubah.`
}
