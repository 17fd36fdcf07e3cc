import { readFileSync } from 'node:fs'
import type { Worker } from 'node:worker_threads'
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import ExcelJS from 'exceljs'
import { describe, expect, test } from 'vitest'
import { day } from '../../src/domain/calendar.ts'
import {
  type Cell,
  dayOfSerial,
  MAX_UPLOAD_BYTES,
  readWorkbook,
  type Sheet,
  type WorkbookRefusal,
  type WorkbookSpec,
  writeWorkbook,
} from '../../src/domain/workbook.ts'

/** What a hostile file may cost: far above a good one, far below what anybody would wait for. */
const PATIENCE_MS = 10_000

const SPEC: WorkbookSpec = {
  sheetName: 'Tagihan',
  columns: [
    { header: 'Nama', width: 24, kind: 'text' },
    { header: 'Jatuh Tempo', width: 12, kind: 'day' },
    { header: 'Sisa', width: 14, kind: 'rupiah' },
    { header: 'Hari Telat', width: 10, kind: 'count' },
  ],
}

describe('an .xlsx', () => {
  test('gives the row numbers and values that the sheet program shows', async () => {
    const [pelanggan] = await sheetsOf(sample('pelanggan-rtrwnet.xlsx'), 'pelanggan-rtrwnet.xlsx')
    expect(pelanggan?.name).toBe('Pelanggan')
    expect(cellsOf(pelanggan, 1)).toEqual(['DAFTAR PELANGGAN BAROKAH NET'])
    // Row 5 as it stands in the file: a date cell for the due day, a text for the start, and no note.
    const first = [1, 'Bu Nabila Utami', '(0896)00001001', 'Jl. Melati No. 7', '05/04', 'Rumah 10 Mbps', '150.000']
    expect(cellsOf(pelanggan, 5)).toEqual([...first, '2026-12-20', '06/12/2021'])
    expect(cellsOf(pelanggan, 12)[2]).toBe(6282100001008)
    expect(cellsOf(pelanggan, 10)[9]).toBe('=1+1')
    // The sum below the list was saved without its result.
    expect(cellsOf(pelanggan, 330)).toEqual([null, 'TOTAL'])
  })

  test('holds the same cells as its raw XML, for every row of both samples', async () => {
    for (const [file, part, name] of [
      ['pelanggan-rtrwnet.xlsx', 'xl/worksheets/sheet1.xml', 'Pelanggan'],
      ['pelanggan-tv-digital.xlsx', 'xl/worksheets/sheet2.xml', 'DATA 2026'],
    ] as const) {
      const expected = rawCells(sample(file), part)
      const sheets = await sheetsOf(sample(file), file)
      const sheet = sheets.find((each) => each.name === name)
      const read = sheet?.rows.flatMap(({ number, cells }) =>
        cells.flatMap((cell, column) => (cell === null ? [] : [[`${letter(column)}${number}`, serialOf(cell)]])),
      )
      expect(Object.fromEntries(read ?? [])).toEqual(expected)
    }
  })

  test('made by another program keeps rich text, links, formula results, errors, booleans and hidden sheets', async () => {
    const workbook = new ExcelJS.Workbook()
    const sheet = workbook.addWorksheet('Bulan & <ini>')
    sheet.getCell('A1').value = { richText: [{ text: 'Bu ' }, { font: { bold: true }, text: 'Siti' }] }
    sheet.getCell('B1').value = { text: 'wa.me', hyperlink: 'https://wa.me/6285700001101' }
    sheet.getCell('C1').value = { formula: 'A1&"x"', result: 'Bu Sitix' }
    sheet.getCell('D1').value = { formula: '1/0', result: { error: '#DIV/0!' } } as ExcelJS.CellFormulaValue
    sheet.getCell('E1').value = true
    sheet.getCell('F1').value = { formula: '70000+5000', result: 75000 } as ExcelJS.CellFormulaValue
    // As Excel writes it; a bare carriage return is a line end in XML.
    sheet.getCell('A3').value = 'baris_x000D_\nkedua'
    sheet.getCell('A4').value = 'baris\r\nkedua'
    sheet.getCell('C3').value = 46376
    sheet.getCell('C3').numFmt = '#,##0 "hari"'
    sheet.getCell('D3').value = 46376.5
    sheet.getCell('D3').numFmt = '[$-421]dd mmmm yyyy'
    sheet.getCell('E3').value = 0.5
    sheet.getCell('E3').numFmt = 'hh:mm'
    workbook.addWorksheet('Rahasia', { state: 'hidden' }).getCell('A1').value = 'lama'
    const sheets = await sheetsOf(Buffer.from(await workbook.xlsx.writeBuffer()), 'a.xlsx')
    expect(sheets.map(({ name, hidden }) => [name, hidden])).toEqual([
      ['Bulan & <ini>', false],
      ['Rahasia', true],
    ])
    expect(cellsOf(sheets[0], 1)).toEqual(['Bu Siti', 'wa.me', 'Bu Sitix', '#DIV/0!', true, 75000])
    expect(cellsOf(sheets[0], 3)).toEqual(['baris\r\nkedua', null, 46376, '2026-12-20', 0.5])
    expect(cellsOf(sheets[0], 4)).toEqual(['baris\nkedua'])
  })

  test('is read alike whatever the order of its parts, with inline strings, prefixes and the 1904 calendar', async () => {
    const bytes = zip({
      ...CONTENT_TYPES,
      'xl/worksheets/sheet1.xml':
        '<x:worksheet xmlns:x="s"><x:sheetData><!-- <x:row r="9"/> --><x:row><x:c t="inlineStr"><x:is><x:t>Na<![CDATA[ma]]></x:t></x:is></x:c>' +
        '<x:c s="1"><x:v>44914</x:v></x:c></x:row><x:row r="4"><x:c r="B4"><x:v>7</x:v></x:c></x:row></x:sheetData></x:worksheet>',
      'xl/_rels/workbook.xml.rels': RELS,
      'xl/workbook.xml':
        '<workbook><workbookPr date1904="1"/><sheets><sheet name="S" r:id="rId1"/></sheets></workbook>',
      'xl/styles.xml': '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
    })
    // 44914 days after 1 Jan 1904 is what others count as 46376: 20 Dec 2026.
    const [sheet] = await sheetsOf(bytes, 'a.xlsx')
    expect(cellsOf(sheet, 1)).toEqual(['Nama', '2026-12-20'])
    expect(cellsOf(sheet, 4)).toEqual([null, 7])
  })

  test('tells the rows under a merged cell what stands in it', async () => {
    const workbook = new ExcelJS.Workbook()
    const sheet = workbook.addWorksheet('S')
    sheet.addRows([
      ['DAFTAR', '', ''],
      ['Nama', 'Wilayah'],
      ['Budi', 'RT 1'],
      ['Siti', ''],
    ])
    sheet.mergeCells('A1:C1')
    sheet.mergeCells('B3:B4')
    const [read] = await sheetsOf(Buffer.from(await workbook.xlsx.writeBuffer()), 'a.xlsx')
    expect(cellsOf(read, 1)).toEqual(['DAFTAR'])
    expect(read?.rows.find(({ number }) => number === 4)?.merged).toEqual(new Map([[1, 'RT 1']]))
  })

  test('has a day typed as "20" into a date cell on the 20th', () => {
    expect(dayOfSerial(20).day).toBe(20)
    expect(dayOfSerial(61)).toEqual(day('1900-03-01'))
    expect(dayOfSerial(46376)).toEqual(day('2026-12-20'))
  })
})

