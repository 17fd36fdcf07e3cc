import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import type { WhatsAppLinks } from '../../src/admin/pages/whatsapp.ts'
import { editBusiness } from '../../src/domain/business.ts'
import { addCustomer } from '../../src/domain/customer.ts'
import { issueChunk } from '../../src/domain/invoice.ts'
import { rupiah } from '../../src/domain/money.ts'
import { addPlan, listPlans } from '../../src/domain/plan.ts'
import { findStaff } from '../../src/domain/staff.ts'
import { firstInvoice, subscribe } from '../../src/domain/subscription.ts'
import type { NumberState } from '../../src/domain/whatsapp.ts'
import { FONNTE_TOKEN, MIDTRANS_KEY, startGateways } from '../support/gateways.ts'
import { errorOf, openTestPanel, type TestVisitor, tokenOf } from '../support/panel.ts'

/** What the forms do, once each, and what they answer. */
let number: NumberState = { is: 'unlinked' }
const asked: unknown[] = []
const whatsapp: WhatsAppLinks = {
  state: () => number,
  async link(_businessId, how) {
    asked.push(how)
    number = how.by === 'qr' ? { is: 'pairing', qr: '2@first' } : { is: 'pairing', code: 'ABCD1234' }
    return true
  },
  async unlink() {
    number = { is: 'unlinked' }
  },
}
const gateways = await startGateways()
const panel = await openTestPanel({ gateways: gateways.env, whatsapp })
const { open, clock } = panel
const owner = await panel.addStaff('owner', '6281200000011')
const START = '2026-12-10T09:00:00+07:00'
let visitor: TestVisitor

beforeEach(async () => {
  clock.set(START)
  visitor = await panel.browse(owner)
})

const business = () => open(async (books) => books.business)
const plans = () => open(listPlans)
const audits = () =>
  open(({ trx }) => trx.selectFrom('audit').select(['actor', 'act', 'subject', 'facts']).orderBy('id').execute())
const warnings = () =>
  open(({ trx }) =>
    trx.selectFrom('message').select(['phone', 'text']).where('kind', '=', 'note').orderBy('id').execute(),
  )
const plan = (name: string) => ({ name, price: '150rb', months: '1', leadDays: '19' })

describe('M17: a form is done once', () => {
  test('pressed twice, one after the other or at once', async () => {
    const token = tokenOf((await visitor.get('/panel/paket/baru')).body) ?? ''
    const first = await visitor.post('/panel/paket/baru', { ...plan('Dua Kali'), token })
    const second = await visitor.post('/panel/paket/baru', { ...plan('Dua Kali'), token })
    expect([first.headers.location, second.headers.location]).toEqual(Array(2).fill('/panel/paket?tersimpan=1'))
    const other = tokenOf((await visitor.get('/panel/paket/baru')).body) ?? ''
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => visitor.post('/panel/paket/baru', { ...plan('Enam Kali'), token: other })),
    )
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(6).fill(303))
    const names = (await plans()).map(({ name }) => name)
    expect(names.filter((name) => name === 'Dua Kali' || name === 'Enam Kali').sort()).toEqual([
      'Dua Kali',
      'Enam Kali',
    ])
  })

  test('its token with something else in the form is refused, and the page asks once more', async () => {
    const token = tokenOf((await visitor.get('/panel/paket/baru')).body) ?? ''
    await visitor.post('/panel/paket/baru', { ...plan('Pertama'), token })
    const answer = await visitor.post('/panel/paket/baru', { ...plan('Lainnya'), token })
    expect([answer.statusCode, errorOf(answer)]).toEqual([
      409,
      'Formulir ini sudah dipakai untuk isian lain. Periksa dulu, lalu simpan sekali lagi.',
    ])
    expect((await plans()).map(({ name }) => name)).not.toContain('Lainnya')
    const again = await visitor.post('/panel/paket/baru', { ...plan('Lainnya'), token: tokenOf(answer.body) ?? '' })
    expect(again.statusCode).toBe(303)
  })

  test('what was refused does not use it up; without one nothing is done', async () => {
    const token = tokenOf((await visitor.get('/panel/paket/baru')).body) ?? ''
    expect((await visitor.post('/panel/paket/baru', { ...plan('Pertama'), token })).statusCode).toBe(422)
    expect((await visitor.post('/panel/paket/baru', { ...plan('Kelima'), token })).statusCode).toBe(303)
    const bare = await visitor.post('/panel/paket/baru', { ...plan('Keenam'), token: 'x' })
    expect(errorOf(bare)).toBe('Halaman ini sudah lama terbuka. Tekan sekali lagi untuk menyimpan.')
    expect((await plans()).map(({ name }) => name)).not.toContain('Keenam')
  })
})

