import type { Books } from '../../domain/books.ts'
import { type Day, daysBetween, firstAnchorAfter, formatDay, formatTime, isBefore } from '../../domain/calendar.ts'
import { listCredit } from '../../domain/credit.ts'
import {
  addCustomer,
  boldName,
  type Customer,
  findByPhone,
  findCustomer,
  nameKey,
  nameWithArea,
  showName,
  withdrawCustomers,
} from '../../domain/customer.ts'
import { type Invoice, issueChunk, listInvoices, listOpenInvoices, voidInvoices } from '../../domain/invoice.ts'
import { formatMethod, namePeriods } from '../../domain/letter.ts'
import { formatRupiah, type Rupiah, sum } from '../../domain/money.ts'
import { listPayments } from '../../domain/payment.ts'
import { formatPhone, readPhone } from '../../domain/phone.ts'
import { listPlans, matchPlans, type Plan } from '../../domain/plan.ts'
import {
  type FirstInvoice,
  firstInvoice,
  isPossibleFirst,
  issueDay,
  listSubscriptions,
  type Subscription,
  subscribe,
} from '../../domain/subscription.ts'
import type { Answer, StaffTurn } from '../command.ts'
import { pickCustomer, properName } from './pick.ts'

type FindArgs = { who?: string; area?: string; customerId?: number }

/** `cari budi`: who it is, what is open, what was paid last, and when and why the next bill comes (rules 9). */
export async function handleFind(turn: StaffTurn, args: FindArgs): Promise<Answer> {
  const { books } = turn
  const picked = await pickCustomer(turn, 'customer.find', args, {
    ask: 'Siapa yang dicari? Tulis nama atau No HP-nya.',
    nothing: 'Yang baru: *tambah pelanggan*',
  })
  if ('answer' in picked) return picked.answer
  const { customer } = picked
  const open = await listOpenInvoices(books, [customer.id])
  const subscriptions = await listSubscriptions(books, customer.id)
  return {
    text: [
      `${boldName(customer)}: ${await standing(books, customer, open)}`,
      [customer.number, ...customer.phones.map(({ phone }) => formatPhone(phone)), customer.address]
        .filter(Boolean)
        .join(' · '),
      ...subscriptions.map(describeSubscription),
      ...open.slice(0, MOST_OPEN).map((invoice) => describeOpen(invoice, books.today)),
      ...(open.length > MOST_OPEN ? [`dan ${open.length - MOST_OPEN} tagihan lagi`] : []),
      ...(await lastPaid(books, customer)),
      ...explainNext(subscriptions, books.today),
      ...(customer.debtNote ? [`Catatan utang: ${customer.debtNote}`] : []),
      ...(customer.optedOut ? ['Minta tidak dikirimi pesan'] : []),
    ].join('\n'),
  }
}

/** Older ones first; what is more is a number, so that the answer stays on one screen (voice 2). */
const MOST_OPEN = 4

function describeOpen(invoice: Invoice, today: Day): string {
  const late = daysBetween(invoice.dueOn, today)
  return `${namePeriods([invoice], today)} ${formatRupiah(invoice.open)} · jatuh tempo ${formatDay(invoice.dueOn)}${late > 0 ? ` · telat ${late} hari` : ''}`
}

async function standing(books: Books, customer: Customer, open: readonly Invoice[]): Promise<string> {
  if (open.length > 0) return `*belum lunas*, ${formatRupiah(sum(open.map((invoice) => invoice.open)))}.`
  const [newest] = await listInvoices(books, customer.id, 1)
  return newest?.status === 'paid' ? `${namePeriods([newest], books.today)} *lunas*.` : 'belum ada tagihan yang terbit.'
}

const STATUS = { active: '', paused: ' · cuti', stopped: ' · berhenti' }

function describeSubscription(subscription: Subscription): string {
  return `${subscription.plan.name} ${formatRupiah(subscription.price)} · jatuh tempo tanggal ${subscription.anchorDay}${STATUS[subscription.status]}`
}

async function lastPaid(books: Books, customer: Customer): Promise<string[]> {
  const [last] = await listPayments(books, customer.id, 1)
  const credit = sum((await listCredit(books, [customer.id])).map(({ free }) => free))
  const lines: string[] = []
  if (last)
    lines.push(
      `Terakhir bayar ${formatRupiah(last.amount)} · ${formatMethod(last.method)} · ${formatDay(last.paidOn)}${last.by ? ` · dicatat ${last.by} ${formatTime(last.recordedAt, books.business.zone)}` : ''}`,
    )
  if (credit > 0) lines.push(`Saldo ${formatRupiah(credit)}`)
  return lines
}

