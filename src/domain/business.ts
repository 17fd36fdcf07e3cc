import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Books } from './books.ts'
import type { Moment } from './calendar.ts'
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
              ${fresh.fonnteToken ? fresh.sealer.seal(id, fresh.fonnteToken) : null}, ${fresh.fonnteDevice ?? null}, ${randomBytes(24).toString('hex')},
              ${fresh.midtransKey ? fresh.sealer.seal(id, fresh.midtransKey) : null}, ${fresh.now})`.execute(trx)
    await trx.insertInto('directory').values({ kind: 'slug', key: fresh.slug, business_id: id }).execute()
    return id
  })
}
