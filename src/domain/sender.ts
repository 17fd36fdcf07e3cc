import { sql } from 'kysely'
import { audit, type Books } from './books.ts'
import { openMatter } from './conversation.ts'
import { findByPhone } from './customer.ts'
import { queueMessages } from './outbox.ts'
import { formatPhone } from './phone.ts'
import { findStaff, hasRights, listStaff, type Staff } from './staff.ts'

/**
 * Whose message it is. WhatsApp shows an account under a hidden number (LID), with or without the phone number beside
 * it. What counts is the phone; it comes from WhatsApp's own server alone, never from what somebody typed or is called.
 */

/** The words with which a phone makes itself known (voice 1); answers their code. */
export function readCode(text: string): string | undefined {
  const found = /^\W*aktif(?:kan)?[\s:.=-]*(\d{3})[\s.-]?(\d{3})\W*$/i.exec(text)
  return found ? `${found[1]}${found[2]}` : undefined
}

/** Whether the books know this phone. What anybody else writes on a number that is also used privately is not kept. */
export async function isExpected(books: Books, phone: string, text: string): Promise<boolean> {
  if (readCode(text)) return true
  return isProven(await findStaff(books, phone)) || (await findByPhone(books, phone)).length > 0
}

/** Whether a phone was ever shown to be that of a member of staff; a number that was only typed is anybody's (H17). */
function isProven(staff: Staff | undefined): staff is Staff {
  return staff !== undefined && staff.provenUntil !== null
}

export async function isCustomer(books: Books, phone: string): Promise<boolean> {
  return (await findByPhone(books, phone)).length > 0
}

