import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import type { WhatsAppLinks } from '../../src/admin/pages/whatsapp.ts'
import { hasWayIn, makeLink } from '../../src/domain/access.ts'
import { saveOwner } from '../../src/domain/owner.ts'
import { sealer } from '../../src/domain/secret.ts'
import { isTrusted, trustAccount } from '../../src/domain/sender.ts'
import { findOwner, findStaff, type Staff } from '../../src/domain/staff.ts'
import { endNumber, linkNumber, type NumberState } from '../../src/domain/whatsapp.ts'
import { makeTestBot } from '../support/bot.ts'
import { cookieOf, errorOf, makeVisitor, openTestPanel, type TestVisitor } from '../support/panel.ts'

/** The code with which an owner's phone shows that it is theirs, as the panel shows it (faults H07, H09, H17). */
const [JOKO, TYPO, SHOP] = ['6281200000011', '6281200000012', '6281200000001']
const CODE = '/panel/pemilik/kode'
let state: NumberState = { is: 'unlinked' }
const links: WhatsAppLinks = { state: () => state, link: async () => true, unlink: async () => {} }
const panel = await openTestPanel({ whatsapp: links })
const { open, openBooks, businessId, clock, app } = panel
const bot = makeTestBot(openBooks)
let count = 0
let visitor: TestVisitor

const say = (phone: string, text: string) =>
  bot.receive(businessId, { channel: 'bot', outsideId: String(count++), phone, kind: 'text', text })
const owner = () => open((books) => findOwner(books)) as Promise<Staff>
const get = (path: string) => visitor.get(path)
const post = (path: string, fields: Record<string, string> = {}) => visitor.post(path, fields)
const codeIn = (body: string) => /AKTIF (\d{6})/.exec(body)?.[1] as string
const link = async (phone: string) => {
  state = { is: 'open', phone }
  await linkNumber(openBooks, businessId, panel.deps.sealer, { phone, creds: '{}' })
}
const makeCode = async () => {
  await post(CODE)
  return codeIn((await get(CODE)).body)
}

/** Signs in as set-up does, or as the owner who is there. */
async function enter(): Promise<TestVisitor> {
  const token = await open(async (books) =>
    makeLink(books, { staffId: (await findOwner(books))?.id ?? null, lasts: { minutes: 10 } }),
  )
  const door = makeVisitor(app, '')
  const entered = await door.post(`/atur/${token}`)
  expect(entered.statusCode).toBe(303)
  return makeVisitor(app, cookieOf(entered))
}

/** The business as it is once the owner's phone was typed, and another number linked. */
beforeEach(async () => {
  clock.set('2026-12-10T09:00:00+07:00')
  await open(async ({ trx, ...books }) => {
    await sql`update staff set removed_at = now() where removed_at is null`.execute(trx)
    await sql`update activation set used_at = now(), code = null`.execute(trx)
    await endNumber({ trx, ...books }, 'unlinked')
  })
  state = { is: 'unlinked' }
  visitor = await enter()
  await post('/panel/pemilik', { callName: 'Pak Joko', phone: TYPO })
  visitor = await enter()
  await link(SHOP)
})

