import pg from 'pg'

/** A named lock of the whole database, held by this process until it gives it back or its connection dies. */
export type Lock = { readonly lost: boolean; release(): Promise<void> }

export type Locks = {
  /**
   * Takes a lock, or nothing when somebody holds it, this process included.
   * @param onLost called once when it was lost with its connection; whoever is then quicker has it
   */
  tryLock(name: string, onLost?: () => void): Promise<Lock | undefined>
  end(): Promise<void>
}

/** Where we died without a word (power, network), the server finds out soon, so that our locks do not outlive us. */
const SESSION = ['tcp_keepalives_idle=10', 'tcp_keepalives_interval=5', 'tcp_keepalives_count=3']
  .map((setting) => `-c ${setting}`)
  .join(' ')

type Session = {
  ask: (sql: string, name: string) => Promise<boolean>
  held: Map<string, () => void>
  lost: boolean
  client: pg.Client
}

/**
 * All locks of this process on one connection of their own. Held on connections of the pool they would starve it:
 * whoever holds one opens transactions, and sixteen senders at once would wait for each other for ever (D03).
 */
export function makeLocks(url: string): Locks {
  let session: Promise<Session> | undefined

  const open = async (): Promise<Session> => {
    const client = new pg.Client({
      connectionString: url,
      options: SESSION,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    })
    // One question after the other: a client takes no second one before it has answered the first.
    let last: Promise<unknown> = Promise.resolve()
    const ask = (sql: string, name: string) => {
      const answer = last.then(async () => (await client.query(sql, [name])).rows[0].got === true)
      last = answer.catch(() => {})
      return answer
    }
    const opened: Session = { client, ask, held: new Map(), lost: false }
    const lose = () => {
      if (opened.lost) return
      opened.lost = true
      session = undefined
      client.end().catch(() => {})
      for (const onLost of [...opened.held.values()]) onLost()
    }
    client.on('error', lose)
    client.on('end', lose)
    await client.connect()
    return opened
  }

  return {
    async tryLock(name, onLost = () => {}) {
      session ??= open().catch((error) => {
        session = undefined
        throw error
      })
      const current = await session
      // PostgreSQL gives a session the lock that it has already.
      if (current.held.has(name)) return undefined
      current.held.set(name, onLost)
      const got = await current
        .ask('select pg_try_advisory_lock(hashtextextended($1, 0)) as got', name)
        .catch((error) => {
          current.held.delete(name)
          throw error
        })
      if (!got) {
        current.held.delete(name)
        return undefined
      }
      return {
        get lost() {
          return current.lost
        },
        async release() {
          if (current.lost) return
          await current.ask('select pg_advisory_unlock(hashtextextended($1, 0)) as got', name).catch(() => {})
          current.held.delete(name)
        },
      }
    },
    async end() {
      const current = await session?.catch(() => undefined)
      if (!current || current.lost) return
      current.lost = true
      await current.client.end().catch(() => {})
    },
  }
}
