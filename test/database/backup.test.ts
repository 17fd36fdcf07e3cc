import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { findLink, findSession, makeLink, startSession } from '../../src/domain/access.ts'
import { readArchive, writeArchive } from '../../src/domain/backup/archive.ts'
import { listTables } from '../../src/domain/backup/tables.ts'
import { takeBackup } from '../../src/domain/backup.ts'
import { bookkeeper } from '../../src/domain/books.ts'
import { openDatabase, StartError } from '../../src/domain/database.ts'
import { rupiah } from '../../src/domain/money.ts'
import { claimNext, listWaiting, queueMessages } from '../../src/domain/outbox.ts'
import { recordPayment } from '../../src/domain/payment.ts'
import { findHold } from '../../src/domain/restoration.ts'
import { inspectBackup, restoreBackup } from '../../src/domain/restore.ts'
import { readToken } from '../../src/domain/token.ts'
import { showFinding } from '../../src/domain/verify.ts'
import { startEmbedded } from '../../src/gateways/postgres.ts'
import { createTestBusiness, createTestDatabase, openTestBooks } from '../support/database.ts'
import { liveAMonth } from '../support/life.ts'

const source = await openTestBooks()
const { open, openBooks, database, clock, url } = source
await open((books) => liveAMonth(books))
await openBooks(await createTestBusiness(database, clock, 'tetangga'), (books) => liveAMonth(books, 40))

const folder = mkdtempSync(join(tmpdir(), 'tagih-backup-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const KEY = 'kuda putih makan rumput'
const now = Temporal.Instant.from('2026-12-10T02:30:00+07:00')
const file = join(folder, 'polos.tar')
await takeBackup(url, file, { now })

async function connect(address: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: address })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Every row of every table of every business, each table as one digest. */
async function digest(address: string): Promise<Record<string, string>> {
  const client = await connect(address)
  const found: Record<string, string> = {}
  for (const { name, columns } of await listTables(client)) {
    const all: string[] = []
    for (const id of [1, 2]) {
      await client.query(`select set_config('app.business_id', $1, false)`, [String(id)])
      const { rows } = await client.query(
        `select count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as sum
           from (select ${columns.map((column) => `"${column}"`).join(', ')} from ${name}) t`,
      )
      all.push(rows[0].sum)
    }
    found[name] = all.join(' · ')
  }
  const { rows } = await client.query(`select sequencename, last_value from pg_sequences where schemaname = 'public'`)
  for (const { sequencename, last_value: last } of rows) found[sequencename] = String(last)
  await client.end()
  return found
}

/** What a restore changes on purpose. */
const CHANGED = ['restoration', 'restoration_id_seq', 'question']

function withoutChanged(tables: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tables).filter(([name]) => !CHANGED.includes(name)))
}

describe('a restored database', () => {
  test('is the same, row by row and sequence by sequence, and holds', async () => {
    const target = await createTestDatabase('template0')
    const { findings, businesses } = await restoreBackup(target, file)
    expect(businesses).toBe(2)
    expect(findings.filter(({ wrong }) => wrong > 0).map(showFinding)).toEqual([])
    const [before, after] = [await digest(url), await digest(target)]
    expect(Object.keys(before).length).toBeGreaterThan(40)
    expect(withoutChanged(after)).toEqual(withoutChanged(before))
  })

  test('from an encrypted file is the same too', async () => {
    const locked = join(folder, 'terkunci.tar.aes')
    await takeBackup(url, locked, { now, key: KEY })
    const target = await createTestDatabase('template0')
    await restoreBackup(target, locked, { key: KEY })
    expect(withoutChanged(await digest(target))).toEqual(withoutChanged(await digest(url)))
    for (const secret of ['Pelanggan', 'business', 'ustar']) expect(readFileSync(locked).includes(secret)).toBe(false)
    await expect(inspectBackup(locked)).rejects.toThrow(/^BACKUP_KEY: cadangan ini terenkripsi/)
    await expect(inspectBackup(locked, 'kunci yang salah')).rejects.toThrow(/^BACKUP_KEY: bukan kunci cadangan ini/)
  })

  test('goes on where it stopped: the next row gets the next id, and the ledger is guarded', async () => {
    const target = await createTestDatabase('template0')
    await restoreBackup(target, file)
    const restored = await openDatabase(target)
    const books = bookkeeper({ database: restored, clock, enqueue: async () => {} })
    const { message_id_seq: last } = await digest(url)
    const ids = await books(1, (own) => queueMessages(own, [{ phone: '6281200000011', kind: 'reply', text: 'x' }]))
    expect(ids).toEqual([Number(last) + 1])
    const rewritten = books(1, (own) => own.trx.updateTable('audit').set({ act: 'x' }).execute())
    await expect(rewritten).rejects.toMatchObject({ code: '42501' })
    await restored.end()
  })
})

