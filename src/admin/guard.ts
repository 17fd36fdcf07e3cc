import { BlockList, isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'

/**
 * What every page of the panel is sent with: no script or style but our own files, in nobody's frame, kept nowhere.
 * `same-origin` and not `no-referrer`: with the latter browsers send no Origin with a form, and `isOwnForm` needs it.
 */
export function pageHeaders(publicUrl: string): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'x-frame-options': 'DENY',
    'x-robots-tag': 'noindex, nofollow',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
    ...(publicUrl.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000' }),
  }
}

/**
 * Whether the request names us: `PUBLIC_URL`, or the machine itself. Any other name is somebody's who points their
 * own domain at our address (S12). Nothing is ever made from the name.
 */
export function isOurHost(request: FastifyRequest, publicUrl: string): boolean {
  const name = hostname(`http://${request.headers.host}`)
  return name !== undefined && ['localhost', '127.0.0.1', '[::1]', hostname(publicUrl)].includes(name)
}

function hostname(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined
}

/**
 * Whether a form was sent from a page of ours (S03). Every browser of today says so itself with Sec-Fetch-Site over
 * https and on the machine itself; over plain http in a local network there is Origin. Who says neither is no browser
 * with our page open. Asked for every request that is not a GET, signed in or not, so that no form can forget it.
 */
export function isOwnForm(request: FastifyRequest, publicUrl: string): boolean {
  const { 'sec-fetch-site': site, origin, host } = request.headers
  if (site !== undefined) return site === 'same-origin'
  if (!origin || !URL.canParse(origin)) return false
  return origin === publicUrl || new URL(origin).host === host
}

/** Networks in which a reverse proxy of ours stands: this machine, and the private ones of containers. */
const NEAR = new BlockList()
NEAR.addSubnet('127.0.0.0', 8)
NEAR.addSubnet('10.0.0.0', 8)
NEAR.addSubnet('172.16.0.0', 12)
NEAR.addSubnet('192.168.0.0', 16)
NEAR.addAddress('::1', 'ipv6')
NEAR.addSubnet('fc00::', 7, 'ipv6')

/**
 * Whose tries are counted together. Behind a proxy every connection is the proxy's, so the last address that it added
 * counts, and only where the connection comes from nearby; what the browser itself claimed stands before it.
 */
export function addressOf(request: FastifyRequest): string {
  const { ip } = request
  const added = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .at(-1)
    ?.trim()
  const plain = ip.replace(/^::ffff:/, '')
  const near = NEAR.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
  return near && added && isIP(added) ? added : plain
}
