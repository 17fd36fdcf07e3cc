import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { findBusinessId } from '../../src/domain/books.ts'
import { DEMO } from '../../src/simulator/business.ts'
import { inDemo } from '../support/payments.ts'
import { type ChatRow, OWNER, startTestProgram } from '../support/program.ts'

const demo = await startTestProgram({ LOG_LEVEL: 'silent' })
const businessId = (await findBusinessId(demo.program.database, DEMO.slug)) as number
const RINA = '6281200000012'

/** A message as a channel brings it in, past the simulator's own ids. */
const receive = (text: string, from = OWNER, outsideId = randomUUID() as string) =>
  demo.program.bot.receive(businessId, { channel: 'bot', outsideId, phone: from, kind: 'text', text })

const plans = async () =>
  (await inDemo(demo, (books) => books.trx.selectFrom('plan').select('name').orderBy('id').execute())).map(
    ({ name }) => name,
  )
const chat = (phone: string) => demo.get<ChatRow[]>(`/simulator/messages?phone=${phone}`)

describe('the same message again (C04)', () => {
  test('twenty times at once: one turn, one answer', async () => {
    const before = (await chat(OWNER)).length
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => receive('tambah paket Kilat A 9 Mbps 10rb', OWNER, 'SAME')),
    )
    expect(ids.filter((id) => id !== undefined)).toHaveLength(1)
    await demo.post('/simulator/settle')
    expect((await plans()).filter((name) => name.includes('Kilat A'))).toHaveLength(1)
    expect((await chat(OWNER)).slice(before).map(({ direction }) => direction)).toEqual(['in', 'out'])
  })

  test('while the first is still being handled, and long after', async () => {
    const both = await Promise.all([1, 2].map(() => receive('tambah paket Kilat B 9 Mbps 10rb', OWNER, 'SLOW')))
    // Either may be the first; the other is nothing.
    expect(both.filter((id) => id !== undefined)).toHaveLength(1)
    expect(await receive('tambah paket Kilat B 9 Mbps 10rb', OWNER, 'SLOW')).toBeUndefined()
    expect((await plans()).filter((name) => name.includes('Kilat B'))).toHaveLength(1)
  })

  test('the same words with another id are another message', async () => {
    await receive('cari xyz', OWNER, 'ONE')
    expect(await receive('cari xyz', OWNER, 'TWO')).toBeDefined()
  })
})

const FLOOD = 200

test('a flood by one person is taken in order, and holds up nobody else (C14, C17)', async () => {
  const flood = Array.from({ length: FLOOD }, (_, index) => receive(`cari orang${index}`))
  // If each waited for its turn on a connection or in the line of all, whoever comes next would wait for all of them.
  expect(await receive('lihat paket', RINA)).toBeDefined()
  const handled = await inDemo(demo, (books) =>
    books.trx
      .selectFrom('message')
      .select('id')
      .where('text', 'like', 'cari orang%')
      .where('status', '=', 'handled')
      .execute(),
  )
  expect(handled.length).toBeLessThan(FLOOD / 2)
  await Promise.all(flood)
  await demo.post('/simulator/settle')
  const causes = await inDemo(demo, (books) =>
    books.trx
      .selectFrom('message as m')
      .innerJoin('message as cause', 'cause.id', 'm.cause_id')
      .select('cause.id')
      .where('cause.text', 'like', 'cari orang%')
      .orderBy('m.id')
      .execute(),
  )
  expect(causes).toHaveLength(FLOOD)
  expect(causes.map(({ id }) => id)).toEqual(causes.map(({ id }) => id).toSorted((a, b) => a - b))
})

test('an errand that is done twice at the same moment answers once (J10)', async () => {
  const id = randomUUID()
  const causeId = (await receive('lihat paket')) as number
  await demo.post('/simulator/settle')
  const before = (await chat(OWNER)).length
  await inDemo(demo, async (books) => {
    // Without its job, which would be a third.
    const errand = { id, cause_id: causeId, phone: OWNER, kind: 'report.excel', args: '{}', at: books.now }
    const row = { ...errand, business_id: businessId, state: 'open' as const, done_at: null }
    await books.trx.insertInto('errand').values(row).execute()
  })
  await Promise.all([1, 2].map(() => demo.program.bot.runErrand(businessId, id)))
  await demo.post('/simulator/settle')
  expect((await chat(OWNER)).length - before).toBe(1)
  const attempts = inDemo(demo, (books) =>
    books.trx.selectFrom('errand').select('attempts').where('id', '=', id).executeTakeFirst(),
  )
  // Both had begun before either was done.
  expect(await attempts).toEqual({ attempts: 2 })
})

