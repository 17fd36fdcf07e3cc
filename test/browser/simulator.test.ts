import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import exceljs from 'exceljs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSettings } from '../../src/settings.ts'
import { startSimulator } from '../../src/simulator/main.ts'
import { DESKTOP, eventually, openTestBrowser, PHONE, type TestPage } from '../support/browser.ts'
import { createTestDatabase } from '../support/database.ts'
import { freePort, OWNER, startTestProgram } from '../support/program.ts'

const world = {
  PORT: String(await freePort()),
  DATABASE_URL: await createTestDatabase(),
  DATA_DIR: mkdtempSync(join(tmpdir(), 'tagih-browser-')),
}
const program = await startTestProgram(world)
const browser = await openTestBrowser()

const stopLater: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const stop of stopLater) await stop()
  rmSync(world.DATA_DIR, { recursive: true, force: true })
})

const START = '2026-11-23T09:00:00+07:00'
const CUSTOMER = '6285710000000'
const FROM_US = '[data-message][data-direction=out]'

/** Waits until the chat that is open shows a message of the program with these words; answers its text. */
async function hear(page: TestPage, words: string | RegExp): Promise<string> {
  const message = page.locator(FROM_US).filter({ hasText: words }).last()
  await message.waitFor()
  return message.innerText()
}

async function write(page: TestPage, text: string): Promise<void> {
  await page.fill('[data-text]', text)
  await page.press('[data-text]', 'Enter')
}

/** Opens a received document as a person would; answers its rows. */
async function openSheet(page: TestPage, name: string): Promise<unknown[][]> {
  const card = page.locator(`${FROM_US} [data-document^="${name}"]`).last()
  const [download] = await Promise.all([page.waitForEvent('download'), card.click()])
  const book = new exceljs.Workbook()
  const bytes = await readFile(await download.path())
  await book.xlsx.load(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer)
  const rows: unknown[][] = []
  book.worksheets[0]?.eachRow((row) => rows.push((row.values as unknown[]).slice(1)))
  return rows
}

async function open(options: typeof PHONE, customers: number): Promise<TestPage> {
  await program.post('/simulator/reset', { customers, now: START })
  const page = await browser.open(options)
  await page.goto(`${program.url}/simulator`)
  await page.waitForSelector(`[data-phone="${OWNER}"]`)
  return page
}

describe('on a phone, the main job in five taps', () => {
  let page: TestPage
  let customer = ''
  const tap = (step: number) => page.tap(`[data-step-run="${step}"]:enabled`)

  beforeAll(async () => {
    page = await open(PHONE, 0)
  })

  test('one: the sample sheet goes in, and the owner sees what would be taken from it', async () => {
    expect(await page.isVisible('[data-chat]')).toBe(false)
    await tap(1)
    await page.waitForSelector('[data-message][data-direction=in] [data-document="contoh-pelanggan.xlsx"]')
    expect(await hear(page, 'siap masuk')).toMatch(/45 dari 50 baris siap masuk[\s\S]*Balas ya untuk memasukkan 45/)
    expect(await page.textContent('[data-head-name]')).toBe('Pak Joko')
  })

  test('two: ya, and the customers are there', async () => {
    await tap(2)
    expect(await hear(page, 'pelanggan masuk')).toContain('45 pelanggan masuk, 31 tagihan terbit')
    const rejected = await openSheet(page, 'belum-masuk-23-nov-2026.xlsx')
    // The heading and the three rows that could not be read.
    expect(rejected).toHaveLength(1 + 3)
  })

  test('three: everybody is billed, after a preview and ya', async () => {
    await tap(3)
    expect(await hear(page, 'Balas ya untuk mengirim')).toContain('Tagihan untuk 30 pelanggan, total Rp4.400.000')
    expect(await hear(page, /Selesai \d/)).toContain('30 dari 30 tagihan terkirim')
    expect(await page.locator('[data-direction=in][data-status=handled] .text').last().innerText()).toBe('ya')
  })

  test('four: a customer gets the bill by Fonnte, pays on the page of Midtrans, and gets the receipt', async () => {
    await tap(4)
    const pay = page.frameLocator('[data-frame]')
    await pay.locator('[data-method=qris]').tap()
    await pay.locator('[data-pay]').tap()
    await pay.getByText('Pembayaran berhasil').waitFor()
    await pay.locator('[data-back]').tap()
    expect(await hear(page, 'kami terima')).toMatch(/Rp\d+\.000 untuk tagihan November sudah kami terima\. Lunas/)
    expect(await page.isVisible('[data-sheet]')).toBe(false)
    expect(await page.locator('[data-message]').first().getAttribute('data-channel')).toBe('fonnte')
    customer = (await page.textContent('[data-head-name]')) as string
  })

  test('five: ten days later the owner is told who is late, and had word of the payment', async () => {
    await tap(5)
    const late = await hear(page, 'telat, total')
    expect(late).toMatch(/19 pelanggan telat, total Rp2\.700\.000/)
    expect(late).not.toContain(customer)
    expect(await hear(page, 'lewat QRIS')).toMatch(new RegExp(`Rp\\d+\\.000 dari ${customer} .*\\n?.*November lunas`))
    expect(await page.textContent('[data-clock]')).toMatch(/^Kam, 3 Des 2026/)
    expect(await page.textContent('[data-step=done]')).toContain('Selesai')
  })

  test('the late ones come as a sheet that can be summed', async () => {
    await write(page, 'telat excel')
    await hear(page, '19 tagihan telat')
    const [head, ...rows] = await openSheet(page, 'tagihan-telat-3-des-2026.xlsx')
    expect(head).toHaveLength(12)
    const sum = rows.reduce((total, row) => total + Number(row[head?.indexOf('Sisa') ?? -1]), 0)
    expect([rows.length, sum]).toEqual([19, 2_700_000])
  })

  test('nothing is wider than the phone, and back leads to the list', async () => {
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    await page.tap('[data-back]')
    await page.waitForSelector(`[data-phone="${OWNER}"] >> visible=true`)
    expect(await page.isVisible('[data-chat]')).toBe(false)
  })
})

