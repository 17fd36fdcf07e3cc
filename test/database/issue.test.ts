import { sql } from 'kysely'
import { beforeEach, expect, test } from 'vitest'
import { planBillRun } from '../../src/domain/broadcast.ts'
import { addDays, type Day, day, isAfter, nextDue } from '../../src/domain/calendar.ts'
import { addCustomer } from '../../src/domain/customer.ts'
import {
  issueChunk,
  issueParked,
  issueSummary,
  listNewlyParked,
  listOpenInvoices,
  skipParked,
} from '../../src/domain/invoice.ts'
import { rupiah } from '../../src/domain/money.ts'
import { recordPayment } from '../../src/domain/payment.ts'
import { addPlan, editPlan, type Plan } from '../../src/domain/plan.ts'
import { listDebtors } from '../../src/domain/report.ts'
import { addStaff, listStaff } from '../../src/domain/staff.ts'
import { firstInvoice, stopSubscriptions, subscribe } from '../../src/domain/subscription.ts'
import { issueAll } from '../../src/jobs/issue.ts'
import { createTestBusiness, openTestBooks, testClock, untilWaiting } from '../support/database.ts'

const START = '2026-12-10T09:00:00+07:00'
const { database, openBooks, clock } = await openTestBooks(START)
let businessId: number
let plan: Plan
let businesses = 0

beforeEach(async () => {
  clock.set(START)
  businessId = await createTestBusiness(database, testClock(START), `usaha-${businesses++}`)
  plan = await openBooks(businessId, (books) => addPlan(books, { name: 'Rumah 10 Mbps', price: rupiah(150_000) }))
})

async function addSubscriber(name: string, date: string, on = plan): Promise<number> {
  return openBooks(businessId, async (books) => {
    const { id } = await addCustomer(books, { name, phones: [] })
    await subscribe(books, {
      customerId: id,
      plan: on,
      first: firstInvoice({ date: day(date) }, books.today, on.billing),
    })
    return id
  })
}

const show = (customerId: number) =>
  openBooks(businessId, async (books) =>
    (await listOpenInvoices(books, [customerId])).map(
      ({ number, dueOn, issuedOn, period }) =>
        `${number} terbit ${issuedOn} tempo ${dueOn} untuk ${period?.toString().slice(0, 7)}`,
    ),
  )

test('due 20, lead 19: issued on the 1st, not a day earlier, and the next one after it', async () => {
  clock.set('2026-11-23T09:00:00+07:00')
  const budi = await addSubscriber('Budi', '2026-12-20')
  clock.set('2026-11-30T23:59:00+07:00')
  expect(await issueAll({ database, openBooks }, businessId)).toBe(0)
  clock.set('2026-12-01T00:05:00+07:00')
  expect(await issueAll({ database, openBooks }, businessId)).toBe(1)
  expect(await issueAll({ database, openBooks }, businessId)).toBe(0)
  clock.set('2027-01-01T00:05:00+07:00')
  expect(await issueAll({ database, openBooks }, businessId)).toBe(1)
  expect(await show(budi)).toEqual([
    'INV-202612-00001 terbit 2026-12-01 tempo 2026-12-20 untuk 2026-12',
    'INV-202701-00001 terbit 2027-01-01 tempo 2027-01-20 untuk 2027-01',
  ])
})

test('an outage of two months is made good with the right dates, and says that it was late', async () => {
  const budi = await addSubscriber('Budi', '2026-12-20')
  await issueAll({ database, openBooks }, businessId)
  clock.set('2027-02-25T08:00:00+07:00')
  expect(await issueAll({ database, openBooks }, businessId)).toBe(2)
  expect(await show(budi)).toEqual([
    'INV-202612-00001 terbit 2026-12-10 tempo 2026-12-20 untuk 2026-12',
    'INV-202702-00001 terbit 2027-02-25 tempo 2027-01-20 untuk 2027-01',
    'INV-202702-00002 terbit 2027-02-25 tempo 2027-02-20 untuk 2027-02',
  ])
})

