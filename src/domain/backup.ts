import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import type pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { type AddPart, writeArchive } from './backup/archive.ts'
import {
  type BackupTable,
  listEveryBusiness,
  listMigrations,
  listTables,
  nameBusiness,
  readSequences,
} from './backup/tables.ts'
import type { Moment } from './calendar.ts'
import { openSession, StartError } from './database.ts'

/**
 * What stands in front of all parts: whose file it is, and which schema it fits. `format` counts the layouts of the
 * archive that there ever were.
 */
export type BackupHead = {
  program: 'tagih'
  format: 1
  version: string
  takenAt: string
  migrations: string[]
}

/** What stands behind them, when it is known. Rows are counted by table, then by business or `shared`. */
export type BackupEnd = {
  tables: BackupTable[]
  rows: Record<string, Record<string, number>>
  sequences: Record<string, string>
}

export const HEAD = 'tagih.json'
export const END = 'isi.json'

export type Taken = { file: string; bytes: number; rows: number; businesses: number }

/** So much of a table is held at once, before it is compressed and written. */
const CHUNK = 4 * 1_024 * 1_024

const compress = promisify(zstdCompress)

/**
 * Writes everything of all businesses into one file, as it was at one moment: a transaction that sees nothing of what
 * happens meanwhile, and holds nobody up. Each business is read under its own policy, by COPY, and never in memory
 * as a whole. SECRET_KEY is not in it.
 * @throws StartError in one line when the database or the file cannot be used
 */
export async function takeBackup(
  url: string,
  file: string,
  options: { now: Moment; key?: string; replace?: boolean },
): Promise<Taken> {
  const client = await openSession(url, BACKUP_SESSION)
  try {
    await client.query('begin isolation level repeatable read read only')
    await client.query(SESSION)
    const migrations = await listMigrations(client)
    if (!migrations) throw new StartError('Di database ini belum ada data Tagih, jadi tidak ada yang dicadangkan.')
    const head: BackupHead = {
      program: 'tagih',
      format: 1,
      version: programVersion(),
      takenAt: options.now.toString(),
      migrations,
    }
    let taken = { rows: 0, businesses: 0 }
    const { bytes } = await writeArchive(file, options, async (add) => {
      await add(HEAD, jsonPart(head))
      taken = await addTables(client, add)
    })
    return { file, bytes, ...taken }
  } finally {
    await client.end().catch(() => {})
  }
}

/** How the session calls itself: it may read longer than other transactions may stay open (I10). */
export const BACKUP_SESSION = 'tagih backup'

/** Text means the same on the way out and in, whatever the server's own settings are. */
export const SESSION = `
  set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0; set local lock_timeout = '60s';
  set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'; set local bytea_output = 'hex';
  set local extra_float_digits = 3; set local client_encoding = 'UTF8'`

export function programVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}

function jsonPart(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 1)}\n`)
}

async function addTables(client: pg.Client, add: AddPart): Promise<{ rows: number; businesses: number }> {
  const businesses = await listEveryBusiness(client)
  const end: BackupEnd = { tables: await listTables(client), rows: {}, sequences: {} }
  let rows = 0
  for (const table of end.tables) {
    const counts: Record<string, number> = {}
    for (const id of table.owner ? businesses.map((business) => business.id) : [undefined]) {
      if (id !== undefined) await nameBusiness(client, id)
      const scope = id === undefined ? 'shared' : String(id)
      const count = await addRows(client, add, table, id)
      if (count > 0) counts[scope] = count
      rows += count
    }
    end.rows[table.name] = counts
  }
  // Read last: a sequence is never behind the rows that the snapshot sees.
  end.sequences = await readSequences(client)
  await add(END, jsonPart(end))
  return { rows, businesses: businesses.length }
}

/** Adds one business's rows of a table as compressed parts of COPY's text form; answers how many rows. */
async function addRows(client: pg.Client, add: AddPart, table: BackupTable, id?: number): Promise<number> {
  const where = table.owner && id !== undefined ? ` where ${client.escapeIdentifier(table.owner)} = ${id}` : ''
  const columns = table.columns.map((column) => client.escapeIdentifier(column)).join(', ')
  // A query, because COPY of a table with policies would write nothing at all and not say so.
  const copy = client.query(
    copyTo(`copy (select ${columns} from ${client.escapeIdentifier(table.name)}${where}) to stdout`),
  )
  let held: Buffer[] = []
  let size = 0
  let number = 0
  let rows = 0
  const flush = async () => {
    if (size === 0) return
    await add(partName(table.name, id, ++number), await compress(Buffer.concat(held)))
    held = []
    size = 0
  }
  for await (const chunk of copy as AsyncIterable<Buffer>) {
    held.push(chunk)
    size += chunk.length
    rows += countLines(chunk)
    if (size >= CHUNK) await flush()
  }
  await flush()
  return rows
}

/** A row is a line: what is a line break in the data is written as two other characters. */
function countLines(chunk: Buffer): number {
  let lines = 0
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
  return lines
}

/** `invoice/7-0001.copy.zst`: a table, a business, and the place of the part. */
function partName(table: string, id: number | undefined, number: number): string {
  return `${table}/${id ?? 'shared'}-${String(number).padStart(4, '0')}.copy.zst`
}

export function readPartName(name: string): { table: string; id?: number } | undefined {
  const [, table, scope] = /^(\w+)\/(shared|\d+)-\d+\.copy\.zst$/.exec(name) ?? []
  return table === undefined ? undefined : { table, ...(scope !== 'shared' && { id: Number(scope) }) }
}
