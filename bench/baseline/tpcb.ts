import type pg from 'pg'

/** Tellers and accounts to a branch, as pgbench has them. */
const TELLERS = 10
const ACCOUNTS = 100_000

/** The tables of pgbench; a branch for each of the clients, as its manual asks, so that they do not queue for one row. */
export async function makeTpcb(pool: pg.Pool, branches: number): Promise<void> {
  for (const statement of [
    'create table bare.branches (bid int primary key, bbalance int, filler char(88))',
    'create table bare.tellers (tid int primary key, bid int, tbalance int, filler char(84))',
    'create table bare.accounts (aid int primary key, bid int, abalance int, filler char(84))',
    'create table bare.history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))',
    `insert into bare.branches select n, 0, '' from generate_series(1, ${branches}) n`,
    `insert into bare.tellers select n, (n - 1) / ${TELLERS} + 1, 0, '' from generate_series(1, ${branches * TELLERS}) n`,
    `insert into bare.accounts select n, (n - 1) / ${ACCOUNTS} + 1, 0, '' from generate_series(1, ${branches * ACCOUNTS}) n`,
  ])
    await pool.query(statement)
}

/** One transaction of pgbench's TPC-B-like mix: seven statements, one commit. */
export async function tpcb(pool: pg.Pool, branches: number): Promise<void> {
  const pick = (count: number) => 1 + Math.floor(Math.random() * count)
  const [bid, tid, aid] = [pick(branches), pick(branches * TELLERS), pick(branches * ACCOUNTS)]
  const delta = pick(10_001) - 5_001
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('update bare.accounts set abalance = abalance + $1 where aid = $2', [delta, aid])
    await client.query('select abalance from bare.accounts where aid = $1', [aid])
    await client.query('update bare.tellers set tbalance = tbalance + $1 where tid = $2', [delta, tid])
    await client.query('update bare.branches set bbalance = bbalance + $1 where bid = $2', [delta, bid])
    await client.query(
      'insert into bare.history (tid, bid, aid, delta, mtime) values ($1, $2, $3, $4, current_timestamp)',
      [tid, bid, aid, delta],
    )
    await client.query('commit')
  } finally {
    client.release()
  }
}
