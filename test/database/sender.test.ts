import { beforeAll, expect, test } from 'vitest'
import { addCustomer } from '../../src/domain/customer.ts'
import { findPhoneOf, isExpected, isTrusted, learnAccounts, listUnplaced } from '../../src/domain/sender.ts'
import { addStaff } from '../../src/domain/staff.ts'
import { makeTestBot } from '../support/bot.ts'
import { openTestBooks } from '../support/database.ts'

const [JOKO, UJANG, BUDI] = ['6281200000011', '6281200000022', '6281200001474']
const books = await openTestBooks()
const bot = makeTestBot(books.openBooks)

beforeAll(() =>
  books.open(async (open) => {
    await addStaff(open, { name: 'Joko', phone: JOKO, role: 'owner' })
    await addStaff(open, { name: 'Ujang', phone: UJANG, role: 'collector' })
    await addCustomer(open, { name: 'Budi', phones: [{ phone: BUDI, kind: 'mobile' }] })
  }),
)

const trusted = (phone: string, lid: string) => books.open((open) => isTrusted(open, phone, lid))
const said = () =>
  books.open((open) =>
    open.trx.selectFrom('message').select(['phone', 'text']).where('direction', '=', 'out').orderBy('id').execute(),
  )
const write = (text: string) =>
  books
    .open(async () => {})
    .then(() =>
      bot.receive(books.businessId, {
        channel: 'bot',
        outsideId: `${text} ${Math.random()}`,
        phone: JOKO,
        kind: 'text',
        text,
      }),
    )

test('who the books do not know is not expected, save with the words that make them known', async () => {
  const expected = (phone: string, text: string) => books.open((open) => isExpected(open, phone, text))
  expect(await expected(BUDI, 'halo')).toBe(true)
  expect(await expected(UJANG, 'halo')).toBe(true)
  expect(await expected('6281299999999', 'halo sayang')).toBe(false)
  expect(await expected('6281299999999', 'aktif 482913')).toBe(true)
})

test('the first account behind a phone is learnt, and found by its hidden number', async () => {
  expect(await books.open((open) => listUnplaced(open, 10))).toEqual([JOKO, UJANG, BUDI])
  expect(await trusted(UJANG, '111')).toBe(true)
  expect(await trusted(UJANG, '111')).toBe(true)
  await books.open((open) =>
    learnAccounts(open, [
      { phone: BUDI, lid: '222' },
      { phone: UJANG, lid: '999' },
    ]),
  )
  expect(await books.open((open) => Promise.all(['111', '222', '999'].map((lid) => findPhoneOf(open, lid))))).toEqual([
    UJANG,
    BUDI,
    undefined,
  ])
  expect(await books.open((open) => listUnplaced(open, 10))).toEqual([JOKO])
})

test('another account behind a customer is taken as it is; behind staff it waits for the owner, who is asked once', async () => {
  expect(await trusted(BUDI, '333')).toBe(true)
  expect(await trusted(UJANG, '444')).toBe(false)
  expect(await trusted(UJANG, '444')).toBe(false)
  expect(await said()).toEqual([{ phone: JOKO, text: expect.stringContaining('*ya 1* atau *tolak 1*') }])
  expect(await trusted(UJANG, '111'), 'the known one goes on').toBe(true)

  await write('tolak 1')
  expect(await trusted(UJANG, '444')).toBe(false)
  await write('ya 1')
  expect((await said()).at(-1)?.text).toBe(
    '✅ Perintah dari *Ujang* (081200000022) saya jalankan lagi, mulai dari pesan berikutnya.',
  )
  expect(await trusted(UJANG, '444')).toBe(true)
  expect(await trusted(UJANG, '111'), 'the old one waits now').toBe(false)
})
