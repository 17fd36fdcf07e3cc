import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { openSession } from '../../src/domain/database.ts'
import { getMessage, storeIncoming } from '../../src/domain/message.ts'
import { openTestBooks } from '../support/database.ts'

const { open, url } = await openTestBooks()
const said = { channel: 'bot', outsideId: '1', phone: '6281200000011', kind: 'text', text: 'halo' } as const

test('a table that another program adds a column to is read on, though its statements are prepared', async () => {
  const id = (await open((books) => storeIncoming(books, said))) as number
  for (let time = 0; time < 8; time++) await open((books) => getMessage(books, id))
  const prepared = await open(({ trx }) =>
    sql`select from pg_prepared_statements where statement like 'select * from "message"%'`.execute(trx),
  )
  expect(prepared.rows).toHaveLength(1)
  const other = await openSession(url, 'another program')
  await other.query('alter table message add column later text')
  await other.end()
  for (let time = 0; time < 6; time++)
    expect(await open((books) => getMessage(books, id))).toMatchObject({ text: 'halo' })
})

test('an error ends the transaction and leaves the connection fit for the next', async () => {
  const broken = open(async ({ trx }) => {
    await sql`select 1 / ${0}::int`.execute(trx)
  })
  await expect(broken).rejects.toThrow(/division by zero/)
  await expect(open(({ trx }) => sql`select 1 / 0`.execute(trx))).rejects.toThrow(/division by zero/)
  expect(await open(async () => 5)).toBe(5)
  const inside = await open(({ trx }) => sql<{ role: string }>`select current_user as role`.execute(trx))
  expect(inside.rows[0]?.role).toMatch(/_app$/)
})