describe('H17: the code', () => {
  test('is asked for by the pages that matter once a number is linked, and not before', async () => {
    const places = ['/panel', '/panel/pemilik', '/panel/whatsapp']
    const trouble = /Nomor pemilik <b>081200000012<\/b> belum terbukti milik Anda/
    for (const place of places) expect((await get(place)).body, place).toMatch(trouble)
    expect((await get('/panel/whatsapp?atur=1')).body).toContain(`href="${CODE}?atur=1"`)
    await open((books) => endNumber(books, 'unlinked'))
    for (const place of places) expect((await get(place)).body, place).not.toMatch(trouble)
    expect((await get(CODE)).body).toContain('Sambungkan WhatsApp dulu')
  })

  test('is made by a form alone, and shown with the sentence and the link that send it', async () => {
    const rows = () =>
      open(({ trx }) => trx.selectFrom('activation').select(['expires_at', 'used_at', 'code']).execute())
    const before = await rows()
    expect(codeIn((await get(CODE)).body)).toBeUndefined()
    expect(await rows()).toEqual(before)
    const made = await post(`${CODE}?atur=1`)
    expect([made.statusCode, made.headers.location]).toEqual([303, `${CODE}?atur=1`])
    const { body } = await get(CODE)
    const code = codeIn(body)
    expect(body).toContain(
      'Dari HP Anda, kirim ini ke <b>081200000001</b> sebelum pukul 09.10. Lengkap, dengan kata AKTIF:',
    )
    expect(body).toContain(`href="https://wa.me/${SHOP}?text=AKTIF%20${code}"`)
    expect((await get(`${CODE}?atur=1`)).body).toContain('Langkah 5 dari 7')
    const kept = await open(({ trx }) =>
      sql`select row_to_json(a)::text as row from activation a union all select row_to_json(a)::text from audit a
            union all select row_to_json(f)::text from form_use f`.execute(trx),
    )
    expect(JSON.stringify(kept.rows)).not.toContain(code)
    expect(JSON.stringify(kept.rows)).not.toContain(Buffer.from(code).toString('hex'))
    clock.set('2026-12-10T09:10:01+07:00')
    const late = (await get(CODE)).body
    expect(late).not.toContain(code)
    expect(late).toContain('Kode yang tadi sudah tidak berlaku.')
    // The page that shows the code looks at this, and so says it by itself.
    expect((await get(`${CODE}/keadaan`)).json()).toEqual({ mark: 'unproven-dead' })
  })

  test('of another SECRET_KEY is not shown, and can be made anew', async () => {
    const code = await makeCode()
    await open(({ trx, business }) =>
      trx
        .updateTable('activation')
        .set({ code: sealer('another secret key').seal(business.id, code) })
        .execute(),
    )
    expect((await get(CODE)).statusCode).toBe(200)
    expect(codeIn((await get(CODE)).body)).toBeUndefined()
    expect(await makeCode()).toMatch(/^\d{6}$/)
  })

  test('brought by the right phone mends the number; the page sees it, and no page asks any more', async () => {
    const code = await makeCode()
    const mark = async () => (await get(`${CODE}/keadaan`)).json().mark as string
    const before = await mark()
    expect(before).not.toContain(code)
    await say(JOKO, `AKTIF ${code}`)
    expect(await mark()).not.toBe(before)
    expect((await get(CODE)).body).toContain('✅ <b>081200000011</b> terbukti milik Pak Joko.')
    for (const place of ['/panel', '/panel/pemilik', '/panel/whatsapp'])
      expect((await get(place)).body, place).not.toContain('belum terbukti')
    const audits = await open(({ trx }) => trx.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(1).execute())
    expect(audits).toMatchObject([{ act: 'owner.prove', facts: { phone: JOKO, before: TYPO } }])
    expect(errorOf(await post(CODE, { token: 'a'.repeat(22) }))).toBe('Nomor ini sudah terbukti.')
  })

  test('is not needed where the linked number is the owner’s own', async () => {
    await open((books) => endNumber(books, 'unlinked'))
    await link(TYPO)
    expect(await open((books) => findStaff(books, TYPO))).toMatchObject({ provenUntil: expect.anything() })
    expect((await get('/panel/whatsapp?atur=1')).body).toContain('>Lanjut</a>')
    expect((await get('/panel')).body).not.toContain('belum terbukti')
  })

  test('asks for the password again where there is one', async () => {
    clock.set('2026-12-10T09:20:00+07:00')
    expect((await post(CODE)).statusCode, 'set-up takes longer than a quarter of an hour').toBe(303)
    visitor = await enter()
    const fresh = 'jemuran kambing biru'
    await post('/panel/akun', { fresh, again: fresh })
    clock.set('2026-12-10T09:40:00+07:00')
    expect((await get(CODE)).body).toContain('Kata sandi sekarang')
    expect(errorOf(await post(CODE))).toMatch(/^Kata sandi yang sekarang belum cocok/)
    expect((await post(CODE, { password: fresh })).statusCode).toBe(303)
    expect(codeIn((await get(CODE)).body)).toMatch(/^\d{6}$/)
  })
})

