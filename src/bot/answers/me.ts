import { setTimeout as sleep } from 'node:timers/promises'
import type { Books } from '../../domain/books.ts'
import { type Day, daysBetween, formatDay, formatTime } from '../../domain/calendar.ts'
import { listStaff, mayHint } from '../../domain/conversation.ts'
import { boldName, type Customer, findByPhone, greetName, setOptOut, showName } from '../../domain/customer.ts'
import { findInvoices, type Invoice, listInvoiceLines, listOpenInvoices } from '../../domain/invoice.ts'
import { howToPay, namePeriod, namePeriods, plain, takesDigital } from '../../domain/letter.ts'
import { GatewayError } from '../../domain/message.ts'
import { formatRupiah, type Rupiah, sum } from '../../domain/money.ts'
import {
  applyStatus,
  findOrder,
  keepLink,
  listOrderLines,
  openOrder,
  type PaymentOrder,
  setOrderState,
} from '../../domain/order.ts'
import { formatPhone } from '../../domain/phone.ts'
import { announceApplied } from '../../domain/receipt.ts'
import type { Method } from '../../domain/tables.ts'
import type { Answer, ErrandHandler, Note, Turn } from '../command.ts'

/** A customer's other words are answered at most once in this time, so that two machines never talk for ever (N21). */
const TALK_MINUTES = 60
/** A pay link that could not be made is tried again so often, a little later each time. */
const LINK_TRIES = 3

type Owed = { customer: Customer; open: Invoice[]; total: Rupiah }

/** The customers of this phone who owe something. */
async function listOwed(books: Books, phone: string): Promise<{ customers: Customer[]; owed: Owed[] }> {
  const customers = await findByPhone(books, phone)
  const open = Map.groupBy(
    await listOpenInvoices(
      books,
      customers.map(({ id }) => id),
    ),
    ({ customerId }) => customerId,
  )
  const owed = customers.flatMap((customer) => {
    const invoices = open.get(customer.id) ?? []
    return invoices.length > 0
      ? [{ customer, open: invoices, total: sum(invoices.map((invoice) => invoice.open)) }]
      : []
  })
  return { customers, owed }
}

const PAY_LINE = 'Balas *1* untuk bayar.'

/** `*Rp150.000*, tagihan Desember, jatuh tempo 20 Des 2026.` (voice 31) */
function describeOwed({ open, total }: Owed, today: Day): string[] {
  const [only] = open
  if (open.length === 1 && only)
    return [
      `*${formatRupiah(total)}*, tagihan ${plain(namePeriod(only, today))}, jatuh tempo ${formatDay(only.dueOn)}${late(only, today)}.`,
    ]
  return [
    `*${formatRupiah(total)}*, ${open.length} tagihan:`,
    ...open
      .slice(0, 9)
      .map(
        (invoice, index) =>
          `${index + 1}. ${plain(namePeriod(invoice, today))} ${formatRupiah(invoice.open)} · jatuh tempo ${formatDay(invoice.dueOn)}`,
      ),
  ]
}

function late(invoice: Invoice, today: Day): string {
  const days = daysBetween(invoice.dueOn, today)
  return days > 0 ? `, lewat ${days} hari` : ''
}

export async function handleInvoice({ books, person }: Turn): Promise<Answer> {
  const { owed } = await listOwed(books, person.phone)
  if (owed.length === 0) return { text: 'Tidak ada tagihan yang belum dibayar. Terima kasih.' }
  const named = owed.length > 1
  return {
    text: [
      ...owed.flatMap((each) => [
        ...(named ? [`${showName(each.customer.name)}:`] : []),
        ...describeOwed(each, books.today),
      ]),
      PAY_LINE,
    ].join('\n'),
  }
}

type PayArgs = { method?: Method; month?: Day; customerIds?: readonly number[] }

