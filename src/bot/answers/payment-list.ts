import { formatTime } from '../../domain/calendar.ts'
import {
  type Customer,
  lockCustomers,
  nameWithArea,
  searchCustomers,
  showArea,
  showName,
} from '../../domain/customer.ts'
import { listOpenInvoices } from '../../domain/invoice.ts'
import { formatMethod } from '../../domain/letter.ts'
import { formatRupiah, type Rupiah, rupiah, sum } from '../../domain/money.ts'
import { recordPayment } from '../../domain/payment.ts'
import type { Answer, Note, StaffTurn } from '../command.ts'
import type { PaymentItem } from '../items.ts'
import { closeOrders, findRepeat, listRepeatable, makeReceipt, type RecordArgs } from './paid.ts'

type Clear = { place: number; item: PaymentItem; customer: Customer; amount: Rupiah; owed: Rupiah }
type Unclear = { place: number; who: string; why: string }

/** A phone shows twelve lines at once (voice 2): so many rows, and at most so many of them are of what is not clear. */
const ROWS = 9
const UNCLEAR_ROWS = 4

/** Several payments in one message: shows what is clear and what is not, and asks once (voice 12). */
export async function recordMany(
  turn: StaffTurn,
  args: RecordArgs & { items: readonly PaymentItem[] },
): Promise<Answer> {
  const clear: Clear[] = []
  const unclear: Unclear[] = []
  for (const [index, item] of args.items.entries()) {
    const found = await clarify(turn, item, clear, args.listed === true)
    if ('why' in found) unclear.push({ place: index + 1, who: item.who, why: found.why })
    else clear.push({ ...found, place: index + 1 })
  }
  if (clear.length === 0)
    return {
      text: [
        'Belum ada yang bisa dicatat:',
        ...shorten(unclear.map(describeUnclear), ROWS),
        'Tulis nama lengkap atau No HP-nya, satu nama satu baris.',
      ].join('\n'),
    }
  if (args.listed) return recordClear(turn, clear, unclear, args)
  const shownUnclear = shorten(unclear.map(describeUnclear), UNCLEAR_ROWS)
  return {
    text: [
      `*${clear.length}* siap dicatat, *${formatRupiah(sum(clear.map(({ amount }) => amount)))}*:`,
      ...shorten(clear.map(describeClear), ROWS - shownUnclear.length),
      ...(unclear.length > 0 ? [`Belum jelas, *${unclear.length}*:`, ...shownUnclear] : []),
      `Balas *ya* untuk mencatat ${unclear.length > 0 ? `yang ${clear.length}` : 'semuanya'}, *tidak* untuk membatalkan.`,
    ].join('\n'),
    ask: { command: 'payment.record', args: { ...args, listed: true }, awaits: 'yes' },
  }
}

function shorten(rows: readonly string[], room: number): string[] {
  return rows.length <= room ? [...rows] : [...rows.slice(0, room - 1), `dan ${rows.length - room + 1} lagi`]
}

/** `1. Budi Santoso · RT 3 · Rp150.000 · lunas` */
function describeClear({ place, customer, amount, owed }: Clear): string {
  const over = amount - owed
  const rest =
    over < 0 ? `sisa ${formatRupiah(rupiah(-over))}` : over > 0 ? `lunas, lebih ${formatRupiah(rupiah(over))}` : 'lunas'
  return [`${place}. ${showName(customer.name)}`, showArea(customer.area), formatRupiah(amount), rest]
    .filter(Boolean)
    .join(' · ')
}

function describeUnclear({ place, who, why }: Unclear): string {
  return `${place}. "${who}": ${why}`
}

async function clarify(
  turn: StaffTurn,
  item: PaymentItem,
  before: readonly Clear[],
  listed: boolean,
): Promise<Omit<Clear, 'place'> | { why: string }> {
  const { books } = turn
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
  const repeat = listed ? undefined : findRepeat(await listRepeatable(turn, customer), amount)
  if (repeat)
    return {
      why: `${formatRupiah(amount)} baru saja dicatat ${formatTime(repeat.recordedAt, books.business.zone)}; kalau memang lagi, tulis sendiri`,
    }
  return { item, customer, amount, owed }
}

async function recordClear(
  turn: StaffTurn,
  clear: readonly Clear[],
  unclear: readonly Unclear[],
  args: RecordArgs,
): Promise<Answer> {
  const { books, person, message } = turn
  await lockCustomers(
    books,
    clear.map(({ customer }) => customer.id),
  )
  const paymentIds: number[] = []
  const notes: Note[] = []
  const touched: number[] = []
  for (const { place, customer, item, amount } of clear) {
    const method = item.method ?? args.method ?? 'cash'
    const made = await recordPayment(books, {
      customerId: customer.id,
      amount,
      method,
      paidOn: args.date ?? books.today,
      channel: 'chat',
      source: `message:${message.id}:${place}`,
      staffId: person.id,
    })
    if (!made) throw new Error(`message ${message.id} was handled before`)
    const receipt = await makeReceipt(turn, customer, { amount, method, made })
    paymentIds.push(made.paymentId)
    if (receipt) notes.push(receipt.note)
    touched.push(...made.invoices.map(({ id }) => id))
  }
  const methods = new Set(clear.map(({ item }) => item.method ?? args.method ?? 'cash'))
  const [method = 'cash', ...others] = methods
  const how = others.length === 0 ? ` ${formatMethod(method)}` : ''
  const total = formatRupiah(sum(clear.map(({ amount }) => amount)))
  const left = unclear.length > 0 ? ` Nomor ${unclear.map(({ place }) => place).join(', ')} belum.` : ''
  return {
    text: `✅ *${clear.length} pembayaran* dicatat, *${total}*${how}.${left}\nSalah? Ketik *batal*, semuanya ditarik.`,
    notes,
    errands: await closeOrders(books, touched),
    undo: {
      command: 'payment.record',
      args: { paymentIds },
      summary: `${clear.length} pembayaran, ${total}`,
    },
  }
}
