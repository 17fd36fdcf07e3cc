import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startReal } from '../../src/start.ts'
import { eventually, openTestBrowser, PHONE } from '../support/browser.ts'
import { createTestDatabase } from '../support/database.ts'
import { MIDTRANS_KEY, startGateways } from '../support/gateways.ts'
import { freePort } from '../support/program.ts'
import { startWhatsApp } from '../support/whatsapp/server.ts'

/**
 * From the link that npm start prints to a customer's first bill, payment and receipt: the real program, a real browser,
 * the real WhatsApp client, and phones that encrypt as phones do. No simulator in between.
 */
const [OWNER, BUDI] = ['6281200000011', '6281200001474']
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
const [owner, budi] = [whatsapp.phone(OWNER), whatsapp.phone(BUDI)]
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
  await page.getByLabel('Nomor WhatsApp Anda').fill('0812-0000-0011')
  await next()
  await page.getByLabel('Nama paket').fill('Rumah 10 Mbps')
  await page.getByLabel('Harga').fill('150rb')
  await next()
  await page.getByRole('link', { name: 'Lewati dulu' }).click()
  expect(await step()).toBe('Langkah 5 dari 7')

  await page.getByText('Pakai kode 8 huruf').click()
  await page.getByLabel('Nomor WhatsApp usaha').fill('0812-0000-0011')
  await page.getByRole('button', { name: 'Minta kode' }).click()
  owner.enterCode(((await page.locator('.code').textContent()) ?? '').replace(/\W/g, ''))
  await eventually(() => page.locator('[role=status]').textContent()).toContain('Tersambung dengan 081200000011')
  await page.getByRole('link', { name: 'Lanjut' }).click()
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

test('in the chat with themselves the owner adds a customer and bills them; the customer pays and gets a receipt', async () => {
  const dueOn = Temporal.Now.plainDateISO('Asia/Jakarta').add({ days: 5 })
  await owner.write(OWNER, `tambah pelanggan Budi Santoso 081200001474 rumah 10 mbps tempo ${dueOn.day}`)
  await owner.sees(/✅ \*Budi Santoso\* ditambahkan: Rumah 10 Mbps Rp150\.000/)
  await owner.write(OWNER, 'tagih budi')
  const bill = await budi.sees(/tagihan internet/)
  expect(bill.from).toBe(OWNER)
  expect(bill.text).toContain('*Rp150.000*')
  expect(bill.text).toContain('Balas *1* untuk bayar')

  await budi.write(OWNER, '1')
  const link = await budi.sees(/TGH-/)
  const orderId = /TGH-\w+/.exec(link.text)?.[0] ?? ''
  expect(await midtrans.pay({ orderId, status: 'settlement' })).toEqual({ webhook: 200 })
  await budi.sees(/✅ \*Rp150\.000\* untuk tagihan .+ sudah kami terima\. Lunas, terima kasih/)
  await owner.sees(/✅ \*Rp150\.000\* dari \*Budi Santoso\* lewat QRIS\./)
  expect(budi.seen.filter(({ text }) => /sudah kami terima/.test(text))).toHaveLength(1)
  expect([...budi.copies.values()].every((copies) => copies === 1)).toBe(true)
})