describe('on a desktop', () => {
  let page: TestPage

  beforeAll(async () => {
    page = await open(DESKTOP, 1_000)
  })

  test('any phone is picked on the left: by name, by number, or one that nobody knows', async () => {
    expect(await page.textContent('[data-head-name]')).toBe('Pak Joko')
    expect(await page.textContent('[data-count]')).toBe('(1.000)')
    await page.fill('[data-search]', 'yuli san')
    await page.press('[data-search]', 'Enter')
    await eventually(() => page.textContent('[data-head-name]')).toMatch(/^Yuli Santoso/)
    await page.fill('[data-search]', '0857 1000 0000')
    await page.click(`[data-phone="${CUSTOMER}"]`)
    await eventually(() => page.textContent('[data-head-sub]')).toContain('HP pelanggan · 085710000000')
    await write(page, 'tagihan saya berapa')
    expect(await hear(page, 'Rp150.000')).toContain('24 Nov 2026')
    await page.fill('[data-search]', '08999888777')
    await page.click('[data-list-empty] a')
    // Whoever types sooner types into the chat before.
    await eventually(() => page.textContent('[data-head-sub]')).toContain('08999888777')
    await write(page, 'halo')
    await page.waitForSelector('[data-direction=in][data-status=handled]')
    // A stranger on a number that is also used privately gets nothing.
    expect(await page.locator(FROM_US).count()).toBe(0)
  })

  test('a file is dropped into the chat, sent with what was written, and answered', async () => {
    await page.fill('[data-search]', '')
    await page.click(`[data-phone="${OWNER}"]`)
    const sheet = await readFile(new URL('../data/contoh.csv', import.meta.url), 'utf8')
    const transfer = await page.evaluateHandle(`{
      const data = new DataTransfer()
      data.items.add(new File([${JSON.stringify(sheet)}], 'pelanggan baru.csv', { type: 'text/csv' }))
      data
    }`)
    await page.dispatchEvent('[data-chat]', 'dragover', { dataTransfer: transfer })
    await page.dispatchEvent('[data-chat]', 'drop', { dataTransfer: transfer })
    expect(await page.textContent('[data-drafts]')).toContain('pelanggan baru.csv')
    await page.click('[data-send]')
    await page.waitForSelector('[data-document="pelanggan baru.csv"]')
    await hear(page, '5 dari 6 baris siap masuk')
    await page.click('[data-reply=tidak]')
    await page.waitForSelector('[data-direction=in][data-status=handled] >> text=tidak')
  })

  test('a message is answered by quoting it', async () => {
    await write(page, 'lihat paket')
    await hear(page, 'Rumah 10 Mbps')
    const last = page.locator(FROM_US).last()
    await last.hover()
    await last.locator('[data-reply-to]').click()
    await write(page, 'bantuan')
    await page.waitForSelector('[data-direction=in] .quote')
  })

  test('the clock moves a day, and to the next event', async () => {
    await page.click('[data-action=day]')
    await eventually(() => page.textContent('[data-clock]')).toMatch(/^Sel, 24 Nov 2026 09\.0/)
    await page.waitForSelector('[data-ran="2"] >> text=tagihan terbit')
    await page.click('[data-action=next]')
    await eventually(() => page.textContent('[data-clock]')).toMatch(/^Rab, 25 Nov 2026 00\.05/)
  })

  test('what waits for the morning says so', async () => {
    await write(page, 'tagih budi santoso 2')
    await hear(page, 'sesudah jam tenang')
    const [customer] = (await program.get<{ phone: string; name: string }[]>('/simulator/phones')).filter(
      ({ name }) => name === 'Budi Santoso 2',
    )
    await page.fill('[data-search]', 'budi santoso 2')
    await page.click(`[data-phone="${customer?.phone}"]`)
    expect(await page.locator('[data-status=waiting]').innerText()).toMatch(/menunggu/)
    await page.fill('[data-search]', '')
  })

  test('what is too large for the program is refused before it is sent', async () => {
    await page.setInputFiles('[data-file]', {
      name: 'besar.xlsx',
      mimeType: 'application/octet-stream',
      buffer: Buffer.alloc(17 * 1024 * 1024),
    })
    await page.waitForSelector('[data-toast] >> text=besar.xlsx lebih dari 16 MB')
    expect(await page.textContent('[data-drafts]')).toBe('')
  })

  test('a sheet without customers, a file that is none, and nothing at all', async () => {
    await page.click(`[data-phone="${OWNER}"]`)
    await hear(page, 'sesudah jam tenang')
    const count = await page.locator('[data-message]').count()
    await write(page, '   ')
    await page.setInputFiles('[data-file]', { name: 'rusak.xlsx', mimeType: '', buffer: Buffer.from('bukan excel') })
    await page.click('[data-send]')
    await page.waitForSelector('[data-document="rusak.xlsx"]')
    await hear(page, 'tidak ketemu di file ini')
    // The file and its answer: the empty one was not sent.
    expect(await page.locator('[data-message]').count()).toBe(count + 2)
  })

  test('a business that was begun anew elsewhere is noticed', async () => {
    await program.post('/simulator/reset', { customers: 2, now: START })
    await eventually(() => page.textContent('[data-count]')).toBe('(2)')
    expect(await page.locator('[data-message]').count()).toBe(0)
    expect(await page.textContent('[data-clock]')).toMatch(/^Sen, 23 Nov 2026 09\.0/)
  })

  test('bills that wait when the page first sees them lead to the next step all the same', async () => {
    await program.post('/simulator/reset', { customers: 20, now: START })
    await program.say(OWNER, 'tagih semua')
    await program.post('/simulator/device', { connected: false })
    await program.say(OWNER, 'ya')
    await page.waitForSelector('[data-step-run="4"]:enabled')
  })

  test('the page begins the business anew itself', async () => {
    await page.click('[data-action=reset]')
    await page.check('[name=customers][value="50"]')
    await page.click('[data-reset] [value=yes]')
    await eventually(() => page.textContent('[data-count]')).toBe('(50)')
  })
})

test('while the program is away the page says so, and goes on when it is back', async () => {
  const page = await open(PHONE, 0)
  await page.tap(`[data-phone="${OWNER}"]`)
  const trouble = await page.troubleOf(async () => {
    await program.program.stop()
    await page.waitForSelector('[data-trouble] >> text=Program belum menjawab')
    await write(page, 'lihat paket')
    await page.waitForSelector('[data-status=failed] >> text=Program belum menjawab')
    const again = await startSimulator(readSettings({ ...world, LOG_LEVEL: 'error' }))
    stopLater.push(again.stop)
    await page.waitForSelector('[data-trouble]', { state: 'hidden' })
  })
  expect(trouble.length).toBeGreaterThan(0)
  expect(trouble.filter((line) => !/net::ERR_(CONNECTION_\w+|EMPTY_RESPONSE)/.test(line))).toEqual([])
  await page.tap('.again button')
  await hear(page, 'Rumah 10 Mbps')
  expect(await page.locator('[data-message]').count()).toBe(2)
})
