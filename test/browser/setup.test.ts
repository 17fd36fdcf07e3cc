import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { listPlans } from '../../src/domain/plan.ts'
import { findOwner } from '../../src/domain/staff.ts'
import { startReal } from '../../src/start.ts'
import { DESKTOP, eventually, look, openTestBrowser, PHONE } from '../support/browser.ts'
import { createTestDatabase } from '../support/database.ts'
import { FONNTE_TOKEN, MIDTRANS_KEY, startGateways } from '../support/gateways.ts'
import { freePort } from '../support/program.ts'
import { startWhatsApp } from '../support/whatsapp/server.ts'

/** From the link that npm start prints to a business that is set up, as a person with a phone goes. */
const whatsapp = await startWhatsApp()
const phone = whatsapp.phone('6281200000011')
const folder = mkdtempSync(join(tmpdir(), 'tagih-setup-'))
const { program, lines } = await startReal({
  PORT: String(await freePort()),
  DATABASE_URL: await createTestDatabase(),
  DATA_DIR: folder,
  LOG_LEVEL: 'error',
  ...(await startGateways()).env,
  WHATSAPP_URL: whatsapp.url,
})
afterAll(async () => {
  await program.stop()
  await whatsapp.stop()
  rmSync(folder, { recursive: true, force: true })
})
const link = lines.at(-1) ?? ''
const browser = await openTestBrowser()
const page = await browser.open(PHONE)

const heading = () => page.locator('h1').textContent()
const step = () => page.locator('.step label').textContent()
const next = () => page.getByRole('button', { name: 'Simpan dan lanjut' }).click()

/** Does what the program refuses; the browser says so on its console too, a moment later. */
const refused = (work: () => Promise<unknown>) =>
  page.troubleOf(() => Promise.all([page.waitForEvent('console'), work()]))

test('the printed link is looked at without being used up, and then begins the set-up', async () => {
  await page.goto(link)
  await look(page, 'link')
  await page.reload()
  expect(await heading()).toBe('Siapkan usaha Anda')
  await page.getByRole('button', { name: 'Mulai' }).click()
  expect(await step()).toBe('Langkah 1 dari 7')
})

test('1: what is missing is said beside its field, and what was typed stays', async () => {
  await page.getByLabel('Tagihan untuk apa').fill('wifi')
  // A browser would not even send it; the program must not depend on that.
  await page.evaluate('document.forms[0].noValidate = true')
  expect(await refused(next)).toContain('422: /panel/usaha')
  expect(await page.locator('.wrong').textContent()).toBe('Tulis nama usahanya, contoh Barokah Net.')
  expect(await page.getByLabel('Tagihan untuk apa').inputValue()).toBe('wifi')
  await look(page, 'usaha-galat')
  await page.getByLabel('Nama usaha').fill('Barokah Net')
  await page.getByLabel('Tagihan untuk apa').fill('internet')
  await page.getByLabel('Zona waktu').selectOption('Asia/Makassar')
  await look(page, 'usaha')
  await next()
  expect(await step()).toBe('Langkah 2 dari 7')
})

test('2: the owner, as they are called, on their phone', async () => {
  await page.getByLabel('Ingin dipanggil apa').fill('Pak Joko')
  await page.getByLabel('Nomor WhatsApp Anda').fill('0812-0000-0011')
  await look(page, 'pemilik')
  await next()
  expect(await step()).toBe('Langkah 3 dari 7')
})

test('3: the first plan, and the example follows the lead days while they are typed', async () => {
  const example = () => page.locator('output').textContent()
  expect(await example()).toMatch(/^Jatuh tempo 20, terbit tanggal 1\. /)
  await page.getByLabel('Terbit berapa hari').fill('5')
  await eventually(example).toMatch(/^Jatuh tempo 20, terbit tanggal 15\. /)
  await page.getByLabel('Terbit berapa hari').fill('40')
  await eventually(example).toBe('Pilih 0 sampai 28 hari.')
  await page.getByLabel('Terbit berapa hari').fill('19')
  await eventually(example).toMatch(/^Jatuh tempo 20, terbit tanggal 1\. /)
  await page.getByLabel('Nama paket').fill('Rumah 10 Mbps')
  await page.getByLabel('Harga').fill('150rb')
  await look(page, 'paket')
  await next()
  expect(await step()).toBe('Langkah 4 dari 7')
})

