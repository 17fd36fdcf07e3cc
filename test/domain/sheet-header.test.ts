import { describe, expect, test } from 'vitest'
import { day } from '../../src/domain/calendar.ts'
import type { Rupiah } from '../../src/domain/money.ts'
import { planKey } from '../../src/domain/plan.ts'
import { type CustomerFacts, planPrices, readCustomers } from '../../src/domain/sheet.ts'
import type { Cell } from '../../src/domain/workbook.ts'
import { outcomes, problems, read, readWith, readyFacts, sheet, TODAY } from '../support/sheet.ts'

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
      {
        field: 'price',
        choices: [
          { heading: 'Iuran', samples: ['100000'], field: 'price', answers: { Iuran: 'price', Tarif: 'ignored' } },
          { heading: 'Tarif', samples: ['150000'], field: 'price', answers: { Iuran: 'ignored', Tarif: 'price' } },
          { samples: [], field: 'ignored', answers: { Iuran: 'ignored', Tarif: 'ignored' } },
        ],
      },
      {
        choices: [
          { heading: 'Tanggal', samples: ['5/11/2026'], field: 'due', answers: { Tanggal: 'due' } },
          { heading: 'Tanggal', samples: ['5/11/2026'], field: 'startedOn', answers: { Tanggal: 'startedOn' } },
          { heading: 'Tanggal', samples: ['5/11/2026'], field: 'ignored', answers: { Tanggal: 'ignored' } },
        ],
      },
    ])
    const answered = readWith({ Iuran: 'ignored', Tanggal: 'due' }, sheet('S', rows))
    expect(answered.unclear).toEqual([])
    expect(readyFacts(answered)[0]).toMatchObject({ price: 150_000, due: { day: 5 } })
  })

  test('with two columns of one heading tells them apart, and does not ask when they say the same', () => {
    const rows = (second: Cell) => [
      ['Nama', 'HP', 'Harga', 'Harga', 'Tempo'],
      ['Budi', '085700001101', 100_000, second, 5],
    ]
    expect(read(sheet('S', rows(100_000))).unclear).toEqual([])
    expect(read(sheet('S', rows(null))).unclear).toEqual([])
    const asked = read(sheet('S', rows(120_000))).unclear[0]?.choices.map(({ answers }) => answers)
    expect(asked).toContainEqual({ Harga: 'ignored', 'Harga #2': 'price' })
    const answered = readWith({ Harga: 'ignored', 'Harga #2': 'price' }, sheet('S', rows(120_000)))
    expect(readyFacts(answered)[0]?.price).toBe(120_000)
  })

  test('whose words we do not know is asked about by what stands below', () => {
    const rows = (headings: string[]) => [
      headings,
      ['Budi', 'warung', '0857-0000-1101', '100rb', 'tgl 5'],
      ['Siti', 'kios', '0857-0000-1102', '150rb', 'tgl 20'],
    ]
    const name = read(sheet('S', rows(['Siapa', 'Usaha', 'Kontak', 'Harga', 'Tempo']))).unclear[0]
    expect(name).toMatchObject({ field: 'name', choices: [{ heading: 'Siapa' }, { heading: 'Usaha' }] })
    const money = read(sheet('S', rows(['Nama', 'Alamat', 'Kontak', 'Nilai', 'Kapan'])))
    expect(money.unclear).toMatchObject([
      { field: 'price', choices: [{ heading: 'Nilai', samples: ['100rb', '150rb'] }, { field: 'ignored' }] },
      { field: 'due', choices: [{ heading: 'Kapan', samples: ['tgl 5', 'tgl 20'] }, { field: 'ignored' }] },
    ])
    const answered = readWith(
      { Nilai: 'price', Kapan: 'due' },
      sheet('S', rows(['Nama', 'Alamat', 'Kontak', 'Nilai', 'Kapan'])),
    )
    expect(readyFacts(answered).map(({ price, due }) => [price, due])).toEqual([
      [100_000, { day: 5 }],
      [150_000, { day: 20 }],
    ])
  })

  test('without a word for the name takes the only column that can be one', () => {
    const reading = read(
      sheet('S', [
        ['Siapa', 'Kontak', 'Bayaran', 'Tempo'],
        ['Budi', '085700001101', '150rb', 5],
      ]),
    )
    expect(reading.unclear).toEqual([])
    expect(readyFacts(reading)[0]).toMatchObject({ name: 'Budi', price: 150_000, due: { day: 5 } })
  })

  test.each(['Masa Aktif', 'Aktif s/d', 'Berlaku sampai'])('"%s" is no status: it is asked about', (heading) => {
    const reading = read(
      sheet('S', [
        ['Nama', 'HP', 'Harga', heading],
        ['Budi', '085700001101', 150_000, day('2026-12-20')],
      ]),
    )
    expect(problems(reading)).toEqual([])
    expect(reading.unclear[0]?.choices.map(({ field }) => field)).toEqual(['due', 'paidUntil', 'ignored'])
  })

  test.each<[string, Cell, string]>([
    ['Tgl Nagih', 20, 'due'],
    ['Batas Bayar', 20, 'due'],
    ['JT', 20, 'due'],
    ['Tagihan per bulan', 150_000, 'price'],
    ['Bayaran', 150_000, 'price'],
    ['Domisili', 'Krajan', 'address'],
    ['Mbps', '10', 'planName'],
    ['Sisa tagihan', 50_000, 'debtNote'],
  ])('"%s" is understood', (heading, cell, fact) => {
    const rows = [
      ['Nama', 'HP', heading],
      ['Budi', '085700001101', cell],
    ]
    expect(readyFacts(read(sheet('S', rows)))[0]).toHaveProperty(fact)
    expect(readyFacts(read(sheet('S', rows)))[0]?.[fact as keyof CustomerFacts]).toBeDefined()
  })

  test('"No" above a few rows of a long list, or above figures in any order, is no number of a customer', () => {
    const numbers = (...values: Cell[]) =>
      readyFacts(
        read(
          sheet('S', [['No', 'Nama', 'HP'], ...values.map((value, at) => [value, `Budi ${at}`, `08570000110${at}`])]),
        ),
      ).map(({ number }) => number)
    expect(numbers(58, 912, 1044)).toEqual([undefined, undefined, undefined])
    expect(numbers('PLG-58', 'PLG-912')).toEqual(['PLG-58', 'PLG-912'])
    expect(numbers('100234', '207781')).toEqual(['100234', '207781'])
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
