import { argon2Sync, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { StartError } from '../database.ts'

/**
 * A backup that is encrypted with BACKUP_KEY. AES-256-GCM in frames, so that neither side holds more than one of them:
 *
 *     TAGIH-AES1  salt (16)  { length (4)  ciphertext  tag (16) } …
 *
 * The key is derived from BACKUP_KEY and the file's own salt, a frame's nonce is its number and whether it is the last.
 * So nothing can be changed, left out, moved, added or cut off unnoticed.
 */
const MAGIC = Buffer.from('TAGIH-AES1')
const SALT = 16
const TAG = 16
const FRAME = 64 * 1_024

export function isEncrypted(start: Buffer): boolean {
  return start.subarray(0, MAGIC.length).equals(MAGIC)
}

/** Argon2id at OWASP's strength: BACKUP_KEY may be a sentence that a person made up. */
function deriveKey(key: string, salt: Buffer): Buffer {
  return argon2Sync('argon2id', {
    message: key,
    nonce: salt,
    parallelism: 1,
    tagLength: 32,
    memory: 19 * 1_024,
    passes: 2,
  })
}

function nonce(frame: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeBigUInt64BE(BigInt(frame), 0)
  bytes[11] = last ? 1 : 0
  return bytes
}

/** What encrypts chunk by chunk; `begin` comes before all, `end` after all. */
export type Encryption = { begin: Buffer; update(chunk: Buffer): Buffer; end(): Buffer }

export function encryption(key: string): Encryption {
  const salt = randomBytes(SALT)
  const secret = deriveKey(key, salt)
  let rest: Buffer = Buffer.alloc(0)
  let frame = 0
  const seal = (bytes: Buffer, last: boolean) => {
    const cipher = createCipheriv('aes-256-gcm', secret, nonce(frame++, last)).setAAD(MAGIC)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return Buffer.concat([length, cipher.update(bytes), cipher.final(), cipher.getAuthTag()])
  }
  return {
    begin: Buffer.concat([MAGIC, salt]),
    update(chunk) {
      const sealed: Buffer[] = []
      rest = Buffer.concat([rest, chunk])
      // One byte at least is kept back: the last frame is known as such only at the end.
      for (; rest.length > FRAME; rest = rest.subarray(FRAME)) sealed.push(seal(rest.subarray(0, FRAME), false))
      return Buffer.concat(sealed)
    },
    end: () => seal(rest, true),
  }
}

/** @throws StartError when the key is another or anything was changed */
export async function* decrypt(source: Take, key: string): AsyncGenerator<Buffer> {
  const broken = () =>
    new StartError('BACKUP_KEY: bukan kunci cadangan ini, atau filenya rusak. Belum ada yang berubah.')
  try {
    const head = await source.take(MAGIC.length + SALT)
    if (!head) throw broken()
    const secret = deriveKey(key, head.subarray(MAGIC.length))
    for (let frame = 0, last = false; !last; frame++) {
      const length = (await source.take(4))?.readUInt32BE()
      const sealed = length === undefined || length > FRAME ? undefined : await source.take(length + TAG)
      if (!sealed) throw broken()
      last = await source.ended()
      const plain = open(sealed, secret, nonce(frame, last))
      if (!plain) throw broken()
      yield plain
    }
  } finally {
    await source.close()
  }
}

function open(sealed: Buffer, secret: Buffer, iv: Buffer): Buffer | undefined {
  const decipher = createDecipheriv('aes-256-gcm', secret, iv).setAAD(MAGIC).setAuthTag(sealed.subarray(-TAG))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG)), decipher.final()])
  } catch {
    return undefined
  }
}

/** Hands out a stream of chunks by the number of bytes that is asked for. */
export type Take = {
  /** So many bytes, or nothing when the stream ends before. */
  take(length: number): Promise<Buffer | undefined>
  ended(): Promise<boolean>
  /** Lets go of the file, however far it was read. */
  close(): Promise<void>
}

export function takeFrom(chunks: AsyncIterable<Buffer>): Take {
  const iterator = chunks[Symbol.asyncIterator]()
  let held: Buffer[] = []
  let size = 0
  const fill = async (length: number) => {
    while (size < length) {
      const next = await iterator.next()
      if (next.done) return false
      held.push(next.value)
      size += next.value.length
    }
    return true
  }
  return {
    async take(length) {
      if (!(await fill(length))) return undefined
      const all = held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held)
      held = [all.subarray(length)]
      size -= length
      return all.subarray(0, length)
    },
    ended: async () => !(await fill(1)),
    async close() {
      await iterator.return?.()
    },
  }
}
