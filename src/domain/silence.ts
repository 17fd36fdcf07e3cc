import { sql } from 'kysely'
import type { Books } from './books.ts'
import type { Moment } from './calendar.ts'

/** After a person of the business wrote by hand into a customer's chat, the bot keeps out of it for so long. */
const SILENT_HOURS = 12
/** What Fonnte sent on the same number may show up on the phone so much later. */
const FONNTE_HOURS = 48

/** Somebody wrote by hand in this customer's chat. */
export async function noteTyped(books: Books, phone: string, at: Moment): Promise<void> {
  await sql`
    insert into conversation (business_id, phone, typed_at) values (${books.business.id}, ${phone}, ${at})
      on conflict (business_id, phone) do update set typed_at = greatest(conversation.typed_at, excluded.typed_at)`.execute(
    books.trx,
  )
}

/** Whether a person is talking with this customer, so that the bot keeps out of it. */
export async function isSilent(books: Books, phone: string): Promise<boolean> {
  const chat = await books.trx
    .selectFrom('conversation')
    .select('typed_at')
    .where('business_id', '=', books.business.id)
    .where('phone', '=', phone)
    .executeTakeFirst()
  if (!chat?.typed_at) return false
  return Temporal.Instant.compare(chat.typed_at.add({ hours: SILENT_HOURS }), books.now) > 0
}

/**
 * Whether a message that left the linked phone was sent by this program: under an id that it chose, or through Fonnte,
 * which sends under ids of its own and may add a line of its own at the end. Everything else a person typed.
 */
export async function isOurs(
  books: Books,
  message: { outsideId: string; phone: string; text: string },
): Promise<boolean> {
  const { rows } = await sql<{ ours: boolean }>`
    select exists (
      select from message
       where business_id = ${books.business.id} and direction = 'out' and phone = ${message.phone}
         and (outside_id = ${message.outsideId}
           or (channel = 'fonnte' and status in ('sending', 'sent', 'uncertain') and text <> ''
             and claimed_at > ${books.now.subtract({ hours: FONNTE_HOURS })}
             and starts_with(${message.text.trim()}, btrim(text, E' \n\t'))))
    ) as ours`.execute(books.trx)
  return rows[0]?.ours === true
}
