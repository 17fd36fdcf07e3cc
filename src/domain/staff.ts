import type { Books } from './books.ts'
import type { Moment } from './calendar.ts'
import type { Role } from './tables.ts'

/** A member of staff, known by their phone. */
export type Staff = {
  id: number
  name: string
  callName: string | null
  phone: string
  role: Role
  /** The phone has its rights until then. Null: somebody typed it, and nobody has shown to hold it (H17). */
  provenUntil: Moment | null
}

/** A number that was silent for so long may have been sold to somebody else: operators do so after 90 (H07). */
const PROVEN_DAYS = 60
/** Moved on at most once a day, so that not every message is a write. */
const FRESH_DAYS = PROVEN_DAYS - 1

const STAFF_COLUMNS = ['id', 'name', 'call_name as callName', 'phone', 'role', 'proven_until as provenUntil'] as const

function staff(books: Books) {
  return books.trx
    .selectFrom('staff')
    .select(STAFF_COLUMNS)
    .where('business_id', '=', books.business.id)
    .where('removed_at', 'is', null)
}

export async function findStaff(books: Books, phone: string): Promise<Staff | undefined> {
  return staff(books).where('phone', '=', phone).executeTakeFirst()
}

/** The first owner of a business, proven or not; nothing before set-up made one. */
export async function findOwner(books: Books): Promise<Staff | undefined> {
  return staff(books).where('role', '=', 'owner').orderBy('id').limit(1).executeTakeFirst()
}

/** A member of staff by id, while they are one. */
export async function findMember(books: Books, id: number): Promise<Staff | undefined> {
  return staff(books).where('id', '=', id).executeTakeFirst()
}

/** A member of staff by id, also one who was removed: what they started still reports to them. */
export async function getStaff(books: Books, id: number): Promise<Staff> {
  return books.trx
    .selectFrom('staff')
    .select(STAFF_COLUMNS)
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
}

/** The staff that may be told something: a phone that was never proven may be a stranger's, and is left out. */
export async function listStaff(books: Books, roles?: readonly Role[]): Promise<Staff[]> {
  const query = staff(books).where('proven_until', 'is not', null).orderBy('id')
  return (roles ? query.where('role', 'in', [...roles]) : query).execute()
}

/** Adds a member of staff; proven, unless only somebody's typing says that the phone is theirs. */
export async function addStaff(
  books: Books,
  fresh: { name: string; callName?: string; phone: string; role: Role; proven?: boolean },
): Promise<void> {
  const { proven = true } = fresh
  await books.trx
    .insertInto('staff')
    .values({
      business_id: books.business.id,
      name: fresh.name,
      call_name: fresh.callName ?? null,
      phone: fresh.phone,
      role: fresh.role,
      added_at: books.now,
      proven_until: proven ? provenFrom(books) : null,
    })
    .execute()
}

/** Whether a staff phone may do anything now. */
export function hasRights({ now }: Books, { provenUntil }: Staff): boolean {
  return provenUntil !== null && Temporal.Instant.compare(provenUntil, now) > 0
}

/** A member of staff has just shown that this phone is theirs. */
export async function proveStaff(books: Books, id: number, phone: string): Promise<void> {
  await books.trx
    .updateTable('staff')
    .set({ phone, proven_until: provenFrom(books) })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .execute()
}

/** Whoever links a number holds its phone: whose it is of the staff need not prove it once more. */
export async function provePhone(books: Books, phone: string): Promise<void> {
  const holder = await findStaff(books, phone)
  if (holder) await proveStaff(books, holder.id, phone)
}

/** Notes that a phone with its rights wrote. */
export async function keepProven(books: Books, staff: Staff): Promise<void> {
  const { provenUntil } = staff
  const fresh = provenUntil && Temporal.Instant.compare(provenUntil, daysFrom(books, FRESH_DAYS)) > 0
  if (!fresh) await renewProof(books, staff)
}

/** Moves the proof of a phone on; one that was changed meanwhile, or never proven, gets nothing by it. */
export async function renewProof(books: Books, { id, phone }: Staff): Promise<void> {
  await books.trx
    .updateTable('staff')
    .set({ proven_until: provenFrom(books) })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .where('phone', '=', phone)
    .where('proven_until', 'is not', null)
    .execute()
}

function provenFrom(books: Books): Moment {
  return daysFrom(books, PROVEN_DAYS)
}

function daysFrom({ now }: Books, days: number): Moment {
  return now.add({ hours: days * 24 })
}
