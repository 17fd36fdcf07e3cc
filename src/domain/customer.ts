import { type ExpressionBuilder, sql } from 'kysely'
import { anyOf, type Books } from './books.ts'
import type { Phone } from './phone.ts'
import type { Tables } from './tables.ts'

/** Who pays, as lists and answers show them. */
export type Customer = {
  id: number
  number: string
  name: string
  area: string | null
  address: string | null
  note: string | null
  /** A debt noted in the imported sheet that nobody has decided about. */
  debtNote: string | null
  optedOut: boolean
  /** Their WhatsApp number is another customer's too, so letters say whom they are about. */
  shared: boolean
  phones: Phone[]
}

/** Titles people put before names; dropped for searching, kept for greeting. */
export const TITLES = new Set(
  (
    'pak bapak bpk pa bu ibu ibuk mas mba mbak kang kak kakak teh teteh bang abang om tante pakde bude paklik bulik ' +
    'mbah eyang gus ning ustadz ustad ust ustadzah cak ko koh ci cik dek adek h hj haji hajah dr drs dra ir prof ' +
    'sdr sdri tn ny nyai kyai ki den raden'
  ).split(' '),
)

/** Degrees behind a name, which nobody types when searching. */
const DEGREE = /,\s*(?:[a-z]{1,4}\.\s?){1,3}[a-z]{0,5}\.?|,\s*(?:s|m|a)\.?[a-z]{1,4}\b\.?/gi

/**
 * The form in which names are searched and compared: lower case, words only, without titles in front and
 * degrees behind. Never empty: a name that is nothing but a title keeps it.
 */
