import type { FastifyBaseLogger, FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import fastify from 'fastify'
import { pino } from 'pino'
import { afterAll } from 'vitest'
import type { PanelDeps } from '../../src/admin/page.ts'
import type { WhatsAppLinks } from '../../src/admin/pages/whatsapp.ts'
import { panelRoutes } from '../../src/admin/panel.ts'
import { makeLink } from '../../src/domain/access.ts'
import { sealer } from '../../src/domain/secret.ts'
import { addStaff, findStaff, type Staff } from '../../src/domain/staff.ts'
import type { Role } from '../../src/domain/tables.ts'
import { fonnte } from '../../src/gateways/fonnte.ts'
import { midtrans } from '../../src/gateways/midtrans.ts'
import { openTestBooks, type TestBooks } from './database.ts'

export type Answer = LightMyRequestResponse
type Fields = Record<string, string>

/** The panel's routes on books of their own, without a port; each answer as a browser would get it. */
export type TestPanel = TestBooks & {
  app: FastifyInstance
  deps: PanelDeps
  /** Every route there is, but the assets. */
  routes: { method: string; url: string }[]
  addStaff(role: Role, phone: string): Promise<Staff>
  /** A browser in which that person is signed in; nobody where none is named. */
  browse(staff?: { id: number }): Promise<TestVisitor>
}

export type TestVisitor = {
  cookie: string
  get(url: string, options?: Partial<InjectOptions>): Promise<Answer>
  /** Sends a form as a page of ours does; the page's own token where none is given. */
  post(url: string, fields?: Fields, options?: Partial<InjectOptions>): Promise<Answer>
}

export async function openTestPanel(
  options: { publicUrl?: string; gateways?: Fields; whatsapp?: WhatsAppLinks } = {},
): Promise<TestPanel> {
  const books = await openTestBooks()
  const { FONNTE_URL = '', MIDTRANS_SNAP_URL, MIDTRANS_API_URL } = options.gateways ?? {}
  const deps: PanelDeps = {
    ...books,
    sealer: sealer('test secret key of this test'),
    publicUrl: options.publicUrl ?? 'http://localhost',
    gateways: {
      fonnte: (token) => fonnte({ url: FONNTE_URL, token }),
      midtrans: (keys) => midtrans({ ...keys, snapUrl: MIDTRANS_SNAP_URL, apiUrl: MIDTRANS_API_URL }),
    },
    whatsapp: options.whatsapp,
  }
  const routes: TestPanel['routes'] = []
  const app: FastifyInstance = fastify({ loggerInstance: pino({ level: 'error' }) as FastifyBaseLogger })
  app.addHook('onRoute', ({ method, url }) => {
    if (!url.startsWith('/panel/assets'))
      for (const each of [method].flat()) if (each !== 'HEAD') routes.push({ method: each, url })
  })
  panelRoutes(app, deps)
  await app.ready()
  afterAll(() => app.close())
  return {
    ...books,
    app,
    deps,
    routes,
    addStaff: (role, phone) =>
      books.open(async (opened) => {
        await addStaff(opened, { name: `Staf ${role}`, callName: `Pak ${role}`, phone, role })
        return (await findStaff(opened, phone)) as Staff
      }),
    async browse(staff) {
      const visitor = makeVisitor(app, '')
      if (!staff) return visitor
      const link = await books.open((opened) => makeLink(opened, { staffId: staff.id, lasts: { minutes: 10 } }))
      const entered = await visitor.post(`/masuk/${link}`, {})
      return makeVisitor(app, cookieOf(entered))
    },
  }
}

export function cookieOf(answer: Answer): string {
  return String(answer.headers['set-cookie']).split(';')[0] ?? ''
}

/** A browser with that cookie and nothing else. */
export function makeVisitor(app: FastifyInstance, cookie: string): TestVisitor {
  const send = (options: InjectOptions) => app.inject({ ...options, headers: { cookie, ...options.headers } })
  return {
    cookie,
    get: (url, options) => send({ method: 'GET', url, ...options }),
    async post(url, fields = {}, options) {
      const token = fields.token ?? tokenOf((await send({ method: 'GET', url })).body)
      return send({
        method: 'POST',
        url,
        payload: new URLSearchParams({ ...fields, ...(token && { token }) }).toString(),
        ...options,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'sec-fetch-site': 'same-origin',
          ...options?.headers,
        },
      })
    },
  }
}

/** The token of the form on a page. */
export function tokenOf(body: string): string | undefined {
  return /name="token" value="([\w-]{22})"/.exec(body)?.[1]
}

/** The sentence beside a field, or above the form. */
export function errorOf(answer: Answer): string | undefined {
  return /<strong class="wrong">(.*?)<\/strong>/.exec(answer.body)?.[1] ?? /role="alert">(.*?)</.exec(answer.body)?.[1]
}
