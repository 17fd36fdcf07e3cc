import { createHash, randomInt, timingSafeEqual } from 'node:crypto'
import { sql } from 'kysely'
import { audit, type Books } from './books.ts'
import type { Moment } from './calendar.ts'
import { warnOwners } from './owner.ts'
import type { Sealer } from './secret.ts'
import { findDoubt, trustAccount } from './sender.ts'
import { addStaff, findMember, findOwner, findStaff, proveStaff, type Staff } from './staff.ts'

/** A code is good for this long, and for so many wrong tries (faults S08, H17). */
const CODE_MINUTES = 10
const MOST_TRIES = 5

/**
 * Makes the code with which a phone becomes the business's first owner, or shows that it is this owner's; a code that was
 * made before is dead. Answers nothing where no phone has to be proven.
 */
export async function makeActivation(books: Books, sealer: Sealer, owner?: Staff): Promise<string | undefined> {
  const needed = owner ? await findDoubt(books, owner) : !(await findOwner(books))
  if (!needed) return undefined
  const code = String(randomInt(1_000_000)).padStart(6, '0')
  const fresh = {
    code_hash: digest(books, code),
    code: sealer.seal(books.business.id, code),
    staff_id: owner?.id ?? null,
    expires_at: books.now.add({ minutes: CODE_MINUTES }),
    tries: 0,
    used_at: null,
  }
  await books.trx
    .insertInto('activation')
    .values({ business_id: books.business.id, ...fresh })
    .onConflict((conflict) => conflict.column('business_id').doUpdateSet(fresh))
    .execute()
  return code
}

/** The code that was made for an owner and not used yet; `dead` once it is too old, or was too often wrong. */
export async function findActivation(
  books: Books,
  sealer: Sealer,
  owner: Staff,
): Promise<{ code: string; until: Moment } | 'dead' | undefined> {
  const found = await books.trx
    .selectFrom('activation')
    .select(['code', 'expires_at', 'tries'])
    .where('business_id', '=', books.business.id)
    .where('staff_id', '=', owner.id)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  if (!found) return undefined
  const { code: sealed, expires_at: until, tries } = found
  if (Temporal.Instant.compare(until, books.now) <= 0 || tries >= MOST_TRIES) return 'dead'
  const code = sealer.tryOpen(books.business.id, sealed)
  return code === undefined ? 'dead' : { code, until }
}

/**
 * What a code that somebody sent did: made them the first owner, showed that a phone is an owner's, was wrong (and so often
 * that it is closed), or came from the phone of somebody else of the staff. Nothing where no code is awaited.
 */
export type Activated =
  | { is: 'first' | 'wrong' | 'closed' | 'taken' }
  | { is: 'proven'; owner: Staff; replaced: boolean }

/** @param from.account the account that brings it, where it is not the trusted one of its phone */
export async function activate(
  books: Books,
  from: { phone: string; account: string | null },
  code: string,
): Promise<Activated | undefined> {
  const { trx, business, now } = books
  const awaited = await trx
    .updateTable('activation')
    .set({ tries: sql`tries + 1` })
    .where('business_id', '=', business.id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .where('tries', '<', MOST_TRIES)
    .returning(['code_hash', 'staff_id', 'tries'])
    .executeTakeFirst()
  if (!awaited) return undefined
  const owner = awaited.staff_id === null ? undefined : await findMember(books, awaited.staff_id)
  // Linking their number, or a boss's word, may have proven them meanwhile.
  const needed = owner ? await findDoubt(books, owner) : awaited.staff_id === null && !(await findOwner(books))
  if (!needed) return undefined
  if (!timingSafeEqual(Buffer.from(digest(books, code)), Buffer.from(awaited.code_hash)))
    return { is: awaited.tries < MOST_TRIES ? 'wrong' : 'closed' }
  const holder = await findStaff(books, from.phone)
  if (holder && holder.id !== owner?.id) return { is: 'taken' }
  await trx.updateTable('activation').set({ used_at: now, code: null }).where('business_id', '=', business.id).execute()
  if (owner) return proveOwner(books, owner, from)
  await addStaff(books, { name: 'Pemilik', phone: from.phone, role: 'owner' })
  await audit(books, { actor: 'system', act: 'owner.activate', subject: `business:${business.id}` })
  return { is: 'first' }
}

/** Whoever brings the code is the owner, whatever number was typed: a slip of the finger mends itself. */
async function proveOwner(
  books: Books,
  owner: Staff,
  { phone, account }: { phone: string; account: string | null },
): Promise<Activated> {
  const replaced = owner.phone !== phone
  await proveStaff(books, owner.id, phone)
  await trustAccount(books, phone, account ?? undefined)
  const facts = { phone, ...(replaced && { before: owner.phone }) }
  await audit(books, { actor: `staff:${owner.id}`, act: 'owner.prove', subject: `staff:${owner.id}`, facts })
  if (replaced && owner.provenUntil)
    await warnOwners(books, 'Nomor pemilik diganti', owner.callName ?? owner.name, owner.phone)
  return { is: 'proven', owner, replaced }
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
