import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { day } from '../../src/domain/calendar.ts'
import { type Rupiah, sum } from '../../src/domain/money.ts'
import { planPrices } from '../../src/domain/sheet.ts'
import { countBy, factsOf, outcomes, read, readSample, readyFacts, sheet } from '../support/sheet.ts'

describe('pelanggan-rtrwnet.xlsx', async () => {
  const reading = await readSample('pelanggan-rtrwnet.xlsx')
  const row = (number: number) => reading.rows.find(({ rowNumber }) => rowNumber === number)

  test('adds up: 326 rows below the header = 318 ready + 2 sent back + 5 blank + 1 total', () => {
    // The header is row 4, the last row 330: 326 rows. 320 of them have a running number (counted with another
    // program); 72, 140, 208, 276 and 329 are empty, 330 is the sum.
    expect(outcomes(reading)).toEqual({ ready: 318, rejected: 2 })
    expect(reading.skipped).toEqual({ blank: 5, total: 1, header: 0 })
    expect(reading.tables).toMatchObject([{ sheet: 'Pelanggan', headerRow: 4, unused: [] }])
    expect(reading.missing).toEqual([])
    expect(reading.unclear).toEqual([])
  })

  test('gives each remark its meaning: 47 stopped, 25 paid, 39 debts, 107 notes, 100 without one', () => {
    // Column Ket of the 320, without those sent back (rows 64 and 95 "bayar di warung"):
    // OFF 47, lunas 25, nunggak 2 bln 39, =1+1 37, baru 39, bayar di warung 33 - 2, empty 100. Together 318.
    const all = readyFacts(reading)
    expect(countBy(all, ({ status }) => status)).toEqual({ active: 271, stopped: 47 })
    expect(countBy(all, ({ note }) => note)).toEqual({ '=1+1': 37, baru: 39, 'bayar di warung': 31, undefined: 211 })
    expect(all.filter(({ paidThisMonth }) => paidThisMonth)).toHaveLength(25)
    expect(countBy(all, ({ debtNote }) => debtNote)).toEqual({ 'nunggak 2 bln': 39, undefined: 279 })
  })

  test('finds four plans, two customers with an own price', () => {
    // Keluarga 88 less row 95, Usaha 65 less row 64, Hemat 84 (156 is "gratis"), Rumah 82 and row 135.
    expect(planPrices(readyFacts(reading))).toEqual([
      { key: 'rumah10mbps', name: 'Rumah 10 Mbps', price: 150_000, months: 1, customers: 83, ownPrices: 1 },
      { key: 'keluarga20mbps', name: 'Keluarga 20 Mbps', price: 200_000, months: 1, customers: 87, ownPrices: 0 },
      { key: 'hemat5mbps', name: 'Hemat 5 Mbps', price: 100_000, months: 1, customers: 84, ownPrices: 1 },
      { key: 'usaha50mbps', name: 'Usaha 50 Mbps', price: 350_000, months: 1, customers: 64, ownPrices: 0 },
    ])
  })

  test('reads an ordinary row whole', () => {
    expect(row(81)).toMatchObject({
      outcome: 'ready',
      doubts: [],
      facts: {
        name: 'Rizki',
        phones: [{ phone: '6285700001076', kind: 'mobile' }],
        address: 'Jl. Merdeka No. 57',
        area: 'RT 05/02',
        planName: 'Usaha 50 Mbps',
        price: 350_000,
        due: { date: day('2026-12-10') },
        status: 'active',
        startedOn: day('2021-09-19'),
      },
    })
    // A running row number is no customer number (rules 39).
    expect(readyFacts(reading).filter(({ number }) => number !== undefined)).toEqual([])
  })

  test('sends back a missing name and an unreadable phone, each with its reason and as it stood', () => {
    expect(row(64)).toMatchObject({ problem: { kind: 'noName', value: '' }, reason: 'Nama pelanggan belum diisi.' })
    expect(row(95)).toMatchObject({
      problem: { kind: 'phone', value: '0812 abc' },
      reason: 'No HP "0812 abc" tidak terbaca. Tulis angkanya saja, contoh 085700001101, atau - kalau tidak ada.',
      cells: [
        90,
        'H. Agus Rahmawati, S.Pd',
        '0812 abc',
        'Jl. Kenanga No. 79',
        '06/03',
        'Keluarga 20 Mbps',
        '200rb',
        10,
        day('2025-11-20'),
        'bayar di warung',
      ],
    })
  })

  test('reads "gratis" as Rp0, and says so', () => {
    expect(row(156)).toMatchObject({ facts: { price: 0 }, doubts: ['harga "gratis" saya baca Rp0'] })
  })

  test('keeps the odd rows that are fine: no phone, a landline, two phones, a formula as text, another spelling', () => {
    expect(factsOf(row(82)).phones).toEqual([])
    expect(factsOf(row(96)).phones).toEqual([{ phone: '62215550123', kind: 'landline' }])
    expect(factsOf(row(125)).phones.map(({ phone }) => phone)).toEqual(['6285700001121', '6281300001122'])
    expect(factsOf(row(94))).toMatchObject({ name: 'Asep', note: '=1+1', due: { date: day('2026-12-30') } })
    expect(factsOf(row(135))).toMatchObject({ planName: 'rumah 10mbps', price: 350_000, due: { day: 20 } })
    expect(row(330)).toBeUndefined()
    // One phone on two rows: both come in, matching is not decided here.
    expect(factsOf(row(44)).phones).toEqual(factsOf(row(45)).phones)
  })
})