test('4: a step can be left out', async () => {
  await look(page, 'rekening')
  await page.getByRole('link', { name: 'Lewati dulu' }).click()
  expect(await step()).toBe('Langkah 5 dari 7')
})

test('5: the number is linked by the QR that changes by itself, or by the code that is typed on the phone', async () => {
  expect(await heading()).toBe('WhatsApp')
  await look(page, 'whatsapp')
  await page.getByRole('button', { name: 'Tampilkan kode QR' }).click()
  await eventually(() => page.locator('img.qr').count()).toBe(1)
  await eventually(() => page.evaluate(`document.querySelector('.qr').naturalWidth > 0`)).toBe(true)
  await look(page, 'whatsapp-qr')
  await page.getByText('Pakai kode 8 huruf', { exact: true }).click()
  await page.getByLabel('Nomor WhatsApp usaha').fill('0812 0000 0011')
  await page.getByRole('button', { name: 'Minta kode' }).click()
  await eventually(() => page.locator('.code').count()).toBe(1)
  await look(page, 'whatsapp-kode')
  phone.enterCode((await page.locator('.code').textContent())?.replace('-', '') ?? '')
  await eventually(() => page.locator('.notice').textContent()).toBe('✅ Tersambung dengan 081200000011.')
  await look(page, 'whatsapp-tersambung')
  await page.getByRole('link', { name: 'Lanjut' }).click()
  expect(await step()).toBe('Langkah 6 dari 7')
})

test('6: a wrong Fonnte token is tried and refused, the right one is kept', async () => {
  await page.getByLabel('Token perangkat').fill('token-yang-salah')
  const save = page.getByRole('button', { name: 'Simpan dan lanjut' })
  expect(await refused(() => save.click())).toContain('422: /panel/fonnte')
  expect(await page.locator('.wrong').textContent()).toContain('Fonnte menolak: token Fonnte tidak dikenal.')
  expect(await page.getByLabel('Token perangkat').inputValue()).toBe('')
  await look(page, 'fonnte-ditolak')
  await page.getByLabel('Token perangkat').fill(FONNTE_TOKEN)
  await save.click()
  expect(await step()).toBe('Langkah 7 dari 7')
})

test('7: so is the Midtrans key', async () => {
  await page.getByLabel('Sandbox').check()
  await page.getByLabel('Server key').fill('SB-Mid-server-bukan-ini')
  expect(await refused(next)).toContain('422: /panel/midtrans')
  expect(await page.locator('.wrong').textContent()).toContain('Midtrans menolak: kunci Midtrans ditolak.')
  expect(await page.getByLabel('Sandbox').isChecked()).toBe(true)
  await page.getByLabel('Server key').fill(MIDTRANS_KEY)
  await look(page, 'midtrans')
  await next()
  expect(await heading()).toBe('Halo, Pak Joko')
})

test('what was left out is found again', async () => {
  expect(await page.locator('.setup label').textContent()).toBe('6 dari 7 langkah persiapan beres')
  await look(page, 'ringkasan')
  await page.locator('.stage', { hasText: 'Rekening di tagihan' }).click()
  await page.getByLabel('Rekening untuk transfer').fill('BCA 0000123456 a.n. Joko')
  await next()
  expect(await step()).toBe('Langkah 5 dari 7')
  await page.goto(`${program.url}/panel`)
  expect(await page.locator('.notice').textContent()).toMatch(/^✅ Persiapan beres\./)
})

