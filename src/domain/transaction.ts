import { Kysely, PostgresDialect } from 'kysely'
import type { sendBy } from './statement.ts'
import type { Tables } from './tables.ts'

/** A connection taken from the pool; one that is given back spoilt is thrown away. */
export type Connection = { query: ReturnType<typeof sendBy>; release(spoilt?: boolean): void }

/** Kysely over whatever connection it is given for a statement. */
export function kyselyBy(connect: () => Promise<Connection>): Kysely<Tables> {
  const pool = { connect: connect as never, end: async () => {}, options: {} }
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}

/** What PostgreSQL says of every statement behind one that failed. */
const ABORTED = '25P02'

/**
 * Does work in one transaction on a connection, with these settings (`set local …`), and commits it. Kysely's own would let
 * a statement travel only when the one before it was answered.
 */
export async function transact<T>(
  connection: Connection,
  settings: string,
  work: (trx: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  let over = false
  let cause: unknown
  // A part of the work that goes on after another has failed would speak in somebody else's transaction.
  const query: Connection['query'] = async (text, values) => {
    if (over) throw new Error('this transaction is over')
    return connection.query(text, values).catch((error: { code?: string }) => {
      if (error.code !== ABORTED) cause ??= error
      throw error
    })
  }
  const held = { query, release() {} }
  const begun = connection.query(`begin; ${settings}`, [])
  // Whatever is said behind it fails as well, and says so.
  begun.catch(() => {})
  let spoilt = false
  try {
    const result = await work(kyselyBy(async () => held))
    over = true
    const { command } = await connection.query('commit', [])
    if (command !== 'COMMIT') throw new Error('a statement failed and nobody said so; nothing was written')
    return result
  } catch (error) {
    over = true
    await connection.query('rollback', []).catch(() => {
      spoilt = true
    })
    // Where it did not begin, that is the reason.
    await begun
    // Of statements that were answered in the same breath one that fell with the first may speak first.
    throw (error as { code?: string }).code === ABORTED ? (cause ?? error) : error
  } finally {
    connection.release(spoilt)
  }
}
