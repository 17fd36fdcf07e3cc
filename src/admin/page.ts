import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { findSession, type Session } from '../domain/access.ts'
import { audit, type Books, type Business, isBusiness, type OpenBooks } from '../domain/books.ts'
import type { Database } from '../domain/database.ts'
import { claimForm } from '../domain/form.ts'
import type { PaymentGateway } from '../domain/order.ts'
import type { BroadcastGateway } from '../domain/outbox.ts'
import type { Sealer } from '../domain/secret.ts'
import type { Role } from '../domain/tables.ts'
import { readCookie } from './cookie.ts'
import { addressOf } from './guard.ts'
import { PAGES, stepAfter, stepOf } from './pages/places.ts'
import type { WhatsAppLinks } from './pages/whatsapp.ts'
import { type Frame, renderPage } from './view.ts'

export type PanelDeps = {
  database: Database
  openBooks: OpenBooks
  sealer: Sealer
  /** How the outside reaches the program, without a slash at the end: for links and webhook addresses. */
  publicUrl: string
  /** The outside, asked with what somebody has just typed: is this token or key good? */
  gateways: {
    fonnte(token: string): Pick<BroadcastGateway, 'device'>
    midtrans(keys: { serverKey: string; production: boolean }): Pick<PaymentGateway, 'getStatus'>
  }
  /** Links the business's own number; nothing where this program cannot. */
  whatsapp?: WhatsAppLinks
}

/** One request of somebody who is signed in. */
export type Visit = {
  business: Business
  session: Session
  role: Role
  /** How the trace and the warnings name them. */
  actor: string
  by: string
  /** Where the request comes from, for counting tries. */
  address: string
  params: Readonly<Record<string, string>>
  query: Readonly<Record<string, string>>
  /** On the way through set-up: after saving comes the next step. */
  setup: boolean
}

/** Something that the input caused: one sentence, beside its field where there is one. */
export type Refusal = { refused: string; field?: string }

/** What was saved, for the trace; never a secret. */
export type Saved = { facts: Record<string, unknown>; subject?: string }

/** A change that many will feel is shown first, and done when these very lines come back agreed. */
export type Asked = { ask: readonly string[] }

/** What a page with a form shows: the present values of its fields, and whatever else its view needs. */
export type Shown = { values: Readonly<Record<string, string>>; [more: string]: unknown }

export type FormPage<S extends z.ZodType, P> = {
  path: string
  title: string
  view: string
  roles: readonly Role[]
  /** Where saving leads; the page itself where nothing is said. */
  back?: string
  /** What was begun is watched on this very page, in set-up too. */
  stays?: true
  /** How the trace names the change. */
  act: string
  fields: S
  /** Fields that are never sent back, not even to whoever has just typed them. */
  secrets?: readonly string[]
  /** Nothing: there is no such thing here. */
  show(books: Books, visit: Visit): Promise<Shown | undefined>
  /** Asks the outside about the input, or works long on it, while no transaction is open. */
  prove?(visit: Visit, input: z.infer<S>): Promise<Refusal | P>
  save(books: Books, visit: Visit, input: z.infer<S>, proof: Exclude<P, Refusal>): Promise<Refusal | Asked | Saved>
}

/** Makes pages: who may see them, how their forms are checked, done once, written to the trace and answered. */
export type Panel = PanelDeps & {
  app: FastifyInstance
  /** Signs the request in, or answers it with the way to the sign-in; a page of another role is not there (S10). */
  enter(request: FastifyRequest, reply: FastifyReply, roles: readonly Role[]): Promise<Visit | undefined>
  /** Adds a page that only shows. */
  page(path: string, roles: readonly Role[], show: (visit: Visit, reply: FastifyReply) => Promise<unknown>): void
  /** Adds a page with a form. */
  form<S extends z.ZodType, P = undefined>(page: FormPage<S, P>): void
  render(reply: FastifyReply, view: string, frame: Frame, visit?: Visit): FastifyReply
}

class Rollback extends Error {
  readonly outcome: Refusal | Asked

  constructor(outcome: Refusal | Asked) {
    super('nothing was changed')
    this.outcome = outcome
  }
}

