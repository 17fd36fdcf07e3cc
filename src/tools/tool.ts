import { resolve } from 'node:path'
import { isOutage, StartError } from '../domain/database.ts'
import { borrowEmbedded } from '../gateways/borrow.ts'
import { openDataDir, readSettings, type Settings } from '../settings.ts'

/**
 * Runs a tool as the process: what a person did wrong is one line, and a signal ends the tool at once, because whatever
 * it was about to leave behind is either whole or nothing.
 * @param work answers the exit code
 */
export async function runTool(work: (settings: Settings) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work(readSettings(process.env))
  } catch (error) {
    console.error(error instanceof StartError ? error.message : (explain(error as Error) ?? error))
    process.exitCode = 1
  }
}

/** What the machine did, in one line; nothing for a mistake of ours, which is shown as it is. */
function explain(error: Error & { code?: string; path?: string }): string | undefined {
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return 'Disknya penuh. Belum ada yang berubah.'
  if (error.code?.startsWith('E') && error.path) return `${error.path} tidak bisa dipakai (${error.message}).`
  return isOutage(error) ? 'Database berhenti di tengah jalan. Belum ada yang berubah; coba lagi.' : undefined
}

/** Works on the database of the settings: an external one, or the embedded one of `DATA_DIR`, running or not. */
export async function withDatabase<T>(
  settings: Settings,
  options: { make: boolean },
  work: (url: string) => Promise<T>,
): Promise<T> {
  if (settings.DATABASE_URL) return work(settings.DATABASE_URL)
  const folder = options.make ? openDataDir(settings) : resolve(settings.DATA_DIR)
  const server = await borrowEmbedded(folder, options)
  const end = () => {
    // A server of our own would outlive us otherwise.
    server.stop().finally(() => process.exit(130))
  }
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  try {
    return await work(server.url)
  } finally {
    process.off('SIGINT', end)
    process.off('SIGTERM', end)
    await server.stop()
  }
}
