import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { bookkeeper } from '../../src/domain/books.ts'
import { findByPhone } from '../../src/domain/customer.ts'
import { listOpenInvoices } from '../../src/domain/invoice.ts'
import { rupiah } from '../../src/domain/money.ts'
import { applyStatus, openOrder } from '../../src/domain/order.ts'
import { addPlan } from '../../src/domain/plan.ts'
import { noteDailyRun } from '../../src/domain/run.ts'
import { addStaff } from '../../src/domain/staff.ts'
import { issueAll } from '../../src/jobs/issue.ts'
import { tick } from '../../src/jobs/schedule.ts'
import { createTestBusiness, dyingAfter, openTestBooks, untilWaiting } from '../support/database.ts'

const { open, openBooks, database, businessId, clock, jobs } = await openTestBooks()
const CUSTOMERS = 2_500
await open(async (books) => {
  await addStaff(books, { name: 'Joko', phone: '6281200000011', role: 'owner' })
  const plan = await addPlan(books, { name: 'Rumah 10 Mbps', price: rupiah(150_000) })
  await sql`
    with made as (
      insert into customer (business_id, number, name, name_key, added_at)
      select ${businessId}, 'P-' || g, 'Pelanggan ' || g, 'pelanggan ' || g, ${books.now} from generate_series(1, ${CUSTOMERS}::int) g
      returning id
    ), phoned as (
      insert into customer_phone (business_id, customer_id, phone, kind)
      select ${businessId}, id, (6285700000000 + id)::text, 'mobile' from made
    )
    insert into subscription (business_id, customer_id, plan_id, anchor_day, next_due_on, next_period, status, started_on)
    select ${businessId}, id, ${plan.id}, 20, '2026-12-20', '2026-12-01', 'active', ${books.today} from made`.execute(
    books.trx,
  )
  // One in each chunk has paid ahead.
  await sql`
    insert into payment (business_id, customer_id, amount, method, paid_on, channel, source, recorded_at)
    select ${businessId}, id, 50000, 'cash', ${books.today}, 'chat', 'ahead:' || number, ${books.now} from customer
     where number in ('P-10', 'P-1010', 'P-2010')`.execute(books.trx)
})

test('issuing that dies again and again comes to exactly one bill each, without a gap (M01, M03)', async () => {
  // Each life gets one statement further, into the second of three transactions.
  let deaths = 0
  for (let life = 0; life < 12; life++)
    await issueAll({ database, openBooks: dyingAfter(openBooks, life) }, businessId).catch(({ message }: Error) => {
      expect(message).toBe('killed')
      deaths++
    })
  expect(deaths).toBeGreaterThan(5)
  await issueAll({ database, openBooks }, businessId)
  expect(await issueAll({ database, openBooks }, businessId)).toBe(0)
  await open(async (books) => {
    const { rows } = await sql<{ bills: number; subscriptions: number; last: string }>`
      select count(*)::int as bills, count(distinct subscription_id)::int as subscriptions, max(number) as last
        from invoice where business_id = ${businessId}`.execute(books.trx)
    expect(rows).toEqual([{ bills: CUSTOMERS, subscriptions: CUSTOMERS, last: 'INV-202612-02500' }])
    // A bill and the credit that pays on it are one: whoever had some has none left.
    const { rows: credits } = await sql<{ left: number; paid: number }>`
      select (select sum(amount - allocated)::int from payment) as left, (select sum(paid)::int from invoice) as paid`.execute(
      books.trx,
    )
    expect(credits).toEqual([{ left: 0, paid: 3 * 50_000 }])
  })
})

test("another business's order is unknown, whoever signs for it (P07)", async () => {
  await issueAll({ database, openBooks }, businessId)
  const order = await open(async (books) => {
    const [customer] = await findByPhone(books, '6285700000001')
    return openOrder(books, '6285700000001', await listOpenInvoices(books, [customer?.id ?? 0]))
  })
  const status = {
    state: 'paid' as const,
    transactionId: 't',
    amount: order.amount,
    currency: 'IDR',
    method: 'qris' as const,
  }
  const stranger = await createTestBusiness(database, clock, 'tetangga')
  expect(await openBooks(stranger, (books) => applyStatus(books, order.order_id, status))).toEqual({
    outcome: 'nothing',
    reason: 'unknown order',
  })
  expect(await open((books) => applyStatus(books, order.order_id, status))).toMatchObject({ outcome: 'paid' })
})

describe('the day is issued', () => {
  const issued = () =>
    jobs.filter(
      (job) =>
        (job as { name: string; businessId: number }).name === 'issue' &&
        (job as { businessId: number }).businessId === businessId,
    ).length

  test('once, however often the clock ticks, and again the next day (J01, J12)', async () => {
    jobs.length = 0
    for (let ticks = 0; ticks < 5; ticks++) await tick({ database, openBooks, clock })
    expect(issued()).toBe(1)
    await Promise.all(Array.from({ length: 5 }, () => tick({ database, openBooks, clock })))
    expect(issued()).toBe(1)
    clock.set('2026-12-14T08:00:00+07:00')
    await tick({ database, openBooks, clock })
    expect(issued()).toBe(2)
  })

  test('once by many programs at the same moment (J01, J12)', async () => {
    clock.set('2026-12-16T08:00:00+07:00')
    jobs.length = 0
    let ticks: Promise<unknown> | undefined
    await open(async (books) => {
      // One has noted the day and not committed yet: the others cannot see it, and wait where they note it too.
      expect(await noteDailyRun(books, 'issue', books.today)).toBe(true)
      ticks = Promise.all([1, 2, 3].map(() => tick({ database, openBooks, clock })))
      await untilWaiting(database, 3)
    })
    await ticks
    expect(issued()).toBe(0)
  })

  test('though the queue was away when it was first tried: noted and queued are one (J03)', async () => {
    clock.set('2026-12-15T08:00:00+07:00')
    const away = bookkeeper({
      database,
      clock,
      enqueue: async () => {
        throw new Error('queue is away')
      },
    })
    await expect(tick({ database, openBooks: away, clock })).rejects.toThrow('queue is away')
    jobs.length = 0
    await tick({ database, openBooks, clock })
    expect(issued()).toBe(1)
  })

  test.each([2, -2])(
    'not while the clock is %i hours from the one of the database; the owner hears it once (J09)',
    async (hours) => {
      jobs.length = 0
      const wrong = { real: true, now: () => Temporal.Now.instant().add({ hours }) }
      const books = bookkeeper({
        database,
        clock: wrong,
        enqueue: async (_, id, job) => void jobs.push({ businessId: id, ...job }),
      })
      const fresh = await createTestBusiness(database, clock, `jam-${Math.abs(hours)}-${hours > 0 ? 'maju' : 'mundur'}`)
      await openBooks(fresh, (each) => addStaff(each, { name: 'Sri', phone: '6281200000021', role: 'owner' }))
      const told = () =>
        openBooks(fresh, (each) =>
          each.trx.selectFrom('message').select('text').where('text', 'like', '⚠️ Jam server%').execute(),
        )
      for (let ticks = 0; ticks < 3; ticks++) await tick({ database, openBooks: books, clock: wrong })
      expect(issued()).toBe(0)
      expect(await told()).toHaveLength(1)
    },
  )
})
