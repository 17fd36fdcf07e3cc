import { type RawBuilder, sql } from 'kysely'
import type { Books } from './books.ts'
import { type Day, isBefore, nextDue } from './calendar.ts'
import { lockCustomers } from './customer.ts'
import { type Change, writeChanges } from './due.ts'
import { issueDay } from './subscription.ts'

/** How a change stands now: beside it the subscription and its invoices as they are. */
type Standing = {
  change: Change
  anchorDay: number
  nextDueOn: Day
  nextPeriod: Day
  months: number
  leadDays: number
  /** The invoice that it moved was sent since, with the new date. */
  invoiceSent: boolean
  /** The invoice that was issued for the period that was next, where one was; untouched: neither sent, paid nor void. */
  issued: { id: number; dueOn: Day; untouched: boolean } | null
}

/**
 * Takes an act back as far as nothing was built on it since: due dates return to what they were. An invoice that the act
 * had issued at once is kept for its regular day instead, neither sent nor listed before it (rules 14, 25). What was sent
 * never falls due earlier than it said. Answers how many were taken back, and how many could not be.
 */
export async function undoShifts(
  books: Books,
  cause: string,
  staffId: number,
): Promise<{ undone: number; left: number }> {
  const customers = await books.trx
    .selectFrom('due_change as d')
    .innerJoin('subscription as s', (join) =>
      join.onRef('s.business_id', '=', 'd.business_id').onRef('s.id', '=', 'd.subscription_id'),
    )
    .select('s.customer_id as id')
    .distinct()
    .where('d.business_id', '=', books.business.id)
    .where('d.cause', '=', cause)
    .execute()
  if (customers.length === 0) return { undone: 0, left: 0 }
  await lockCustomers(
    books,
    customers.map(({ id }) => id),
  )
  const back = (await listStanding(books, cause)).map(reverse)
  await writeChanges(books, back.flat(), { cause, staffId, kind: 'undo' })
  const undone = back.filter((changes) => changes.length > 0).length
  return { undone, left: back.length - undone }
}

/** The changes that take one back; none where something was built on it. */
function reverse({ change, issued, ...now }: Standing): Change[] {
  const { invoiceFrom, invoiceTo } = change
  const fallsEarlier = invoiceFrom !== null && invoiceTo !== null && isBefore(invoiceFrom, invoiceTo)
  if (now.anchorDay !== change.anchorTo || (now.invoiceSent && fallsEarlier)) return []
  const back: Change = {
    ...change,
    nextPeriod: now.nextPeriod,
    anchorFrom: change.anchorTo,
    anchorTo: change.anchorFrom,
    nextFrom: now.nextDueOn,
    nextTo: change.nextFrom,
    invoiceFrom: invoiceTo,
    invoiceTo: invoiceFrom,
  }
  if (now.nextPeriod.equals(change.nextPeriod)) return now.nextDueOn.equals(change.nextTo) ? [back] : []
  if (!issued?.untouched || !now.nextDueOn.equals(nextDue(issued.dueOn, change.anchorTo, now.months))) return []
  // The invoice that was issued at once gets the due date that would have been next.
  const nextTo = nextDue(change.nextFrom, change.anchorFrom, now.months)
  const kept: Change = {
    ...back,
    nextTo,
    invoiceId: issued.id,
    invoiceFrom: issued.dueOn,
    invoiceTo: change.nextFrom,
    issueOn: issueDay(change.nextFrom, now.leadDays),
  }
  return change.invoiceId === null ? [kept] : [{ ...back, nextTo }, kept]
}

async function listStanding(books: Books, cause: string): Promise<Standing[]> {
  const { rows } = await sql<
    Omit<Change, 'nextPeriod'> &
      Omit<Standing, 'change' | 'issued'> & {
        periodThen: Day
        issuedId: number | null
        issuedDueOn: Day | null
        untouched: boolean | null
      }
  >`
    select d.subscription_id as "subscriptionId", d.next_period as "periodThen", d.anchor_from as "anchorFrom",
           d.anchor_to as "anchorTo", d.next_from as "nextFrom", d.next_to as "nextTo", d.invoice_id as "invoiceId",
           d.invoice_from as "invoiceFrom", d.invoice_to as "invoiceTo",
           s.anchor_day as "anchorDay", s.next_due_on as "nextDueOn", s.next_period as "nextPeriod", p.months, p.lead_days as "leadDays",
           sent_since.yes as "invoiceSent", i.id as "issuedId", i.due_on as "issuedDueOn",
           i.status = 'open' and i.paid = 0 and not sent.yes as untouched
      from due_change d
      join subscription s on s.business_id = d.business_id and s.id = d.subscription_id
      join plan p on p.business_id = s.business_id and p.id = s.plan_id
      left join invoice i on i.business_id = d.business_id and i.subscription_id = d.subscription_id and i.kind = 'recurring'
                         and i.period = d.next_period
     cross join lateral (${wasSent(sql`d.invoice_id`, sql`d.at`)}) sent_since (yes)
     cross join lateral (${wasSent(sql`i.id`, sql`'-infinity'::timestamptz`)}) sent (yes)
     where d.business_id = ${books.business.id} and d.cause = ${cause} and d.kind <> 'undo'
     order by s.customer_id, d.id`.execute(books.trx)
  return rows.map(
    ({
      anchorDay,
      nextDueOn,
      nextPeriod,
      months,
      leadDays,
      invoiceSent,
      periodThen,
      issuedId,
      issuedDueOn,
      untouched,
      ...change
    }) => ({
      change: { ...change, nextPeriod: periodThen },
      ...{ anchorDay, nextDueOn, nextPeriod, months, leadDays, invoiceSent },
      issued:
        issuedId !== null && issuedDueOn ? { id: issuedId, dueOn: issuedDueOn, untouched: untouched === true } : null,
    }),
  )
}

/** Whether a message about an invoice left, may have left or waits, since a moment. */
function wasSent(invoiceId: RawBuilder<unknown>, since: RawBuilder<unknown>) {
  return sql`
    select exists (select from message_invoice mi
                     join message m on m.business_id = mi.business_id and m.id = mi.message_id
                    where mi.business_id = d.business_id and mi.invoice_id = ${invoiceId} and m.at >= ${since}
                      and m.status in ('waiting', 'sending', 'sent', 'uncertain'))`
}
