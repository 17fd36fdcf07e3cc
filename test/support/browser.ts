import { mkdirSync } from 'node:fs'
import chromium from '@sparticuz/chromium'
import { type Browser, type BrowserContextOptions, type Page, chromium as playwright } from 'playwright-core'
import { afterAll, afterEach, expect } from 'vitest'

/** A real browser, one for a test file. */
export type TestBrowser = {
  /** Opens a page of its own, with nothing remembered from others. Closed after the file. */
  open(options: BrowserContextOptions): Promise<TestPage>
}

/** A page whose every error on the console and every failed request fails the test in which it happens. */
export type TestPage = Page & {
  /** Does something that has to fail on the way; answers what failed, which then counts no more. */
  troubleOf(work: () => Promise<unknown>): Promise<string[]>
}

/** On a busy machine a page may be slow; that is no failure. */
const PATIENCE_MS = 30_000

/** What a page shows once it has had the time that it needs. */
export const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: PATIENCE_MS })

export const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
export const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 } }

let pictures = 0

/** `PICTURES=folder` keeps what every page looked like, for a person to look at. */
export async function look(of: TestPage, name: string): Promise<void> {
  // Nothing may stand beside the screen, on a phone least of all.
  expect(await of.evaluate('document.documentElement.scrollWidth <= window.innerWidth'), name).toBe(true)
  const where = process.env.PICTURES
  if (!where) return
  mkdirSync(where, { recursive: true })
  const { width } = of.viewportSize() ?? { width: 0 }
  await of.screenshot({ path: `${where}/${width}-${String(++pictures).padStart(2, '0')}-${name}.png`, fullPage: true })
}

export async function openTestBrowser(): Promise<TestBrowser> {
  const browser: Browser = await playwright.launch({
    executablePath: await chromium.executablePath(),
    args: [...chromium.args, '--no-sandbox'],
  })
  const trouble: string[] = []
  afterEach(() => {
    expect(trouble.splice(0), 'what went wrong in the page').toEqual([])
  })
  afterAll(() => browser.close())
  return {
    async open(options) {
      const context = await browser.newContext({ locale: 'id-ID', ...options })
      context.setDefaultTimeout(PATIENCE_MS)
      const page = await context.newPage()
      watch(page, trouble)
      return Object.assign(page, {
        async troubleOf(work: () => Promise<unknown>) {
          const before = trouble.splice(0)
          await work()
          return trouble.splice(0, trouble.length, ...before)
        },
      })
    },
  }
}

function watch(page: Page, trouble: string[]): void {
  page.on('pageerror', (error) => trouble.push(`error: ${error.stack ?? error.message}`))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) trouble.push(`${message.type()}: ${message.text()}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 400) trouble.push(`${response.status()}: ${new URL(response.url()).pathname}`)
  })
  page.on('requestfailed', (request) => {
    // A download, or a page that was left, ends its requests itself.
    const why = request.failure()?.errorText
    if (why !== 'net::ERR_ABORTED') trouble.push(`${why}: ${new URL(request.url()).pathname}`)
  })
}
