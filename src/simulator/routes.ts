import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { findCaused, listChat, listPhones, type Media } from '../domain/chat.ts'
import { findFile } from '../domain/file.ts'
import { listWaiting } from '../domain/outbox.ts'
import { readPhone } from '../domain/phone.ts'
import type { MovableClock } from '../gateways/clock.ts'
import type { Program, Ran } from '../main.ts'
import { DEMO, findDemo, keepStaffProven, seedBusiness } from './business.ts'
import type { FonnteFake } from './fonnte.ts'
import type { MidtransFake } from './midtrans.ts'

/** What a person could drop into a chat. */
const LARGEST_FILE = 16 * 1_024 * 1_024
/** A turn whose errands take longer is answered without them. */
const TURN_MS = 120_000

const Message = z.object({
  from: z.string(),
  text: z.string().optional(),
  quotedId: z.coerce.number().optional(),
  reaction: z.string().optional(),
  contact: z.unknown().optional(),
  location: z.unknown().optional(),
})
const Pay = z.object({
  orderId: z.string(),
  status: z.string(),
  method: z.string().optional(),
  amount: z.number().optional(),
})
const instant = z.string().transform((text, context) => {
  try {
    return Temporal.Instant.from(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'not an instant' })
    return z.NEVER
  }
})
/** What can go wrong with the Fonnte device; what is left out stays as it is. */
const Device = z.object({
  connected: z.boolean().optional(),
  disconnectAfter: z.number().int().min(0).nullable().optional(),
  loseAnswer: z.boolean().optional(),
})
const Move = z.object({ now: instant })
const Reset = z.object({ customers: z.number().int().min(0).max(20_000).optional(), now: instant.optional() }).nullish()
type Asked = NonNullable<z.infer<typeof Reset>>

export type SimulatorDeps = {
  program: Program
  clock: MovableClock
  midtrans: MidtransFake
  fonnte: FonnteFake
  keepClock: () => void
  /** What ticks started since it was last asked for. */
  takeRan: () => Ran[]
  /** Told with every answer, so that an open page notices that its customers are gone. */
  world: { name: () => string; rename: () => void }
}

/** The simulator's JSON of contract.md; for this machine alone. */
export function simulatorRoutes(app: FastifyInstance, deps: SimulatorDeps): void {
  const { program, clock } = deps
  app.addHook('onRequest', async (request, reply) => {
    // By the route: `/%73imulator` is another address of the same one.
    if (request.routeOptions.url?.startsWith('/simulator') && !isLocal(request))
      await reply.code(404).send({ ok: false })
  })

  app.register(async (scope) => {
    await scope.register(multipart, { limits: { fileSize: LARGEST_FILE, files: 1 } })
    allowNoBody(scope)
    const { inTurn, reset } = takeTurns(scope)
    scope.addHook('onSend', async (_, reply) => {
      reply.header('x-tagih-world', deps.world.name())
    })

    scope.post('/simulator/messages', (request, reply) => postMessage(deps, request, reply))
    scope.get('/simulator/messages', (request, reply) => listMessages(deps, request, reply))
    scope.get('/simulator/phones', () => inBooks(program, listPhones))
    scope.get('/simulator/files/:id(^\\d{1,15}$)/:name', (request, reply) => sendFile(deps, request, reply))
    scope.get('/simulator/webhooks', (request) => listWebhooks(deps, request))
    scope.get('/simulator/clock', async () => ({ now: showTime(clock.now()), next: await findNext(program) }))
    scope.post('/simulator/clock', async (request, reply) => {
      const move = Move.safeParse(request.body)
      if (!move.success) return refuse(reply, 'now')
      return inTurn(async () => {
        if (Temporal.Instant.compare(move.data.now, clock.now()) < 0) return refuse(reply, 'now: hanya maju')
        const ran = await moveClock(deps, move.data.now)
        return { now: showTime(clock.now()), ran: ran.map(({ at, job }) => ({ at: showTime(at), job })) }
      })
    })
    scope.post('/simulator/settle', async () => {
      await program.settle()
      return { now: showTime(clock.now()) }
    })
    scope.post('/simulator/pay', async (request, reply) => {
      const pay = Pay.safeParse(request.body)
      if (!pay.success) return refuse(reply, 'orderId, status')
      const played = await deps.midtrans.pay(pay.data)
      return played ? { ok: true, ...played } : reply.code(404).send({ ok: false, error: 'orderId tidak dikenal' })
    })
    scope.post('/simulator/device', async (request, reply) => {
      const device = Device.safeParse(request.body)
      if (!device.success) return refuse(reply, 'connected, disconnectAfter, loseAnswer')
      return Object.assign(deps.fonnte.switches, device.data)
    })
    scope.post('/simulator/reset', async (request, reply) => {
      const asked = Reset.safeParse(request.body)
      if (!asked.success) return refuse(reply, 'customers, now')
      await reset(() => beginAnew(deps, asked.data ?? {}))
      return { now: showTime(clock.now()) }
    })
  })
}

