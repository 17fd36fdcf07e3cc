import { sql } from 'kysely'
import type { Books, OpenBooks } from './books.ts'
import type { Moment } from './calendar.ts'
import { wakeSender } from './outbox.ts'
import type { Sealer } from './secret.ts'
import { provePhone } from './staff.ts'

/** How a business's own number stands, for a page that shows it live. */
export type NumberState =
  | { is: 'unlinked'; since?: Moment; reason?: 'removed' | 'unlinked' }
  /** Waits for a person with the phone: a QR to scan, or a code to type. Neither may reach a log. */
  | { is: 'pairing'; qr?: string; code?: string }
  | { is: 'connecting'; phone: string }
  | { is: 'open'; phone: string }
  /** Another program holds the number; this one takes over when that one ends. */
  | { is: 'elsewhere'; phone: string }
  | { is: 'stopped'; phone?: string; reason: StopReason }

/**
 * Why a number does not connect any more until a person acts:
 * - `expired`: nobody scanned the QR or typed the code in time; `unreachable`: WhatsApp did not answer;
 * - `taken`: the number is linked to another business here;
 * - `banned`: WhatsApp blocked it; `outdated`: WhatsApp wants a newer client;
 * - `replaced`: something else uses the same link; `broken`: the kept keys do not fit any more.
 */
export type StopReason = 'expired' | 'unreachable' | 'taken' | 'banned' | 'outdated' | 'replaced' | 'broken'

/** A row of Signal's keys; a null forgets it. */
export type KeyRow = { type: string; id: string; value: string | null }

/** Whatever is written at once goes into the database in pieces of so many rows (its parameters are limited). */
const ROWS_AT_ONCE = 1_000

/** The linked number with its opened credentials, or nothing. */
export async function findNumber(books: Books, sealer: Sealer): Promise<{ phone: string; creds: string } | undefined> {
  const row = await books.trx
    .selectFrom('whatsapp_number')
    .select(['phone', 'creds'])
    .where('business_id', '=', books.business.id)
    .executeTakeFirst()
  return row?.creds ? { phone: row.phone, creds: sealer.open(books.business.id, row.creds) } : undefined
}

/** The number on which the bot itself hears a business. */
export async function findOwnNumber(books: Books): Promise<string | undefined> {
  const row = await books.trx
    .selectFrom('whatsapp_number')
    .select('phone')
    .where('business_id', '=', books.business.id)
    .where('creds', 'is not', null)
    .executeTakeFirst()
  return row?.phone
}

/** The number that people write to: the bot's own, else that of the Fonnte device. */
export async function findWrittenTo(books: Books): Promise<string | undefined> {
  return (await findOwnNumber(books)) ?? books.business.fonnte_device ?? undefined
}

/** When and why the last link ended. */
export async function findEnd(books: Books): Promise<{ at: Moment; reason: 'removed' | 'unlinked' } | undefined> {
  const row = await books.trx
    .selectFrom('whatsapp_number')
    .select(['ended_at', 'end_reason'])
    .where('business_id', '=', books.business.id)
    .executeTakeFirst()
  return row?.ended_at && row.end_reason ? { at: row.ended_at, reason: row.end_reason } : undefined
}

/** Keeps a freshly linked number; false when it is linked to another business. */
export async function linkNumber(
  openBooks: OpenBooks,
  businessId: number,
  sealer: Sealer,
  number: { phone: string; creds: string },
): Promise<boolean> {
  const creds = sealer.seal(businessId, number.creds)
  try {
    await openBooks(businessId, async (books) => {
      const row = { phone: number.phone, creds, linked_at: books.now, ended_at: null, end_reason: null }
      await books.trx
        .insertInto('whatsapp_number')
        .values({ business_id: businessId, ...row })
        .onConflict((conflict) => conflict.column('business_id').doUpdateSet(row))
        .execute()
      await tellPrograms(books)
      await provePhone(books, number.phone)
    })
    return true
  } catch (error) {
    const { code, constraint } = error as { code?: string; constraint?: string }
    if (code === '23505' && constraint === 'whatsapp_number_phone') return false
    throw error
  }
}

