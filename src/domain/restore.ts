import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { z } from 'zod'
import { readArchive } from './backup/archive.ts'
import { type BackupTable, listEveryBusiness, listMigrations, listTables, nameBusiness } from './backup/tables.ts'
import { type BackupEnd, type BackupHead, END, HEAD, readPartName, SESSION } from './backup.ts'
import { listMigrationFiles, openDatabase, openSession, StartError } from './database.ts'
import { holdRestored } from './restoration.ts'
import { type Finding, verify } from './verify.ts'

const Head = z.object({
  program: z.literal('tagih'),
  format: z.literal(1),
  version: z.string(),
  takenAt: z.string(),
  migrations: z.array(z.string()),
})
const End = z.object({
  tables: z.array(z.object({ name: z.string(), columns: z.array(z.string()), owner: z.string().nullable() })),
  rows: z.record(z.string(), z.record(z.string(), z.number())),
  sequences: z.record(z.string(), z.string()),
})

/** A backup whose every byte was checked. */
export type Inspected = { head: BackupHead; end: BackupEnd; rows: number; businesses: number }

export type Restored = Inspected & { findings: Finding[] }

/** A part is 4 MiB unpacked, and what one read of a socket adds; more is a trap. */
const LARGEST_CHUNK = 16 * 1_024 * 1_024

const decompress = promisify(zstdDecompress)

/**
 * Reads a backup from end to end, before anything is touched.
 * @throws StartError in one line when it is damaged, foreign, or newer than this program
 */
export async function inspectBackup(file: string, key?: string): Promise<Inspected> {
  let head: BackupHead | undefined
  let end: BackupEnd | undefined
  for await (const { name, bytes } of readArchive(file, key)) {
    if (!head) {
      head = readJson(Head, bytes)
      if (name !== HEAD || !head) throw new StartError('File ini bukan cadangan Tagih. Belum ada yang berubah.')
    } else if (name === END) end = readJson(End, bytes)
  }
  if (!head || !end) throw new StartError('File ini bukan cadangan Tagih yang utuh. Belum ada yang berubah.')
  await checkMigrations(head)
  const counts = Object.values(end.rows).flatMap((each) => Object.values(each))
  return {
    head,
    end,
    rows: counts.reduce((total, count) => total + count, 0),
    businesses: Object.keys(end.rows.business ?? {}).length,
  }
}

function readJson<T>(schema: z.ZodType<T>, bytes: Buffer): T | undefined {
  try {
    return schema.safeParse(JSON.parse(bytes.toString('utf8'))).data
  } catch {
    return undefined
  }
}

async function checkMigrations(head: BackupHead): Promise<void> {
  const known = await listMigrationFiles()
  const unknown = head.migrations.find((name) => !known.includes(name))
  if (unknown)
    throw new StartError(
      `Cadangan ini dibuat Tagih ${head.version} yang lebih baru (${unknown}). Perbarui programnya dulu; belum ada yang berubah.`,
    )
}

/**
 * Puts a backup into an empty database, all of it in one transaction: the rows, where the sequences stand, and what
 * must hold until the owner was asked (no bill leaves). Older backups get the schema of their own time first, and
 * are brought up to date afterwards.
 * @throws StartError in one line, and then nothing has changed
 */
export async function restoreBackup(url: string, file: string, options: { key?: string } = {}): Promise<Restored> {
  const backup = await inspectBackup(file, options.key)
  await checkEmpty(url, backup.head)
  await (await openDatabase(url, { migrate: backup.head.migrations })).end()
  const client = await openSession(url, 'tagih restore')
  try {
    await client.query('begin')
    await client.query(SESSION)
    await loadAll(client, file, backup.end, options.key)
    for (const { id } of await listEveryBusiness(client)) {
      await nameBusiness(client, id)
      await holdRestored(client, id)
    }
    const findings = await verify(client)
    // What the backed-up data had wrong stays as it was and is shown; a guard that does not stand is our own fault.
    const unguarded = findings.find(({ check, wrong }) => check.guards && wrong > 0)
    if (unguarded) throw new Error(`restored without its guards: ${unguarded.samples.join(', ')}`)
    await client.query('commit')
    await (await openDatabase(url)).end()
    return { ...backup, findings }
  } finally {
    await client.end().catch(() => {})
  }
}

const NOT_EMPTY = 'sudah berisi data. Pulihkan hanya ke tempat yang kosong; belum ada yang berubah.'