/** A POST that needs nothing may come with nothing, whatever type it says its body has. */
function allowNoBody(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser('error', 'error')
  scope.removeContentTypeParser('application/json')
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) =>
    body.trim() === '' ? done(null) : parse(request, body, done),
  )
}

/** Clock moves and resets come one after the other; what is asked during a reset waits for the new business. */
function takeTurns(scope: FastifyInstance) {
  let last: Promise<unknown> = Promise.resolve()
  let resetting: Promise<unknown> | undefined
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work)
    last = turn.catch(() => {})
    return turn
  }
  scope.addHook('preHandler', async (request) => {
    if (request.routeOptions.url !== '/simulator/reset') await resetting
  })
  const reset = (work: () => Promise<void>): Promise<void> =>
    inTurn(() => {
      const turn = work()
      resetting = turn.catch(() => {})
      return turn
    })
  return { inTurn, reset }
}

async function beginAnew({ program, clock, midtrans, fonnte, keepClock, world }: SimulatorDeps, asked: Asked) {
  await program.erase()
  midtrans.clear()
  fonnte.received.length = 0
  fonnte.quota = DEMO.quota
  Object.assign(fonnte.switches, { connected: true, disconnectAfter: null, loseAnswer: false })
  if (asked.now) clock.moveTo(asked.now)
  keepClock()
  world.rename()
  await seedBusiness(program, asked.customers ?? 0)
  await program.tick()
  await program.settle()
}

async function listMessages({ program }: SimulatorDeps, request: FastifyRequest, reply: FastifyReply) {
  const { phone, after } = request.query as { phone?: string; after?: string }
  const read = phone === undefined ? undefined : readPhone(phone)
  if (phone !== undefined && !read) return refuse(reply, 'phone')
  const rows = await inBooks(program, (books) => listChat(books, Number(after ?? 0) || 0, read?.phone))
  return rows.map(({ media, at, ...row }) => ({ ...row, ...showMedia(request, media), at: showTime(at) }))
}

async function sendFile({ program }: SimulatorDeps, request: FastifyRequest, reply: FastifyReply) {
  const { id } = request.params as { id: string }
  const file = await inBooks(program, (books) => findFile(books, Number(id)))
  if (!file) return reply.code(404).send({ ok: false })
  const name = file.name.replace(/[^\w.-]+/g, '_')
  return reply.header('content-disposition', `attachment; filename="${name}"`).type(file.mime).send(file.bytes)
}

async function listWebhooks({ program }: SimulatorDeps, request: FastifyRequest) {
  const { fonnte_secret: secret } = await inBooks(program, async (books) => books.business)
  const base = `http://${request.headers.host}/webhooks`
  const fonnte = `${base}/fonnte/${DEMO.slug}/${secret}`
  return { midtrans: `${base}/midtrans/${DEMO.slug}`, fonnte, fonnteStatus: `${fonnte}/status`, device: DEMO.device }
}

/** Only a browser or program on this machine, and no page of another site through it. */
function isLocal(request: FastifyRequest): boolean {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '')
  const local = ['127.0.0.1', 'localhost', '[::1]'].includes(host)
  const site = request.headers['sec-fetch-site']
  const own = request.method === 'GET' || site === undefined || site === 'same-origin' || site === 'none'
  return local && own && ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(request.ip)
}

function refuse(reply: FastifyReply, what: string) {
  return reply.code(400).send({ ok: false, error: `tidak bisa dibaca: ${what}` })
}

async function inBooks<T>(program: Program, work: Parameters<typeof program.openBooks<T>>[1]): Promise<T> {
  return program.openBooks((await findDemo(program)) as number, work)
}

