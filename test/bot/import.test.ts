import { expect, test } from 'vitest'
import { describePlan } from '../../src/bot/answers/import-preview.ts'
import { describeRejected, underOneHeader } from '../../src/bot/answers/import-rejected.ts'
import type { Books } from '../../src/domain/books.ts'
import { day } from '../../src/domain/calendar.ts'
import type { ImportPlan, RejectedRow } from '../../src/domain/import.ts'
import { rupiah } from '../../src/domain/money.ts'

const rejected = (kind: RejectedRow['kind'], rowNumber: number): RejectedRow => ({
  kind,
  rowNumber,
  sheet: 'S',
  table: 0,
  cells: [],
  value: '',
  reason: '.',
})

test('a preview has twelve lines at most with its question, whatever there is to say', () => {
  const kinds = ['phone', 'noName', 'price', 'noPrice', 'due', 'noDue', 'status', 'paidUntil'] as const
  const plan: ImportPlan = {
    state: 'read',
    rows: 400,
    skipped: 3,
    unused: ['SSID', 'Modem'],
    ready: [],
    same: 4,
    changed: [{}, {}] as ImportPlan['changed'],
    doublesInFile: 5,
    rejected: kinds.flatMap((kind, at) => [rejected(kind, at), rejected(kind, at + 20)]),
    sharedPhones: 2,
    newPlans: [{ key: 'a', name: 'A', price: rupiah(100_000), months: 1, customers: 3, ownPrices: 0 }],
    unpriced: [],
    ownPrices: 1,
    byStatus: { active: 1, paused: 1, stopped: 1 },
    withoutWhatsApp: 3,
    debts: 2,
    doubts: [{ rowNumber: 5, text: 'harga "150" saya baca Rp150.000' }],
    issuedNow: 1,
    firstDueOn: day('2026-12-20'),
    missing: [],
  }
  const lines = describePlan({ today: day('2026-12-10') } as Books, plan)
  expect(lines.length).toBeLessThanOrEqual(11)
  expect(lines).toContain('• bermacam sebab, ada di kolom terakhir')
  const shorter = describePlan({ today: day('2026-12-10') } as Books, { ...plan, unused: [], skipped: 0, doubts: [] })
  expect(shorter).toContain('• 2 No HP tidak terbaca: baris 0, 20')
  // What is not named is counted: 16 rows that come back.
  expect(shorter).toContain('• 12 sebab lain')
  expect(lines.at(-1)).toBe('2 orang punya catatan utang, saya tanyakan sesudah ini.')
})

test('reasons are named with their rows, the most frequent first', () => {
  const rows = [rejected('price', 7), ...[3, 4, 5, 6, 8, 9].map((row) => rejected('phone', row))]
  expect(describeRejected(rows)).toEqual([
    '• 6 No HP tidak terbaca: baris 3, 4, 5, 6, 8, …',
    '• 1 harga tidak terbaca: baris 7',
  ])
})

test('rows of lists with other columns stand below one header, each value below its own heading', () => {
  const lists = [
    ['No', 'Nama', 'HP', 'Kenapa belum masuk'],
    ['HP', 'Alamat', 'Nama', '', 'HP'],
  ]
  const rows = [
    { table: 0, cells: [1, 'Hasan', '0812 abc', 'Sebab lama.'] },
    { table: 1, cells: ['0857', 'Krajan', 'Wati', 'x', '0858'] },
  ]
  expect(underOneHeader(lists, rows)).toEqual({
    headings: ['No', 'Nama', 'HP', 'Alamat', '', 'HP'],
    rows: [
      [1, 'Hasan', '0812 abc', null, null, null],
      [null, 'Wati', '0857', 'Krajan', 'x', '0858'],
    ],
  })
})
