import { sql } from 'kysely'
import type { Books } from './books.ts'
import type { Moment } from './calendar.ts'
import type { ChannelName } from './tables.ts'

/**
 * When the next message of a broadcast may leave by a channel: the pace after the last one, the caps of the hour and
 * the day, and where the last one was handed back, its next try: nothing overtakes it. All of it is in the database, so
 * that a restart makes no burst (N06). Reads a few index entries, however long the broadcast is.
 */
export async function nextBroadcastSlot(books: Books, channel: ChannelName): Promise<Moment> {
  const { business, now } = books
  const { pace_seconds: pace, hourly_cap: hourlyCap, daily_cap: dailyCap } = business
  const { rows } = await sql<{ at: Moment; handedBack: Moment | null }>`
    select claimed_at as at, case when status = 'waiting' then not_before end as "handedBack" from message
     where business_id = ${business.id} and channel = ${channel} and broadcast_id is not null
       and claimed_at > ${now.subtract({ hours: 24 })}
     order by claimed_at desc, id desc limit 1`.execute(books.trx)
  const [last] = rows
  if (!last) return now
  const slots = [now]
  if (last.handedBack) slots.push(last.handedBack)
  // A clock that was put back must not hold everything up for as long as it was wrong.
  const lastAt = Temporal.Instant.compare(last.at, now) > 0 ? now : last.at
  if (pace > 0) slots.push(lastAt.add({ milliseconds: Math.round(pace * 1_000 * (1 + jitter(last.at))) }))
  if (hourlyCap !== null) slots.push(...(await whenFull(books, channel, hourlyCap, 1)))
  if (dailyCap !== null) slots.push(...(await whenFull(books, channel, dailyCap, 24)))
  return slots.sort(Temporal.Instant.compare).at(-1) as Moment
}

/** An even rhythm looks like a machine: up to half the pace more, different from message to message. */
function jitter(at: Moment): number {
  return (at.epochMilliseconds % 1_009) / 1_009 / 2
}

/** When a cap lets the next message through, where it is reached now. */
async function whenFull(books: Books, channel: ChannelName, cap: number, hours: number): Promise<Moment[]> {
  const { rows } = await sql<{ at: Moment }>`
    select claimed_at as at from message
     where business_id = ${books.business.id} and channel = ${channel} and broadcast_id is not null
       and claimed_at > ${books.now.subtract({ hours })}
     order by claimed_at desc offset ${cap - 1} limit 1`.execute(books.trx)
  return rows.map(({ at }) => at.add({ hours }))
}
