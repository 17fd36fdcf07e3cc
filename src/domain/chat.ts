import { sql } from 'kysely'
import type { Books } from './books.ts'
import type { Moment } from './calendar.ts'
import { getMessage } from './message.ts'
import { QUIET_KINDS, quietUntil } from './outbox.ts'
import type { ChannelName, IncomingStatus, OutgoingStatus } from './tables.ts'

/** Conversations as somebody looks at them: who there is, what was said, and what a message led to. */

export type Media = { id: number; name: string; mime: string; size: number }

/**
 * What one incoming message led to: all its answers and notes, those too that still wait for the morning or for their
 * two minutes, and whether something is on its way now.
 */
export async function findCaused(
  books: Books,
  id: number,
): Promise<{
  pending: boolean
  understood: unknown
  replies: { id: number; to: string; text: string; status: string; media?: Media }[]
}> {
  const { status, understood } = await getMessage(books, id)
  const errands = await books.trx
    .selectFrom('errand')
    .select('id')
    .where('business_id', '=', books.business.id)
    .where('cause_id', '=', id)
    .where('state', '=', 'open')
    .limit(1)
    .execute()
  const rows = await chat(books)
    .where('m.cause_id', '=', id)
    .where('m.broadcast_id', 'is', null)
    .where('m.status', '<>', 'cancelled')
    .execute()
  const quiet = quietUntil(books.business, books.now) !== undefined
  const due = rows.filter(
    (row) =>
      (row.status === 'waiting' || row.status === 'sending') &&
      Temporal.Instant.compare(row.notBefore, books.now) <= 0 &&
      !(quiet && QUIET_KINDS.includes(row.kind)),
  )
  return {
    pending: status === 'received' || errands.length > 0 || due.length > 0,
    understood,
    replies: rows.map(({ id: replyId, phone, text, status: fate, media }) => ({
      id: replyId,
      to: phone,
      text,
      status: fate,
      ...(media && { media }),
    })),
  }
}

export type ChatMessage = {
  id: number
  phone: string
  direction: 'in' | 'out'
  channel: ChannelName
  status: IncomingStatus | OutgoingStatus
  reason?: string
  text: string
  quotedId?: number
  media?: Media
  at: Moment
}

/** More than anybody looks back over in the simulator at once. */
const MOST_CHAT = 5_000

/** The newest messages behind `after`, of one phone or of everybody, the oldest first; what was cancelled never was. */
export async function listChat(books: Books, after: number, phone?: string): Promise<ChatMessage[]> {
  let query = chat(books)
    .clearOrderBy()
    .orderBy('m.id', 'desc')
    .where('m.id', '>', after)
    .where('m.status', '<>', 'cancelled')
  if (phone) query = query.where('m.phone', '=', phone)
  const rows = await query.limit(MOST_CHAT).execute()
  return rows.reverse().map(({ reason, quotedId, media, kind: _, notBefore: __, ...row }) => ({
    ...row,
    ...(reason && { reason }),
    ...(quotedId && { quotedId }),
    ...(media && { media }),
  }))
}

function chat(books: Books) {
  return books.trx
    .selectFrom('message as m')
    .leftJoin('file as f', (join) => join.onRef('f.business_id', '=', 'm.business_id').onRef('f.id', '=', 'm.file_id'))
    .select([
      'm.id',
      'm.phone',
      'm.direction',
      'm.channel',
      'm.status',
      'm.reason',
      'm.kind',
      'm.text',
      'm.quoted_id as quotedId',
      'm.not_before as notBefore',
    ])
    .select(sql<Moment>`coalesce(m.settled_at, m.at)`.as('at'))
    .select(
      sql<Media | null>`case when f.id is null then null
        else jsonb_build_object('id', f.id, 'name', f.name, 'mime', f.mime, 'size', length(f.bytes)) end`.as('media'),
    )
    .where('m.business_id', '=', books.business.id)
    .orderBy('m.id')
}

/** Everybody with a phone: staff first, the owner at the head, then every customer once by their first phone. */
export async function listPhones(books: Books): Promise<{ phone: string; role: string; name: string }[]> {
  const { rows } = await sql<{ phone: string; role: string; name: string }>`
    select phone, role, coalesce(call_name, name) as name, 0 as part, id from staff
     where business_id = ${books.business.id} and removed_at is null
    union all
    select p.phone, 'customer', c.name, 1, c.id from customer c
      join lateral (
        select phone from customer_phone where business_id = c.business_id and customer_id = c.id order by position limit 1
      ) p on true
     where c.business_id = ${books.business.id} and c.withdrawn_at is null
     order by part, id`.execute(books.trx)
  return rows.map(({ phone, role, name }) => ({ phone, role, name }))
}
