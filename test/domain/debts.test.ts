import { expect, test } from 'vitest'
import { day } from '../../src/domain/calendar.ts'
import type { Rupiah } from '../../src/domain/money.ts'
import { debtOf, readDebts } from '../../src/domain/sheet/debts.ts'
import type { Cell } from '../../src/domain/workbook/raw.ts'

const TODAY = day('2026-12-10')
const PRICE = 150_000 as Rupiah

test.each<[string, number | undefined]>([
  ['nunggak 2 bln', 2 * 150_000],
  ['belum bayar 2x', 2 * 150_000],
  ['hutang 3 bulan', 3 * 150_000],
  ['tunggakan 2', 2 * 150_000],
  // An amount says more than a count.
  ['nunggak 3 bln (400rb)', 400_000],
  ['utang wifi 2 bulan 275.000', 275_000],
  ['kurang 50rb', 50_000],
  ['Tunggakan Rp300.000', 300_000],
  ['tunggakan: Rp 300.000,-', 300_000],
  ['sisa 1,5jt', 1_500_000],
  ['belum bayar okt, nov', 2 * 150_000],
  ['nunggak agustus - oktober', 3 * 150_000],
  ['nunggak sept s/d nov', 3 * 150_000],
  // September, October and November; December is billed.
  ['nunggak sejak september', 3 * 150_000],
  ['belum bayar bulan lalu', 150_000],
  // The invoice of December is issued anyway.
  ['belum bayar', 0],
  ['belum bayar bulan ini', 0],
  ['belum bayar nov, des', 150_000],
  ['nunggak', undefined],
  ['okt 100rb, nov 150rb', undefined],
])('"%s" comes to %s', (note, amount) => {
  expect(debtOf(note, { price: PRICE, first: day('2026-12-01'), today: TODAY })).toBe(amount)
})

test('where no invoice has the present month, it is one of the debts', () => {
  expect(debtOf('belum bayar', { price: PRICE, first: day('2027-01-01'), today: TODAY })).toBe(150_000)
  expect(debtOf('belum bayar des', { price: PRICE, today: TODAY })).toBe(150_000)
})

test('months of somebody who pays nothing come to nothing that we could say', () => {
  expect(debtOf('nunggak 2 bln', { price: 0 as Rupiah, today: TODAY })).toBeUndefined()
})

test('the list that comes back: an amount, a zero or a word for none, an empty cell for not yet', () => {
  const sheet = (rows: Cell[][]) => ({
    name: 'S',
    hidden: false,
    rows: rows.map((cells, index) => ({ number: index + 1, cells })),
  })
  const header = ['No Pelanggan', 'Nama', 'Jadi tagihan (Rp)']
  const rows = [
    header,
    ['P-1', 'A', 400_000],
    ['P-2', 'B', '250rb'],
    ['P-3', 'C', 0],
    ['P-4', 'D', 'tidak'],
    ['P-5', 'E'],
    ['P-6', 'F', 'abc'],
    [null, 'G', 5],
  ]
  expect(readDebts([sheet(rows)])).toEqual([
    { rowNumber: 2, number: 'P-1', amount: 400_000 },
    { rowNumber: 3, number: 'P-2', amount: 250_000 },
    { rowNumber: 4, number: 'P-3', amount: 0 },
    { rowNumber: 5, number: 'P-4', amount: 0 },
    { rowNumber: 6, number: 'P-5' },
    { rowNumber: 7, number: 'P-6', unread: 'abc' },
  ])
  expect(
    readDebts([
      sheet([
        ['No Pelanggan', 'Nama'],
        ['P-1', 'A'],
      ]),
    ]),
  ).toBeUndefined()
})