/** Times as the business's clock shows them, with their offset. */
function showTime(at: Temporal.Instant): string {
  return at.toZonedDateTimeISO(DEMO.zone).toString({ timeZoneName: 'never', smallestUnit: 'millisecond' })
}

function showMedia(request: FastifyRequest, media: Media | undefined) {
  if (!media) return {}
  const url = `http://${request.headers.host}/simulator/files/${media.id}/${encodeURIComponent(media.name)}`
  const kind = media.mime.startsWith('image/') ? 'image' : 'document'
  return { media: { kind, filename: media.name, url, size: media.size } }
}

type Sent = z.infer<typeof Message> & { file?: { name: string; mime: string; bytes: Buffer } }

async function readMessage(request: FastifyRequest): Promise<Sent | undefined> {
  if (!request.isMultipart()) return Message.safeParse(request.body).data
  const fields: Record<string, string> = {}
  let file: Sent['file']
  for await (const part of request.parts()) {
    if (part.type === 'file')
      file = { name: part.filename || 'file', mime: part.mimetype, bytes: await part.toBuffer() }
    else fields[part.fieldname] = String(part.value)
  }
  const message = Message.safeParse(fields).data
  return message && { ...message, ...(file && { file }) }
}

async function postMessage({ program }: SimulatorDeps, request: FastifyRequest, reply: FastifyReply) {
  const sent = await readMessage(request)
  const phone = sent && readPhone(sent.from)
  if (!sent || !phone) return refuse(reply, 'from')
  const businessId = (await findDemo(program)) as number
  const { file, quotedId } = sent
  const id = await program.bot.receive(businessId, {
    channel: 'bot',
    outsideId: randomUUID(),
    phone: phone.phone,
    kind: file ? 'file' : kindOf(sent),
    text: sent.text ?? sent.reaction ?? '',
    ...(file && { file }),
    ...(quotedId !== undefined && { quotedId }),
  })
  const deadline = Date.now() + TURN_MS
  for (let wait = 2; ; wait = Math.min(wait * 1.5, 50)) {
    const { pending, understood, replies } = await program.openBooks(businessId, (books) =>
      findCaused(books, id as number),
    )
    if (!pending || Date.now() > deadline)
      return { id, understood, replies: replies.map(({ media, ...row }) => ({ ...row, ...showMedia(request, media) })) }
    await sleep(wait)
  }
}

function kindOf(sent: Sent): string {
  if (sent.reaction !== undefined) return 'reaction'
  if (sent.contact !== undefined) return 'contact'
  return sent.location === undefined ? 'text' : 'location'
}

type Next = { at: string; job: string } | null

/** The next moment at which something happens by itself. */
async function findNext(program: Program): Promise<Next> {
  const next = await nextEvent(program)
  return next ? { at: showTime(next.at), job: next.job } : null
}

async function nextEvent(program: Program): Promise<{ at: Temporal.Instant; job: string } | undefined> {
  const tick = await program.nextTick()
  const { next: sending } = await inBooks(program, listWaiting)
  const events = [...(tick ? [tick] : []), ...(sending ? [{ at: sending, job: 'send' }] : [])]
  return events.sort((a, b) => Temporal.Instant.compare(a.at, b.at))[0]
}

/** Moves the clock from one event to the next up to `target`, and lets everything that falls due happen in order. */
async function moveClock({ program, clock, keepClock, takeRan }: SimulatorDeps, target: Temporal.Instant) {
  // The program ticks by itself, too: what it started on the way counts.
  takeRan()
  await program.tick()
  for (;;) {
    await program.settle()
    const next = await nextEvent(program)
    const arrived = !next || Temporal.Instant.compare(next.at, target) > 0
    const stop = arrived ? target : next.at
    if (Temporal.Instant.compare(stop, clock.now()) > 0) clock.moveTo(stop)
    keepClock()
    await program.tick()
    if (arrived) break
  }
  await inBooks(program, keepStaffProven)
  await program.settle()
  // Two ticks that meet both tell of what one of them started.
  const once = new Map(takeRan().map((run) => [`${run.at} ${run.job}`, run]))
  return [...once.values()].sort((a, b) => Temporal.Instant.compare(a.at, b.at))
}
