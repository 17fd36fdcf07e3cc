import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { findBusinessId } from '../../src/domain/books.ts'
import { storeIncoming } from '../../src/domain/message.ts'
import { DEMO } from '../../src/simulator/business.ts'
import { inDemo } from '../support/payments.ts'
import { type ChatRow, OWNER, startTestProgram } from '../support/program.ts'

const demo = await startTestProgram({ LOG_LEVEL: 'silent' })
let phones: string[] = []

beforeEach(async () => {
  await demo.post('/simulator/reset', { customers: 4, now: '2026-12-01T09:00:00+07:00' })
  await demo.post('/simulator/clock', { now: '2026-12-10T09:00:00+07:00' })
  const people = await demo.get<{ phone: string; role: string }[]>('/simulator/phones')
  phones = people.filter(({ role }) => role === 'customer').map(({ phone }) => phone)
})

/** Stores what was typed so many minutes ago and not handled, as an outage leaves it; answers the messages' ids. */
async function typed(...said: (readonly [minutes: number, text: string])[]): Promise<number[]> {
  const ids: number[] = []
  for (const [minutes, text] of said)
    ids.push(
      await inDemo(demo, async (books) => {
        const writtenAt = books.now.subtract({ minutes })
        const fresh = { channel: 'bot' as const, outsideId: randomUUID(), phone: OWNER, kind: 'text', text, writtenAt }
        return (await storeIncoming(books, fresh)) as number
      }),
    )
  return ids
}

/** Comes back after the outage; answers what the owner hears. */
async function comeBack(): Promise<string[]> {
  const before = await heard()
  await demo.program.bot.catchUp((await findBusinessId(demo.program.database, DEMO.slug)) as number)
  await demo.post('/simulator/settle')
  return (await heard()).slice(before.length)
}

const heard = async () =>
  (await demo.get<ChatRow[]>(`/simulator/messages?phone=${OWNER}`))
    .filter(({ direction }) => direction === 'out')
    .map(({ text }) => text)

const payments = () =>
  inDemo(demo, (books) => books.trx.selectFrom('payment').select(['source', 'amount']).orderBy('id').execute())

test('what a crash left unhandled is found without a nudge (C02)', async () => {
  await typed([1, 'lihat paket'])
  await demo.post('/simulator/settle')
  expect((await heard()).at(-1)).toContain('*3 paket*')
})