test('a subscription that would get more than three at once gets none, is parked, and a person decides', async () => {
  const [late, later] = [await addSubscriber('Terlambat', '2026-12-20'), await addSubscriber('Sangat', '2026-12-20')]
  await issueAll({ database, openBooks }, businessId)
  clock.set('2027-05-02T08:00:00+07:00')
  expect(await issueAll({ database, openBooks }, businessId)).toBe(0)
  const parked = await openBooks(businessId, async (books) => {
    // The owner was asked once, so nobody is newly parked any more.
    expect(await listNewlyParked(books)).toEqual([])
    return books.trx
      .selectFrom('subscription')
      .select(['id', 'customer_id'])
      .where('parked_at', 'is not', null)
      .execute()
  })
  expect(parked.map((row) => row.customer_id).sort()).toEqual([late, later])
  const of = (id: number) => parked.filter((row) => row.customer_id === id).map((row) => row.id)
  const owner = await openBooks(businessId, async (books) => {
    await addStaff(books, { name: 'Joko', phone: '6281200000011', role: 'owner' })
    return (await listStaff(books))[0]?.id as number
  })
  // January to May: the one of 20 May has been due to issue since 1 May.
  expect(await openBooks(businessId, (books) => issueParked(books, of(late)))).toBe(5)
  expect(
    await openBooks(businessId, (books) => skipParked(books, of(later), { cause: 'matter:1', staffId: owner })),
  ).toBe(1)
  expect(await issueAll({ database, openBooks }, businessId)).toBe(1)
  expect((await show(later)).at(-1)).toBe('INV-202705-00006 terbit 2027-05-02 tempo 2027-05-20 untuk 2027-05')
})

test('two runs at the same moment issue each invoice once', async () => {
  for (let index = 0; index < 20; index++) await addSubscriber(`Orang ${index}`, '2026-12-20')
  let runs: Promise<number[]> | undefined
  await openBooks(businessId, async (books) => {
    await sql`select id from customer for update`.execute(books.trx)
    runs = Promise.all([1, 2, 3, 4].map(() => issueAll({ database, openBooks }, businessId)))
    // All have seen what is due, and none has begun.
    await untilWaiting(database, 4)
  })
  expect((await runs)?.toSorted()).toEqual([0, 0, 0, 20])
  await addSubscriber('Berikutnya', '2026-12-21')
  await issueAll({ database, openBooks }, businessId)
  const numbers = await openBooks(businessId, (books) =>
    books.trx.selectFrom('invoice').select('number').orderBy('number').execute(),
  )
  // Neither doubled nor skipped, by the run that comes after them either.
  expect(numbers.map((row) => row.number)).toEqual(
    Array.from({ length: 21 }, (_, index) => `INV-202612-${String(index + 1).padStart(5, '0')}`),
  )
})

test('an invoice is a snapshot: a new price touches only what is not issued', async () => {
  const budi = await addSubscriber('Budi', '2026-12-20')
  await issueAll({ database, openBooks }, businessId)
  await openBooks(businessId, (books) => editPlan(books, plan.id, { price: rupiah(175_000) }))
  clock.set('2027-01-01T00:05:00+07:00')
  await issueAll({ database, openBooks }, businessId)
  const totals = await openBooks(businessId, async (books) =>
    (await listOpenInvoices(books, [budi])).map(({ total }) => total),
  )
  expect(totals).toEqual([150_000, 175_000])
})

test('credit pays a new invoice in the transaction that issues it, the oldest payment first', async () => {
  const budi = await addSubscriber('Budi', '2026-12-20')
  await issueAll({ database, openBooks }, businessId)
  await openBooks(businessId, (books) =>
    recordPayment(books, {
      customerId: budi,
      amount: rupiah(200_000),
      method: 'cash',
      paidOn: books.today,
      channel: 'chat',
      source: 'a',
    }),
  )
  clock.set('2027-01-01T00:05:00+07:00')
  await issueAll({ database, openBooks }, businessId)
  const [january] = await openBooks(businessId, (books) => listOpenInvoices(books, [budi]))
  // 200.000 came in, December took 150.000, so 50.000 of January are paid.
  expect(january).toMatchObject({ total: 150_000, paid: 50_000, open: 100_000 })
})

test('the second number of a month follows the first, and counting starts anew with the month', async () => {
  await addSubscriber('Satu', '2026-12-20')
  await issueAll({ database, openBooks }, businessId)
  await addSubscriber('Dua', '2026-12-21')
  await issueAll({ database, openBooks }, businessId)
  clock.set('2027-01-05T00:05:00+07:00')
  await issueAll({ database, openBooks }, businessId)
  const numbers = await openBooks(businessId, (books) =>
    books.trx.selectFrom('invoice').select('number').orderBy('id').execute(),
  )
  expect(numbers.map((row) => row.number)).toEqual([
    'INV-202612-00001',
    'INV-202612-00002',
    'INV-202701-00001',
    'INV-202701-00002',
  ])
})

test('numbers do not stop at 99,999', async () => {
  await openBooks(businessId, (books) =>
    books.trx
      .insertInto('invoice_counter')
      .values({ business_id: businessId, month: day('2026-12-01'), last: 99_999 })
      .execute(),
  )
  await addSubscriber('Banyak', '2026-12-20')
  await issueAll({ database, openBooks }, businessId)
  const [row] = await openBooks(businessId, (books) => books.trx.selectFrom('invoice').select('number').execute())
  expect(row?.number).toBe('INV-202612-100000')
})

