import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Business, findBusinessId, type OpenBooks } from '../domain/books.ts'
import { type Database, isOutage } from '../domain/database.ts'
import { storeNotification } from '../domain/order.ts'

/** A notification is about a kilobyte; more is an attack (P18). */
const BODY_LIMIT = 64 * 1_024

/** Whether a body was signed with the business's own key; nothing when it has none. */
export type VerifyNotification = (business: Business, body: Record<string, unknown>) => boolean

/**
 * The addresses that gateways call. A word from outside is checked, written down and answered at once; a job does
 * the rest. 503 where it cannot be written, because that is what makes Midtrans come back (P11).
 */
export function webhooks(
  app: FastifyInstance,
  deps: { database: Database; openBooks: OpenBooks; verify: VerifyNotification },
): void {
  const { database, openBooks, verify } = deps

  app.post('/webhooks/midtrans/:slug', { bodyLimit: BODY_LIMIT }, async (request: FastifyRequest, reply) => {
    const { slug } = request.params as { slug: string }
    const body = request.body
    if (typeof body !== 'object' || body === null || Array.isArray(body) || hasNul(body))
      return reply.code(400).send({ ok: false })
    try {
      const businessId = await findBusinessId(database, slug)
      if (businessId === undefined) return reply.code(404).send({ ok: false })
      const accepted = await openBooks(businessId, async (books) => {
        if (!verify(books.business, body as Record<string, unknown>)) return false
        const { id, fresh } = await storeNotification(books, body as Record<string, unknown>)
        if (fresh) await books.enqueue({ name: 'notification', id })
        return true
      })
      return reply.code(accepted ? 200 : 403).send({ ok: accepted })
    } catch (error) {
      if (!isOutage(error)) throw error
      return reply.code(503).send({ ok: false })
    }
  })

  // Fonnte repeats for a quarter of an hour what is not answered with 200; until these are built it shall keep it.
  for (const path of ['/webhooks/fonnte/:slug/:secret', '/webhooks/fonnte/:slug/:secret/status'])
    app.all(path, async (_request, reply) => reply.code(503).send({ ok: false }))
}

/** PostgreSQL's jsonb has no place for NUL (P18). */
function hasNul(body: object): boolean {
  return JSON.stringify(body).includes('\\u0000')
}
