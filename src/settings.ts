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
  PUBLIC_URL: url()
    .refine((text) => text === new URL(text).origin, 'harus alamat saja, tanpa jalur di belakangnya')
    .optional(),
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

/** Where the program listens. */
export function localUrl({ HOST: host, PORT: port }: Settings): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** How the outside reaches the program, without a slash at the end: for links, webhook addresses and cookies. */
export function publicUrl(settings: Settings): string {
  return settings.PUBLIC_URL ?? localUrl(settings)
}

/** A key that somebody made up by hand: fewer letters, or fewer different ones, than chance would give. */
const SHORTEST_KEY = 32
const FEWEST_SIGNS = 10
const SAMPLE_KEY = /secret|rahasia|password|sandi|change.?me|ganti|contoh|example|tagih|0123456789|abcdefgh/i

/**
 * The settings of the real program, which holds other people's money: what a trial may leave weak is refused in one
 * line. Throws `StartError`.
 */
export function readRealSettings(env: NodeJS.ProcessEnv): Settings {
  const settings = readSettings(env.LOG_LEVEL ? env : { ...env, LOG_LEVEL: 'info' })
  const { SECRET_KEY: key, HOST: host } = settings
  if (key && (key.length < SHORTEST_KEY || new Set(key).size < FEWEST_SIGNS || SAMPLE_KEY.test(key)))
    throw new StartError(
      `SECRET_KEY: terlalu mudah ditebak; pakai paling sedikit ${SHORTEST_KEY} huruf acak, atau kosongkan supaya dibuatkan.`,
    )
  if (!settings.PUBLIC_URL && !isLoopback(host))
    throw new StartError(
      `PUBLIC_URL: belum diisi, padahal HOST ${host} bisa dijangkau dari luar; isi alamat https:// yang dipakai membuka panel.`,
    )
  // Passwords and tokens would travel in the clear; at home or in the office that is the owner's to decide.
  const { protocol, hostname } = new URL(publicUrl(settings))
  if (protocol === 'http:' && !isLoopback(hostname) && !isPrivate(hostname))
    throw new StartError('PUBLIC_URL: harus https:// untuk alamat yang bisa dibuka dari internet.')
  for (const name of ['FONNTE_URL', 'MIDTRANS_SNAP_URL', 'MIDTRANS_API_URL'] as const) {
    const address = settings[name]
    if (address?.startsWith('http:') && !isLoopback(new URL(address).hostname))
      throw new StartError(`${name}: harus https://, karena token dikirim ke sana.`)
  }
  return settings
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function isPrivate(host: string): boolean {
  return (
    /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(host) ||
    /\.(local|lan)$/.test(host)
  )
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
