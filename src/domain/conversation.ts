import { randomUUID } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import { type Books, json } from './books.ts'
import type { Moment } from './calendar.ts'
import type { Tables } from './tables.ts'

export type OpenQuestion = Selectable<Tables['question']>
export type Matter = Selectable<Tables['matter']>
export type Act = Selectable<Tables['undo']>
export type Errand = Selectable<Tables['errand']>

/** A question that nobody answered is forgotten after this long. */
const QUESTION_MINUTES = 30

/**
 * Locks the conversation with a phone: turns of one person are taken in order, one at a time (C17). False where there is
 * none yet (`addConversation`).
 */
export async function lockConversation(books: Books, phone: string): Promise<boolean> {
  const locked = await books.trx
    .selectFrom('conversation')
    .select('phone')
    .where('business_id', '=', books.business.id)
    .where('phone', '=', phone)
    .forUpdate()
    .execute()
  return locked.length > 0
}

/** Begins the conversation with a phone, unless there is one. */
export async function addConversation(books: Books, phone: string): Promise<void> {
  await books.trx
    .insertInto('conversation')
    .values({ business_id: books.business.id, phone, hinted_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** The question this person has open, or nothing; an expired one is closed on the way. */
export async function findQuestion(books: Books, phone: string): Promise<OpenQuestion | undefined> {
  const open = await books.trx
    .selectFrom('question')
    .selectAll()
    .where('business_id', '=', books.business.id)
    .where('phone', '=', phone)
    .where('closed_at', 'is', null)
    .executeTakeFirst()
  if (!open || Temporal.Instant.compare(open.expires_at, books.now) > 0) return open
  await closeQuestions(books, phone)
  return undefined
}

/** Asks this person something; what was open before is replaced. */
export async function askQuestion(
  books: Books,
  phone: string,
  question: {
    command: string
    args: Record<string, unknown>
    awaits: string
    choices?: readonly Record<string, unknown>[]
    firm?: boolean
    /** Of the code that it awaits. */
    codeHash?: string
    /** How long it stands, where that is not as usual. */
    minutes?: number
    /** Asked by a turn whose sender is proven. */
    proven?: boolean
    onYes?: Record<string, unknown>
    onNo?: Record<string, unknown>
  },
): Promise<void> {
  await closeQuestions(books, phone)
  await addConversation(books, phone)
  await books.trx
    .insertInto('question')
    .values({
      business_id: books.business.id,
      phone,
      command: question.command,
      args: json(question.args),
      awaits: question.awaits,
      choices: question.choices ? json(question.choices) : null,
      firm: question.firm ?? false,
      code_hash: question.codeHash ?? null,
      proven: question.proven ?? false,
      on_yes: question.onYes ? json(question.onYes) : null,
      on_no: question.onNo ? json(question.onNo) : null,
      asked_at: books.now,
      expires_at: books.now.add({ minutes: question.minutes ?? QUESTION_MINUTES }),
    })
    .execute()
}

export async function closeQuestions(books: Books, phone: string): Promise<void> {
  await books.trx
    .updateTable('question')
    .set({ closed_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('phone', '=', phone)
    .where('closed_at', 'is', null)
    .execute()
}

/** Counts one more wrong answer to a question; answers how many there were. */
export async function countTryOf(books: Books, questionId: number): Promise<number> {
  const { tries } = await books.trx
    .updateTable('question')
    .set({ tries: sql`tries + 1` })
    .where('business_id', '=', books.business.id)
    .where('id', '=', questionId)
    .returning('tries')
    .executeTakeFirstOrThrow()
  return tries
}

/** How many codes were sent to a phone in the last minutes. */
export async function countCodesAsked(books: Books, phone: string, minutes: number): Promise<number> {
  const { count } = await books.trx
    .selectFrom('question')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('business_id', '=', books.business.id)
    .where('phone', '=', phone)
    .where('awaits', '=', 'code')
    .where('asked_at', '>', books.now.subtract({ minutes }))
    .executeTakeFirstOrThrow()
  return count
}

/** Stores work that needs the outside or much time, and queues it; it exists exactly when the turn commits. */
export async function orderErrand(
  books: Books,
  errand: { causeId: number; phone: string; kind: string; args: Record<string, unknown> },
): Promise<void> {
  const id = randomUUID()
  await books.trx
    .insertInto('errand')
    .values({
      business_id: books.business.id,
      id,
      cause_id: errand.causeId,
      phone: errand.phone,
      kind: errand.kind,
      args: json(errand.args),
      state: 'open',
      at: books.now,
      done_at: null,
    })
    .execute()
  await books.enqueue({ name: 'errand', id })
}

/** Locks an errand that is still to be done; nothing when somebody finished it. */
export async function findErrand(books: Books, id: string): Promise<Errand | undefined> {
  return books.trx
    .selectFrom('errand')
    .selectAll()
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .where('state', '=', 'open')
    .forUpdate()
    .executeTakeFirst()
}

/** Counts one more try of an errand; answers how many there were. */
export async function countTry(books: Books, id: string): Promise<number> {
  const { attempts } = await books.trx
    .updateTable('errand')
    .set({ attempts: sql`attempts + 1` })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .returning('attempts')
    .executeTakeFirstOrThrow()
  return attempts
}

export async function settleErrand(books: Books, id: string, state: 'done' | 'failed'): Promise<void> {
  await books.trx
    .updateTable('errand')
    .set({ state, done_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .execute()
}

/** Remembers an act that can be taken back. */
export async function rememberAct(
  books: Books,
  act: { staffId: number; command: string; args: Record<string, unknown>; summary: string },
): Promise<void> {
  await books.trx
    .insertInto('undo')
    .values({
      business_id: books.business.id,
      staff_id: act.staffId,
      command: act.command,
      args: json(act.args),
      summary: act.summary,
      at: books.now,
    })
    .execute()
}

/** The newest act that was not taken back: this person's own, or anybody's. */
export async function findLastAct(books: Books, staffId?: number): Promise<(Act & { by: string }) | undefined> {
  let query = books.trx
    .selectFrom('undo as u')
    .innerJoin('staff as s', (join) =>
      join.onRef('s.business_id', '=', 'u.business_id').onRef('s.id', '=', 'u.staff_id'),
    )
    .selectAll('u')
    .select(sql<string>`coalesce(s.call_name, s.name)`.as('by'))
    .where('u.business_id', '=', books.business.id)
    .where('u.undone_at', 'is', null)
    .orderBy('u.id', 'desc')
    .limit(1)
  if (staffId !== undefined) query = query.where('u.staff_id', '=', staffId)
  return query.executeTakeFirst()
}

/** The act that recorded a payment, so that taking it back another way leaves nothing to undo twice. */
export async function findActOfPayment(books: Books, paymentId: number): Promise<Act | undefined> {
  return books.trx
    .selectFrom('undo')
    .selectAll()
    .where('business_id', '=', books.business.id)
    .where('undone_at', 'is', null)
    .where(sql<boolean>`args -> 'paymentIds' @> to_jsonb(${paymentId}::bigint)`)
    .executeTakeFirst()
}

/** Marks an act as taken back; false when somebody was first. */
export async function markUndone(books: Books, id: number, staffId: number): Promise<boolean> {
  const done = await books.trx
    .updateTable('undo')
    .set({ undone_at: books.now, undone_by: staffId })
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .where('undone_at', 'is', null)
    .executeTakeFirst()
  return Number(done.numUpdatedRows) === 1
}

/**
 * Opens a numbered matter that a person answers with `ya 15` or `tolak 15`; answers its number.
 * @param matter.fresh begins a new hundred, because numbers may have been given out that these books do not know of
 */
export async function openMatter(
  books: Books,
  matter: { kind: string; args: Record<string, unknown>; summary: string; fresh?: boolean },
): Promise<number> {
  await sql`select id from business where id = ${books.business.id} for no key update`.execute(books.trx)
  const last = await books.trx
    .selectFrom('matter')
    .select((eb) => eb.fn.max('number').as('number'))
    .where('business_id', '=', books.business.id)
    .executeTakeFirst()
  const before = last?.number ?? 0
  const number = matter.fresh ? (Math.floor(before / 100) + 1) * 100 + 1 : before + 1
  await books.trx
    .insertInto('matter')
    .values({
      business_id: books.business.id,
      number,
      kind: matter.kind,
      args: json(matter.args),
      summary: matter.summary,
      opened_at: books.now,
    })
    .execute()
  return number
}

/** The matters that wait for an answer, the oldest first. */
export async function listOpenMatters(books: Books): Promise<Pick<Matter, 'number' | 'summary'>[]> {
  return books.trx
    .selectFrom('matter')
    .select(['number', 'summary'])
    .where('business_id', '=', books.business.id)
    .where('closed_at', 'is', null)
    .orderBy('number')
    .execute()
}

/** A matter by its number, locked. */
export async function findMatter(books: Books, number: number): Promise<Matter | undefined> {
  return books.trx
    .selectFrom('matter')
    .selectAll()
    .where('business_id', '=', books.business.id)
    .where('number', '=', number)
    .forUpdate()
    .executeTakeFirst()
}

export async function closeMatter(
  books: Books,
  number: number,
  staffId: number,
  decision: 'yes' | 'no',
): Promise<void> {
  await books.trx
    .updateTable('matter')
    .set({ closed_at: books.now, closed_by: staffId, decision })
    .where('business_id', '=', books.business.id)
    .where('number', '=', number)
    .execute()
}

/** Whether something unasked that waits for an answer reached this person since then. */
export async function heardSince(books: Books, phone: string, since: Moment): Promise<boolean> {
  const heard = await books.trx
    .selectFrom('message')
    .select('id')
    .where('business_id', '=', books.business.id)
    .where('phone', '=', phone)
    .where('kind', '=', 'matter')
    .where('at', '>', since)
    .limit(1)
    .executeTakeFirst()
  return heard !== undefined
}

/** Whether the bot may say again that it did not understand this person, at most once in `minutes`; remembers that it did. */
export async function mayHint(books: Books, phone: string, minutes: number): Promise<boolean> {
  const done = await books.trx
    .updateTable('conversation')
    .set({ hinted_at: books.now })
    .where('business_id', '=', books.business.id)
    .where('phone', '=', phone)
    .where((eb) => eb.or([eb('hinted_at', 'is', null), eb('hinted_at', '<=', books.now.subtract({ minutes }))]))
    .executeTakeFirst()
  return Number(done.numUpdatedRows) === 1
}
