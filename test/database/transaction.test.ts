import { setTimeout as sleep } from 'node:timers/promises'
import { CompiledQuery, sql } from 'kysely'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { type Books, bookkeeper } from '../../src/domain/books.ts'
import { openSession } from '../../src/domain/database.ts'
import { openTestBooks } from '../support/database.ts'

const { open, url, database, clock, businessId } = await openTestBooks()
const NOTE = 'order'

/** Writes a line of the trace, in one of the ways that Kysely has to send a statement. */
function write({ trx, business, now }: Books, subject: number) {
  const line = { business_id: business.id, at: now, actor: 'test', act: NOTE, subject: String(subject), facts: '{}' }
  const query = trx.insertInto('audit').values(line)
  const ways = [
    () => query.execute(),
    () => query.returning('id').executeTakeFirst(),
    () => query.returningAll().executeTakeFirstOrThrow(),
    () =>
      sql`insert into audit (business_id, at, actor, act, subject, facts)
          values (${business.id}, ${now}, 'test', ${NOTE}, ${String(subject)}, '{}')`.execute(trx),
    () => trx.executeQuery(query.compile()),
    () => trx.executeQuery(CompiledQuery.raw(query.compile().sql, [...query.compile().parameters])),
  ]
  return (ways[subject % ways.length] as () => Promise<unknown>)()
}

const written = ({ trx }: Books) =>
  trx.selectFrom('audit').select('subject').where('act', '=', NOTE).orderBy('id').execute()

test('statements that are said together are done in the order they were said, however they are sent', async () => {
  const places = Array.from({ length: 60 }, (_, place) => place)
  for (let round = 0; round < 4; round++)
    await open((books) => Promise.all(places.map((place) => write(books, 60 * round + place))))
  expect((await open(written)).map(({ subject }) => Number(subject))).toEqual([...Array(240).keys()])
})

test('what is read behind a lock in the same breath sees what the holder of the lock committed', async () => {
  const lock = (books: Books) =>
    sql`select id from business where id = ${books.business.id} for update`.execute(books.trx)
  const count = ({ trx }: Books) =>
    trx
      .selectFrom('audit')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('act', '=', 'locked')
      .executeTakeFirstOrThrow()
  const counted = await Promise.all(
    Array.from({ length: 8 }, () =>
      open(async (books) => {
        const [, { count: before }] = await Promise.all([lock(books), count(books)])
        const { trx, business, now } = books
        await trx
          .insertInto('audit')
          .values({ business_id: business.id, at: now, actor: 'test', act: 'locked', facts: '{}' })
          .execute()
        return before
      }),
    ),
  )
  expect(counted.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})

test('of several statements the first that failed is the reason, and none of them is written', async () => {
  const before = (await open(written)).length
  const failing = open((books) =>
    Promise.all([write(books, 0), sql`select 1 / ${0}::int`.execute(books.trx), write(books, 1), write(books, 2)]),
  )
  await expect(failing).rejects.toThrow('division by zero')
  expect(await open(written)).toHaveLength(before)
})

test('the first that failed is the reason too when its word arrives with those of the others, and is the last to be heard', async () => {
  const deep = async (work: () => Promise<unknown>, depth: number): Promise<unknown> =>
    depth === 0 ? work() : deep(work, depth - 1).then((done) => done)
  const failing = open((books) => {
    const both = Promise.all([deep(() => sql`select 1 / ${0}::int`.execute(books.trx), 20), write(books, 1)])
    // All answers are there when this program looks for them.
    setImmediate(() => {
      const until = performance.now() + 50
      while (performance.now() < until);
    })
    return both
  })
  await expect(failing).rejects.toThrow('division by zero')
})

test('a statement that was first said behind one that failed is said again later', async () => {
  const later = ({ trx }: Books) => sql<{ sum: number }>`select ${1}::int + ${2}::int as sum`.execute(trx)
  for (let time = 0; time < 40; time++)
    await open(({ trx }) => Promise.all([sql`select 1 / ${0}::int`.execute(trx), later({ trx } as Books)])).catch(
      () => {},
    )
  for (let time = 0; time < 40; time++) expect((await open(later)).rows).toEqual([{ sum: 3 }])
})

test('work that goes on after a part of it failed says nothing in the transaction of somebody else', async () => {
  const before = (await open(written)).length
  const said: unknown[] = []
  const { promise: waits, resolve: go } = Promise.withResolvers<void>()
  const goesOn = async (books: Books) => {
    await waits
    await write(books, 7).catch((error: Error) => said.push(error.message))
  }
  let part: Promise<void> | undefined
  const failing = open((books) => {
    part = goesOn(books)
    return Promise.all([part, sql`select 1 / ${0}::int`.execute(books.trx)])
  })
  await expect(failing).rejects.toThrow('division by zero')
  await open(async () => {
    go()
    await part
  })
  expect(said).toEqual(['this transaction is over'])
  expect(await open(written)).toHaveLength(before)
})

test('a failure that nobody speaks of is not committed as if all were well', async () => {
  const before = (await open(written)).length
  const silent = open(async (books) => {
    await write(books, 8)
    await sql`select 1 / ${0}::int`.execute(books.trx).catch(() => {})
  })
  await expect(silent).rejects.toThrow('nothing was written')
  expect(await open(written)).toHaveLength(before)
})

async function untilAsleep(session: pg.Client, pid: number | undefined): Promise<void> {
  const asleep = `select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'`
  while ((await session.query(asleep, [pid])).rowCount === 0) await sleep(5)
}

test('a connection that dies with statements under way fails all of them, and the next work has another', async () => {
  const other = await openSession(url, 'another program')
  const cut = open(async (books) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(books.trx)
    const waiting = Promise.allSettled([sql`select pg_sleep(20)`.execute(books.trx), write(books, 9), write(books, 10)])
    await untilAsleep(other, rows[0]?.pid)
    await other.query('select pg_terminate_backend($1)', [rows[0]?.pid])
    const settled = await waiting
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    throw (settled[0] as PromiseRejectedResult).reason
  })
  await expect(cut).rejects.toThrow(/terminat/)
  await other.end()
  expect(await open(async () => 5)).toBe(5)
})

test('where the transaction cannot begin, that is the reason, and nothing is read with the rights of the owner', async () => {
  const openBooks = bookkeeper({ database: { ...database, appRole: 'nobody_app' }, clock, enqueue: async () => {} })
  let worked = false
  const failing = openBooks(businessId, async () => {
    worked = true
  })
  await expect(failing).rejects.toThrow('role "nobody_app" does not exist')
  expect(worked).toBe(false)
})