describe('H07, H09: later', () => {
  test('a proven phone that is replaced in the panel loses its rights at once, and alone is told', async () => {
    await say(JOKO, `AKTIF ${await makeCode()}`)
    expect((await post('/panel/pemilik', { callName: 'Pak Joko', phone: TYPO })).statusCode).toBe(303)
    expect(await owner()).toMatchObject({ phone: TYPO, provenUntil: null })
    const warned = await open(({ trx }) =>
      trx.selectFrom('message').select('phone').where('kind', '=', 'note').where('direction', '=', 'out').execute(),
    )
    expect(warned.map(({ phone }) => phone)).toEqual([JOKO])
    // Another slip before anything was shown: the first one's stranger hears nothing of it.
    await post('/panel/pemilik', { callName: 'Pak Joko', phone: '6281200000013' })
    await open(({ trx }) => trx.selectFrom('message').select('phone').where('phone', '=', TYPO).execute()).then(
      (rows) => expect(rows).toEqual([]),
    )
  })

  test('whoever has no password is not asked for it, but how to sign in again is said where it is needed', async () => {
    await say(JOKO, `AKTIF ${await makeCode()}`)
    clock.set('2026-12-10T09:40:00+07:00')
    expect((await get('/panel/pemilik')).body).not.toContain('Kata sandi sekarang')
    const refused = await post('/panel/pemilik', { callName: 'Pak Joko', phone: TYPO })
    expect(refused.body).toMatch(/role="alert">Masuk lagi dulu: ketik panel di WhatsApp, lalu buka link itu\./)
    expect(await owner()).toMatchObject({ phone: JOKO })
  })

  test('after 60 days of silence, or with another account, the panel says so and the code mends it', async () => {
    await say(JOKO, `AKTIF ${await makeCode()}`)
    clock.set('2027-02-10T09:00:00+07:00')
    visitor = await enter()
    expect((await get('/panel')).body).toContain('tidak menulis lebih dari 60 hari')
    await say(JOKO, `AKTIF ${await makeCode()}`)
    expect((await get('/panel')).body).not.toContain('60 hari')
    await open((books) => isTrusted(books, JOKO, '111'))
    await open((books) => isTrusted(books, JOKO, '222'))
    expect((await get('/panel')).body).toContain('dipakai akun WhatsApp lain')
    expect(codeIn((await post(CODE).then(() => get(CODE))).body)).toMatch(/^\d{6}$/)
  })

  test('once proven, a silent owner without a password needs a fresh link, and is told which', async () => {
    await say(JOKO, `AKTIF ${await makeCode()}`)
    clock.set('2027-02-10T09:00:00+07:00')
    visitor = await enter()
    clock.set('2027-02-10T09:20:00+07:00')
    expect(errorOf(await post(CODE))).toBe('Masuk lagi dulu: jalankan npm run -s link di server, lalu buka link itu.')
  })

  test('the console prints a way in as long as the owner’s phone cannot ask for one', async () => {
    const wayIn = () => open(hasWayIn)
    expect(await wayIn()).toBe(false)
    await say(TYPO, 'panel')
    expect(await wayIn(), 'a stranger wrote from the number of the slip').toBe(false)
    await say(JOKO, `AKTIF ${await makeCode()}`)
    expect(await wayIn()).toBe(true)
    await open((books) => isTrusted(books, JOKO, '111'))
    await open((books) => isTrusted(books, JOKO, '222'))
    expect(await wayIn(), 'another account stands behind the phone').toBe(false)
    await open((books) => trustAccount(books, JOKO))
    expect(await wayIn()).toBe(true)
    clock.set('2027-02-10T09:00:00+07:00')
    expect(await wayIn()).toBe(false)
    await open(async (books) => {
      const staff = await findOwner(books)
      await saveOwner(books, staff, { name: 'Joko', callName: 'Pak Joko', phone: TYPO })
    })
    expect(await wayIn()).toBe(false)
  })
})
