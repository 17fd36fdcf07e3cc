import assert from 'node:assert/strict'
import { makeBot } from '../src/bot/receive.ts'
import { bookkeeper, type OpenBooks } from '../src/domain/books.ts'
import { movableClock } from '../src/gateways/clock.ts'
import { issueAll } from '../src/jobs/issue.ts'
import { makeTpcb, tpcb } from './baseline/tpcb.ts'
import { payBare } from './baseline/turns.ts'
import type { Place, Site } from './place.ts'
import { interleave, type Line, rate } from './rounds.ts'
import { customerPhone, makeBare, START, seedBusiness, staffPhone } from './seed.ts'

/** Turns of a round, by how many are under way at once: about a second each. */
const TURNS: Readonly<Record<number, number>> = { 1: 150, 16: 480 }
const AMOUNT = 50_000

/**
 * A chat turn that records a payment, from the message that came in to the answer that waits to leave: `bot.receive`
 * beside a bare driver loop, and beside pgbench's TPC-B-like mix by the same driver. Every turn is another customer's;
 * at once are as many staff, since the turns of one person are taken one after the other.
 */
export async function turns(place: Place, rounds: number): Promise<Line[]> {
  const site = await place.site('turns')
  const perRound = Object.values(TURNS).reduce((sum, count) => sum + count, 0)
  const { businessId, openBooks } = await open(site, perRound * (rounds + 1))
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
  const baseline = (index: number, staff: number) =>
    payBare(site.bare, {
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
      baseline: (round: number) => rate(batch(round), atOnce, baseline),
      tpcb: (round: number) => rate(batch(round), atOnce, () => tpcb(site.bare, 16)),
    }
    const measured = await interleave(rounds, contenders, site)
    from += count * (rounds + 1)
    const figure = `payment by chat, ${atOnce} at a time`
    lines.push({ figure, unit: '/s', ours: measured.ours, baseline: measured.baseline, aim: 0.7 })
    lines.push({
      figure: `  beside TPC-B-like, ${atOnce} at a time`,
      unit: '/s',
      ours: measured.ours,
      baseline: measured.tpcb,
    })
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
  assert.equal(count.count, expected)
  const { rows } = await site.bare.query('select count(*)::int as count from bare.invoice where paid = $1', [AMOUNT])
  assert.equal(rows[0].count, expected)
}
