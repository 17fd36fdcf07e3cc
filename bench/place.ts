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

/** One figure's database: ours to the product, a bare pool to the baseline, which has the schema `bare`. */
export type Site = {
  readonly url: string
  readonly database: Database
  readonly bare: pg.Pool
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
  const bare = new pg.Pool({ connectionString: url, max: POOL_SIZE })
  // When a figure fails, the server is stopped under it; its own error is the one to show.
  bare.on('error', () => {})
  await bare.query('create schema bare')
  return {
    url,
    database,
    bare,
    async settle() {
      await bare.query('vacuum analyze')
      await checkpoint()
    },
    async end() {
      await bare.end()
      await database.end()
    },
  }
}
