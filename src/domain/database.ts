import { readdir, readFile } from 'node:fs/promises'
import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import { type Locks, makeLocks } from './lock.ts'
import { sendBy, statementNames } from './statement.ts'
import type { Tables } from './tables.ts'
import { type Connection, kyselyBy, transact } from './transaction.ts'

/**
 * The connection to PostgreSQL: queries, LISTEN and session locks. Dates come as `Temporal.PlainDate`, times
 * as `Temporal.Instant`, bigint as a checked number; all three go in the same way.
 */
export type Database = {
  readonly kysely: Kysely<Tables>
  /**
   * Does work in one transaction, with these settings (`set local …`), and commits it. Its statements do not wait for each
   * other: those that are awaited together (`Promise.all`) take one round trip, and are done in the order they were said.
   */
  transact<T>(settings: string, work: (trx: Kysely<Tables>) => Promise<T>): Promise<T>
  /** The role that business transactions become; null where none could be made (then FORCE alone guards). */
  readonly appRole: string | null
  /** Calls `hear` for every NOTIFY, and once after each (re)connection, when something may have been missed. */
  listen(channel: string, hear: (payload: string | undefined) => void): Promise<() => Promise<void>>
  /** Takes a named lock of the whole database. */
  readonly tryLock: Locks['tryLock']
  end(): Promise<void>
}

/** What a person who starts the program did wrong; shown as one line without a stack. */
export class StartError extends Error {}

/** Whether an error means that the database is away, not that somebody did something wrong. */
export function isOutage(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  // Classes of PostgreSQL: connection, resources, operator intervention; then Node's and the driver's own.
  return (
    /^(08|53|57P)/.test(code) ||
    /^E(CONN|PIPE|TIMEDOUT|AI_AGAIN)/.test(code) ||
    /connection terminated|trying to connect|connection error|not queryable/i.test(message)
  )
}

/** The pool serves turns, jobs and pages of one process; more would only queue inside PostgreSQL. */
const POOL_SIZE = 16
const SESSION = [
  'timezone=UTC',
  'statement_timeout=60s',
  'lock_timeout=20s',
  // I10: nothing may stay open longer; the network is never used inside a transaction.
  'idle_in_transaction_session_timeout=60s',
]
  .map((setting) => `-c ${setting}`)
  .join(' ')

const RECONNECT_MS = 1_000

const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary') {
      const parse = PARSERS.get(oid)
      if (parse) return parse
    }
    return pg.types.getTypeParser(oid, format)
  },
}

const PARSERS = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.INT8, safeInteger],
  [pg.types.builtins.NUMERIC, safeInteger], // sum(bigint) is numeric; nothing here has fractions
  [pg.types.builtins.DATE, (text) => Temporal.PlainDate.from(text)],
  [pg.types.builtins.TIMESTAMPTZ, (text) => Temporal.Instant.from(text)],
])

function safeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error(`integer beyond safe range from the database: ${text}`)
  return value
}

/**
 * Connects, brings the schema up to date and makes the app role.
 * @param url the login that owns the database (contract: `DATABASE_URL`)
 * @param options.migrate whether to bring the schema up to date, or only as far as these migrations (a restore)
 * @param options.durable refuses a server that confirms what is not on disk yet
 * @throws StartError when the database cannot be reached, is too old, or the login could see past the policies
 */
