import { type Selectable, sql } from 'kysely'
import type pg from 'pg'
import { audit, type Books } from './books.ts'
import { queueBills } from './broadcast.ts'
import { isAfter, type Moment } from './calendar.ts'
import { openMatter } from './conversation.ts'
import { listOpenInvoices } from './invoice.ts'
import { restoredLetter, takesDigital } from './letter.ts'
import { type Rupiah, sum } from './money.ts'
import { queueMessages, wakeSender } from './outbox.ts'
import { listStaff } from './staff.ts'
import type { Tables } from './tables.ts'

/**
 * A business that came back from a backup. The world is ahead of it: what it had ready to send may have been sent, what
 * is unpaid here may be paid. Nothing of that can be found out from the data, so every bill that is not known to have
 * left counts as "tidak pasti", and none leaves before the owner was told how many they are and said yes (N19, D12).
 */
export type Restoration = Selectable<Tables['restoration']>

/** Why such a message is uncertain; the owner may say later that it never left. */
const MAYBE_SENT = 'mungkin sudah terkirim sebelum data dipulihkan'

/** The newest thing that the books of the open business know of. */
const NEWEST = `greatest((select max(at) from message), (select max(at) from audit), (select max(at) from daily_run))`

/** The moment up to which the books go: the clock of whoever opens them cannot be behind it. */
export async function findNewestMoment(books: Books): Promise<Moment | undefined> {
  const { rows } = await sql<{ at: Moment | null }>`select ${sql.raw(NEWEST)} as at`.execute(books.trx)
  return rows[0]?.at ?? undefined
}

/**
 * Holds a business that was just loaded, in the transaction that loaded it. What was on its way out may have arrived, a
 * question may have been answered, and the jobs of errands are gone.
 */
export async function holdRestored(client: pg.ClientBase, businessId: number): Promise<void> {
  const { rows } = await client.query<{ until: string | null }>(`select (${NEWEST})::text as until`)
  const until = rows[0]?.until ?? null
  await client.query(
    `update message set status = 'uncertain', reason = $2, settled_at = coalesce(claimed_at, at)
      where business_id = $1 and direction = 'out' and status in ('waiting', 'sending')`,
    [businessId, MAYBE_SENT],
  )
  await client.query(
    `update broadcast set state = 'done', finished_at = $2, stop_reason = null
      where business_id = $1 and state in ('running', 'stopped')`,
    [businessId, until],
  )
  await client.query(`update errand set state = 'failed', done_at = at where business_id = $1 and state = 'open'`, [
    businessId,
  ])
  await client.query(`update question set closed_at = asked_at where business_id = $1 and closed_at is null`, [
    businessId,
  ])
  for (const { table, end } of NOT_TWICE) {
    const { rows: found } = await client.query('select to_regclass($1) is not null as there', [table])
    if (found[0].there) await client.query(end, [businessId])
  }
  // A backup of a restored business that nobody answered for yet: one hold is enough, and it starts anew.
  await client.query(
    `insert into restoration (business_id, data_until) values ($1, $2)
     on conflict (business_id) where released_at is null do update set data_until = excluded.data_until, noticed_at = null, matter = null`,
    [businessId, until],
  )
}

/**
 * What must not live on in a copy. The WhatsApp account may be linked where the data came from, and its keys have moved on
 * (C11, C12): it is linked anew. A browser that was signed out after the backup stays out (S02).
 */
const NOT_TWICE = [
  {
    table: 'whatsapp_number',
    end: `update whatsapp_number set creds = null, ended_at = coalesce((${NEWEST}), linked_at), end_reason = 'unlinked'
           where business_id = $1 and creds is not null`,
  },
  { table: 'whatsapp_key', end: 'update whatsapp_key set value = null where business_id = $1' },
  { table: 'session', end: 'update session set ended_at = seen_at where business_id = $1 and ended_at is null' },
  { table: 'access_link', end: 'update access_link set used_at = made_at where business_id = $1 and used_at is null' },
]

/** The restore that nobody has answered for yet: no bill leaves while it stands. */
export async function findHold(books: Books): Promise<Restoration | undefined> {
  return books.trx
    .selectFrom('restoration')
    .selectAll()
    .where('business_id', '=', books.business.id)
    .where('released_at', 'is', null)
    .executeTakeFirst()
}

