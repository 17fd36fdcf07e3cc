import { createHash, randomInt, timingSafeEqual } from 'node:crypto'
import { sql } from 'kysely'
import { audit, type Books } from './books.ts'
import { addStaff, listStaff } from './conversation.ts'

/** A code is good for this long, and for so many wrong tries (faults S08, H17). */
const CODE_MINUTES = 10
const MOST_TRIES = 5

/**
 * Makes the code with which a phone becomes the business's first owner; a code that was made before is dead. Answers
 * nothing when there is an owner already.
 */
export async function makeActivation(books: Books): Promise<string | undefined> {
  if ((await listStaff(books, ['owner'])).length > 0) return undefined
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  const fresh = { code_hash: digest(books, code), expires_at: books.now.add({ minutes: CODE_MINUTES }), tries: 0 }
  await books.trx
    .insertInto('activation')
    .values({ business_id: books.business.id, ...fresh })
    .onConflict((conflict) => conflict.column('business_id').doUpdateSet(fresh))
    .execute()
  return code
}

/** What a code that somebody sent did: made them the owner, or was wrong. Nothing where no code is awaited. */
export async function activate(books: Books, phone: string, code: string): Promise<'owner' | 'wrong' | undefined> {
  const { trx, business, now } = books
  const awaited = await trx
    .updateTable('activation')
    .set({ tries: sql`tries + 1` })
    .where('business_id', '=', business.id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .where('tries', '<', MOST_TRIES)
    .returning('code_hash')
    .executeTakeFirst()
  if (!awaited || (await listStaff(books, ['owner'])).length > 0) return undefined
  if (!timingSafeEqual(Buffer.from(digest(books, code)), Buffer.from(awaited.code_hash))) return 'wrong'
  await trx.updateTable('activation').set({ used_at: now }).where('business_id', '=', business.id).execute()
  await addStaff(books, { name: 'Pemilik', phone, role: 'owner' })
  await audit(books, { actor: 'system', act: 'owner.activate', subject: `business:${business.id}` })
  return 'owner'
}

function digest(books: Books, code: string): string {
  return createHash('sha256').update(`activation ${books.business.id} ${code}`).digest('hex')
}

/** What an owner said about the business and themselves. */
export async function describeBusiness(
  books: Books,
  said: { name?: string; dueDay?: number | null },
  owner?: { id: number; callName: string },
): Promise<void> {
  if (said.name !== undefined || said.dueDay !== undefined)
    await books.trx
      .updateTable('business')
      .set({
        ...(said.name !== undefined && { name: said.name }),
        ...(said.dueDay !== undefined && { due_day: said.dueDay }),
      })
      .where('id', '=', books.business.id)
      .execute()
  if (owner)
    await books.trx
      .updateTable('staff')
      .set({ call_name: owner.callName, name: owner.callName })
      .where('business_id', '=', books.business.id)
      .where('id', '=', owner.id)
      .execute()
  await audit(books, {
    actor: owner ? `staff:${owner.id}` : 'system',
    act: 'business.describe',
    subject: `business:${books.business.id}`,
    facts: { ...said },
  })
}