export function makePanel(app: FastifyInstance, deps: PanelDeps): Panel {
  const { database, openBooks, publicUrl, sealer } = deps

  const render: Panel['render'] = (reply, view, frame, visit) =>
    reply.type('text/html; charset=utf-8').send(
      renderPage(view, {
        ...frame,
        ...(visit && {
          business: visit.business.name,
          setup: visit.setup,
          step: visit.setup ? stepOf(frame.path as string | undefined) : undefined,
          saved: visit.query.tersimpan === '1',
          nav: PAGES.filter(({ roles }) => roles.includes(visit.role)).map(({ path, title }) => ({
            path,
            title,
            here: path === '/panel' ? path === frame.path : String(frame.path).startsWith(path),
          })),
        }),
      }),
    )

  const enter: Panel['enter'] = async (request, reply, roles) => {
    const visit = await findVisit(request)
    if (!visit) {
      // What was typed is lost with the session, so that is said.
      reply.redirect(request.method === 'GET' ? '/masuk' : '/masuk?habis=1', 303)
      return undefined
    }
    if (roles.includes(visit.role)) return visit
    render(reply.code(404), 'lost', { title: 'Tidak ada' })
    return undefined
  }

  async function findVisit(request: FastifyRequest): Promise<Visit | undefined> {
    const token = readCookie(request, publicUrl)
    if (!token || !(await isBusiness(database, token.businessId))) return undefined
    return openBooks(token.businessId, async (books) => {
      const session = await findSession(books, token.digest)
      if (!session) return undefined
      const { staff } = session
      const query = request.query as Record<string, string>
      return {
        business: books.business,
        session,
        role: staff?.role ?? 'owner',
        actor: staff ? `staff:${staff.id}` : 'setup',
        by: staff?.callName ?? staff?.name ?? 'pemasang',
        address: addressOf(request),
        params: request.params as Record<string, string>,
        query,
        setup: query.atur === '1',
      }
    })
  }

  const form: Panel['form'] = (page) => {
    const show = async (reply: FastifyReply, visit: Visit, more: Partial<Frame> & { values?: object } = {}) => {
      const shown = await openBooks(visit.business.id, (books) => page.show(books, visit))
      if (!shown) return render(reply.code(404), 'lost', { title: 'Tidak ada' }, visit)
      const { values, ...rest } = more
      return render(
        reply,
        page.view,
        {
          title: page.title,
          path: page.path,
          errors: {},
          ...shown,
          ...rest,
          values: { ...shown.values, ...values },
          token: randomBytes(16).toString('base64url'),
        },
        visit,
      )
    }

    app.get(page.path, async (request, reply) => {
      const visit = await enter(request, reply, page.roles)
      return visit ? show(reply, visit) : reply
    })

    app.post(page.path, async (request, reply) => {
      const visit = await enter(request, reply, page.roles)
      if (!visit) return reply
      const typed = (request.body ?? {}) as Record<string, string>
      const values = Object.fromEntries(Object.entries(typed).filter(([name]) => !page.secrets?.includes(name)))
      const refuse = (errors: Record<string, string>) => show(reply.code(422), visit, { errors, values })
      const refuseOne = ({ refused, field }: Refusal) => refuse({ [field ?? 'all']: refused })
      if (!/^[\w-]{22}$/.test(typed.token ?? '')) return refuse({ all: EXPIRED_FORM })

      const input = page.fields.safeParse(typed)
      if (!input.success)
        return refuse(
          Object.fromEntries(
            input.error.issues.toReversed().map(({ path, message }) => [String(path[0] ?? 'all'), message]),
          ),
        )
      const proof = await page.prove?.(visit, input.data)
      if (isRefusal(proof)) return refuseOne(proof)

      const { token, ...content } = typed
      const digest = sealer.digest(JSON.stringify([page.path, visit.params, Object.entries(content).sort()]))
      const outcome = await openBooks(visit.business.id, async (books) => {
        const claim = await claimForm(books, { token: token as string, digest })
        if (claim !== 'fresh') return claim
        const saved = await page.save(books, visit, input.data, proof as never)
        // Undone as a whole, the form's token too: corrected, it may come again.
        if (isRefusal(saved) || 'ask' in saved) throw new Rollback(saved)
        await audit(books, { actor: visit.actor, act: page.act, subject: saved.subject, facts: saved.facts })
        return saved
      }).catch((error: unknown) => {
        if (error instanceof Rollback) return error.outcome
        throw error
      })

      if (outcome === 'other') return show(reply.code(409), visit, { errors: { all: USED_FORM }, values })
      if (isRefusal(outcome)) return refuseOne(outcome)
      if (outcome !== 'repeat' && 'ask' in outcome)
        return show(reply, visit, { values, ask: outcome.ask, agreement: agreementTo(outcome.ask) })
      if (page.stays) return reply.redirect(request.url, 303)
      return reply.redirect(visit.setup ? stepAfter(page.path) : `${page.back ?? page.path}?tersimpan=1`, 303)
    })
  }

  return {
    ...deps,
    app,
    enter,
    render,
    form,
    page(path, roles, show) {
      app.get(path, async (request, reply) => {
        const visit = await enter(request, reply, roles)
        return visit ? show(visit, reply) : reply
      })
    },
  }
}

const EXPIRED_FORM = 'Halaman ini sudah lama terbuka. Tekan sekali lagi untuk menyimpan.'
const USED_FORM = 'Formulir ini sudah dipakai untuk isian lain. Periksa dulu, lalu simpan sekali lagi.'

/** What comes back when somebody agrees to these lines; other lines, another agreement. */
export function agreementTo(lines: readonly string[]): string {
  return Buffer.from(lines.join('\n')).toString('base64url')
}

function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value
}