describe('two staff', () => {
  beforeAll(async () => {
    await demo.post('/simulator/reset', { customers: 3, now: '2026-12-01T09:00:00+07:00' })
    await demo.post('/simulator/clock', { now: '2026-12-10T09:00:00+07:00' })
  })

  test('have a question each; a ya answers only the own one (C18)', async () => {
    await demo.say(OWNER, 'harga rumah 10 mbps jadi 160rb')
    const { replies } = await demo.say(RINA, 'ya')
    expect(replies[0]?.text).toContain('Tidak ada yang sedang menunggu')
    expect((await demo.say(OWNER, 'ya')).replies[0]?.text).toContain('Rp160.000')
  })

  test('one person on two phones of the same number: the second is told what the first did', async () => {
    const people = await demo.get<{ phone: string; role: string }[]>('/simulator/phones')
    for (const { phone } of people.filter(({ role }) => role === 'customer')) {
      const answers = await Promise.all([demo.say(OWNER, `lunas ${phone}`), demo.say(OWNER, `lunas ${phone}`)])
      const texts = answers.map(({ replies }) => replies.map(({ text }) => text).join()).sort()
      expect(texts.filter((text) => text.includes('✅'))).toHaveLength(1)
      expect(texts.filter((text) => text.includes('Tidak saya catat'))).toHaveLength(1)
    }
  })
})

describe('hostile text (C15, C16)', () => {
  const big = (piece: string) => piece.repeat(Math.ceil(200_000 / piece.length))
  test.each([
    ['one letter', big('a')],
    ['one digit', big('1')],
    ['digits with dots', big('1.')],
    ['amounts', big('150rb ')],
    ['phones', big('0812-3456-7890 ')],
    ['line breaks', big('\n')],
    ['a list without end', `lunas:${big('\nbudi 10rb,')}`],
    ['brackets of a copied message', big('[10/12/26 09.14')],
    ['stars', big('*_~`>')],
    ['question marks', big('?!')],
    ['letters that do not show', big('\u200b\u2060')],
    ['writing from right to left', big('\u202elunas budi\u202c')],
    ['one letter under a thousand accents', `e${big('\u0301')}`],
    ['letters that grow when they are folded', big('\ufdfa')],
    ['half a character', '\ud83d'.repeat(60_000)],
    ['emoji joined to one another', big('👨‍👩‍👧‍👦')],
    ['NUL', `lunas\0 ${'\0'.repeat(60_000)}`],
    ['markup', big('<script>alert(1)</script>')],
    ['SQL', big(`'; drop table payment; --`)],
    ['a template', big('{{constructor.constructor("return process")()}}')],
  ])('%s, 200 KB of it: answered or let be, and the next message is understood', async (_, text) => {
    for (const from of [OWNER, '6285710000001', '6285799999999']) {
      const response = await fetch(`${demo.url}/simulator/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ from, text }),
      })
      expect(response.status).toBe(200)
    }
    expect((await demo.say(OWNER, 'lihat paket')).understood?.command).toBe('plan.list')
    const { longest } = await inDemo(demo, (books) =>
      books.trx
        .selectFrom('message')
        .select(sql<number>`max(length(text))`.as('longest'))
        .where('direction', '=', 'in')
        .executeTakeFirstOrThrow(),
    )
    expect(longest).toBeLessThanOrEqual(10_000)
    expect((await chat(OWNER)).filter(({ text: answer }) => answer.includes('kesalahannya di pihak saya'))).toEqual([])
  })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '%s%n%00', '../../etc/passwd', '$(reboot)'])(
    'a name that means something to a machine: %s',
    async (name) => {
      for (const words of [`lunas ${name}`, `cari ${name}`, `tagih ${name} 50rb`, `bantuan ${name}`, name]) {
        const { replies } = await demo.say(OWNER, words)
        expect(replies.map(({ text }) => text).join()).not.toContain('kesalahannya di pihak saya')
      }
    },
  )
})
