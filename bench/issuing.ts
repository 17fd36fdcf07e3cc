import assert from 'node:assert/strict'
import { bookkeeper } from '../src/domain/books.ts'
import { eraseEverything } from '../src/domain/database.ts'
import { movableClock } from '../src/gateways/clock.ts'
import { issueAll } from '../src/jobs/issue.ts'
import { issueBare } from './baseline/issuing.ts'
import type { Place, Site } from './place.ts'
import { interleave, type Line, seconds } from './rounds.ts'
import { makeBare, START, seedBusiness } from './seed.ts'

/** A day's issuing for one business: `issueAll` beside the bare SQL in plain tables of the same form. */
export async function issuing(place: Place, rounds: number): Promise<Line[]> {
  const lines: Line[] = []
  for (const count of [10_000, 100_000]) {
    const site = await place.site(`issuing_${count}`)
    const measured = await interleave(
      rounds,
      {
        ours: (round) => issueOurs(site, count, round),
        baseline: () => issueBaseline(site, count),
      },
      { warmUp: lines.length === 0 },
    )
    await site.end()
    lines.push({ figure: `issuing ${count.toLocaleString('en')} invoices`, unit: 's', ...measured, aim: 2 })
  }
  return lines
}

/** Each round begins with the same fresh business, for the baseline too. */
async function issueOurs(site: Site, count: number, round: number): Promise<number> {
  const clock = movableClock(START.epochMilliseconds - Temporal.Now.instant().epochMilliseconds)
  const openBooks = bookkeeper({ database: site.database, clock, enqueue: async () => {} })
  if (round > 0) await eraseEverything(site.database)
  const businessId = await seedBusiness(site, { customers: count, staff: 1 })
  await makeBare(site, businessId, { empty: ['invoice', 'invoice_line'], filled: ['plan', 'subscription'] })
  await site.settle()
  return seconds(async () => {
    assert.equal(await issueAll({ database: site.database, openBooks }, businessId), count)
  })
}

async function issueBaseline(site: Site, count: number): Promise<number> {
  const today = START.toZonedDateTimeISO('Asia/Jakarta').toPlainDate().toString()
  return seconds(async () => {
    assert.equal(await issueBare(site.bare, today, START.toString()), count)
  })
}
