import assert from 'node:assert/strict'
import { makeBot } from '../src/bot/receive.ts'
import { bookkeeper, type OpenBooks } from '../src/domain/books.ts'
import { movableClock } from '../src/gateways/clock.ts'
import { issueAll } from '../src/jobs/issue.ts'
import { makeTpcb, tpcb } from './baseline/tpcb.ts'
import { type BareTurn, payBare, paySame, payTogether } from './baseline/turns.ts'
import type { Place, Site } from './place.ts'
import { interleave, type Line, rate } from './rounds.ts'
import { customerPhone, makeBare, START, seedBusiness, staffPhone } from './seed.ts'

/** Turns of a slice, by how many are under way at once. */
const TURNS: Readonly<Record<number, number>> = { 1: 130, 16: 400 }
/** Short slices and many of them: the speed of a shared machine changes within seconds. */
const SLICES = 3
/** A program that has run for a while is measured. */
const WARM_UP = 4
const AMOUNT = 50_000

/**
 * A chat turn that records a payment, from the message that came in to the answer that waits to leave: `bot.receive`
 * beside a bare driver loop that does the same on the same tables, and one that sends together what is independent, beside
 * the barest loop on plain tables, and beside pgbench's TPC-B-like mix by the same driver. Every turn is another customer's; at once are as many staff, since the
 * turns of one person are taken one after the other.
 */
export async function turns(place: Place, rounds: number): Promise<Line[]> {
  const site = await place.site('turns')
  const slices = SLICES * rounds
  const third = Object.values(TURNS).reduce((sum, count) => sum + count, 0) * (WARM_UP + slices)
  const { businessId, openBooks } = await open(site, 3 * third)
  const bot = makeBot({
    openBooks,
    publicUrl: 'http://127.0.0.1',
    gateways: { payment: () => undefined, broadcast: () => undefined },
    onError: (error) => {
      throw error
    },
  })
  const ours = (index: number, staff: number) =>
    bot.receive(businessId, {
      channel: 'bot',
      outsideId: `OURS${index}`,
      phone: staffPhone(staff),
      kind: 'text',
      text: `lunas ${customerPhone(index)} 50rb`,
    })
  const turn = (index: number, staff: number): BareTurn => ({
    now: START.toString(),
    outsideId: `BARE${index}`,
    sender: staffPhone(staff),
    customer: customerPhone(index),
    amount: AMOUNT,
    text: `lunas ${customerPhone(index)} 50rb`,
  })
  const lines: Line[] = []
  let from = 0
  for (const [atOnce, count] of Object.entries(TURNS).map(([key, value]) => [Number(key), value] as const)) {
    const start = from
    const batch = (round: number) => Array.from({ length: count }, (_, index) => start + round * count + index)
    const contenders = {
      ours: (round: number) => rate(batch(round), atOnce, ours),
      // On the same tables, so of other customers.
      same: (round: number) =>
        rate(batch(round), atOnce, (index, staff) => paySame(site.own, turn(third + index, staff))),
      together: (round: number) =>
        rate(batch(round), atOnce, (index, staff) => payTogether(site.own, turn(2 * third + index, staff))),
      bare: (round: number) => rate(batch(round), atOnce, (index, staff) => payBare(site.bare, turn(index, staff))),
      tpcb: (round: number) => rate(batch(round), atOnce, () => tpcb(site.bare, 16)),
    }
    const measured = await interleave(slices, contenders, { warmUp: WARM_UP, settle: site.settle })
    from += count * (WARM_UP + slices)
    const beside = (figure: string, baseline: readonly number[], aim?: number) =>
      lines.push({ figure, unit: '/s', ours: measured.ours, baseline, aim })
    beside(`payment by chat, ${atOnce} at a time`, measured.same, 0.7)
    beside('  beside the same, sent together', measured.together, 0.7)
    beside('  beside the barest loop, plain tables', measured.bare, 0.7)
    beside('  beside TPC-B-like', measured.tpcb)
  }
  await check(site, openBooks, businessId, from)
  await site.end()
  return lines
}

async function open(site: Site, customers: number): Promise<{ businessId: number; openBooks: OpenBooks }> {
  const clock = movableClock(START.epochMilliseconds - Temporal.Now.instant().epochMilliseconds)
  const openBooks = bookkeeper({ database: site.database, clock, enqueue: async () => {} })
  const businessId = await seedBusiness(site, { customers, staff: 16 })
  await issueAll({ database: site.database, openBooks }, businessId)
  await makeBare(site, businessId, {
    empty: ['message', 'payment', 'allocation', 'audit'],
    filled: ['staff', 'customer', 'customer_phone', 'invoice'],
  })
  await makeTpcb(site.bare, 16)
  await site.settle()
  return { businessId, openBooks }
}

/** A rate counts only when every payment is in the ledger, on both sides. */
async function check(site: Site, openBooks: OpenBooks, businessId: number, expected: number): Promise<void> {
  const count = await openBooks(businessId, ({ trx }) =>
    trx
      .selectFrom('invoice')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('paid', '=', AMOUNT as never)
      .executeTakeFirstOrThrow(),
  )
  assert.equal(count.count, 3 * expected)
  const { rows } = await site.bare.query('select count(*)::int as count from bare.invoice where paid = $1', [AMOUNT])
  assert.equal(rows[0].count, expected)
}
