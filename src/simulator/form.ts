import type { FastifyInstance, FastifyRequest } from 'fastify'

/** A picture or a sheet with its text; the largest attachment that WhatsApp gateways take is far below it. */
const LARGEST_FORM_BYTES = 16 * 1024 * 1024

/**
 * Makes the routes of `app` read forms, urlencoded and multipart, as `FormData`; bodies of any other type are
 * left to the parsers that stay. `app` is a fake's own scope, so the program's parsers are not touched.
 */
export function readForms(app: FastifyInstance): void {
  const types = ['application/x-www-form-urlencoded', 'multipart/form-data']
  app.removeContentTypeParser(types)
  app.addContentTypeParser(types, { parseAs: 'buffer', bodyLimit: LARGEST_FORM_BYTES }, parseForm)
}

async function parseForm(request: FastifyRequest, body: Buffer<ArrayBuffer>): Promise<FormData> {
  const type = request.headers['content-type'] ?? ''
  return await new Response(body, { headers: { 'content-type': type } }).formData()
}
