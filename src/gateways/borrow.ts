import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type pg from 'pg'
import { StartError } from '../domain/database.ts'
import { type EmbeddedServer, PROGRAM_LOCK, readPasswords, startEmbedded, tryConnect } from './postgres.ts'

/**
 * The embedded server of a data folder, for a tool that needs it for a while: the one that runs, with or without a
 * program, else it is started and stopped again. While no program runs the tool stands in its place, so that none
 * that is started meanwhile takes the server away.
 * @param make whether a folder without a database gets one
 */
export async function borrowEmbedded(dataDir: string, { make }: { make: boolean }): Promise<EmbeddedServer> {
  const base = resolve(dataDir)
  if (!make && !existsSync(join(base, 'postgres'))) throw new StartError(`DATA_DIR: di ${base} belum ada database.`)
  const running = await connectRunning(base)
  if (running) return { url: running.url, stop: () => running.client.end() }
  const server = await startEmbedded(base)
  const own = await connectRunning(base)
  return {
    url: server.url,
    async stop() {
      await own?.client.end()
      await server.stop()
    },
  }
}

/** A connection to the server that answers in that folder, which holds the program's lock where no program does. */
async function connectRunning(base: string): Promise<{ client: pg.Client; url: string } | undefined> {
  const pidFile = join(base, 'postgres', 'postmaster.pid')
  if (!existsSync(pidFile)) return undefined
  const passwords = readPasswords(base)
  const port = Number(readFileSync(pidFile, 'utf8').split('\n')[3])
  const client = await tryConnect(port, passwords)
  if (!client) return undefined
  await client.query('select pg_try_advisory_lock(hashtextextended($1, 0))', [PROGRAM_LOCK])
  return { client, url: `postgres://tagih:${passwords.login}@127.0.0.1:${port}/tagih` }
}
