import { type Bot, makeBot } from '../../src/bot/receive.ts'
import type { OpenBooks } from '../../src/domain/books.ts'

/** The chat on a test's books, with nothing outside; what goes wrong fails the test. */
export function makeTestBot(openBooks: OpenBooks): Bot {
  return makeBot({
    openBooks,
    publicUrl: 'https://tagih.example',
    gateways: { payment: () => undefined, broadcast: () => undefined },
    onError: (error) => {
      throw error
    },
  })
}
