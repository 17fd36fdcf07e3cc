import type pg from 'pg'

/** A statement that was said so often is prepared, where it is no longer than this and not too many are. */
const PREPARED_FROM = 3
const LONGEST_PREPARED = 5_000
const MOST_PREPARED = 300

/**
 * Names the statements that PostgreSQL shall read and plan once a connection instead of every time: more than half of
 * what a small one costs it. Lists of any length in the text (`in (…)`) would make one statement many.
 */
export function statementNames(): StatementNames {
  const names = new Map<string, string>()
  const said = new Map<string, number>()
  let made = 0
  const nameOf = (text: string) => {
    const name = names.get(text)
    if (name || names.size >= MOST_PREPARED || text.length > LONGEST_PREPARED) return name
    const times = (said.get(text) ?? 0) + 1
    if (said.size >= 10 * MOST_PREPARED) said.clear()
    said.set(text, times)
    if (times >= PREPARED_FROM) names.set(text, `tagih_${++made}`)
    return undefined
  }
  return { nameOf, forget: () => names.clear() }
}

/** `forget` gives every statement a new name from then on. */
export type StatementNames = { nameOf(text: string): string | undefined; forget(): void }

/** What PostgreSQL says of a prepared `select *` once another program has added a column to the table. */
export const STALE_STATEMENT = '0A000'

/** Sends a statement by a connection. Of several in one text, which have no parameters, the last one's rows count. */
export function sendBy(client: pg.PoolClient, names: StatementNames) {
  return async (text: string, values: readonly unknown[]): Promise<pg.QueryResult> => {
    if (values.length > 0) {
      const query = client.query({ name: names.nameOf(text), text, values: values.map(toColumn) })
      return query.catch((error: { code?: string }) => {
        if (error.code === STALE_STATEMENT) names.forget()
        throw error
      })
    }
    const results = (await client.query(text)) as pg.QueryResult | pg.QueryResult[]
    return Array.isArray(results) ? (results.at(-1) as pg.QueryResult) : results
  }
}

/** node-postgres would write a Temporal value as JSON, in quotes. */
function toColumn(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Temporal.PlainDate || value instanceof Temporal.Instant) return value.toString()
  return Array.isArray(value) ? value.map(toColumn) : value
}
