import { z } from 'zod'
import type { Rupiah } from '../domain/money.ts'
import type { Item } from './sentence.ts'
import type { Hand } from './take.ts'
import { amount, area, METHOD, method, RUPIAH, TEXT, type Word, who, word } from './words.ts'

/** One of several payments in one message. */
export type PaymentItem = { who: string; area?: string; amount?: Rupiah; method?: z.infer<typeof METHOD> }

/**
 * Several payments in one message, parted by commas, lines or "dan", each with its own name. A part without a name
 * belongs to the one before it: "lunas budi, 150rb" is one payment.
 */
export function items(): Word<PaymentItem[]> {
  const one = z.object({ who: TEXT, area: TEXT.optional(), amount: RUPIAH.optional(), method: METHOD.optional() })
  return word(z.array(one).min(2), { example: 'budi santoso, siti aminah' }, readItems)
}

function readItems(hand: Hand): unknown[] | undefined {
  const groups = groupsOf(hand.items)
  if (groups.length < 2) return undefined
  const used = new Set(hand.used)
  const parts = { area: area(), amount: amount({ payment: true }), method: method(), who: who() }
  const payments = groups.map((group) => {
    const part: Hand = { ...hand, items: group, used, unclear: undefined }
    const read = Object.entries(parts).map(([key, kind]) => [key, kind.read(part)] as const)
    hand.unclear ??= part.unclear
    return Object.fromEntries(read.filter(([, value]) => value !== undefined))
  })
  const isOdd = (item: Item) => item.kind === 'concept' && !item.light && !used.has(item)
  if (payments.some((payment) => payment.who === undefined) || groups.some((group) => group.some(isOdd)))
    return undefined
  for (const taken of used) hand.used.add(taken)
  // What the list holds is not read again for the whole.
  hand.items = hand.items.filter((item) => !groups.some((group) => group.includes(item)))
  return payments
}

function groupsOf(all: readonly Item[]): Item[][] {
  const groups: Item[][] = []
  let part: Item[] = []
  const close = () => {
    const isOfPerson = ({ kind, value }: Item) => kind === 'name' || value?.kind === 'phone' || value?.kind === 'bill'
    if (part.some(isOfPerson)) groups.push(part)
    else groups.at(-1)?.push(...part)
    part = []
  }
  for (const item of all) {
    if (item.kind === 'break' || item.concept === 'dan') close()
    else part.push(item)
  }
  close()
  return groups
}
