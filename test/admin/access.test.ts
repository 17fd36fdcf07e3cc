import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import { endSessions, findSession, makeLink } from '../../src/domain/access.ts'
import { sealPassword, setPassword } from '../../src/domain/password.ts'
import type { Staff } from '../../src/domain/staff.ts'
import { readToken } from '../../src/domain/token.ts'
import { createTestBusiness } from '../support/database.ts'
import { cookieOf, errorOf, makeVisitor, openTestPanel, type TestVisitor } from '../support/panel.ts'

/** The ways in and out: links, passwords, sessions. */
const panel = await openTestPanel()
const { app, clock, open } = panel
const START = '2026-12-10T09:00:00+07:00'
const PASSWORD = 'jemuran kambing biru'
const stranger = makeVisitor(app, '')
let people = 0
let staff: Staff

beforeEach(async () => {
  clock.set(START)
  staff = await panel.addStaff('admin', `6281200001${String(++people).padStart(3, '0')}`)
})

const later = (duration: Temporal.DurationLike) => clock.set(clock.now().add(duration).toString())
const linkFor = (id: number | null) => open((books) => makeLink(books, { staffId: id, lasts: { minutes: 10 } }))
const isIn = async (visitor: TestVisitor) => (await visitor.get('/panel')).statusCode === 200
const update = (id: number, change: { role?: 'viewer'; removed?: true }) =>
  open(({ trx, now }) =>
    trx
      .updateTable('staff')
      .set({ ...(change.role && { role: change.role }), ...(change.removed && { removed_at: now }) })
      .where('id', '=', id)
      .execute(),
  )

describe('S08: a link', () => {
  test('can be looked at as often as a preview likes, and then works once', async () => {
    const link = await linkFor(staff.id)
    for (let time = 0; time < 3; time++) {
      const seen = await stranger.get(`/masuk/${link}`)
      expect([seen.statusCode, seen.headers['set-cookie']]).toEqual([200, undefined])
      expect(seen.body).toContain('Masuk sebagai Pak admin')
    }
    const entered = await stranger.post(`/masuk/${link}`)
    expect([entered.statusCode, entered.headers.location]).toEqual([303, '/panel'])
    expect(await isIn(makeVisitor(app, cookieOf(entered)))).toBe(true)
    const again = await stranger.post(`/masuk/${link}`)
    expect([again.statusCode, again.headers['set-cookie']]).toEqual([410, undefined])
  })

  test('works for one of many who press at the same moment', async () => {
    const link = await linkFor(staff.id)
    const answers = await Promise.all(Array.from({ length: 8 }, () => stranger.post(`/masuk/${link}`)))
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([303, ...Array(7).fill(410)])
  })

  test('is over after its ten minutes, when a newer one is made, and when the person is removed', async () => {
    const late = await linkFor(staff.id)
    later({ minutes: 10 })
    expect((await stranger.post(`/masuk/${late}`)).statusCode).toBe(410)
    const older = await linkFor(staff.id)
    const newer = await linkFor(staff.id)
    expect((await stranger.post(`/masuk/${older}`)).statusCode).toBe(410)
    await update(staff.id, { removed: true })
    expect((await stranger.get(`/masuk/${newer}`)).statusCode).toBe(410)
    expect((await stranger.post(`/masuk/${newer}`)).statusCode).toBe(410)
  })

  test('belongs to its business: with another number before it, it opens nothing', async () => {
    const other = await createTestBusiness(panel.database, clock, 'tetangga')
    const link = await linkFor(staff.id)
    for (const wrong of [link.replace(/^\d+/, String(other)), link.replace(/^\d+/, '999'), `${link}x`, '1.', 'x'])
      expect((await stranger.post(`/masuk/${wrong}`)).statusCode, wrong).toBe(410)
    expect((await stranger.post(`/masuk/${link}`)).statusCode).toBe(303)
  })

  test('is not written down: neither it nor a session can be read from the database', async () => {
    const link = await linkFor(staff.id)
    const visitor = await panel.browse(staff)
    const secrets = [link, visitor.cookie].map((text) => text.split('.').at(-1) as string)
    const { rows } = await open(({ trx }) =>
      sql`select row_to_json(l)::text as row from access_link l union all select row_to_json(s)::text from session s`.execute(
        trx,
      ),
    )
    expect(rows.length).toBeGreaterThan(2)
    for (const secret of secrets) expect(JSON.stringify(rows)).not.toContain(secret)
  })
})

