import { describe, expect, test } from 'vitest'
import { day } from '../../src/domain/calendar.ts'
import type { Rupiah } from '../../src/domain/money.ts'
import { type CustomerFacts, readCustomers, type SheetReading } from '../../src/domain/sheet.ts'
import type { Cell } from '../../src/domain/workbook.ts'
import { factsOf, outcomes, read, readRow, readyFacts, sheet } from '../support/sheet.ts'

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
    ['tgl-20', { day: 20 }],
    ['JT 20', { day: 20 }],
    ['jth tempo 20', { day: 20 }],
    ['setiap tanggal 5 bulan berjalan', { day: 5 }],
    ['20 (dua puluh)', { day: 20 }],
    ['tiap tanggal 20 ya', { day: 20 }],
    ['20,0', { day: 20 }],
    ['20th', { day: 20 }],
    ['akhir', { day: 31 }],
    ['Dec 20, 2026', { date: day('2026-12-20') }],
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
    ['20 Desember 2026 (lunas)'],
    [150_000],
    [true],
  ])('due %j is sent back', (cell) => {
    expect(readRow({ 'Jatuh Tempo': cell })).toMatchObject({ problem: { kind: 'due' } })
  })

  test('due dates with the month first are read so where several can be nothing else', () => {
    const dues = (...cells: Cell[]) => {
      const rows = cells.map((cell, at) => [`Budi ${at}`, `08570000110${at}`, cell])
      return read(sheet('S', [['Nama', 'HP', 'Jatuh Tempo'], ...rows])).rows.map((row) =>
        row.outcome === 'ready' ? row.facts.due : row.problem.kind,
      )
    }
    const [december, january] = [{ date: day('2026-12-25') }, { date: day('2027-01-05') }]
    expect(dues('12/25/2026', '12/25/2026', '1/5/2027')).toEqual([december, december, january])
    expect(dues('12/25/2026', '12/25/2026', '25/12/2026')).toEqual(['due', 'due', december])
  })

  test.each<[Cell, number]>([
    [150_000, 150_000],
    ['Rp 150.000,-', 150_000],
    ['Rp. 150.000,00', 150_000],
    ['150rb', 150_000],
    ['150rb/bln', 150_000],
    ['150.000 per bulan', 150_000],
    ['150000.00', 150_000],
    ['150 000', 150_000],
    ["150'000", 150_000],
    ['150.OOO', 150_000],
    ['@150000', 150_000],
    ['150.000 (diskon)', 150_000],
    ['Rp150,000.00', 150_000],
    [0, 0],
    ['0', 0],
  ])('price %j is %i', (cell, price) => {
    expect(factsOf(readRow({ Harga: cell })).price).toBe(price)
  })

  test.each<[Cell, number]>([
    [150, 150_000],
    ['150', 150_000],
    ['gratis', 0],
    ['GRATIS (Pak RT)', 0],
  ])('price %j is read, with a doubt that says how', (cell, price) => {
    const row = readRow({ Harga: cell })
    expect(factsOf(row).price).toBe(price)
    expect(row).toMatchObject({ doubts: [expect.stringContaining('saya baca Rp')] })
  })

  test('prices without any thousands at all are meant in thousands', () => {
    const reading = read(
      sheet('S', [
        ['Nama', 'HP', 'Harga (ribu)', 'Tempo'],
        ['Budi', '085700001101', 150, 5],
        ['Siti', '085700001102', 200, 5],
      ]),
    )
    expect(readyFacts(reading).map(({ price }) => price)).toEqual([150_000, 200_000])
  })

  // Next to 150.000 a 175 could be anything.
  test.each<[Cell]>([[175], ['175'], ['nego'], [150_000.5], [-1], ['450rb/3 bulan'], [day('2026-12-20')]])(
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
    ['085700001101\n085700001102', ['6285700001101', '6285700001102']],
    ['wa.me/6285700001101', ['6285700001101']],
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
    ['inactive', { status: 'stopped' }],
    ['aktiv', { status: 'active' }],
    ['aktif - lunas', { status: 'active', paidThisMonth: true }],
    ['aktif sejak 2022', { status: 'active', note: 'sejak 2022' }],
    ['OFF (pindah)', { status: 'stopped', note: 'pindah' }],
    ['off, modem sudah diambil', { status: 'stopped', note: 'modem sudah diambil' }],
    ['aktif, nunggak 2 bln', { status: 'active', debtNote: 'nunggak 2 bln' }],
    ['aktif (free)', { status: 'active', price: 0 as Rupiah }],
  ])('status %j', (text, facts) => {
    expect(factsOf(readRow({ Status: text }))).toMatchObject(facts)
  })

  test('under "Aktif" a tick or a yes is active, a cross or a no stopped', () => {
    const statuses = ['ya', '✓', 1, true, 'tidak', 'x', 0, false].map(
      (cell) => factsOf(readRow({ Aktif: cell })).status,
    )
    expect(statuses).toEqual([...Array(4).fill('active'), ...Array(4).fill('stopped')])
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
    ['belum bayar okt, nov, rumah biru', { debtNote: 'belum bayar okt, nov', note: 'rumah biru' }],
    ['tunggakan: Rp 300.000,-', { debtNote: 'tunggakan: Rp 300.000,-', note: undefined }],
    ['sisa 50rb', { debtNote: 'sisa 50rb' }],
    ['tidak nunggak', { debtNote: undefined, note: 'tidak nunggak' }],
    ['hutang lunas', { debtNote: undefined, note: 'hutang lunas' }],
    ['gratis', { price: 0 as Rupiah }],
    ['gratis bulan depan', { price: 150_000 as Rupiah, note: 'gratis bulan depan' }],
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
