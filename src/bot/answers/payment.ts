import type { Books } from '../../domain/books.ts'
import { daysBetween, formatDay, formatMonth, formatPeriod, formatTime, isAfter } from '../../domain/calendar.ts'
import { boldName, type Customer, lockCustomers, nameWithArea, showName } from '../../domain/customer.ts'
import { findByNumber, type Invoice, listInvoices, listOpenInvoices } from '../../domain/invoice.ts'
import { formatMethod, namePeriod, namePeriods } from '../../domain/letter.ts'
import { formatRupiah, type Rupiah, sum } from '../../domain/money.ts'
import { findPayer, payOver, type RecentPayment, recordPayment } from '../../domain/payment.ts'
import { listSubscriptions } from '../../domain/subscription.ts'
import type { Answer, StaffTurn } from '../command.ts'
import {
  closeOrders,
  type Done,
  describePayment,
  findRepeat,
  listRepeatable,
  makeReceipt,
  type RecordArgs,
} from './paid.ts'
import { recordMany } from './payment-list.ts'
import { pickCustomer } from './pick.ts'

/** Money may be entered so many days late without a question (rules 18). */
const BACKDATE_DAYS = 31
/** A named bill is looked for among so many of the newest. */
const RECENT_INVOICES = 24

export async function handleRecord(turn: StaffTurn, args: RecordArgs): Promise<Answer> {
  if (args.items) return recordMany(turn, { ...args, items: args.items })
  const { books } = turn
  const badDate = checkDate(books, args)
  if (badDate) return badDate
  const picked = await pickCustomer(turn, 'payment.record', args, {
    ask: 'Siapa yang bayar? Tulis nama atau No HP-nya.',
    nothing: 'Belum ada yang dicatat.',
  })
  if ('answer' in picked) return picked.answer
  const { customer } = picked
  // The lock is said first: what is read behind it stays true until the commit (rules 20).
  const [, open, recent] = await Promise.all([
    lockCustomers(books, [customer.id]),
    listOpenInvoices(books, [customer.id]),
    listRepeatable(turn, customer),
  ])
  const decided = await decide(turn, customer, { ...args, customerId: customer.id }, { all: open, recent })
  if ('answer' in decided) return decided.answer
  return record(turn, customer, decided.amount, decided.invoices, args)
}

/** A future day is refused, one long past is asked about (rules 18). */
function checkDate(books: Books, args: RecordArgs): Answer | undefined {
  const { date } = args
  if (!date) return undefined
  if (isAfter(date, books.today))
    return { text: `${formatDay(date)} belum tiba, jadi belum saya catat. Tulis tanggal hari ini atau sebelumnya.` }
  if (daysBetween(date, books.today) <= BACKDATE_DAYS || args.late) return undefined
  return {
    text: `Dibayar *${formatDay(date)}*, sudah ${daysBetween(date, books.today)} hari lalu?\nBalas *ya* untuk mencatat, *tidak* untuk membatalkan.`,
    ask: { command: 'payment.record', args: { ...args, late: true }, awaits: 'yes' },
  }
}

type Decided = { amount: Rupiah; invoices: Invoice[] } | { answer: Answer }

/** Finds out which invoices are paid with how much; anything in doubt is asked (rules 12, 13, 16). */
async function decide(
  turn: StaffTurn,
  customer: Customer,
  args: RecordArgs,
  { all, recent }: { all: Invoice[]; recent: readonly RecentPayment[] },
): Promise<Decided> {
  const { books } = turn
  const ids = args.invoiceIds ?? (await namedByNumber(books, args.who))
  const open = all.filter(
    (invoice) => (!ids || ids.includes(invoice.id)) && (!args.month || invoice.period?.equals(args.month)),
  )
  if (open.length === 0) return nothingOpen(turn, customer, args, all)
  if (args.amount === undefined && open.length > 1 && !ids) return { answer: askWhich(books, customer, args, open) }
  const amount = args.amount ?? sum(open.map((invoice) => invoice.open))
  if (args.guessed)
    return {
      answer: {
        text: `Maksudnya *${args.guessed}* ${nameWithArea(customer)} ${formatRupiah(amount)}? Balas *ya* atau *tidak*.`,
        ask: { command: 'payment.record', args: { ...args, guessed: undefined }, awaits: 'yes' },
      },
    }
  const repeat = args.repeated ? undefined : findRepeat(recent, amount, args.month ? open : undefined)
  if (repeat)
    return {
      answer: {
        text: `${formatRupiah(amount)} dari ${boldName(customer)} baru saja dicatat ${formatTime(repeat.recordedAt, books.business.zone)}. Ini pembayaran lain lagi?\nBalas *ya* untuk mencatatnya juga, *tidak* untuk membatalkan.`,
        ask: { command: 'payment.record', args: { ...args, repeated: true }, awaits: 'yes' },
      },
    }
  // What is over the bill that was named pays the others, the oldest first (rules 13).
  const rest = args.amount === undefined ? [] : all.filter((invoice) => !open.includes(invoice))
  return { amount, invoices: [...open, ...rest] }
}

