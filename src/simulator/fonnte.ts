import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readForms } from './form.ts'

export type FonnteOptions = {
  /** The device token that callers must send in `Authorization`. */
  token: string
  /** The number of the device, `62…`. */
  device: string
  /** How many messages the package still allows. */
  quota: number
  now: () => Temporal.Instant
  /** Called for every message that was taken, before the caller is answered. */
  deliver?: (message: FonnteMessage) => void | Promise<void>
  /** Which numbers `/validate` knows; all of them when left out. */
  isRegistered?: (phone: string) => boolean
}

/** One message to one number, as it would leave: variables filled in, the number as `62…`. */
export type FonnteMessage = {
  id: number
  target: string
  text: string
  at: Temporal.Instant
  attachment?: { filename: string; bytes?: Uint8Array; url?: string }
  /** Every text field of the call as it was sent. */
  fields: Record<string, string>
}

/** What can go wrong at the real one; all off at first. */
type FonnteSwitches = {
  connected: boolean
  /** The device drops after that many more messages. */
  disconnectAfter: number | null
  /** Both wordings are in use: `invalid token` in logs, `token invalid` in the documentation. */
  refuseToken: 'invalid token' | 'token invalid' | null
  /** The gateway is ill and answers a page of HTML with 502. */
  ill: boolean
  /** The message is taken and the connection is cut before the answer. */
  loseAnswer: boolean
  delayMs: number
  /** Ids as text, as they were until 2025. */
  textIds: boolean
}

export type FonnteFake = {
  /** A Fastify plugin: `/send`, `/validate`, `/device` and `/qr` under the prefix it is registered with. */
  routes: (app: FastifyInstance) => Promise<void>
  /** Every message taken, in order. */
  received: FonnteMessage[]
  switches: FonnteSwitches
  quota: number
}

/** The error text of the real one says 4 MB, its newer page 10: the stricter holds. */
const LARGEST_FILE_BYTES = 4 * 1024 * 1024

/** A 1×1 picture in place of the QR code: nobody scans a simulator. */
const QR_PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const DISCONNECTED = 'request invalid on disconnected device'
const BAD_BODY = 'invalid/empty body value'

/**
 * A local Fonnte that answers as the real one does (api-facts A1–A3, A9): HTTP 200 for every logical error,
 * forms and never JSON, growing ids, a falling quota. It sends no webhooks.
 */