/** `Tagihan berikutnya jatuh tempo 20 Jan 2027, terbit 1 Jan 2027 (19 hari sebelumnya)` (rules 9) */
export function explainNext(subscriptions: readonly Subscription[], today: Day): string[] {
  return subscriptions.map(({ status, parked, nextDueOn, plan }) => {
    if (status === 'stopped') return 'Langganan berhenti, jadi tidak ada tagihan berikutnya'
    if (status === 'paused') return 'Langganan cuti, jadi belum ada tagihan berikutnya'
    if (parked) return 'Tagihannya ditahan: akan terbit terlalu banyak sekaligus'
    const issueOn = issueDay(nextDueOn, plan.leadDays)
    const when = Temporal.PlainDate.compare(issueOn, today) < 0 ? 'segera' : formatDay(issueOn)
    const ahead = plan.leadDays === 0 ? 'hari itu juga' : `${plan.leadDays} hari sebelumnya`
    return `Tagihan berikutnya jatuh tempo ${formatDay(nextDueOn)}, terbit ${when} (${ahead})`
  })
}

type AddArgs = {
  name?: string
  phone?: string
  plan?: string
  day?: number
  date?: Day
  area?: string
  address?: string
  price?: Rupiah
  noPhone?: boolean
  planId?: number
  shared?: boolean
}

/** `tambah pelanggan …`: asks for what is missing, one thing at a time (rules 10). */
export async function handleAdd(turn: StaffTurn, args: AddArgs): Promise<Answer> {
  const { books } = turn
  const plans = await listPlans(books)
  if (plans.length === 0)
    return {
      text: 'Belum ada paket, jadi pelanggan belum bisa ditambahkan.\nTambah dulu, contoh: *tambah paket Rumah 10 Mbps 150rb*',
    }
  const missing = askMissing(args, plans, books.business.due_day)
  if (missing) return missing
  const plan = choosePlan(args, plans) as Plan
  const typed = args.date ? { date: args.date } : { day: args.day ?? (books.business.due_day as number) }
  if (args.date && !isPossibleFirst(args.date, books.today))
    return {
      text: `Jatuh tempo pertama *${formatDay(args.date)}* ${isBefore(args.date, books.today) ? 'sudah lewat' : 'terlalu dekat, paling cepat besok'}, jadi belum saya tambahkan.\nPaling dekat: *${formatDay(firstAnchorAfter(books.today, args.date.day))}*. Tanggal berapa?`,
      ask: { command: 'customer.add', args: { ...args, date: undefined }, awaits: 'day' },
    }
  const phone = args.noPhone ? undefined : readPhone(args.phone ?? '')
  const same = phone ? await findByPhone(books, phone.phone) : []
  const twin = same.find((customer) => nameKey(customer.name) === nameKey(args.name ?? ''))
  if (twin)
    return {
      text: `${boldName(twin)} dengan nomor ${formatPhone(phone?.phone ?? '')} sudah ada. Belum ada yang ditambahkan.\nLihat datanya: *cari ${showName(twin.name).toLowerCase()}*`,
    }
  if (same[0] && !args.shared)
    return {
      text: `Nomor ${formatPhone(phone?.phone ?? '')} sudah dipakai ${boldName(same[0])}. Tetap tambah *${properName(args.name ?? '')}* dengan nomor yang sama?\nBalas *ya* untuk menambahkan, *tidak* untuk membatalkan.`,
      ask: { command: 'customer.add', args: { ...args, shared: true }, awaits: 'yes' },
    }
  const customer = await addCustomer(books, {
    name: properName(args.name ?? ''),
    phones: phone ? [phone] : [],
    ...(args.area && { area: args.area.toUpperCase() }),
    ...(args.address && { address: args.address }),
  })
  const first = firstInvoice(typed, books.today, plan.billing)
  await subscribe(books, { customerId: customer.id, plan, first, ownPrice: args.price })
  while ((await issueChunk(books, { customerIds: [customer.id] })).more) {
    // A due date inside the lead time is issued at once (rules 10).
  }
  return {
    text: await describeAdded(books, customer, plan, first),
    undo: { command: 'customer.add', args: { customerId: customer.id }, summary: `tambah ${nameWithArea(customer)}` },
  }
}

/** A number in a name that is too short or too long for a phone. */
const UNREAD_PHONE = /\s*\d{5,}\s*/

