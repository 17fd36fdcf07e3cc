import fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { registerPage } from '../../src/simulator/page.ts'
import { eventually, openTestBrowser, type TestPage } from '../support/browser.ts'

const OWNER = '6281200000001'
const CUSTOMER = '6285700001101'
const LANDLORD = '6285700001102'
const AT = '2026-11-23T09:00:00+07:00'

type Message = { id: number; phone: string; direction: 'in' | 'out'; text: string; [field: string]: unknown }

/** What a program would tell over the JSON routes of the contract. */
const told: Message[] = []
const posted: Record<string, unknown>[] = []
/** Pixels below what is in view. */
const FROM_END = `(log => log.scrollHeight - log.scrollTop - log.clientHeight)(document.querySelector('[data-log]'))`
let app: FastifyInstance
let page: TestPage
const browser = await openTestBrowser()

function tell(phone: string, text: string, fields: Partial<Message> = {}) {
  told.push({ id: told.length + 1, phone, direction: 'out', channel: 'bot', status: 'sent', at: AT, text, ...fields })
}

beforeAll(async () => {
  app = fastify()
  registerPage(app, { sample: import.meta.filename, businessName: () => 'Barokah <Net>', zone: () => 'Asia/Jakarta' })
  app.get('/simulator/phones', async () => [
    { phone: OWNER, role: 'owner', name: 'Pak Joko' },
    { phone: CUSTOMER, role: 'customer', name: '<img src=x onerror=alert(1)>' },
    { phone: LANDLORD, role: 'customer', name: 'Kos Melati 1' },
    { phone: LANDLORD, role: 'customer', name: 'Kos Melati 2' },
  ])
  app.get('/simulator/clock', async () => ({ now: AT, next: null }))
  app.get<{ Querystring: { phone?: string; after?: string } }>('/simulator/messages', async ({ query }) =>
    told.filter(({ id, phone }) => id > Number(query.after ?? 0) && (!query.phone || phone === query.phone)),
  )
  app.post<{ Body: Record<string, unknown> }>('/simulator/messages', async ({ body }) => {
    posted.push(body)
    tell(String(body.from), String(body.text), { direction: 'in', status: 'handled' })
    return { id: told.length, understood: null, replies: [] }
  })
  const base = await app.listen({ port: 0 })
  page = await browser.open({ viewport: { width: 360, height: 640 } })
  await page.goto(`${base}/simulator`)
})

afterAll(() => app.close())

test('the page allows no script or style of its own, and a name cannot break it', async () => {
  const { headers, body } = await app.inject('/simulator')
  expect(headers['content-security-policy']).toContain("default-src 'self'")
  expect(body).toContain('data-business="Barokah &lt;Net&gt;"')
  expect(body).not.toMatch(/<style|<script(?![^>]*src=)|\son\w+=|\sstyle=/)
})

test('the sample sheet is a file to keep', async () => {
  const { statusCode, headers } = await app.inject('/simulator/contoh.xlsx')
  expect(statusCode).toBe(200)
  expect(headers['content-disposition']).toBe('attachment; filename="page.test.ts"')
})

test('a phone of 360 pixels shows the list first, with names as they are and nothing to scroll sideways', async () => {
  await page.waitForSelector(`[data-phone="${CUSTOMER}"]`)
  expect(await page.textContent(`[data-phone="${CUSTOMER}"] .name`)).toBe('<img src=x onerror=alert(1)>')
  expect(await page.isVisible('[data-chat]')).toBe(false)
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
})

test('the clock is written as people here write it', async () => {
  expect(await page.textContent('[data-clock]')).toMatch(/^Sen, 23 Nov 2026 09\.0\d$/)
})

test('a message has its marks and links, and what looks like HTML stays text', async () => {
  await page.click(`[data-phone="${OWNER}"]`)
  tell(
    OWNER,
    'Ada *3 Budi* <b>x</b> 2 * 3 * 4\nhttps://contoh.id/a_b_c.\nBalas *ya* atau *tidak*. *belum lunas* *lunas budi*',
  )
  await page.waitForSelector('[data-message="1"]')
  expect(await page.innerHTML('[data-message="1"] .text')).toBe(
    'Ada <strong>3 Budi</strong> &lt;b&gt;x&lt;/b&gt; 2 * 3 * 4\n' +
      '<a href="https://contoh.id/a_b_c" target="_blank" rel="noopener noreferrer">https://contoh.id/a_b_c</a>.\n' +
      'Balas <strong>ya</strong> atau <strong>tidak</strong>. <strong>belum lunas</strong> <strong>lunas budi</strong>',
  )
})

