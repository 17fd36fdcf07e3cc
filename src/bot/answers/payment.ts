import { z } from 'zod'
import type { Books } from '../../domain/books.ts'
import { type Day, daysBetween, formatDay, formatMonth, formatTime, isAfter } from '../../domain/calendar.ts'
import { findActOfPayment, markUndone } from '../../domain/conversation.ts'
import {
  boldName,
  type Customer,
  findCustomer,
  lockCustomers,
  nameWithArea,
  searchCustomers,
  showName,
} from '../../domain/customer.ts'
import { type Invoice, listInvoices, listOpenInvoices } from '../../domain/invoice.ts'
import { correctionLetter, formatMethod, namePeriod, namePeriods, receiptLetter } from '../../domain/letter.ts'
import { cancelWaiting, getMessage, queueMessages, wasSent } from '../../domain/message.ts'
import { formatRupiah, type Rupiah, rupiah, sum } from '../../domain/money.ts'
import { listOpenOrders } from '../../domain/order.ts'
import {
  findPayer,
  findPayment,
  findRecentPayment,
  listPayments,
  type Payment,
  type Recorded,
  recordPayment,
  undoPayment,
} from '../../domain/payment.ts'
import { formatPhone } from '../../domain/phone.ts'
import type { Method } from '../../domain/tables.ts'
import type { Answer, StaffTurn } from '../command.ts'
import { pickCustomer } from './pick.ts'

/** Money may be entered so many days late without a question (rules 18). */
const BACKDATE_DAYS = 31
/** The same payment within this time is asked about: a message sent twice by a shaky thumb (rules 16). */
const REPEAT_MINUTES = 10
/** A receipt for what staff recorded waits this long, for a slip that is taken back at once (rules 19). */
const RECEIPT_DELAY_SECONDS = 120
/** Staff may take back a payment for so long (rules 19). */
const UNDO_DAYS = 30
const COLLECTOR_UNDO_MINUTES = 15