export function fakeFonnte(options: FonnteOptions): FonnteFake {
  // Seconds since 1970 are about the size of the real ids and keep growing when the program restarts.
  let lastId = Math.floor(Temporal.Now.instant().epochMilliseconds / 1000)
  const fake: FonnteFake = {
    received: [],
    quota: options.quota,
    switches: {
      connected: true,
      disconnectAfter: null,
      refuseToken: null,
      ill: false,
      loseAnswer: false,
      delayMs: 0,
      textIds: false,
    },
    routes: async (app) => {
      app.removeAllContentTypeParsers()
      readForms(app)
      app.addContentTypeParser('*', { parseAs: 'buffer' }, async () => undefined)
      app.addHook('preHandler', guard)
      app.post('/send', send)
      app.post('/validate', validate)
      app.post('/device', device)
      app.post('/qr', qr)
    },
  }
  const { switches } = fake

  async function guard(request: FastifyRequest, reply: FastifyReply) {
    if (switches.delayMs > 0) await wait(switches.delayMs)
    if (switches.ill)
      return reply.code(502).type('text/html').send('<html><body><h1>502 Bad Gateway</h1></body></html>')
    if (switches.refuseToken === 'token invalid') return reply.send({ Status: false, reason: 'token invalid' })
    if (switches.refuseToken || request.headers.authorization !== options.token)
      return reply.send({ reason: 'invalid token', status: false })
  }

  async function send(request: FastifyRequest, reply: FastifyReply) {
    const requestid = ++lastId
    const refuse = (reason: string) => ({ reason, requestid, status: false })
    const { fields, file } = read(request)
    const { target = '', message = '' } = fields
    if (target === '' || (message === '' && !file && !fields.url)) return refuse(BAD_BODY)
    if (fields.inboxid === '' || target.includes('@s.whatsapp.net')) return refuse(BAD_BODY)
    if (file && file.size > LARGEST_FILE_BYTES) return refuse('file size must under 4MB')
    const recipients = target.split(',').map((one) => readTarget(one, fields.countryCode))
    if (recipients.some((one) => one === undefined)) return refuse('target invalid')
    if (!isConnected()) return refuse(DISCONNECTED)
    if (fake.quota < recipients.length) return refuse('insufficient quota')

    const attachment = await readAttachment(fields, file)
    const taken: FonnteMessage[] = []
    for (const recipient of recipients as Recipient[]) {
      const text = fill(message, recipient.variables)
      taken.push({ id: ++lastId, target: recipient.phone, text, at: options.now(), attachment, fields })
    }
    fake.received.push(...taken)
    fake.quota -= taken.length
    if (switches.disconnectAfter !== null) switches.disconnectAfter -= taken.length
    for (const one of taken) await options.deliver?.(one)
    if (switches.loseAnswer) {
      reply.hijack()
      request.raw.socket.destroy()
      return
    }
    return {
      detail: 'success! message in queue',
      id: taken.map(({ id }) => (switches.textIds ? String(id) : id)),
      process: fields.schedule ? 'waiting' : 'pending',
      quota: {
        [options.device]: {
          details: 'deduced from total quota',
          quota: fake.quota + taken.length,
          remaining: fake.quota,
          used: taken.length,
        },
      },
      requestid,
      status: true,
      target: taken.map((one) => one.target),
    }
  }

  async function validate(request: FastifyRequest) {
    const { fields } = read(request)
    if (!fields.target) return { reason: BAD_BODY, status: false }
    if (!isConnected()) return { reason: DISCONNECTED, status: false }
    const phones = fields.target.split(',').map((one) => readTarget(one, fields.countryCode)?.phone ?? one.trim())
    const isRegistered = options.isRegistered ?? (() => true)
    return {
      status: true,
      registered: phones.filter((phone) => isRegistered(phone)),
      not_registered: phones.filter((phone) => !isRegistered(phone)),
    }
  }

  async function device() {
    return {
      device: options.device,
      device_status: isConnected() ? 'connect' : 'disconnect',
      expired: '18 November 2029',
      messages: fake.received.length,
      name: 'Simulator',
      package: 'Super',
      quota: String(fake.quota),
      status: true,
    }
  }

  async function qr(request: FastifyRequest) {
    if (isConnected()) return { reason: 'device already connect', status: false }
    return read(request).fields.type === 'code' ? { code: 'TAGH-2026', status: true } : { status: true, url: QR_PNG }
  }

  function isConnected(): boolean {
    return switches.connected && (switches.disconnectAfter === null || switches.disconnectAfter > 0)
  }

  return fake
}

/** The text fields of a form, and its file. A body that is no form has none: that is how the real one reads JSON. */
function read(request: FastifyRequest): { fields: Record<string, string>; file?: File } {
  const fields: Record<string, string> = {}
  let file: File | undefined
  if (request.body instanceof FormData)
    for (const [name, value] of request.body) {
      if (typeof value === 'string') fields[name] = value
      else if (name === 'file') file = value
    }
  return { fields, file }
}

type Recipient = { phone: string; variables: string[] }

/** `0812…|Budi|150.000` → `62812…` and its variables; nothing for what is no number and no group. */
function readTarget(typed: string, countryCode = '62'): Recipient | undefined {
  const [number = '', ...variables] = typed.trim().split('|')
  if (/^[\d-]+@g\.us$/.test(number)) return { phone: number, variables }
  const digits = number.replace(/[\s+().-]/g, '')
  const phone = countryCode === '0' ? digits : digits.replace(/^0/, countryCode)
  return /^\d{8,15}$/.test(phone) ? { phone, variables } : undefined
}

/** Fills `{name}` with the first variable of a target and `{var1}`, `{var2}` … with those that follow. */
function fill(message: string, variables: string[]): string {
  if (variables.length === 0) return message
  return message.replace(/\{(?:name|var(\d+))\}/g, (_, number?: string) => variables[Number(number ?? 0)] ?? '')
}

async function readAttachment(fields: Record<string, string>, file?: File): Promise<FonnteMessage['attachment']> {
  if (file) return { filename: fields.filename || file.name, bytes: await file.bytes() }
  if (fields.url) return { filename: fields.filename || (fields.url.split('/').at(-1) ?? ''), url: fields.url }
}
