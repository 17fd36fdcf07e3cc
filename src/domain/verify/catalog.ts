import type pg from 'pg'

/** How many rows are wrong, and some of them in words. */
export type Wrong = { wrong: number; samples: string[] }

type Link = { child: string; parent: string; columns: string[]; targets: string[] }

/** What refers to another row without a key that holds it: ids of messages and imports, kept as facts. */
const LOOSE: readonly Link[] = [
  { child: 'message', parent: 'message', columns: ['business_id', 'cause_id'], targets: ['business_id', 'id'] },
  { child: 'customer', parent: 'import', columns: ['business_id', 'import_id'], targets: ['business_id', 'id'] },
  { child: 'plan', parent: 'import', columns: ['business_id', 'import_id'], targets: ['business_id', 'id'] },
]

/**
 * Rows whose parent is not in the same business (I8), for every foreign key that the database has. Under the policies a
 * parent of another business is not there at all.
 */
export async function findOrphans(client: pg.ClientBase, businessId: number, limit: number): Promise<Wrong> {
  const { rows: keys } = await client.query<Link>(`
    select c.relname::text as child, p.relname::text as parent,
           array(select a.attname::text from unnest(k.conkey) with ordinality as n (num, place)
                   join pg_attribute a on a.attrelid = k.conrelid and a.attnum = n.num order by n.place) as columns,
           array(select a.attname::text from unnest(k.confkey) with ordinality as n (num, place)
                   join pg_attribute a on a.attrelid = k.confrelid and a.attnum = n.num order by n.place) as targets
      from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class p on p.oid = k.confrelid
     where k.contype = 'f' and c.relnamespace = 'public'::regnamespace and c.relrowsecurity
     order by 1, 2`)
  let wrong = 0
  const samples: string[] = []
  for (const link of [...keys, ...LOOSE]) {
    const quote = (name: string) => client.escapeIdentifier(name)
    const given = link.columns.map((column) => `c.${quote(column)} is not null`).join(' and ')
    const same = link.columns.map((column, at) => `p.${quote(link.targets[at] as string)} = c.${quote(column)}`)
    const { rows } = await client.query<Wrong>(
      `with found as (
         select to_jsonb(c) -> 'id' as id from ${quote(link.child)} c
          where c.business_id = $1 and ${given}
            and not exists (select from ${quote(link.parent)} p where ${same.join(' and ')}))
       select count(*)::int as wrong, coalesce((array_agg(coalesce(id::text, '?')))[1:${limit}], '{}') as samples from found`,
      [businessId],
    )
    wrong += rows[0]?.wrong ?? 0
    samples.push(...(rows[0]?.samples ?? []).map((id) => `${link.child} ${id} tanpa ${link.parent}`))
  }
  return { wrong, samples: samples.slice(0, limit) }
}

/** Tables whose rows have higher ids than their sequence: the next row would meet an old one. */
export async function findLateSequences(client: pg.ClientBase, _businessId: number, limit: number): Promise<Wrong> {
  const { rows: tables } = await client.query<{ name: string; sequence: string }>(`
    select c.relname::text as name, pg_get_serial_sequence(c.relname::text, 'id') as sequence
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'id' and a.attidentity <> ''
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`)
  const late: string[] = []
  for (const { name, sequence } of tables) {
    // In this order: a row that is added meanwhile moves the sequence first.
    const { rows } = await client.query(`select max(id) as highest from ${client.escapeIdentifier(name)}`)
    const { rows: at } = await client.query('select pg_sequence_last_value($1::regclass) as last', [sequence])
    const [highest, last] = [BigInt(rows[0].highest ?? 0), BigInt(at[0].last ?? 0)]
    if (highest > last) late.push(`${name} ${highest} di atas ${last}`)
  }
  return { wrong: late.length, samples: late.slice(0, limit) }
}
