import { readFileSync } from 'node:fs'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { addDays, day, nextDue } from '../../src/domain/calendar.ts'
import { openTestBooks } from '../support/database.ts'

const { database } = await openTestBooks()

/** Reads the field names of each table from `tables.ts`, where both `type XTable = {` and inline ones stand. */
function declaredTables(): Map<string, string[]> {
  const source = readFileSync(new URL('../../src/domain/tables.ts', import.meta.url), 'utf8')
  const bodies = new Map(
    [...source.matchAll(/^type (\w+) = \{\n([\s\S]*?)^\}/gm)].map(([, name, body]) => [name, body]),
  )
  const list = /export type Tables = \{\n([\s\S]*?)\n\}/.exec(source)?.[1] ?? ''
  return new Map(
    [...list.matchAll(/^ {2}(\w+): (?:(\w+)|\{(.*)\})$/gm)].map(([, table, type, inline]) => {
      const fields = inline
        ? [...inline.matchAll(/(?:^|;)\s*(\w+):/g)].map(([, field]) => field as string)
        : [...(bodies.get(type as string) ?? '').matchAll(/^ {2}(\w+):/gm)].map(([, field]) => field as string)
      return [table as string, fields.sort()]
    }),
  )
}

async function realTables(): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ name: string; columns: string[] }>`
    select table_name as name, array_agg(column_name::text order by column_name) as columns from information_schema.columns
     where table_schema = 'public' and table_name <> 'migration' group by 1`.execute(database.kysely)
  return new Map(rows.map(({ name, columns }) => [name, columns.toSorted()]))
}

test('the tables in TypeScript are the tables in the database, column by column', async () => {
  expect(Object.fromEntries(declaredTables())).toEqual(Object.fromEntries(await realTables()))
})

test('every table of a business has its policy, forced, and the business first in its key', async () => {
  const { rows } = await sql<{ name: string; forced: boolean; policies: number; first_key: string }>`
    select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
           (select count(*)::int from pg_policy p where p.polrelid = c.oid) as policies,
           (select a.attname from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
             where i.indrelid = c.oid and i.indisprimary) as first_key
      from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname not in ('migration', 'directory')`.execute(
    database.kysely,
  )
  expect(rows.length).toBeGreaterThan(20)
  for (const row of rows) {
    expect(row, row.name).toMatchObject({ forced: true, policies: 1 })
    expect(row.first_key, row.name).toBe(row.name === 'business' ? 'id' : 'business_id')
  }
})

test('the program may delete nothing, and may only add to the ledger', async () => {
  const { rows } = await sql<{ table: string; right: string }>`
    select table_name as table, privilege_type as right from information_schema.role_table_grants
     where grantee = ${database.appRole} and table_schema = 'public'`.execute(database.kysely)
  const rights = (table: string) => rows.filter((row) => row.table === table).map(({ right }) => right)
  expect(rows.filter(({ right }) => right === 'DELETE' || right === 'TRUNCATE')).toEqual([])
  for (const table of ['allocation', 'payment_reversal', 'invoice_line', 'audit', 'due_change'])
    expect(rights(table).sort(), table).toEqual(['INSERT', 'SELECT'])
})

test('next_due in SQL and nextDue in TypeScript agree on ten thousand dates', async () => {
  const given = Array.from({ length: 10_000 }, (_, index) => ({
    from: addDays(day('2024-01-01'), (index * 37) % 4_000).toString(),
    anchor: 1 + (index % 31),
    months: 1 + (index % 24),
  }))
  const { rows } = await sql<{ next: Temporal.PlainDate }>`
    select next_due((g ->> 'from')::date, (g ->> 'anchor')::int, (g ->> 'months')::int) as next
      from jsonb_array_elements(${JSON.stringify(given)}::jsonb) with ordinality as t (g, place) order by place`.execute(
    database.kysely,
  )
  expect(rows.map(({ next }) => next.toString())).toEqual(
    given.map(({ from, anchor, months }) => nextDue(day(from), anchor, months).toString()),
  )
})
