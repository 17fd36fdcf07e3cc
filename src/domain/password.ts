import { type Argon2Parameters, argon2, createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import type { Books } from './books.ts'

/** OWASP's least for argon2id: 19 MiB, two passes, one lane; about 30 ms here (S05). */
const COST = { memory: 19_456, passes: 2, parallelism: 1 }
const TAG_BYTES = 32
const SALT_BYTES = 16

export const SHORTEST_PASSWORD = 10
export const LONGEST_PASSWORD = 200

/** Long enough, and still what everybody tries first. */
const COMMON = [
  'password',
  'katasandi',
  'rahasia',
  'qwerty',
  'asdfgh',
  'admin',
  'bismillah',
  'indonesia',
  'iloveyou',
  'sayang',
  'wifi',
  'internet',
  'tagih',
]

const hash = promisify(argon2) as (algorithm: 'argon2id', parameters: Argon2Parameters) => Promise<Buffer>

/** What is wrong with a new password, or nothing. `names` are what a stranger would guess: the business, the phone. */
export function refusePassword(password: string, names: readonly string[]): string | undefined {
  if (password.length < SHORTEST_PASSWORD) return `Paling sedikit ${SHORTEST_PASSWORD} huruf.`
  if (password.length > LONGEST_PASSWORD) return `Paling banyak ${LONGEST_PASSWORD} huruf.`
  const plain = password.toLowerCase()
  if (new Set(plain).size < 5) return 'Terlalu mudah ditebak: hurufnya itu-itu saja.'
  if (isRun(plain)) return 'Terlalu mudah ditebak: angkanya berurutan.'
  // What is left without the common word is short: "password123".
  const common = COMMON.find((word) => plain.includes(word) && plain.length - word.length < 6)
  if (common) return `Terlalu mudah ditebak: "${common}" dicoba orang paling dulu.`
  const own = names.map((name) => name.toLowerCase()).find((name) => name.length >= 4 && plain.includes(name))
  return own && plain.length - own.length < 6
    ? 'Jangan pakai nama atau nomor sendiri; itu yang ditebak dulu.'
    : undefined
}

/** `1234567890`, `0987654321`. */
function isRun(text: string): boolean {
  if (!/^\d+$/.test(text)) return false
  const steps = new Set([...text].slice(1).map((digit, index) => (Number(digit) - Number(text[index]) + 10) % 10))
  return steps.size === 1
}

/** Hashes a new password for keeping. */
export async function sealPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const tag = await derive(password, salt, COST)
  return `argon2id$${COST.memory},${COST.passes},${COST.parallelism}$${salt.toString('base64url')}$${tag.toString('base64url')}`
}

/** Whether this is the password. Takes the same time where none is kept, so that nobody learns who has one (S04). */
export async function checkPassword(password: string, kept: string | null | undefined): Promise<boolean> {
  const [, cost = '', salt = '', tag = ''] = kept?.split('$') ?? []
  const [memory = COST.memory, passes = COST.passes, parallelism = COST.parallelism] = cost
    ? cost.split(',').map(Number)
    : []
  const expected = Buffer.from(tag, 'base64url')
  const found = await derive(
    password.slice(0, LONGEST_PASSWORD),
    salt ? Buffer.from(salt, 'base64url') : Buffer.alloc(SALT_BYTES),
    {
      memory,
      passes,
      parallelism,
    },
  )
  return expected.length === found.length && timingSafeEqual(expected, found)
}

function derive(password: string, nonce: Buffer, cost: typeof COST): Promise<Buffer> {
  // The same word typed on another keyboard may come composed differently.
  return hash('argon2id', { message: password.normalize('NFKC'), nonce, tagLength: TAG_BYTES, ...cost })
}

/** Wrong tries in a window, by account and by address; a door that closes for a while and never for good (S04). */
const WINDOW_MINUTES = 15
const MOST_TRIES = { phone: 5, address: 30 }

/**
 * Counts one try before it is made, so that tries at the same moment cannot pass together; false when there were too
 * many. What is counted is kept as a digest, whether or not such a phone exists.
 */
export async function countTries(books: Books, of: { phone: string; address: string }): Promise<boolean> {
  let allowed = true
  for (const kind of ['phone', 'address'] as const) {
    const { rows } = await sql<{ count: number }>`
      insert into sign_in_try as t (business_id, key, since, count)
      values (${books.business.id}, ${keyOf(kind, of[kind])}, ${books.now}, 1)
      on conflict (business_id, key) do update set
        count = case when t.since <= ${books.now.subtract({ minutes: WINDOW_MINUTES })} then 1 else t.count + 1 end,
        since = case when t.since <= ${books.now.subtract({ minutes: WINDOW_MINUTES })} then ${books.now} else t.since end
      returning count`.execute(books.trx)
    if ((rows[0]?.count ?? 0) > MOST_TRIES[kind]) allowed = false
  }
  return allowed
}

/** The right password was given: what was counted for the account does not count any more. */
export async function forgetTries(books: Books, phone: string): Promise<void> {
  await books.trx
    .updateTable('sign_in_try')
    .set({ count: 0 })
    .where('business_id', '=', books.business.id)
    .where('key', '=', keyOf('phone', phone))
    .execute()
}

function keyOf(kind: string, value: string): string {
  return createHash('sha256').update(`${kind} ${value}`).digest('hex')
}

/** The kept hash of a person; nothing when they have none, or there is no such person. */
export async function findPassword(books: Books, staffId: number): Promise<string | undefined> {
  const found = await books.trx
    .selectFrom('staff')
    .select('password')
    .where('business_id', '=', books.business.id)
    .where('id', '=', staffId)
    .where('removed_at', 'is', null)
    .executeTakeFirst()
  return found?.password ?? undefined
}

export async function setPassword(books: Books, staffId: number, sealed: string): Promise<void> {
  await books.trx
    .updateTable('staff')
    .set({ password: sealed })
    .where('business_id', '=', books.business.id)
    .where('id', '=', staffId)
    .execute()
}
