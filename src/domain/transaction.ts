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
  // A part of the work that goes on after another has failed would speak in somebody else's transaction.
  const query: Connection['query'] = async (text, values) => {
    if (over) throw new Error('this transaction is over')
    return connection.query(text, values)
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
    throw error
  } finally {
    connection.release(spoilt)
  }
}
