import { expect, test } from 'vitest'
import type { Bot } from '../../src/bot/receive.ts'
import type { OpenBooks } from '../../src/domain/books.ts'
import { addStaff } from '../../src/domain/staff.ts'
import { makeTestBot } from '../support/bot.ts'
import { openTestBooks, untilWaiting } from '../support/database.ts'

const { open, openBooks, database, businessId } = await openTestBooks()

/** A program's bot. Two of them know nothing of each other but what the database says. */
const program = (books: OpenBooks = openBooks): Bot => makeTestBot(books)

/** Books that stop right before the commit of a transaction by its place in the row, until they are let go. */
function stoppingAt(transaction: number) {
  const { promise: gate, resolve: letGo } = Promise.withResolvers<void>()
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  let count = 0
  const books: OpenBooks = (id, work) =>
    openBooks(id, async (each) => {
      const done = await work(each)
      if (++count !== transaction) return done
      stop()
      await gate
      return done
    })
  return { books, stopped, letGo }
}

test.each([
  ['who wrote before', '6281200000011', ['bantuan']],
  ['who never wrote', '6281200000012', []],
])(
  'while one program takes a turn of somebody %s the other waits, and knows what was asked (C17)',
  async (...given) => {
    const [, phone, before] = given
    await open((books) => addStaff(books, { name: 'Joko', phone, role: 'owner' }))
    let count = 0
    const say = (bot: Bot, text: string) =>
      bot.receive(businessId, { channel: 'bot', outsideId: String(++count), phone, kind: 'text', text })
    for (const text of before) await say(program(), text)

    // A turn is the second transaction: the first one stores the message.
    const { books, stopped, letGo } = stoppingAt(2)
    const first = say(program(books), `tambah paket Rumah ${phone.slice(-2)} Mbps`)
    await stopped
    const second = say(program(), '100rb')
    await untilWaiting(database, 1)
    letGo()
    await Promise.all([first, second])

    const answers = await open(({ trx }) =>
      trx
        .selectFrom('message')
        .select('text')
        .where('direction', '=', 'out')
        .where('phone', '=', phone)
        .orderBy('id')
        .execute(),
    )
    expect(answers.slice(before.length).map(({ text }) => text.split('\n')[0])).toEqual([
      `Berapa harga *Rumah ${phone.slice(-2)} Mbps* sebulan? Contoh *150rb*`,
      `✅ Paket *Rumah ${phone.slice(-2)} Mbps* Rp100.000 ditambahkan, tagihan terbit 19 hari sebelum jatuh tempo.`,
    ])
  },
)
