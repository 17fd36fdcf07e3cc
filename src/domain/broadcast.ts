import { type Selectable, sql } from 'kysely'
import { audit, type Books } from './books.ts'
import type { Moment } from './calendar.ts'
import { findCustomer, inArea, listSharers } from './customer.ts'
import { type Invoice, listOpenInvoices } from './invoice.ts'
import { billLetter } from './letter.ts'
import { type Rupiah, sum } from './money.ts'
import { CUT_OFF, type NewMessage, queueMessages, rewriteMessage, wakeSender } from './outbox.ts'
import type { Tables } from './tables.ts'

/** Many messages started by one act. */
export type Broadcast = Selectable<Tables['broadcast']>

/** Whoever was billed or reminded so recently is left out (rules 34). */
const RECENT_DAYS = 3

/** Why a customer with an open invoice gets no message now. */
export type LeftOut = 'noWhatsApp' | 'optedOut' | 'recent' | 'sent'

export type Recipient = { customerId: number; name: string; phone: string; wrote: boolean; open: Rupiah }

/** Who would be billed, and who would not and why. */
export type BillRun = {
  recipients: Recipient[]
  total: Rupiah
  leftOut: { reason: LeftOut; customers: number }[]
  /** When the newest of the bills that were sent before went out. */
  lastSentAt?: Moment
}

/**
 * Plans `tagih semua`: one message to each customer with open invoices that were not sent yet (rules 34). An invoice
 * counts as sent while a message about it waits, left, or may have left.
 */
export async function planBillRun(books: Books, area?: string): Promise<BillRun> {
  const { rows } = await sql<Recipient & { reason: LeftOut | null; sentAt: Moment | null }>`
    with open as (
      select i.customer_id, sum(i.total - i.paid) as open, bool_or(sent.at is null) as unsent, max(sent.at) as "sentAt"
        from invoice i
        left join lateral (
          select max(m.at) as at from message_invoice mi
            join message m on m.business_id = mi.business_id and m.id = mi.message_id
           where mi.business_id = i.business_id and mi.invoice_id = i.id
             and m.status in ('waiting', 'sending', 'sent', 'uncertain')
        ) sent on true
       where i.business_id = ${books.business.id} and i.status = 'open' and i.issue_on <= ${books.today}
       group by i.customer_id
    )
    select c.id as "customerId", c.name, p.phone, c.wrote_at is not null as wrote, o.open, o."sentAt",
           case when not o.unsent then 'sent'
                when c.opted_out_at is not null then 'optedOut'
                when p.phone is null then 'noWhatsApp'
                when o."sentAt" > ${books.now.subtract({ hours: 24 * RECENT_DAYS })} then 'recent'
           end as reason
      from open o
      join customer c on c.business_id = ${books.business.id} and c.id = o.customer_id and c.withdrawn_at is null
      left join lateral (
        select phone from customer_phone
         where business_id = c.business_id and customer_id = c.id and kind = 'mobile' order by position limit 1
      ) p on true
     where ${inArea(area, 'c')}
     order by c.id`.execute(books.trx)
  const recipients = rows.filter((row) => row.reason === null)
  const reasons = new Map<LeftOut, number>()
  for (const { reason } of rows) if (reason) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  const sent = rows.flatMap((row) => row.sentAt ?? []).sort(Temporal.Instant.compare)
  return {
    recipients,
    total: sum(recipients.map((row) => row.open)),
    leftOut: [...reasons].map(([reason, customers]) => ({ reason, customers })),
    lastSentAt: sent.at(-1),
  }
}

/** When a customer was last billed or reminded, where that was recent (rules 34). */
export async function lastBilled(books: Books, customerId: number): Promise<Moment | undefined> {
  const row = await books.trx
    .selectFrom('message')
    .select((eb) => eb.fn.max('at').as('at'))
    .where('business_id', '=', books.business.id)
    .where('customer_id', '=', customerId)
    .where('kind', '=', 'bill')
    .where('status', 'in', ['waiting', 'sending', 'sent', 'uncertain'])
    .where('at', '>', books.now.subtract({ hours: 24 * RECENT_DAYS }))
    .executeTakeFirst()
  return row?.at ?? undefined
}

/** How many messages are written in one statement; PostgreSQL takes 65,535 parameters at most. */
const BATCH = 2_000

/**
 * Starts the run: a broadcast and its message rows, in this transaction. Two people who start it at the same
 * moment wait for each other here, and the second finds that everything is sent.
 */