/** `1`, `bayar`: one order for all that is open; a phone with several customers chooses first (rules 22). */
export async function handlePay({ books, person }: Turn, args: PayArgs): Promise<Answer> {
  const { owed } = await listOwed(books, person.phone)
  const chosen = owed.filter(({ customer }) => !args.customerIds || args.customerIds.includes(customer.id))
  if (chosen.length === 0) return { text: 'Tidak ada tagihan yang belum dibayar. Terima kasih.' }
  if (chosen.length > 1 && !args.customerIds) return askWhom(chosen, args)
  const open = chosen
    .flatMap((each) => each.open)
    .filter((invoice) => !args.month || invoice.period?.equals(args.month))
  if (open.length === 0) return { text: `Tagihan bulan itu tidak ada yang belum dibayar.\n${PAY_LINE}` }
  if (args.method === 'transfer' || !takesDigital(books.business)) return byTransfer(books, open)
  return { errands: [{ kind: 'pay.link', args: { invoiceIds: open.map(({ id }) => id) } }] }
}

function askWhom(owed: readonly Owed[], args: PayArgs): Answer {
  const shown = owed.slice(0, 8)
  const total = sum(owed.map((each) => each.total))
  return {
    text: [
      `Ada ${owed.length} tagihan di nomor ini, semuanya *${formatRupiah(total)}*. Bayar yang mana?`,
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
    return { text: linkText(books, order, invoices, url) }
  }
}

async function describeLines(books: Books, order: PaymentOrder, invoices: readonly Invoice[]) {
  const lines = await listOrderLines(books, order.id)
  return lines.map((line) => {
    const invoice = invoices.find(({ id }) => id === line.invoiceId)
    const name = invoice ? `${invoice.planName} ${namePeriod(invoice, books.today)}` : 'Tagihan'
    return { id: invoice?.number ?? String(line.invoiceId), name, amount: line.amount, customer: line.name }
  })
}

async function makeLink(
  gateway: ReturnType<Parameters<ErrandHandler>[0]['gateways']['payment']>,
  order: PaymentOrder,
  lines: Awaited<ReturnType<typeof describeLines>>,
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

function linkText({ business, today }: Books, order: PaymentOrder, invoices: readonly Invoice[], url: string): string {
  const until = order.expires_at
  const when = `${formatDay(until.toZonedDateTimeISO(business.zone).toPlainDate())} ${formatTime(until, business.zone)}`
  const rows =
    invoices.length > 1
      ? invoices.map(
          (invoice, index) => `${index + 1}. ${plain(namePeriod(invoice, today))} ${formatRupiah(invoice.open)}`,
        )
      : []
  const [first] = invoices
  return [
    `Tagihan ${plain(namePeriods(invoices, today))} *${formatRupiah(order.amount)}*. Pilih QRIS, virtual account, atau e-wallet di link ini, berlaku sampai ${when}.`,
    ...rows,
    ...(rows.length > 0 && first
      ? [`Mau bayar satu dulu? Ketik *bayar ${plain(namePeriod(first, today)).toLowerCase()}*`]
      : []),
    'Begitu masuk, kwitansi datang di sini.',
    url,
    plain(business.name),
  ].join('\n')
}

/** Ends a pay order whose bill was paid another way, then asks what became of it: money that came first still counts (M15). */
export const closeOrder: ErrandHandler = async ({ args, open, gateways }) => {
  const orderId = String(args.orderId)
  const business = await open(async (books) => books.business)
  const gateway = gateways.payment(business)
  await gateway?.expire(orderId)
  const status = await gateway?.getStatus(orderId)
  return async ({ books }) => {
    if (!status) return {}
    const applied = await applyStatus(books, orderId, status)
    await announceApplied(books, applied)
    const order = await findOrder(books, orderId)
    if (order && (order.state === 'made' || order.state === 'open')) await setOrderState(books, order.id, 'closed')
    return {}
  }
}

async function tellOwners(books: Books, text: string): Promise<Note[]> {
  return (await listStaff(books, ['owner'])).map(({ phone }) => ({ phone, kind: 'note', text }))
}

async function ownerName(books: Books): Promise<string> {
  const [owner] = await listStaff(books, ['owner'])
  return owner?.callName ?? owner?.name ?? 'pemilik'
}

/** `stop`: no more unasked messages; subscription and bills go on (voice 37). */
export async function handleOptOut({ books, person }: Turn): Promise<Answer> {
  const { customers, owed } = await listOwed(books, person.phone)
  await setOptOut(
    books,
    customers.map(({ id }) => id),
    true,
  )
  const [customer] = customers
  const debt = owed[0] ? ` ${namePeriods(owed[0].open, books.today)} belum lunas ${formatRupiah(owed[0].total)}.` : ''
  const note = customer
    ? await tellOwners(
        books,
        `⚠️ ${boldName(customer)} minta tidak dikirimi pesan. Langganannya tetap aktif,${debt || ' tidak ada tagihan.'}\nTagih langsung atau lewat penagih.`,
      )
    : []
  return {
    text: 'Baik, pesan otomatis ke nomor ini *berhenti*. Langganan dan tagihan tetap berjalan.\nMau menerima lagi? Balas *mulai*. Mau berhenti langganan? Balas *berhenti langganan*',
    notes: note,
  }
}

export async function handleOptIn({ books, person }: Turn): Promise<Answer> {
  const customers = await findByPhone(books, person.phone)
  await setOptOut(
    books,
    customers.map(({ id }) => id),
    false,
  )
  return { text: 'Baik, tagihan dan kwitansi datang lagi di nomor ini. Mau berhenti menerima? Balas *stop*' }
}

/** A greeting: who this is and what is open (voice 39). */
export async function handleHelp({ books, person }: Turn): Promise<Answer> {
  const { customers, owed } = await listOwed(books, person.phone)
  const greeting = `${partOfDay(books)}, ${greetName(customers[0]?.name ?? '')}. Nomor ini tersambung dengan *${plain(books.business.name)}*; tagihan dan kwitansi datang di sini.`
  if (owed.length === 0) return { text: `${greeting}\nTidak ada tagihan yang belum dibayar. Terima kasih.` }
  const [only] = owed.flatMap(({ open }) => open)
  const total = sum(owed.map((each) => each.total))
  const what =
    owed.length === 1 && owed[0]?.open.length === 1 && only
      ? `Tagihan ${plain(namePeriod(only, books.today))} *${formatRupiah(total)}*, jatuh tempo ${formatDay(only.dueOn)}${late(only, books.today)}.`
      : `Tagihan yang belum dibayar: *${formatRupiah(total)}*.`
  return { text: `${greeting}\n${what} ${PAY_LINE}` }
}

function partOfDay({ now, business }: Books): string {
  const { hour } = now.toZonedDateTimeISO(business.zone)
  return hour < 11 ? 'Selamat pagi' : hour < 15 ? 'Selamat siang' : hour < 18 ? 'Selamat sore' : 'Selamat malam'
}

/** Anything that wants a human goes to the owner with the words; the bill's lines answer a question about it (voice 36). */
export async function handleTalk(turn: Turn): Promise<Answer> {
  const { books, person, message } = turn
  const { customers, owed } = await listOwed(books, person.phone)
  const [customer] = customers
  if (!customer) return {}
  const what = message.text ? `menulis: "${plain(message.text.slice(0, 300))}"` : 'mengirim file'
  const notes = await tellOwners(
    books,
    `⚠️ ${boldName(customer)} ${what}\nBalas di chatnya: ${formatPhone(person.phone)}`,
  )
  if (!(await mayHint(books, person.phone, TALK_MINUTES))) return { notes }
  const lines: string[] = []
  const [first] = owed[0]?.open ?? []
  if (first) {
    const parts = await listInvoiceLines(books, first.id)
    lines.push(
      `Tagihan ${plain(namePeriod(first, books.today))} *${formatRupiah(first.open)}*: ${parts.map((part) => `${plain(part.text)} ${formatRupiah(part.amount)}`).join(', ')}. ${PAY_LINE}`,
    )
  }
  return {
    text: [`Pesannya sudah kami teruskan ke ${await ownerName(books)}, beliau membalas di sini.`, ...lines].join('\n'),
    notes,
  }
}
