import chromium from '@sparticuz/chromium'
import fastify, { type FastifyInstance } from 'fastify'
import { type Browser, type Page, chromium as playwright } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { registerPage } from '../../src/simulator/page.ts'

const OWNER = '6281200000001'
const CUSTOMER = '6285700001101'
const AT = '2026-11-23T09:00:00+07:00'

type Message = { id: number; phone: string; direction: 'in' | 'out'; text: string; [field: string]: unknown }

/** What a program would tell over the JSON routes of the contract. */
const told: Message[] = []
const posted: Record<string, unknown>[] = []
let app: FastifyInstance
let browser: Browser
let page: Page

function tell(phone: string, text: string, fields: Partial<Message> = {}) {
  told.push({ id: told.length + 1, phone, direction: 'out', channel: 'bot', status: 'sent', at: AT, text, ...fields })
}

beforeAll(async () => {
  app = fastify()
  registerPage(app, { sample: import.meta.filename, businessName: () => 'Barokah <Net>', zone: () => 'Asia/Jakarta' })
  app.get('/simulator/phones', async () => [
    { phone: OWNER, role: 'owner', name: 'Pak Joko' },
    { phone: CUSTOMER, role: 'customer', name: '<img src=x onerror=alert(1)>' },
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
  browser = await playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [...chromium.args, '--no-sandbox'],
  })
  page = await browser.newPage({ viewport: { width: 360, height: 640 } })
  page.setDefaultTimeout(10_000)
  await page.goto(`${base}/simulator`)
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await app?.close()
})

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
