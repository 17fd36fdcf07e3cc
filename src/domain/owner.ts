import type { Books } from './books.ts'
import { formatDay, formatTime } from './calendar.ts'
import { queueMessages } from './outbox.ts'
import { addStaff, findStaff, listStaff, provePhone, type Staff } from './staff.ts'
import { findOwnNumber } from './whatsapp.ts'

/** The owner as set-up makes them: how they are called, and the phone they command from. */
export type OwnerFacts = { name: string; callName: string; phone: string }

/**
 * Makes the first owner, or changes the one who is there. Answers them, or nothing when the phone is already another
 * member of staff's. A phone that was typed is anybody's until it brings the code (H17), save the linked number itself.
 */
export async function saveOwner(books: Books, owner: Staff | undefined, facts: OwnerFacts): Promise<Staff | undefined> {
  const holder = await findStaff(books, facts.phone)
  if (holder && holder.id !== owner?.id) return undefined
  if (!owner) await addStaff(books, { ...facts, role: 'owner', proven: false })
  else
    await books.trx
      .updateTable('staff')
      .set({
        name: facts.name,
        call_name: facts.callName,
        ...(owner.phone !== facts.phone && { phone: facts.phone, proven_until: null }),
      })
      .where('business_id', '=', books.business.id)
      .where('id', '=', owner.id)
      .execute()
  if (facts.phone === (await findOwnNumber(books))) await provePhone(books, facts.phone)
  return findStaff(books, facts.phone)
}

/**
 * Tells the owners in the chat that something which moves money or rights was changed in the panel (H07): whoever it
 * was not then knows it at once. `alsoTo` is a phone that has just lost its rights.
 */
export async function warnOwners(books: Books, what: string, by: string, alsoTo?: string): Promise<void> {
  const { zone } = books.business
  const when = `${formatDay(books.today)} ${formatTime(books.now, zone)}`
  const text = (way: string) =>
    `⚠️ *${what}* lewat panel oleh ${by}, ${when}.\nBukan Anda? ${way}, lalu ganti kata sandi.`
  const owners = (await listStaff(books, ['owner'])).filter(({ phone }) => phone !== alsoTo)
  await queueMessages(books, [
    ...owners.map(({ phone }) => ({ phone, kind: 'note', text: text('Ketik *panel*') })),
    // The bot sends no link to a phone that has no rights any more.
    ...(alsoTo ? [{ phone: alsoTo, kind: 'note', text: text('Jalankan npm run -s link di server') }] : []),
  ])
}
