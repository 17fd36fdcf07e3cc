import { readFileSync } from 'node:fs'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Moment } from '../../src/domain/calendar.ts'
import { openMatter } from '../../src/domain/conversation.ts'
import { addCustomer } from '../../src/domain/customer.ts'
import { saveOwner } from '../../src/domain/owner.ts'
import { sealer } from '../../src/domain/secret.ts'
import { findDoubt, isTrusted } from '../../src/domain/sender.ts'
import { makeActivation } from '../../src/domain/setup.ts'
import { addStaff, findOwner, findStaff, listStaff } from '../../src/domain/staff.ts'
import type { ChannelName, Role } from '../../src/domain/tables.ts'
import { endNumber, linkNumber } from '../../src/domain/whatsapp.ts'
import { makeTestBot } from '../support/bot.ts'
import { createTestBusiness, openTestBooks } from '../support/database.ts'

/** Whose phone it is: shown by the panel's code, and by writing now and then (faults H04, H07, H09, H17). */
const [JOKO, TYPO, RINA, UJANG, BUDI] = [
  '6281200000011',
  '6281200000012',
  '6281200000021',
  '6281200000022',
  '6281200001474',
]
const SEALER = sealer('test secret key of this test')
const { openBooks, database, clock } = await openTestBooks('2026-12-10T09:00:00+07:00')
const bot = makeTestBot(openBooks)
let businessId = 0
let count = 0
const open = <T>(work: Parameters<typeof openBooks<T>>[1]) => openBooks(businessId, work)

beforeEach(async () => {
  clock.set('2026-12-10T09:00:00+07:00')
  businessId = await createTestBusiness(database, clock, `usaha-${count++}`)
})

// A number is linked to one business at a time.
afterEach(() => open((books) => endNumber(books, 'unlinked')))

type How = { channel?: ChannelName; account?: string }

/** Writes; answers what went to whom because of it. */
async function say(phone: string, text: string, { channel = 'bot', account }: How = {}) {
  const last = (await outbox()).at(-1)?.id ?? 0
  const outsideId = String(count++)
  await bot.receive(businessId, { channel, outsideId, phone, kind: 'text', text, ...(account && { account }) })
  return (await outbox()).filter(({ id }) => id > last)
}

const outbox = () =>
  open(({ trx }) =>
    trx
      .selectFrom('message')
      .select(['id', 'phone', 'text', 'kind'])
      .where('direction', '=', 'out')
      .orderBy('id')
      .execute(),
  )
const texts = (rows: { text: string }[]) => rows.map(({ text }) => text)
const toWhom = (rows: { phone: string }[]) => rows.map(({ phone }) => phone)

const hire = (role: Role, phone: string, name: string) => open((books) => addStaff(books, { name, phone, role }))
const typeOwner = (phone: string) =>
  open(async (books) => saveOwner(books, await findOwner(books), { name: 'Joko', callName: 'Pak Joko', phone }))
const makeCode = async () =>
  (await open(async (books) => makeActivation(books, SEALER, await findOwner(books)))) as string
const provenUntil = (phone: string): Promise<Moment | null | undefined> =>
  open(async (books) => (await findStaff(books, phone))?.provenUntil)
const inDays = (days: number) =>
  clock.set(
    clock
      .now()
      .add({ hours: 24 * days })
      .toString(),
  )
const other = (code: string) => (code === '111111' ? '222222' : '111111')

/** Everything in the books but what was said. */
async function everything(): Promise<unknown[]> {
  return open(async ({ trx }) => {
    const { rows } = await sql<{ name: string }>`
      select tablename as name from pg_tables
       where schemaname = 'public' and tablename not in ('message', 'conversation', 'migration') order by 1`.execute(
      trx,
    )
    const found: unknown[] = []
    for (const { name } of rows) {
      const { rows: all } = await sql`select t::text as row from ${sql.table(name)} t order by 1`.execute(trx)
      found.push([name, all])
    }
    return found
  })
}