type RecordArgs = {
  who?: string
  area?: string
  amount?: Rupiah
  method?: Method
  date?: Day
  month?: Day
  items?: readonly { who: string; area?: string; amount?: Rupiah; method?: Method }[]
  customerId?: number
  invoiceIds?: readonly number[]
  guessed?: string
  /** What was asked and answered with *ya*: a day long past, the same once more, credit, the whole list. */
  late?: boolean
  repeated?: boolean
  asCredit?: boolean
  listed?: boolean
}

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
  await lockCustomers(books, [customer.id])
  const decided = await decide(turn, customer, { ...args, customerId: customer.id })
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
async function decide(turn: StaffTurn, customer: Customer, args: RecordArgs): Promise<Decided> {
  const { books } = turn
  const all = await listOpenInvoices(books, [customer.id])
  const open = all.filter(
    (invoice) =>
      (!args.invoiceIds || args.invoiceIds.includes(invoice.id)) && (!args.month || invoice.period?.equals(args.month)),
  )
  if (open.length === 0) return nothingOpen(turn, customer, args, all)
  if (args.amount === undefined && open.length > 1 && !args.invoiceIds)
    return { answer: askWhich(books, customer, args, open) }
  const amount = args.amount ?? sum(open.map((invoice) => invoice.open))
  if (args.guessed)
    return {
      answer: {
        text: `Maksudnya *${args.guessed}* ${nameWithArea(customer)} ${formatRupiah(amount)}? Balas *ya* atau *tidak*.`,
        ask: { command: 'payment.record', args: { ...args, guessed: undefined }, awaits: 'yes' },
      },
    }
  const repeat = args.repeated
    ? undefined
    : await findRecentPayment(books, customer.id, amount, turn.person.id, REPEAT_MINUTES)
  if (repeat)
    return {
      answer: {
        text: `${formatRupiah(amount)} dari ${boldName(customer)} baru saja dicatat ${formatTime(repeat.recordedAt, books.business.zone)}. Ini pembayaran lain lagi?\nBalas *ya* untuk mencatatnya juga, *tidak* untuk membatalkan.`,
        ask: { command: 'payment.record', args: { ...args, repeated: true }, awaits: 'yes' },
      },
    }
  return { amount, invoices: open }
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
      `${boldName(customer)} punya *${open.length} tagihan* belum lunas. Yang mana dibayar?`,
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
  const recent = await listInvoices(books, customer.id, 12)
  const asked = args.month
    ? recent.find((invoice) => invoice.period?.equals(args.month as Day))
    : recent.find(({ status }) => status === 'paid')
  const first = `⚠️ Tidak saya catat: `
  if (args.month && !asked)
    return {
      answer: {
        text: `${first}tagihan ${formatMonth(args.month, books.today)} ${boldName(customer)} belum terbit.\n${otherOpen.length > 0 ? `Yang belum lunas: ${namePeriods(otherOpen, books.today)}.` : 'Belum ada yang berubah.'}`,
      },
    }
  const payer = asked && (await findPayer(books, asked.id))
  const paid = asked
    ? `${namePeriod(asked, books.today)} ${boldName(customer)} sudah lunas.`
    : `${boldName(customer)} belum punya tagihan yang terbit.`
  const lines = [`${first}${paid}`]
  if (payer) lines.push(`${formatRupiah(payer.amount)} ${describePayment(books, payer)}. Belum ada yang berubah.`)
  else lines.push('Belum ada yang berubah.')
  if (args.amount === undefined || args.month) {
    lines.push(
      `Uang untuk tagihan berikutnya? Tulis jumlahnya, contoh: *lunas ${showName(customer.name).toLowerCase()} 150rb*`,
    )
    return { answer: { text: lines.join('\n') } }
  }
  if (args.asCredit) return { amount: args.amount, invoices: [] }
  lines[0] = lines[0]?.replace('Tidak saya catat', 'Belum saya catat') ?? ''
  lines.push(`Catat *${formatRupiah(args.amount)}* sebagai saldo untuk tagihan berikutnya? Balas *ya* atau *tidak*.`)
  return {
    answer: {
      text: lines.join('\n'),
      ask: { command: 'payment.record', args: { ...args, asCredit: true }, awaits: 'yes' },
    },
  }
}

/** `tunai, dicatat *Ujang* 9 Des 2026 14.02` */
function describePayment(books: Books, payment: Payment): string {
  const { zone } = books.business
  const when = `${formatDay(payment.recordedAt.toZonedDateTimeISO(zone).toPlainDate())} ${formatTime(payment.recordedAt, zone)}`
  return payment.by
    ? `${formatMethod(payment.method)}, dicatat *${payment.by}* ${when}`
    : `${formatMethod(payment.method)}, masuk ${when}`
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
  const made = await recordPayment(books, {
    customerId: customer.id,
    amount,
    method,
    paidOn: args.date ?? books.today,
    channel: 'chat',
    source: `message:${message.id}`,
    staffId: person.id,
    invoiceIds: invoices.map(({ id }) => id),
  })
  if (!made) throw new Error(`message ${message.id} was handled before`)
  const receipt = await queueReceipt(turn, customer, { amount, method, made })
  const orders = await listOpenOrders(
    books,
    made.invoices.map(({ id }) => id),
  )
  return {
    text: [
      ...describeRecorded(turn, customer, { amount, method, made, date: args.date }),
      ...(receipt ? [receipt.line] : []),
      'Salah? Ketik *batal*.',
    ].join('\n'),
    errands: orders.map((order) => ({ kind: 'order.close', args: { orderId: order.order_id } })),
    undo: {
      command: 'payment.record',
      args: { paymentIds: [made.paymentId], receiptIds: receipt ? [receipt.id] : [] },
      summary: `${formatRupiah(amount)} dari ${nameWithArea(customer)}`,
    },
  }
}

type Done = { amount: Rupiah; method: Method; made: Recorded; date?: Day }

