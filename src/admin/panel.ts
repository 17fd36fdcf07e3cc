import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { isOutage } from '../domain/database.ts'
import { isOurHost, isOwnForm, pageHeaders } from './guard.ts'
import { makePanel, type PanelDeps } from './page.ts'
import { ALL_PAGES } from './pages/all.ts'
import { renderPage } from './view.ts'

/** A form of ours is a few hundred bytes. */
const BODY_LIMIT = 16 * 1_024

/** Adds the panel: set-up and settings under `/panel`, the ways in under `/masuk` and `/atur`. */
export function panelRoutes(app: FastifyInstance, deps: PanelDeps): void {
  const headers = pageHeaders(deps.publicUrl)
  const fault = (reply: FastifyReply, status: number, title: string, text: string) =>
    reply.code(status).type('text/html; charset=utf-8').send(renderPage('fault', { title, text }))

  app.register(async (scope) => {
    readForms(scope)
    scope.addHook('onSend', async (_request, reply) => void reply.headers(headers))
    scope.addHook('onRequest', async (request, reply) => {
      if (!isOurHost(request, deps.publicUrl))
        return fault(reply, 421, 'Alamat lain', `Buka panel lewat alamatnya sendiri: ${deps.publicUrl}/panel`)
      const changes = request.method !== 'GET' && request.method !== 'HEAD'
      if (changes && !isOwnForm(request, deps.publicUrl))
        return fault(reply, 403, 'Tidak dikerjakan', `${STRANGE_FORM} Buka ${deps.publicUrl}/panel`)
    })
    scope.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
      const status = error.statusCode ?? 500
      if (status < 500) return fault(reply, status, 'Tidak terbaca', UNREADABLE)
      // No stack, no SQL, no names: whoever should know reads the log (S23).
      request.log.error({ err: error, route: request.routeOptions.url }, 'page failed')
      return fault(reply, isOutage(error) ? 503 : 500, 'Belum bisa', OUR_FAULT)
    })

    const panel = makePanel(scope, deps)
    for (const add of ALL_PAGES) add(panel)
    scope.get('/panel/*', (_request, reply) => panel.render(reply.code(404), 'lost', { title: 'Tidak ada' }))
    scope.register(fastifyStatic, {
      root: `${import.meta.dirname}/assets`,
      prefix: '/panel/assets/',
      decorateReply: false,
      cacheControl: false,
    })
  })
}

const STRANGE_FORM = 'Formulir ini tidak datang dari panel, jadi belum ada yang berubah.'
const UNREADABLE = 'Isian tadi tidak terbaca. Belum ada yang berubah.'
const OUR_FAULT =
  'Halaman ini belum bisa dibuka, kesalahannya di pihak kami. Belum ada yang berubah. Coba beberapa menit lagi.'

/** Forms as plain fields; the last of a doubled one counts, and nothing inherits from anything. */
function readForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: BODY_LIMIT },
    async (_request: unknown, body: string) => Object.fromEntries(new URLSearchParams(body)),
  )
}
