import { setTimeout as sleep } from 'node:timers/promises'
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { PanelDeps } from './page.ts'
import { panelRoutes } from './panel.ts'
import { type FonnteWebhook, type VerifyNotification, webhooks } from './webhooks.ts'

/** What a request may take at most before its socket is closed (S24). */
const REQUEST_TIMEOUT_MS = 30_000

/** A part that does not answer within this does not work. */
const HEALTH_MS = 3_000

export type ServerDeps = PanelDeps & {
  verify: VerifyNotification
  fonnte: FonnteWebhook
  /** The parts that must work, by name; each answers whether it does. */
  health: Record<string, () => Promise<boolean>>
  logger: FastifyBaseLogger
  /** What is added under the demo alone. */
  routes?: (app: FastifyInstance) => void | Promise<void>
}

/** Builds the web server, without listening: tests inject requests, `main.ts` opens the port. */
export async function makeServer(deps: ServerDeps): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: deps.logger,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Nobody tells us who they are or which host they meant but the connection itself (S12).
    trustProxy: false,
    forceCloseConnections: true,
  })

  app.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
  })

  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode && error.statusCode >= 400 && error.statusCode < 500 ? error.statusCode : 500
    if (status === 500) request.log.error({ err: error, url: request.routeOptions.url }, 'request failed')
    // No stack, no SQL, no names: whoever should know reads the log (S23).
    reply.code(status).send({ ok: false })
  })
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ ok: false }))

  app.addHook('onResponse', async (request, reply) => {
    // The route's pattern and not the address: some addresses are secrets (S21).
    const { method, routeOptions } = request
    request.log.debug(
      { method, route: routeOptions.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'answered',
    )
  })

  app.get('/healthz', async (_request, reply) => {
    for (const [part, works] of Object.entries(deps.health)) {
      const up = await Promise.race([works().catch(() => false), sleep(HEALTH_MS, false, { ref: false })])
      if (!up) return reply.code(503).send({ ok: false, failing: part })
    }
    return { ok: true }
  })

  webhooks(app, deps)
  panelRoutes(app, deps)
  await deps.routes?.(app)
  return app
}