/** Writes down that the program runs on restored data now; the job that is queued with it does the rest. */
export async function noticeRestoration(books: Books): Promise<void> {
  await books.trx
    .updateTable('restoration')
    .set({ noticed_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('noticed_at', 'is', null)
    .execute()
}

/** The orders that may have been paid meanwhile, by the id that Midtrans knows. */
export async function listOpenOrderIds(books: Books): Promise<string[]> {
  const rows = await books.trx
    .selectFrom('payment_order')
    .select('order_id')
    .where('business_id', '=', books.business.id)
    .where('state', 'in', ['made', 'open'])
    .orderBy('id')
    .execute()
  return rows.map((row) => row.order_id)
}

/** Whether Midtrans said what became of an order since the program runs on the restored data. */
export async function wasAnswered(books: Books, orderId: string): Promise<boolean> {
  const hold = await findHold(books)
  const order = await books.trx
    .selectFrom('payment_order')
    .select('asked_at')
    .where('business_id', '=', books.business.id)
    .where('order_id', '=', orderId)
    .executeTakeFirstOrThrow()
  const since = hold?.noticed_at
  // Later, not at the same moment: the tick that noticed the restore may have noted that it is about to ask.
  return !since || (order.asked_at !== null && Temporal.Instant.compare(order.asked_at, since) > 0)
}

/** Notifications that were received and not worked on when the backup was made: their jobs are not in it. */
export async function requeueNotifications(books: Books): Promise<void> {
  const rows = await books.trx
    .selectFrom('notification')
    .select('id')
    .where('business_id', '=', books.business.id)
    .where('state', '=', 'received')
    .execute()
  for (const { id } of rows) await books.enqueue({ name: 'notification', id })
}

/** A customer whose bill may have been sent unseen, and what is open of it. */
type MaybeBilled = { customerId: number; name: string; phone: string; open: Rupiah; recorded: boolean }

/**
 * Customers with bills of which nobody knows whether they left: every one that is issued up to now and has no message
 * that surely stands for it. `recorded` ones have a message that says so.
 */
async function listMaybeBilled(books: Books): Promise<MaybeBilled[]> {
  const { rows } = await sql<MaybeBilled>`
    select c.id as "customerId", c.name, p.phone, sum(i.total - i.paid) as open, bool_and(sent.maybe) as recorded
      from invoice i
      join customer c on c.business_id = i.business_id and c.id = i.customer_id and c.withdrawn_at is null
      join lateral (
        select phone from customer_phone
         where business_id = c.business_id and customer_id = c.id and kind = 'mobile' order by position limit 1
      ) p on true
     cross join lateral (
        select coalesce(bool_or(m.reason is not distinct from ${MAYBE_SENT} and m.status = 'uncertain'), false) as maybe,
               coalesce(bool_or(m.status in ('waiting', 'sending', 'sent', 'uncertain')
                                and m.reason is distinct from ${MAYBE_SENT}), false) as surely
          from message_invoice mi
          join message m on m.business_id = mi.business_id and m.id = mi.message_id
         where mi.business_id = i.business_id and mi.invoice_id = i.id
     ) sent
     where i.business_id = ${books.business.id} and i.status = 'open' and i.issue_on <= ${books.today} and not sent.surely
     group by c.id, c.name, p.phone
     order by c.id`.execute(books.trx)
  return rows
}

/**
 * Asks the owners whether sending may go on, with the risk and the number in it. Called when Midtrans was asked.
 * @param unasked orders of which Midtrans did not say what became of them
 * @param sealed credentials that do not open with this SECRET_KEY
 */
export async function askToRelease(
  books: Books,
  { unasked, sealed }: { unasked: number; sealed: boolean },
): Promise<void> {
  const hold = await findHold(books)
  if (!hold?.noticed_at || hold.matter !== null) return
  const maybe = await listMaybeBilled(books)
  const matter = await openMatter(books, {
    kind: 'restoration.release',
    args: {},
    summary: `pengiriman ditahan, ${maybe.length} pelanggan mungkin sudah ditagih`,
    // Numbers that were given out after the backup stand in people's chats: none of them may answer this.
    fresh: true,
  })
  await books.trx
    .updateTable('restoration')
    .set({ matter })
    .where('business_id', '=', books.business.id)
    .where('id', '=', hold.id)
    .execute()
  const text = restoredLetter(
    {
      until: hold.data_until,
      customers: maybe.length,
      total: sum(maybe.map(({ open }) => open)),
      matter,
      unasked: unasked > 0 || takesDigital(books.business) ? unasked : undefined,
      sealed,
    },
    books.business.zone,
  )
  const owners = await listStaff(books, ['owner'])
  await queueMessages(
    books,
    owners.map(({ phone }) => ({ phone, kind: 'matter', text })),
  )
}

/** How many messages are written in one statement; PostgreSQL takes 65,535 parameters at most. */
const BATCH = 2_000

/**
 * Lets bills leave again, as a person said. Whoever may have been billed unseen gets a message row that says so, so that
 * no run sends to them again. Answers how many they are and the matter that would bill them after all.
 */
export async function releaseSending(
  books: Books,
  staffId: number,
): Promise<{ customers: number; matter?: number } | undefined> {
  await sql`select id from business where id = ${books.business.id} for no key update`.execute(books.trx)
  const hold = await findHold(books)
  if (!hold?.noticed_at) return undefined
  const maybe = await listMaybeBilled(books)
  await recordMaybeSent(
    books,
    maybe.filter(({ recorded }) => !recorded),
    staffId,
  )
  await books.trx
    .updateTable('restoration')
    .set({ released_at: books.now, released_by: staffId })
    .where('business_id', '=', books.business.id)
    .where('id', '=', hold.id)
    .execute()
  await audit(books, {
    actor: `staff:${staffId}`,
    act: 'restoration.release',
    subject: `restoration:${hold.id}`,
    facts: { customers: maybe.length },
  })
  await wakeSender(books, 'bot')
  await wakeSender(books, 'fonnte')
  if (maybe.length === 0) return { customers: 0 }
  const matter = await openMatter(books, {
    kind: 'restoration.billAgain',
    args: {},
    summary: `${maybe.length} pelanggan mungkin sudah ditagih`,
  })
  return { customers: maybe.length, matter }
}

async function recordMaybeSent(books: Books, maybe: readonly MaybeBilled[], staffId: number): Promise<void> {
  if (maybe.length === 0) return
  const { id: broadcastId } = await books.trx
    .insertInto('broadcast')
    .values({
      business_id: books.business.id,
      kind: 'bills',
      state: 'done',
      started_by: staffId,
      started_at: books.now,
      finished_at: books.now,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const open = await listOpenInvoices(
    books,
    maybe.map(({ customerId }) => customerId),
  )
  // What was issued ahead of its day is not sent before it either (rules 14).
  const invoices = Map.groupBy(
    open.filter(({ issueOn }) => !isAfter(issueOn, books.today)),
    (invoice) => invoice.customerId,
  )
  for (let start = 0; start < maybe.length; start += BATCH)
    await queueBills(
      books,
      maybe
        .slice(start, start + BATCH)
        .map((customer) => ({ ...customer, invoices: invoices.get(customer.customerId) ?? [] })),
      { broadcastId, channel: 'fonnte' },
    )
  // In the same transaction, so that no sender ever sees them waiting.
  await books.trx
    .updateTable('message')
    .set({ status: 'uncertain', reason: MAYBE_SENT, settled_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('broadcast_id', '=', broadcastId)
    .execute()
}

/** The owner knows that they never left: they count as unsent again. Answers how many; `tagih semua` asks once more. */
export async function billAgain(books: Books, staffId: number): Promise<number> {
  const done = await books.trx
    .updateTable('message')
    .set({ status: 'cancelled', reason: 'pemilik: belum terkirim' })
    .where('business_id', '=', books.business.id)
    .where('status', '=', 'uncertain')
    .where('reason', '=', MAYBE_SENT)
    .where('kind', '=', 'bill')
    .executeTakeFirst()
  const messages = Number(done.numUpdatedRows)
  await audit(books, { actor: `staff:${staffId}`, act: 'restoration.billAgain', facts: { messages } })
  return messages
}