export function nameKey(name: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(DEGREE, ' ')
    .replace(/['’`.]/g, (mark) => (mark === '.' ? ' ' : ''))
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
  let first = 0
  while (first < words.length - 1 && TITLES.has(words[first] as string)) first++
  return words.slice(first).join(' ') || name.trim().toLowerCase()
}

/** `rt 5 rw 4` from `RT 05/RW 04`, `05/04`, `Rt.5`: the form in which areas are compared. */
export function areaKey(area: string): string {
  const pair = /^\s*(\d{1,3})\s*\/\s*(\d{1,3})\s*$/.exec(area)
  const text = pair ? `rt ${pair[1]} rw ${pair[2]}` : area
  return text
    .toLowerCase()
    .replace(/(\p{L})(?=\d)|(\d)(?=\p{L})/gu, '$1$2 ')
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .map((word) => word.replace(/^0+(?=\d)/, ''))
    .join(' ')
}

/** A name as it is shown: without marks that WhatsApp would take for bold, and not shouted. */
export function showName(name: string): string {
  const plain = name.replace(/[*_~`]/g, '').trim()
  if (plain !== plain.toUpperCase() || !/\p{L}{2}/u.test(plain)) return plain
  return plain.toLowerCase().replace(/(^|[\s(\-.'"])\p{L}/gu, (start) => start.toUpperCase())
}

/** `RT 5`, or the area as written: the short form behind a name. */
export function showArea(area: string | null): string | undefined {
  if (!area) return undefined
  const rt = /^rt (\d+)\b/.exec(areaKey(area))
  return rt ? `RT ${rt[1]}` : area.replace(/[*_~`]/g, '')
}

/** `*Budi Santoso* (RT 3)`: who a message of the bot is about. */
export function boldName(customer: { name: string; area: string | null }): string {
  const area = showArea(customer.area)
  return area ? `*${showName(customer.name)}* (${area})` : `*${showName(customer.name)}*`
}

/** `Budi Santoso (RT 3)` */
export function nameWithArea(customer: { name: string; area: string | null }): string {
  const area = showArea(customer.area)
  return area ? `${showName(customer.name)} (${area})` : showName(customer.name)
}

const SELECTED = [
  'customer.id',
  'customer.number',
  'customer.name',
  'customer.area',
  'customer.address',
  'customer.note',
] as const

function phonesOf(eb: ExpressionBuilder<Tables, 'customer'>) {
  return eb
    .selectFrom('customer_phone as p')
    .select(
      sql<
        Phone[]
      >`coalesce(jsonb_agg(jsonb_build_object('phone', p.phone, 'kind', p.kind) order by p.position), '[]')`.as('all'),
    )
    .whereRef('p.business_id', '=', 'customer.business_id')
    .whereRef('p.customer_id', '=', 'customer.id')
    .as('phones')
}

const SHARED = sql<boolean>`exists (
  select from customer_phone p
    join customer_phone q on q.business_id = p.business_id and q.phone = p.phone and q.customer_id <> p.customer_id
    join customer other on other.business_id = q.business_id and other.id = q.customer_id and other.withdrawn_at is null
   where p.business_id = customer.business_id and p.customer_id = customer.id and p.kind = 'mobile')`

function customers(books: Books, { withdrawn = false } = {}) {
  return books.trx
    .selectFrom('customer')
    .where('customer.business_id', '=', books.business.id)
    .where(withdrawn ? sql<boolean>`true` : sql<boolean>`customer.withdrawn_at is null`)
    .select(SELECTED)
    .select(sql<string | null>`case when customer.debt_decided_at is null then customer.debt_note end`.as('debtNote'))
    .select((eb) => [eb('customer.opted_out_at', 'is not', null).as('optedOut'), SHARED.as('shared'), phonesOf(eb)])
    .$castTo<Customer>()
}

/** A customer by id, or nothing where there is none (any more, unless those who were withdrawn count too). */
export function findCustomer(books: Books, id: number, who = { withdrawn: false }): Promise<Customer | undefined> {
  return customers(books, who).where('customer.id', '=', id).executeTakeFirst()
}

/** The customers of a phone: none, one, or several (a landlord). */
export async function findByPhone(books: Books, phone: string): Promise<Customer[]> {
  return customers(books)
    .where('customer.id', 'in', (eb) =>
      eb
        .selectFrom('customer_phone')
        .select('customer_id')
        .where('business_id', '=', books.business.id)
        .where('phone', '=', phone),
    )
    .orderBy('customer.id')
    .execute()
}

/** Those of these customers whose WhatsApp number is another customer's too. */
export async function listSharers(books: Books, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const rows = await books.trx
    .selectFrom('customer')
    .select('id')
    .where('business_id', '=', books.business.id)
    .where('id', '=', anyOf(ids))
    .where(SHARED)
    .execute()
  return new Set(rows.map((row) => row.id))
}

/** More matches than anybody chooses from; what is beyond is said as a number. */
const MATCHES = 200

/**
 * Finds customers by what was typed: a phone, a No Pelanggan or No Tagihan, or words that each begin a word of the name;
 * narrowed by area. Exact names come first.
 */
export async function searchCustomers(books: Books, typed: { who: string; area?: string }): Promise<Customer[]> {
  const { who, area } = typed
  if (/^[1-9]\d{7,14}$/.test(who)) {
    const byPhone = await findByPhone(books, who)
    if (byPhone.length > 0) return byPhone
  }
  const byNumber = await customers(books)
    .where((eb) =>
      eb.or([
        eb(sql`lower(customer.number)`, '=', who.toLowerCase()),
        eb('customer.id', 'in', (invoice) =>
          invoice
            .selectFrom('invoice')
            .select('customer_id')
            .where('business_id', '=', books.business.id)
            .where('number', '=', who.toUpperCase()),
        ),
      ]),
    )
    .execute()
  if (byNumber.length > 0) return byNumber
  const key = nameKey(who)
  let query = customers(books).where(inArea(area)).limit(MATCHES)
  for (const word of key.split(' ')) {
    const start = word.replace(/[\\%_]/g, '\\$&')
    query = query.where(sql<boolean>`(' ' || customer.name_key) like ${`% ${start}%`}`)
  }
  const found = await query
    .orderBy(sql`customer.name_key <> ${key}`)
    .orderBy('customer.name_key')
    .orderBy('customer.id')
    .execute()
  // Whole words win over beginnings: "nur" means the Nurs, not Nurul, unless there is no Nur.
  const whole = found.filter((customer) =>
    key.split(' ').every((word) => nameKey(customer.name).split(' ').includes(word)),
  )
  return whole.length > 0 ? whole : found
}

/** Every customer's name, for finding what a misspelt one may mean. */
export async function listNames(books: Books): Promise<{ id: number; name: string }[]> {
  return books.trx
    .selectFrom('customer')
    .select(['id', 'name'])
    .where('business_id', '=', books.business.id)
    .where('withdrawn_at', 'is', null)
    .execute()
}

/** The condition that a row of `customer` lies in a typed area; without one every row does. */
export function inArea(area: string | undefined, table = 'customer') {
  const key = area && areaKey(area)
  return key ? sql<boolean>`(' ' || ${sql.ref(`${table}.area_key`)} || ' ') like ${`% ${key} %`}` : sql<boolean>`true`
}

/**
 * Locks customers' rows, in order of id: every change of money waits for it, so that two people cannot both be first
 * (rules 20). Answers those who are not withdrawn.
 */
export async function lockCustomers(books: Books, ids: readonly number[]): Promise<number[]> {
  const rows = await books.trx
    .selectFrom('customer')
    .select(['id', 'withdrawn_at'])
    .where('business_id', '=', books.business.id)
    .where('id', '=', anyOf(ids))
    .orderBy('id')
    .forUpdate()
    .execute()
  return rows.filter((row) => row.withdrawn_at === null).map((row) => row.id)
}

export type NewCustomer = {
  name: string
  phones: readonly Phone[]
  area?: string
  address?: string
  number?: string
}

/** Adds a customer; without a number of the owner's they get the next free one of ours. */
export async function addCustomer(books: Books, fresh: NewCustomer): Promise<Customer> {
  const { trx, business, now } = books
  const number = fresh.number ?? (await nextNumber(books, 1))[0]
  const { id } = await trx
    .insertInto('customer')
    .values({
      business_id: business.id,
      number: number as string,
      name: fresh.name,
      name_key: nameKey(fresh.name),
      area: fresh.area ?? null,
      area_key: areaKey(fresh.area ?? ''),
      address: fresh.address ?? null,
      added_at: now,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  if (fresh.phones.length > 0) {
    await trx
      .insertInto('customer_phone')
      .values(
        fresh.phones.map(({ phone, kind }, position) => ({
          business_id: business.id,
          customer_id: id,
          phone,
          kind,
          position,
        })),
      )
      .execute()
  }
  return (await findCustomer(books, id)) as Customer
}

/** The next free numbers of our own form, `P-00001`; the business's row is locked so that none is given twice. */
export async function nextNumber(books: Books, count: number): Promise<string[]> {
  await sql`select id from business where id = ${books.business.id} for no key update`.execute(books.trx)
  const { rows } = await sql<{ last: number }>`
    select coalesce(max(substring(number from 3)::int), 0) as last from customer
     where business_id = ${books.business.id} and number ~ '^P-\\d{5,8}$'`.execute(books.trx)
  const last = rows[0]?.last ?? 0
  return Array.from({ length: count }, (_, index) => `P-${String(last + index + 1).padStart(5, '0')}`)
}

/** Takes customers back out of every list and ends their subscriptions; nothing is deleted (faults M16). */
export async function withdrawCustomers(books: Books, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  await books.trx
    .updateTable('customer')
    .set({ withdrawn_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('id', 'in', [...ids])
    .execute()
  await books.trx
    .updateTable('subscription')
    .set({ status: 'stopped' })
    .where('business_id', '=', books.business.id)
    .where('customer_id', 'in', [...ids])
    .execute()
}

/** Whether unasked messages go to this customer; the change is kept with its time. */
export async function setOptOut(books: Books, ids: readonly number[], out: boolean): Promise<void> {
  await books.trx
    .updateTable('customer')
    .set({ opted_out_at: out ? books.now : null })
    .where('business_id', '=', books.business.id)
    .where('id', 'in', [...ids])
    .where('opted_out_at', out ? 'is' : 'is not', null)
    .execute()
}

/** Remembers that this phone has written to us: WhatsApp refuses unasked messages to those who never did. */
export async function noteWrote(books: Books, phone: string): Promise<void> {
  await sql`
    update customer c set wrote_at = ${books.now}
      from customer_phone p
     where c.business_id = ${books.business.id} and c.wrote_at is null
       and p.business_id = c.business_id and p.customer_id = c.id and p.phone = ${phone}`.execute(books.trx)
}
