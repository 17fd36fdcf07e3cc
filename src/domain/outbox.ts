import { randomUUID } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'
import { type Books, json } from './books.ts'
import { addDays, dayIn, type Moment, momentOf } from './calendar.ts'
import type { Message } from './message.ts'
import { nextBroadcastSlot } from './pace.ts'
import type { ChannelName } from './tables.ts'

/** What leaves: every message is first a row, which one sender claims, hands over and marks. What comes in is in `message.ts`. */

/** A message as a gateway sends it. `outsideId` was chosen before the first try. */
export type Outgoing = {
  phone: string
  text: string
  outsideId: string
  file?: { name: string; mime: string; bytes: Buffer }
}

/** Hands one message to the outside and answers the id it has there. Throws `GatewayError`. */
export type SendMessage = (message: Outgoing) => Promise<{ id: string }>

/** The gateway for many messages, with one business's device. Throws `GatewayError`. */
export type BroadcastGateway = {
  send: SendMessage
  /** Whether the device is connected, its number, and how many messages it may still send where that is known. */
  device(): Promise<{ connected: boolean; phone?: string; quota?: number }>
}

/**
 * A gateway said no, or did not answer.
 * - `recipient`: this number can never get it;
 * - `refused`: the gateway takes nothing for people who never wrote, and each try makes it worse: the run stops, and what
 *   was sent alone is given up;
 * - `device`: nothing can leave (disconnected, out of quota, bad token): the run stops, the rest waits;
 * - `passing`: nothing was handed over, try again later;
 * - `unknown`: it may have been handed over: never sent again by the machine (N02).
 */
export class GatewayError extends Error {
  readonly fault: 'recipient' | 'refused' | 'device' | 'passing' | 'unknown'

  constructor(fault: GatewayError['fault'], reason: string) {
    super(reason)
    this.fault = fault
  }
}

/** What leaves nobody's hand at night: everything unasked. Answers and digital receipts come at any hour. */
export const QUIET_KINDS = ['bill', 'staffReceipt', 'correction']

/** While a restore waits for a person's word no bill and no broadcast leaves (N19); of a query in which `m` is the message. */
const HELD = sql`((m.broadcast_id is not null or m.kind = 'bill') and exists (
  select from restoration r where r.business_id = m.business_id and r.released_at is null))`

/**
 * Notes what Fonnte says later of a message that it had taken: that it could not be delivered after all. What is known to
 * have failed stays failed, in whatever order the reports come (N11, api-facts A6).
 */
