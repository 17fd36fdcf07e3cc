import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import { queueBills } from '../../src/domain/broadcast.ts'
import { day } from '../../src/domain/calendar.ts'
import { addCustomer } from '../../src/domain/customer.ts'
import { openSession } from '../../src/domain/database.ts'
import { alignShift, applyShifts, listMovable, moveShift, type Shift } from '../../src/domain/due.ts'
import { undoShifts } from '../../src/domain/due-undo.ts'
import { issueChunk, listInvoices, listOpenInvoices } from '../../src/domain/invoice.ts'
import { rupiah } from '../../src/domain/money.ts'
import { addPlan, type Plan } from '../../src/domain/plan.ts'
import { listDebtors } from '../../src/domain/report.ts'
import { addStaff, listStaff } from '../../src/domain/staff.ts'
import { firstInvoice, subscribe } from '../../src/domain/subscription.ts'
import { showFinding, verify } from '../../src/domain/verify.ts'
import { createTestBusiness, openTestBooks, testClock } from '../support/database.ts'

const START = '2026-12-10T09:00:00+07:00'
const { database, openBooks, clock, url } = await openTestBooks(START)
let businessId: number
let plan: Plan
let staffId: number
let count = 0

beforeEach(async () => {
  clock.set(START)
  businessId = await createTestBusiness(database, testClock(START), `tempo-${count++}`)
  await openBooks(businessId, async (books) => {
    plan = await addPlan(books, { name: 'Rumah 10 Mbps', price: rupiah(150_000) })
    await addStaff(books, { name: 'Joko', phone: '6281200000011', role: 'owner' })
    staffId = (await listStaff(books))[0]?.id as number
  })
})

async function addSubscriber(name: string, date: string): Promise<number> {
  return openBooks(businessId, async (books) => {
    const { id } = await addCustomer(books, { name, phones: [{ phone: '6285700001101', kind: 'mobile' }] })
    await subscribe(books, { customerId: id, plan, first: firstInvoice({ date: day(date) }, books.today, 'prepaid') })
    await issueChunk(books, { customerIds: [id] })
    return id
  })
}

/** Every due date there is: bills with the day on which they count, and what comes next. */
const standing = (customerId: number) =>
  openBooks(businessId, async (books) => {
    const bills = await listInvoices(books, customerId, 9)
    const { rows } = await sql<{ next: string }>`
      select next_due_on || ' tanggal ' || anchor_day as next from subscription where customer_id = ${customerId}`.execute(
      books.trx,
    )
    return [
      ...bills
        .reverse()
        .map(({ dueOn, issueOn, period }) => `${period?.toString().slice(0, 7)} ${dueOn} dari ${issueOn}`),
      `berikutnya ${rows[0]?.next}`,
    ]
  })

const align = (to: number, cause: string) =>
  openBooks(businessId, async (books) => {
    const shifts = (await listMovable(books, {})).flatMap((each) => alignShift(each, to, books.today) ?? [])
    return applyShifts(books, shifts, { cause, staffId, kind: 'align' })
  })
const undo = (cause: string) => openBooks(businessId, (books) => undoShifts(books, cause, staffId))

