import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { StartError } from './domain/database.ts'

/** The environment, read in this one place. Every variable is optional; a wrong one is one line that names it. */
const Environment = z.object({
  PORT: z.coerce
    .number('harus angka')
    .int('harus angka bulat')
    .min(1, 'harus 1–65535')
    .max(65_535, 'harus 1–65535')
    .default(3000),
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'harus alamat postgres://…')
    .optional(),
  DATA_DIR: z.string().default('./data'),
  SECRET_KEY: z.string().min(16, 'minimal 16 huruf').optional(),
  BACKUP_DIR: z.string().optional(),
  BACKUP_KEY: z.string().min(16, 'minimal 16 huruf').optional(),
  FONNTE_URL: url().optional(),
  WHATSAPP_URL: z.url({ protocol: /^wss?$/, error: 'harus alamat ws:// atau wss://' }).optional(),
  MIDTRANS_SNAP_URL: url().optional(),
  MIDTRANS_API_URL: url().optional(),
  LOG_LEVEL: z
    .enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'harus fatal, error, warn, info, debug, trace atau silent',
    )
    .default('warn'),
})

export type Settings = z.infer<typeof Environment>

function url() {
  return z
    .url({ protocol: /^https?$/, error: 'harus alamat http:// atau https://' })
    .transform((text) => text.replace(/\/+$/, ''))
}

/** Reads and checks the environment; an empty value counts as absent. Throws `StartError`. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const read = Environment.safeParse(given)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new StartError(`${issue?.path.join('.')}: ${issue?.message}.`)
}

/**
 * Makes `DATA_DIR` unless it is there, and answers its absolute path.
 * @throws StartError when nothing can be written in it
 */
export function openDataDir(settings: Settings): string {
  const folder = resolve(settings.DATA_DIR)
  try {
    // One level after the other: asked to make them all, Node tries for ever where the system says ENOENT (/proc).
    const missing: string[] = []
    for (let each = folder; !existsSync(each); each = dirname(each)) missing.unshift(each)
    // Others may pass through but not look: PostgreSQL runs as another user where we are root.
    for (const each of missing) mkdirSync(each, { mode: 0o711 })
    const probe = join(folder, '.tulis')
    writeFileSync(probe, '')
    rmSync(probe)
    return folder
  } catch (error) {
    throw new StartError(`DATA_DIR: folder ${folder} tidak bisa ditulisi (${(error as Error).message}).`)
  }
}

/**
 * Where backups are kept: a folder of its own (another disk is best), made unless it is there.
 * @throws StartError when it cannot be made
 */
export function openBackupDir(settings: Settings): string {
  const folder = resolve(settings.BACKUP_DIR ?? join(settings.DATA_DIR, 'backups'))
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return folder
  } catch (error) {
    throw new StartError(`BACKUP_DIR: folder ${folder} tidak bisa dibuat (${(error as Error).message}).`)
  }
}

/** The key that seals credentials: the one that was set, else one that is made once and kept in `DATA_DIR`. */
export function secretKey(settings: Settings): string {
  if (settings.SECRET_KEY) return settings.SECRET_KEY
  const file = join(settings.DATA_DIR, 'secret.key')
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  const made = randomBytes(32).toString('hex')
  writeFileSync(`${file}.new`, made, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return made
}