test('a backup is one moment: what is recorded while it is made is in it as a whole or not at all', async () => {
  const lock = await connect(url)
  await lock.query('begin; lock table undo in access exclusive mode')
  const during = join(folder, 'selagi.tar')
  const taking = takeBackup(url, during, { now })
  await isWaiting(url)
  // Payments and invoices were read already, allocations are still to come.
  await open(async (books) => {
    const invoice = await books.trx
      .selectFrom('invoice')
      .select('customer_id')
      .where('status', '=', 'open')
      .executeTakeFirstOrThrow()
    const recorded = await recordPayment(books, {
      customerId: invoice.customer_id,
      amount: rupiah(150_000),
      method: 'cash',
      paidOn: books.today,
      channel: 'chat',
      source: 'message:selagi',
    })
    expect(recorded?.invoices).toHaveLength(1)
  })
  await lock.end()
  await taking
  const target = await createTestDatabase('template0')
  const { findings } = await restoreBackup(target, during)
  expect(findings.filter(({ wrong }) => wrong > 0).map(showFinding)).toEqual([])
  const { payment } = await digest(target)
  expect(payment).not.toBe((await digest(url)).payment)
})

/** Waits until the session of a backup stands at a lock. */
async function isWaiting(address: string): Promise<void> {
  const client = await connect(address)
  for (;;) {
    const { rows } = await client.query(
      `select from pg_stat_activity where datname = current_database() and application_name = 'tagih backup' and wait_event_type = 'Lock'`,
    )
    if (rows.length > 0) break
    await sleep(20)
  }
  await client.end()
}

test('what must not live in two places ends: the WhatsApp link, the browsers, the links into the panel', async () => {
  const linked = join(folder, 'tersambung.tar')
  await open(async ({ trx, now: at }) => {
    await sql`insert into whatsapp_number (business_id, phone, creds, linked_at) values (1, '6281200000001', '\\x01', ${at})`.execute(
      trx,
    )
    await sql`insert into whatsapp_key (business_id, type, id, value) values (1, 'session', '1', '\\x01')`.execute(trx)
    await sql`insert into session (business_id, digest, made_at, seen_at, expires_at) values (1, 'd', ${at}, ${at}, ${at})`.execute(
      trx,
    )
    await sql`insert into access_link (business_id, digest, made_at, expires_at) values (1, 'd', ${at}, ${at})`.execute(
      trx,
    )
  })
  await takeBackup(url, linked, { now })
  const target = await createTestDatabase('template0')
  const { findings } = await restoreBackup(target, linked)
  expect(findings.filter(({ wrong }) => wrong > 0).map(showFinding)).toEqual([])
  const client = await connect(target)
  await client.query(`select set_config('app.business_id', '1', false)`)
  const { rows } = await client.query(
    `select (select creds is null and end_reason = 'unlinked' from whatsapp_number) as number,
            (select value is null from whatsapp_key) as key, (select ended_at is not null from session) as session,
            (select used_at is not null from access_link) as link`,
  )
  await client.end()
  expect(rows).toEqual([{ number: true, key: true, session: true, link: true }])
})

test('what was on its way when the backup was made counts as perhaps sent, and questions are closed', async () => {
  const waiting = join(folder, 'menunggu.tar')
  const session = await open((books) => startSession(books, 1))
  const link = await open((books) => makeLink(books, { staffId: 1, lasts: { minutes: 10 } }))
  const [id] = await open((books) => queueMessages(books, [{ phone: '6281200000011', kind: 'bill', text: 'x' }]))
  await takeBackup(url, waiting, { now })
  await open((books) =>
    books.trx
      .updateTable('message')
      .set({ status: 'cancelled' })
      .where('id', '=', id as number)
      .execute(),
  )
  const target = await createTestDatabase('template0')
  await restoreBackup(target, waiting)
  const restored = await openDatabase(target)
  const books = bookkeeper({ database: restored, clock, enqueue: async () => {} })
  await books(1, async (own) => {
    const message = await own.trx
      .selectFrom('message')
      .selectAll()
      .where('id', '=', id as number)
      .executeTakeFirst()
    expect(message).toMatchObject({ status: 'uncertain', reason: 'mungkin sudah terkirim sebelum data dipulihkan' })
    expect(await own.trx.selectFrom('question').select('id').where('closed_at', 'is', null).execute()).toEqual([])
    // S02: somebody may have been signed out since.
    expect(await findSession(own, readToken(session)?.digest ?? '')).toBeUndefined()
    expect(await findLink(own, readToken(link)?.digest ?? '')).toBeUndefined()
    expect(await findHold(own)).toMatchObject({ noticed_at: null, released_at: null, matter: null })
    const bill = { phone: '6281200000011', kind: 'bill', text: 'x' }
    const reply = { ...bill, kind: 'reply' }
    await queueMessages(own, [bill, reply])
    expect((await listWaiting(own)).due).toEqual(['bot'])
    // Both wait, the answer leaves and the bill does not.
    const claim = async () => (await claimNext(own, 'bot', 'single')) ?? claimNext(own, 'bot', 'broadcast')
    expect((await claim())?.kind).toBe('reply')
    expect(await claim()).toBeUndefined()
    expect(await own.trx.selectFrom('message').select('kind').where('status', '=', 'waiting').execute()).toEqual([
      { kind: 'bill' },
    ])
  })
  await restored.end()
})

