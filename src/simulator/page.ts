import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { useViews } from './views.ts'

type PageOptions = {
  /** The sample sheet of customers, a path: what *contoh.xlsx* hands out. */
  sample: string
  businessName: () => string
  /** The business's time zone, in which the page shows every time. */
  zone: () => string
}

/** No inline script or style; pictures also from the file that is about to be sent (blob:). */
const POLICY =
  "default-src 'self'; img-src 'self' blob: data:; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"

/** Serves the WhatsApp-like page at `/simulator`, its assets and the sample sheet. `app` has no prefix. */
export function registerPage(app: FastifyInstance, { sample, businessName, zone }: PageOptions): void {
  useViews(app)
  app.get('/simulator', async (_, reply) =>
    reply.header('content-security-policy', POLICY).view('page.eta', { business: businessName(), zone: zone() }),
  )

  app.get('/simulator/contoh.xlsx', async (_, reply) =>
    reply
      .header('content-disposition', `attachment; filename="${basename(sample)}"`)
      .type('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet')
      .send(await readFile(sample)),
  )

  app.register(fastifyStatic, {
    root: `${import.meta.dirname}/assets`,
    prefix: '/simulator/assets/',
    decorateReply: false,
  })
}
