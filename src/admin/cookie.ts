import type { FastifyReply, FastifyRequest } from 'fastify'
import { readToken, type Token } from '../domain/token.ts'

/** As long as a session can last at most; the server ends it, the cookie only follows. */
const MAX_AGE_SECONDS = 14 * 24 * 3_600

/** `__Host-` pins the cookie to this very host and to https (S01); over plain http browsers would refuse it. */
function cookieName(publicUrl: string): string {
  return publicUrl.startsWith('https:') ? '__Host-tagih' : 'tagih'
}

/** The session's token that the browser brought; nothing when there is none or it has not the form of one. */
export function readCookie(request: FastifyRequest, publicUrl: string): Token | undefined {
  const name = `${cookieName(publicUrl)}=`
  const found = (request.headers.cookie ?? '').split('; ').find((each) => each.startsWith(name))
  return readToken(found?.slice(name.length))
}

/** Gives the browser its session, or takes it away. Lax: a link from WhatsApp opens the panel signed in. */
export function writeCookie(reply: FastifyReply, publicUrl: string, token: string | undefined): void {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : ''
  const age = token === undefined ? 0 : MAX_AGE_SECONDS
  reply.header(
    'set-cookie',
    `${cookieName(publicUrl)}=${token ?? ''}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${age}${secure}`,
  )
}
