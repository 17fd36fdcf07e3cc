import ExcelJS from 'exceljs'
import { type Dice, date, dice, type Value, writeDay, writePhone, writePrice, writeRemark } from './messy-cells.ts'

/** What the maker of a row knows that the reader has to find out. */
export type Truth = {
  /** Where it stands: the sheet's name and the row as a sheet program numbers it. */
  place: string
  outcome: 'in' | 'double' | 'back'
  /** Why nobody could place it, where it must come back. */
  because?: string
  name: string
  phones: readonly string[]
  plan: string
  price: number
  day: number
  status: 'active' | 'paused' | 'stopped'
  /** What its note about a debt comes to. */
  debt?: number
}

type Row = { values: Value[]; truth: Omit<Truth, 'place'> }

/** A list of the first kind of owner, as a workbook, with the truth about each row of it. */
export type MessyList = { bytes: Buffer; truths: Truth[] }

const FIRST =
  'Arum Bagas Candra Dimas Elok Farhan Gading Hesti Ilham Jumadi Kartika Laras Mulyono Ningsih Okta Paijo Qori Ratih Sugeng Tarjo Untung Vina Warsito Yanuar Zulfa'
const LAST =
  'Adiwijaya Baskoro Cahyadi Danurdara Ekawati Fatmawati Gumilar Handoko Iskandar Jatmiko Kusnadi Laksana Maulana Nugroho Oktaviani Prabowo Rusdiana Sasongko Triyono Utomo Wicaksono Yuliana'
const STREETS = 'Flamboyan Cempaka Teratai Kamboja Dahlia Bougenville Anyelir'
const HEADINGS = [
  'No',
  'Nama Pelanggan',
  'No HP / WA',
  'Alamat',
  'RT/RW',
  'Paket',
  'Harga',
  'Tgl Jatuh Tempo',
  'Tgl Pasang',
  'Ket',
]
const PLANS = [
  { name: 'Lite 7 Mbps', price: 110_000 },
  { name: 'Home 15 Mbps', price: 165_000 },
  { name: 'Max 30 Mbps', price: 240_000 },
] as const

/**
 * Makes a list as the first owner keeps one, only longer and worse: titles, headers repeated in the middle, sums, two
 * sheets, and every way of writing a phone, a price, a day or a remark that we know. The same seed makes the same list.
 * `sorted: 'otherwise'` has the same rows in another order and other columns; `change` may alter rows first.
 */
export async function messyList(
  count: number,
  {
    seed = 1,
    sorted = 'as entered',
    change = () => {},
  }: {
    seed?: number
    sorted?: 'as entered' | 'otherwise'
    change?: (rows: Row[]) => void
  } = {},
): Promise<MessyList> {
  const random = dice(seed)
  const rows = makeRows(count, random)
  change(rows)
  if (sorted === 'as entered') return write(rows, HEADINGS, random)
  // The row numbers are given anew, as a sheet program does that sorts.
  const order = [1, 7, 5, 6, 2, 3, 4, 9, 8]
  const shuffled = random.shuffle(rows).map(({ values, truth }, index) => ({
    values: [index + 1, ...order.map((column) => values[column] ?? null)],
    truth,
  }))
  return write(shuffled, ['No', ...order.map((column) => HEADINGS[column] ?? '')], random)
}

function makeRows(count: number, random: Dice): Row[] {
  const rows: Row[] = []
  for (let index = 0; index < count; index++) {
    const row = goodRow(index, random)
    // Eight rows in a thousand nobody can place, five repeat the one before.
    if (index % 125 === 60) spoil(row, Math.floor(index / 125), rows)
    else if (index % 200 === 10) repeat(row, rows.at(-1))
    rows.push(row)
  }
  return rows
}

function goodRow(index: number, random: Dice): Row {
  const plan = random.pick(PLANS)
  const digits = `8${random.pick(['12', '57', '95', '21', '38'])}${String(4_000_000 + index * 2)}`
  const phone = writePhone(digits, index, random)
  const day = random.pick([1, 5, 10, 15, 20, 25, 28, 30, 31])
  const remark = writeRemark(plan.price, random)
  const name = `${random.pick(FIRST.split(' '))} ${random.pick(LAST.split(' '))} ${letters(index)}`
  const price = writePrice(plan.price, random)
  return {
    values: [
      index + 1,
      random.pick([
        name,
        name.toUpperCase(),
        `Pak ${name}`,
        `Bu ${name}`,
        ` ${name} `,
        `${name} (warung)`,
        `H. ${name}, S.Pd`,
      ]),
      phone.cell,
      `Jl. ${random.pick(STREETS.split(' '))} No. ${1 + random.below(99)}`,
      random.pick(['01/02', 'RT 03 RW 01', '5/2', 'RT.4/RW.2', 'rt 7', '02']),
      random.pick([
        plan.name,
        plan.name.toLowerCase(),
        plan.name.replace(/ /g, '  '),
        plan.name.replace(' Mbps', 'Mbps'),
      ]),
      price.cell,
      writeDay(day, random),
      random.pick<Value>([date(2022, 3, 14), '14/03/2022', '14 Maret 2022', '2022-03-14', null, 'lupa']),
      remark.cell,
    ],
    truth: {
      outcome: 'in',
      name,
      phones: phone.phones.map((each) => `62${each}`),
      plan: plan.name,
      price: remark.free ? 0 : price.means,
      day,
      status: remark.status,
      ...(remark.debt !== undefined && { debt: remark.debt }),
    },
  }
}

