import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { openDatabase } from '../../src/domain/database.ts'
import { startEmbedded } from '../../src/gateways/postgres.ts'
import { openQueue } from '../../src/jobs/queue.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The superuser's address of the test cluster. */
    superuserUrl: string
    /** The login's password; databases are made per test file. */
    loginUrl: string
  }
}

/** One PostgreSQL for all tests, with a template database that has every table already. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'tagih-test-'))
  const server = await startEmbedded(folder)
  const url = new URL(server.url)
  const passwords = JSON.parse(readFileSync(join(folder, 'postgres.json'), 'utf8')) as { superuser: string }
  const superuserUrl = `postgres://postgres:${passwords.superuser}@127.0.0.1:${url.port}/postgres`
  const admin = new pg.Client({ connectionString: superuserUrl })
  await admin.connect()
  await admin.query('create database template_tagih owner tagih')
  await admin.end()
  url.pathname = '/template_tagih'
  const database = await openDatabase(url.toString())
  const queue = await openQueue({ url: url.toString(), appRole: database.appRole, alone: true, onError: console.error })
  await queue.stop()
  await database.end()
  project.provide('superuserUrl', superuserUrl)
  project.provide('loginUrl', server.url)
  return async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