export async function noteUndelivered(books: Books, outsideId: string, reason: string): Promise<void> {
  await books.trx
    .updateTable('message')
    .set({ status: 'failed', reason, settled_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('direction', '=', 'out')
    .where('channel', '=', 'fonnte')
    .where('outside_id', '=', outsideId)
    .where('status', '=', 'sent')
    .execute()
}

export type NewMessage = {
  phone: string
  kind: string
  text: string
  channel?: ChannelName
  fileId?: number
  causeId?: number
  broadcastId?: number
  customerId?: number
  /** Of which payment it is the receipt. */
  paymentId?: number
  delaySeconds?: number
}

/** Queues messages: they leave after the commit, by the sender alone. Answers their ids in order. */
export async function queueMessages(books: Books, fresh: readonly NewMessage[]): Promise<number[]> {
  if (fresh.length === 0) return []
  const { business, now } = books
  const messages = fresh.map(({ delaySeconds = 0, channel = 'bot', ...message }) => ({
    ...message,
    channel,
    // JSON has no place for half a character, where a text was cut.
    text: message.text.toWellFormed(),
    outsideId: outsideId(),
    notBefore: now.add({ seconds: delaySeconds }),
  }))
  // One parameter, so that the statement is the same however many there are.
  const { rows } = await sql<{ id: number }>`
    insert into message (business_id, direction, channel, outside_id, phone, kind, text, file_id, cause_id, broadcast_id,
                         customer_id, payment_id, status, at, not_before)
    select ${business.id}, 'out', m.channel, m."outsideId", m.phone, m.kind, m.text, m."fileId", m."causeId", m."broadcastId",
           m."customerId", m."paymentId", 'waiting', ${now}, m."notBefore"
      from json_to_recordset(${json(messages)}) as m (
             channel text, "outsideId" text, phone text, kind text, text text, "fileId" bigint, "causeId" bigint,
             "broadcastId" bigint, "customerId" bigint, "paymentId" bigint, "notBefore" timestamptz)
    returning id, ${wake(books, sql.ref('channel'))}`.execute(books.trx)
  // It wakes the sender when this transaction commits, once, however many rows say so.
  return rows.map((row) => row.id)
}

/** Wakes the sender when this transaction commits; its sweep would come by anyway. */
export async function wakeSender(books: Books, channel: ChannelName): Promise<void> {
  await sql`select ${wake(books, sql`${channel}`)}`.execute(books.trx)
}

function wake(books: Books, channel: RawBuilder<unknown>) {
  return sql`pg_notify('outbox', ${`${books.business.id}:`} || ${channel})`
}

/** The form of WhatsApp's own message ids; chosen here, so that a repeat can be recognised (api-facts C9). */
function outsideId(): string {
  return `3EB0${randomUUID().replaceAll('-', '').slice(-18).toUpperCase()}`
}

/** Cancels messages that wait and have lost their reason; answers how many. */
export async function cancelWaiting(books: Books, ids: readonly number[], reason: string): Promise<number> {
  if (ids.length === 0) return 0
  const done = await books.trx
    .updateTable('message')
    .set({ status: 'cancelled', reason, settled_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('id', 'in', [...ids])
    .where('status', '=', 'waiting')
    .executeTakeFirst()
  return Number(done.numUpdatedRows)
}

/** Keeps the receipt of a payment from leaving; answers it where it left before, or may have. */
export async function withdrawReceipt(books: Books, paymentId: number): Promise<Message | undefined> {
  const receipt = await books.trx
    .selectFrom('message')
    .selectAll()
    .where('business_id', '=', books.business.id)
    .where('payment_id', '=', paymentId)
    .forUpdate()
    .executeTakeFirst()
  if (receipt?.status === 'waiting') await cancelWaiting(books, [receipt.id], 'pembayaran dibatalkan')
  return receipt && LEFT.has(receipt.status) ? receipt : undefined
}

/** What left, or may have. */
const LEFT: ReadonlySet<Message['status']> = new Set(['sent', 'sending', 'uncertain'] as const)

/** When the quiet hours that hold at `now` end, or nothing outside them (voice, Forms). */
export function quietUntil(
  business: { quiet_from: string; quiet_until: string; zone: string },
  now: Moment,
): Moment | undefined {
  const { quiet_from: from, quiet_until: until, zone } = business
  if (from === until) return undefined
  const time = now.toZonedDateTimeISO(zone).toPlainTime().toString().slice(0, 5)
  const today = dayIn(zone, now)
  const overnight = from > until
  const quiet = overnight ? time >= from || time < until : time >= from && time < until
  if (!quiet) return undefined
  return momentOf(overnight && time >= from ? addDays(today, 1) : today, until, zone)
}

/**
 * Claims the next message that may leave by a channel now; it is marked as being sent before it is (N01). `single` are
 * answers and all else that leaves on its own, `broadcast` what its pace lets through.
 */
export async function claimNext(
  books: Books,
  channel: ChannelName,
  lane: 'single' | 'broadcast',
): Promise<Message | undefined> {
  const { trx, business, now } = books
  const quiet = quietUntil(business, now) !== undefined
  const ready = sql`m.business_id = ${business.id} and m.channel = ${channel} and m.direction = 'out'
    and m.status = 'waiting' and m.not_before <= ${now} and not (${quiet} and m.kind = any (${QUIET_KINDS})) and not ${HELD}`
  // One query for each, along an index in order: what waits behind is never read.
  const { rows } = await (lane === 'single'
    ? sql<{ id: number }>`
        select m.id from message m where ${ready} and m.broadcast_id is null
         order by m.id limit 1 for update skip locked`
    : sql<{ id: number }>`
        select next.id from broadcast b cross join lateral (
          select m.id from message m where ${ready} and m.broadcast_id = b.id
           order by m.id limit 1 for update skip locked) next
         where b.business_id = ${business.id} and b.state = 'running'
         order by b.id limit 1`
  ).execute(trx)
  const id = rows[0]?.id
  if (id === undefined) return undefined
  return trx
    .updateTable('message')
    .set({ status: 'sending', claimed_at: now, attempts: sql`attempts + 1` })
    .where('business_id', '=', business.id)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Keeps the text that really leaves. */
export async function rewriteMessage(books: Books, id: number, text: string): Promise<void> {
  await books.trx
    .updateTable('message')
    .set({ text })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .execute()
}

/**
 * Writes down what became of a claimed message. `waiting` means that nothing was handed over. Only the claim that it
 * belongs to counts: a sender that lost its lock meanwhile says nothing about a later one. That it was sent is proof,
 * also where another sender had to call it uncertain.
 */
export async function settleOutgoing(
  books: Books,
  { id, attempts }: { id: number; attempts: number },
  outcome: {
    status: 'sent' | 'failed' | 'uncertain' | 'waiting' | 'cancelled'
    reason?: string
    outsideId?: string
    retryInSeconds?: number
  },
): Promise<void> {
  await books.trx
    .updateTable('message')
    .set({
      status: outcome.status,
      reason: outcome.reason ?? null,
      ...(outcome.outsideId && { outside_id: outcome.outsideId }),
      ...(outcome.status === 'waiting'
        ? { not_before: books.now.add({ seconds: outcome.retryInSeconds ?? 0 }) }
        : { settled_at: books.now }),
      // Nothing went out, so the next need not keep its distance.
      ...(outcome.status === 'cancelled' && { claimed_at: null }),
    })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .where('status', 'in', outcome.status === 'sent' ? ['sending', 'uncertain'] : ['sending'])
    .execute()
}

/** Why a message is uncertain that was under way when the program or the machine died. */
export const CUT_OFF = 'program berhenti saat mengirim'

/**
 * What a killed sender left claimed. Over the bot's own number the id was chosen beforehand and WhatsApp drops
 * a double, so those are sent again; whatever else may have been handed over is uncertain, and never sent again
 * by the machine (G4). Only for whoever holds the sender's lock.
 */
export async function recoverClaimed(books: Books, channel: ChannelName): Promise<void> {
  await books.trx
    .updateTable('message')
    .set(
      channel === 'bot'
        ? { status: 'waiting' as const }
        : { status: 'uncertain' as const, reason: CUT_OFF, settled_at: books.now },
    )
    .where('business_id', '=', books.business.id)
    .where('channel', '=', channel)
    .where('status', '=', 'sending')
    .execute()
}

/** Lets what waits for the bot's own number leave by Fonnte: for a business that has no number linked. */
export async function leaveByFonnte(books: Books): Promise<void> {
  const moved = await books.trx
    .updateTable('message')
    .set({ channel: 'fonnte' })
    .where('business_id', '=', books.business.id)
    .where('channel', '=', 'bot')
    .where('direction', '=', 'out')
    .where('status', '=', 'waiting')
    .executeTakeFirst()
  if (Number(moved.numUpdatedRows) > 0) await wakeSender(books, 'fonnte')
}

/** What of a business's messages may leave now, by channel, and when the next of the others may. */
export type Waiting = { due: ChannelName[]; next?: Moment }

/** Looks at everything that waits to leave; a stopped broadcast waits for a person, not for a time. */
export async function listWaiting(books: Books): Promise<Waiting> {
  const { rows } = await sql<{ channel: ChannelName; at: Moment; kind: string; paced: boolean }>`
    select m.channel, m.kind, b.id is not null and m.status = 'waiting' as paced, min(m.not_before) as at from message m
      left join broadcast b on b.business_id = m.business_id and b.id = m.broadcast_id
     where m.business_id = ${books.business.id} and m.direction = 'out' and m.status in ('waiting', 'sending')
       and (b.id is null or b.state = 'running') and not ${HELD}
     group by 1, 2, 3`.execute(books.trx)
  const times: { channel: ChannelName; at: Moment }[] = []
  for (const { channel, kind, at, paced } of rows) {
    const from = [at, books.now, ...(paced ? [await nextBroadcastSlot(books, channel)] : [])]
      .sort(Temporal.Instant.compare)
      .at(-1) as Moment
    const quiet = QUIET_KINDS.includes(kind) ? quietUntil(books.business, from) : undefined
    times.push({ channel, at: quiet ?? from })
  }
  const due = times.filter(({ at }) => Temporal.Instant.compare(at, books.now) <= 0)
  const next = times
    .map(({ at }) => at)
    .filter((at) => Temporal.Instant.compare(at, books.now) > 0)
    .sort(Temporal.Instant.compare)[0]
  return { due: [...new Set(due.map(({ channel }) => channel))], ...(next && { next }) }
}