async function checkEmpty(url: string, head: BackupHead): Promise<void> {
  const client = await openSession(url, 'tagih restore')
  try {
    await client.query('begin read only')
    const migrations = await listMigrations(client)
    if (!migrations) {
      const { rows } = await client.query(`select count(*)::int as tables from pg_tables where schemaname = 'public'`)
      if (rows[0].tables > 0) throw new StartError(`Database ini ${NOT_EMPTY}`)
      return
    }
    if (migrations.some((name) => !head.migrations.includes(name)))
      throw new StartError(
        'Database ini sudah dipakai Tagih yang lebih baru dari cadangannya. Buat database yang kosong; belum ada yang berubah.',
      )
    if (migrations.length > 0 && (await listEveryBusiness(client)).length > 0)
      throw new StartError(`Database ini ${NOT_EMPTY}`)
  } finally {
    await client.end().catch(() => {})
  }
}

async function loadAll(client: pg.Client, file: string, end: BackupEnd, key?: string): Promise<void> {
  const tables = await listTables(client)
  if (!sameTables(tables, end.tables)) throw new Error('the backup has other tables than its migrations make')
  const names = tables.map(({ name }) => client.escapeIdentifier(name))
  // COPY refuses a table with policies, and a trigger would add up what is added up already. Until the commit nobody
  // else sees these tables at all.
  for (const name of names) await client.query(`alter table ${name} no force row level security, disable trigger user`)
  const loaded = await loadRows(client, file, tables, key)
  for (const [index, name] of names.entries()) {
    const force = tables[index]?.owner ? 'force row level security, ' : ''
    await client.query(`alter table ${name} ${force}enable trigger user`)
  }
  // PostgreSQL has not counted these rows yet; what checks them would read whole tables for each row.
  await client.query(`analyze ${names.join(', ')}`)
  const listed = Object.entries(end.rows).flatMap(([name, counts]) =>
    Object.entries(counts).map(([scope, count]) => ({ scope: `${name}/${scope}`, count })),
  )
  if (listed.length !== loaded.size || listed.some(({ scope, count }) => loaded.get(scope) !== count))
    throw new StartError(INCOMPLETE)
  for (const [name, last] of Object.entries(end.sequences))
    await client.query('select setval($1::regclass, $2::bigint)', [client.escapeIdentifier(name), last])
}

const INCOMPLETE = 'Isi cadangan ini tidak sama dengan daftarnya. Belum ada yang berubah; pakai cadangan yang lain.'

function sameTables(ours: readonly BackupTable[], theirs: readonly BackupTable[]): boolean {
  const show = (tables: readonly BackupTable[]) =>
    tables
      .map(({ name, owner, columns }) => `${name} ${owner} ${columns.join()}`)
      .sort()
      .join('\n')
  return show(ours) === show(theirs)
}

/** Loads every part; answers how many rows came in, by table and business. */
async function loadRows(
  client: pg.Client,
  file: string,
  tables: readonly BackupTable[],
  key?: string,
): Promise<Map<string, number>> {
  const loaded = new Map<string, number>()
  let open: { scope: string; copy: CopyIn } | undefined
  const close = async () => {
    if (open) loaded.set(open.scope, await open.copy.end())
    open = undefined
  }
  for await (const { name, bytes } of readArchive(file, key)) {
    const part = readPartName(name)
    if (!part) continue
    const scope = `${part.table}/${part.id ?? 'shared'}`
    if (open?.scope !== scope) {
      await close()
      const table = tables.find((each) => each.name === part.table)
      if (!table || loaded.has(scope)) throw new StartError(INCOMPLETE)
      open = { scope, copy: copyInto(client, table) }
    }
    await open.copy.write(await decompress(bytes, { maxOutputLength: LARGEST_CHUNK }))
  }
  await close()
  return loaded
}

type CopyIn = { write(bytes: Buffer): Promise<void>; end(): Promise<number> }

function copyInto(client: pg.Client, table: BackupTable): CopyIn {
  const columns = table.columns.map((column) => client.escapeIdentifier(column)).join(', ')
  const copy = client.query(copyFrom(`copy ${client.escapeIdentifier(table.name)} (${columns}) from stdin`))
  // An error may come between two writes, or instead of an answer to one.
  const failed = new Promise<never>((_, fail) => copy.once('error', fail))
  failed.catch(() => {})
  return {
    write: (bytes) =>
      Promise.race([failed, new Promise<void>((done, fail) => copy.write(bytes, (e) => (e ? fail(e) : done())))]),
    async end() {
      await Promise.race([failed, new Promise<void>((done) => copy.end(() => done()))])
      return copy.rowCount
    },
  }
}
