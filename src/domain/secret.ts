import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'

/**
 * Seals what must not be readable at rest (tokens, server keys) with AES-256-GCM. The business's id is part of
 * what is authenticated, so that a sealed value copied to another business does not open (faults S20).
 */
export type Sealer = {
  seal(businessId: number, plain: string): Buffer
  /** Throws when the value was sealed with another key, for another business, or was changed. */
  open(businessId: number, sealed: Buffer): string
  /** The same, or nothing where there is none or it does not open: after a restore without the old SECRET_KEY. */
  tryOpen(businessId: number, sealed: Buffer | null): string | undefined
  /** Tells whether two values are the same without keeping either: nobody can try values out on it without the key. */
  digest(value: string): string
}

const NONCE = 12
const TAG = 16

export function sealer(secretKey: string): Sealer {
  const key = createHash('sha256').update(`tagih seal ${secretKey}`).digest()
  const made: Sealer = {
    seal(businessId, plain) {
      const nonce = randomBytes(NONCE)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(String(businessId)))
      return Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
    },
    open(businessId, sealed) {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE))
        .setAAD(Buffer.from(String(businessId)))
        .setAuthTag(sealed.subarray(-TAG))
      return decipher.update(sealed.subarray(NONCE, -TAG), undefined, 'utf8') + decipher.final('utf8')
    },
    tryOpen(businessId, sealed) {
      if (sealed === null) return undefined
      try {
        return made.open(businessId, sealed)
      } catch {
        return undefined
      }
    },
    digest: (value) => createHmac('sha256', `tagih digest ${secretKey}`).update(value).digest('hex'),
  }
  return made
}