/** The phone that is known to belong to an account, the one it moved to last. */
export async function findPhoneOf(books: Books, lid: string): Promise<string | undefined> {
  const row = await books.trx
    .selectFrom('whatsapp_contact')
    .select('phone')
    .where('business_id', '=', books.business.id)
    .where('lid', '=', lid)
    .orderBy('learned_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.phone
}

/** Phones of staff and customers whose account is not known yet, so that WhatsApp can be asked for it. */
export async function listUnplaced(books: Books, limit: number): Promise<string[]> {
  const { rows } = await sql<{ phone: string }>`
    select phone from (
      select phone, 0 as part from staff where business_id = ${books.business.id} and removed_at is null
      union
      select p.phone, 1 from customer_phone p
        join customer c on c.business_id = p.business_id and c.id = p.customer_id and c.withdrawn_at is null
       where p.business_id = ${books.business.id} and p.kind = 'mobile'
    ) people
    where not exists (
      select from whatsapp_contact k where k.business_id = ${books.business.id} and k.phone = people.phone
    )
    order by part, phone limit ${limit}`.execute(books.trx)
  return rows.map(({ phone }) => phone)
}

/** Learns which accounts stand behind phones; what is known already stays. */
export async function learnAccounts(books: Books, pairs: readonly { phone: string; lid: string }[]): Promise<void> {
  if (pairs.length === 0) return
  await books.trx
    .insertInto('whatsapp_contact')
    .values(pairs.map((pair) => ({ business_id: books.business.id, ...pair, learned_at: books.now })))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/**
 * Compares the account that writes with the one that was known behind this phone. A customer's new account is taken as
 * it is: their bills go to the number anyway. Behind a staff phone it may be a stranger who bought the number, so it
 * gets no rights until an owner confirms it; owners are asked once for each new account (H04). A sole owner brings the
 * panel's code.
 */
export async function isTrusted(books: Books, phone: string, lid: string): Promise<boolean> {
  await learnAccounts(books, [{ phone, lid }])
  const known = await books.trx
    .selectFrom('whatsapp_contact')
    .select(['lid', 'other_lid'])
    .where('business_id', '=', books.business.id)
    .where('phone', '=', phone)
    .forUpdate()
    .executeTakeFirstOrThrow()
  if (known.lid === lid) return true
  const staff = await findStaff(books, phone)
  if (!isProven(staff)) {
    await trustAccount(books, phone, lid)
    return true
  }
  if (known.other_lid !== lid) await askAbout(books, staff, lid)
  return false
}

/** From now on this account is the one behind the phone; the one that was, where none is named. */
export async function trustAccount(books: Books, phone: string, lid?: string): Promise<void> {
  await books.trx
    .updateTable('whatsapp_contact')
    .set({ ...(lid && { lid, learned_at: books.now }), other_lid: null, other_at: null })
    .where('business_id', '=', books.business.id)
    .where('phone', '=', phone)
    .execute()
  await audit(books, { actor: 'system', act: 'sender.trusted', subject: `phone:${phone}` })
}

async function askAbout(books: Books, person: Staff, lid: string): Promise<void> {
  const { phone } = person
  const what = 'sekarang dipakai akun WhatsApp lain'
  const asked = await askBosses(books, person, what, { phone, lid })
  // While nobody can vouch for it, its next message asks again.
  if (asked.length === 0 && person.role !== 'owner') return
  await books.trx
    .updateTable('whatsapp_contact')
    .set({ other_lid: lid, other_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('phone', '=', phone)
    .execute()
  await audit(books, { actor: 'system', act: 'sender.changed', subject: `phone:${phone}` })
  if (asked.length > 0) return
  const text = `⚠️ Nomor ini ${what}, jadi perintahnya belum saya jalankan.\nIni HP baru Anda? Masuk ke panel, buka *Pemilik*, buat kodenya, lalu kirim dari sini.`
  await queueMessages(books, [{ phone, kind: 'note', text }])
}

/**
 * Asks who may say so whether a phone that was silent for long is still its owner's: once for each such silence (H07).
 * Answers who has been asked.
 */
export async function askAboutSilent(books: Books, person: Staff): Promise<Staff[]> {
  const { phone, provenUntil } = person
  const asked = await books.trx
    .selectFrom('matter')
    .select('number')
    .where('business_id', '=', books.business.id)
    .where('kind', '=', 'sender.changed')
    .where(sql<string>`args ->> 'phone'`, '=', phone)
    .where('opened_at', '>=', provenUntil)
    .limit(1)
    .executeTakeFirst()
  return asked
    ? listBosses(books, phone)
    : askBosses(books, person, 'menulis lagi sesudah lebih dari 60 hari', { phone })
}

async function askBosses(
  books: Books,
  person: Staff,
  what: string,
  args: { phone: string; lid?: string },
): Promise<Staff[]> {
  const bosses = await listBosses(books, person.phone)
  if (bosses.length === 0) return []
  const number = await openMatter(books, { kind: 'sender.changed', args, summary: `Nomor ${person.name} ${what}` })
  const text = [
    `⚠️ Nomor ${person.name} (${formatPhone(person.phone)}) ${what}. Perintahnya belum saya jalankan.`,
    `Masih orang yang sama? *ya ${number}* atau *tolak ${number}*`,
  ].join('\n')
  await queueMessages(
    books,
    bosses.map((boss) => ({ phone: boss.phone, kind: 'matter', text })),
  )
  return bosses
}

/** Who may vouch for somebody's phone: owners and admins whose own has its rights. */
async function listBosses(books: Books, phone: string): Promise<Staff[]> {
  return (await listStaff(books, ['owner', 'admin'])).filter((boss) => boss.phone !== phone && hasRights(books, boss))
}

/** Why the phone of a member of staff does not have its rights: never shown to be theirs, silent too long, or another account. */
export type Doubt = 'unproven' | 'silent' | 'account'

export async function findDoubt(books: Books, person: Staff): Promise<Doubt | undefined> {
  if (person.provenUntil === null) return 'unproven'
  if (!hasRights(books, person)) return 'silent'
  const other = await books.trx
    .selectFrom('whatsapp_contact')
    .select('other_lid')
    .where('business_id', '=', books.business.id)
    .where('phone', '=', person.phone)
    .where('other_lid', 'is not', null)
    .executeTakeFirst()
  return other && 'account'
}
