import type pg from 'pg'

/** Says statements by name over one connection: named, so that PostgreSQL prepares them as it does ours. Answers the rows. */
export function sayBy<Name extends string>(
  client: Pick<pg.PoolClient, 'query'>,
  statements: Readonly<Record<Name, string>>,
): (name: Name, ...values: unknown[]) => Promise<pg.QueryResult['rows']> {
  return async (name, ...values) => (await client.query({ name, text: statements[name], values })).rows
}

/** Does work on a connection of its own. */
export async function onClient<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    return await work(client)
  } finally {
    client.release()
  }
}
