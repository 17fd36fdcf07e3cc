import { readFileSync } from 'node:fs'
import ExcelJS from 'exceljs'
import { beforeEach, expect, test } from 'vitest'
import { OWNER, type Posted, startTestProgram } from '../support/program.ts'

const program = await startTestProgram()
beforeEach(() => program.post('/simulator/reset', { now: '2026-11-23T09:00:00+07:00' }))

const textOf = (posted: Posted) => posted.replies.map(({ text }) => text).join('\n')
const say = async (text: string) => textOf(await program.say(OWNER, text))
const sample = (name: string) => ({ name, bytes: readFileSync(new URL(`../data/${name}`, import.meta.url)) })

/** A sheet that the program sent, changed by hand and saved by another program. */
async function edited(posted: Posted, filename: RegExp, change: (sheet: ExcelJS.Worksheet) => void) {
  const url = posted.replies.find(({ media }) => filename.test(media?.filename ?? ''))?.media?.url ?? ''
  const workbook = new ExcelJS.Workbook()
  await workbook.xlsx.load(await (await fetch(new URL(url, program.url))).arrayBuffer())
  const [sheet] = workbook.worksheets
  if (!sheet) throw new Error('no sheet')
  change(sheet)
  return { name: 'kiriman ulang.xlsx', bytes: new Uint8Array(await workbook.xlsx.writeBuffer()) }
}

test('more than nine noted debts go out as a list, and come back corrected as invoices', async () => {
  await program.send(OWNER, sample('pelanggan-rtrwnet.xlsx'))
  const done = await program.say(OWNER, 'ya')
  expect(textOf(done)).toContain('*39* orang punya catatan utang')
  let suggested = 0
  const file = await edited(done, /^catatan-utang/, (sheet) => {
    expect(sheet.rowCount).toBe(1 + 39)
    sheet.getColumn(6).eachCell(({ value }) => {
      suggested += typeof value === 'number' ? value : 0
    })
    expect(sheet.getCell('F2').value).toBe(700_000)
    sheet.getCell('F2').value = 0
    expect(sheet.getCell('F3').value).toBe(300_000)
    sheet.getCell('F3').value = '250rb'
    expect(sheet.getCell('F4').value).toBe(400_000)
    sheet.getCell('F4').value = null
    expect(sheet.getCell('F5').value).toBe(400_000)
    sheet.getCell('F5').value = 'sekian'
  })
  // Of the 39 one is not billed, one comes to 50.000 less, and two wait.
  const total = `Rp${String(suggested - 700_000 - 50_000 - 400_000 - 400_000).replace(/\B(?=(\d{3})+$)/g, '.')}`
  const preview = textOf(await program.send(OWNER, file))
  expect(preview).toBe(
    [
      `*36* catatan utang jadi tagihan, total *${total}*.`,
      '1 tidak ditagih (0)',
      '1 jumlahnya tidak terbaca, saya biarkan dulu: baris 5',
      '1 belum diisi, saya biarkan dulu',
      'Balas *ya* untuk menerbitkan 36 tagihan, *tidak* untuk membatalkan.',
    ].join('\n'),
  )
  expect(await say('ya')).toBe(
    `✅ *36* tagihan dari catatan utang terbit, total *${total}*. Belum ada pesan yang dikirim.\n1 catatan tidak ditagih.\nSalah? Ketik *batal*.`,
  )
  expect(textOf(await program.send(OWNER, file))).toContain('37 tidak menunggu lagi')
  expect(await say('batal')).toBe(
    `✅ Dibatalkan: *36* tagihan dari catatan utang, ${total}. Catatannya tetap di data pelanggan.`,
  )
})

test('rows that came back come in once they are corrected, from several sheets with other columns', async () => {
  const workbook = new ExcelJS.Workbook()
  workbook.addWorksheet('RT 1').addRows([
    ['No', 'Nama', 'No HP', 'Paket', 'Harga', 'Tempo'],
    [1, 'Hasan', '0812 abc', 'Hemat', 100_000, 20],
    [2, '=HYPERLINK("http://a.example")', 'tidak jelas', 'Hemat', '100rb', 'tgl 5'],
    [3, 'Tono', '085700002603', 'Hemat', '100rb', 'tgl 5'],
  ])
  const second = workbook.addWorksheet('RT 2')
  second.addRows([
    ['Wilayah', 'Pelanggan', 'Jatuh Tempo', 'Tarif', 'Layanan', 'WA'],
    ['RT 2', 'Bu Sri', new Date(Date.UTC(2026, 11, 10)), 'nego', 'Rumah', '085700002602'],
    [null, 'Wati', '10', '150rb', 'Rumah', '085700002604'],
  ])
  second.mergeCells('A2:A3')
  const list = { name: 'a.xlsx', bytes: new Uint8Array(await workbook.xlsx.writeBuffer()) }
  expect(textOf(await program.send(OWNER, list))).toContain('*2* dari 5 baris siap masuk.')
  const done = await program.say(OWNER, 'ya')
  const file = await edited(done, /^belum-masuk/, (sheet) => {
    const at = (heading: string) => (sheet.getRow(1).values as string[]).indexOf(heading)
    // What looks like a formula went out as the text that it was.
    expect(sheet.getCell(3, at('Nama')).value).toBe('=HYPERLINK("http://a.example")')
    expect(sheet.getCell(4, at('Pelanggan')).value).toBe('Bu Sri')
    expect(sheet.getCell(4, at('Jatuh Tempo')).value).toBe('10/12/2026')
    sheet.getCell(2, at('No HP')).value = '085700002601'
    sheet.getCell(3, at('No HP')).value = '-'
    // The second list has its own words for the same things; a person writes them where the first has them.
    for (const [from, to] of [
      ['Pelanggan', 'Nama'],
      ['Jatuh Tempo', 'Tempo'],
      ['WA', 'No HP'],
      ['Layanan', 'Paket'],
    ] as const) {
      sheet.getCell(4, at(to)).value = sheet.getCell(4, at(from)).value
    }
    sheet.getCell(4, at('Harga')).value = 150_000
    for (const heading of ['Pelanggan', 'Jatuh Tempo', 'WA', 'Layanan', 'Tarif']) {
      sheet.getColumn(at(heading)).eachCell((cell) => {
        cell.value = null
      })
    }
  })
  const preview = textOf(await program.send(OWNER, file))
  expect(preview).toContain('*3* dari 3 baris siap masuk.')
  expect(preview).not.toContain('Kolom yang tidak saya pakai')
  expect(await say('ya')).toContain('✅ *3* pelanggan masuk')
  expect(await say('cari bu sri')).toContain('Rumah Rp150.000')
  const again = textOf(await program.send(OWNER, list))
  expect(again).toContain('2 sudah ada dan sama.')
})

test('while a large list is read the chat goes on answering', async () => {
  const line = (at: number) =>
    `${at};Hasan ${at};0857${10_000_000 + at};Jl. Melati ${at};Hemat 5 Mbps;100rb;tgl 20;titip warung`
  const rows = Array.from({ length: 19_500 }, (_, at) => line(at))
  const bytes = Buffer.from(['No;Nama;No HP;Alamat;Paket;Harga;Tempo;Ket', ...rows].join('\n'))
  let isRead = false
  const reading = program.send(OWNER, { name: 'besar.csv', bytes }).then((posted) => {
    isRead = true
    return textOf(posted)
  })
  for (const text of ['bantuan', 'telat', 'lihat paket']) expect(await say(text)).not.toBe('')
  expect(isRead).toBe(false)
  expect(await reading).toContain('*19.500* dari 19.500 baris siap masuk.')
})