test('the commands of the last message can be tapped, its figures cannot', async () => {
  expect(await page.locator('[data-reply]').allTextContents()).toEqual(['ya', 'tidak', 'lunas budi'])
  await page.click('[data-reply=ya]')
  await page.waitForSelector('[data-message="2"][data-direction=in]')
  expect(posted).toEqual([{ from: OWNER, text: 'ya' }])
})

test('Enter sends, Shift and Enter begin a new line', async () => {
  await page.fill('[data-text]', 'lunas:')
  await page.press('[data-text]', 'Shift+Enter')
  await page.type('[data-text]', 'budi')
  await page.press('[data-text]', 'Enter')
  await page.waitForSelector('[data-message="3"]')
  expect(posted.at(-1)).toEqual({ from: OWNER, text: 'lunas:\nbudi' })
  expect(await page.inputValue('[data-text]')).toBe('')
  expect(await page.locator('.passing').count()).toBe(0)
})

test('a message to another phone is counted until that phone is looked at', async () => {
  tell(CUSTOMER, 'Halo, tagihan Desember *Rp150.000*.\nBalas *1* untuk bayar.', { channel: 'fonnte' })
  await page.click('[data-back]')
  await page.waitForSelector(`[data-phone="${CUSTOMER}"][data-unread="1"]`)
  await page.click(`[data-phone="${CUSTOMER}"]`)
  await page.waitForSelector('[data-message="4"][data-channel=fonnte]')
  expect(await page.locator('[data-reply]').allTextContents()).toEqual(['1 · bayar'])
  expect(await page.getAttribute(`[data-phone="${CUSTOMER}"]`, 'data-unread')).toBe('0')
})

test('whoever has several lines has one chat, under all their names', async () => {
  await page.click('[data-back]')
  expect(await page.locator(`[data-phone="${LANDLORD}"] .name`).allTextContents()).toEqual([
    'Kos Melati 1, Kos Melati 2',
  ])
})

test('of thousands of messages the newest are drawn, earlier ones when asked for', async () => {
  const first = told.length + 1
  for (let count = 1; count <= 5_000; count++) tell(LANDLORD, `pesan ${count}`)
  await page.waitForSelector(`[data-phone="${LANDLORD}"][data-unread="5000"]`)
  await page.click(`[data-phone="${LANDLORD}"]`)
  await page.waitForSelector(`[data-message="${first + 4_999}"]`)
  const drawn = await page.locator('[data-message]').count()
  expect(drawn).toBeLessThan(500)
  await eventually(() => page.evaluate(FROM_END)).toBeLessThan(2)
  await page.click('[data-action=earlier]')
  expect(await page.locator('[data-message]').count()).toBe(2 * drawn)
  // What was looked at stays in view.
  expect(await page.locator(`[data-message="${first + 5_000 - drawn}"]`).isVisible()).toBe(true)
  expect(await page.evaluate(FROM_END)).toBeGreaterThan(1_000)
})

test('a message that waited stands where it arrived, under its day', async () => {
  const late = told.findLast(({ phone }) => phone === CUSTOMER)
  Object.assign(late as Message, { at: '2026-11-24T07:00:00+07:00' })
  tell(CUSTOMER, 'sebelum itu', { at: '2026-11-23T22:00:00+07:00' })
  await page.click('[data-back]')
  await page.reload()
  await page.click(`[data-phone="${CUSTOMER}"]`)
  await page.waitForSelector(`[data-message="${told.length}"]`)
  expect(await page.locator('.day').allTextContents()).toEqual(['Hari ini · Sen, 23 Nov 2026', 'Sel, 24 Nov 2026'])
  expect(await page.locator('[data-message] .text').first().textContent()).toBe('sebelum itu')
})
