import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type Database, openDatabase } from '../src/domain/database.ts'
import { startEmbedded } from '../src/gateways/postgres.ts'

/** The PostgreSQL of one run of the bench, in a temp folder, with the settings that the product runs with. */
export type Place = {
  readonly version: string
  /** A database of its own for each figure, so that nothing of one weighs on another. */
  site(name: string): Promise<Site>
  end(): Promise<void>
}

/** One figure's database: ours to the product, two pools to the baselines. */
export type Site = {
  readonly url: string
  readonly database: Database
  /** On plain tables: the schema `bare`, without policies, foreign keys and triggers. */
  readonly bare: pg.Pool
  /** On the product's own tables, as the role of its transactions, for the business 1. */
  readonly own: pg.Pool
  /** Writes everything out and counts every row, so that each round starts alike. */
  settle(): Promise<void>
  end(): Promise<void>
}

/** As many as the product's own pool has. */
const POOL_SIZE = 16

export async function openPlace(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'tagih-bench-'))
  const server = await startEmbedded(folder)
  const { superuser } = JSON.parse(readFileSync(join(folder, 'postgres.json'), 'utf8')) as { superuser: string }
  const port = new URL(server.url).port
  const admin = new pg.Client(`postgres://postgres:${superuser}@127.0.0.1:${port}/postgres`)
  await admin.connect()
  const { rows } = await admin.query('show server_version')
  return {
    version: rows[0].server_version,
    async site(name) {
      await admin.query(`create database ${name} owner tagih`)
      const url = server.url.replace(/[^/]*$/, name)
      return openSite(url, () => admin.query('checkpoint'))
    },
    async end() {
      await admin.end()
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function openSite(url: string, checkpoint: () => Promise<unknown>): Promise<Site> {
  const database = await openDatabase(url)
  const bare = openPool(url, 'search_path=bare,public')
  const own = openPool(url, `role=${database.appRole}`, 'app.business_id=1')
  await bare.query('create schema bare')
  return {
    url,
    database,
    bare,
    own,
    async settle() {
      await bare.query('vacuum analyze')
      await checkpoint()
    },
    async end() {
      await bare.end()
      await own.end()
      await database.end()
    },
  }
}

function openPool(url: string, ...settings: string[]): pg.Pool {
  const options = settings.map((setting) => `-c ${setting}`).join(' ')
  // Whoever awaits each statement by itself notices nothing of the pipeline.
  const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE, options, pipeline: true })
  // When a figure fails, the server is stopped under it; its own error is the one to show.
  pool.on('error', () => {})
  return pool
}
