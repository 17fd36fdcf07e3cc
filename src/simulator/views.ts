import fastifyView from '@fastify/view'
import { Eta } from 'eta'
import type { FastifyInstance } from 'fastify'

/** Lets routes answer with a template of this folder, `reply.view('page.eta', …)`; once for an instance and its children. */
export function useViews(app: FastifyInstance): void {
  if (app.hasReplyDecorator('view')) return
  const root = import.meta.dirname
  app.register(fastifyView, { engine: { eta: new Eta({ views: root, cache: true }) }, root })
}
