import {
  type Customer,
  findCustomer,
  listNames,
  nameKey,
  searchCustomers,
  showArea,
  showName,
} from '../../domain/customer.ts'
import { listInvoices, listOpenInvoices } from '../../domain/invoice.ts'
import { formatCount, formatRupiah, sum } from '../../domain/money.ts'
import { formatPhone } from '../../domain/phone.ts'
import type { Answer, Args, CommandId, Turn } from '../command.ts'
import { isOneSlipAway } from '../meaning.ts'

/** A numbered list offers so many; more is not read on a phone (voice, Forms). */
export const MOST_CHOICES = 9

/** Names are similar from this share of common pairs of letters on. */
const SIMILAR = 0.5
/** In shorter names one letter makes another name. */
const SHORTEST_SLIP = 4

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
    return { answer: await offer(turn, command, args, found, `Ada ${heading(found.length, args.who)}. Yang mana?`) }
  return { answer: await suggest(turn, command, { ...args, who: args.who }, asking.nothing) }
}

/** `*3 Budi*`, `*2 pelanggan* dengan nomor 085700001101` */
function heading(count: number, who: string): string {
  return /^\d+$/.test(who) ? `*${count} pelanggan* dengan nomor ${formatPhone(who)}` : `*${count} ${properName(who)}*`
}

/** Names come from the reader in lower case. */
export function properName(name: string): string {
  return showName(
    name === name.toLowerCase() ? name.replace(/(^|[\s(-])\p{L}/gu, (start) => start.toUpperCase()) : name,
  )
}

/** The numbered list of customers, each with what tells them apart: `1. Budi Santoso · RT 3 · Rp150.000`. */
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
  const lines: string[] = []
  for (const customer of shown) {
    const rest = sum((open.get(customer.id) ?? []).map((invoice) => invoice.open))
    const standing =
      rest > 0
        ? formatRupiah(rest)
        : (await listInvoices(turn.books, customer.id, 1)).length > 0
          ? 'sudah lunas'
          : 'belum ada tagihan'
    const facts = [showName(customer.name), showArea(customer.area), standing].filter(Boolean)
    lines.push(`${lines.length + 1}. ${facts.join(' · ')}`)
  }
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

async function suggest(
  turn: Turn,
  command: CommandId,
  args: Args & { who: string; area?: string },
  nothing: string,
): Promise<Answer> {
  const { who, area } = args
  if (/^\d+$/.test(who))
    return {
      text: `Nomor ${formatPhone(who)} belum ada di daftar pelanggan. ${nothing}\nCoba dengan namanya.`,
    }
  const title = `Tidak ada pelanggan bernama *${properName(who)}*${area ? ` di ${showArea(area)}` : ''}. ${nothing}`
  const similar = (await listNames(turn.books))
    .map((customer) => ({ ...customer, likeness: likeness(nameKey(who), nameKey(customer.name)) }))
    .filter((customer) => customer.likeness >= SIMILAR)
    .sort((a, b) => b.likeness - a.likeness)
    .slice(0, 3)
  const found = await Promise.all(similar.map(({ id }) => findCustomer(turn.books, id)))
  const known = found.filter((customer) => customer !== undefined)
  if (known.length === 0) return { text: `${title}\nCoba sebagian namanya, atau No HP-nya.` }
  return offer(turn, command, args, known, `${title}\nMungkin maksudnya:`)
}

/** How alike two names are, by the pairs of letters of the typed one's best word: 1 is equal, or one slip away. */
function likeness(typed: string, name: string): number {
  const words = [name, ...name.split(' ')]
  if (typed.length >= SHORTEST_SLIP && words.some((word) => isOneSlipAway(typed, word))) return 1
  return Math.max(...words.map((word) => dice(typed, word)))
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