test('S29: every change leaves who did what, and never a secret', async () => {
  const before = (await audits()).length
  await visitor.post('/panel/usaha', { name: 'Barokah Net', service: 'internet', zone: 'Asia/Jakarta' })
  await visitor.post('/panel/fonnte', { fonnteToken: FONNTE_TOKEN })
  expect((await business()).fonnte_device).toBe('6281200000001')
  await visitor.post('/panel/midtrans', { serverKey: MIDTRANS_KEY, mode: 'sandbox' })
  await visitor.post('/panel/akun', { fresh: 'jemuran kambing biru', again: 'jemuran kambing biru' })
  const made = (await audits()).slice(before)
  expect(made).toMatchObject([
    { act: 'business.edit', actor: `staff:${owner.id}`, facts: { name: 'Barokah Net', zone: 'Asia/Jakarta' } },
    { act: 'business.fonnte', facts: { connected: true, quota: 1_240 } },
    { act: 'business.midtrans', facts: { mode: 'sandbox' } },
    { act: 'staff.password', subject: `staff:${owner.id}`, facts: {} },
  ])
  const { rows } = await open(({ trx }) =>
    sql`select row_to_json(a)::text as row from audit a union all select row_to_json(f)::text from form_use f
        union all select row_to_json(b)::text from business b`.execute(trx),
  )
  for (const secret of [FONNTE_TOKEN, MIDTRANS_KEY, 'jemuran kambing biru'])
    expect(JSON.stringify(rows)).not.toContain(secret)
})

test('S11: fields that a form does not have are not taken', async () => {
  const before = await business()
  await visitor.post('/panel/usaha', {
    name: 'Barokah Net',
    service: 'internet',
    zone: 'Asia/Jakarta',
    package: 'dasar',
    slug: 'x',
    bank_account: 'BCA 999999999',
    id: '2',
    business_id: '2',
  })
  const { package: kept, slug, bank_account, id } = await business()
  expect({ kept, slug, bank_account, id }).toEqual({
    kept: before.package,
    slug: before.slug,
    bank_account: before.bank_account,
    id: before.id,
  })
})