export async function openDatabase(
  url: string,
  options: { migrate: boolean | readonly string[]; durable?: boolean } = { migrate: true },
): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    types,
    max: POOL_SIZE,
    options: SESSION,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    pipeline: true,
  })
  // D01: an idle client's error would end the process; the next query finds out by itself.
  pool.on('error', () => {})
  // And so would that of one which is handed out just now, before whoever asked for it can listen.
  pool.on('connect', (client) => client.on('error', () => {}))
  const names = statementNames()
  const connect = async (): Promise<Connection> => {
    const client = await pool.connect()
    // The pool listens only to clients that are idle: one whose socket dies at work would end the process (D01).
    let broken = false
    const onError = () => {
      broken = true
    }
    client.on('error', onError)
    const release = (spoilt = false) => {
      client.off('error', onError)
      client.release(broken || spoilt)
    }
    return { query: sendBy(client, names), release }
  }
  const kysely = kyselyBy(connect)
  const locks = makeLocks(url)
  const end = async () => {
    await locks.end()
    await kysely.destroy()
    await pool.end()
  }
  try {
    await checkServer(kysely, options.durable ?? false)
    const only = Array.isArray(options.migrate) ? options.migrate : undefined
    const appRole = options.migrate ? await migrate(kysely, only) : await findAppRole(kysely)
    return {
      kysely,
      transact: async (settings, work) => transact(await connect(), settings, work),
      appRole,
      listen: (channel, hear) => listen(url, channel, hear),
      tryLock: locks.tryLock,
      end,
    }
  } catch (error) {
    await end()
    throw error
  }
}

/**
 * One connection of its own, for long work on everything (a backup, a restore, `verify`): the pool's time limits do not
 * hold for it. Whoever opens it ends it.
 * @throws StartError when the database cannot be reached
 */
export async function openSession(url: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: name,
    options: '-c timezone=UTC',
    connectionTimeoutMillis: 5_000,
  })
  // A lost connection shows in the query under way.
  client.on('error', () => {})
  await client.connect().catch((error: Error) => {
    throw new StartError(`DATABASE_URL: database tidak bisa dihubungi (${error.message || 'tidak ada jawaban'}).`)
  })
  return client
}

async function checkServer(kysely: Kysely<Tables>, durable: boolean): Promise<void> {
  const found = await sql<{ version: number; safe: boolean; unguarded: boolean }>`
    select current_setting('server_version_num')::int as version,
           current_setting('fsync')::bool and current_setting('synchronous_commit') <> 'off' as safe,
           (select rolsuper or rolbypassrls from pg_roles where rolname = current_user) as unguarded`
    .execute(kysely)
    .catch((error: Error) => {
      throw new StartError(`DATABASE_URL: database tidak bisa dihubungi (${error.message || 'tidak ada jawaban'}).`)
    })
  const [{ version, safe, unguarded }] = found.rows as [{ version: number; safe: boolean; unguarded: boolean }]
  if (version < 150_000)
    throw new StartError(`DATABASE_URL: perlu PostgreSQL 15 atau lebih baru, yang ini ${Math.floor(version / 10_000)}.`)
  if (unguarded)
    throw new StartError(
      'DATABASE_URL: login ini superuser atau BYPASSRLS; pakai login biasa yang memiliki databasenya.',
    )
  if (durable && !safe)
    throw new StartError(
      'DATABASE_URL: fsync atau synchronous_commit mati; yang sudah tercatat bisa hilang saat listrik padam.',
    )
}

/** The database's own time; only to compare the program's clock with it, never for billing. */
export async function databaseTime(database: Database): Promise<Temporal.Instant> {
  const { rows } = await sql<{ now: Temporal.Instant }>`select clock_timestamp() as now`.execute(database.kysely)
  return (rows[0] as { now: Temporal.Instant }).now
}

/**
 * Lets PostgreSQL count its rows anew. Foreign-key checks that were planned while a table was tiny go on reading all rows
 * of a business until then: the second thousand of a fresh database took 2 s instead of 0.1 (measured).
 */
export async function refreshStatistics(database: Database): Promise<void> {
  await sql`analyze customer (id), subscription (id), invoice (id), invoice_line (invoice_id)`.execute(database.kysely)
}

/** Empties every table, for the simulator's fresh start; nothing else may ever call it. */
export async function eraseEverything(database: Database): Promise<void> {
  const { rows } = await sql<{ names: string }>`
    select string_agg(format('%I', tablename), ', ') as names from pg_tables
     where schemaname = 'public' and tablename <> 'migration'`.execute(database.kysely)
  await sql.raw(`truncate ${(rows[0] as { names: string }).names} restart identity cascade`).execute(database.kysely)
}

