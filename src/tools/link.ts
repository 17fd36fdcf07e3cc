import { CHAT_LINK_MINUTES, makeLink, SETUP_LINK_DAYS } from '../domain/access.ts'
import { audit, bookkeeper, listBusinessIds } from '../domain/books.ts'
import { openDatabase, StartError } from '../domain/database.ts'
import { findOwner } from '../domain/staff.ts'
import { realClock } from '../gateways/clock.ts'
import { publicUrl, readRealSettings } from '../settings.ts'
import { runTool, withDatabase } from './tool.ts'

/** `npm run -s link`: prints a link that signs the owner in. Whoever has the server's shell owns the data anyway. */
await runTool(async () => {
  const settings = readRealSettings(process.env)
  const link = await withDatabase(settings, { make: false }, makeOwnersLink)
  console.log(`${publicUrl(settings)}/atur/${link}`)
  return 0
})

async function makeOwnersLink(url: string): Promise<string> {
  const database = await openDatabase(url)
  try {
    const [businessId] = await listBusinessIds(database)
    if (businessId === undefined) throw new StartError('DATABASE_URL: belum ada usaha; nyalakan dulu dengan npm start.')
    const enqueue = () => Promise.reject(new Error('a link queues nothing'))
    return await bookkeeper({ database, clock: realClock, enqueue })(businessId, async (books) => {
      const owner = await findOwner(books)
      await audit(books, { actor: 'console', act: 'link.print', ...(owner && { subject: `staff:${owner.id}` }) })
      return makeLink(books, {
        staffId: owner?.id ?? null,
        lasts: owner ? { minutes: CHAT_LINK_MINUTES } : { hours: SETUP_LINK_DAYS * 24 },
      })
    })
  } finally {
    await database.end()
  }
}
