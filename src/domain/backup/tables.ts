import type pg from 'pg'

/** A table as a backup sees it: found in the database itself, so that none is forgotten. */
export type BackupTable = {
  name: string
  /** What is stored; a generated column makes itself anew. */
  columns: string[]
  /** The column that names the business; nothing where all businesses share the table (the directory). */
  owner: string | null
}

/** Every table of ours, parents first, so that foreign keys hold on the way in. */
export async function listTables(client: pg.ClientBase): Promise<BackupTable[]> {
  const { rows } = await client.query<BackupTable & { parents: string[] }>(`
    select c.relname::text as name,
           array(select a.attname::text from pg_attribute a
                  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                  order by a.attnum) as columns,
           case when c.relname = 'business' then 'id' when c.relrowsecurity then 'business_id' end as owner,
           array(select distinct p.relname::text from pg_constraint k join pg_class p on p.oid = k.confrelid
                  where k.conrelid = c.oid and k.contype = 'f' and k.confrelid <> c.oid) as parents
      from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'migration'
     order by c.relname`)
  const sorted: BackupTable[] = []
  let left = rows
  while (left.length > 0) {
    const waiting = new Set(left.map(({ name }) => name))
    const ready = left.filter(({ parents }) => !parents.some((parent) => waiting.has(parent)))
    if (ready.length === 0) throw new Error(`tables that refer to each other: ${[...waiting].join(', ')}`)
    sorted.push(...ready.map(({ name, columns, owner }) => ({ name, columns, owner })))
    left = left.filter((table) => !ready.includes(table))
  }
  return sorted
}

/** The names of the migrations that a database has had; nothing where it is not ours. */
export async function listMigrations(client: pg.ClientBase): Promise<string[] | undefined> {
  const { rows: found } = await client.query(`select to_regclass('public.migration') is not null as ours`)
  if (!found[0].ours) return undefined
  const { rows } = await client.query<{ name: string }>('select name from migration order by name')
  return rows.map(({ name }) => name)
}

/**
 * Every business, also one that the directory does not know: policies show only the one that is named, so each
 * possible id is tried. For the rest of the transaction the last one stays named.
 */
export async function listEveryBusiness(client: pg.ClientBase): Promise<{ id: number; slug: string }[]> {
  const { rows } = await client.query<{ last: string | null }>(
    `select pg_sequence_last_value(pg_get_serial_sequence('business', 'id')::regclass) as last`,
  )
  const found: { id: number; slug: string }[] = []
  for (let id = 1; id <= Number(rows[0]?.last ?? 0); id++) {
    await nameBusiness(client, id)
    const { rows: own } = await client.query<{ slug: string }>('select slug from business where id = $1', [id])
    if (own[0]) found.push({ id, slug: own[0].slug })
  }
  return found
}

/** Opens the policies for one business, until the transaction ends. */
export async function nameBusiness(client: pg.ClientBase, id: number): Promise<void> {
  await client.query(`select set_config('app.business_id', $1, true)`, [String(id)])
}

/** Where every sequence stands; a backup that forgot them would give ids out twice. */
export async function readSequences(client: pg.ClientBase): Promise<Record<string, string>> {
  const { rows } = await client.query<{ name: string; last: string }>(`
    select sequencename::text as name, last_value::text as last from pg_sequences
     where schemaname = 'public' and last_value is not null order by 1`)
  return Object.fromEntries(rows.map(({ name, last }) => [name, last]))
}
