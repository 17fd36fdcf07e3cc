import type { Books } from '../../domain/books.ts'
import { type Day, formatDay, formatTime } from '../../domain/calendar.ts'
import type { Customer } from '../../domain/customer.ts'
import type { Invoice } from '../../domain/invoice.ts'
import { formatMethod, receiptLetter } from '../../domain/letter.ts'
import type { Rupiah } from '../../domain/money.ts'
import { listOpenOrders } from '../../domain/order.ts'
import { quietUntil } from '../../domain/outbox.ts'
import { listRecentPayments, type Payment, type RecentPayment, type Recorded } from '../../domain/payment.ts'
import { formatPhone } from '../../domain/phone.ts'
import type { Method } from '../../domain/tables.ts'
import type { Answer, Note, StaffTurn } from '../command.ts'
import type { PaymentItem } from '../items.ts'

/** What recording one payment, recording several and taking one back have in common. */

export type RecordArgs = {
  who?: string
  area?: string
  amount?: Rupiah
  method?: Method
  date?: Day
  month?: Day
  items?: readonly PaymentItem[]
  customerId?: number
  invoiceIds?: readonly number[]
  guessed?: string
  /** What was asked and answered with *ya*: a day long past, the same once more, credit, the whole list. */
  late?: boolean
  repeated?: boolean
  asCredit?: boolean
  listed?: boolean
}

/** The same payment within this time is asked about: a message sent twice by a shaky thumb (rules 16). */
const REPEAT_MINUTES = 10

/** What this person recorded for the same customer just now. */
export function listRepeatable({ books, person }: StaffTurn, customer: Customer): Promise<RecentPayment[]> {
  return listRecentPayments(books, { customerId: customer.id, staffId: person.id }, REPEAT_MINUTES)
}

/** The one of those that a payment would repeat; where a month was named, only one that paid on its bills. */
export function findRepeat(
  recent: readonly RecentPayment[],
  amount: Rupiah,
  named?: readonly Invoice[],
): RecentPayment | undefined {
  return recent.find(
    (payment) => payment.amount === amount && (!named || named.some(({ id }) => payment.invoiceIds.includes(id))),
  )
}

/** What ends the pay links of invoices that were just paid another way (M15). */
export async function closeOrders(books: Books, invoiceIds: readonly number[]): Promise<Answer['errands']> {
  const orders = await listOpenOrders(books, invoiceIds)
  return orders.map((orderId) => ({ kind: 'order.close', args: { orderId } }))
}

/** `tunai, dicatat *Ujang* 9 Des 2026 14.02` */
export function describePayment(books: Books, payment: Payment): string {
  const { zone } = books.business
  const when = `${formatDay(payment.recordedAt.toZonedDateTimeISO(zone).toPlainDate())} ${formatTime(payment.recordedAt, zone)}`
  return payment.by
    ? `${formatMethod(payment.method)}, dicatat *${payment.by}* ${when}`
    : `${formatMethod(payment.method)}, masuk ${when}`
}

/** A payment that was just recorded. */
export type Done = { amount: Rupiah; method: Method; made: Recorded; date?: Day }

/** A receipt for what staff recorded waits this long, for a slip that is taken back at once (rules 19). */
const RECEIPT_DELAY_SECONDS = 120

/** The customer's receipt, for a while later; none for those who want no messages or have no WhatsApp. */
export async function makeReceipt(
  turn: StaffTurn,
  customer: Customer,
  { amount, method, made }: Done,
): Promise<{ note: Note; line: string } | undefined> {
  const { books } = turn
  const phone = customer.phones.find(({ kind }) => kind === 'mobile')?.phone
  if (!phone || customer.optedOut) return undefined
  const payment = { amount, method, at: books.now, invoices: made.invoices, credit: made.credit }
  const note = {
    phone,
    kind: 'staffReceipt',
    text: receiptLetter(books.business, customer, payment, books.today),
    customerId: customer.id,
    paymentId: made.paymentId,
    delaySeconds: RECEIPT_DELAY_SECONDS,
  }
  const morning = quietUntil(books.business, books.now.add({ seconds: RECEIPT_DELAY_SECONDS }))
  const when = morning ? ` ${formatTime(morning, books.business.zone)}` : ''
  return { note, line: `Kwitansi dikirim${when} ke ${formatPhone(phone)}.` }
}
