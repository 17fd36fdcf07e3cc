import {
  type Customer,
  findCustomer,
  listNames,
  nameKey,
  searchCustomers,
  showArea,
  showName,
} from '../../domain/customer.ts'
import { listOpenInvoices } from '../../domain/invoice.ts'
import { formatCount, formatRupiah, type Rupiah, sum } from '../../domain/money.ts'
import { formatPhone } from '../../domain/phone.ts'
import type { Answer, Args, CommandId, Turn } from '../command.ts'

/** A numbered list offers so many; more is not read on a phone (voice, Forms). */
export const MOST_CHOICES = 9

/** Names are similar from this share of common pairs of letters on. */
const SIMILAR = 0.55

type Picked = { customer: Customer } | { answer: Answer }

/**
 * Finds the one customer a command is about. Never guesses: several are asked about with what tells them apart, an
 * unknown name is answered with similar ones to choose from.
 */
export async function pickCustomer(
  turn: Turn,
  command: CommandId,
  args: { who?: string; area?: string; customerId?: number },
  asking: { ask: string; nothing: string },
): Promise<Picked> {
  const { books } = turn
  const chosen = args.customerId === undefined ? undefined : await findCustomer(books, args.customerId)
  if (chosen) return { customer: chosen }
  if (!args.who) return { answer: { text: asking.ask, ask: { command, args, awaits: 'who' } } }
  const found = await searchCustomers(books, { who: args.who, area: args.area })
  if (found.length === 1 && found[0]) return { customer: found[0] }
  if (found.length > 1)
    return { answer: await offer(turn, command, args, found, `Ada *${found.length} ${heading(args.who)}*. Yang mana?`) }
  return { answer: await suggest(turn, command, { ...args, who: args.who }, asking.nothing) }
}

function heading(who: string): string {
  return showName(who.replace(/(^|\s)\p{L}/gu, (start) => start.toUpperCase()))
}

/** The numbered list of customers, each with what tells them apart. */
async function offer(
  turn: Turn,
  command: CommandId,
  args: Args,
  found: readonly Customer[],
  title: string,
): Promise<Answer> {
  const shown = found.slice(0, MOST_CHOICES)
  const open = Map.groupBy(
    await listOpenInvoices(
      turn.books,
      shown.map(({ id }) => id),
    ),
    ({ customerId }) => customerId,
  )
  const lines = shown.map((customer, index) => {
    const rest = sum((open.get(customer.id) ?? []).map((invoice) => invoice.open))
    return `${index + 1}. ${describe(customer, rest)}`
  })
  const more = found.length - shown.length
  return {
    text: [
      title,
      ...lines,
      more > 0
        ? `${formatCount(more)} lagi. Balas nomornya, atau tulis nama lengkap dan RT-nya.`
        : 'Balas nomornya, contoh *1*.',
    ].join('\n'),
    ask: { command, args, awaits: 'choice', choices: shown.map(({ id }) => ({ customerId: id })) },
  }
}

/** `Budi Santoso · RT 3 · Rp150.000` */
function describe(customer: Customer, open: Rupiah): string {
  return [showName(customer.name), showArea(customer.area), open > 0 ? formatRupiah(open) : 'sudah lunas']
    .filter(Boolean)
    .join(' · ')
}

async function suggest(
  turn: Turn,
  command: CommandId,
  args: Args & { who: string; area?: string },
  nothing: string,
): Promise<Answer> {
  const { who, area } = args
  if (/^\d+$/.test(who))
    return {
      text: `Nomor ${formatPhone(who)} belum ada di daftar pelanggan. ${nothing}\nLihat daftarnya: *cari* dan namanya`,
    }
  const title = `Tidak ada pelanggan bernama *${showName(who)}*${area ? ` di ${area.toUpperCase()}` : ''}. ${nothing}`
  const similar = (await listNames(turn.books))
    .map((customer) => ({ ...customer, likeness: likeness(nameKey(who), nameKey(customer.name)) }))
    .filter((customer) => customer.likeness >= SIMILAR)
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, 3)
  const found = await Promise.all(similar.map(({ id }) => findCustomer(turn.books, id)))
  const known = found.filter((customer) => customer !== undefined)
  if (known.length === 0) return { text: title }
  return offer(turn, command, args, known, `${title}\nMungkin maksudnya:`)
}

/** How alike two names are, by the pairs of letters of the typed one's best word: 1 is equal. */
function likeness(typed: string, name: string): number {
  return Math.max(dice(typed, name), ...name.split(' ').map((word) => dice(typed, word)))
}

function dice(a: string, b: string): number {
  const pairs = (text: string) => Array.from({ length: text.length + 1 }, (_, i) => ` ${text} `.slice(i, i + 2))
  const [left, right] = [pairs(a), pairs(b)]
  const common = left.filter((pair) => {
    const at = right.indexOf(pair)
    if (at < 0) return false
    right.splice(at, 1)
    return true
  }).length
  return (2 * common) / (left.length + common + right.length)
}