const MIGRATIONS = new URL('../../migrations/', import.meta.url)

/** The migrations this program knows, in their order. */
export async function listMigrationFiles(): Promise<string[]> {
  return (await readdir(MIGRATIONS)).filter((name) => /^\d{4}_.*\.sql$/.test(name)).sort()
}

/** Runs what has not run yet, each file in one transaction, then the policies; one process at a time (D08). */
async function migrate(kysely: Kysely<Tables>, only?: readonly string[]): Promise<string | null> {
  const files = (await listMigrationFiles()).filter((name) => !only || only.includes(name))
  return kysely.connection().execute(async (connection) => {
    await sql`select pg_advisory_lock(hashtextextended('tagih migrate', 0))`.execute(connection)
    try {
      await sql`create table if not exists migration (name text primary key)`.execute(connection)
      const { rows } = await sql<{ name: string }>`select name from migration`.execute(connection)
      const done = new Set(rows.map((row) => row.name))
      const unknown = [...done].filter((name) => !files.includes(name))
      if (unknown.length > 0)
        throw new StartError(
          `Database ini milik versi Tagih yang lebih baru (${unknown[0]}). Perbarui programnya dulu.`,
        )
      for (const file of files.filter((name) => !done.has(name))) {
        const text = await readFile(new URL(file, MIGRATIONS), 'utf8')
        await connection.transaction().execute(async (trx) => {
          await sql.raw(text).execute(trx)
          await sql`insert into migration (name) values (${file})`.execute(trx)
        })
      }
      const appRole = await makeAppRole(connection)
      if (appRole) {
        const policies = await readFile(new URL('policies.sql', MIGRATIONS), 'utf8')
        await connection.transaction().execute((trx) => sql.raw(policies).execute(trx))
      }
      return appRole
    } finally {
      await sql`select pg_advisory_unlock(hashtextextended('tagih migrate', 0))`.execute(connection)
    }
  })
}

/** Makes `<login>_app` unless it is there. The plain forms work on PostgreSQL 15 to 18. */
async function makeAppRole(kysely: Kysely<Tables>): Promise<string | null> {
  await sql
    .raw(`
    do $$
    begin
      execute format('create role %I nologin', current_user || '_app');
    exception when duplicate_object or unique_violation or insufficient_privilege then null;
    end $$`)
    .execute(kysely)
  await sql
    .raw(`
    do $$
    begin
      execute format('grant %I to current_user', current_user || '_app');
    exception when undefined_object or insufficient_privilege then null;
    end $$`)
    .execute(kysely)
  return findAppRole(kysely)
}

async function findAppRole(kysely: Kysely<Tables>): Promise<string | null> {
  const { rows } = await sql<{ name: string }>`
    select rolname as name from pg_roles
     where rolname = current_user || '_app' and pg_has_role(current_user, rolname, 'member')`.execute(kysely)
  return rows[0]?.name ?? null
}

async function listen(
  url: string,
  channel: string,
  hear: (payload: string | undefined) => void,
): Promise<() => Promise<void>> {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let closed = false
  const connect = async () => {
    const next = new pg.Client({ connectionString: url, options: '-c timezone=UTC' })
    const lost = () => {
      if (client !== next) return
      client = undefined
      next.end().catch(() => {})
      again()
    }
    next.on('error', lost)
    next.on('end', lost)
    next.on('notification', (message) => hear(message.payload))
    await next.connect()
    await next.query(`listen "${channel}"`)
    client = next
    hear(undefined)
  }
  const again = () => {
    if (closed) return
    timer = setTimeout(() => connect().catch(again), RECONNECT_MS)
  }
  await connect()
  return async () => {
    closed = true
    clearTimeout(timer)
    const open = client
    client = undefined
    await open?.end()
  }
}