describe('money commands from before an outage', () => {
  test('are asked about in one list and done with one ya, in order and each once (C06)', async () => {
    const ids = await typed(
      [30, `lunas ${phones[0]}`],
      [29, 'telat'],
      [28, `lunas ${phones[1]} 50rb`],
      [20, 'tagih semua'],
    )
    const told = await comeBack()
    expect(told).toHaveLength(2)
    expect(told[0]).toBe(
      [
        '*3 pesan* baru terbaca sekarang, belum dikerjakan:',
        `1. "lunas ${phones[0]}"`,
        `2. "lunas ${phones[1]} 50rb"`,
        '3. "tagih semua"',
        'Balas *ya* untuk mengerjakan, *tidak* untuk membiarkan.',
      ].join('\n'),
    )
    // What only reads is simply answered.
    expect(told[1]).not.toContain('baru terbaca')
    expect(await payments()).toEqual([])

    const { replies } = await demo.say(OWNER, 'ya')
    expect(replies[0]?.text.split('\n')).toEqual([
      '✅ *3 pesan* dikerjakan:',
      expect.stringMatching(/^1\. \*Rp150\.000\*/),
      expect.stringMatching(/^2\. \*Rp50\.000\*/),
      '3. "tagih semua": sedang dikerjakan',
    ])
    // Recorded under the message that said so: whatever repeats, it is never recorded twice.
    expect((await payments()).map(({ source }) => source)).toEqual([`message:${ids[0]}`, `message:${ids[2]}`])
    // The mass sending still shows what it would do first.
    expect(replies.map(({ text }) => text).join('\n')).toContain('Balas *ya* untuk mengirim')
    await demo.say(OWNER, 'tidak')
    await demo.say(OWNER, 'batal')
    await demo.say(OWNER, 'batal')
    const open = await inDemo(demo, (books) =>
      books.trx
        .selectFrom('payment')
        .select('id')
        .where('returned', '>', 0 as never)
        .execute(),
    )
    expect(open).toHaveLength(2)
  })

  test('one that takes another back leaves nothing of it to go out', async () => {
    await typed([30, `lunas ${phones[0]}`], [29, 'batal'])
    await comeBack()
    await demo.say(OWNER, 'ya')
    const receipts = await inDemo(demo, ({ trx }) =>
      trx.selectFrom('message').select('status').where('kind', '=', 'staffReceipt').execute(),
    )
    expect(receipts).toEqual([{ status: 'cancelled' }])
  })

  test('those that come one by one are added to the list that is open', async () => {
    await typed([30, `lunas ${phones[0]}`])
    await comeBack()
    await typed([29, `lunas ${phones[1]}`])
    expect((await comeBack())[0]).toContain('*2 pesan*')
    await demo.say(OWNER, 'ya')
    expect(await payments()).toHaveLength(2)
  })

  test('tidak leaves them all undone', async () => {
    await typed([30, `lunas ${phones[0]}`], [30, `lunas ${phones[1]}`])
    await comeBack()
    await demo.say(OWNER, 'tidak')
    await demo.say(OWNER, 'ya')
    expect(await payments()).toEqual([])
  })

  test('one that would have to ask is left to be said again; alone it asks', async () => {
    await typed([30, 'lunas'], [29, `lunas ${phones[1]}`])
    await comeBack()
    const { replies } = await demo.say(OWNER, 'ya')
    expect(replies[0]?.text).toContain('1. "lunas": perlu ditanya dulu')
    expect(await payments()).toHaveLength(1)
    await typed([30, 'lunas'])
    await comeBack()
    expect((await demo.say(OWNER, 'ya')).replies[0]?.text).toContain('Siapa yang bayar?')
  })

  test('undo and a decision are money too', async () => {
    await demo.say(OWNER, `lunas ${phones[0]}`)
    await typed([30, 'batal'], [30, 'ya 1'])
    expect((await comeBack())[0]).toContain('*2 pesan*')
    expect(await payments()).toHaveLength(1)
    const undone = await inDemo(demo, (books) => books.trx.selectFrom('payment_reversal').select('id').execute())
    expect(undone).toEqual([])
  })

  test('what was typed within ten minutes is done', async () => {
    await typed([9, `lunas ${phones[0]}`])
    expect((await comeBack())[0]).toContain('✅')
    expect(await payments()).toHaveLength(1)
  })
})

describe('an answer from before an outage', () => {
  test('is no answer to what was asked after it was typed (C18)', async () => {
    await typed([8, `lunas ${phones[0]} 250rb`], [25, 'tagih semua'], [24, 'ya'])
    const told = await comeBack()
    // The late list was asked just now; the ya is a quarter of an hour older.
    expect(told.at(-1)).toContain('Tidak ada yang sedang menunggu jawaban')
    const running = await inDemo(demo, (books) => books.trx.selectFrom('broadcast').select('id').execute())
    expect(running).toEqual([])
  })

  test('that is late itself is asked for once more', async () => {
    await demo.say(OWNER, 'tagih semua')
    await demo.post('/simulator/clock', { now: '2026-12-10T09:20:00+07:00' })
    await typed([18, 'ya'])
    expect((await comeBack())[0]).toContain('baru terbaca sekarang')
    const started = () => inDemo(demo, (books) => books.trx.selectFrom('broadcast').select('id').execute())
    expect(await started()).toEqual([])
    await demo.say(OWNER, 'ya')
    expect(await started()).toHaveLength(1)
  })
})
