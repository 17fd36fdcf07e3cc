import { beforeAll, expect, test } from 'vitest'
import { addCustomer } from '../../src/domain/customer.ts'
import type { Message } from '../../src/domain/message.ts'
import { claimNext, queueMessages, settleOutgoing } from '../../src/domain/outbox.ts'
import { isOurs, isSilent, noteTyped } from '../../src/domain/silence.ts'
import { addStaff } from '../../src/domain/staff.ts'
import { makeTestBot } from '../support/bot.ts'
import { openTestBooks } from '../support/database.ts'

const JOKO = '6281200000011'
const BUDI = '6281200001474'
const books = await openTestBooks('2026-12-10T09:00:00+07:00')
const bot = makeTestBot(books.openBooks)

beforeAll(() =>
  books.open(async (open) => {
    await addStaff(open, { name: 'Joko', phone: JOKO, role: 'owner' })
    await addCustomer(open, { name: 'Budi', phones: [{ phone: BUDI, kind: 'mobile' }] })
  }),
)

/** What the bot says to whom when that phone writes. */
async function says(phone: string, text: string): Promise<string[]> {
  const before = await everySent()
  await bot.receive(books.businessId, {
    channel: 'bot',
    outsideId: `${text} ${before.length} ${books.clock.now()}`,
    phone,
    kind: 'text',
    text,
  })
  return (await everySent()).slice(before.length).map((row) => row.phone)
}

const everySent = () =>
  books.open((open) =>
    open.trx.selectFrom('message').select('phone').where('direction', '=', 'out').orderBy('id').execute(),
  )

test('after hand-typed words the bot keeps out of the chat for twelve hours, save for the way to pay', async () => {
  expect(await says(BUDI, 'menu')).toEqual([BUDI])
  await books.open((open) => noteTyped(open, BUDI, open.now))
  expect(await says(BUDI, 'menu')).toEqual([])
  expect(await says(BUDI, 'ngobrol apa saja')).toEqual([])
  expect(await says(BUDI, 'bayar')).toEqual([BUDI])
  expect(await says(JOKO, 'bantuan'), 'staff always get an answer').toEqual([JOKO])

  books.clock.set('2026-12-10T20:59:00+07:00')
  expect(await says(BUDI, 'menu')).toEqual([])
  books.clock.set('2026-12-10T21:01:00+07:00')
  expect(await says(BUDI, 'menu')).toEqual([BUDI])
})

test('a claim that falls into the silence reaches the owner, and the customer hears nothing', async () => {
  await books.open((open) => noteTyped(open, BUDI, open.now))
  expect(await says(BUDI, 'sudah transfer ya')).toEqual([JOKO])
})

test('old hand-typed words do not shorten what newer ones began', async () => {
  await books.open((open) => noteTyped(open, BUDI, open.now))
  await books.open((open) => noteTyped(open, BUDI, open.now.subtract({ hours: 11 })))
  books.clock.set(books.clock.now().add({ hours: 11 }).toString())
  expect(await books.open((open) => isSilent(open, BUDI))).toBe(true)
})

test('what this program sent is no hand-typed word: by its id, or through Fonnte by its text', async () => {
  const [bot, fonnte] = await books.open((open) =>
    queueMessages(open, [
      { phone: BUDI, kind: 'reply', text: 'Baik.' },
      { phone: BUDI, kind: 'reply', text: 'Tagihan Desember\nRp150.000\n', channel: 'fonnte' },
    ]),
  )
  const ours = (outsideId: string, text: string, phone = BUDI) =>
    books.open((open) => isOurs(open, { outsideId, phone, text }))
  const { outside_id: id } = await books.open((open) =>
    open.trx
      .selectFrom('message')
      .select('outside_id')
      .where('id', '=', bot as number)
      .executeTakeFirstOrThrow(),
  )
  expect(await ours(id as string, 'Baik.')).toBe(true)
  expect(await ours('3A01', 'Baik.')).toBe(false)
  const footer = 'Tagihan Desember\nRp150.000\n\n_Sent via fonnte.com_'
  expect(await ours('3EB01', footer), 'not sent yet').toBe(false)
  await books.open(async (open) => {
    const claimed = await claimNext(open, 'fonnte', 'single')
    expect(claimed?.id).toBe(fonnte)
    await settleOutgoing(open, claimed as Message, { status: 'sent', outsideId: '17' })
  })
  expect(await ours('3EB01', footer)).toBe(true)
  expect(await ours('3EB01', footer, JOKO)).toBe(false)
  expect(await ours('3EB01', 'Tagihan Desember sudah ya?')).toBe(false)
})
