import { readFileSync } from 'node:fs'
import { sql } from 'kysely'
import { expect } from 'vitest'
import type { Books } from '../../src/domain/books.ts'
import { day } from '../../src/domain/calendar.ts'
import { storeFile } from '../../src/domain/file.ts'
import { type ImportPlan, planImport, stageImport } from '../../src/domain/import.ts'
import { applyImport } from '../../src/domain/import-apply.ts'
import { addStaff, listStaff } from '../../src/domain/staff.ts'
import { readList } from '../../src/domain/workbook.ts'
import { createTestBusiness, type TestBooks } from './database.ts'

/** Lists on their way into a business of their own, on one day. */
export const START = '2026-11-23T09:00:00+07:00'
const TODAY = day('2026-11-23')

export type Open = TestBooks['open']

/** A business of its own with one member of staff. */
export async function newBusiness(books: TestBooks, slug: string): Promise<Open> {
  const id = await createTestBusiness(books.database, books.clock, slug)
  const open: Open = (work) => books.openBooks(id, work)
  await open((b) => addStaff(b, { name: 'Joko', phone: '6281200000011', role: 'owner' }))
  return open
}

export async function stage(open: Open, name: string, bytes: Buffer): Promise<{ importId: number; plan: ImportPlan }> {
  const list = await readList(bytes, name, { today: TODAY })
  if ('refused' in list || list.kind !== 'customers') throw new Error('no list of customers')
  return open(async (b) => {
    const fileId = await storeFile(b, { name, mime: 'text/plain', bytes: new Uint8Array(1) })
    const importId = await stageImport(b, { fileId, staffId: await staffOf(b), list })
    return { importId, plan: await planImport(b, importId, {}) }
  })
}

export async function staffOf(b: Books): Promise<number> {
  return (await listStaff(b))[0]?.id as number
}

/** Comes in whole, with no invoice that is overdue from the start; the second time nothing changes. */
export async function comesInOnce(open: Open, importId: number, name: string, customers: number): Promise<void> {
  expect((await open((b) => applyImport(b, importId, {}, 1)))?.customers).toBe(customers)
  expect(await overdueAtIssue(open)).toBe(0)
  const again = await stage(open, `salinan ${name}`, sample(name))
  expect(outcomesOf(again.plan)).toMatchObject({ ready: 0, same: customers, changed: 0 })
}

export async function overdueAtIssue(open: Open): Promise<number> {
  const { rows } = await open((b) =>
    sql<{ all: number; late: number }>`
      select count(*)::int as all, (count(*) filter (where due_on < issued_on))::int as late from invoice`.execute(
      b.trx,
    ),
  )
  expect(rows[0]?.all).toBeGreaterThan(0)
  return rows[0]?.late ?? -1
}

export function outcomesOf({ ready, same, changed, doublesInFile, rejected }: ImportPlan) {
  return { ready: ready.length, same, changed: changed.length, doubles: doublesInFile, rejected: rejected.length }
}

export function csv(rows: readonly (readonly string[])[]): Buffer {
  return Buffer.from(rows.map((row) => row.map((cell) => `"${cell}"`).join(';')).join('\n'))
}

export function sample(name: string): Buffer {
  return readFileSync(new URL(`../data/${name}`, import.meta.url))
}
