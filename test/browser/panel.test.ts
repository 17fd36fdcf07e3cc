import { expect, test } from 'vitest'
import { makeLink } from '../../src/domain/access.ts'
import type { NumberState } from '../../src/domain/whatsapp.ts'
import { eventually, openTestBrowser, PHONE } from '../support/browser.ts'
import { openTestPanel } from '../support/panel.ts'

/** What the panel's small script adds, and that nothing is lost without it. */
let number: NumberState = { is: 'unlinked' }
const panel = await openTestPanel({
  whatsapp: {
    state: () => number,
    async link() {
      number = { is: 'pairing', qr: '2@first,code' }
      return true
    },
    async unlink() {
      number = { is: 'unlinked' }
    },
  },
})
const base = await panel.app.listen({ port: 0, host: '127.0.0.1' })
const owner = await panel.addStaff('owner', '6281200000011')
const browser = await openTestBrowser()

async function signIn(options: Parameters<typeof browser.open>[0]) {
  const page = await browser.open(options)
  const link = await panel.open((books) => makeLink(books, { staffId: owner.id, lasts: { minutes: 10 } }))
  await page.goto(`${base}/masuk/${link}`)
  await page.getByRole('button', { name: 'Masuk' }).click()
  return page
}

test('the QR code changes by itself, and gives way to the number once it is linked', async () => {
  const page = await signIn(PHONE)
  await page.goto(`${base}/panel/whatsapp`)
  await page.getByRole('button', { name: 'Tampilkan kode QR' }).click()
  const picture = page.locator('img.qr')
  const first = await picture.getAttribute('src')
  await eventually(() => page.evaluate(`document.querySelector('.qr').naturalWidth > 0`)).toBe(true)
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/390-40-qr.png`, fullPage: true })
  const another = page.waitForResponse((response) => response.url().includes('/qr.svg'))
  number = { is: 'pairing', qr: '2@second,code' }
  expect((await another).ok()).toBe(true)
  expect(await picture.getAttribute('src')).not.toBe(first)
  number = { is: 'open', phone: '6281200000001' }
  await eventually(() => page.locator('.notice').textContent()).toBe('✅ Tersambung dengan 081200000001.')
  number = { is: 'pairing', code: 'ABCD1234' }
  await eventually(() => page.locator('.code').textContent()).toBe('ABCD-1234')
  if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/390-41-kode.png`, fullPage: true })
  number = { is: 'unlinked' }
})

test('two quick presses of a button are one', async () => {
  const page = await signIn(PHONE)
  await page.goto(`${base}/panel/paket/baru`)
  await page.getByLabel('Nama paket').fill('Sekali')
  await page.getByLabel('Harga').fill('150rb')
  await page.getByRole('button', { name: 'Simpan' }).dblclick()
  await eventually(() => page.locator('.plans b').allTextContents()).toEqual(['Sekali'])
})

test('without any script every page works', async () => {
  const page = await signIn({ ...PHONE, javaScriptEnabled: false })
  await page.goto(`${base}/panel/rekening`)
  await page.getByLabel('Rekening untuk transfer').fill('BCA 0000999999 a.n. Joko')
  await page.getByRole('button', { name: 'Simpan' }).click()
  expect(await page.locator('.notice').textContent()).toBe('✅ Tersimpan.')
  expect(await page.getByLabel('Rekening untuk transfer').inputValue()).toBe('BCA 0000999999 a.n. Joko')
  await page.goto(`${base}/panel/paket/baru`)
  expect(await page.locator('output').textContent()).toMatch(/^Jatuh tempo 20, terbit tanggal 1\. /)
  await page.goto(`${base}/panel/midtrans`)
  expect(await page.getByRole('button', { name: 'Salin' }).count()).toBe(0)
  await page.goto(`${base}/panel/whatsapp`)
  await page.getByRole('button', { name: 'Tampilkan kode QR' }).click()
  expect(await page.locator('img.qr').count()).toBe(1)
  expect(await page.locator('meta[http-equiv="refresh"]').getAttribute('content')).toBe('20')
  await page.goto(`${base}/panel/akun`)
  await page.getByRole('button', { name: 'Keluar dari semua perangkat' }).click()
  expect(await page.locator('h1').textContent()).toBe('Masuk')
})