describe('a .csv', () => {
  test('with semicolons, a mark and quoted names is read like the sample says', async () => {
    const [sheet] = await sheetsOf(sample('pelanggan-bumdes.csv'), 'pelanggan-bumdes.csv')
    // 91 lines in the file, the first one the header; no line breaks inside quotes.
    expect(sheet?.rows).toHaveLength(91)
    expect(sheet?.name).toBe('pelanggan-bumdes')
    expect(cellsOf(sheet, 10)).toEqual([
      'Bu Maya; "Pak RT"',
      '6289600001481',
      'Sumber',
      'BUMDES Net 5M',
      'Rp75.000,-',
      '1',
      '17/08/2023',
    ])
    expect(cellsOf(sheet, 16)[1]).toBe(' 081300001487 ')
  })

  const rows = 'Nama;Harga\nBu Nürl\u00e9;"Rp 110.000,00"\n\n"Pak ""Joko""; RT";75k\n'
  const expected = [
    [1, 'Nama', 'Harga'],
    [2, 'Bu Nürlé', 'Rp 110.000,00'],
    [4, 'Pak "Joko"; RT', '75k'],
  ]
  test.each([
    ['UTF-8', Buffer.from(rows)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${rows}`)],
    ['UTF-16 little-endian with a mark', Buffer.from(`\ufeff${rows}`, 'utf16le')],
    ['UTF-16 little-endian without one', Buffer.from(rows, 'utf16le')],
    ['UTF-16 big-endian with a mark', Buffer.from(`\ufeff${rows}`, 'utf16le').swap16()],
    ['UTF-16 big-endian without one', Buffer.from(rows, 'utf16le').swap16()],
    ['Windows-1252', Buffer.from(rows, 'latin1')],
    ['old line ends', Buffer.from(rows.replaceAll('\n', '\r\n'))],
    ['a hint for Excel', Buffer.from(`sep=;\n${rows}`)],
  ])('in %s gives the same cells', async (_, bytes) => {
    const [sheet] = await sheetsOf(bytes, 'a.csv')
    expect(sheet?.rows.map(({ number, cells }) => [number, ...cells])).toEqual(expected)
  })

  test.each([',', ';', '\t', '|'])('separated by %j is recognised', async (delimiter) => {
    const lines = [
      ['DAFTAR, PELANGGAN'],
      ['Nama', 'Harga', 'Ket'],
      ['Budi', 'Rp 110.000,00', 'a'],
      ['Siti', 'Rp 75.000,00', 'b'],
    ]
    const text = lines.map((line) => line.map((cell) => `"${cell}"`).join(delimiter)).join('\n')
    const [sheet] = await sheetsOf(Buffer.from(text), 'a.csv')
    expect(cellsOf(sheet, 3)).toEqual(['Budi', 'Rp 110.000,00', 'a'])
  })

  test('with stray quotes loses no row', async () => {
    const [sheet] = await sheetsOf(Buffer.from('Nama;HP\n"Pak RT;085700001101\n\nBu "Siti";1\n"a;b";2'), 'a.csv')
    expect(sheet?.rows.map(({ number, cells }) => [number, ...cells])).toEqual([
      [1, 'Nama', 'HP'],
      [2, '"Pak RT', '085700001101'],
      [4, 'Bu "Siti"', '1'],
      [5, 'a;b', '2'],
    ])
  })
})

describe('a written workbook', () => {
  test('gives back every kind of cell', async () => {
    const rows: Cell[][] = [
      ['Budi Santoso', day('2026-12-20'), 150_000, 3],
      ['  spasi  \n& <tanda> "kutip" 👍', day('2024-02-29'), -5_000, 0],
      [6285700001101, null, null, null],
      [day('2026-01-31'), null, 'gratis', true],
      ['baris\r\nkedua', null, '_x000D_ & _x005F_', 0],
    ]
    const [sheet] = await sheetsOf(await writeWorkbook(SPEC, rows), 'a.xlsx')
    expect(sheet?.name).toBe('Tagihan')
    expect(sheet?.rows.map(({ cells }) => cells)).toEqual([
      ['Nama', 'Jatuh Tempo', 'Sisa', 'Hari Telat'],
      ...rows.slice(0, 2),
      [6285700001101],
      ...rows.slice(3),
    ])
  })

  test('has real dates, numbers with a format, a frozen bold header and a filter for another program', async () => {
    const bytes = await writeWorkbook(SPEC, [['Budi', day('2026-12-20'), 150_000, 3]])
    const workbook = new ExcelJS.Workbook()
    await workbook.xlsx.load(new Uint8Array(bytes).buffer)
    const sheet = workbook.worksheets[0]
    expect(sheet?.getCell('B2').value).toEqual(new Date('2026-12-20T00:00:00Z'))
    expect(sheet?.getCell('C2').value).toBe(150_000)
    expect(sheet?.getCell('C2').numFmt).toBe('#,##0')
    expect(sheet?.getCell('A1').font?.bold).toBe(true)
    expect(sheet?.views[0]).toMatchObject({ state: 'frozen', ySplit: 1 })
    expect(sheet?.autoFilter).toBe('A1:D2')
    expect(sheet?.getColumn(1).width).toBe(24)
  })

  test('never holds a formula: what looks like one is a text, and stays one when edited', async () => {
    const texts = ['=1+1', '+62 857', '-1+2', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x","y")']
    const bytes = await writeWorkbook(
      { ...SPEC, columns: SPEC.columns.slice(0, 1) },
      texts.map((text) => [text]),
    )
    const xml = part(bytes, 'xl/worksheets/sheet1.xml')
    expect(xml).not.toMatch(/<f[ >]|hyperlink/)
    // Every value cell is a shared string in the text format, which has the number 49.
    const [, styles = ''] = part(bytes, 'xl/styles.xml').split('<cellXfs')
    const text = [...styles.matchAll(/<xf numFmtId="(\d+)"/g)].findIndex(([, id]) => id === '49')
    for (const [row] of texts.entries()) expect(xml).toMatch(new RegExp(`<c r="A${row + 2}" s="${text}" t="s">`))
    const [sheet] = await sheetsOf(bytes, 'a.xlsx')
    expect(sheet?.rows.slice(1).map(({ cells }) => cells[0])).toEqual(texts)
  })

  test.each([
    ['Toko [A/B]: *1?', 'Toko A B 1'],
    ["'Kutip'", 'Kutip'],
    ['', 'Lembar 1'],
    ['History', 'Lembar 1'],
    ['x'.repeat(40), 'x'.repeat(31)],
  ])('may come from a business called %j', async (sheetName, clean) => {
    const [sheet] = await sheetsOf(await writeWorkbook({ ...SPEC, sheetName }, []), 'a.xlsx')
    expect(sheet?.name).toBe(clean)
  })

  test('streams rows that are still being read', async () => {
    async function* rows() {
      for (let row = 0; row < 1_234; row++) yield [`Pelanggan ${row}`, day('2026-12-20'), row, 0]
    }
    const [sheet] = await sheetsOf(await writeWorkbook(SPEC, rows()), 'a.xlsx')
    expect(sheet?.rows).toHaveLength(1_235)
    expect(cellsOf(sheet, 1_235)).toEqual(['Pelanggan 1233', '2026-12-20', 1_233, 0])
  })

  test('is given up when its rows fail or do not fit the columns', async () => {
    async function* broken(): AsyncGenerator<Cell[]> {
      yield ['Budi', null, null, null]
      throw new Error('connection lost')
    }
    await expect(writeWorkbook(SPEC, broken())).rejects.toThrow('connection lost')
    await expect(writeWorkbook(SPEC, [['Budi']])).rejects.toThrow('1 cells for 4 columns')
  })
})

describe('a file that cannot be read gets one sentence', () => {
  const ole = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)])
  const oleWith = (name: string) => Buffer.concat([ole, Buffer.from(name, 'utf16le'), Buffer.alloc(100)])
  const xlsx = sample('pelanggan-rtrwnet.xlsx')
  const spoiled = Buffer.from(xlsx)
  spoiled[5_000] = (spoiled[5_000] ?? 0) ^ 0xff
  const otherPrice = zip({ ...PARTS, [SHEET]: '<worksheet><row><c><v>150000</v></c></row></worksheet>' }, 0)
  otherPrice.write('9', otherPrice.indexOf('150000'))
  test.each<[string, Buffer, WorkbookRefusal['refused']]>([
    ['empty', Buffer.alloc(0), 'empty'],
    ['a sheet without a cell', workbookOf('<sheetData><row r="1"><c r="A1"/></row></sheetData>'), 'empty'],
    ['a .csv of blank lines', Buffer.from(';;\n;;\n'), 'empty'],
    ['an old .xls', oleWith('Workbook'), 'xls'],
    ['a web page called .xls', Buffer.from('<html><table><tr><td>Nama</td></tr></table></html>'), 'xls'],
    ['an .xlsx under a password', oleWith('EncryptedPackage'), 'password'],
    ['a zip under a password', flagged(workbookOf('<sheetData/>'), 0x01), 'password'],
    ['a zip under a stronger password', flagged(workbookOf('<sheetData/>'), 0x41), 'password'],
    ['an old Word file', oleWith('WordDocument'), 'notSpreadsheet'],
    ['an .ods', zip({ mimetype: 'application/vnd.oasis.opendocument.spreadsheet', 'content.xml': '<x/>' }, 0), 'ods'],
    ['a .docx', zip({ ...CONTENT_TYPES, 'word/document.xml': '<w/>' }), 'notSpreadsheet'],
    ['a .xlsb', zip({ ...CONTENT_TYPES, 'xl/workbook.bin': 'x' }), 'xls'],
    ['a PDF', Buffer.from('%PDF-1.7\nNama;Harga\n'), 'notSpreadsheet'],
    [
      'a photo',
      Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex'),
      'notSpreadsheet',
    ],
    ['a sheet that ends early', zip({ ...PARTS, [SHEET]: '<worksheet><row><c><v>1</v></c></row>' }), 'damaged'],
    ['cut off in the middle', xlsx.subarray(0, xlsx.length / 2), 'damaged'],
    ['changed in one bit pattern', spoiled, 'damaged'],
    ['changed from one price to another', otherPrice, 'damaged'],
    ['only the first four bytes of a zip', Buffer.from('PK\x03\x04'), 'damaged'],
    ['random bytes', Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7_919) % 251)), 'notSpreadsheet'],
  ])('%s', async (_, bytes, refused) => {
    expect(await refusalOf(bytes)).toMatchObject({ refused, sentence: expect.stringMatching(/^[A-Z].*\.$/) })
  })

  test('above the size for an upload', async () => {
    expect(await refusalOf(Buffer.alloc(MAX_UPLOAD_BYTES + 1, 'x'))).toMatchObject({ refused: 'tooLarge' })
  })
})

describe('a hostile file is refused within seconds and a little memory', () => {
  const row = (number: number) => `<row r="${number}"><c r="A${number}"><v>1</v></c></row>`

  test('a zip bomb, before it is unpacked', async () => {
    // 110 MB of spaces in about 110 KB.
    const bomb = workbookOf(`<sheetData/>${' '.repeat(110 * 1024 * 1024)}`)
    expect(bomb.length).toBeLessThan(500_000)
    expect(await quickRefusal(bomb)).toMatchObject({ refused: 'tooLarge' })
  })

  test('a zip bomb that lies about its size', async () => {
    const bomb = zip({ ...PARTS, 'xl/worksheets/sheet1.xml': ' '.repeat(20 * 1024 * 1024) }, 8, 1_000)
    expect(await quickRefusal(bomb)).toMatchObject({ refused: 'damaged' })
  })

  test('a million rows', async () => {
    const rows = Array.from({ length: 1_000_000 }, (_, index) => row(index + 1)).join('')
    expect(await quickRefusal(workbookOf(`<sheetData>${rows}</sheetData>`))).toMatchObject({ refused: 'tooManyRows' })
  })

  test('sixteen thousand columns', async () => {
    const cells = Array.from({ length: 16_000 }, (_, index) => `<c r="${letter(index)}1"><v>1</v></c>`).join('')
    const sheet = workbookOf(`<sheetData><row r="1">${cells}</row></sheetData>`)
    expect(await quickRefusal(sheet)).toMatchObject({ refused: 'tooManyColumns' })
  })

  test('a .csv with a million rows or a million columns', async () => {
    expect(await quickRefusal(Buffer.from('a;b\n'.repeat(1_000_000)))).toMatchObject({ refused: 'tooManyRows' })
    expect(await quickRefusal(Buffer.from('a;'.repeat(1_000_000)))).toMatchObject({ refused: 'tooManyColumns' })
  })

  test('one long text that every cell repeats', async () => {
    const cell = '<c t="s"><v>0</v></c>'.repeat(100)
    const rows = Array.from({ length: 500 }, () => `<row>${cell}</row>`).join('')
    const shared = `<sst><si><t>${'x'.repeat(30_000)}</t></si></sst>`
    const bytes = workbookOf(`<sheetData>${rows}</sheetData>`, { 'xl/sharedStrings.xml': shared })
    expect(await quickRefusal(bytes)).toMatchObject({ refused: 'tooLarge' })
  })

  test('merged cells over the whole sheet do no harm', async () => {
    const merges = '<mergeCell ref="A1:XFD1048576"/>'.repeat(2_000)
    const sheet = `<sheetData>${row(1)}${row(1_048_576)}</sheetData><mergeCells>${merges}</mergeCells>`
    expect(await quickRefusal(workbookOf(sheet))).toMatchObject({ refused: 'damaged' })
  })

  test('entities that multiply', async () => {
    const dtd = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    const sheet = '<sheetData><row><c t="str"><v>&b;</v></c></row></sheetData>'
    const bytes = zip({ ...PARTS, 'xl/worksheets/sheet1.xml': dtd + sheet })
    expect(await quickRefusal(bytes)).toMatchObject({ refused: 'damaged' })
  })

  test('any document type, even one that nothing uses', async () => {
    const sheet = `<worksheet><sheetData>${row(1)}</sheetData></worksheet>`
    const bytes = zip({ ...PARTS, [SHEET]: `<!DOCTYPE worksheet SYSTEM "file:///etc/passwd">${sheet}` })
    expect(await quickRefusal(bytes)).toMatchObject({ refused: 'damaged', detail: 'XML document type' })
  })

  const long = 'x'.repeat(20 * 1024 * 1024)
  test.each([
    ['ten million tags inside one another', '<a>'.repeat(10_000_000), 'XML nested too deep'],
    ['a text without an end', `<c t="str"><v>${long}</v></c>`, 'endless XML token'],
    ['an attribute without an end', `<row r="${long}"/>`, 'endless XML token'],
    ['a tag without an end', `<${long}/>`, 'endless XML token'],
    ['a comment without an end', `<!--${long}-->`, 'endless XML token'],
    ['an entity without an end', `<v>&${long};</v>`, 'endless XML token'],
  ])('%s', async (_, xml, detail) => {
    expect(await quickRefusal(workbookOf(xml))).toMatchObject({ refused: 'damaged', detail })
  })

  test('more files in the zip than any workbook has', async () => {
    const files = Object.fromEntries(Array.from({ length: 5_001 }, (_, index) => [`xl/media/${index}.png`, '']))
    expect(await quickRefusal(zip({ ...PARTS, ...files }))).toMatchObject({ refused: 'tooLarge' })
  })

  test('a million empty formatted rows around the data are passed over', async () => {
    const rows = Array.from({ length: 500_000 }, (_, index) => `<row r="${index + 2}"><c s="1"/></row>`).join('')
    const [read] = await sheetsOf(workbookOf(`<sheetData>${row(1)}${rows}${row(900_000)}</sheetData>`), 'a.xlsx')
    expect(read?.rows.map(({ number }) => number)).toEqual([1, 900_000])
  })
})

test('only two files are worked on at a time, and those that fail make room', async () => {
  const good = sample('pelanggan-rtrwnet.xlsx')
  async function* broken(): AsyncGenerator<Cell[]> {
    yield* []
    throw new Error('connection lost')
  }
  let running = 0
  let most = 0
  const count = (worker: Worker) => {
    running += 1
    most = Math.max(most, running)
    worker.once('exit', () => {
      running -= 1
    })
  }
  process.on('worker', count)
  const finished: string[] = []
  const note = (name: string) => () => void finished.push(name)
  await Promise.all([
    writeWorkbook(SPEC, broken()).catch(note('broken')),
    refusalOf(good.subarray(0, 5_000)).then(note('damaged')),
    ...['first', 'second', 'third'].map((name) => sheetsOf(good, name).then(note(name))),
    writeWorkbook(SPEC, [['Budi', null, null, null]]).then(note('written')),
  ])
  process.off('worker', count)
  expect(finished.toSorted()).toEqual(['broken', 'damaged', 'first', 'second', 'third', 'written'])
  expect(most).toBe(2)
  // Nothing stays taken: the next one begins at once.
  expect(await sheetsOf(good, 'a.xlsx')).not.toEqual([])
})

const SHEET = 'xl/worksheets/sheet1.xml'
const RELS =
  '<Relationships><Relationship Id="rId1" Type="o/relationships/worksheet" Target="worksheets/sheet1.xml"/>' +
  '<Relationship Id="rId2" Type="o/relationships/sharedStrings" Target="/xl/sharedStrings.xml"/>' +
  '<Relationship Id="rId3" Type="o/relationships/styles" Target="styles.xml"/></Relationships>'
const CONTENT_TYPES = { '[Content_Types].xml': '<Types/>' }
const PARTS = {
  ...CONTENT_TYPES,
  'xl/workbook.xml': '<workbook><sheets><sheet name="S" r:id="rId1"/></sheets></workbook>',
  'xl/_rels/workbook.xml.rels': RELS,
}

function workbookOf(sheet: string, parts: Record<string, string> = {}): Buffer {
  return zip({ ...PARTS, ...parts, 'xl/worksheets/sheet1.xml': `<worksheet>${sheet}</worksheet>` })
}

/** A zip made by hand: `claimed` is the unpacked size that the last file claims to have. */
function zip(files: Record<string, string>, method = 8, claimed?: number): Buffer {
  const bodies: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  const names = Object.keys(files)
  for (const [name, text] of Object.entries(files)) {
    const content = Buffer.from(text)
    const packed = method === 8 ? deflateRawSync(content) : content
    const size = claimed !== undefined && name === names.at(-1) ? claimed : content.length
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(method, 4)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(size, 18)
    common.writeUInt16LE(name.length, 22)
    const body = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, rest, Buffer.from(name)]))
    bodies.push(body)
    offset += body.length
  }
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(names.length, 8)
  end.writeUInt16LE(names.length, 10)
  end.writeUInt32LE(Buffer.concat(directory).length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...bodies, ...directory, end])
}

/** The same zip with these flags on all its files. */
function flagged(bytes: Buffer, flags: number): Buffer {
  const begin = 'PK\x01\x02'
  for (let at = bytes.indexOf(begin); at >= 0; at = bytes.indexOf(begin, at + 4)) bytes.writeUInt16LE(flags, at + 8)
  return bytes
}

function sample(name: string): Buffer {
  return readFileSync(new URL(`../data/${name}`, import.meta.url))
}

async function sheetsOf(bytes: Uint8Array, filename: string): Promise<Sheet[]> {
  const read = await readWorkbook(bytes, filename)
  if ('refused' in read) throw new Error(`refused: ${read.refused} (${read.detail})`)
  return read
}

async function refusalOf(bytes: Uint8Array): Promise<WorkbookRefusal> {
  const read = await readWorkbook(bytes, 'daftar.xlsx')
  if (!('refused' in read)) throw new Error('was read')
  return read
}

async function quickRefusal(bytes: Uint8Array): Promise<WorkbookRefusal> {
  const begun = performance.now()
  const memory = process.memoryUsage().rss
  const refusal = await refusalOf(bytes)
  expect(performance.now() - begun).toBeLessThan(PATIENCE_MS)
  expect(process.memoryUsage().rss - memory).toBeLessThan(300 * 1024 * 1024)
  return refusal
}

/** The cells of a row, dates as text so that they compare. */
function cellsOf(sheet: Sheet | undefined, number: number): Cell[] {
  const row = sheet?.rows.find((each) => each.number === number)
  return (row?.cells ?? []).map((cell) => (cell instanceof Temporal.PlainDate ? cell.toString() : cell))
}

function letter(column: number): string {
  const first = Math.floor(column / 26) - 1
  return (column >= 26 ? letter(first) : '') + String.fromCharCode(65 + (column % 26))
}

function serialOf(cell: Cell): Cell {
  return cell instanceof Temporal.PlainDate ? cell.since('1899-12-30').days : cell
}

/** One file out of a zip, read apart from the program's own reading: by the names in its directory. */
function part(bytes: Buffer, name: string): string {
  let at = bytes.readUInt32LE(bytes.lastIndexOf('PK\x05\x06') + 16)
  while (bytes.readUInt32LE(at) === 0x02014b50) {
    const length = bytes.readUInt16LE(at + 28)
    if (bytes.toString('utf8', at + 46, at + 46 + length) === name) {
      const offset = bytes.readUInt32LE(at + 42)
      const start = offset + 30 + bytes.readUInt16LE(offset + 26) + bytes.readUInt16LE(offset + 28)
      return inflateRawSync(bytes.subarray(start, start + bytes.readUInt32LE(at + 20))).toString()
    }
    at += 46 + length + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  throw new Error(`no ${name}`)
}

/** Every value of a sheet by its reference, straight from the XML of the sample files. */
function rawCells(bytes: Buffer, name: string): Record<string, Cell> {
  const texts = [...part(bytes, 'xl/sharedStrings.xml').matchAll(/<si>(.*?)<\/si>/gs)].map(([, item = '']) =>
    [...item.matchAll(/<t[^>]*>([^<]*)<\/t>/g)].map(([, text]) => text).join(''),
  )
  const cells = [...part(bytes, name).matchAll(/<c r="([A-Z]+\d+)"([^>]*)><v>([^<]*)<\/v><\/c>/g)]
  const values = cells.map(([, reference = '', attributes = '', value]) => {
    const text = texts[Number(value)]?.replaceAll('&amp;', '&').replaceAll('&quot;', '"')
    return [reference, attributes.includes('t="s"') ? text : Number(value)] as const
  })
  return Object.fromEntries(values.filter(([, value]) => value !== '')) as Record<string, Cell>
}