const WORDS = readFileSync(new URL('../data/utterances.tsv', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('owner\t'))
  .map((line) => line.split('\t')[1] as string)
  .slice(0, 200)

test('what waited for an answer while no owner was proven is told with the proof, and nobody was told that it was forwarded', async () => {
  await hire('owner', JOKO, 'Joko')
  await typeOwner(TYPO)
  await open(async (books) => {
    const phones = [{ phone: BUDI, kind: 'mobile' as const }]
    await addCustomer(books, { name: 'Budi', phones })
    await openMatter(books, { kind: 'payment.differs', args: {}, summary: 'Rp50.000 dari Budi, tagihannya Rp150.000' })
  })
  expect(texts(await say(BUDI, 'udah tf ya kak'))).toEqual(['Pesannya sudah kami terima.'])
  const [told] = texts(await say(TYPO, `AKTIF ${await makeCode()}`))
  expect(told?.split('\n').slice(1)).toEqual([
    '*1 hal* menunggu jawaban:',
    '• Rp50.000 dari Budi, tagihannya Rp150.000: *ya 1* atau *tolak 1*',
  ])
})

describe('H17: the owner’s phone that was typed in the panel', () => {
  test('a stranger at the number of a slip can do nothing, whatever they write, before and after it was mended', async () => {
    await open((books) => addCustomer(books, { name: 'Budi', phones: [{ phone: BUDI, kind: 'mobile' }] }))
    await typeOwner(TYPO)
    const writeAll = async () => {
      const before = await everything()
      for (const words of [...WORDS, 'ya', 'ya 1', 'AKTIF 123456', 'panel', '1'])
        expect(await say(TYPO, words), words).toEqual([])
      expect(await everything()).toEqual(before)
    }
    await writeAll()
    const code = await makeCode()
    expect(texts(await say(JOKO, `AKTIF ${code}`))).toEqual([
      '✅ Nomor ini sekarang *pemilik* Barokah Net, Pak Joko. Nomor di panel sudah saya ganti dengan nomor ini.\nMulai dari sini: *bantuan*',
    ])
    expect(await open(findOwner)).toMatchObject({ phone: JOKO, name: 'Joko', callName: 'Pak Joko' })
    await writeAll()
    expect(texts(await say(JOKO, 'cari budi'))[0]).toContain('Budi')
  })

  test('is told nothing and asked nothing', async () => {
    await typeOwner(TYPO)
    expect(await open((books) => listStaff(books))).toEqual([])
    await hire('collector', UJANG, 'Ujang')
    await open((books) => isTrusted(books, UJANG, '111'))
    await open((books) => isTrusted(books, UJANG, '222'))
    expect(await outbox()).toEqual([])
  })

  test('a code is good once, for ten minutes and five tries, and only while the phone is not proven', async () => {
    await typeOwner(JOKO)
    const first = await makeCode()
    const code = await makeCode()
    if (first !== code) expect(texts(await say(JOKO, `AKTIF ${first}`))[0]).toMatch(/^Kodenya belum cocok/)
    expect(await provenUntil(JOKO)).toBeNull()
    expect(texts(await say(JOKO, `*aktifkan ${code}*`))[0]).toMatch(
      /^✅ Nomor ini sekarang \*pemilik\* Barokah Net, Pak Joko\.\n/,
    )
    expect(await say('6281299999999', `AKTIF ${code}`)).toEqual([])
    expect(texts(await say(JOKO, `AKTIF ${code}`))).toEqual(['Nomor ini sudah terbukti. Mulai dari sini: *bantuan*'])
    expect(await makeCode()).toBeUndefined()

    await typeOwner(TYPO)
    const late = await makeCode()
    clock.set('2026-12-10T09:10:01+07:00')
    expect(await say(TYPO, `AKTIF ${late}`)).toEqual([])
    const tried = await makeCode()
    const heard: string[] = []
    for (let time = 0; time < 5; time++) heard.push(...texts(await say('6281299999999', `AKTIF ${other(tried)}`)))
    expect(heard.map((text) => text.split(/ (?:atau|terlalu)/)[0])).toEqual([
      ...Array(4).fill('Kodenya belum cocok'),
      'Kodenya',
    ])
    expect(await say(TYPO, `AKTIF ${tried}`)).toEqual([])
    expect(await provenUntil(TYPO)).toBeNull()
  })

  test.each(['Aktif%s', 'AKTIF: %s', 'aktifkan  %s.'])('a code is read as people type it: %s', async (form) => {
    await typeOwner(JOKO)
    const code = await makeCode()
    const grouped = form.startsWith('AKTIF') ? `${code.slice(0, 3)} ${code.slice(3)}` : code
    expect(texts(await say(JOKO, form.replace('%s', grouped)))[0]).toMatch(/^✅/)
  })

  test('the code from the phone of somebody else of the staff is refused, and stays good', async () => {
    await hire('admin', RINA, 'Rina')
    await typeOwner(TYPO)
    const code = await makeCode()
    expect(texts(await say(RINA, `AKTIF ${code}`))).toEqual([
      'Nomor ini milik staf lain, jadi belum ada yang berubah. Kirim kodenya dari HP pemilik.',
    ])
    expect(await open(findOwner)).toMatchObject({ phone: TYPO, provenUntil: null })
    await say(JOKO, `AKTIF ${code}`)
    expect(await open(findOwner)).toMatchObject({ phone: JOKO })
  })

  test('a code that lost its reason meanwhile makes nobody the owner', async () => {
    await typeOwner(JOKO)
    const code = await makeCode()
    await linkNumber(openBooks, businessId, SEALER, { phone: JOKO, creds: '{}' })
    expect(await say(TYPO, `AKTIF ${code}`)).toEqual([])
    expect(await open(findOwner)).toMatchObject({ phone: JOKO })
  })

  test('a customer can bring it too, and what is typed anew has to be shown anew', async () => {
    await open((books) => addCustomer(books, { name: 'Joko', phones: [{ phone: JOKO, kind: 'mobile' }] }))
    await typeOwner(JOKO)
    expect(texts(await say(JOKO, 'telat')).join()).not.toContain('pelanggan')
    await say(JOKO, `AKTIF ${await makeCode()}`)
    expect(texts(await say(JOKO, 'telat')).join()).toContain('telat')
    await typeOwner(TYPO)
    expect(await provenUntil(TYPO)).toBeNull()
    await typeOwner(JOKO)
    expect(await provenUntil(JOKO), 'and the old one does not get them back by being typed').toBeNull()
  })

  test('the linked number itself is proven, whichever came first, and its own chat needs nothing', async () => {
    await typeOwner(JOKO)
    expect(await linkNumber(openBooks, businessId, SEALER, { phone: JOKO, creds: '{}' })).toBe(true)
    expect(await provenUntil(JOKO)).toEqual(clock.now().add({ hours: 60 * 24 }))
    await typeOwner(TYPO)
    expect(await provenUntil(TYPO)).toBeNull()
    await typeOwner(JOKO)
    expect(await provenUntil(JOKO)).not.toBeNull()
    inDays(100)
    expect(await say(JOKO, 'bantuan', { channel: 'fonnte' }), 'anybody can claim a sender there').toMatchObject([
      { text: expect.stringMatching(/^⚠️ Nomor ini tidak menulis/) },
    ])
    expect(texts(await say(JOKO, 'bantuan'))[0]).toMatch(/^Yang paling sering dipakai/)
    expect(await provenUntil(JOKO)).toEqual(clock.now().add({ hours: 60 * 24 }))
  })
})

describe('H07, H09: a staff phone that is silent', () => {
  const silent = /^⚠️ Nomor ini tidak menulis lebih dari 60 hari, jadi perintahnya belum saya jalankan\.\n/

  test('every message moves the proof on, written once a day', async () => {
    await hire('owner', JOKO, 'Joko')
    const first = await provenUntil(JOKO)
    clock.set('2026-12-11T08:59:00+07:00')
    await say(JOKO, 'bantuan')
    expect(await provenUntil(JOKO)).toEqual(first)
    clock.set('2026-12-11T09:01:00+07:00')
    await say(JOKO, 'bantuan')
    expect(await provenUntil(JOKO)).toEqual(Temporal.Instant.from('2027-02-09T09:01:00+07:00'))
    inDays(59)
    expect(texts(await say(JOKO, 'bantuan'))[0]).toMatch(/^Yang paling/)
    inDays(59)
    expect(texts(await say(JOKO, 'bantuan'))[0]).toMatch(/^Yang paling/)
  })

  test('what Fonnte brings moves it on only with a code that came back from the phone', async () => {
    await hire('owner', JOKO, 'Joko')
    const first = await provenUntil(JOKO)
    inDays(30)
    await say(JOKO, 'bantuan', { channel: 'fonnte' })
    expect(await provenUntil(JOKO)).toEqual(first)
    const [asked] = await say(JOKO, 'tagih semua', { channel: 'fonnte' })
    await say(JOKO, /\*(\d{6})\*/.exec(asked?.text ?? '')?.[1] as string, { channel: 'fonnte' })
    expect(await provenUntil(JOKO)).toEqual(clock.now().add({ hours: 60 * 24 }))
  })

  test('after 60 days it may not even read, hears once a day why, and is still told what it must know', async () => {
    await open((books) => addCustomer(books, { name: 'Budi', phones: [{ phone: BUDI, kind: 'mobile' }] }))
    await hire('owner', JOKO, 'Joko')
    inDays(61)
    const before = await everything()
    expect(texts(await say(JOKO, 'cari budi'))).toEqual([
      '⚠️ Nomor ini tidak menulis lebih dari 60 hari, jadi perintahnya belum saya jalankan.\nMasuk ke panel, buka *Pemilik*, buat kodenya, lalu kirim dari HP ini:\nhttps://tagih.example/panel/pemilik/kode',
    ])
    for (const words of [...WORDS.slice(0, 60), 'panel', 'ya 1']) expect(await say(JOKO, words), words).toEqual([])
    expect(await everything()).toEqual(before)
    inDays(1)
    expect(texts(await say(JOKO, 'telat'))[0]).toMatch(silent)
    expect(await open((books) => listStaff(books, ['owner']))).toMatchObject([{ phone: JOKO }])
    await say(JOKO, `AKTIF ${await makeCode()}`)
    expect(texts(await say(JOKO, 'cari budi'))[0]).toContain('Budi')
  })

  test('who may vouch for it is asked once, and their word brings the rights back', async () => {
    await hire('owner', JOKO, 'Joko')
    await hire('collector', UJANG, 'Ujang')
    for (let time = 0; time < 2; time++) {
      inDays(40)
      await say(JOKO, 'bantuan')
    }
    const asked = await say(UJANG, 'telat')
    expect(asked).toEqual([
      expect.objectContaining({
        phone: JOKO,
        kind: 'matter',
        text: '⚠️ Nomor Ujang (081200000022) menulis lagi sesudah lebih dari 60 hari. Perintahnya belum saya jalankan.\nMasih orang yang sama? *ya 1* atau *tolak 1*',
      }),
      expect.objectContaining({
        phone: UJANG,
        text: '⚠️ Nomor ini tidak menulis lebih dari 60 hari, jadi perintahnya belum saya jalankan.\n*Joko* sudah saya tanya. Sesudah dijawab *ya*, tulis lagi.',
      }),
    ])
    inDays(2)
    expect(toWhom(await say(UJANG, 'telat')), 'nobody is asked twice').toEqual([UJANG])
    expect(texts(await say(JOKO, 'tolak 1'))[0]).toContain('tetap tidak saya jalankan')
    expect(await say(UJANG, 'telat')).toEqual([])
    await say(JOKO, 'ya 1')
    expect(texts(await say(UJANG, 'telat'))[0]).toMatch(/telat/)
    for (let time = 0; time < 2; time++) {
      inDays(40)
      await say(JOKO, 'bantuan')
    }
    expect(toWhom(await say(UJANG, 'telat')), 'another silence is another question').toEqual([JOKO, UJANG])
  })

  test('nobody who is silent too, or was never proven, can vouch; nor does a word prove a number that was typed', async () => {
    await hire('owner', JOKO, 'Joko')
    await hire('admin', RINA, 'Rina')
    await hire('collector', UJANG, 'Ujang')
    inDays(61)
    expect(await say(UJANG, 'telat')).toEqual([
      expect.objectContaining({ phone: UJANG, text: expect.stringContaining('Minta pemilik menulis dulu') }),
    ])
    await say(JOKO, `AKTIF ${await makeCode()}`)
    expect(toWhom(await say(RINA, 'telat'))).toEqual([JOKO, RINA])
    await say(JOKO, 'ya 1')
    inDays(59)
    await say(RINA, 'bantuan')
    inDays(2)
    expect(toWhom(await say(JOKO, 'telat'))).toEqual([RINA, JOKO])
    await typeOwner(TYPO)
    await typeOwner(JOKO)
    expect(texts(await say(RINA, 'ya 2'))).toEqual(['081200000011 bukan nomor staf lagi. Belum ada yang berubah.'])
    expect(await provenUntil(JOKO)).toBeNull()
  })

  test('a customer behind a silent staff number still gets what a customer gets', async () => {
    await open((books) => addCustomer(books, { name: 'Ujang', phones: [{ phone: UJANG, kind: 'mobile' }] }))
    await hire('collector', UJANG, 'Ujang')
    inDays(61)
    const answers = texts(await say(UJANG, 'brp tagihan saya?'))
    expect(answers[0]).toMatch(silent)
    expect(answers).toHaveLength(2)
    expect(texts(await say(UJANG, 'brp tagihan saya?'))).toEqual([answers[1]])
  })
})

test('H04: an account that nobody could be asked about is asked about as soon as somebody can vouch for it', async () => {
  await hire('owner', JOKO, 'Joko')
  await hire('collector', UJANG, 'Ujang')
  const trusted = (lid: string) => open((books) => isTrusted(books, UJANG, lid))
  await trusted('111')
  inDays(61)
  expect(await trusted('222')).toBe(false)
  expect(await outbox()).toEqual([])
  await say(JOKO, `AKTIF ${await makeCode()}`)
  expect(await trusted('222')).toBe(false)
  expect((await outbox()).at(-1)).toMatchObject({ phone: JOKO, kind: 'matter' })
  await say(JOKO, 'ya 1')
  expect(await trusted('222')).toBe(true)
  expect(texts(await say(UJANG, 'telat'))[0], 'one word is enough for the account and the silence').toMatch(/telat/)
})

describe('H04: a sole owner whose account changed', () => {
  const trusted = (lid: string) => open((books) => isTrusted(books, JOKO, lid))

  test('is told once what to do; bringing the code makes the account trusted', async () => {
    await hire('owner', JOKO, 'Joko')
    await trusted('111')
    expect(await trusted('222')).toBe(false)
    expect(await trusted('222')).toBe(false)
    expect(texts(await outbox())).toEqual([
      '⚠️ Nomor ini sekarang dipakai akun WhatsApp lain, jadi perintahnya belum saya jalankan.\nIni HP baru Anda? Masuk ke panel, buka *Pemilik*, buat kodenya, lalu kirim dari sini.',
    ])
    expect(await say(JOKO, 'AKTIF 123456', { account: '222' }), 'no code is awaited').toEqual([])
    const code = await makeCode()
    expect(texts(await say(JOKO, `AKTIF ${other(code)}`, { account: '222' }))[0]).toMatch(/^Kodenya belum cocok/)
    expect(await trusted('222')).toBe(false)
    expect(texts(await say(JOKO, `AKTIF ${code}`, { account: '222' }))[0]).toMatch(/^✅/)
    expect(await trusted('222')).toBe(true)
    expect(await trusted('111'), 'the one before waits now').toBe(false)
  })

  test('nothing but the code is read from it, also where a question waits for any words', async () => {
    const code = await open((books) => makeActivation(books, SEALER))
    await say(JOKO, `AKTIF ${code}`)
    const before = await everything()
    expect(await say(JOKO, 'AKTIF 123456', { account: '222' })).toEqual([])
    expect(await everything()).toEqual(before)
    expect(texts(await say(JOKO, 'Barokah Net, pak joko'))[0]).toMatch(/^\*Barokah Net\*/)
  })

  test('the known account bringing the code does not let the other in', async () => {
    await hire('owner', JOKO, 'Joko')
    await trusted('111')
    await trusted('222')
    await say(JOKO, `AKTIF ${await makeCode()}`)
    expect(await trusted('111')).toBe(true)
    expect(await open(async (books) => findDoubt(books, (await findOwner(books)) as never))).toBeUndefined()
    expect(await trusted('222')).toBe(false)
  })
})
