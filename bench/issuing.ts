import assert from 'node:assert/strict'
import type pg from 'pg'
import { bookkeeper } from '../src/domain/books.ts'
import { eraseEverything } from '../src/domain/database.ts'
import { movableClock } from '../src/gateways/clock.ts'
import { issueAll } from '../src/jobs/issue.ts'
import { issueBare } from './baseline/issuing.ts'
import type { Place, Site } from './place.ts'
import { interleave, type Line, seconds } from './rounds.ts'
import { makeBare, START, seedBusiness } from './seed.ts'

/**
 * A day's issuing for one business: `issueAll` beside the bare SQL, on the same tables and on plain ones of the same form.
 */
export async function issuing(place: Place, rounds: number): Promise<Line[]> {
  const lines: Line[] = []
  for (const count of [10_000, 100_000]) {
    const site = await place.site(`issuing_${count}`)
    const measured = await interleave(
      rounds,
      {
        ours: (round) => issueOurs(site, count, round),
        plain: () => issueBaseline(site.bare, count),
        async same() {
          await makeBusiness(site, count, { fresh: true })
          return issueBaseline(site.own, count)
        },
      },
      { warmUp: lines.length === 0 ? 1 : 0 },
    )
    await site.end()
    const { ours, same, plain } = measured
    const figure = `issuing ${count.toLocaleString('en')} invoices`
    lines.push({ figure, unit: 's', ours, baseline: same, aim: 2 })
    lines.push({ figure: '  beside plain tables', unit: 's', ours, baseline: plain, aim: 2 })
  }
  return lines
}

async function issueOurs(site: Site, count: number, round: number): Promise<number> {
  const clock = movableClock(START.epochMilliseconds - Temporal.Now.instant().epochMilliseconds)
  const openBooks = bookkeeper({ database: site.database, clock, enqueue: async () => {} })
  const businessId = await makeBusiness(site, count, { fresh: round > 0 })
  return seconds(async () => {
    assert.equal(await issueAll({ database: site.database, openBooks }, businessId), count)
  })
}

/** Whoever issues begins with the same business, in both kinds of tables, that nobody issued for yet. */
async function makeBusiness(site: Site, count: number, { fresh }: { fresh: boolean }): Promise<number> {
  if (fresh) await eraseEverything(site.database)
  const businessId = await seedBusiness(site, { customers: count, staff: 1 })
  await makeBare(site, businessId, { empty: ['invoice', 'invoice_line'], filled: ['plan', 'subscription'] })
  await site.settle()
  return businessId
}

async function issueBaseline(pool: pg.Pool, count: number): Promise<number> {
  const today = START.toZonedDateTimeISO('Asia/Jakarta').toPlainDate().toString()
  return seconds(async () => {
    assert.equal(await issueBare(pool, today, START.toString()), count)
  })
}
