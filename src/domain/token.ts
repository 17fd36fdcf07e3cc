import { createHash, randomBytes } from 'node:crypto'

/**
 * A secret that somebody carries (a link, a cookie): which business it belongs to, and 256 random bits. The business
 * stands in it, so that its books can be opened before anything is looked up; it proves nothing by itself.
 */
export type Token = { readonly businessId: number; readonly digest: string }

/** Makes a token: the text goes to whoever carries it, only the digest is kept. */
export function makeToken(businessId: number): { text: string; digest: string } {
  const secret = randomBytes(32).toString('base64url')
  return { text: `${businessId}.${secret}`, digest: digestOf(secret) }
}

/** Reads a token that somebody brought; nothing when it has not the form of one. */
export function readToken(text: string | undefined): Token | undefined {
  const [, businessId, secret] = /^([1-9]\d{0,14})\.([\w-]{43})$/.exec(text ?? '') ?? []
  return businessId && secret ? { businessId: Number(businessId), digest: digestOf(secret) } : undefined
}

/** Of 256 random bits a plain hash tells nothing. */
function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