export async function startBillRun(
  books: Books,
  staffId: number,
  area?: string,
): Promise<{ broadcast: Broadcast; run: BillRun } | undefined> {
  await sql`select id from business where id = ${books.business.id} for no key update`.execute(books.trx)
  const run = await planBillRun(books, area)
  if (run.recipients.length === 0) return undefined
  const broadcast = await books.trx
    .insertInto('broadcast')
    .values({
      business_id: books.business.id,
      kind: 'bills',
      state: 'running',
      started_by: staffId,
      started_at: books.now,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  const invoices = Map.groupBy(
    await listOpenInvoices(
      books,
      run.recipients.map((row) => row.customerId),
    ),
    (invoice) => invoice.customerId,
  )
  for (let start = 0; start < run.recipients.length; start += BATCH) {
    const part = run.recipients.slice(start, start + BATCH)
    await queueBills(
      books,
      part.map((row) => ({ ...row, invoices: invoices.get(row.customerId) ?? [] })),
      { broadcastId: broadcast.id, channel: 'fonnte' },
    )
  }
  await audit(books, {
    actor: `staff:${staffId}`,
    act: 'broadcast.start',
    subject: `broadcast:${broadcast.id}`,
    facts: { customers: run.recipients.length, total: run.total },
  })
  return { broadcast, run }
}

/** Queues one bill message for each customer and notes which invoices it is about (I4); answers the messages' ids. */
export async function queueBills(
  books: Books,
  bills: readonly { customerId: number; name: string; phone: string; invoices: readonly Invoice[] }[],
  how: Pick<NewMessage, 'broadcastId' | 'channel' | 'causeId'>,
): Promise<number[]> {
  const sharers = await listSharers(
    books,
    bills.map((bill) => bill.customerId),
  )
  const ids = await queueMessages(
    books,
    bills.map((bill) => ({
      phone: bill.phone,
      kind: 'bill',
      text: billLetter(books.business, { ...bill, shared: sharers.has(bill.customerId) }, bill.invoices, books.today),
      customerId: bill.customerId,
      ...how,
    })),
  )
  const links = bills.flatMap((bill, index) =>
    bill.invoices.map((invoice) => ({ invoiceId: invoice.id, messageId: ids[index] as number })),
  )
  await sql`
    insert into message_invoice (business_id, invoice_id, purpose, round, message_id)
    select ${books.business.id}, l.invoice_id, 'bill',
           1 + coalesce((select max(round) from message_invoice mi
                          where mi.business_id = ${books.business.id} and mi.invoice_id = l.invoice_id and mi.purpose = 'bill'), 0),
           l.message_id
      from unnest(${links.map((link) => link.invoiceId)}::bigint[], ${links.map((link) => link.messageId)}::bigint[])
        as l (invoice_id, message_id)`.execute(books.trx)
  return ids
}

/**
 * Looks once more at a bill message that was just claimed: paid or withdrawn meanwhile it is not sent, and where the
 * sum changed it is written anew (N13). Answers the text to send, or why it is not sent.
 */
export async function recheckBill(
  books: Books,
  message: { id: number; text: string; customer_id: number | null; broadcast_id: number | null },
): Promise<{ text: string } | { cancel: string }> {
  const customer = message.customer_id === null ? undefined : await findCustomer(books, message.customer_id)
  if (!customer) return { cancel: 'pelanggan ditarik' }
  if (customer.optedOut && message.broadcast_id !== null) return { cancel: 'minta tidak dikirimi' }
  const about = await books.trx
    .selectFrom('message_invoice')
    .select('invoice_id')
    .where('business_id', '=', books.business.id)
    .where('message_id', '=', message.id)
    .execute()
  const ids = new Set(about.map((row) => row.invoice_id))
  const open = (await listOpenInvoices(books, [customer.id])).filter((invoice) => ids.has(invoice.id))
  if (open.length === 0) return { cancel: 'sudah bayar lebih dulu' }
  const text = billLetter(books.business, customer, open, books.today)
  if (text !== message.text) await rewriteMessage(books, message.id, text)
  return { text }
}

/** How a broadcast stands, by what became of its messages; the counts add up to all of them (I6). */
export type Progress = {
  broadcast: Broadcast
  all: number
  sent: number
  waiting: number
  failed: number
  uncertain: number
  cancelled: number
  reasons: { status: string; reason: string; count: number }[]
}

/** The newest broadcast of a business, or the one with that id. */
export async function findProgress(books: Books, id?: number): Promise<Progress | undefined> {
  let query = books.trx
    .selectFrom('broadcast')
    .selectAll()
    .where('business_id', '=', books.business.id)
    .orderBy('id', 'desc')
    .limit(1)
  if (id !== undefined) query = query.where('id', '=', id)
  const broadcast = await query.executeTakeFirst()
  if (!broadcast) return undefined
  const rows = await books.trx
    .selectFrom('message')
    .select(['status', 'reason', sql<number>`count(*)::int`.as('count')])
    .where('business_id', '=', books.business.id)
    .where('broadcast_id', '=', broadcast.id)
    .groupBy(['status', 'reason'])
    .execute()
  const count = (...statuses: string[]) =>
    rows.filter((row) => statuses.includes(row.status)).reduce((total, row) => total + row.count, 0)
  return {
    broadcast,
    all: rows.reduce((total, row) => total + row.count, 0),
    sent: count('sent'),
    waiting: count('waiting', 'sending'),
    failed: count('failed'),
    uncertain: count('uncertain'),
    cancelled: count('cancelled'),
    reasons: rows.flatMap((row) =>
      row.reason && row.status !== 'waiting' ? [{ status: row.status, reason: row.reason, count: row.count }] : [],
    ),
  }
}

/** Names of those whom a broadcast did not reach, with the reason. */
export async function listUnreached(
  books: Books,
  broadcastId: number,
  limit: number,
): Promise<{ name: string; area: string | null; status: string; reason: string | null }[]> {
  return books.trx
    .selectFrom('message as m')
    .innerJoin('customer as c', (join) =>
      join.onRef('c.business_id', '=', 'm.business_id').onRef('c.id', '=', 'm.customer_id'),
    )
    .select(['c.name', 'c.area', 'm.status', 'm.reason'])
    .where('m.business_id', '=', books.business.id)
    .where('m.broadcast_id', '=', broadcastId)
    .where('m.status', 'in', ['failed', 'uncertain'])
    .orderBy('m.id')
    .limit(limit)
    .execute()
}

/** Stops a broadcast: what is not sent waits, nothing is lost. False when it was not running. */
export async function stopBroadcast(books: Books, id: number, reason: string): Promise<boolean> {
  const done = await books.trx
    .updateTable('broadcast')
    .set({ state: 'stopped', stop_reason: reason })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .where('state', '=', 'running')
    .executeTakeFirst()
  return Number(done.numUpdatedRows) === 1
}

/** Lets a stopped broadcast go on with what is left. */
export async function resumeBroadcast(books: Books, id: number): Promise<boolean> {
  const done = await books.trx
    .updateTable('broadcast')
    .set({ state: 'running', stop_reason: null })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .where('state', '=', 'stopped')
    .executeTakeFirst()
  if (Number(done.numUpdatedRows) === 0) return false
  await wakeSender(books, 'fonnte')
  return true
}

/** Marks every running broadcast of which nothing waits any more as done; answers the result of each exactly once. */
export async function finishBroadcasts(books: Books): Promise<Progress[]> {
  const { rows } = await sql<{ id: number }>`
    update broadcast b set state = 'done', finished_at = ${books.now}
     where b.business_id = ${books.business.id} and b.state = 'running'
       and not exists (select from message m
                        where m.business_id = b.business_id and m.broadcast_id = b.id and m.status in ('waiting', 'sending'))
    returning b.id`.execute(books.trx)
  const finished: Progress[] = []
  for (const { id } of rows) finished.push((await findProgress(books, id)) as Progress)
  return finished
}

/** The broadcasts that run or were stopped, the oldest first: two may be under way at once. */
export async function listUnfinished(books: Books): Promise<Progress[]> {
  const rows = await books.trx
    .selectFrom('broadcast')
    .select('id')
    .where('business_id', '=', books.business.id)
    .where('state', '<>', 'done')
    .orderBy('id')
    .execute()
  const unfinished: Progress[] = []
  for (const { id } of rows) unfinished.push((await findProgress(books, id)) as Progress)
  return unfinished
}

/** So many uncertain messages one after the other mean that the gateway is ill, not the messages. */
export const MOST_UNCERTAIN = 10

/** Whether the last messages of a broadcast all ended uncertain by the gateway's doing, a crash of ours not counted. */
export async function isGatewayIll(books: Books, broadcastId: number): Promise<boolean> {
  const { rows } = await sql<{ lost: number }>`
    select count(*)::int as lost from (
      select status, reason from message
       where business_id = ${books.business.id} and channel = 'fonnte' and broadcast_id is not null
         and claimed_at > ${books.now.subtract({ hours: 24 })} and broadcast_id = ${broadcastId}
       order by claimed_at desc, id desc limit ${MOST_UNCERTAIN}) last
     where status = 'uncertain' and reason <> ${CUT_OFF}`.execute(books.trx)
  return rows[0]?.lost === MOST_UNCERTAIN
}