function askMissing(args: AddArgs, plans: readonly Plan[], usualDay: number | null): Answer | undefined {
  const ask = (text: string, awaits: string, more: object = {}) => ({
    text,
    ask: { command: 'customer.add' as const, args: { ...args, ...more }, awaits },
  })
  if (!args.name) return ask('Siapa nama pelanggannya?', 'name')
  const [typed] = UNREAD_PHONE.exec(args.name) ?? []
  if (typed && !args.phone) {
    const name = args.name.replace(typed, '').trim()
    return ask(
      `Nomor *${typed.trim()}* belum terbaca. Berapa nomor WhatsApp *${properName(name)}*? Balas *-* kalau tidak ada.`,
      'phone',
      { name },
    )
  }
  const name = properName(args.name)
  if (!args.phone && !args.noPhone) return ask(`Berapa nomor WhatsApp *${name}*? Balas *-* kalau tidak ada.`, 'phone')
  if (!choosePlan(args, plans)) {
    const matches = args.plan ? matchPlans(plans, args.plan) : []
    const offered = (matches.length > 0 ? matches : plans).slice(0, 9)
    const title =
      args.plan && matches.length === 0
        ? `Paket *${args.plan}* belum ada. Pilih paket untuk *${name}*:`
        : `Paket mana untuk *${name}*?`
    return {
      text: [
        title,
        ...offered.map((plan, index) => `${index + 1}. ${plan.name} ${formatRupiah(plan.price)}`),
        'Balas nomornya, contoh *1*.',
      ].join('\n'),
      ask: { command: 'customer.add', args, awaits: 'choice', choices: offered.map(({ id }) => ({ planId: id })) },
    }
  }
  if (args.day === undefined && !args.date && usualDay === null)
    return ask(`Jatuh tempo tanggal berapa untuk *${name}*? Contoh *20*`, 'day')
  return undefined
}

function choosePlan(args: AddArgs, plans: readonly Plan[]): Plan | undefined {
  if (args.planId !== undefined) return plans.find(({ id }) => id === args.planId)
  if (!args.plan) return plans.length === 1 ? plans[0] : undefined
  const matches = matchPlans(plans, args.plan)
  return matches.length === 1 ? matches[0] : undefined
}

async function describeAdded(books: Books, customer: Customer, plan: Plan, first: FirstInvoice): Promise<string> {
  const [issued] = await listOpenInvoices(books, [customer.id])
  const subscriptions = await listSubscriptions(books, customer.id)
  const price = subscriptions[0]?.price ?? plan.price
  const lines = [
    `✅ ${boldName(customer)} ditambahkan: ${plan.name} ${formatRupiah(price)}, jatuh tempo tanggal *${first.anchorDay}*.`,
  ]
  if (issued)
    lines.push(
      `Tagihan ${namePeriods([issued], books.today)} ${issued.number} langsung terbit, jatuh tempo ${formatDay(issued.dueOn)}.`,
    )
  lines.push(
    ...explainNext(subscriptions, books.today).map((next) =>
      issued ? next : next.replace('Tagihan berikutnya', 'Tagihan pertama'),
    ),
    'Belum ada pesan yang dikirim ke pelanggan. Salah? Ketik *batal*.',
  )
  return lines.join('\n')
}

/** Takes a new customer back while nothing was paid on it. */
export async function undoAdd(turn: StaffTurn, args: { customerId?: number }): Promise<Answer> {
  const { books } = turn
  const customer = await findCustomer(books, args.customerId ?? 0)
  if (!customer) return { text: 'Pelanggan itu sudah tidak ada di daftar. Belum ada yang berubah.' }
  if ((await listPayments(books, customer.id, 1)).length > 0)
    return {
      text: `${boldName(customer)} sudah punya pembayaran, jadi tidak saya hapus. Belum ada yang berubah.\nBatalkan dulu pembayarannya: *batalkan lunas ${showName(customer.name).toLowerCase()}*`,
    }
  const invoices = await listOpenInvoices(books, [customer.id], { ahead: true })
  await voidInvoices(
    books,
    invoices.map(({ id }) => id),
    'pelanggan dibatalkan',
  )
  await withdrawCustomers(books, [customer.id])
  return {
    text: `✅ Dibatalkan: ${boldName(customer)} dihapus dari daftar${invoices.length > 0 ? `, tagihan ${invoices.map(({ number }) => number).join(', ')} dibatalkan` : ''}.`,
  }
}