/** "lunas INV-202612-00001" names the bill, not only whose it is. */
async function namedByNumber(books: Books, who = ''): Promise<number[] | undefined> {
  const invoice = /^inv-/i.test(who) ? await findByNumber(books, who) : undefined
  return invoice && [invoice.id]
}

/** `1. Nov Rp150.000 · 2. Des Rp150.000 · 3. semua Rp300.000` (rules 12) */
function askWhich(books: Books, customer: Customer, args: RecordArgs, open: readonly Invoice[]): Answer {
  const shown = open.slice(0, 8)
  const lines = shown.map(
    (invoice, index) => `${index + 1}. ${namePeriod(invoice, books.today)} ${formatRupiah(invoice.open)}`,
  )
  const total = sum(open.map((invoice) => invoice.open))
  return {
    text: [
      `${boldName(customer)} punya *${open.length} tagihan* belum lunas. Yang mana yang dibayar?`,
      ...lines,
      `${shown.length + 1}. semua ${formatRupiah(total)}`,
      'Balas nomornya, contoh *1*.',
    ].join('\n'),
    ask: {
      command: 'payment.record',
      args,
      awaits: 'choice',
      choices: [...shown.map(({ id }) => ({ invoiceIds: [id] })), { invoiceIds: open.map(({ id }) => id) }],
    },
  }
}

/** Nothing is open: says who was paid when and by whom; money that comes all the same becomes credit, when asked for (rules 12, 16). */
async function nothingOpen(
  turn: StaffTurn,
  customer: Customer,
  args: RecordArgs,
  otherOpen: readonly Invoice[],
): Promise<Decided> {
  const { books } = turn
  const recent = await listInvoices(books, customer.id, RECENT_INVOICES)
  const { month } = args
  const paid = recent.find((invoice) => invoice.status === 'paid' && (!month || invoice.period?.equals(month)))
  const what = paid
    ? `${namePeriod(paid, books.today)} ${boldName(customer)} sudah lunas.`
    : month
      ? `tagihan ${formatMonth(month, books.today)} ${boldName(customer)} belum terbit.`
      : `${boldName(customer)} belum punya tagihan yang terbit.`
  const payer = paid && (await findPayer(books, paid.id))
  const who = payer ? `${formatRupiah(payer.amount)} ${describePayment(books, payer)}. ` : ''
  const lines = (first: string, last: string) =>
    [`⚠️ ${first}: ${what}`, `${who}Belum ada yang berubah.`, last].join('\n')
  const offer = (text: string) => ({ answer: { text } })
  if (otherOpen.length > 0) {
    const rest = formatRupiah(sum(otherOpen.map((invoice) => invoice.open)))
    return offer(lines('Tidak saya catat', `Yang belum lunas: ${namePeriods(otherOpen, books.today)}, ${rest}.`))
  }
  if (args.amount === undefined || month) {
    const example = paid
      ? `, contoh: *lunas ${showName(customer.name).toLowerCase()} ${asTyped(paid.total)}*`
      : ' di belakang namanya.'
    return offer(lines('Tidak saya catat', `Uang untuk tagihan berikutnya? Tulis jumlahnya${example}`))
  }
  if (args.asCredit) return { amount: args.amount, invoices: [] }
  const question = `Catat *${formatRupiah(args.amount)}* sebagai saldo untuk tagihan berikutnya? Balas *ya* atau *tidak*.`
  return {
    answer: {
      text: lines('Belum saya catat', question),
      ask: { command: 'payment.record', args: { ...args, asCredit: true }, awaits: 'yes' },
    },
  }
}