/** The first lines of the answer: what was recorded, what it paid, what is left (voice 6, 8, 9). */
function describeRecorded(turn: StaffTurn, customer: Customer, { amount, method, made, date }: Done): string[] {
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
        ? `${namePeriod(only, today)} · jatuh tempo ${formatDay(only.dueOn)}`
        : only.number
      : made.invoices.map(({ number }) => number).join(', ')
  const lines = [
    `✅ *${formatRupiah(amount)}* dari ${boldName(customer)} dicatat.${result.length > 0 ? ` ${result.join(', ')}.` : ''}`,
    [about, formatMethod(method), date && !date.equals(today) ? `dibayar ${formatDay(date)}` : undefined, by]
      .filter(Boolean)
      .join(' · '),
  ]
  if (made.credit > 0)
    lines.push(`${made.invoices.length > 0 ? 'Lebihnya jadi' : 'Jadi'} saldo dan memotong tagihan berikutnya.`)
  return lines
}

/** Queues the customer's receipt, a while later; none for those who want no messages or have no WhatsApp. */
async function queueReceipt(
  turn: StaffTurn,
  customer: Customer,
  { amount, method, made }: Done,
): Promise<{ id: number; line: string } | undefined> {
  const { books, message } = turn
  const phone = customer.phones.find(({ kind }) => kind === 'mobile')?.phone
  if (!phone || customer.optedOut) return undefined
  const payment = { amount, method, at: books.now, invoices: made.invoices, credit: made.credit }
  const [id] = await queueMessages(books, [
    {
      phone,
      kind: 'staffReceipt',
      text: receiptLetter(books.business, customer, payment, books.today),
      customerId: customer.id,
      causeId: message.id,
      delaySeconds: RECEIPT_DELAY_SECONDS,
    },
  ])
  return { id: id as number, line: `Kwitansi dikirim ke ${formatPhone(phone)}.` }
}

/** Takes back the payments of one act (voice 7). */
export async function undoRecord(
  turn: StaffTurn,
  args: { paymentIds?: readonly number[]; receiptIds?: readonly number[] },
): Promise<Answer> {
  const taken: Taken[] = []
  for (const [index, paymentId] of (args.paymentIds ?? []).entries())
    taken.push(await takeBack(turn, paymentId, args.receiptIds?.[index]))
  const [only] = taken
  return { text: only && taken.length === 1 ? describeTaken(turn.books, only) : describeManyTaken(turn.books, taken) }
}

/** A payment that was taken back; `invoices` is nothing when somebody did so before. */
type Taken = { payment: Payment; customer: Customer; invoices?: Invoice[]; corrected: boolean }

