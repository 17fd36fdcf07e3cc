import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { planImport } from '../../src/domain/import.ts'
import { applyImport } from '../../src/domain/import-apply.ts'
import { rupiah } from '../../src/domain/money.ts'
import { openTestBooks } from '../support/database.ts'
import { csv, newBusiness, outcomesOf, overdueAtIssue, START, stage } from '../support/import.ts'
import { messyList, type Truth } from '../support/messy-list.ts'

const books = await openTestBooks(START)

test('4,000 rows of a mess: each read as it was meant, what came back checked one by one, under 1 %', async () => {
  const open = await newBusiness(books, 'mess')
  const list = await messyList(4_000)
  const { plan, importId } = await stage(open, 'pelanggan.xlsx', list.bytes)
  expect(plan.rows).toBe(4_000 + 10 + 2 + 8)
  expect(plan.skipped).toBe(10 + 2 + 8)

  const expected = new Map(list.truths.filter(({ outcome }) => outcome === 'back').map((truth) => [truth.place, truth]))
  const placeable = plan.rejected.filter(({ sheet, rowNumber }) => !expected.has(`${sheet}!${rowNumber}`))
  expect(placeable).toEqual([])
  // 36 of 4,000 that nobody could place: 28 odd ones, and four pairs that contradict each other.
  expect(plan.rejected).toHaveLength(36)
  expect(plan.rejected.length / 4_000).toBeLessThan(0.01)
  expect(countBy(plan.rejected, ({ kind }) => kind)).toEqual({ noName: 4, phone: 12, price: 4, due: 8, twice: 8 })
  for (const { reason } of plan.rejected) expect(reason).toMatch(/\.$/)

  const done = await open((b) => applyImport(b, importId, {}, 1))
  const meant = list.truths.filter(({ outcome }) => outcome === 'in')
  expect(done?.customers).toBe(meant.length)
  expect(plan.doublesInFile).toBe(16)
  expect(meant.length + 36 + 16).toBe(4_000)
  const { rows } = await open((b) => sql<Stored>`${STORED}`.execute(b.trx))
  const byName = new Map(rows.map((row) => [tagOf(row.name), row]))
  const wrong = meant.flatMap((truth) => {
    const row = byName.get(tagOf(truth.name))
    const found = row && { phones: row.phones, plan: row.plan, price: row.price, day: row.day, status: row.status }
    const { phones, plan: planName, price, day: dueDay, status } = truth
    const right = { phones, plan: planName, price, day: dueDay, status }
    return JSON.stringify(found) === JSON.stringify(right) && isDebtRight(truth, row)
      ? []
      : [{ found, right, truth, row }]
  })
  expect(wrong).toEqual([])
  expect(await overdueAtIssue(open)).toBe(0)

  const again = await messyList(4_000, { sorted: 'otherwise' })
  const second = await stage(open, 'data terbaru (2).xlsx', again.bytes)
  expect(outcomesOf(second.plan)).toEqual({ ready: 0, same: meant.length, changed: 0, doubles: 16, rejected: 36 })

  const dearer = await messyList(4_000, {
    sorted: 'otherwise',
    change: (made) => {
      const row = made.find(({ values, truth }) => truth.outcome === 'in' && values[6] === 165_000)
      row?.values.splice(6, 1, 'Rp 175.000')
    },
  })
  const third = await stage(open, 'pelanggan.xlsx', dearer.bytes)
  expect(outcomesOf(third.plan)).toEqual({ ready: 0, same: meant.length - 1, changed: 1, doubles: 16, rejected: 36 })
  expect(third.plan.changed[0]?.differences).toEqual([
    { field: 'price', label: 'harga', before: 'Rp165.000', after: 'Rp175.000' },
  ])
})

test('what came back, corrected and sent again, comes in', async () => {
  const open = await newBusiness(books, 'corrected')
  const rows = [
    ['No', 'Nama', 'No HP', 'Paket', 'Harga', 'Jatuh Tempo'],
    ['58', 'Ratih', '0812 abc', 'Lite', '100rb', '20'],
    ['912', '', '085700001102', 'Lite', '100rb', '20'],
    ['1044', 'Sugeng', '085700001103', 'Lite', 'nego', '20'],
  ]
  const first = await stage(open, 'a.csv', csv(rows))
  expect(first.plan.rejected.map(({ kind }) => kind)).toEqual(['phone', 'noName', 'price'])
  const corrected = rows.map((row, index) => [...row, index === 0 ? 'Kenapa belum masuk' : 'Sebabnya.'])
  corrected[1]?.splice(2, 1, '085700001101')
  corrected[2]?.splice(1, 1, 'Laras')
  corrected[3]?.splice(4, 1, '150rb')
  const { plan, importId } = await stage(open, 'belum-masuk.csv', csv(corrected))
  expect(outcomesOf(plan)).toMatchObject({ ready: 3, rejected: 0 })
  // The row numbers of a few rows are none of the owner's numbers for customers; the reason is no column of theirs.
  expect(plan.ready.map(({ facts }) => facts.number)).toEqual([undefined, undefined, undefined])
  expect(plan.unused).toEqual([])
  expect((await open((b) => applyImport(b, importId, {}, 1)))?.customers).toBe(3)
})