describe('a file that is not a whole backup is refused, and nothing is made of it', () => {
  const whole = readFileSync(file)
  const broken = async (bytes: Uint8Array, key?: string) => {
    const path = join(folder, 'coba.tar')
    writeFileSync(path, bytes)
    return inspectBackup(path, key).then(
      () => 'taken',
      (error: Error) => (error instanceof StartError ? error.message : `not in one line: ${error}`),
    )
  }
  const refused = /rusak|bukan cadangan|bukan kunci/

  test('cut off anywhere', async () => {
    for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 60))
      expect(await broken(whole.subarray(0, at)), `cut at ${at}`).toMatch(refused)
    expect(await broken(whole.subarray(0, -1))).toMatch(refused)
    expect(await broken(Buffer.concat([whole, Buffer.alloc(512)]))).toMatch(refused)
  })

  test('one bit turned, wherever it stands', async () => {
    for (let at = 0; at < whole.length; at += 97) {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8))
      expect(await broken(bytes), `bit of byte ${at}`).toMatch(refused)
    }
  })

  test('encrypted: cut, turned, or frames exchanged', async () => {
    const path = join(folder, 'rangka.tar.aes')
    const parts = Array.from({ length: 5 }, (_, index) => randomBytes(65_536 + index))
    await writeArchive(path, { key: KEY }, async (add) => {
      await add('tagih.json', Buffer.from('{}'))
      for (const [index, bytes] of parts.entries()) await add(`p${index}`, bytes)
    })
    const sealed = readFileSync(path)
    const read = async (bytes: Uint8Array) => {
      writeFileSync(path, bytes)
      try {
        for await (const _ of readArchive(path, KEY)) {
          // Read to the end.
        }
        return 'taken'
      } catch (error) {
        return (error as Error).message
      }
    }
    expect(await read(sealed)).toBe('taken')
    // 10 signs and 16 of salt, then frames of 4 + 65,536 + 16 bytes.
    const frame = (index: number) => sealed.subarray(26 + index * 65_556, 26 + (index + 1) * 65_556)
    const exchanged = Buffer.concat([sealed.subarray(0, 26), frame(1), frame(0), sealed.subarray(26 + 2 * 65_556)])
    expect(await read(exchanged)).toMatch(refused)
    expect(await read(sealed.subarray(0, 26 + 2 * 65_556))).toMatch(refused)
    for (let at = 0; at < sealed.length; at += 9_973) {
      const bytes = Buffer.from(sealed)
      bytes[at] = (bytes[at] as number) ^ 1
      expect(await read(bytes), `bit of byte ${at}`).toMatch(refused)
    }
  })

  test.each(['pelanggan-tv-digital.xlsx', 'pelanggan-bumdes.csv'])('another file: %s', async (name) => {
    expect(await broken(readFileSync(new URL(`../data/${name}`, import.meta.url)))).toMatch(/bukan cadangan/)
  })

  test('another tar, a folder, nothing', async () => {
    const path = join(folder, 'lain.tar')
    await writeArchive(path, { replace: true }, (add) => add('catatan.txt', Buffer.from('halo')))
    await expect(inspectBackup(path)).rejects.toThrow(/bukan cadangan/)
    await expect(inspectBackup(folder)).rejects.toThrow(StartError)
    await expect(inspectBackup(join(folder, 'tidak-ada'))).rejects.toThrow(StartError)
  })

  test('one of a newer program, or whose counts lie', async () => {
    const remake = async (change: (name: string, text: string) => string) => {
      const path = join(folder, 'ubah.tar')
      await writeArchive(path, { replace: true }, async (add) => {
        for await (const { name, bytes } of readArchive(file))
          await add(name, name.endsWith('.json') ? Buffer.from(change(name, bytes.toString())) : bytes)
      })
      return path
    }
    const newer = await remake((_, text) => text.replace('0003_backup.sql', '9999_besok.sql'))
    await expect(inspectBackup(newer)).rejects.toThrow(/lebih baru \(9999_besok.sql\)/)
    const target = await createTestDatabase('template0')
    const fewer = await remake((_, text) => text.replace(/("invoice": \{\s*"1": )\d+/, '$1' + '1'))
    await expect(restoreBackup(target, fewer)).rejects.toThrow(/tidak sama dengan daftarnya/)
    expect((await digest(target)).invoice).toBe('0  · 0 ')
    // And the same database takes the right one afterwards.
    await restoreBackup(target, file)
  })
})

