import type { Books } from '../../domain/books.ts'
import { formatDay } from '../../domain/calendar.ts'
import { searchCustomers, showName } from '../../domain/customer.ts'
import {
  alignShift,
  applyShifts,
  type DueFilter,
  isIssuedAtOnce,
  listMovable,
  lockMovable,
  type Shift,
  shiftedDays,
} from '../../domain/due.ts'
import { formatCount, formatRupiah, sum } from '../../domain/money.ts'
import { listPlans, matchPlans } from '../../domain/plan.ts'
import { issueDay } from '../../domain/subscription.ts'
import type { Answer, StaffTurn } from '../command.ts'

/** So many new due dates are named with their day of issue; the rest is a number. */
const LISTED = 3

type AlignArgs = {
  area?: string
  plan?: string
  day?: number
  items?: readonly { who: string; area?: string }[]
  confirmed?: boolean
}

/** `samakan jatuh tempo ke tgl 5`: shows what it would do, asks once, and one *batal* takes all of it back (rules 25). */
export async function handleAlign(turn: StaffTurn, args: AlignArgs): Promise<Answer> {
  const { books, person, message } = turn
  const { day } = args
  if (day === undefined)
    return {
      text: 'Jatuh tempo disamakan ke tanggal berapa? Contoh *tgl 5*',
      ask: { command: 'due.align', args, awaits: 'day' },
    }
  const chosen = await choose(books, args)
  if (!('filter' in chosen)) return chosen
  const { filter, unclear } = chosen
  const movable = await (args.confirmed ? lockMovable(books, filter) : listMovable(books, filter))
  if (movable.length === 0) return { text: `Tidak ada langganan aktif ${where(args)}. Belum ada yang berubah.` }
  const shifts = movable.flatMap((each) => alignShift(each, day, books.today) ?? [])
  if (shifts.length === 0)
    return {
      text: `${formatCount(movable.length)} langganan ${where(args)} memang sudah jatuh tempo tanggal ${day}. Belum ada yang berubah.`,
    }
  if (!args.confirmed)
    return {
      text: preview(books, shifts, movable.length, day, unclear).join('\n'),
      ask: { command: 'due.align', args: { ...args, confirmed: true }, awaits: 'yes' },
    }
  const cause = `message:${message.id}`
  const { issued, amount } = await applyShifts(books, shifts, { cause, staffId: person.id, kind: 'align' })
  return {
    text: [
      `✅ Jatuh tempo *${formatCount(shifts.length)}* langganan sekarang tanggal *${day}*.`,
      ...(issued > 0
        ? [`${formatCount(issued)} tagihan langsung terbit, ${formatRupiah(amount)}. Belum ada yang dikirim.`]
        : []),
      'Salah? Ketik *batal*, semuanya kembali.',
    ].join('\n'),
    undo: {
      command: 'due.align',
      args: { cause },
      summary: `samakan jatuh tempo ${formatCount(shifts.length)} langganan ke tanggal ${day}`,
    },
  }
}

type Chosen = { filter: DueFilter; unclear: string[] }

/** Everybody, or those of a plan, an area or a list of names. */
async function choose(books: Books, args: AlignArgs): Promise<Chosen | Answer> {
  const filter: DueFilter = { ...(args.area && { area: args.area }) }
  if (args.plan) {
    const matches = matchPlans(await listPlans(books), args.plan)
    const [plan] = matches
    if (!plan || matches.length > 1)
      return {
        text: `Paket *${args.plan}* ${plan ? `bisa berarti ${matches.map(({ name }) => name).join(' atau ')}` : 'belum ada'}. Belum ada yang berubah.\nDaftarnya: *lihat paket*`,
      }
    return { filter: { ...filter, planId: plan.id }, unclear: [] }
  }
  if (!args.items) return { filter, unclear: [] }
  const found = await Promise.all(args.items.map((item) => searchCustomers(books, item)))
  const customerIds = found.flatMap((matches) => (matches.length === 1 && matches[0] ? [matches[0].id] : []))
  const unclear = args.items.flatMap(({ who }, index) => {
    const count = found[index]?.length ?? 0
    return count === 1 ? [] : [`"${who}": ${count === 0 ? 'tidak ada' : `ada ${count} orang, tulis nama lengkapnya`}`]
  })
  if (customerIds.length === 0) return { text: ['Belum ada yang berubah:', ...unclear].join('\n') }
  return { filter: { customerIds }, unclear }
}

function where({ area, plan, items }: AlignArgs): string {
  if (items) return 'dari daftar itu'
  return plan ? `di paket ${showName(plan)}` : area ? `di ${area.toUpperCase()}` : 'di sini'
}

function preview(
  books: Books,
  shifts: readonly Shift[],
  all: number,
  day: number,
  unclear: readonly string[],
): string[] {
  const same = all - shifts.length
  const lines = [
    `Jatuh tempo *${formatCount(shifts.length)}* langganan jadi tanggal *${day}*${same > 0 ? `; ${formatCount(same)} sudah tanggal itu` : ''}.`,
  ]
  const days = shifts.map(shiftedDays)
  const later = days.filter((each) => each > 0)
  const earlier = days.filter((each) => each < 0)
  const total = (list: readonly number[]) => formatCount(Math.abs(list.reduce((all, each) => all + each, 0)))
  if (later.length > 0) lines.push(`Mundur: ${formatCount(later.length)} langganan, diberi ${total(later)} hari`)
  if (earlier.length > 0) lines.push(`Maju: ${formatCount(earlier.length)} langganan, diambil ${total(earlier)} hari`)
  const atOnce = shifts.filter((shift) => isIssuedAtOnce(shift, books.today))
  lines.push(
    atOnce.length > 0
      ? `Langsung terbit: *${formatCount(atOnce.length)}* tagihan, ${formatRupiah(sum(atOnce.map(({ subscription }) => subscription.price)))}. Belum ada yang dikirim.`
      : 'Tidak ada tagihan yang langsung terbit.',
    ...describeNext(books, shifts),
  )
  if (unclear.length > 0) lines.push(`Belum jelas, ${unclear.length}: ${unclear.join('; ')}`)
  return [...lines, 'Balas *ya* untuk menyamakan, *tidak* untuk membatalkan.']
}

/** `Berikutnya jatuh tempo 5 Jan 2027, terbit 17 Des 2026: 190` */
function describeNext(books: Books, shifts: readonly Shift[]): string[] {
  const groups = [
    ...Map.groupBy(shifts, ({ subscription, nextDueOn }) => {
      const issueOn = issueDay(nextDueOn, subscription.leadDays)
      const when = Temporal.PlainDate.compare(issueOn, books.today) <= 0 ? 'hari ini' : formatDay(issueOn)
      return `jatuh tempo ${formatDay(nextDueOn)}, terbit ${when}`
    }),
  ].sort((a, b) => b[1].length - a[1].length)
  const shown = groups.slice(0, LISTED).map(([when, some]) => `• ${when}: ${formatCount(some.length)}`)
  const rest = groups.slice(LISTED).reduce((count, [, some]) => count + some.length, 0)
  return ['Tagihan berikutnya:', ...shown, ...(rest > 0 ? [`• lainnya: ${formatCount(rest)}`] : [])]
}
