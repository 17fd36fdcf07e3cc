import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { day } from '../../src/domain/calendar.ts'
import { type Rupiah, sum } from '../../src/domain/money.ts'
import { planKey } from '../../src/domain/plan.ts'
import {
  type ColumnAnswers,
  type CustomerFacts,
  planPrices,
  type RowReading,
  readCustomers,
  type SheetReading,
} from '../../src/domain/sheet.ts'
import { type Cell, readWorkbook, type Sheet } from '../../src/domain/workbook.ts'

const TODAY = day('2026-11-23')

describe('pelanggan-rtrwnet.xlsx', async () => {
  const reading = await readSample('pelanggan-rtrwnet.xlsx')
  const row = (number: number) => reading.rows.find(({ rowNumber }) => rowNumber === number)

  test('adds up: 326 rows below the header = 317 ready + 3 sent back + 5 blank + 1 total', () => {
    // The header is row 4, the last row 330: 326 rows. 320 of them have a running number (counted with another
    // program); 72, 140, 208, 276 and 329 are empty, 330 is the sum.
    expect(outcomes(reading)).toEqual({ ready: 317, rejected: 3 })
    expect(reading.skipped).toEqual({ blank: 5, total: 1, header: 0 })
    expect(reading.tables).toMatchObject([{ sheet: 'Pelanggan', headerRow: 4, unused: [] }])
    expect(reading.missing).toEqual([])
    expect(reading.unclear).toEqual([])
  })

  test('gives each remark its meaning: 47 stopped, 25 paid, 39 debts, 106 notes, 100 without one', () => {
    // Column Ket of the 320, without those sent back (rows 64 and 95 "bayar di warung", 156 "baru"):
    // OFF 47, lunas 25, nunggak 2 bln 39, =1+1 37, baru 39 - 1, bayar di warung 33 - 2, empty 100. Together 317.
    const all = readyFacts(reading)
    expect(countBy(all, ({ status }) => status)).toEqual({ active: 270, stopped: 47 })
    expect(countBy(all, ({ note }) => note)).toEqual({ '=1+1': 37, baru: 38, 'bayar di warung': 31, undefined: 211 })
    expect(all.filter(({ paidThisMonth }) => paidThisMonth)).toHaveLength(25)
    expect(countBy(all, ({ debtNote }) => debtNote)).toEqual({ 'nunggak 2 bln': 39, undefined: 278 })
  })

  test('finds four plans, one customer with an own price', () => {
    // Keluarga 88 less row 95, Usaha 65 less row 64, Hemat 83 priced (156 is "gratis"), Rumah 82 and row 135.
    expect(planPrices(readyFacts(reading))).toEqual([
      { key: 'rumah10mbps', name: 'Rumah 10 Mbps', price: 150_000, months: 1, customers: 83, ownPrices: 1 },
      { key: 'keluarga20mbps', name: 'Keluarga 20 Mbps', price: 200_000, months: 1, customers: 87, ownPrices: 0 },
      { key: 'hemat5mbps', name: 'Hemat 5 Mbps', price: 100_000, months: 1, customers: 83, ownPrices: 0 },
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

  test('sends back a missing name, an unreadable phone and "gratis", each with its reason', () => {
    expect(row(64)).toMatchObject({ problem: { kind: 'noName', value: '' }, reason: 'Nama pelanggan belum diisi.' })
    expect(row(95)).toMatchObject({
      problem: { kind: 'phone', value: '0812 abc' },
      reason: 'No HP "0812 abc" tidak terbaca. Tulis angkanya saja, contoh 085700001101, atau - kalau tidak ada.',
    })
    expect(row(156)).toMatchObject({
      problem: { kind: 'price', value: 'gratis' },
      reason: 'Harga "gratis" tidak terbaca. Tulis angkanya lengkap, contoh 150000, atau 0 kalau memang gratis.',
      cells: [
        150,
        'Sekar',
        '+62 896 0000 1152',
        'Jl. Merdeka No. 4',
        '05/02',
        'Hemat 5 Mbps',
        'gratis',
        'tgl 25',
        '17/07/2023',
        'baru',
      ],
    })
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

describe('the header', () => {
  test('may stand below titles, in any order, with headings in many words, and on several sheets', () => {
    const reading = read(
      sheet('Info', [['Catatan: data di sheet lain']]),
      sheet('RT 1', [
        ['DATA PELANGGAN', null, 'Nama usaha: Barokah Net'],
        [],
        [
          'Tarif / Bulan',
          'NAMA LENGKAP',
          'ID.PLG',
          'Nomor WhatsApp',
          'Tgl. Tagih',
          'Kecepatan',
          'Dusun',
          'Biaya Pasang',
          'Merk',
        ],
        ['150rb', 'Budi', 'A-1', '085700001101', 20, '10 Mbps', 'Krajan', 250_000, 'X'],
      ]),
      sheet('RT 2', [
        ['Nama Plgn', 'Telp', 'Iuran', 'Jatuh Tempo'],
        ['Siti', 85700001102, 75_000, 5],
      ]),
    )
    expect(readyFacts(reading)).toMatchObject([
      { name: 'Budi', number: 'A-1', price: 150_000, due: { day: 20 }, planName: '10 Mbps', area: 'Krajan' },
      { name: 'Siti', price: 75_000, due: { day: 5 } },
    ])
    expect(reading.tables.map(({ sheet, headerRow, unused }) => [sheet, headerRow, unused])).toEqual([
      ['RT 1', 3, ['Biaya Pasang', 'Merk']],
      ['RT 2', 1, []],
    ])
  })

  test('may have more columns about modems than about the customer', () => {
    const reading = read(
      sheet('S', [
        [
          'IP Address',
          'Nama ODP',
          'Nama',
          'PPPoE',
          'Password',
          'SN Modem',
          'MAC Address',
          'Alamat',
          'No HP/Email',
          'Harga + PPN',
        ],
        ['10.0.0.2', 'ODP-1', 'Budi', 'budi@net', 'x', 'Z1', 'aa:bb', 'Jl. Mawar 1', '085700001101', 166_500],
      ]),
    )
    expect(readyFacts(reading)).toMatchObject([{ name: 'Budi', address: 'Jl. Mawar 1', price: 166_500 }])
    expect(readyFacts(reading)[0]?.phones).toHaveLength(1)
  })

  test('may be repeated further down, also with other columns', () => {
    const reading = read(
      sheet('S', [
        ['Nama', 'HP', 'Harga', 'Tempo'],
        ['Budi', '085700001101', 150_000, 1],
        ['Nama', 'HP', 'Harga', 'Tempo'],
        ['Siti', '085700001102', 150_000, 2],
        [],
        ['Tempo', 'Harga', 'Nama', 'HP'],
        [3, 75_000, 'Tono', '085700001103'],
      ]),
    )
    expect(readyFacts(reading).map(({ name, due, price }) => [name, due, price])).toEqual([
      ['Budi', { day: 1 }, 150_000],
      ['Siti', { day: 2 }, 150_000],
      ['Tono', { day: 3 }, 75_000],
    ])
    // 6 rows below the first header = 3 customers + 2 headers + 1 blank.
    expect(reading.skipped).toEqual({ blank: 1, total: 0, header: 2 })
  })

  test('may be merged over two rows, as may an area over its customers, but not a price', () => {
    const reading = read({
      name: 'S',
      hidden: false,
      rows: [
        { number: 1, cells: ['Nama', 'Kontak', null, 'Wilayah', 'Harga', 'Tempo'] },
        {
          number: 2,
          cells: [null, 'HP', 'Email'],
          merged: new Map([
            [0, 'Nama'],
            [3, 'Wilayah'],
            [4, 'Harga'],
            [5, 'Tempo'],
          ]),
        },
        { number: 3, cells: ['Budi', '085700001101', null, 'RT 1', 150_000, 20] },
        {
          number: 4,
          cells: ['Siti', '085700001102', null, null, 75_000],
          merged: new Map<number, Cell>([
            [3, 'RT 1'],
            [5, 20],
          ]),
        },
        {
          number: 5,
          cells: ['Tono', '085700001103'],
          merged: new Map<number, Cell>([
            [3, 'RT 1'],
            [4, 75_000],
            [5, 20],
          ]),
        },
      ],
    })
    expect(readyFacts(reading)).toMatchObject([
      { name: 'Budi', area: 'RT 1', price: 150_000, due: { day: 20 } },
      { name: 'Siti', area: 'RT 1', price: 75_000, due: { day: 20 } },
    ])
    expect(problems(reading)).toEqual([[5, 'price']])
  })

  test('of takings or a price list beside the customers is left alone, as is a hidden sheet', () => {
    const customers = sheet('Pelanggan', [
      ['Nama', 'HP', 'Paket', 'Tempo'],
      ['Budi', '085700001101', 'Rumah', 1],
    ])
    const takings = sheet('Kas', [
      ['Tanggal', 'Nama', 'Jumlah'],
      [day('2026-11-01'), 'Budi', 150_000],
    ])
    const old = { ...customers, name: '2024', hidden: true }
    expect(read(takings, customers, old).tables.map(({ sheet }) => sheet)).toEqual(['Pelanggan'])
    expect(read(takings, old).tables.map(({ sheet }) => sheet)).toEqual(['Kas'])
    expect(read(sheet('Kosong', []), old).tables.map(({ sheet }) => sheet)).toEqual(['2024'])
  })

  test('that is missing is refused with the headings that are expected', () => {
    for (const sheets of [[], [sheet('S', [['Budi', '085700001101']])], [sheet('S', [['Daftar pelanggan']])]]) {
      expect(readCustomers(sheets, TODAY)).toMatchObject({
        refused: 'noTable',
        sentence: expect.stringContaining('kolom Nama'),
      })
    }
  })

  test.each([
    [[1, 2, 4], undefined],
    [['1.', '2.', '3.'], undefined],
    [[101, 102, 104], undefined],
    [['A1', 'A2', 'A3'], 'A1'],
    [[10231, 10240, 10277], '10231'],
  ])('"No" above %j is a customer number only when it does not count rows', (values, number) => {
    const rows = values.map((value, index) => [value, `Budi ${'abc'[index]}`, 'Rumah', index + 1])
    const reading = read(sheet('S', [['No', 'Nama', 'Paket', 'Tempo'], ...rows]))
    expect(readyFacts(reading)[0]?.number).toBe(number)
  })

  test('"Nomor" above phones is the phone', () => {
    const reading = read(
      sheet('S', [
        ['Nama', 'Nomor', 'Paket'],
        ['Budi', '085700001101', 'Rumah'],
      ]),
    )
    expect(readyFacts(reading)[0]?.phones).toHaveLength(1)
  })

  test('with a column that could be two things asks, and takes the answer', () => {
    const rows = [
      ['Nama', 'Alamat', 'Iuran', 'Tarif', 'Tanggal'],
      ['Budi', 'Krajan', 100_000, 150_000, day('2026-11-05')],
    ]
    const reading = read(sheet('S', rows))
    expect(reading.unclear).toEqual([
      { sheet: 'S', heading: 'Tarif', could: ['price'] },
      { sheet: 'S', heading: 'Tanggal', could: ['due', 'startedOn'] },
    ])
    const answered = readWith({ Iuran: 'ignored', Tanggal: 'due' }, sheet('S', rows))
    expect(answered.unclear).toEqual([])
    expect(readyFacts(answered)[0]).toMatchObject({ price: 150_000, due: { day: 5 } })
  })
})

describe('a row', () => {
  test.each<[Cell, CustomerFacts['due']]>([
    [20, { day: 20 }],
    ['20', { day: 20 }],
    ['tgl 20', { day: 20 }],
    ['Tgl. 5', { day: 5 }],
    ['tgl20', { day: 20 }],
    ['Tiap tanggal 31', { day: 31 }],
    ['setiap tgl 10', { day: 10 }],
    ['20 tiap bulan', { day: 20 }],
    ['10/bln', { day: 10 }],
    ['akhir bulan', { day: 31 }],
    [day('2026-12-20'), { date: day('2026-12-20') }],
    [day('2026-11-23'), { date: day('2026-11-23') }],
    [day('2026-11-22'), { day: 22 }],
    [day('1900-01-20'), { day: 20 }],
    [46376, { date: day('2026-12-20') }],
    ['46376', { date: day('2026-12-20') }],
    ['20/12/2026', { date: day('2026-12-20') }],
    ['20-12-26', { date: day('2026-12-20') }],
    ['2026-12-20', { date: day('2026-12-20') }],
    ['20 Des 2026', { date: day('2026-12-20') }],
    ['Minggu, 20 Desember 2026', { date: day('2026-12-20') }],
    ['20/12', { date: day('2026-12-20') }],
    ['20 Des', { date: day('2026-12-20') }],
    ['3 Agustus', { day: 3 }],
    ['15/10/2026', { day: 15 }],
  ])('due %j', (cell, due) => {
    expect(factsOf(readRow({ 'Jatuh Tempo': cell })).due).toEqual(due)
  })

  test.each<[Cell]>([
    [0],
    [32],
    ['5-10'],
    ['awal bulan'],
    ['31/11/2026'],
    ['12/25/2026'],
    ['tgl 20 bulan depan'],
    [150_000],
    [true],
  ])('due %j is sent back', (cell) => {
    expect(readRow({ 'Jatuh Tempo': cell })).toMatchObject({ problem: { kind: 'due' } })
  })

  test.each<[Cell, number]>([
    [150_000, 150_000],
    ['Rp 150.000,-', 150_000],
    ['Rp. 150.000,00', 150_000],
    ['150rb', 150_000],
    ['150rb/bln', 150_000],
    ['150.000 per bulan', 150_000],
    ['150000.00', 150_000],
    ['Rp150,000.00', 150_000],
    [0, 0],
    ['0', 0],
  ])('price %j is %i', (cell, price) => {
    expect(factsOf(readRow({ Harga: cell })).price).toBe(price)
  })

  // 150 is what an English sheet program makes of a typed "150.000".
  test.each<[Cell]>([[150], ['150'], ['nego'], [150_000.5], [-1], ['450rb/3 bulan'], [day('2026-12-20')]])(
    'price %j is sent back',
    (cell) => {
      expect(readRow({ Harga: cell })).toMatchObject({ problem: { kind: 'price' } })
    },
  )

  test.each<[Cell, string[]]>([
    ['0857-0000-1101', ['6285700001101']],
    [85700001101, ['6285700001101']],
    ['085700001101.0', ['6285700001101']],
    ["'085700001101", ['6285700001101']],
    ['085700001101 (istri), 085700001102', ['6285700001101', '6285700001102']],
    ['-', []],
    [null, []],
  ])('phone %j', (cell, phones) => {
    expect(factsOf(readRow({ 'No HP': cell })).phones.map(({ phone }) => phone)).toEqual(phones)
  })

  test('with a phone that lost its digits says so', () => {
    expect(readRow({ 'No HP': '8,57E+10' })).toMatchObject({
      problem: { kind: 'phone' },
      reason: 'No HP "8,57E+10" terpotong oleh Excel. Ubah kolomnya menjadi teks, lalu tulis lagi nomornya.',
    })
  })

  test('with phones in two columns keeps both, the first as the main one', () => {
    const cells = { 'No HP': '085700001101', WA: '085700001102' }
    expect(factsOf(readRow(cells)).phones.map(({ phone }) => phone)).toEqual(['6285700001101', '6285700001102'])
  })

  test.each<[string, Partial<CustomerFacts>]>([
    ['AKTIF', { status: 'active' }],
    ['Non-Aktif', { status: 'stopped' }],
    ['tidak aktif', { status: 'stopped' }],
    ['sudah berhenti', { status: 'stopped' }],
    ['Cuti', { status: 'paused' }],
    ['berhenti sementara', { status: 'paused' }],
    ['lunas', { status: 'active', paidThisMonth: true }],
    ['belum bayar', { status: 'active', debtNote: 'belum bayar' }],
    ['nunggak 2 bln', { status: 'active', debtNote: 'nunggak 2 bln' }],
    ['isolir', { status: 'active' }],
    ['cuti sampai maret', { status: 'paused', note: 'cuti sampai maret' }],
  ])('status %j', (text, facts) => {
    expect(factsOf(readRow({ Status: text }))).toMatchObject(facts)
  })

  test('with an unknown status is sent back', () => {
    expect(readRow({ Status: 'pindah' })).toMatchObject({
      problem: { kind: 'status', value: 'pindah' },
      reason: 'Status "pindah" belum dikenal. Tulis aktif, berhenti, atau cuti.',
    })
  })

  test.each<[string, Partial<CustomerFacts>]>([
    ['OFF', { status: 'stopped', note: undefined }],
    ['nonaktif', { status: 'stopped', note: undefined }],
    ['cuti', { status: 'paused', note: undefined }],
    ['lunas', { paidThisMonth: true, note: undefined }],
    ['lunas s/d Maret 2027', { paidUntil: day('2027-03-01'), note: undefined }],
    ['sudah bayar sampai feb', { paidUntil: day('2027-02-01') }],
    ['lunas nov', { paidUntil: day('2026-11-01') }],
    ['nunggak 2 bln, rumah cat biru', { debtNote: 'nunggak 2 bln', note: 'rumah cat biru', status: 'active' }],
    ['hutang 50rb', { debtNote: 'hutang 50rb' }],
    ['bayar di warung', { note: 'bayar di warung', paidThisMonth: undefined, paidUntil: undefined }],
    ['keluar kota; titip tetangga', { note: 'keluar kota; titip tetangga', status: 'active' }],
    ['stop kontak rusak', { note: 'stop kontak rusak', status: 'active' }],
    ['lunas 3 bulan', { note: 'lunas 3 bulan', paidThisMonth: undefined }],
    ['=1+1', { note: '=1+1' }],
    ['-', { note: undefined }],
  ])('note %j', (text, facts) => {
    expect(factsOf(readRow({ Ket: text }))).toMatchObject(facts)
  })

  test('whose status and note differ is taken as the one that bills less, with a doubt', () => {
    const row = readRow({ Status: 'AKTIF', Ket: 'OFF' })
    expect(factsOf(row).status).toBe('stopped')
    expect(row).toMatchObject({ doubts: ['statusnya tertulis berbeda-beda, saya baca berhenti'] })
  })

  test.each<[string, Cell, Partial<CustomerFacts>]>([
    ['Lunas s/d', day('2027-03-31'), { paidUntil: day('2027-03-01') }],
    ['Lunas s/d', 'Maret 2027', { paidUntil: day('2027-03-01') }],
    ['Dibayar sampai', '03/2027', { paidUntil: day('2027-03-01') }],
    ['Lunas s.d.', 'Des', { paidUntil: day('2026-12-01') }],
    ['Lunas', 'lunas', { paidThisMonth: true, paidUntil: undefined }],
    ['Lunas s/d', '-', { paidUntil: undefined }],
    ['Status Desember', 'LUNAS', { paidUntil: day('2026-12-01') }],
    ['Status Desember', 'belum', { paidUntil: undefined }],
    ['Okt 2026', 'lunas', { paidUntil: day('2026-10-01') }],
    ['Tunggakan', 300_000, { debtNote: 'Tunggakan Rp300.000' }],
    ['Tunggakan', '2 bulan', { debtNote: '2 bulan' }],
    ['Hutang', 0, { debtNote: undefined }],
  ])('%j %j', (heading, cell, facts) => {
    expect(factsOf(readRow({ [heading]: cell }))).toMatchObject(facts)
  })

  test('of a page of a year is paid until its last paid month, in the year of the page', () => {
    const months = ['Jan', 'Feb', 'Mar', 'Apr', 'Mei', 'Jun', 'Jul', 'Agu', 'Sep', 'Okt', 'Nov', 'Des']
    const page = (title: string, today: string) => {
      const rows = [[title], ['Nama', 'Alamat', ...months], ['Budi', 'Krajan', ...months.map(() => 'v')]]
      return readyFacts(readCustomers([sheet('Bayar', rows)], day(today)) as SheetReading)[0]?.paidUntil
    }
    const dated = [
      ['Nama', 'Alamat', day('2026-10-01'), day('2026-11-01')],
      ['Budi', 'Krajan', 150_000, '-'],
    ]
    expect(readyFacts(read(sheet('Bayar', dated)))[0]?.paidUntil).toEqual(day('2026-10-01'))
    expect(page('IURAN 2026', '2027-01-05')).toEqual(day('2026-12-01'))
    expect(page('IURAN', '2027-01-05')).toEqual(day('2026-12-01'))
    expect(page('IURAN', '2026-11-23')).toEqual(day('2026-12-01'))
  })

  test('names all its problems at once, so that it comes back only once', () => {
    expect(readRow({ Nama: ' ', 'No HP': 'abc', Harga: 'nego', 'Jatuh Tempo': null })).toMatchObject({
      problem: { kind: 'noName' },
      reason: expect.stringMatching(/^Nama .*No HP "abc".*Harga "nego".*Jatuh tempo belum diisi/),
    })
  })

  test('keeps its name as written, save for spaces and invisible characters', () => {
    expect(factsOf(readRow({ Nama: '  H. Andi\u00a0 Ginting,\u200b S.Pd ' })).name).toBe('H. Andi Ginting, S.Pd')
  })

  test('gives a bare figure the word of its heading', () => {
    const area = (cells: Record<string, Cell>) => factsOf(readRow(cells)).area
    expect(area({ 'RT/RW': '05/04' })).toBe('RT 05/04')
    expect(area({ RT: 3, RW: 2 })).toBe('RT 3 RW 2')
    expect(area({ Blok: 'A' })).toBe('A')
    // What sheet programs make of a typed 05/04.
    expect(area({ 'RT/RW': day('2026-04-05') })).toBe('RT 05/04')
  })

  test('with an odd start or mail comes in with a doubt', () => {
    const row = readRow({ 'Tgl Pasang': 'dulu', Email: 'tidak punya' })
    expect(row).toMatchObject({ outcome: 'ready', facts: { startedOn: undefined, email: undefined } })
    expect(row).toMatchObject({ doubts: [expect.stringContaining('dulu'), expect.stringContaining('tidak punya')] })
  })

  test('that is only numbered in advance is blank, and one with a sum only is a total', () => {
    const reading = read(
      sheet('S', [
        ['No', 'Nama', 'HP', 'Harga', 'Tempo'],
        [1, 'Budi', '085700001101', 150_000, 1],
        [2, null, null, null, null],
        [3, '-'],
        [null, null, null, 150_000],
        ['JUMLAH', null, null, 150_000],
        [null, 'Total pelanggan: 1'],
      ]),
    )
    expect(outcomes(reading)).toEqual({ ready: 1 })
    expect(reading.skipped).toEqual({ blank: 2, total: 3, header: 0 })
  })
})

describe('what a whole list does not say', () => {
  test('is asked once: no due day, no price', () => {
    const reading = read(
      sheet('S', [
        ['Nama', 'HP', 'Tempo'],
        ['Budi', '085700001101'],
        ['Siti', '085700001102'],
      ]),
    )
    expect(reading.missing).toEqual(['due', 'price'])
    expect(outcomes(reading)).toEqual({ ready: 2 })
  })

  test('is sent back where only some rows lack it', () => {
    const rows = [
      ['Nama', 'Paket', 'Harga', 'Tempo'],
      ['Budi', 'Rumah', 150_000, 1],
      ['Siti', 'Rumah', null, 1],
      ['Tono', null, null, 1],
      ['Wati', 'Rumah', 150_000],
    ]
    const reading = read(sheet('S', rows))
    expect(problems(reading)).toEqual([
      [4, 'noPrice'],
      [5, 'noDue'],
    ])
    expect(readyFacts(reading).map(({ price }) => price)).toEqual([150_000, undefined])
  })
})

describe('plans', () => {
  test('are one however they are spelt, but 1,5 Mbps is not 15 Mbps', () => {
    expect(planKey('rumah  10mbps')).toBe(planKey('Rumah 10 Mbps'))
    expect(planKey('Rumah-10.Mbps')).toBe(planKey('Rumah 10 Mbps'))
    expect(planKey('Hemat 1,5 Mbps')).toBe(planKey('hemat 1.5mbps'))
    expect(planKey('Hemat 1.5 Mbps')).not.toBe(planKey('Hemat 15 Mbps'))
  })

  test('cost what most pay, in a tie the lower, and may have no price in the sheet', () => {
    const rows = (prices: (number | undefined)[], planName: string) =>
      prices.map((price) => ({ planName, price: price as Rupiah | undefined }))
    const found = planPrices([
      ...rows([110_000, 75_000, 110_000, 75_000, 90_000], 'A'),
      ...rows([undefined], 'a'),
      ...rows([undefined], 'B'),
      { planName: undefined, price: 5_000 as Rupiah },
    ])
    expect(found).toEqual([
      { key: 'a', name: 'A', price: 75_000, months: 1, customers: 6, ownPrices: 3 },
      { key: 'b', name: 'B', price: undefined, months: 1, customers: 1, ownPrices: 0 },
    ])
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

async function readSample(name: string, today = '2026-11-23'): Promise<SheetReading> {
  const bytes = readFileSync(new URL(`../data/${name}`, import.meta.url))
  const sheets = await readWorkbook(bytes, name)
  if ('refused' in sheets) throw new Error(sheets.detail)
  const reading = readCustomers(sheets, day(today))
  if ('refused' in reading) throw new Error(reading.sentence)
  return reading
}

function sheet(name: string, rows: Cell[][]): Sheet {
  const numbered = rows.map((cells, index) => ({ number: index + 1, cells }))
  return {
    name,
    hidden: false,
    rows: numbered.filter(({ cells }) => cells.some((cell) => cell !== null && cell !== '')),
  }
}

function read(...sheets: Sheet[]): SheetReading {
  return readWith({}, ...sheets)
}

function readWith(answers: ColumnAnswers, ...sheets: Sheet[]): SheetReading {
  const reading = readCustomers(sheets, TODAY, answers)
  if ('refused' in reading) throw new Error(reading.sentence)
  return reading
}

/** One row beside a good one, with these cells instead of the usual ones. */
function readRow(cells: Record<string, Cell>): RowReading {
  const usual: Record<string, Cell> = { Nama: 'Siti', 'No HP': '085700001199', Harga: 150_000, 'Jatuh Tempo': 20 }
  const row = { ...usual, ...cells }
  const other = Object.keys(row).map((heading) => usual[heading] ?? null)
  const reading = read(sheet('S', [Object.keys(row), other, Object.values(row)]))
  const found = reading.rows.find(({ rowNumber }) => rowNumber === 3)
  if (!found) throw new Error('the row was skipped')
  return found
}

function factsOf(row: RowReading | undefined): CustomerFacts {
  if (row?.outcome !== 'ready') throw new Error(row ? row.reason : 'no such row')
  return row.facts
}

function readyFacts(reading: SheetReading): CustomerFacts[] {
  return reading.rows.flatMap((row) => (row.outcome === 'ready' ? [row.facts] : []))
}

function problems(reading: SheetReading) {
  return reading.rows.flatMap((row) => (row.outcome === 'rejected' ? [[row.rowNumber, row.problem.kind]] : []))
}

function outcomes(reading: SheetReading) {
  return countBy(reading.rows, ({ outcome }) => outcome)
}

function countBy<T>(values: readonly T[], key: (value: T) => string | undefined): Record<string, number> {
  const groups = Map.groupBy(values, (value) => String(key(value)))
  return Object.fromEntries([...groups].map(([name, group]) => [name, group.length]))
}