test('all of it is in the books', async () => {
  const { business, owner, plans } = await program.openBooks(1, async (books) => ({
    business: books.business,
    owner: await findOwner(books),
    plans: await listPlans(books),
  }))
  expect(business).toMatchObject({
    name: 'Barokah Net',
    zone: 'Asia/Makassar',
    bank_account: 'BCA 0000123456 a.n. Joko',
    midtrans_production: false,
  })
  expect(program.sealer.open(1, business.fonnte_token as Buffer)).toBe(FONNTE_TOKEN)
  expect(program.sealer.open(1, business.midtrans_key as Buffer)).toBe(MIDTRANS_KEY)
  expect(owner).toMatchObject({ name: 'Joko', callName: 'Pak Joko', phone: '6281200000011', role: 'owner' })
  expect(plans).toMatchObject([{ name: 'Rumah 10 Mbps', price: 150_000, months: 1, leadDays: 19 }])
})

test('the keys are shown by their last letters, and the addresses can be copied', async () => {
  await page.goto(`${program.url}/panel/fonnte`)
  await eventually(() => page.locator('.kept').textContent()).toMatch(
    /Token tersimpan: ••••1234 Perangkat tersambung, kuota 1\.240 pesan\./,
  )
  await look(page, 'fonnte')
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.getByRole('button', { name: 'Salin' }).first().click()
  await eventually(() => page.evaluate('navigator.clipboard.readText()')).toMatch(
    new RegExp(`^${program.url}/webhooks/fonnte/usaha/[0-9a-f]{48}$`),
  )
  await page.goto(`${program.url}/panel/midtrans`)
  expect(await page.content()).not.toContain(MIDTRANS_KEY)
  await look(page, 'midtrans-tersimpan')
})

test('a password, out, and in again with it', async () => {
  await page.goto(`${program.url}/panel/akun`)
  await look(page, 'akun')
  await page.getByLabel('Kata sandi baru').fill('jemuran kambing biru')
  await page.getByLabel('Sekali lagi').fill('jemuran kambing biru')
  await page.getByRole('button', { name: 'Simpan' }).click()
  expect(await page.locator('.notice').first().textContent()).toBe('✅ Tersimpan.')
  await page.getByRole('button', { name: 'Keluar', exact: true }).click()
  expect(await heading()).toBe('Masuk')
  await page.goto(`${program.url}/panel`)
  expect(await heading()).toBe('Masuk')
  await look(page, 'masuk')
  await page.getByLabel('Nomor WhatsApp').fill('081200000011')
  await page.getByLabel('Kata sandi').fill('jemuran kambing biru')
  await page.getByRole('button', { name: 'Masuk' }).click()
  expect(await heading()).toBe('Halo, Pak Joko')
})

test('from the owner’s own chat comes a link that opens the panel on a computer', async () => {
  await phone.write('6281200000011', 'panel')
  const { text } = await phone.sees(/Link panel untuk Anda/)
  const desk = await browser.open(DESKTOP)
  await desk.goto(text.split('\n').at(-1) ?? '')
  await look(desk, 'link-chat')
  await desk.getByRole('button', { name: 'Masuk' }).click()
  expect(await desk.locator('h1').textContent()).toBe('Halo, Pak Joko')
})

test('every page fits a phone and a desk', async () => {
  const desk = await browser.open({ ...DESKTOP, storageState: await page.context().storageState() })
  for (const of of [page, desk])
    for (const place of 'usaha pemilik paket paket/baru paket/1 rekening whatsapp fonnte midtrans pengiriman akun'.split(
      ' ',
    )) {
      await of.goto(`${program.url}/panel/${place}`)
      await look(of, place.replace('/', '-'))
    }
  await desk.goto(`${program.url}/panel`)
  await look(desk, 'ringkasan')
  expect(await desk.locator('nav [aria-current]').textContent()).toBe('Ringkasan')
})

test('the printed link was good for one use', async () => {
  expect(await refused(() => page.goto(link))).toContain(`410: ${new URL(link).pathname}`)
  expect(await heading()).toBe('Link ini sudah tidak berlaku')
  await look(page, 'link-terpakai')
})