async function takeBack(turn: StaffTurn, paymentId: number, receiptId: number | undefined): Promise<Taken> {
  const { books, person, message } = turn
  const payment = (await findPayment(books, paymentId)) as Payment
  const customer = (await findCustomer(books, payment.customerId)) as Customer
  const invoices = await undoPayment(books, paymentId, person.id)
  const silent = !invoices || !receiptId || (await cancelWaiting(books, [receiptId], 'pembayaran dibatalkan')) > 0
  if (silent || !(await wasSent(books, receiptId))) return { payment, customer, invoices, corrected: false }
  await queueMessages(books, [
    {
      phone: (await getMessage(books, receiptId)).phone,
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
  const how = `${formatMethod(payment.method)}, ${formatTime(payment.recordedAt, books.business.zone)}`
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
    ...undone.map(
      ({ payment, customer, invoices }) =>
        `• ${formatRupiah(payment.amount)} dari ${nameWithArea(customer)}.${reopened(books, invoices ?? [])}`,
    ),
    ...(corrected > 0 ? [`${corrected} kwitansi sudah terkirim, jadi ralatnya saya kirim juga.`] : []),
  ].join('\n')
}

type UndoArgs = { who?: string; area?: string; customerId?: number; paymentId?: number; confirmed?: boolean }

/** `batalkan lunas yuli`: the last payment of that customer, or the one that was chosen. */
export async function handleUndo(turn: StaffTurn, args: UndoArgs): Promise<Answer> {
  const { books, person } = turn
  const picked = await pickCustomer(turn, 'payment.undo', args, {
    ask: 'Pembayaran siapa yang dibatalkan? Tulis nama atau No HP-nya.',
    nothing: 'Belum ada yang dibatalkan.',
  })
  if ('answer' in picked) return picked.answer
  const { customer } = picked
  const [last] = args.paymentId ? [await findPayment(books, args.paymentId)] : await listPayments(books, customer.id, 1)
  if (!last)
    return { text: `${boldName(customer)} belum punya pembayaran yang bisa dibatalkan. Belum ada yang berubah.` }
  const refusal = refuseUndo(turn, customer, last)
  if (refusal) return { text: refusal }
  const own = last.staffId === person.id && minutesSince(books, last) <= 60
  if (!own && !args.confirmed)
    return {
      text: `Batalkan *${formatRupiah(last.amount)}* dari ${boldName(customer)} (${describePayment(books, last)})?\nBalas *ya* untuk membatalkannya, *tidak* untuk membiarkan.`,
      ask: {
        command: 'payment.undo',
        args: { ...args, customerId: customer.id, paymentId: last.id, confirmed: true },
        awaits: 'yes',
      },
    }
  const act = await findActOfPayment(books, last.id)
  if (act) await markUndone(books, act.id, person.id)
  const receiptIds = act ? z.array(z.number()).catch([]).parse(act.args.receiptIds) : []
  const paymentIds = act ? z.array(z.number()).catch([]).parse(act.args.paymentIds) : []
  const taken = await takeBack(turn, last.id, receiptIds[paymentIds.indexOf(last.id)])
  return { text: describeTaken(books, taken) }
}

function minutesSince(books: Books, payment: Payment): number {
  return payment.recordedAt.until(books.now).total('minutes')
}

/** Why this person may not take this payment back (rules 19, H06), or nothing. */
function refuseUndo(turn: StaffTurn, customer: Customer, payment: Payment): string | undefined {
  const { books, person } = turn
  const what = `${formatRupiah(payment.amount)} dari ${boldName(customer)}`
  if (payment.channel === 'midtrans')
    return `${what} masuk lewat Midtrans, jadi tidak bisa dibatalkan, hanya dikembalikan lewat dashboard Midtrans. Belum ada yang berubah.`
  const boss = person.role === 'owner' || person.role === 'admin'
  if (boss)
    return minutesSince(books, payment) <= UNDO_DAYS * 24 * 60
      ? undefined
      : `${what} dicatat lebih dari ${UNDO_DAYS} hari lalu, jadi tidak bisa dibatalkan lagi. Belum ada yang berubah.`
  if (payment.staffId === person.id && minutesSince(books, payment) <= COLLECTOR_UNDO_MINUTES) return undefined
  return `${what} hanya bisa dibatalkan pemilik atau admin${payment.staffId === person.id ? `, karena sudah lewat ${COLLECTOR_UNDO_MINUTES} menit` : ''}. Belum ada yang berubah.`
}

type Item = { who: string; area?: string; amount?: Rupiah; method?: Method }
type Clear = { item: Item; customer: Customer; amount: Rupiah; rest: Rupiah }

/** Several payments in one message: shows what is clear and what is not, and asks once (voice 12). */
async function recordMany(turn: StaffTurn, args: RecordArgs & { items: readonly Item[] }): Promise<Answer> {
  const { books } = turn
  const clear: Clear[] = []
  const unclear: { place: number; who: string; why: string }[] = []
  for (const [index, item] of args.items.entries()) {
    const found = await clarify(books, item, clear)
    if ('why' in found) unclear.push({ place: index + 1, who: item.who, why: found.why })
    else clear.push(found)
  }
  if (clear.length === 0)
    return {
      text: [
        'Belum ada yang bisa dicatat:',
        ...unclear.map(({ place, who, why }) => `${place}. "${who}": ${why}`),
      ].join('\n'),
    }
  if (args.listed) return recordClear(turn, clear, unclear, args)
  const total = sum(clear.map(({ amount }) => amount))
  const numbered = args.items.flatMap((item, index) => {
    const row = clear.find((each) => each.item === item)
    return row
      ? [
          `${index + 1}. ${nameWithArea(row.customer)} · ${formatRupiah(row.amount)} · ${row.rest > 0 ? `sisa ${formatRupiah(row.rest)}` : 'lunas'}`,
        ]
      : []
  })
  return {
    text: [
      `*${clear.length}* siap dicatat, *${formatRupiah(total)}*:`,
      ...numbered,
      ...(unclear.length > 0
        ? [`Belum jelas, *${unclear.length}*:`, ...unclear.map(({ place, who, why }) => `${place}. "${who}": ${why}`)]
        : []),
      `Balas *ya* untuk mencatat ${unclear.length > 0 ? `yang ${clear.length}` : 'semuanya'}, *tidak* untuk membatalkan.`,
    ].join('\n'),
    ask: { command: 'payment.record', args: { ...args, listed: true }, awaits: 'yes' },
  }
}

async function clarify(books: Books, item: Item, before: readonly Clear[]): Promise<Clear | { why: string }> {
  const found = await searchCustomers(books, item)
  const [customer] = found
  if (!customer) return { why: 'tidak ada pelanggan dengan nama itu' }
  if (found.length > 1) return { why: `ada ${found.length} orang, tulis nama lengkapnya` }
  if (before.some((row) => row.customer.id === customer.id)) return { why: 'sudah disebut di atas' }
  const open = await listOpenInvoices(books, [customer.id])
  const owed = sum(open.map((invoice) => invoice.open))
  if (open.length === 0) return { why: `${nameWithArea(customer)} sudah lunas` }
  if (item.amount === undefined && open.length > 1)
    return { why: `${nameWithArea(customer)} punya ${open.length} tagihan, tulis jumlahnya` }
  const amount = item.amount ?? owed
  return { item, customer, amount, rest: rupiah(Math.max(0, owed - amount)) }
}

async function recordClear(
  turn: StaffTurn,
  clear: readonly Clear[],
  unclear: readonly { place: number; who: string }[],
  args: RecordArgs,
): Promise<Answer> {
  const { books, person, message } = turn
  await lockCustomers(
    books,
    clear.map(({ customer }) => customer.id),
  )
  const paymentIds: number[] = []
  const receiptIds: number[] = []
  const touched: number[] = []
  for (const [index, { customer, item, amount }] of clear.entries()) {
    const method = item.method ?? args.method ?? 'cash'
    const made = await recordPayment(books, {
      customerId: customer.id,
      amount,
      method,
      paidOn: args.date ?? books.today,
      channel: 'chat',
      source: `message:${message.id}:${index}`,
      staffId: person.id,
    })
    if (!made) throw new Error(`message ${message.id} was handled before`)
    const receipt = await queueReceipt(turn, customer, { amount, method, made })
    paymentIds.push(made.paymentId)
    receiptIds.push(receipt?.id ?? 0)
    touched.push(...made.invoices.map(({ id }) => id))
  }
  const total = sum(clear.map(({ amount }) => amount))
  const left = unclear.length > 0 ? ` Nomor ${unclear.map(({ place }) => place).join(', ')} belum.` : ''
  return {
    text: `✅ *${clear.length} pembayaran* dicatat, *${formatRupiah(total)}*.${left}\nSalah? Ketik *batal*, semuanya ditarik.`,
    errands: (await listOpenOrders(books, touched)).map((order) => ({
      kind: 'order.close',
      args: { orderId: order.order_id },
    })),
    undo: {
      command: 'payment.record',
      args: { paymentIds, receiptIds },
      summary: `${clear.length} pembayaran, ${formatRupiah(total)}`,
    },
  }
}
