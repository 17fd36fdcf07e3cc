import { readdirSync, readFileSync } from 'node:fs'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { PAGES } from '../../src/admin/pages/places.ts'
import { rupiah } from '../../src/domain/money.ts'
import { addPlan } from '../../src/domain/plan.ts'
import type { Role } from '../../src/domain/tables.ts'
import { openTestPanel, type TestVisitor } from '../support/panel.ts'

/** What holds for every page there is, so that no page can be forgotten. */
const panel = await openTestPanel()
const ROLES: readonly Role[] = ['owner', 'admin', 'collector', 'technician', 'viewer']
const visitors = {} as Record<Role, TestVisitor>
let stranger: TestVisitor

beforeAll(async () => {
  for (const [index, role] of ROLES.entries())
    visitors[role] = await panel.browse(await panel.addStaff(role, `62812000000${20 + index}`))
  stranger = await panel.browse()
  await panel.open((books) => addPlan(books, { name: 'Rumah <b>10</b> Mbps', price: rupiah(150_000) }))
})

/** An address that the pattern of a route fits. */
const example = (url: string) =>
  url
    .replace(':id', '1')
    .replace(':token', `1.${'x'.repeat(43)}`)
    .replace('*', 'x')
const inside = () => panel.routes.filter(({ url }) => url.startsWith('/panel') && url !== '/panel/*')
const forms = () => panel.routes.filter(({ method }) => method === 'POST')

test('there are the routes that the tests below go through', () => {
  expect(inside().length).toBeGreaterThan(25)
  expect(forms().length).toBeGreaterThan(12)
  expect(new Set(panel.routes.map(({ method }) => method))).toEqual(new Set(['GET', 'POST']))
  for (const { path } of PAGES) expect(panel.routes).toContainEqual({ method: 'GET', url: path })
})

describe('S03: a form from anywhere else is nothing, whoever is signed in', () => {
  const strangers: [string, Record<string, string>][] = [
    ['no word about where it comes from', {}],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour on the same domain', { 'sec-fetch-site': 'same-site', origin: 'http://localhost' }],
    ['typed into the address bar', { 'sec-fetch-site': 'none' }],
    ['another origin', { origin: 'https://evil.example' }],
    ['another port of this machine', { origin: 'http://localhost:8080' }],
    ['a hidden origin', { origin: 'null' }],
  ]
  test.each(strangers)('%s', async (_name, headers) => {
    for (const { url } of forms()) {
      const answer = await panel.app.inject({
        method: 'POST',
        url: example(url),
        headers: { cookie: visitors.owner.cookie, 'content-type': 'application/x-www-form-urlencoded', ...headers },
        payload: 'token=aaaaaaaaaaaaaaaaaaaaaa',
      })
      expect(answer.statusCode, url).toBe(403)
    }
  })

  test('our own pages are heard: by Sec-Fetch-Site, and by Origin where a browser has only that', async () => {
    for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: 'http://localhost', host: 'localhost' }])
      for (const { url } of forms().filter((form) => form.url !== '/panel/keluar')) {
        const answer = await panel.app.inject({
          method: 'POST',
          url: example(url),
          headers: { cookie: visitors.owner.cookie, 'content-type': 'application/x-www-form-urlencoded', ...headers },
          payload: '',
        })
        expect(answer.statusCode, url).not.toBe(403)
      }
  })
})

describe('S10, S11: who may go where', () => {
  test('a stranger is shown the way in, and nothing else', async () => {
    for (const { method, url } of inside()) {
      const answer = await (method === 'GET' ? stranger.get(example(url)) : stranger.post(example(url)))
      expect([answer.statusCode, answer.headers.location], `${method} ${url}`).toEqual([
        303,
        method === 'GET' ? '/masuk' : '/masuk?habis=1',
      ])
    }
  })

  test('for collector, technician and viewer no page of set-up is there', async () => {
    for (const role of ['collector', 'technician', 'viewer'] as const)
      for (const { method, url } of inside().filter(({ url }) => url !== '/panel/keluar')) {
        const answer = await (method === 'GET'
          ? visitors[role].get(example(url))
          : visitors[role].post(example(url), { token: 'a'.repeat(22) }))
        expect(answer.statusCode, `${role} ${method} ${url}`).toBe(404)
        expect(answer.body).not.toContain('Barokah')
      }
  })

  test('what moves money or gives rights is the owner’s alone', async () => {
    const closed = inside()
      .filter(({ method, url }) => method === 'GET' && url !== '/panel/keluar')
      .map(({ url }) => url)
    const found: string[] = []
    for (const url of closed) if ((await visitors.admin.get(example(url))).statusCode === 404) found.push(url)
    expect(found.sort()).toEqual([
      '/panel/fonnte',
      '/panel/fonnte/alamat',
      '/panel/fonnte/keadaan',
      '/panel/fonnte/lepas',
      '/panel/midtrans',
      '/panel/midtrans/lepas',
      '/panel/pemilik',
      '/panel/pemilik/kode',
      '/panel/pemilik/kode/keadaan',
      '/panel/rekening',
      '/panel/whatsapp',
      '/panel/whatsapp/keadaan',
      '/panel/whatsapp/lepas',
      '/panel/whatsapp/qr.svg',
    ])
    for (const url of found.filter((each) => forms().some((form) => form.url === each)))
      expect((await visitors.admin.post(url, { token: 'a'.repeat(22) })).statusCode, url).toBe(404)
  })

  test('another business’s plan is not there either', async () => {
    expect((await visitors.owner.get('/panel/paket/1')).statusCode).toBe(200)
    expect((await visitors.owner.get('/panel/paket/2')).statusCode).toBe(404)
    expect((await visitors.owner.post('/panel/paket/2', { token: 'a'.repeat(22) })).statusCode).toBe(404)
    expect((await visitors.owner.get('/panel/paket/1%27')).statusCode).toBe(404)
  })
})

