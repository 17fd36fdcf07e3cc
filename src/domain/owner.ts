import type { Books } from './books.ts'
import { formatDay, formatTime } from './calendar.ts'
import { addStaff, findStaff, listStaff, type Staff } from './conversation.ts'
import { queueMessages } from './message.ts'

/** The owner as set-up makes them: how they are called, and the phone they command from. */
export type OwnerFacts = { name: string; callName: string; phone: string }

/** The first owner of a business; nothing before set-up made one. */
export async function findOwner(books: Books): Promise<Staff | undefined> {
  const [owner] = await listStaff(books, ['owner'])
  return owner
}

/**
 * Makes the first owner, or changes the one who is there. Answers them, or nothing when the phone is already another
 * member of staff's.
 */
export async function saveOwner(
  books: Books,
  staffId: number | undefined,
  facts: OwnerFacts,
): Promise<Staff | undefined> {
  const holder = await findStaff(books, facts.phone)
  if (holder && holder.id !== staffId) return undefined
  if (staffId === undefined) await addStaff(books, { ...facts, role: 'owner' })
  else
    await books.trx
      .updateTable('staff')
      .set({ name: facts.name, call_name: facts.callName, phone: facts.phone })
      .where('business_id', '=', books.business.id)
      .where('id', '=', staffId)
      .execute()
  return findStaff(books, facts.phone)
}

/**
 * Tells the owners in the chat that something which moves money or rights was changed in the panel (H07): whoever it
 * was not then knows it at once. `alsoTo` is a phone that has just lost its rights.
 */
export async function warnOwners(books: Books, what: string, by: string, alsoTo?: string): Promise<void> {
  const { zone } = books.business
  const when = `${formatDay(books.today)} ${formatTime(books.now, zone)}`
  const text = `⚠️ *${what}* lewat panel oleh ${by}, ${when}.\nBukan Anda? Ketik *panel*, lalu ganti kata sandi.`
  const phones = new Set([
    ...(await listStaff(books, ['owner'])).map(({ phone }) => phone),
    ...(alsoTo ? [alsoTo] : []),
  ])
  await queueMessages(
    books,
    [...phones].map((phone) => ({ phone, kind: 'note', text })),
  )
}
