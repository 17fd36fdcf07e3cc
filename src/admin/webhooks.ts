import { timingSafeEqual } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Business, findBusinessId, type OpenBooks } from '../domain/books.ts'
import { type Database, isOutage } from '../domain/database.ts'
import type { Incoming } from '../domain/message.ts'
import { storeNotification } from '../domain/notification.ts'
import { noteUndelivered } from '../domain/outbox.ts'

/** A notification is about a kilobyte; more is an attack (P18). */
const BODY_LIMIT = 64 * 1_024

/** Whether a body was signed with the business's own key; nothing when it has none. */
export type VerifyNotification = (business: Business, body: Record<string, unknown>) => boolean

/** How the bodies of Fonnte's webhooks are read, and who takes what came in. */
export type FonnteWebhook = {
  readMessage(body: Record<string, unknown>): { device: string; message: Incoming } | undefined
  readStatus(body: Record<string, unknown>): { outsideId: string; reason: string } | undefined
  /** Stores a message and answers; its turn is taken in the background. */
  accept(businessId: number, message: Incoming): Promise<void>
  /** The number on which the bot itself hears a business: what comes in there is not taken twice (C05). */
  ownNumber(businessId: number): Promise<string | undefined>
}

/** Midtrans waits 15 s and wants an answer within five: what takes longer counts as not written (P11). */
const ANSWER_MS = 4_000

/**
 * The addresses that gateways call. A word from outside is checked, written down and answered at once; a job does
 * the rest. 503 where it cannot be written, because that is what makes Midtrans come back (P11).
 */
export function webhooks(
  app: FastifyInstance,
  deps: { database: Database; openBooks: OpenBooks; verify: VerifyNotification; fonnte: FonnteWebhook },
): void {
  const { database, openBooks, verify } = deps

  app.post('/webhooks/midtrans/:slug', { bodyLimit: BODY_LIMIT }, async (request: FastifyRequest, reply) => {
    const { slug } = request.params as { slug: string }
    const body = request.body
    if (typeof body !== 'object' || body === null || Array.isArray(body) || hasNul(body))
      return reply.code(400).send({ ok: false })
    const accept = async () => {
      const businessId = await findBusinessId(database, slug)
      if (businessId === undefined) return 404
      return openBooks(businessId, async (books) => {
        if (!verify(books.business, body as Record<string, unknown>)) return 403
        const { id, fresh } = await storeNotification(books, body as Record<string, unknown>)
        if (fresh) await books.enqueue({ name: 'notification', id })
        return 200
      })
    }
    const code = await Promise.race([
      accept().catch((error: Error) => {
        // 500 would be repeated once, 503 four times.
        if (!isOutage(error)) request.log.error({ err: error }, 'notification not stored')
        return 503
      }),
      sleep(ANSWER_MS, 503, { ref: false }),
    ])
    return reply.code(code).send({ ok: code === 200 })
  })

  app.register(async (scope) => fonnteRoutes(scope, deps))
}

/**
 * Fonnte signs nothing: the address itself is the secret. It repeats for a quarter of an hour whatever is not answered
 * with 200, so what we do not want is answered with 200 too.
 */
function fonnteRoutes(
  scope: FastifyInstance,
  deps: { database: Database; openBooks: OpenBooks; fonnte: FonnteWebhook },
): void {
  const { openBooks, fonnte } = deps
  const types = ['application/x-www-form-urlencoded', 'multipart/form-data']
  scope.addContentTypeParser(types, { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, readForm)
  const path = '/webhooks/fonnte/:slug/:secret'
  const options = { bodyLimit: BODY_LIMIT, logLevel: 'silent' as const }

  scope.get(path, async () => ({ ok: true }))
  scope.post(path, options, (request, reply) =>
    answer(deps, request, reply, async (business, body) => {
      const said = fonnte.readMessage(body)
      const foreign = business.fonnte_device !== null && said?.device !== business.fonnte_device
      if (!said || foreign || said.device === (await fonnte.ownNumber(business.id))) return
      await fonnte.accept(business.id, said.message)
    }),
  )
  scope.post(`${path}/status`, options, (request, reply) =>
    answer(deps, request, reply, async (business, body) => {
      const failed = fonnte.readStatus(body)
      if (failed) await openBooks(business.id, (books) => noteUndelivered(books, failed.outsideId, failed.reason))
    }),
  )
}

async function answer(
  { database, openBooks }: { database: Database; openBooks: OpenBooks },
  request: FastifyRequest,
  reply: FastifyReply,
  take: (business: Business, body: Record<string, unknown>) => Promise<void>,
) {
  const { slug, secret } = request.params as { slug: string; secret: string }
  const { body } = request
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return reply.code(400).send({ ok: false })
  try {
    const businessId = await findBusinessId(database, slug)
    const business = businessId === undefined ? undefined : await openBooks(businessId, async (books) => books.business)
    // Whoever guesses learns nothing: an unknown business and a wrong secret look the same.
    if (!business || !isSame(secret, business.fonnte_secret)) return reply.code(404).send({ ok: false })
    await take(business, body as Record<string, unknown>)
    return { ok: true }
  } catch (error) {
    if (!isOutage(error)) throw error
    return reply.code(503).send({ ok: false })
  }
}

async function readForm(request: FastifyRequest, body: Buffer<ArrayBuffer>): Promise<Record<string, unknown>> {
  const form = await new Response(body, { headers: { 'content-type': request.headers['content-type'] ?? '' } })
    .formData()
    .catch(() => new FormData())
  return Object.fromEntries([...form].filter(([, value]) => typeof value === 'string'))
}

function isSame(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** PostgreSQL's jsonb has no place for NUL (P18). */
function hasNul(body: object): boolean {
  return JSON.stringify(body).includes('\\u0000')
}