test('S12: only our own names are answered, and no header can lend one', async () => {
  const headers = { host: 'evil.example' }
  for (const { method, url } of panel.routes) {
    const answer = await panel.app.inject({ method: method as 'GET', url: example(url), headers })
    expect(answer.statusCode, url).toBe(421)
    expect(answer.body).not.toContain('evil')
  }
  const lent = { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' }
  expect(
    (await visitors.owner.get('/panel/midtrans', { headers: { cookie: visitors.owner.cookie, ...lent } })).body,
  ).toContain('>http://localhost/webhooks/midtrans/barokah<')
})

test('S14: every page is sent with strict headers, and has no script or style of its own', async () => {
  for (const { method, url } of panel.routes) {
    const answer = await (method === 'GET' ? visitors.owner.get(example(url)) : stranger.post(example(url)))
    expect(answer.headers, url).toMatchObject({
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'x-robots-tag': 'noindex, nofollow',
    })
    expect(answer.headers).not.toHaveProperty('strict-transport-security')
    expect(answer.body, url).not.toMatch(/<style|<script(?![^>]*src=)|\son\w+=|\sstyle=|javascript:/i)
  }
})

test('S13: views write values escaped, and inside quotes', async () => {
  expect((await visitors.owner.get('/panel/paket')).body).toContain('Rumah &lt;b&gt;10&lt;/b&gt; Mbps')
  const folder = new URL('../../src/admin/views/', import.meta.url)
  for (const name of readdirSync(folder)) {
    const view = readFileSync(new URL(name, folder), 'utf8')
    for (const [raw] of view.matchAll(/<%~.*?%>/g))
      expect(raw, name).toMatch(name === 'layout.eta' ? /^<%~ it\.body %>$/ : /^<%~ include\('\.\/\w+', .*\) %>$/)
    expect(view, name).not.toMatch(/=<%/)
  }
})

test('S03: looking changes nothing', async () => {
  const tables = ['business', 'staff', 'plan', 'access_link', 'form_use', 'audit', 'message', 'sign_in_try']
  const read = async () => {
    const rows: unknown[] = []
    for (const table of tables)
      rows.push(await panel.open(({ trx }) => sql`select * from ${sql.table(table)} order by 1, 2`.execute(trx)))
    return JSON.stringify(rows.map((each) => (each as { rows: unknown[] }).rows))
  }
  const before = await read()
  for (const { url } of panel.routes.filter(({ method }) => method === 'GET')) await visitors.owner.get(example(url))
  expect(await read()).toBe(before)
})

test('S23, S24: what is not a form, or too long, gets a plain sentence', async () => {
  const post = (payload: string, type: string) =>
    visitors.owner.post(
      '/panel/usaha',
      {},
      { payload, headers: { cookie: visitors.owner.cookie, 'content-type': type } },
    )
  for (const [answer, status] of [
    [await post('{"name":"x"}', 'application/json'), 415],
    [await post(`name=${'x'.repeat(20_000)}`, 'application/x-www-form-urlencoded'), 413],
  ] as const) {
    expect(answer.statusCode).toBe(status)
    expect(answer.body).toContain('Isian tadi tidak terbaca. Belum ada yang berubah.')
    expect(answer.body).not.toMatch(/at \w+ \(|FST_|node_modules/)
  }
  expect((await visitors.owner.post('/panel/usaha', { name: '\0\u0000', zone: '__proto__' })).statusCode).toBe(422)
})
