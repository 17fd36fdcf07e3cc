import { parse } from 'csv-parse/sync'
import ExcelJS from 'exceljs'
import { expect, test } from 'vitest'
import { openTestBooks } from '../support/database.ts'
import { comesInOnce, newBusiness, START, sample, stage } from '../support/import.ts'

const books = await openTestBooks(START)

test('pelanggan-rtrwnet.xlsx: 326 rows = 318 in + 2 back + 5 empty + 1 sum, as another program counts them', async () => {
  const open = await newBusiness(books, 'rtrwnet')
  const other = new ExcelJS.Workbook()
  await other.xlsx.load(sample('pelanggan-rtrwnet.xlsx') as never)
  const sheet = other.getWorksheet('Pelanggan')
  const cells = Array.from({ length: 330 - 4 }, (_, index) =>
    Array.from({ length: 10 }, (_, column) => String(sheet?.getRow(index + 5).getCell(column + 1).text ?? '').trim()),
  )
  const full = cells.filter((row) => row.some((text) => text !== ''))
  const people = full.filter(([no, name]) => no !== '' && name !== 'TOTAL')
  const readable = people.filter(([, name, phone]) => name !== '' && !/[a-z]/i.test(phone ?? ''))
  expect([cells.length, full.length, people.length, readable.length]).toEqual([326, 321, 320, 318])
  const off = readable.filter(([, , , , , , , , , ket]) => ket === 'OFF').length

  const { plan, importId } = await stage(open, 'pelanggan-rtrwnet.xlsx', sample('pelanggan-rtrwnet.xlsx'))
  expect(plan.rows).toBe(cells.length)
  expect(plan.skipped).toBe(cells.length - people.length)
  expect(plan.rejected.map(({ rowNumber, kind }) => [rowNumber, kind])).toEqual([
    [64, 'noName'],
    [95, 'phone'],
  ])
  expect(plan.byStatus).toEqual({ active: readable.length - off, stopped: off, paused: 0 })
  await comesInOnce(open, importId, 'pelanggan-rtrwnet.xlsx', readable.length)
})

test('pelanggan-tv-digital.xlsx: 150 rows = 92 active + 17 paused + 41 stopped, as another program counts them', async () => {
  const open = await newBusiness(books, 'tv')
  const other = new ExcelJS.Workbook()
  await other.xlsx.load(sample('pelanggan-tv-digital.xlsx') as never)
  const statuses: string[] = []
  other.getWorksheet('DATA 2026')?.eachRow((row, number) => {
    if (number > 1) statuses.push(String(row.getCell(8).text).trim().toLowerCase())
  })
  const of = (...words: string[]) => statuses.filter((status) => words.includes(status)).length
  const { plan, importId } = await stage(open, 'pelanggan-tv-digital.xlsx', sample('pelanggan-tv-digital.xlsx'))
  expect([plan.rows, plan.skipped, plan.rejected]).toEqual([statuses.length, 0, []])
  expect(plan.byStatus).toEqual({ active: of('aktif'), paused: of('cuti'), stopped: of('berhenti', 'nonaktif') })
  expect(of('aktif', 'cuti', 'berhenti', 'nonaktif')).toBe(150)
  await comesInOnce(open, importId, 'pelanggan-tv-digital.xlsx', 150)
})

test('pelanggan-bumdes.csv: 90 rows, all in and active, as another program counts them', async () => {
  const open = await newBusiness(books, 'bumdes')
  const lines: string[][] = parse(sample('pelanggan-bumdes.csv'), { delimiter: ';', bom: true })
  const { plan, importId } = await stage(open, 'pelanggan-bumdes.csv', sample('pelanggan-bumdes.csv'))
  expect([plan.rows, plan.skipped, plan.rejected]).toEqual([lines.length - 1, 0, []])
  expect(plan.byStatus).toEqual({ active: 90, paused: 0, stopped: 0 })
  await comesInOnce(open, importId, 'pelanggan-bumdes.csv', 90)
})