/** `150rb`: an amount as people type it. */
function asTyped(amount: Rupiah): string {
  return amount % 1_000 === 0 ? `${amount / 1_000}rb` : String(amount)
}

async function record(
  turn: StaffTurn,
  customer: Customer,
  amount: Rupiah,
  invoices: readonly Invoice[],
  args: RecordArgs,
): Promise<Answer> {
  const { books, person, message } = turn
  const method = args.method ?? 'cash'
  // Known beforehand, so that both travel together.
  const touched = payOver(amount, invoices).invoices.map(({ id }) => id)
  const [made, errands] = await Promise.all([
    recordPayment(books, {
      customerId: customer.id,
      amount,
      method,
      paidOn: args.date ?? books.today,
      channel: 'chat',
      source: `message:${message.id}`,
      staffId: person.id,
      invoices,
    }),
    closeOrders(books, touched),
  ])
  if (!made) throw new Error(`message ${message.id} was handled before`)
  const receipt = await makeReceipt(turn, customer, { amount, method, made })
  return {
    text: [
      ...(await describeRecorded(turn, customer, { amount, method, made, date: args.date })),
      ...(receipt ? [receipt.line] : []),
      'Salah? Ketik *batal*.',
    ].join('\n'),
    ...(receipt && { notes: [receipt.note] }),
    errands,
    undo: {
      command: 'payment.record',
      args: { paymentIds: [made.paymentId] },
      summary: `${formatRupiah(amount)} dari ${nameWithArea(customer)}`,
    },
  }
}

/** The first lines of the answer: what was recorded, what it paid, what is left (voice 6, 8, 9). */
async function describeRecorded(
  turn: StaffTurn,
  customer: Customer,
  { amount, method, made, date }: Done,
): Promise<string[]> {
  const { books, person } = turn
  const { today, business, now } = books
  const open = made.invoices.filter((invoice) => invoice.status === 'open')
  const paid = made.invoices.filter((invoice) => invoice.status === 'paid')
  const result = [
    paid.length > 0 ? `${namePeriods(paid, today)} lunas` : undefined,
    made.credit > 0 && paid.length > 0 ? `lebih *${formatRupiah(made.credit)}*` : undefined,
    open.length > 0
      ? `${paid.length > 0 ? 's' : 'S'}isa *${formatRupiah(sum(open.map((invoice) => invoice.open)))}*`
      : undefined,
  ].filter(Boolean)
  const by = `dicatat ${person.callName ?? person.name} ${formatTime(now, business.zone)}`
  const [only] = made.invoices
  const about =
    made.invoices.length === 1 && only
      ? only.status === 'open'
        ? `${only.period ? formatPeriod(only.period, only.months) : only.planName} · jatuh tempo ${formatDay(only.dueOn)}`
        : only.number
      : made.invoices.map(({ number }) => number).join(', ')
  const lines = [
    `✅ *${formatRupiah(amount)}* dari ${boldName(customer)} dicatat.${result.length > 0 ? ` ${result.join(', ')}.` : ''}`,
    [about, formatMethod(method), date && !date.equals(today) ? `dibayar ${formatDay(date)}` : undefined, by]
      .filter(Boolean)
      .join(' · '),
  ]
  if (made.credit > 0)
    lines.push(
      `${made.invoices.length > 0 ? 'Lebihnya jadi' : 'Jadi'} saldo dan memotong tagihan ${await nameNext(books, customer)}.`,
    )
  return lines
}

/** The month that credit will pay: of the next bill, where there is one subscription. */
async function nameNext(books: Books, customer: Customer): Promise<string> {
  const [only, ...others] = (await listSubscriptions(books, customer.id)).filter(({ status }) => status === 'active')
  return only && others.length === 0 ? formatPeriod(only.nextPeriod, only.plan.months, books.today) : 'berikutnya'
}