describe('one undo takes all of it back', () => {
  test('bills that moved, and subscriptions that moved alone', async () => {
    const [budi, siti] = [await addSubscriber('Budi', '2026-12-20'), await addSubscriber('Siti', '2027-02-15')]
    const before = [await standing(budi), await standing(siti)]
    await align(5, 'message:1')
    expect(await standing(budi)).toEqual(['2026-12 2027-01-05 dari 2026-12-10', 'berikutnya 2027-02-05 tanggal 5'])
    expect(await standing(siti)).toEqual(['berikutnya 2027-02-05 tanggal 5'])
    expect(await undo('message:1')).toEqual({ undone: 2, left: 0 })
    expect([await standing(budi), await standing(siti)]).toEqual(before)
    expect(await undo('message:1')).toEqual({ undone: 0, left: 2 })
  })

  test('a bill that was issued at once waits for its regular day: not listed before it, and never issued again', async () => {
    const siti = await addSubscriber('Siti', '2027-01-15')
    // Due 15 Jan, lead 19: to be issued on 27 Dec. On the 20th of December it is to be issued today.
    expect(await align(20, 'message:1')).toEqual({ issued: 0, amount: 0 })
    expect(await undo('message:1')).toEqual({ undone: 1, left: 0 })
    const shift = (books: Parameters<typeof listMovable>[0], to: string) =>
      listMovable(books, {}).then((all): Shift[] => all.map((each) => moveShift(each, day(to), false)))
    await openBooks(businessId, async (books) =>
      applyShifts(books, await shift(books, '2026-12-24'), { cause: 'message:2', staffId, kind: 'move' }),
    )
    expect(await standing(siti)).toEqual(['2027-01 2026-12-24 dari 2026-12-10', 'berikutnya 2027-01-24 tanggal 24'])
    expect(await undo('message:2')).toEqual({ undone: 1, left: 0 })
    expect(await standing(siti)).toEqual(['2027-01 2027-01-15 dari 2026-12-27', 'berikutnya 2027-02-15 tanggal 15'])
    expect((await openBooks(businessId, (books) => listDebtors(books, {}))).customers).toBe(0)
    clock.set('2026-12-27T09:00:00+07:00')
    expect(await openBooks(businessId, (books) => issueChunk(books))).toEqual({ issued: 0, more: false })
    expect((await openBooks(businessId, (books) => listDebtors(books, {}))).customers).toBe(1)
  })

  test('what was sent never falls due earlier than it said', async () => {
    const budi = await addSubscriber('Budi', '2026-12-20')
    await align(5, 'message:1')
    clock.set('2026-12-10T09:05:00+07:00')
    await openBooks(businessId, async (books) => {
      const invoices = await listOpenInvoices(books, [budi])
      await queueBills(books, [{ customerId: budi, name: 'Budi', phone: '6285700001101', invoices }], {})
    })
    expect(await undo('message:1')).toEqual({ undone: 0, left: 1 })
    expect((await standing(budi))[0]).toContain('2027-01-05')
  })
})

test('next_due_on can be computed again from the newest bill or the last change since', async () => {
  await addSubscriber('Budi', '2026-12-20')
  await addSubscriber('Siti', '2027-02-15')
  await align(5, 'message:1')
  await undo('message:1')
  await align(28, 'message:2')
  const { rows } = await openBooks(businessId, (books) =>
    sql`
      select s.next_due_on, coalesce(d.next_to, next_due(i.due_on, s.anchor_day, 1)) as again
        from subscription s
        left join lateral (select * from due_change where subscription_id = s.id and next_period = s.next_period
                            order by id desc limit 1) d on true
        left join lateral (select * from invoice where subscription_id = s.id order by period desc limit 1) i on true`.execute(
      books.trx,
    ),
  )
  for (const row of rows as { next_due_on: object; again: object }[]) expect(row.again).toEqual(row.next_due_on)
})

test('the facts of a change are never rewritten', async () => {
  await addSubscriber('Budi', '2026-12-20')
  await align(5, 'message:1')
  await expect(sql`update due_change set next_to = next_from`.execute(database.kysely)).resolves.toMatchObject({
    rows: [],
  })
  await expect(openBooks(businessId, (books) => sql`delete from due_change`.execute(books.trx))).rejects.toThrow(
    /permission/,
  )
})

test('whatever was moved, aligned and taken back here: every next due date can be computed again (rules 26)', async () => {
  const client = await openSession(url, 'test')
  await client.query('begin read only')
  const findings = await verify(client)
  await client.end()
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from directory`.execute(database.kysely)
  expect(rows[0]?.count).toBeGreaterThan(5)
  expect(findings.filter(({ wrong }) => wrong > 0).map(showFinding)).toEqual([])
})