test('S09: a set-up link is worth nothing once there is an owner', async () => {
  const fresh = await openTestPanel()
  const make = () => fresh.open((books) => makeLink(books, { staffId: null, lasts: { hours: 168 } }))
  const visitor = makeVisitor(fresh.app, cookieOf(await makeVisitor(fresh.app, '').post(`/atur/${await make()}`)))
  const bystander = makeVisitor(fresh.app, cookieOf(await makeVisitor(fresh.app, '').post(`/atur/${await make()}`)))
  const unused = await make()
  expect((await visitor.get('/panel')).statusCode).toBe(200)
  expect((await bystander.get('/panel')).statusCode).toBe(200)
  const saved = await visitor.post('/panel/pemilik', { callName: 'Bu Sri', phone: '0857-0000-4321' })
  expect(saved.statusCode).toBe(303)
  // Whoever set it up goes on as the owner; every other way of the set-up has ended.
  expect((await visitor.get('/panel')).body).toContain('Halo, Bu Sri')
  expect((await bystander.get('/panel')).statusCode).toBe(303)
  expect((await makeVisitor(fresh.app, '').post(`/atur/${unused}`)).statusCode).toBe(410)
  expect((await makeVisitor(fresh.app, '').post(`/atur/${await make()}`)).statusCode).toBe(410)
})

describe('S01, S02: a session', () => {
  test('is kept by the browser where nobody else can read it', async () => {
    const plain = await stranger.post(`/masuk/${await linkFor(staff.id)}`)
    expect(plain.headers['set-cookie']).toMatch(
      /^tagih=\d+\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=1209600$/,
    )
    const safe = await openTestPanel({ publicUrl: 'https://panel.example' })
    const owner = await safe.addStaff('owner', '6281200000011')
    const link = await safe.open((books) => makeLink(books, { staffId: owner.id, lasts: { minutes: 10 } }))
    const entered = await makeVisitor(safe.app, '').post(`/masuk/${link}`)
    expect(entered.headers['set-cookie']).toMatch(
      /^__Host-tagih=\d+\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=1209600; Secure$/,
    )
    expect(entered.headers['strict-transport-security']).toBe('max-age=31536000')
    // The name without the prefix, which a neighbour on the domain could set, is not read.
    const cookie = cookieOf(entered)
    expect((await makeVisitor(safe.app, cookie.replace('__Host-', '')).get('/panel')).statusCode).toBe(303)
    expect((await makeVisitor(safe.app, cookie).get('/panel')).statusCode).toBe(200)
  })

  test('is a new one at every sign-in, and the one before is over', async () => {
    const before = await panel.browse(staff)
    const link = await linkFor(staff.id)
    const after = makeVisitor(app, cookieOf(await before.post(`/masuk/${link}`)))
    expect(after.cookie).not.toBe(before.cookie)
    expect([await isIn(before), await isIn(after)]).toEqual([false, true])
  })

  test('ends with signing out: one, or all of this person and nobody else', async () => {
    const [one, two, three] = [await panel.browse(staff), await panel.browse(staff), await panel.browse(staff)]
    const other = await panel.browse(await panel.addStaff('admin', `6281300001${people}`))
    const out = await one.post('/panel/keluar', {})
    expect(out.headers['set-cookie']).toMatch(/^tagih=; .*Max-Age=0/)
    expect([await isIn(one), await isIn(two)]).toEqual([false, true])
    await two.post('/panel/keluar', { semua: '1' })
    expect([await isIn(two), await isIn(three), await isIn(other)]).toEqual([false, false, true])
  })

  test('ends after a day of silence, and after two weeks whatever happens', async () => {
    const idle = await panel.browse(staff)
    const busy = await panel.browse(staff)
    for (let hours = 0; hours < 23; hours += 1) later({ hours: 1 })
    expect(await isIn(busy)).toBe(true)
    later({ hours: 1 })
    expect([await isIn(idle), await isIn(busy)]).toEqual([false, true])
    for (let days = 1; days < 14; days++) {
      later({ hours: 23 })
      expect(await isIn(busy), `day ${days}`).toBe(true)
    }
    clock.set(
      Temporal.Instant.from(START)
        .add({ hours: 14 * 24 - 1 })
        .toString(),
    )
    expect(await isIn(busy)).toBe(true)
    later({ hours: 1 })
    expect(await isIn(busy)).toBe(false)
  })

  test('knows at once of a role that was taken, and of a removal', async () => {
    const visitor = await panel.browse(staff)
    await update(staff.id, { role: 'viewer' })
    expect((await visitor.get('/panel')).statusCode).toBe(404)
    await update(staff.id, { removed: true })
    expect((await visitor.get('/panel')).statusCode).toBe(303)
  })

  test('cannot be chosen by somebody else beforehand', async () => {
    const planted = `tagih=1.${'A'.repeat(43)}`
    const entered = await makeVisitor(app, planted).post(`/masuk/${await linkFor(staff.id)}`)
    expect(cookieOf(entered)).not.toBe(planted)
    expect(await isIn(makeVisitor(app, planted))).toBe(false)
  })
})