describe('plans', () => {
  test.each([
    [{ name: '' }, 'Tulis nama paketnya, contoh Rumah 10 Mbps.'],
    [{ name: '***' }, 'Tulis nama paketnya dengan huruf atau angka.'],
    [{ name: 'dua  KALI' }, 'Paket Dua Kali sudah ada, Rp150.000. Pakai nama lain.'],
    [{ price: 'gratis' }, 'Harganya belum terbaca. Contoh: 150.000 atau 150rb.'],
    [{ price: '0' }, 'Harganya belum terbaca. Contoh: 150.000 atau 150rb.'],
    [{ months: '25' }, 'Pilih 1 sampai 24 bulan.'],
    [{ leadDays: '29' }, 'Pilih 0 sampai 28 hari.'],
    [{ leadDays: '-1' }, 'Tulis dengan angka saja.'],
    [{ leadDays: '57', months: '2' }, 'Pilih 0 sampai 56 hari.'],
  ])('%j is refused with a sentence, and what was typed stays', async (change, sentence) => {
    const answer = await visitor.post('/panel/paket/baru', { ...plan('Paket Ketik'), ...change })
    expect([answer.statusCode, errorOf(answer)]).toEqual([422, sentence])
    const typed = { ...plan('Paket Ketik'), ...change }
    for (const [name, value] of Object.entries(typed))
      expect(answer.body).toContain(
        `name="${name}" type="${name === 'name' || name === 'price' ? 'text' : 'number'}" value="${value}"`,
      )
  })

  test('an unheard-of name is shown as it was typed, and harmless', async () => {
    const answer = await visitor.post('/panel/paket/baru', { ...plan('"><script>alert(1)</script>'), price: 'x' })
    expect(answer.body).toContain('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"')
    expect(answer.body).not.toContain('<script>alert')
  })

  test('the example says on which day a bill is issued', async () => {
    const example = async (query: string) =>
      (await visitor.get(`/panel/paket/contoh?${query}`)).json<{ text: string }>().text
    // 20 Dec − 19 days = 1 Dec; − 20 = 30 Nov; three months, lead 84: 20 Dec − 84 = 27 Sep.
    expect(await example('terbit=19&bulan=1')).toBe(
      'Jatuh tempo 20, terbit tanggal 1. Contoh: 20 Des 2026, terbit 1 Des 2026.',
    )
    expect(await example('terbit=20&bulan=1')).toMatch(/^Jatuh tempo 20, terbit tanggal 30 bulan sebelumnya\./)
    expect(await example('terbit=84&bulan=3')).toMatch(/^Jatuh tempo 20, terbit tanggal 27, 3 bulan sebelumnya\./)
    expect(await example('terbit=29&bulan=1')).toBe('Pilih 0 sampai 28 hari.')
    expect(await example('terbit=&bulan=1')).toBe('Tulis dengan angka saja.')
  })

  test('a change that customers feel is shown first, and done when exactly that is agreed to', async () => {
    const made = await open(async (books) => {
      const fresh = await addPlan(books, { name: 'Berpelanggan', price: rupiah(150_000) })
      for (const [index, ownPrice] of [undefined, undefined, rupiah(99_000)].entries()) {
        const customer = await addCustomer(books, {
          name: `Budi ${index}`,
          phones: [{ phone: `628570000110${index}`, kind: 'mobile' }],
          number: `P-${index}`,
        })
        // Due on 5 January: with 19 days of lead issued on 17 December, with 28 on 8 December, that is now.
        await subscribe(books, {
          customerId: customer.id,
          plan: fresh,
          first: firstInvoice({ day: 5 }, books.today, 'prepaid'),
          ownPrice,
        })
      }
      return fresh
    })
    const url = `/panel/paket/${made.id}`
    const change = { name: 'Berpelanggan', price: '175.000', leadDays: '28' }
    const preview = await visitor.post(url, change)
    expect(preview.statusCode).toBe(200)
    expect(preview.body).toContain(
      'Harga jadi Rp175.000, tadinya Rp150.000. Berlaku untuk 2 pelanggan mulai tagihan yang belum terbit; 1 berharga sendiri tidak berubah.',
    )
    expect(preview.body).toContain(
      'Terbit 28 hari sebelum jatuh tempo, tadinya 19: 3 tagihan langsung terbit. Belum ada yang dikirim.',
    )
    const find = async () => (await plans()).find(({ id }) => id === made.id)
    expect(await find()).toMatchObject({ price: 150_000, leadDays: 19 })

    const agreement = /name="agreement" value="([\w-]+)"/.exec(preview.body)?.[1] ?? ''
    const otherThan = await visitor.post(url, { ...change, price: '200.000', agreement })
    expect(otherThan.body).toContain('Harga jadi Rp200.000')
    expect(await find()).toMatchObject({ price: 150_000 })

    panel.jobs.length = 0
    const agreed = await visitor.post(url, { ...change, agreement })
    expect(agreed.headers.location).toBe('/panel/paket?tersimpan=1')
    expect(await find()).toMatchObject({ price: 175_000, leadDays: 28 })
    expect(panel.jobs).toEqual([{ businessId: panel.businessId, name: 'issue', day: '2026-12-10' }])
    expect((await open((books) => issueChunk(books))).issued).toBe(3)
    // Nobody is touched by a new name.
    expect((await visitor.post(url, { ...change, name: 'Berpelanggan Baru' })).statusCode).toBe(303)
  })
})