export async function saveCreds(books: Books, sealer: Sealer, creds: string): Promise<void> {
  await books.trx
    .updateTable('whatsapp_number')
    .set({ creds: sealer.seal(books.business.id, creds) })
    .where('business_id', '=', books.business.id)
    .where('creds', 'is not', null)
    .execute()
}

/** The link is over: nothing of the account is kept. */
export async function endNumber(books: Books, reason: 'removed' | 'unlinked'): Promise<void> {
  const businessId = books.business.id
  await books.trx
    .updateTable('whatsapp_number')
    .set({ creds: null, ended_at: books.now, end_reason: reason })
    .where('business_id', '=', businessId)
    .where('creds', 'is not', null)
    .execute()
  await books.trx.updateTable('whatsapp_key').set({ value: null }).where('business_id', '=', businessId).execute()
  await tellPrograms(books)
}

/** On this channel every program hears, with the business's id, that a link was made or ended. */
export const LINK_CHANNEL = 'number'

async function tellPrograms(books: Books): Promise<void> {
  await sql`select pg_notify(${LINK_CHANNEL}, ${String(books.business.id)})`.execute(books.trx)
}

/** Writes keys down; those that come after the end of the link are dropped. */
export async function saveKeys(books: Books, sealer: Sealer, rows: readonly KeyRow[]): Promise<void> {
  const businessId = books.business.id
  const linked = await books.trx
    .selectFrom('whatsapp_number')
    .select('phone')
    .where('business_id', '=', businessId)
    .where('creds', 'is not', null)
    .forShare()
    .executeTakeFirst()
  if (!linked) return
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const values = rows.slice(from, from + ROWS_AT_ONCE).map(({ type, id, value }) => ({
      business_id: businessId,
      type,
      id,
      value: value === null ? null : sealer.seal(businessId, value),
    }))
    await books.trx
      .insertInto('whatsapp_key')
      .values(values)
      .onConflict((conflict) =>
        conflict.columns(['business_id', 'type', 'id']).doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
      )
      .execute()
  }
}

export async function findKeys(
  books: Books,
  sealer: Sealer,
  type: string,
  ids: readonly string[],
): Promise<{ id: string; value: string }[]> {
  if (ids.length === 0) return []
  const businessId = books.business.id
  const rows = await books.trx
    .selectFrom('whatsapp_key')
    .select(['id', 'value'])
    .where('business_id', '=', businessId)
    .where('type', '=', type)
    .where('id', 'in', [...ids])
    .where('value', 'is not', null)
    .execute()
  return rows.map(({ id, value }) => ({ id, value: sealer.open(businessId, value as Buffer) }))
}

/** What was sent to a phone under an id, when the phone asks for it once more. */
export async function findSent(books: Books, phone: string, outsideId: string): Promise<string | undefined> {
  const row = await books.trx
    .selectFrom('message')
    .select('text')
    .where('business_id', '=', books.business.id)
    .where('direction', '=', 'out')
    .where('channel', '=', 'bot')
    .where('phone', '=', phone)
    .where('outside_id', '=', outsideId)
    .where('file_id', 'is', null)
    .executeTakeFirst()
  return row?.text
}

/** The row of a message with this phone by its outside id, for what a reply quotes. */
export async function findQuoted(books: Books, phone: string, outsideId: string): Promise<number | undefined> {
  const row = await books.trx
    .selectFrom('message')
    .select('id')
    .where('business_id', '=', books.business.id)
    .where('phone', '=', phone)
    .where('outside_id', '=', outsideId)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.id
}

/** The number is connected again: what could not leave and was put off is due now. */
export async function hurryWaiting(books: Books): Promise<void> {
  await books.trx
    .updateTable('message')
    .set({ not_before: books.now })
    .where('business_id', '=', books.business.id)
    .where('channel', '=', 'bot')
    .where('direction', '=', 'out')
    .where('status', '=', 'waiting')
    .where('attempts', '>', 0)
    .where('not_before', '>', books.now)
    .execute()
  await wakeSender(books, 'bot')
}