test('a number or a person that stands there twice with something else comes back, and is not lost', async () => {
  const open = await newBusiness(books, 'twice')
  const { plan } = await stage(
    open,
    'a.csv',
    csv([
      ['Id Pelanggan', 'Nama', 'HP', 'Paket', 'Harga', 'Tempo'],
      ['A1', 'Ratih', '085700001101', 'Lite', '100rb', '20'],
      ['a1', 'Sugeng', '085700001102', 'Lite', '100rb', '20'],
      ['A1', 'Bu Ratih', '085700001101', 'Lite', '', '20'],
      ['', 'Laras', '085700001103', 'Lite', '100rb', '20'],
      ['', 'Laras', '085700001103', 'Lite', '100rb', '25'],
      ['', 'Laras', '085700001103', 'Max', '200rb', '25'],
    ]),
  )
  expect(outcomesOf(plan)).toMatchObject({ ready: 1, doubles: 1, rejected: 4 })
  expect(plan.rejected.map(({ rowNumber, reason }) => [rowNumber, reason])).toEqual([
    [2, 'No Pelanggan "A1" sudah dipakai baris 3 (Sugeng). Tulis nomor lain, atau kosongkan.'],
    [3, 'No Pelanggan "a1" sudah dipakai baris 2 (Ratih). Tulis nomor lain, atau kosongkan.'],
    [
      5,
      'Sama dengan baris 6 (Laras), tetapi jatuh tempo beda. Hapus salah satu; kalau memang dua langganan, bedakan namanya, contoh "Laras 2".',
    ],
    [
      6,
      'Sama dengan baris 5 (Laras), tetapi jatuh tempo beda. Hapus salah satu; kalau memang dua langganan, bedakan namanya, contoh "Laras 2".',
    ],
  ])
})

test('a number of ours in the sheet does not collide with one that is given now', async () => {
  const open = await newBusiness(books, 'numbers')
  const { importId } = await stage(
    open,
    'a.csv',
    csv([
      ['No Pelanggan', 'Nama', 'HP', 'Harga', 'Tempo'],
      ['P-00002', 'Ratih', '085700001101', '100rb', '20'],
      ['', 'Sugeng', '085700001102', '100rb', '20'],
      ['', 'Laras', '085700001103', '100rb', '20'],
    ]),
  )
  await open((b) => applyImport(b, importId, {}, 1))
  const { rows } = await open((b) => sql<{ number: string }>`select number from customer order by id`.execute(b.trx))
  expect(rows.map(({ number }) => number)).toEqual(['P-00002', 'P-00001', 'P-00003'])
})

test('a plan without a price is asked for, and its rows go back as they were where nobody knows', async () => {
  const open = await newBusiness(books, 'unpriced')
  const rows = [
    ['Alamat', 'Nama', 'HP', 'Paket', 'Tempo'],
    ['Jl. Teratai 1', 'Ratih', '085700001101', 'Lite', '20'],
    ['Jl. Teratai 2', 'Sugeng', '085700001102', 'Max', '20'],
  ]
  const { plan, importId } = await stage(open, 'a.csv', csv(rows))
  expect(plan.unpriced).toEqual([
    { key: 'lite', name: 'Lite', customers: 1 },
    { key: 'max', name: 'Max', customers: 1 },
  ])
  const options = { prices: { lite: rupiah(100_000), max: null } }
  const known = await open((b) => planImport(b, importId, options))
  expect(outcomesOf(known)).toMatchObject({ ready: 1, rejected: 1 })
  expect(known.rejected[0]).toMatchObject({ kind: 'noPlanPrice', cells: rows[2] })
  await open((b) => applyImport(b, importId, options, 1))
  const { rows: plans } = await open((b) => sql`select name, price from plan`.execute(b.trx))
  expect(plans).toEqual([{ name: 'Lite', price: 100_000 }])
})

type Stored = {
  name: string
  phones: string[]
  plan: string
  price: number
  day: number
  status: string
  note: string | null
  debt: number | null
}

const STORED = sql`
  select c.name, coalesce((select jsonb_agg(p.phone order by p.position) from customer_phone p
                            where p.business_id = c.business_id and p.customer_id = c.id), '[]') as phones,
         p.name as plan, coalesce(s.own_price, p.price) as price, s.anchor_day as day, s.status,
         c.debt_note as note, c.debt_amount as debt
    from customer c
    join subscription s on s.business_id = c.business_id and s.customer_id = c.id
    join plan p on p.business_id = s.business_id and p.id = s.plan_id`

/** The letters that keep people of one name apart in the made list. */
function tagOf(name: string): string {
  return /\b([a-z]{3})\b(?:, S\.Pd| \(warung\))?\s*$/i.exec(name)?.[1]?.toLowerCase() ?? name
}

/** Debts in months are worth what one costs; somebody who pays nothing leaves it open. */
function isDebtRight(truth: Truth, row: Stored | undefined): boolean {
  if (truth.debt === undefined) return row?.note === null
  return row?.debt === truth.debt || (truth.price === 0 && row?.debt === null)
}

function countBy<T>(values: readonly T[], key: (value: T) => string): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(values, key)].map(([name, group]) => [name, group.length]))
}
