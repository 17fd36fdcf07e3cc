import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, type FileHandle, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StartError } from '../database.ts'
import { decrypt, encryption, isEncrypted, type Take, takeFrom } from './cipher.ts'

/**
 * The file of a backup: an ordinary tar, so that what is in it can be read in twenty years without this program. Parts
 * are added whole, each small; the last one lists the checksums of all before it.
 */
export type Part = { name: string; bytes: Buffer }

export type AddPart = (name: string, bytes: Buffer) => Promise<void>

const CHECKSUMS = 'SHA256SUMS'
const BLOCK = 512
/** No part that this program writes is larger; a file that claims more is not ours. */
const LARGEST_PART = 64 * 1_024 * 1_024

/**
 * Writes an archive beside its place and moves it there when all of it is on the disk: whatever is killed when, the
 * name stands for a whole file or for none. What earlier ones left behind when they were killed is removed.
 * @param options.key encrypts it
 */
export async function writeArchive(
  file: string,
  options: { key?: string; replace?: boolean },
  fill: (add: AddPart) => Promise<void>,
): Promise<{ bytes: number }> {
  if (!options.replace && (await exists(file)))
    throw new StartError(`${file} sudah ada. Pilih nama lain; yang lama tidak saya timpa.`)
  const beside = `${file}.${process.pid}.part`
  if (underWay.has(beside)) throw new StartError(`${file} sedang ditulis.`)
  // Before the file is there: another backup of this process would take it for what a killed one left.
  underWay.add(beside)
  try {
    await removeLeftovers(dirname(file))
    // In a container every program has the same pid as the one that was killed before.
    await rm(beside, { force: true })
    const bytes = await writeBeside(beside, options.key, fill)
    await rename(beside, file)
    await syncFolder(dirname(file))
    return { bytes }
  } finally {
    underWay.delete(beside)
  }
}

async function writeBeside(
  file: string,
  key: string | undefined,
  fill: (add: AddPart) => Promise<void>,
): Promise<number> {
  const handle = await open(file, 'wx', 0o600)
  try {
    const bytes = await writeAll(handle, key, fill)
    await handle.sync()
    await handle.close()
    // A backup that cannot be read is none, and this is the moment to find out.
    for await (const _ of readArchive(file, key)) {
      // Every checksum is compared on the way.
    }
    return bytes
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(file, { force: true })
    throw error
  }
}

/** What this process is writing now. */
const underWay = new Set<string>()

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(/\.(\d+)\.part$/.exec(name)?.[1] ?? 0)
    const file = join(folder, name)
    if (pid > 0 && !underWay.has(file) && (pid === process.pid || !isAlive(pid))) await rm(file, { force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}

/** Only then does the new name survive a power cut. */
async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders.
  const handle = await open(folder).catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

async function writeAll(
  handle: FileHandle,
  key: string | undefined,
  fill: (add: AddPart) => Promise<void>,
): Promise<number> {
  const cipher = key === undefined ? undefined : encryption(key)
  const sums: string[] = []
  let written = 0
  const write = async (bytes: Buffer) => {
    await handle.appendFile(bytes)
    written += bytes.length
  }
  const push = (bytes: Buffer) => write(cipher ? cipher.update(bytes) : bytes)
  const add: AddPart = async (name, bytes) => {
    await push(Buffer.concat([tarHeader(name, bytes.length), bytes, Buffer.alloc(blankBehind(bytes.length))]))
    // The form that `sha256sum --check` reads.
    sums.push(`${digest(bytes)}  ${name}\n`)
  }
  if (cipher) await write(cipher.begin)
  await fill(add)
  await add(CHECKSUMS, Buffer.from(sums.join('')))
  await push(Buffer.alloc(2 * BLOCK))
  if (cipher) await write(cipher.end())
  return written
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function blankBehind(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

/** The ustar header of a file; everything that would differ from machine to machine is left at zero. */
function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK)
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`
  header.write(name, 0, 100)
  header.write(octal(0o600, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(size, 12), 124)
  header.write(octal(0, 12), 136)
  header.write('        0', 148)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/**
 * Reads an archive part by part; the caller may use a part at once, and must forget all of them when this throws. Every
 * single byte of the file is accounted for: one that was changed, left out or cut off is noticed.
 * @throws StartError in one line
 */
export async function* readArchive(file: string, key?: string): AsyncGenerator<Part> {
  const source = await openArchive(file, key)
  const sums: string[] = []
  try {
    for (;;) {
      const part = await takePart(source, sums.length === 0)
      if (part.name === CHECKSUMS) {
        const end = await source.take(2 * BLOCK)
        const whole = part.bytes.toString() === sums.join('') && end?.equals(Buffer.alloc(2 * BLOCK))
        if (!whole || !(await source.ended())) throw broken()
        return
      }
      sums.push(`${digest(part.bytes)}  ${part.name}\n`)
      yield part
    }
  } finally {
    await source.close()
  }
}

async function openArchive(file: string, key: string | undefined): Promise<Take> {
  const start = await readStart(file).catch((error: Error) => {
    throw new StartError(`${file} tidak bisa dibaca (${error.message}).`)
  })
  const whole = takeFrom(createReadStream(file))
  if (!isEncrypted(start)) return whole
  if (key === undefined) throw new StartError('BACKUP_KEY: cadangan ini terenkripsi; isi kuncinya lalu ulangi.')
  return takeFrom(decrypt(whole, key))
}

async function readStart(file: string): Promise<Buffer> {
  const handle = await open(file)
  try {
    const start = Buffer.alloc(BLOCK)
    const { bytesRead } = await handle.read(start, 0, BLOCK, 0)
    return start.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function takePart(source: Take, first: boolean): Promise<Part> {
  const header = await source.take(BLOCK)
  const name = header?.toString('utf8', 0, 100).replace(/\0.*$/s, '') ?? ''
  const size = Number.parseInt(header?.toString('latin1', 124, 135) ?? '', 8)
  if (!header || !(size <= LARGEST_PART) || !header.equals(tarHeader(name, size)))
    throw first ? new StartError('File ini bukan cadangan Tagih, atau sudah rusak. Belum ada yang berubah.') : broken()
  const bytes = await source.take(size)
  const blank = await source.take(blankBehind(size))
  if (!bytes || !blank?.every((byte) => byte === 0)) throw broken()
  return { name, bytes }
}

function broken(): StartError {
  return new StartError('File cadangan ini rusak atau terpotong. Belum ada yang berubah; pakai cadangan yang lain.')
}
