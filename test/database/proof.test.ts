import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { bookkeeper } from '../../src/domain/books.ts'
import { listMigrationFiles, openDatabase } from '../../src/domain/database.ts'
import { saveOwner } from '../../src/domain/owner.ts'
import { addStaff, findOwner, findStaff, keepProven, renewProof, type Staff } from '../../src/domain/staff.ts'
import { createTestBusiness, createTestDatabase, openTestBooks, testClock } from '../support/database.ts'

/** Until when a staff phone has its rights (faults H07, H17). */
const [JOKO, TYPO] = ['6281200000011', '6281200000012']

test('whoever was there before phones had to be proven is proven for 60 days from the upgrade', async () => {
  const url = await createTestDatabase('template0')
  const clock = testClock('2026-12-10T09:00:00+07:00')
  const before = (await listMigrationFiles()).filter((name) => name < '0011')
  const old = await openDatabase(url, { migrate: before })
  const businessId = await createTestBusiness(old, clock, 'lama')
  await old.kysely.transaction().execute(async (trx) => {
    await sql`select set_config('app.business_id', ${String(businessId)}, true)`.execute(trx)
    await sql`insert into staff (business_id, name, phone, role, added_at)
      values (${businessId}, 'Joko', ${JOKO}, 'owner', now())`.execute(trx)
  })
  await old.end()

  const fresh = await openDatabase(url)
  const open = bookkeeper({ database: fresh, clock, enqueue: async () => {} })
  const { joko, now } = await open(businessId, async (books) => {
    const { rows } = await sql<{ now: Temporal.Instant }>`select now()`.execute(books.trx)
    return { joko: await findOwner(books), now: rows[0]?.now as Temporal.Instant }
  })
  const hours = joko?.provenUntil?.since(now).total('hours') ?? 0
  expect(Math.round(hours / 24)).toBe(60)
  // Who is typed from now on is not.
  await open(businessId, (books) => addStaff(books, { name: 'Sri', phone: TYPO, role: 'owner', proven: false }))
  expect(await open(businessId, (books) => findStaff(books, TYPO))).toMatchObject({ provenUntil: null })
  await fresh.end()
})

test('a turn that began before the number was changed does not prove the new one', async () => {
  const { open, clock } = await openTestBooks()
  await open((books) => addStaff(books, { name: 'Joko', phone: JOKO, role: 'owner' }))
  const joko = (await open(findOwner)) as Staff
  await open((books) => saveOwner(books, joko, { name: 'Joko', callName: 'Pak Joko', phone: TYPO }))
  clock.set('2026-12-20T09:00:00+07:00')
  for (const write of [keepProven, renewProof]) {
    await open((books) => write(books, joko))
    await open((books) => write(books, { ...joko, phone: TYPO }))
    expect(await open(findOwner)).toMatchObject({ phone: TYPO, provenUntil: null })
  }
})
