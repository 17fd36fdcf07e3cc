import { randomBytes } from 'node:crypto'
import { createBusiness } from '../src/domain/business.ts'
import { sealer } from '../src/domain/secret.ts'
import type { Site } from './place.ts'

/** When the clock of every figure begins: a morning, far from the quiet hours. */
export const START = Temporal.Instant.from('2026-12-10T09:00:00+07:00')

export const MIDTRANS_KEY = 'SB-Mid-server-bench'
export const SEALER = sealer('the bench seals with this')

/** Phones of staff and customers by their place in the list. */
export const staffPhone = (index: number) => `62812${String(10_000_000 + index)}`
export const customerPhone = (index: number) => `62857${String(10_000_000 + index)}`

/** Makes a business on Paket Bisnis with staff, and customers on one plan, each with one bill due to be issued. */
export async function seedBusiness(site: Site, size: { customers: number; staff: number }): Promise<number> {
  const businessId = await createBusiness(site.database, {
    slug: `bench-${randomBytes(4).toString('hex')}`,
    name: 'Barokah Net',
    zone: 'Asia/Jakarta',
    package: 'bisnis',
    bankAccount: 'BCA 0000123456 a.n. Joko',
    midtransKey: MIDTRANS_KEY,
    sealer: SEALER,
    now: START,
  })
  await asBusiness(site, businessId, [
    `insert into staff (business_id, name, call_name, phone, role, added_at, proven_until)
     select $1::bigint, 'Admin ' || n, 'Admin ' || n, '62812' || (10000000 + n), case n when 0 then 'owner' else 'admin' end, '${START}', timestamptz '${START}' + interval '60 days'
       from generate_series(0, ${size.staff - 1}) n`,
    `insert into plan (business_id, name, name_key, price, added_at) values ($1::bigint, 'Rumah 10 Mbps', 'rumah10mbps', 150000, '${START}')`,
    `insert into customer (business_id, number, name, name_key, area, area_key, added_at)
     select $1::bigint, 'P-' || lpad(n::text, 6, '0'), 'Budi Santoso ' || n, 'budi santoso ' || n, 'RT ' || n % 9, 'rt ' || n % 9, '${START}'
       from generate_series(0, ${size.customers - 1}) n`,
    `insert into customer_phone (business_id, customer_id, phone, kind)
     select $1::bigint, id, '62857' || (10000000 + substring(number from 3)::int), 'mobile' from customer where business_id = $1::bigint`,
    // Due on one of 15 days, all of them within the plan's 19 lead days.
    `insert into subscription (business_id, customer_id, plan_id, anchor_day, next_due_on, next_period, status, started_on)
     select c.business_id, c.id, p.id, 11 + c.id % 15, date '2026-12-11' + (c.id % 15)::int, '2026-12-01', 'active', '2026-11-01'
       from customer c join plan p on p.business_id = c.business_id where c.business_id = $1::bigint`,
  ])
  return businessId
}

/** Runs statements as the business `$1`, which the policies ask for; all in one transaction. */
export async function asBusiness(site: Site, businessId: number, statements: readonly string[]): Promise<void> {
  const client = await site.bare.connect()
  try {
    await client.query('begin; set local search_path to public')
    await client.query(`select set_config('app.business_id', $1, true)`, [String(businessId)])
    for (const statement of statements) await client.query(statement, [businessId])
    await client.query('commit')
  } finally {
    client.release()
  }
}

/**
 * Makes the baseline's tables in the schema `bare`: the same columns, checks, keys and indexes as ours, without
 * policies, foreign keys and triggers; and fills those named in `filled` with the same rows.
 */
export async function makeBare(
  site: Site,
  businessId: number,
  tables: { empty: readonly string[]; filled: readonly string[] },
): Promise<void> {
  for (const name of [...tables.empty, ...tables.filled]) {
    await site.bare.query(`drop table if exists bare.${name}`)
    await site.bare.query(`create table bare.${name} (like public.${name} including all)`)
  }
  for (const name of tables.filled) {
    const { rows } = await site.bare.query(
      `select string_agg(quote_ident(attname), ', ' order by attnum) as names from pg_attribute
        where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
      [`public.${name}`],
    )
    const columns = rows[0].names
    await asBusiness(site, businessId, [
      `insert into bare.${name} (${columns}) overriding system value select ${columns} from public.${name} where $1::bigint > 0`,
    ])
  }
}