describe('the business', () => {
  test('rules 33: with bills issued, another zone holds from the coming midnight, the later of the two', async () => {
    await visitor.post('/panel/usaha', { name: 'Barokah Net', service: 'internet', zone: 'Asia/Jayapura' })
    expect(await business()).toMatchObject({ zone: 'Asia/Jakarta', next_zone: 'Asia/Jayapura' })
    expect((await visitor.get('/panel/usaha')).body).toContain('Berlaku mulai 11 Des 2026.')
    // Midnight in Jayapura is 22.00 in Jakarta; Jakarta's own comes last.
    clock.set('2026-12-10T23:59:00+07:00')
    expect((await business()).zone).toBe('Asia/Jakarta')
    clock.set('2026-12-11T00:00:00+07:00')
    expect((await business()).zone).toBe('Asia/Jayapura')
    expect(await open(async ({ today }) => today.toString())).toBe('2026-12-11')
  })

  test('the account on the bills: changed, every owner hears of it', async () => {
    await visitor.post('/panel/rekening', { account: 'BRI 1234567890 a.n. Maling' })
    expect((await business()).bank_account).toBe('BRI 1234567890 a.n. Maling')
    expect((await warnings()).at(-1)).toMatchObject({
      phone: owner.phone,
      text: expect.stringMatching(
        /^⚠️ \*Rekening di tagihan diganti\* lewat panel oleh Pak owner, 10 Des 2026 09\.00\./,
      ),
    })
    expect(errorOf(await visitor.post('/panel/rekening', { account: 'BCA saja' }))).toMatch(
      /^Nomor rekeningnya belum ada\./,
    )
  })

  test('quiet hours as people here write them, pace and caps', async () => {
    const fields = { quietFrom: '21.30', quietUntil: '6.00', pace: '12', hourly: '', daily: '500' }
    expect((await visitor.post('/panel/pengiriman', fields)).statusCode).toBe(303)
    expect(await business()).toMatchObject({
      quiet_from: '21:30',
      quiet_until: '06:00',
      pace_seconds: 12,
      hourly_cap: null,
      daily_cap: 500,
    })
    expect(errorOf(await visitor.post('/panel/pengiriman', { ...fields, quietFrom: '25.00' }))).toBe(
      'Tulis jamnya, contoh 20.00.',
    )
    expect(errorOf(await visitor.post('/panel/pengiriman', { ...fields, daily: '0' }))).toMatch(/^Pilih 1 sampai/)
  })
})

describe('H09: the owner’s phone', () => {
  const fields = { callName: 'Pak Joko', phone: '0812-0000-0099' }

  test('is not changed by an open browser alone; the old phone hears of it, and the new one is not proven yet', async () => {
    clock.set('2026-12-10T09:20:00+07:00')
    const refused = await visitor.post('/panel/pemilik', fields)
    expect([refused.statusCode, refused.headers.location]).toEqual([422, undefined])
    expect(errorOf(await visitor.post('/panel/pemilik', { ...fields, password: 'salah' }))).toMatch(
      /^Kata sandi yang sekarang belum cocok/,
    )
    expect((await visitor.post('/panel/pemilik', { ...fields, password: 'jemuran kambing biru' })).statusCode).toBe(303)
    const heard = await warnings()
    expect(heard.at(-1)).toMatchObject({
      phone: '6281200000011',
      text: expect.stringMatching(/^⚠️ \*Nomor pemilik diganti\*/),
    })
    expect(heard.map(({ phone }) => phone)).not.toContain('6281200000099')
    expect(await open((books) => findStaff(books, '6281200000099'))).toMatchObject({ provenUntil: null })
  })

  test('cannot be another’s, nor a landline', async () => {
    await panel.addStaff('collector', '6285700007777')
    expect(errorOf(await visitor.post('/panel/pemilik', { ...fields, phone: '085700007777' }))).toBe(
      'Nomor ini sudah dipakai staf lain. Pakai nomor lain.',
    )
    expect(errorOf(await visitor.post('/panel/pemilik', { ...fields, phone: '021-5550123' }))).toMatch(
      /^Ini nomor telepon rumah/,
    )
    expect(errorOf(await visitor.post('/panel/pemilik', { ...fields, phone: 'nanti' }))).toMatch(
      /^Nomornya belum terbaca/,
    )
  })
})

