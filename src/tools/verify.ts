import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openSession, StartError } from '../domain/database.ts'
import { findInLog, showFinding, verify } from '../domain/verify.ts'
import { runTool, withDatabase } from './tool.ts'

/** `npm run verify [-- --database URL]`: what must hold in the data, one line each; 1 when something does not. */
await runTool(async (settings) => {
  const url = readUrl() ?? settings.DATABASE_URL
  const findings = await withDatabase({ ...settings, DATABASE_URL: url }, { make: false }, async (database) => {
    const client = await openSession(database, 'tagih verify')
    try {
      await client.query('begin read only')
      return await verify(client)
    } finally {
      await client.end()
    }
  })
  const log = join(settings.DATA_DIR, 'postgres.log')
  if (!url && existsSync(log)) findings.push(await findInLog(log))
  for (const finding of findings) console.log(showFinding(finding))
  return findings.some(({ wrong }) => wrong > 0) ? 1 : 0
})

function readUrl(): string | undefined {
  try {
    return parseArgs({ options: { database: { type: 'string' } } }).values.database
  } catch {
    throw new StartError('Cara pakai: npm run verify [-- --database postgres://…]')
  }
}
