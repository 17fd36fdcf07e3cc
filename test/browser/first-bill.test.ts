import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startReal } from '../../src/start.ts'
import { DESKTOP, eventually, look, openTestBrowser, PHONE } from '../support/browser.ts'
import { createTestDatabase } from '../support/database.ts'
import { MIDTRANS_KEY, startGateways } from '../support/gateways.ts'
import { freePort } from '../support/program.ts'
import { startWhatsApp } from '../support/whatsapp/server.ts'
import type { Phone } from '../support/whatsapp/world.ts'

/**
 * From the link that npm start prints to a customer's first bill, payment and receipt: the real program, a real browser,
 * the real WhatsApp client, and phones that encrypt as phones do. No simulator in between. The business has a number of
 * its own, and the owner's is mistyped at first.
 */
const [SHOP, OWNER, TYPO, BUDI] = ['6281200000001', '6281200000011', '6281200000012', '6281200001474']
const folder = mkdtempSync(join(tmpdir(), 'tagih-first-bill-'))
const port = await freePort()
const whatsapp = await startWhatsApp()
const { midtrans, env } = await startGateways(() => `http://127.0.0.1:${port}/webhooks/midtrans/usaha`)
const { program, lines } = await startReal({
  PORT: String(port),
  DATABASE_URL: await createTestDatabase(),
  DATA_DIR: folder,
  WHATSAPP_URL: whatsapp.url,
  LOG_LEVEL: 'error',
  ...env,
})
const [shop, owner, stranger, budi] = [SHOP, OWNER, TYPO, BUDI].map((number) => whatsapp.phone(number)) as [
  Phone,
  Phone,
  Phone,
  Phone,
]
const browser = await openTestBrowser()
const page = await browser.open(PHONE)
afterAll(async () => {
  await program.stop()
  await whatsapp.stop()
  rmSync(folder, { recursive: true, force: true })
})

const step = () => page.locator('.step label').textContent()
const next = () => page.getByRole('button', { name: 'Simpan dan lanjut' }).click()

test('the printed link leads through the set-up to a linked number', async () => {
  await page.goto(lines.at(-1) ?? '')
  await page.getByRole('button', { name: 'Mulai' }).click()
  await page.getByLabel('Nama usaha').fill('Barokah Net')
  await next()
  await page.getByLabel('Ingin dipanggil apa').fill('Pak Joko')
  await page.getByLabel('Nomor WhatsApp Anda').fill('0812-0000-0012')
  await next()
  await page.getByLabel('Nama paket').fill('Rumah 10 Mbps')
  await page.getByLabel('Harga').fill('150rb')
  await next()
  await page.getByRole('link', { name: 'Lewati dulu' }).click()
  expect(await step()).toBe('Langkah 5 dari 7')

  await page.getByText('Pakai kode 8 huruf').click()
  await page.getByLabel('Nomor WhatsApp usaha').fill('0812-0000-0001')
  await page.getByRole('button', { name: 'Minta kode' }).click()
  shop.enterCode(((await page.locator('.code').textContent()) ?? '').replace(/\W/g, ''))
  await eventually(() => page.locator('[role=status]').textContent()).toContain('Tersambung dengan 081200000001')
})

test('the owner’s phone brings the code, and so mends the slip; whoever has the mistyped number gets nothing', async () => {
  await stranger.write(SHOP, 'telat')
  const desk = await browser.open({ ...DESKTOP, storageState: await page.context().storageState() })
  for (const of of [desk, page])
    for (const place of ['', '/pemilik', '/pemilik/kode', '/whatsapp?atur=1']) {
      await of.goto(`${program.url}/panel${place}`)
      await look(of, `belum-terbukti${place.replace(/\W+/g, '-')}`)
    }
  await page.getByRole('link', { name: 'Buktikan nomor ini' }).click()
  expect(await step()).toBe('Langkah 5 dari 7')
  await page.getByRole('button', { name: 'Buat kode' }).click()
  await look(page, 'kode-pemilik')
  const sent = new URL((await page.getByRole('link', { name: 'Kirim lewat WhatsApp' }).getAttribute('href')) ?? '')
  expect(sent.origin + sent.pathname).toBe(`https://wa.me/${SHOP}`)
  await owner.write(SHOP, sent.searchParams.get('text') ?? '')
  await owner.sees(/✅ Nomor ini sekarang \*pemilik\* Barokah Net, Pak Joko\. Nomor di panel sudah saya ganti/)
  await eventually(() => page.locator('[role=status]').textContent()).toContain('081200000011 terbukti milik Pak Joko')
  await look(page, 'kode-pemilik-terbukti')
  await page.getByRole('link', { name: 'Lanjut' }).click()
  expect(await step()).toBe('Langkah 6 dari 7')
})

test('what is left of the set-up is left out or filled in', async () => {
  await page.getByRole('link', { name: 'Lewati dulu' }).click()
  await page.getByLabel('Sandbox').check()
  await page.getByLabel('Server key').fill(MIDTRANS_KEY)
  await next()
  expect(await page.locator('h1').textContent()).toBe('Halo, Pak Joko')

  // So that a bill leaves at whatever hour this test runs.
  await page.goto(`${program.url}/panel/pengiriman`)
  for (const label of [/Mulai|dari/i, /Sampai/i]) await page.getByLabel(label).first().fill('03.00')
  await page.getByRole('button', { name: /^Simpan/ }).click()
})

test('by chat the owner adds a customer and bills them; the customer pays and gets a receipt', async () => {
  const dueOn = Temporal.Now.plainDateISO('Asia/Jakarta').add({ days: 5 })
  await owner.write(SHOP, `tambah pelanggan Budi Santoso 081200001474 rumah 10 mbps tempo ${dueOn.day}`)
  await owner.sees(/✅ \*Budi Santoso\* ditambahkan: Rumah 10 Mbps Rp150\.000/)
  await owner.write(SHOP, 'tagih budi')
  const bill = await budi.sees(/tagihan internet/)
  expect(bill.from).toBe(SHOP)
  expect(bill.text).toContain('*Rp150.000*')
  expect(bill.text).toContain('Balas *1* untuk bayar')

  await budi.write(SHOP, '1')
  const link = await budi.sees(/TGH-/)
  const orderId = /TGH-\w+/.exec(link.text)?.[0] ?? ''
  expect(await midtrans.pay({ orderId, status: 'settlement' })).toEqual({ webhook: 200 })
  await budi.sees(/✅ \*Rp150\.000\* untuk tagihan .+ sudah kami terima\. Lunas, terima kasih/)
  await owner.sees(/✅ \*Rp150\.000\* dari \*Budi Santoso\* lewat QRIS\./)
  expect(budi.seen.filter(({ text }) => /sudah kami terima/.test(text))).toHaveLength(1)
  expect([...budi.copies.values()].every((copies) => copies === 1)).toBe(true)
  expect(stranger.seen).toEqual([])
})
