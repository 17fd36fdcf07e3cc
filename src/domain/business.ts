import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Books } from './books.ts'
import { addDays, dayIn, later, type Moment, momentOf } from './calendar.ts'
import type { Database } from './database.ts'
import type { Sealer } from './secret.ts'

export type NewBusiness = {
  slug: string
  name: string
  zone: string
  package: 'dasar' | 'bisnis'
  bankAccount?: string
  paceSeconds?: number
  fonnteToken?: string
  fonnteDevice?: string
  midtransKey?: string
  sealer: Sealer
  now: Moment
}

/** Puts new credentials in the place of the old ones, sealed with the present key. */
export async function changeCredentials(
  books: Books,
  sealer: Sealer,
  fresh: { fonnteToken: string; midtransKey: string },
): Promise<void> {
  const { id } = books.business
  await books.trx
    .updateTable('business')
    .set({ fonnte_token: sealer.seal(id, fresh.fonnteToken), midtrans_key: sealer.seal(id, fresh.midtransKey) })
    .where('id', '=', id)
    .execute()
}

/** Makes a business and its entry in the directory; answers its id. Throws when the slug is taken. */
export async function createBusiness(database: Database, fresh: NewBusiness): Promise<number> {
  return database.kysely.transaction().execute(async (trx) => {
    const { rows } = await sql<{ id: number }>`select nextval(pg_get_serial_sequence('business', 'id')) as id`.execute(
      trx,
    )
    const { id } = rows[0] as { id: number }
    // The policy holds for whoever makes the business too.
    await sql`select set_config('app.business_id', ${String(id)}, true)`.execute(trx)
    await sql`
      insert into business (id, slug, name, zone, package, bank_account, pace_seconds, fonnte_token, fonnte_device, fonnte_secret, midtrans_key, created_at)
      overriding system value
      values (${id}, ${fresh.slug}, ${fresh.name}, ${fresh.zone}, ${fresh.package}, ${fresh.bankAccount ?? null},
              ${fresh.paceSeconds ?? 8},
              ${fresh.fonnteToken ? fresh.sealer.seal(id, fresh.fonnteToken) : null}, ${fresh.fonnteDevice ?? null}, ${makeFonnteSecret()},
              ${fresh.midtransKey ? fresh.sealer.seal(id, fresh.midtransKey) : null}, ${fresh.now})`.execute(trx)
    await trx.insertInto('directory').values({ kind: 'slug', key: fresh.slug, business_id: id }).execute()
    return id
  })
}

/** What the owner sets about the business. What is left out stays; `null` takes it away. */
export type BusinessChange = {
  name?: string
  service?: string
  bank_account?: string | null
  quiet_from?: string
  quiet_until?: string
  pace_seconds?: number
  hourly_cap?: number | null
  daily_cap?: number | null
  fonnte_token?: Buffer | null
  fonnte_device?: string | null
  fonnte_secret?: string
  midtrans_key?: Buffer | null
  midtrans_production?: boolean
}

export async function editBusiness(books: Books, change: BusinessChange): Promise<void> {
  await books.trx.updateTable('business').set(change).where('id', '=', books.business.id).execute()
}

/** The unguessable part of a Fonnte webhook's address. */
export function makeFonnteSecret(): string {
  return randomBytes(24).toString('hex')
}

/**
 * Changes the business's time zone, from tomorrow on (rules 33): within a day that has begun, today would become
 * another day. At once where no bill was issued yet. Answers from when it holds, nothing when it already does.
 */
export async function changeZone(books: Books, zone: string): Promise<Moment | undefined> {
  const { trx, business, now, today } = books
  const issued = await trx
    .selectFrom('invoice')
    .select('id')
    .where('business_id', '=', business.id)
    .limit(1)
    .executeTakeFirst()
  // The midnight that comes last of the two, so that no day is lived twice or left out.
  const tomorrow = addDays(later(today, dayIn(zone, now)), 1)
  const at = [business.zone, zone].map((each) => momentOf(tomorrow, '00:00', each)).sort(Temporal.Instant.compare)[1]
  const pending = issued !== undefined && zone !== business.zone
  await trx
    .updateTable('business')
    .set({
      zone: pending ? business.zone : zone,
      next_zone: pending ? zone : null,
      next_zone_at: pending ? at : null,
    })
    .where('id', '=', business.id)
    .execute()
  return pending ? at : undefined
}

/** What a business is called until somebody says its name. */
export const PLACEHOLDER_NAME = 'Usaha Saya'