describe('a restore is refused', () => {
  test('into a database with a business', async () => {
    const before = await digest(url)
    await expect(restoreBackup(url, file)).rejects.toThrow(/sudah berisi data.*belum ada yang berubah/)
    expect(await digest(url)).toEqual(before)
  })

  test('into a database of somebody else', async () => {
    const target = await createTestDatabase('template0')
    const client = await connect(target)
    await client.query('create table resep (nama text)')
    await expect(restoreBackup(target, file)).rejects.toThrow(/sudah berisi data/)
    const { rows } = await client.query(`select tablename from pg_tables where schemaname = 'public'`)
    await client.end()
    expect(rows).toEqual([{ tablename: 'resep' }])
  })
})

describe('killed in the middle', () => {
  const run = (tool: string, args: string[], env: Record<string, string>): ChildProcess =>
    spawn('node', [`src/tools/${tool}.ts`, ...args], {
      cwd: new URL('../..', import.meta.url),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  test('a backup leaves no file by its name, and the next one clears away what is left', async () => {
    const place = join(folder, 'mati')
    mkdirSync(place)
    const lock = await connect(url)
    await lock.query('begin; lock table undo in access exclusive mode')
    const first = run('backup', ['--to', join(place, 'satu.tar')], { DATABASE_URL: url })
    const ended = new Promise((done) => first.once('close', done))
    await isWaiting(url)
    expect(readdirSync(place)).toEqual([`satu.tar.${first.pid}.part`])
    first.kill('SIGKILL')
    await ended
    await lock.end()
    expect(readdirSync(place).filter((name) => name.endsWith('.tar'))).toEqual([])
    // Two at once do not take each other for what the killed one left.
    await Promise.all(['dua.tar', 'tiga.tar'].map((name) => takeBackup(url, join(place, name), { now })))
    expect(readdirSync(place).sort()).toEqual(['dua.tar', 'tiga.tar'])
    await expect(takeBackup(url, join(place, 'dua.tar'), { now })).rejects.toThrow(/sudah ada/)
    // What a killed program of the same pid left by the same name, as in a container, is no hindrance.
    writeFileSync(join(place, `lima.tar.${process.pid}.part`), 'sisa')
    await takeBackup(url, join(place, 'lima.tar'), { now })
    rmSync(join(place, 'lima.tar'))
    // The same one twice at once: the second leaves the first alone.
    const both = await Promise.allSettled([0, 1].map(() => takeBackup(url, join(place, 'empat.tar'), { now })))
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(String(both.find(({ status }) => status === 'rejected')?.['reason' as never])).toMatch(/sedang ditulis/)
    expect(readdirSync(place).sort()).toEqual(['dua.tar', 'empat.tar', 'tiga.tar'])
  })

  test('PostgreSQL during a restore leaves the database empty, and it can be restored again', async () => {
    const big = join(folder, 'besar.tar')
    await open((books) =>
      sql`insert into audit (business_id, at, actor, act)
          select 1, ${books.now}, 'system', repeat('x', 100) || g from generate_series(1, 80000) g`.execute(books.trx),
    )
    await takeBackup(url, big, { now })
    const home = mkdtempSync(join(tmpdir(), 'tagih-restore-'))
    let server = await startEmbedded(home)
    const restoring = restoreBackup(server.url, big).then(
      () => 'restored',
      (error: Error) => error,
    )
    const watch = await connect(server.url)
    for (;;) {
      const { rows } = await watch.query(
        `select from pg_stat_progress_copy where command = 'COPY FROM' and tuples_processed > 1000`,
      )
      if (rows.length > 0) break
    }
    process.kill(Number(readFileSync(join(home, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGKILL')
    expect(await restoring).toBeInstanceOf(Error)
    await server.stop()
    server = await startEmbedded(home)
    const client = await connect(server.url)
    const { rows } = await client.query('select (select count(*) from directory)::int as businesses')
    await client.end()
    expect(rows).toEqual([{ businesses: 0 }])
    const { businesses } = await restoreBackup(server.url, big)
    expect(businesses).toBe(2)
    await server.stop()
    rmSync(home, { recursive: true, force: true })
  })
})