describe('S20: keys', () => {
  test('are shown by their last letters and never sent back, right or wrong', async () => {
    const wrong = await visitor.post('/panel/fonnte', { fonnteToken: 'token-yang-salah-sekali' })
    expect(errorOf(wrong)).toMatch(/^Fonnte menolak: token Fonnte tidak dikenal\. Belum disimpan/)
    expect(wrong.body).not.toContain('token-yang-salah-sekali')
    const shown = await visitor.get('/panel/fonnte')
    expect(shown.body).toContain('••••1234')
    expect(shown.body).not.toContain(FONNTE_TOKEN)
    const midtrans = await visitor.get('/panel/midtrans')
    expect(midtrans.body).toContain('••••5678')
    expect(midtrans.body).not.toContain(MIDTRANS_KEY)
  })

  test('are not kept when they could not be tried', async () => {
    const before = (await business()).fonnte_token
    gateways.fonnte.switches.ill = true
    const answer = await visitor.post('/panel/fonnte', { fonnteToken: 'token-lain-lagi' })
    gateways.fonnte.switches.ill = false
    expect(errorOf(answer)).toMatch(/^Fonnte tidak menjawab, jadi tokennya belum bisa dicoba dan belum disimpan\./)
    expect((await business()).fonnte_token).toEqual(before)
  })

  test('P20: a sandbox key is no production key', async () => {
    const post = (serverKey: string, mode: string) => visitor.post('/panel/midtrans', { serverKey, mode })
    expect(errorOf(await post(MIDTRANS_KEY, 'production'))).toMatch(/^Ini server key sandbox/)
    expect(errorOf(await post('Mid-server-asli', 'sandbox'))).toMatch(/^Ini server key production/)
    expect(errorOf(await post('SB-Mid-server-lain', 'sandbox'))).toMatch(/^Midtrans menolak: kunci Midtrans ditolak\./)
    expect(errorOf(await post('dua kata', 'sandbox'))).toBe('Salin lagi seluruhnya, tanpa spasi.')
  })

  test('that another SECRET_KEY sealed are asked for anew', async () => {
    const { midtrans_key: kept } = await business()
    const put = (key: Buffer | null) => open((books) => editBusiness(books, { midtrans_key: key }))
    await put(Buffer.alloc(64, 7))
    const shown = await visitor.get('/panel/midtrans')
    expect(shown.body).toContain('Server key yang tersimpan tidak terbuka dengan SECRET_KEY ini. Isi lagi di bawah.')
    await put(kept)
  })

  test('can be taken out again, after a question', async () => {
    expect((await visitor.get('/panel/midtrans/lepas')).body).toContain('Hapus server key Midtrans?')
    expect((await visitor.post('/panel/midtrans/lepas')).headers.location).toBe('/panel/midtrans?tersimpan=1')
    expect((await business()).midtrans_key).toBeNull()
    expect((await visitor.get('/panel/midtrans/lepas')).statusCode).toBe(404)
  })

  test('S21: the secret part of a webhook’s address is replaced at once', async () => {
    const { fonnte_secret: before } = await business()
    await visitor.post('/panel/fonnte/alamat')
    const { fonnte_secret: after } = await business()
    expect(after).toMatch(/^[0-9a-f]{48}$/)
    expect(after).not.toBe(before)
    expect((await visitor.get('/panel/fonnte')).body).toContain(`/webhooks/fonnte/barokah/${after}/status`)
  })
})