test('pelanggan-tv-digital.xlsx: the list on its second sheet, 150 rows, 92 active, 17 paused, 41 stopped', async () => {
  const reading = await readSample('pelanggan-tv-digital.xlsx')
  expect(outcomes(reading)).toEqual({ ready: 150 })
  expect(reading.skipped).toEqual({ blank: 0, total: 0, header: 0 })
  expect(reading.tables.map(({ sheet }) => sheet)).toEqual(['DATA 2026'])
  expect(reading.unreadSheets).toEqual(['Info'])
  const all = readyFacts(reading)
  // AKTIF and Aktif 92, cuti 17, BERHENTI 24 + nonaktif 17 = 41.
  expect(countBy(all, ({ status }) => status)).toEqual({ active: 92, paused: 17, stopped: 41 })
  expect(all.filter(({ email }) => email)).toHaveLength(36)
  expect(new Set(all.map(({ number }) => number)).size).toBe(150)
  expect(all[0]).toMatchObject({ number: 'TVD-0001', area: 'Perum Griya', due: { date: day('2026-12-21') } })
  expect(planPrices(all).map(({ name, price, ownPrices }) => [name, price, ownPrices])).toEqual([
    ['TV Digital Sport', 85_000, 0],
    ['TV + Internet', 225_000, 0],
    ['TV Digital Basic', 55_000, 0],
  ])
  // A month later the dates of 3 to 21 December are past: they are read as their day (rules 11).
  const later = await readSample('pelanggan-tv-digital.xlsx', '2026-12-22')
  expect(factsOf(later.rows[0]).due).toEqual({ day: 21 })
})

test('pelanggan-bumdes.csv: 90 rows, all active, Rp8.360.000 a month', async () => {
  const reading = await readSample('pelanggan-bumdes.csv')
  const lines = readFileSync(new URL('../data/pelanggan-bumdes.csv', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
  expect(reading.rows).toHaveLength(lines.length - 1)
  expect(outcomes(reading)).toEqual({ ready: 90 })
  const all = readyFacts(reading)
  expect(countBy(all, ({ due }) => JSON.stringify(due))).toEqual({
    '{"day":1}': 36,
    '{"day":10}': 29,
    '{"day":31}': 25,
  })
  expect(countBy(all, ({ area }) => area)).toEqual({ Krajan: 39, Sumber: 28, Ngampel: 23 })
  // (26 + 20) × 110.000 + (24 + 20) × 75.000 = 5.060.000 + 3.300.000
  expect(sum(all.map(({ price }) => price as Rupiah))).toBe(8_360_000)
  expect(planPrices(all)).toEqual([
    { key: 'bumdesnet5m', name: 'BUMDES Net 5M', price: 110_000, months: 1, customers: 46, ownPrices: 20 },
    { key: 'bumdesnet10m', name: 'BUMDES Net 10M', price: 75_000, months: 1, customers: 44, ownPrices: 20 },
  ])
  expect(all.find(({ name }) => name.startsWith('Mas Yuli'))).toMatchObject({
    name: 'Mas Yuli Pangestu (warung); "Pak RT"',
    phones: [{ phone: '6289500001490', kind: 'mobile' }],
    startedOn: day('2025-12-01'),
  })
})

test('whatever stands in a sheet, every row below the header is accounted for', () => {
  const cell = fc.oneof(
    fc.constant(null),
    fc.string(),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.integer({ min: 1, max: 2_958_465 }).map((days) => day('1899-12-31').add({ days })),
    fc.constantFrom('Nama', 'No HP', 'Harga', 'lunas s/d', 'TOTAL', 'tgl 20', 'OFF', '150rb', '085700001101', 'Des'),
  )
  fc.assert(
    fc.property(fc.array(fc.array(cell, { maxLength: 9 }), { maxLength: 12 }), (rows) => {
      const header = ['No', 'Nama', 'HP', 'Harga', 'Tempo', 'Ket', 'Status', 'Lunas s/d', 'Des']
      const sheets = [sheet('S', [header, ...rows])]
      const reading = read(...sheets)
      const { blank, total, header: headers } = reading.skipped
      const last = sheets[0]?.rows.at(-1)?.number ?? 1
      expect(reading.rows.length + blank + total + headers).toBe(last - 1)
    }),
    { numRuns: 300 },
  )
})