/** `aab`: keeps people with the same names apart, as a nickname would. */
function letters(index: number): string {
  const letter = (value: number) => String.fromCharCode(97 + (value % 26))
  return letter(index / 676) + letter(index / 26) + letter(index)
}

const NAME = 1
const PHONE = 2
const PRICE = 6
const DUE = 7

/** Makes a row one that nobody can place without asking. */
function spoil(row: Row, kind: number, before: readonly Row[]): void {
  const { values, truth } = row
  const spoils: readonly (() => string)[] = [
    () => {
      values[NAME] = kind % 2 === 0 ? null : '?'
      return 'without a name'
    },
    () => {
      values[PHONE] = '8,57E+10'
      return 'the figures of its phone are lost'
    },
    () => {
      values[PHONE] = '0812 abc'
      return 'half a phone'
    },
    () => {
      values[PHONE] = '085700001234 ganti 081200009876'
      return 'two phones, of which one is wrong'
    },
    () => {
      values[PRICE] = 'nego'
      return 'no price'
    },
    () => {
      values[DUE] = '5-10'
      return 'two days'
    },
    () => {
      values[DUE] = '31/11/2026'
      return 'a day that does not exist'
    },
    () => {
      const first = before.at(-1)
      if (first?.truth.outcome !== 'in') throw new Error('the row before a spoilt one is a good one')
      Object.assign(first.truth, { outcome: 'back', because: 'the row below says the same at another price' })
      row.values.splice(1, values.length - 1, ...first.values.slice(1))
      row.values[PRICE] = 999_000
      return 'the row above once more, at another price'
    },
  ]
  truth.outcome = 'back'
  truth.because = spoils[kind % spoils.length]?.()
}

/** The same customer once more, as happens when somebody pastes. */
function repeat(row: Row, before: Row | undefined): void {
  if (!before) return
  row.values.splice(1, before.values.length - 1, ...before.values.slice(1))
  row.truth = { ...before.truth, outcome: 'double' }
}

async function write(rows: readonly Row[], headings: readonly string[], random: Dice): Promise<MessyList> {
  const workbook = new ExcelJS.Workbook()
  const truths: Truth[] = []
  const info = workbook.addWorksheet('Info')
  info.addRow(['Catatan: data di lembar lain'])
  const half = Math.ceil(rows.length * 0.6)
  for (const [name, part] of [
    ['Pelanggan RT 1-4', rows.slice(0, half)],
    ['Pelanggan RT 5-9', rows.slice(half)],
  ] as const) {
    const sheet = workbook.addWorksheet(name)
    sheet.mergeCells(1, 1, 1, headings.length)
    sheet.getCell('A1').value = 'DAFTAR PELANGGAN TIRTA NET'
    sheet.addRow(['Per November 2026'])
    sheet.addRow([])
    sheet.addRow(headings)
    for (const [index, { values, truth }] of part.entries()) {
      // Printed pages: an empty row, and the header once more.
      if (index > 0 && index % 400 === 0) {
        sheet.addRow([])
        sheet.addRow(headings)
      }
      const { number } = sheet.addRow(values)
      const due = sheet.getRow(number)
      due.eachCell((cell) => {
        if (cell.value instanceof Date) cell.numFmt = random.pick(['dd/mm/yyyy', 'd mmm yy', 'yyyy-mm-dd'])
      })
      truths.push({ ...truth, place: `${name}!${number}` })
    }
    sheet.addRow([])
    const total = sheet.addRow([])
    total.getCell(2).value = 'TOTAL'
    total.getCell(headings.indexOf('Harga') + 1).value = { formula: 'SUM(G5:G9)', result: 123_456_000 }
  }
  const bytes = Buffer.from(await workbook.xlsx.writeBuffer())
  return { bytes, truths }
}
