import { sql } from 'kysely'
import type { Books } from './books.ts'
import type { Day } from './calendar.ts'
import { inArea } from './customer.ts'
import { type Rupiah, sum } from './money.ts'

/** One customer of a list of debts. */
export type Debtor = {
  customerId: number
  name: string
  area: string | null
  invoices: number
  open: Rupiah
  /** The due date of the oldest of them. */
  oldestDueOn: Day
  daysLate: number
}

export type DebtorList = { customers: number; invoices: number; total: Rupiah; rows: Debtor[] }

export type DebtFilter = {
  /** Only what is past due; else everything open. */
  overdue?: boolean
  /** Only what is at least so many days late. */
  minDays?: number
  area?: string
  /** Only invoices for that month. */
  period?: Day
}

/** Who owes, the most pressing first, with the totals: one statement, so that they agree (M21). */
export async function listDebtors(books: Books, filter: DebtFilter): Promise<DebtorList> {
  const { rows } = await sql<Debtor>`
    select c.id as "customerId", c.name, c.area, count(*)::int as invoices, sum(i.total - i.paid) as open,
           min(i.due_on) as "oldestDueOn", (${books.today}::date - min(i.due_on))::int as "daysLate"
      from invoice i
      join customer c on c.business_id = i.business_id and c.id = i.customer_id and c.withdrawn_at is null
     where i.business_id = ${books.business.id} and i.status = 'open' and i.issue_on <= ${books.today}
       and (${!filter.overdue} or i.due_on < ${books.today})
       and (${filter.minDays ?? null}::int is null or ${books.today}::date - i.due_on >= ${filter.minDays ?? null}::int)
       and (${filter.period ?? null}::date is null or i.period = ${filter.period ?? null}::date)
       and ${inArea(filter.area, 'c')}
     group by c.id, c.name, c.area
     order by min(i.due_on), sum(i.total - i.paid) desc, c.name`.execute(books.trx)
  return {
    customers: rows.length,
    invoices: rows.reduce((count, row) => count + row.invoices, 0),
    total: sum(rows.map((row) => row.open)),
    rows,
  }
}

/** One overdue invoice, as the Excel file of the contract has it. */
export type OverdueInvoice = {
  id: number
  number: string
  customerNumber: string
  name: string
  phone: string | null
  area: string | null
  planName: string
  period: Day | null
  months: number
  dueOn: Day
  daysLate: number
  total: Rupiah
  paid: Rupiah
  open: Rupiah
}

/**
 * Overdue invoices in the order of the list, page by page behind `after`, so that a large file never stands in memory
 * as a whole.
 */
export async function listOverdueInvoices(
  books: Books,
  filter: Omit<DebtFilter, 'overdue'>,
  page: { after?: OverdueInvoice; limit: number },
): Promise<OverdueInvoice[]> {
  const { after } = page
  const { rows } = await sql<OverdueInvoice>`
    select i.id, i.number, c.number as "customerNumber", c.name, p.phone, c.area, i.plan_name as "planName", i.period, i.months,
           i.due_on as "dueOn", (${books.today}::date - i.due_on)::int as "daysLate", i.total, i.paid, i.total - i.paid as open
      from invoice i
      join customer c on c.business_id = i.business_id and c.id = i.customer_id and c.withdrawn_at is null
      left join lateral (
        select phone from customer_phone where business_id = c.business_id and customer_id = c.id order by position limit 1
      ) p on true
     where i.business_id = ${books.business.id} and i.status = 'open' and i.due_on < ${books.today}
       and (${filter.minDays ?? null}::int is null or ${books.today}::date - i.due_on >= ${filter.minDays ?? null}::int)
       and (${after?.dueOn ?? null}::date is null or (i.due_on, i.id) > (${after?.dueOn ?? null}::date, ${after?.id ?? null}::bigint))
       and ${inArea(filter.area, 'c')}
     order by i.due_on, i.id limit ${page.limit}`.execute(books.trx)
  return rows
}
