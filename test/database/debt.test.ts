import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { day } from '../../src/domain/calendar.ts'
import { decideDebts, listDebts, withdrawDebts } from '../../src/domain/debt.ts'
import { applyImport, withdrawImport } from '../../src/domain/import-apply.ts'
import { type Rupiah, rupiah } from '../../src/domain/money.ts'
import { createInvoices } from '../../src/domain/one-off.ts'
import { openTestBooks } from '../support/database.ts'
import { csv, newBusiness, START, staffOf, stage } from '../support/import.ts'

const books = await openTestBooks(START)

test('a noted debt becomes one invoice when the owner says so, never two, and can be taken back', async () => {
  const open = await newBusiness(books, 'debts')
  const { plan, importId } = await stage(
    open,
    'a.csv',
    csv([
      ['Nama', 'HP', 'Paket', 'Harga', 'Tempo', 'Ket'],
      ['Ratih', '085700001101', 'Lite', '100rb', '20', 'nunggak 2 bln'],
      ['Sugeng', '085700001102', 'Lite', '100rb', '20', 'OFF, hutang 75rb'],
      // The invoice of November, due on the 25th, is issued by the import itself.
      ['Laras', '085700001103', 'Lite', '100rb', '25', 'belum bayar'],
    ]),
  )
  expect(plan.debts).toBe(2)
  await open((b) => applyImport(b, importId, {}, 1))
  const waiting = await open(listDebts)
  expect(waiting.map(({ name, note, amount }) => [name, note, amount])).toEqual([
    ['Ratih', 'nunggak 2 bln', 200_000],
    ['Sugeng', 'hutang 75rb', 75_000],
  ])
  const staffId = await open(staffOf)
  const [ratih, sugeng] = waiting.map(({ customerId }) => customerId) as [number, number]
  const decisions = [
    { customerId: ratih, amount: rupiah(180_000) },
    { customerId: sugeng, amount: rupiah(0) },
  ]
  const both = await Promise.all([7, 8].map((series) => open((b) => decideDebts(b, decisions, { staffId, series }))))
  expect(both.map(({ billed }) => billed).toSorted()).toEqual([0, 1])
  expect(await open(listDebts)).toEqual([])
  const oneOffs = sql<{ id: number; total: Rupiah; dueOn: string; number: string; series: number }>`
    select id, total, due_on::text as "dueOn", number, split_part(source, ':', 2)::int as series
      from invoice where kind = 'one_off' and voided_at is null`
  const { rows } = await open((b) => oneOffs.execute(b.trx))
  expect(rows).toMatchObject([{ total: 180_000, dueOn: '2026-12-20', number: 'INV-202611-00002' }])
  const series = rows[0]?.series ?? 0
  expect(await open((b) => withdrawDebts(b, series, 1))).toEqual({ voided: 1, total: 180_000 })
  expect(await open((b) => withdrawDebts(b, series, 1))).toEqual({ refused: 'gone' })
  expect((await open(listDebts)).map(({ customerId }) => customerId)).toEqual([ratih])

  // Taking back the import takes back what came of its notes too (rules 40).
  await open((b) => decideDebts(b, [{ customerId: ratih, amount: rupiah(200_000) }], { staffId, series: 9 }))
  expect(await open((b) => withdrawImport(b, importId, 1))).toEqual({ customers: 3, voided: 2 })
  expect((await open((b) => oneOffs.execute(b.trx))).rows).toEqual([])
})

test('what asked for a one-off invoice gets one, however often it asks', async () => {
  const open = await newBusiness(books, 'oneoff')
  const { importId } = await stage(
    open,
    'a.csv',
    csv([
      ['Nama', 'HP', 'Harga', 'Tempo'],
      ['Ratih', '085700001101', '100rb', '20'],
    ]),
  )
  await open((b) => applyImport(b, importId, {}, 1))
  const { rows } = await open((b) => sql<{ id: number }>`select id from customer`.execute(b.trx))
  const asked = {
    customerId: rows[0]?.id as number,
    source: 'message:5',
    text: 'pasang baru',
    amount: rupiah(250_000),
    dueOn: day('2026-12-01'),
    staffId: await open(staffOf),
  }
  const made = await open((b) => createInvoices(b, [asked, { ...asked, source: 'message:6' }]))
  expect(made.map(({ number, total, planName, period, status }) => [number, total, planName, period, status])).toEqual([
    ['INV-202611-00001', 250_000, 'pasang baru', null, 'open'],
    ['INV-202611-00002', 250_000, 'pasang baru', null, 'open'],
  ])
  expect(await open((b) => createInvoices(b, [asked]))).toEqual([])
})
