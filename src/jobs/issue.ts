import type { OpenBooks } from '../domain/books.ts'
import { openMatter } from '../domain/conversation.ts'
import { type Database, refreshStatistics } from '../domain/database.ts'
import { type IssuedChunk, issueChunk, listNewlyParked } from '../domain/invoice.ts'
import { formatCount } from '../domain/money.ts'
import { queueMessages } from '../domain/outbox.ts'
import { listStaff } from '../domain/staff.ts'

/** From so many new invoices on PostgreSQL's idea of the tables' size is worth correcting. */
const MANY = 500

/**
 * Issues everything of a business that is due up to its today, chunk by chunk, each in its own transaction: killed
 * anywhere, the next run goes on where this one stopped (M03). Answers how many were issued.
 */
export async function issueAll(
  deps: { database: Database; openBooks: OpenBooks },
  businessId: number,
): Promise<number> {
  const { database, openBooks } = deps
  let total = 0
  for (let chunk: IssuedChunk = { issued: 0, more: true }, first = true; chunk.more; first = false) {
    const { after } = chunk
    chunk = await openBooks(businessId, (books) => issueChunk(books, { after }))
    total += chunk.issued
    if (first && chunk.issued >= MANY) await refreshStatistics(database)
  }
  await askAboutParked(openBooks, businessId)
  return total
}

/** Subscriptions that would have got too many invoices at once wait for the owner's word (rules 4). */
async function askAboutParked(openBooks: OpenBooks, businessId: number): Promise<void> {
  await openBooks(businessId, async (books) => {
    const parked = await listNewlyParked(books)
    if (parked.length === 0) return
    const number = await openMatter(books, {
      kind: 'subscription.parked',
      args: { subscriptionIds: parked.map(({ id }) => id) },
      summary: `${formatCount(parked.length)} pelanggan saya tahan: tagihannya akan terbit lebih dari 3 sekaligus`,
    })
    const names = parked.slice(0, 5).map(({ name }) => name)
    const text = [
      `⚠️ *${formatCount(parked.length)} pelanggan* saya tahan: tagihannya akan terbit lebih dari 3 sekaligus.`,
      `${names.join(', ')}${parked.length > names.length ? `, dan ${parked.length - names.length} lagi` : ''}`,
      `Terbitkan semua yang tertinggal? *ya ${number}*. Mulai dari bulan ini saja? *tolak ${number}*`,
    ].join('\n')
    const owners = await listStaff(books, ['owner'])
    await queueMessages(
      books,
      owners.map(({ phone }) => ({ phone, kind: 'matter', text })),
    )
  })
}
