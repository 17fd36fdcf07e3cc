import { type Selectable, sql } from 'kysely'
import { type Books, json } from './books.ts'
import type { Moment } from './calendar.ts'
import type { ChannelName, Tables } from './tables.ts'
export type Message = Selectable<Tables['message']>

/** A message as a channel brings it in. */
export type Incoming = {
  channel: ChannelName
  /** Its id outside: the second delivery of the same one is nothing. */
  outsideId: string
  phone: string
  /** `text`, `file`, `reaction`, `contact`, `location`. */
  kind: string
  text: string
  file?: { name: string; mime: string; bytes: Uint8Array }
  quotedId?: number
  /** When it was written, where that was earlier than now: it may have waited outside, and be stale (C06). */
  writtenAt?: Moment
  /** The account behind it, where that is not the trusted one of its phone: nothing but a code is read from it (H04). */
  account?: string
}

/** Longer texts are cut before anything reads them (C15); WhatsApp itself allows 65,536 characters. */
const LONGEST_TEXT = 10_000

/** What PostgreSQL cannot store or a screen should not show: NUL, other controls, lone surrogates (C16). */
export function cleanText(text: string): string {
  return text
    .slice(0, LONGEST_TEXT)
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
}

/**
 * Stores a message that came in, as the first thing done with it. Answers nothing when its outside identity is
 * known: the second delivery is nothing (C04).
 */
export async function storeIncoming(
  books: Books,
  incoming: {
    channel: ChannelName
    outsideId: string
    phone: string
    kind: string
    text: string
    fileId?: number
    quotedId?: number
    /** When it was written; a message may have waited outside. */
    writtenAt?: Moment
    account?: string
  },
): Promise<number | undefined> {
  const { now } = books
  const { writtenAt = now } = incoming
  const stored = await books.trx
    .insertInto('message')
    .values({
      business_id: books.business.id,
      direction: 'in',
      channel: incoming.channel,
      outside_id: incoming.outsideId,
      phone: incoming.phone,
      kind: incoming.kind,
      text: cleanText(incoming.text),
      file_id: incoming.fileId ?? null,
      quoted_id: incoming.quotedId ?? null,
      account: incoming.account ?? null,
      status: 'received',
      at: Temporal.Instant.compare(writtenAt, now) < 0 ? writtenAt : now,
      not_before: now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  return stored?.id
}

/** Whether a message of that outside identity is here already. */
export async function isStored(
  books: Books,
  { channel, phone, outsideId }: { channel: ChannelName; phone: string; outsideId: string },
): Promise<boolean> {
  const found = await books.trx
    .selectFrom('message')
    .select('id')
    .where('business_id', '=', books.business.id)
    .where('direction', '=', 'in')
    .where('channel', '=', channel)
    .where('phone', '=', phone)
    .where('outside_id', '=', outsideId)
    .executeTakeFirst()
  return found !== undefined
}

/** The oldest message of a phone that is not handled yet. For whoever holds the conversation's lock. */
export async function nextUnhandled(books: Books, phone: string): Promise<Message | undefined> {
  return (
    books.trx
      .selectFrom('message')
      .selectAll()
      .where('business_id', '=', books.business.id)
      .where('phone', '=', phone)
      // Written out, so that the index of what nobody handled serves a prepared statement too.
      .where('direction', '=', sql.lit('in'))
      .where('status', '=', sql.lit('received'))
      .orderBy('id')
      .limit(1)
      .executeTakeFirst()
  )
}

/** More than one person writes in any outage; what is beyond has its own turn. */
const MOST_UNHANDLED = 200

/** What a phone wrote and nobody handled yet, in order. For whoever holds the conversation's lock. */
export async function listUnhandled(books: Books, phone: string): Promise<Message[]> {
  return books.trx
    .selectFrom('message')
    .selectAll()
    .where('business_id', '=', books.business.id)
    .where('phone', '=', phone)
    .where('direction', '=', 'in')
    .where('status', '=', 'received')
    .orderBy('id')
    .limit(MOST_UNHANDLED)
    .execute()
}

/** The phones with messages that nobody handled: what a crash left (C02). */
export async function listUnhandledPhones(books: Books): Promise<string[]> {
  const rows = await books.trx
    .selectFrom('message')
    .select('phone')
    .distinct()
    .where('business_id', '=', books.business.id)
    .where('direction', '=', 'in')
    .where('status', '=', 'received')
    .execute()
  return rows.map((row) => row.phone)
}

export async function getMessage(books: Books, id: number): Promise<Message> {
  return books.trx
    .selectFrom('message')
    .selectAll()
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
}

/** Marks an incoming message; answers whether more of its phone wait, so that nobody has to look once more. */
export async function settleIncoming(
  books: Books,
  id: number,
  status: 'handled' | 'failed',
  understood: { command: string; args: Record<string, unknown> } | null,
  reason?: string,
): Promise<boolean> {
  const { more } = await books.trx
    .updateTable('message')
    .set({ status, understood: understood && json(understood), settled_at: books.now, reason: reason ?? null })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .returning(
      sql<boolean>`exists (
        select from message m where m.business_id = message.business_id and m.phone = message.phone
           and m.direction = 'in' and m.status = 'received' and m.id <> message.id)`.as('more'),
    )
    .executeTakeFirstOrThrow()
  return more
}

/** Notes that an incoming message brought back the code that was sent to its phone. */
export async function markProven(books: Books, id: number): Promise<void> {
  await books.trx
    .updateTable('message')
    .set({ proven: true })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .execute()
}