describe('WhatsApp', () => {
  test('by QR: the picture is drawn here, and its page notices every change', async () => {
    expect((await visitor.get('/panel/whatsapp')).body).toContain('Tampilkan kode QR')
    expect((await visitor.post('/panel/whatsapp?atur=1', { by: 'qr' })).headers.location).toBe('/panel/whatsapp?atur=1')
    const mark = async () => (await visitor.get('/panel/whatsapp/keadaan')).json<{ mark: string }>().mark
    const before = await mark()
    const page = await visitor.get('/panel/whatsapp')
    expect(page.body).toContain(`/panel/whatsapp/qr.svg?${before}`)
    expect(page.body).not.toContain('2@first')
    const picture = await visitor.get('/panel/whatsapp/qr.svg')
    expect(picture.headers['content-type']).toBe('image/svg+xml')
    number = { is: 'pairing', qr: '2@second' }
    expect(await mark()).not.toBe(before)
    expect((await visitor.get('/panel/whatsapp/qr.svg')).body).not.toBe(picture.body)
    number = { is: 'open', phone: '6281200000001' }
    expect(await mark()).toBe('open-')
    expect((await visitor.get('/panel/whatsapp')).body).toContain('Tersambung dengan <b>081200000001</b>')
    expect((await visitor.get('/panel/whatsapp/qr.svg')).statusCode).toBe(404)
  })

  test('by code, for a phone that can have WhatsApp', async () => {
    number = { is: 'unlinked' }
    expect(errorOf(await visitor.post('/panel/whatsapp', { by: 'code', phone: 'x' }))).toMatch(
      /^Nomornya belum terbaca/,
    )
    expect(errorOf(await visitor.post('/panel/whatsapp', { by: 'apa' }))).toBe('Pilih salah satu cara.')
    await visitor.post('/panel/whatsapp', { by: 'code', phone: '0812 0000 0001' })
    expect(asked.at(-1)).toEqual({ by: 'code', phone: '6281200000001' })
    expect((await visitor.get('/panel/whatsapp')).body).toContain('<p class="code">ABCD-1234</p>')
  })

  test.each([
    [
      { is: 'unlinked', reason: 'removed', since: Temporal.Instant.from(START) },
      'Tautannya dihapus di HP sejak 10 Des 2026 09.00.',
    ],
    [{ is: 'stopped', reason: 'expired' }, 'Waktunya habis sebelum kodenya dipakai.'],
    [{ is: 'stopped', reason: 'banned', phone: '6281200000001' }, 'WhatsApp memblokir nomor ini.'],
    [{ is: 'elsewhere', phone: '6281200000001' }, 'sedang dipegang Tagih lain'],
    [{ is: 'connecting', phone: '6281200000001' }, '<b>081200000001</b> sedang menyambung'],
  ] as [NumberState, string][])('%j is said in words', async (state, sentence) => {
    number = state
    expect((await visitor.get('/panel/whatsapp')).body).toContain(sentence)
  })

  test('is cut off after a question', async () => {
    number = { is: 'open', phone: '6281200000001' }
    expect((await visitor.post('/panel/whatsapp/lepas')).statusCode).toBe(303)
    expect(number).toEqual({ is: 'unlinked' })
  })
})

test('set-up goes on from step to step, and knows what is done by what is there', async () => {
  const fresh = await openTestPanel()
  const boss = await fresh.browse(await fresh.addStaff('owner', '6281200000011'))
  const to = async (path: string, fields: Record<string, string>) => (await boss.post(path, fields)).headers.location
  expect(await to('/panel/usaha?atur=1', { name: 'Maju', service: 'internet', zone: 'Asia/Jakarta' })).toBe(
    '/panel/pemilik?atur=1',
  )
  expect(await to('/panel/pemilik?atur=1', { callName: 'Bu Sri', phone: '081200000011' })).toBe(
    '/panel/paket/baru?atur=1',
  )
  expect(await to('/panel/paket/baru?atur=1', plan('Rumah'))).toBe('/panel/rekening?atur=1')
  expect((await boss.get('/panel/whatsapp?atur=1')).body).toContain('belum tersedia di versi ini')
  const home = (await boss.get('/panel')).body
  expect(home).toContain('<b>6 dari 7</b> langkah persiapan beres')
  expect(home).toContain('Lanjutkan: Nomor WhatsApp')
})
