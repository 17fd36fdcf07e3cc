import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type KyselyPlugin, sql } from 'kysely'
import pg from 'pg'
import { afterAll, inject, onTestFailed } from 'vitest'
import { type Books, bookkeeper, type Clock, type OpenBooks } from '../../src/domain/books.ts'
import { createBusiness } from '../../src/domain/business.ts'
import { type Database, openDatabase } from '../../src/domain/database.ts'
import { sealer } from '../../src/domain/secret.ts'

/**
 * Makes a database from the template; dropped after the file, kept when a test of it failed.
 * @param template another one, as `template0`: a database in which there is nothing at all
 */
export async function createTestDatabase(template = 'template_tagih'): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await asSuperuser(`create database ${name} template ${template} owner tagih`)
  let failed = false
  onFailure(() => {
    failed = true
  })
  afterAll(async () => {
    if (failed) console.info(`kept for a look: database ${name}`)
    else await asSuperuser(`drop database if exists ${name} with (force)`)
  })
  const url = new URL(inject('loginUrl'))
  url.pathname = `/${name}`
  return url.toString()
}

function onFailure(note: () => void): void {
  try {
    onTestFailed(note)
  } catch {
    // Called outside a test: the database of a whole file is dropped either way.
  }
}

async function asSuperuser(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('superuserUrl') })
  await client.connect()
  try {
    await client.query(text)
  } finally {
    await client.end()
  }
}

/** A clock that a test sets. */
export type TestClock = Clock & { set(now: string): void }

export function testClock(start: string): TestClock {
  let now = Temporal.Instant.from(start)
  return {
    now: () => now,
    real: false,
    set: (next) => {
      now = Temporal.Instant.from(next)
    },
  }
}

export type TestBooks = {
  database: Database
  /** Where the database is, as the login of the program. */
  url: string
  openBooks: OpenBooks
  businessId: number
  clock: TestClock
  /** Jobs that were queued, in order; nothing works on them. */
  jobs: unknown[]
  open<T>(work: (books: Books) => Promise<T>): Promise<T>
}

/** A database with one business and nothing else, its books at hand. Ended after the file. */
export async function openTestBooks(start = '2026-12-10T09:00:00+07:00'): Promise<TestBooks> {
  const url = await createTestDatabase()
  const database = await openDatabase(url)
  const clock = testClock(start)
  const jobs: unknown[] = []
  const openBooks = bookkeeper({
    database,
    clock,
    enqueue: async (_executor, businessId, job) => {
      jobs.push({ businessId, ...job })
    },
  })
  const businessId = await createTestBusiness(database, clock, 'barokah')
  afterAll(() => database.end())
  return { database, url, openBooks, businessId, clock, jobs, open: (work) => openBooks(businessId, work) }
}

export async function createTestBusiness(database: Database, clock: Clock, slug: string): Promise<number> {
  return createBusiness(database, {
    slug,
    name: 'Barokah Net',
    zone: 'Asia/Jakarta',
    package: 'bisnis',
    bankAccount: 'BCA 0000123456 a.n. Joko',
    paceSeconds: 0,
    fonnteToken: 'token',
    midtransKey: 'SB-Mid-server-test',
    sealer: sealer('test secret key of this test'),
    now: clock.now(),
  })
}

/** Until so many statements of this database wait for a lock; fails where they never do. */
export async function untilWaiting(database: Database, count: number): Promise<void> {
  for (let look = 0; look < 2_000; look++) {
    const { rows } = await sql<{ waiting: number }>`
      select count(*)::int as waiting from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`.execute(database.kysely)
    if ((rows[0]?.waiting ?? 0) >= count) return
    await sleep(10)
  }
  throw new Error(`never ${count} waiting for a lock`)
}

/** Books in which the program dies in the middle of its work: after so many statements, whatever was begun. */
export function dyingAfter(openBooks: OpenBooks, statements: number): OpenBooks {
  let left = statements
  const count: KyselyPlugin = {
    transformQuery: ({ node }) => {
      if (--left < 0) throw new Error('killed')
      return node
    },
    transformResult: async ({ result }) => result,
  }
  return (id, work) => openBooks(id, (books) => work({ ...books, trx: books.trx.withPlugin(count) }))
}