describe('a password', () => {
  const signIn = (phone: string, password: string, headers = {}, remoteAddress = '203.0.113.7') =>
    stranger.post(
      '/masuk',
      { phone, password, token: '' },
      {
        remoteAddress,
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin', ...headers },
      },
    )
  const sealed = sealPassword(PASSWORD)
  const give = async (id: number) => open(async (books) => setPassword(books, id, await sealed))

  test('signs in, typed in any form of the phone', async () => {
    await give(staff.id)
    const entered = await signIn(`+${staff.phone.slice(0, 4)} ${staff.phone.slice(4)}`, PASSWORD)
    expect([entered.statusCode, entered.headers.location]).toEqual([303, '/panel'])
    expect(await isIn(makeVisitor(app, cookieOf(entered)))).toBe(true)
  })

  test('S04: wrong, of somebody without one, of nobody: the same answer', async () => {
    await give(staff.id)
    const bare = await panel.addStaff('admin', `6281400001${people}`)
    const answers = [
      await signIn(staff.phone, 'bukan yang ini'),
      await signIn(bare.phone, 'bukan yang ini'),
      await signIn('081999999999', 'bukan yang ini'),
      await signIn('bukan nomor', ''),
    ]
    for (const [index, answer] of answers.entries()) {
      expect([answer.statusCode, answer.headers['set-cookie']]).toEqual([422, undefined])
      const typed = [staff.phone, bare.phone, '081999999999', 'bukan nomor'][index] as string
      expect(answer.body.replace(`value="${typed}"`, '')).toBe(answers[0]?.body.replace(`value="${staff.phone}"`, ''))
    }
    expect(errorOf(answers[0] as never)).toBe('Nomor atau kata sandinya belum cocok.')
  })

  test('S04: after five tries the account is left alone for a while, known or not; a link still opens', async () => {
    await give(staff.id)
    for (const phone of [staff.phone, '081888888888']) {
      for (let time = 0; time < 5; time++) expect((await signIn(phone, 'bukan')).statusCode).toBe(422)
      expect((await signIn(phone, PASSWORD)).statusCode).toBe(429)
    }
    expect((await stranger.post(`/masuk/${await linkFor(staff.id)}`)).statusCode).toBe(303)
    later({ minutes: 15 })
    expect((await signIn(staff.phone, PASSWORD)).statusCode).toBe(303)
  })

  test('S04: tries at the same moment do not pass together', async () => {
    await give(staff.id)
    const answers = await Promise.all(Array.from({ length: 12 }, () => signIn(staff.phone, 'bukan')))
    expect(answers.filter(({ statusCode }) => statusCode === 422).length).toBeLessThanOrEqual(5)
  })

  test('S04: one address may try thirty, whatever it says of itself', async () => {
    const from = (time: number) => ({ 'x-forwarded-for': `10.0.0.${time}` })
    for (let time = 0; time < 30; time++)
      expect((await signIn(`0811000${1000 + time}`, 'x', from(time), '198.51.100.9')).statusCode).toBe(422)
    expect((await signIn('08110009999', 'x', from(99), '198.51.100.9')).statusCode).toBe(429)
    // Behind a proxy of ours it is the address that the proxy added.
    const proxied = { 'x-forwarded-for': '1.2.3.4, 198.51.100.9' }
    expect((await signIn('08110009998', 'x', proxied, '127.0.0.1')).statusCode).toBe(429)
    expect(
      (await signIn('08110009997', 'x', { 'x-forwarded-for': '198.51.100.10' }, '::ffff:172.17.0.1')).statusCode,
    ).toBe(422)
  })

  test('the right one forgets what was counted for the account', async () => {
    await give(staff.id)
    for (let round = 0; round < 3; round++) {
      for (let time = 0; time < 4; time++) await signIn(staff.phone, 'bukan', {}, `192.0.2.${round}`)
      expect((await signIn(staff.phone, PASSWORD, {}, `192.0.2.${round}`)).statusCode).toBe(303)
    }
  })

  test('S02: changed, it ends every other session and every open link', async () => {
    await give(staff.id)
    const [here, there] = [await panel.browse(staff), await panel.browse(staff)]
    const link = await linkFor(staff.id)
    const changed = await here.post('/panel/akun', { fresh: 'sepeda tua di sawah', again: 'sepeda tua di sawah' })
    expect(changed.headers.location).toBe('/panel/akun?tersimpan=1')
    expect([await isIn(here), await isIn(there)]).toEqual([true, false])
    expect((await stranger.post(`/masuk/${link}`)).statusCode).toBe(410)
    expect((await signIn(staff.phone, PASSWORD)).statusCode).toBe(422)
    expect((await signIn(staff.phone, 'sepeda tua di sawah')).statusCode).toBe(303)
  })

  test('an open browser alone does not change it', async () => {
    await give(staff.id)
    const visitor = await panel.browse(staff)
    later({ minutes: 15 })
    const fields = { fresh: 'sepeda tua di sawah', again: 'sepeda tua di sawah' }
    const wrong = await visitor.post('/panel/akun', { ...fields, password: 'tebakan' })
    expect(errorOf(wrong)).toMatch(/^Kata sandi yang sekarang belum cocok\./)
    expect((await visitor.post('/panel/akun', { ...fields, password: PASSWORD })).statusCode).toBe(303)
    // Guessing is counted here too.
    for (let time = 0; time < 5; time++) await visitor.post('/panel/akun', { ...fields, password: 'tebakan' })
    const stopped = await visitor.post('/panel/akun', { ...fields, password: 'sepeda tua di sawah' })
    expect(errorOf(stopped)).toMatch(/^Sudah terlalu sering dicoba\./)
  })

  test.each([
    ['pendek', 'Paling sedikit 10 huruf.'],
    ['aaaaaaaaaaab', 'Terlalu mudah ditebak: hurufnya itu-itu saja.'],
    ['1234567890', 'Terlalu mudah ditebak: angkanya berurutan.'],
    ['password123', 'Terlalu mudah ditebak: &quot;password&quot; dicoba orang paling dulu.'],
    ['Barokah Net1', 'Jangan pakai nama atau nomor sendiri; itu yang ditebak dulu.'],
  ])('S06: %s is refused', async (fresh, sentence) => {
    const answer = await (await panel.browse(staff)).post('/panel/akun', { fresh, again: fresh })
    expect([answer.statusCode, errorOf(answer)]).toEqual([422, sentence])
    expect(answer.body).not.toContain(`value="${fresh}"`)
  })

  test('S06: any signs and spaces may stand in it', async () => {
    const visitor = await panel.browse(staff)
    const fresh = ' 🐐 kambing  di atas "atap" <b> '
    expect((await visitor.post('/panel/akun', { fresh, again: fresh })).statusCode).toBe(303)
    expect((await signIn(staff.phone, fresh)).statusCode).toBe(303)
    expect((await signIn(staff.phone, fresh.trim())).statusCode).toBe(422)
  })
})

test('a session belongs to its business', async () => {
  const token = readToken((await panel.browse(staff)).cookie.replace('tagih=', ''))
  const other = await createTestBusiness(panel.database, clock, 'sebelah')
  const find = (businessId: number) => panel.openBooks(businessId, (books) => findSession(books, token?.digest ?? ''))
  expect(await find(panel.businessId)).toMatchObject({ staff: { id: staff.id } })
  expect(await find(other)).toBeUndefined()
  await panel.openBooks(other, (books) => endSessions(books, staff.id))
  expect(await find(panel.businessId)).toBeDefined()
})
