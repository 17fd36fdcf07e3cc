import type { Books } from './books.ts'
import { findMember, findOwner, type Staff } from './staff.ts'
import { makeToken } from './token.ts'

/** A link sent by chat is read at once; the one that is printed waits for somebody to find the time. */
export const CHAT_LINK_MINUTES = 10
export const SETUP_LINK_DAYS = 7

/** Nobody at the keys for so long, or signed in for so long: whoever is there now may be somebody else (S02). */
const IDLE_HOURS = 24
const LONGEST_DAYS = 14
/** Looking around is written down this often, so that not every page is a write. */
const SEEN_MINUTES = 5
/** Whoever signed in so recently has just proven who they are. */
const FRESH_MINUTES = 15

/** Somebody signed in. Without `staff` it is set-up, before there is an owner: the same rights. */
export type Session = { digest: string; staff: Staff | undefined; fresh: boolean; expiresAt: Temporal.Instant }

/**
 * Makes a link that signs in once; answers its token. It takes the place of the links of the same person that nobody
 * used. `staffId` null is the set-up of a business without an owner.
 */
export async function makeLink(
  books: Books,
  link: { staffId: number | null; lasts: { minutes: number } | { hours: number } },
): Promise<string> {
  await closeLinks(books, link.staffId)
  const { text, digest } = makeToken(books.business.id)
  await books.trx
    .insertInto('access_link')
    .values({
      business_id: books.business.id,
      digest,
      staff_id: link.staffId,
      made_at: books.now,
      expires_at: books.now.add(link.lasts),
    })
    .execute()
  return text
}

/** Whose link this is, while it can be used. Only looks: a preview of the link must not use it up. */
export async function findLink(books: Books, digest: string): Promise<{ staff: Staff | undefined } | undefined> {
  const found = await books.trx
    .selectFrom('access_link')
    .select('staff_id')
    .where('business_id', '=', books.business.id)
    .where('digest', '=', digest)
    .where('used_at', 'is', null)
    .where('expires_at', '>', books.now)
    .executeTakeFirst()
  return found && findHolder(books, found.staff_id)
}

/** Uses a link up and answers whose it was; nothing when somebody was first. */
export async function takeLink(books: Books, digest: string): Promise<{ staff: Staff | undefined } | undefined> {
  const taken = await books.trx
    .updateTable('access_link')
    .set({ used_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('digest', '=', digest)
    .where('used_at', 'is', null)
    .where('expires_at', '>', books.now)
    .returning('staff_id')
    .executeTakeFirst()
  return taken && findHolder(books, taken.staff_id)
}

async function closeLinks(books: Books, staffId: number | null): Promise<void> {
  await books.trx
    .updateTable('access_link')
    .set({ used_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('staff_id', staffId === null ? 'is' : '=', staffId)
    .where('used_at', 'is', null)
    .execute()
}

/** The person that a link or session belongs to: gone with their removal, and set-up is over once there is an owner. */
async function findHolder(books: Books, staffId: number | null): Promise<{ staff: Staff | undefined } | undefined> {
  if (staffId === null) return (await findOwner(books)) ? undefined : { staff: undefined }
  const staff = await findMember(books, staffId)
  return staff && { staff }
}

/** Signs somebody in; answers the token of a new session. The one this browser had before ends (S02). */
export async function startSession(books: Books, staffId: number | null, before?: string): Promise<string> {
  if (before) await endSession(books, before)
  const { text, digest } = makeToken(books.business.id)
  await books.trx
    .insertInto('session')
    .values({
      business_id: books.business.id,
      digest,
      staff_id: staffId,
      made_at: books.now,
      seen_at: books.now,
      expires_at: books.now.add({ hours: LONGEST_DAYS * 24 }),
    })
    .execute()
  return text
}

/** The session of a token, with the person as they are now: a role taken away holds from the next page on. */
export async function findSession(books: Books, digest: string): Promise<Session | undefined> {
  const found = await books.trx
    .selectFrom('session')
    .selectAll()
    .where('business_id', '=', books.business.id)
    .where('digest', '=', digest)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', books.now)
    .where('seen_at', '>', books.now.subtract({ hours: IDLE_HOURS }))
    .executeTakeFirst()
  const holder = found && (await findHolder(books, found.staff_id))
  if (!found || !holder) return undefined
  if (found.seen_at.until(books.now).total('minutes') >= SEEN_MINUTES) await noteSeen(books, digest)
  return {
    digest,
    staff: holder.staff,
    fresh: found.made_at.until(books.now).total('minutes') < FRESH_MINUTES,
    expiresAt: found.expires_at,
  }
}

async function noteSeen(books: Books, digest: string): Promise<void> {
  await books.trx
    .updateTable('session')
    .set({ seen_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('digest', '=', digest)
    .execute()
}

/** The session that set the business up now belongs to its owner; any other of the set-up has lost its meaning. */
export async function adoptSession(books: Books, digest: string, staffId: number): Promise<void> {
  await books.trx
    .updateTable('session')
    .set({ staff_id: staffId })
    .where('business_id', '=', books.business.id)
    .where('digest', '=', digest)
    .execute()
}

export async function endSession(books: Books, digest: string): Promise<void> {
  await books.trx
    .updateTable('session')
    .set({ ended_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('digest', '=', digest)
    .where('ended_at', 'is', null)
    .execute()
}

/** Ends every session of a person, and their unused links; `except` keeps the browser that asks for it. */
export async function endSessions(books: Books, staffId: number | null, except?: string): Promise<void> {
  await closeLinks(books, staffId)
  let query = books.trx
    .updateTable('session')
    .set({ ended_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('staff_id', staffId === null ? 'is' : '=', staffId)
    .where('ended_at', 'is', null)
  if (except) query = query.where('digest', '<>', except)
  await query.execute()
}

/**
 * An owner who can come in without the console: with a password, or because their phone has its rights and has already
 * spoken to the bot, which then sends them a link. While there is none, the console prints a way in at every start.
 */
export async function hasWayIn(books: Books): Promise<boolean> {
  const found = await books.trx
    .selectFrom('staff as s')
    .select('s.id')
    .where('s.business_id', '=', books.business.id)
    .where('s.role', '=', 'owner')
    .where('s.removed_at', 'is', null)
    .where((eb) =>
      eb.or([
        eb('s.password', 'is not', null),
        eb.and([
          eb('s.proven_until', '>', books.now),
          eb.exists(
            eb
              .selectFrom('message as m')
              .select('m.id')
              .whereRef('m.business_id', '=', 's.business_id')
              .whereRef('m.phone', '=', 's.phone')
              .where('m.direction', '=', 'in'),
          ),
          // Another account behind the phone gets no link (H04).
          eb.not(
            eb.exists(
              eb
                .selectFrom('whatsapp_contact as k')
                .select('k.phone')
                .whereRef('k.business_id', '=', 's.business_id')
                .whereRef('k.phone', '=', 's.phone')
                .where('k.other_lid', 'is not', null),
            ),
          ),
        ]),
      ]),
    )
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}
