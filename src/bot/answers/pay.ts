import { setTimeout as sleep } from 'node:timers/promises'
import { askSoon, closeUnpaid } from '../../domain/ask.ts'
import type { Books } from '../../domain/books.ts'
import { type Day, formatDay, formatMonth, formatTime } from '../../domain/calendar.ts'
import { showName } from '../../domain/customer.ts'
import { findInvoices, type Invoice } from '../../domain/invoice.ts'
import { howToPay, namePeriod, namePeriods, plain, takesDigital } from '../../domain/letter.ts'
import { formatRupiah, type Rupiah, sum } from '../../domain/money.ts'
import {
  applyStatus,
  type GatewayStatus,
  keepLink,
  listOrderLines,
  openOrder,
  type PaymentGateway,
  type PaymentOrder,
} from '../../domain/order.ts'
import { GatewayError } from '../../domain/outbox.ts'
import { announceApplied } from '../../domain/receipt.ts'
import type { Method } from '../../domain/tables.ts'
import type { Answer, ErrandHandler, Turn } from '../command.ts'
import { listOwed, type Owed, PAY_LINE } from './owed.ts'

/** A pay link that could not be made is tried again so often, a little later each time. */
const LINK_TRIES = 3

type PayArgs = {
  method?: Method
  month?: Day
  months?: number
  amount?: Rupiah
  customerIds?: readonly number[]
}

/** `1`, `bayar`: one order for all that is open; a phone with several customers chooses first (rules 22). */
export async function handlePay({ books, person }: Turn, args: PayArgs): Promise<Answer> {
  const { owed } = await listOwed(books, person.phone)
  const chosen = owed.filter(({ customer }) => !args.customerIds || args.customerIds.includes(customer.id))
  if (chosen.length === 0) return { text: 'Tidak ada tagihan yang belum dibayar. Terima kasih.' }
  if (chosen.length > 1 && !args.customerIds) return askWhom(chosen, args)
  const open = chosen.flatMap((each) => each.open)
  const meant = chooseInvoices(open, args, books.today)
  if ('refused' in meant) return { text: `${meant.refused}\n${PAY_LINE}` }
  if (args.method === 'cash') return inCash(books, meant.invoices)
  if (args.method === 'transfer' || !takesDigital(books.business)) return byTransfer(books, meant.invoices)
  return { errands: [{ kind: 'pay.link', args: { invoiceIds: meant.invoices.map(({ id }) => id) } }] }
}

/** `bayar november`, `bayar 2 bulan`: some of what is open. What cannot be paid so is said, never ignored (rules 15, 22). */
function chooseInvoices(
  open: readonly Invoice[],
  { month, months, amount }: PayArgs,
  today: Day,
): { invoices: readonly Invoice[] } | { refused: string } {
  const ofMonth = month ? open.filter((invoice) => invoice.period?.equals(month)) : open
  if (month && ofMonth.length === 0)
    return { refused: `Tidak ada tagihan ${formatMonth(month, today)} yang belum dibayar.` }
  if (months !== undefined && months > ofMonth.length)
    return { refused: `Yang belum dibayar ${ofMonth.length} tagihan; bayar di muka belum bisa di sini.` }
  const invoices = ofMonth.slice(0, months)
  const total = sum(invoices.map((invoice) => invoice.open))
  if (amount !== undefined && amount !== total)
    return { refused: `Bayar sebagian belum bisa lewat link. Tagihannya *${formatRupiah(total)}*.` }
  return { invoices }
}

function askWhom(owed: readonly Owed[], args: PayArgs): Answer {
  const shown = owed.slice(0, 8)
  const total = sum(owed.map((each) => each.total))
  return {
    text: [
      `Nomor ini untuk ${owed.length} pelanggan, semuanya *${formatRupiah(total)}*. Bayar yang mana?`,
      ...shown.map(
        ({ customer, total: each }, index) => `${index + 1}. ${showName(customer.name)} · ${formatRupiah(each)}`,
      ),
      `${shown.length + 1}. semua ${formatRupiah(total)}`,
      'Balas nomornya.',
    ].join('\n'),
    ask: {
      command: 'me.pay',
      args,
      awaits: 'choice',
      choices: [
        ...shown.map(({ customer }) => ({ customerIds: [customer.id] })),
        { customerIds: owed.map(({ customer }) => customer.id) },
      ],
    },
  }
}

function byTransfer({ business, today }: Books, open: readonly Invoice[]): Answer {
  const what = `Tagihan ${plain(namePeriods(open, today))} *${formatRupiah(sum(open.map((invoice) => invoice.open)))}*.`
  const account = business.bank_account
    ? `Transfer ke *${plain(business.bank_account)}*.`
    : 'Bayar langsung ke petugas kami.'
  return { text: [what, account, plain(business.name)].join('\n') }
}

function inCash({ business, today }: Books, open: readonly Invoice[]): Answer {
  const total = formatRupiah(sum(open.map((invoice) => invoice.open)))
  return {
    text: `Tagihan ${plain(namePeriods(open, today))} *${total}*.\nBayar tunai langsung ke petugas kami.\n${plain(business.name)}`,
  }
}