test('10,000 customers with mixed days and leads, a tenth stopped: the count equals an independent one, the second run issues 0', async () => {
  const leads = [0, 5, 10, 19, 28]
  const plans: Plan[] = []
  for (const leadDays of leads)
    plans.push(
      await openBooks(businessId, (books) =>
        addPlan(books, { name: `Terbit ${leadDays}`, price: rupiah(100_000 + leadDays), leadDays }),
      ),
    )
  const today = day('2026-12-10')
  const people = Array.from({ length: 10_000 }, (_, index) => ({
    name: `Pelanggan ${index}`,
    number: `X-${index}`,
    plan: plans[index % leads.length] as Plan,
    lead: leads[index % leads.length] as number,
    anchor: 1 + ((index * 7) % 31),
    // From two months ago to two months ahead, so that some are behind by several periods.
    dueOn: addDays(day('2026-10-10'), (index * 13) % 120),
    stopped: index % 10 === 3,
  }))
  await openBooks(businessId, (books) =>
    sql`
    with given as (
      select g ->> 'name' as name, g ->> 'number' as number, (g ->> 'plan')::bigint as plan, (g ->> 'anchor')::int as anchor,
             (g ->> 'dueOn')::date as due_on, (g ->> 'stopped')::boolean as stopped
        from jsonb_array_elements(${JSON.stringify(people.map(({ plan: on, ...rest }) => ({ ...rest, plan: on.id })))}::jsonb) g
    ), made as (
      insert into customer (business_id, number, name, name_key, added_at)
      select ${businessId}, number, name, lower(name), ${books.now} from given returning id, number
    )
    insert into subscription (business_id, customer_id, plan_id, anchor_day, next_due_on, next_period, status, started_on)
    select ${businessId}, m.id, g.plan, g.anchor, g.due_on, date_trunc('month', g.due_on)::date,
           case when g.stopped then 'stopped' else 'active' end, ${books.today}
      from made m join given g using (number)`.execute(books.trx),
  )
  let expected = 0
  let parked = 0
  for (const { dueOn, anchor, lead, stopped } of people) {
    if (stopped) continue
    let count = 0
    for (let due: Day = dueOn; !isAfter(addDays(due, -lead), today); due = nextDue(due, anchor, 1)) count++
    if (count > 3) parked++
    else expected += count
  }
  expect(expected).toBeGreaterThan(5_000)
  expect(await issueAll({ database, openBooks }, businessId)).toBe(expected)
  expect(await issueAll({ database, openBooks }, businessId)).toBe(0)
  await openBooks(businessId, async (books) => {
    const summary = await issueSummary(books, books.now)
    const { subscriptions, issued, issuedBefore, notYet, stopped, paused, parked: held } = summary
    expect(subscriptions).toBe(10_000)
    expect(issued + issuedBefore + notYet + stopped + paused + held).toBe(10_000)
    expect(stopped).toBe(1_000)
    expect(held).toBe(parked)
    const { rows } = await sql<{ invoices: number; pairs: number; numbers: number }>`
      select count(*)::int as invoices, count(distinct (subscription_id, period))::int as pairs, count(distinct number)::int as numbers
        from invoice where business_id = ${businessId}`.execute(books.trx)
    expect(rows).toEqual([{ invoices: expected, pairs: expected, numbers: expected }])
  })
})

test('one that is stopped while its run waits gets nothing', async () => {
  const budi = await addSubscriber('Budi', '2026-12-20')
  let issuing: Promise<{ issued: number }> | undefined
  await openBooks(businessId, async (books) => {
    await sql`select id from customer where id = ${budi} for update`.execute(books.trx)
    issuing = openBooks(businessId, (other) => issueChunk(other))
    await untilWaiting(database, 1)
    await stopSubscriptions(books, [budi])
  })
  expect((await issuing)?.issued).toBe(0)
})

test('a bill issued ahead of its regular day is neither listed nor sent before it, and money pays it', async () => {
  const budi = await addSubscriber('Budi', '2026-12-20')
  expect(await issueAll({ database, openBooks }, businessId)).toBe(1)
  clock.set('2026-12-09T09:00:00+07:00')
  expect(await show(budi)).toEqual([])
  await openBooks(businessId, async (books) => {
    expect((await listDebtors(books, {})).customers).toBe(0)
    expect((await planBillRun(books)).recipients).toEqual([])
    const made = await recordPayment(books, {
      customerId: budi,
      amount: rupiah(150_000),
      method: 'cash',
      paidOn: books.today,
      channel: 'chat',
      source: 'test:ahead',
    })
    expect(made?.credit).toBe(0)
  })
})
