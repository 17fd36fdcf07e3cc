import { resolve } from 'node:path'
import { CHAT_LINK_MINUTES, makeLink, SETUP_LINK_DAYS } from './domain/access.ts'
import { audit, bookkeeper, listBusinessIds } from './domain/books.ts'
import { openDatabase, StartError } from './domain/database.ts'
import { findOwner } from './domain/owner.ts'
import { realClock } from './gateways/clock.ts'
import { findEmbedded } from './gateways/postgres.ts'
import { publicUrl, readRealSettings } from './settings.ts'

/** Prints a link that signs the owner in: whoever has the server's shell owns the data anyway. */
async function printLink(): Promise<string> {
  const settings = readRealSettings(process.env)
  const url = settings.DATABASE_URL ?? (await findEmbedded(settings.DATA_DIR))
  if (!url)
    throw new StartError(
      `DATA_DIR: Tagih tidak berjalan di ${resolve(settings.DATA_DIR)}; nyalakan dulu dengan npm start.`,
    )
  const database = await openDatabase(url, { migrate: false })
  try {
    const [businessId] = await listBusinessIds(database)
    if (businessId === undefined) throw new StartError('DATABASE_URL: belum ada usaha; nyalakan dulu dengan npm start.')
    const enqueue = () => Promise.reject(new Error('a link queues nothing'))
    return await bookkeeper({ database, clock: realClock, enqueue })(businessId, async (books) => {
      const owner = await findOwner(books)
      const link = await makeLink(books, {
        staffId: owner?.id ?? null,
        lasts: owner ? { minutes: CHAT_LINK_MINUTES } : { hours: SETUP_LINK_DAYS * 24 },
      })
      await audit(books, { actor: 'console', act: 'link.print', ...(owner && { subject: `staff:${owner.id}` }) })
      return `${publicUrl(settings)}/atur/${link}`
    })
  } finally {
    await database.end()
  }
}

try {
  console.log(await printLink())
} catch (error) {
  console.error(error instanceof StartError ? error.message : error)
  process.exitCode = 1
}