/** Makes the pay link: the order is a row before Midtrans is asked, the link is kept before it is told (P06). */
export const payLink: ErrandHandler = async ({ args, phone, open, gateways }) => {
  const invoiceIds = args.invoiceIds as number[]
  const { order, business, lines } = await open(async (books) => {
    const invoices = (await findInvoices(books, invoiceIds)).filter((invoice) => invoice.status === 'open')
    const made = invoices.length > 0 ? await openOrder(books, phone, invoices) : undefined
    return { order: made, business: books.business, lines: made ? await describeLines(books, made, invoices) : [] }
  })
  const url = order && (order.url ?? (await makeLink(gateways.payment(business), order, lines, phone)))
  return async ({ books }) => {
    if (!order) return { text: 'Tidak ada tagihan yang belum dibayar. Terima kasih.' }
    const invoices = await findInvoices(books, invoiceIds)
    if (!url)
      return {
        text: [
          'Link pembayaran belum bisa dibuat, jadi belum ada yang dibayar. Tulis *bayar* lagi beberapa menit lagi.',
          ...howToPay(business).slice(1),
        ].join('\n'),
      }
    await keepLink(books, order.id, url)
    return { text: linkText(books, order, lines, invoices, url) }
  }
}

type Lines = { id: string; name: string; amount: Rupiah; customer: string }[]

async function describeLines(books: Books, order: PaymentOrder, invoices: readonly Invoice[]): Promise<Lines> {
  const lines = await listOrderLines(books, order.order_id)
  return lines.map((line) => {
    const invoice = invoices.find(({ id }) => id === line.invoiceId)
    const name = invoice ? `${invoice.planName} ${namePeriod(invoice, books.today)}` : 'Tagihan'
    return { id: invoice?.number ?? String(line.invoiceId), name, amount: line.amount, customer: line.name }
  })
}

async function makeLink(
  gateway: ReturnType<Parameters<ErrandHandler>[0]['gateways']['payment']>,
  order: PaymentOrder,
  lines: Lines,
  phone: string,
): Promise<string | undefined> {
  for (let attempt = 1; gateway && attempt <= LINK_TRIES; attempt++) {
    try {
      const hours = Math.max(1, Math.floor(order.made_at.until(order.expires_at).total('hours')))
      const customer = { name: lines[0]?.customer ?? '', phone }
      const { url } = await gateway.makeLink({
        orderId: order.order_id,
        amount: order.amount,
        lines,
        customer,
        startAt: order.made_at,
        hours,
      })
      return url
    } catch (error) {
      if (!(error instanceof GatewayError) || error.fault !== 'passing') return undefined
      if (attempt < LINK_TRIES) await sleep(attempt * 500)
    }
  }
  return undefined
}

/** So many bills are named in the answer; the page of the link has them all. */
const NAMED = 6

function linkText(
  { business, today }: Books,
  order: PaymentOrder,
  lines: Lines,
  invoices: readonly Invoice[],
  url: string,
): string {
  const until = order.expires_at
  const when = `${formatDay(until.toZonedDateTimeISO(business.zone).toPlainDate())} ${formatTime(until, business.zone)}`
  const payers = new Set(invoices.map(({ customerId }) => customerId)).size
  const [first] = invoices
  const what = payers > 1 ? `${payers} pelanggan` : plain(namePeriods(invoices, today))
  const nameOf = (invoice: Invoice) => lines.find(({ id }) => id === invoice.number)?.customer ?? ''
  const rows = invoices.map(
    (invoice, index) =>
      `${index + 1}. ${payers > 1 ? `${showName(nameOf(invoice))} · ` : ''}${plain(namePeriod(invoice, today))} ${formatRupiah(invoice.open)}`,
  )
  const one = first?.period && payers === 1 ? `*bayar ${formatMonth(first.period, today).toLowerCase()}*` : ''
  return [
    `Tagihan ${what} *${formatRupiah(order.amount)}*. Pilih QRIS, virtual account, atau e-wallet di link ini, berlaku sampai ${when}.`,
    ...(rows.length > 1 ? rows.slice(0, NAMED) : []),
    ...(rows.length > NAMED ? [`dan ${rows.length - NAMED} lagi`] : []),
    ...(rows.length > 1 && one ? [`Mau bayar satu dulu? Ketik ${one}`] : []),
    'Begitu masuk, kwitansi datang di sini.',
    url,
    plain(business.name),
  ].join('\n')
}

/**
 * Ends a pay order whose bill was paid another way, then asks what became of it: money that came first still counts
 * (M15). Where Midtrans is away it is ended by the schedule.
 */
export const closeOrder: ErrandHandler = async ({ args, open, gateways }) => {
  const orderId = String(args.orderId)
  const gateway = gateways.payment(await open(async (books) => books.business))
  const status = await endAndAsk(gateway, orderId).catch((error: unknown) => {
    if (error instanceof GatewayError) return undefined
    throw error
  })
  return async ({ books }) => {
    if (!status) {
      await askSoon(books, orderId)
      return {}
    }
    await announceApplied(books, await applyStatus(books, orderId, status))
    await closeUnpaid(books, orderId)
    return {}
  }
}

async function endAndAsk(gateway: PaymentGateway | undefined, orderId: string): Promise<GatewayStatus | undefined> {
  await gateway?.expire(orderId)
  return gateway?.getStatus(orderId)
}
