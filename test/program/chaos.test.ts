import { afterEach, expect, test } from 'vitest'
import { playChaos } from '../chaos/play.ts'
import { cleanUp } from '../support/process.ts'

afterEach(cleanUp)

/** The same with 1,000 customers and 20 kills is `npm run chaos`. */
test.each([
  { customers: 200, kills: ['program', 'both', 'database'] as const, seed: 7 },
  // At most the one message that was under way may be uncertain.
  { customers: 1_000, kills: ['program'] as const, seed: 11, calm: true },
])(
  'tagih semua for $customers customers through the kills $kills (N01–N04, G4, D10)',
  { timeout: 300_000 },
  async (plan) => {
    const outcome = await playChaos({ ...plan, hangs: 0 })
    expect(outcome).toMatchObject({ twice: [], contradictions: [], broken: [], reports: 1 })
    const { sent = 0, failed = 0, uncertain = 0, ...others } = outcome.rows
    expect(others).toEqual({})
    expect(sent + failed + uncertain).toBe(plan.customers)
    expect(uncertain).toBeLessThanOrEqual(plan.kills.length + outcome.withheld)
    // The owner sees all of it: who was not reached stands in numbers and by name.
    expect(outcome.status).toContain(
      `Terkirim *${sent.toLocaleString('id-ID')}* dari ${plan.customers.toLocaleString('id-ID')}`,
    )
    if (uncertain > 0) expect(outcome.status).toMatch(new RegExp(`tidak pasti ${uncertain}`, 'i'))
  },
)
