import { createHash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { refuseInsideBooks } from '../domain/books.ts'
import type { Incoming } from '../domain/message.ts'
import { type BroadcastGateway, GatewayError, type Outgoing } from '../domain/outbox.ts'
import { readPhone } from '../domain/phone.ts'

/**
 * Fonnte's HTTP API (api-facts A): form bodies, HTTP 200 on every logical error, success only where the body's
 * `status` is true. There is no idempotency key, so an answer that was lost is never asked for again.
 */

/** Slower answers count as lost; callers in the field use 10 to 30 s. */
const TIMEOUT_MS = 20_000
/** An answer is a few hundred bytes; what is longer than this is none, and is not read to its end. */
const LONGEST_ANSWER = 100_000

const Answer = z.object({
  status: z.union([z.boolean(), z.string()]).transform((value) => value === true || value === 'true'),
  reason: z.string().optional(),
  detail: z.string().optional(),
  id: z.array(z.union([z.string(), z.number()])).optional(),
  device: z.string().optional(),
  device_status: z.string().optional(),
  quota: z.union([z.string(), z.number()]).nullish().catch(undefined),
})

/** Reasons that concern the device or the account: nothing can leave until the owner mends it (api-facts A2). */
const DEVICE_REASONS: readonly [RegExp, string][] = [
  [/invalid token|token invalid|unknown user/i, 'token Fonnte tidak dikenal'],
  [/disconnected device|device disconnect/i, 'perangkat Fonnte terputus'],
  [/insufficient quota/i, 'kuota Fonnte habis'],
]

/** Codes of Node's network errors at which nothing can have reached the other side. */
const NEVER_ARRIVED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Makes the gateway for one business's device. The token is used nowhere else and never part of an error. */
export function fonnte(options: { url: string; token: string }): BroadcastGateway {
  return {
    send: (message) => send(options, message),
    device: async () => {
      const answer = await call(options, '/device', new URLSearchParams())
      if (!answer.status) throw refusal(answer.reason ?? '')
      const quota = Number(answer.quota)
      return {
        connected: answer.device_status === 'connect',
        phone: readPhone(answer.device ?? '')?.phone,
        quota: Number.isFinite(quota) && answer.quota !== '' ? quota : undefined,
      }
    },
  }
}

async function send(options: { url: string; token: string }, message: Outgoing): Promise<{ id: string }> {
  // N14: a comma or a bar in the target would address others, braces in the text are Fonnte's variables.
  if (!/^[1-9]\d{7,14}$/.test(message.phone)) throw new GatewayError('recipient', 'nomor tidak bisa dibaca')
  const text = message.text.replace(/\{/g, '(').replace(/\}/g, ')')
  const answer = await call(
    options,
    '/send',
    withFile({ target: message.phone, message: text, countryCode: '0' }, message),
  )
  if (!answer.status) throw refusal(answer.reason ?? '')
  const id = answer.id?.[0]
  return { id: id === undefined ? message.outsideId : String(id) }
}

function refusal(reason: string): GatewayError {
  const device = DEVICE_REASONS.find(([pattern]) => pattern.test(reason))
  if (device) return new GatewayError('device', device[1])
  if (/target/i.test(reason)) return new GatewayError('recipient', 'nomor ditolak Fonnte')
  if (/timeout/i.test(reason)) return new GatewayError('unknown', 'Fonnte tidak menjawab pasti')
  return new GatewayError('recipient', `ditolak Fonnte: ${reason.slice(0, 80) || 'tanpa alasan'}`)
}

/** A file goes along in a form of several parts; Fonnte takes it on its attachment packages alone, and says so. */
function withFile(fields: Record<string, string>, { file }: Outgoing): URLSearchParams | FormData {
  if (!file) return new URLSearchParams(fields)
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  form.set('file', new File([new Uint8Array(file.bytes)], file.name, { type: file.mime }))
  form.set('filename', file.name)
  return form
}

async function call(options: { url: string; token: string }, path: string, body: URLSearchParams | FormData) {
  refuseInsideBooks()
  const text = await fetch(`${options.url}${path}`, {
    method: 'POST',
    headers: { Authorization: options.token },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    redirect: 'error',
  })
    .then(readAnswer)
    .catch((error: Error & { cause?: { code?: string } }) => {
      if (NEVER_ARRIVED.has(error.cause?.code ?? '')) throw new GatewayError('passing', 'Fonnte tidak bisa dihubungi')
      throw new GatewayError('unknown', 'koneksi putus saat mengirim')
    })
  const answer = Answer.safeParse(parse(text))
  if (!answer.success) throw new GatewayError('unknown', 'jawaban Fonnte tidak terbaca')
  return answer.data
}

/** The text of an answer, or nothing where it goes on for longer than any answer. */
async function readAnswer({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop ends the connection.
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > LONGEST_ANSWER) return ''
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Keys come as `status` and as `Status`; HTML or anything else that is no JSON object is no answer. */
function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key.toLowerCase(), entry]))
  } catch {
    return undefined
  }
}

const Text = z.union([z.string(), z.number().transform(String)]).catch('')
const Inbound = z.object({
  device: Text,
  sender: Text,
  member: Text,
  message: Text,
  text: Text,
  location: Text,
  pollname: Text,
  inboxid: Text,
  timestamp: Text,
  url: Text,
  filename: Text,
})

/** What Fonnte says where a message has no words (A5). */
const NO_TEXT = 'non-text message'

/**
 * Reads the body of Fonnte's incoming webhook (A5). Nothing of it is signed. Answers nothing for what is not a person's
 * own message to us: groups, polls, our own echo.
 */
export function readFonnteMessage(body: Record<string, unknown>): { device: string; message: Incoming } | undefined {
  const said = Inbound.parse(body)
  const { device, sender, member, pollname, inboxid, timestamp } = said
  const isPerson = /^[1-9]\d{7,14}$/.test(sender) && !sender.startsWith('120363')
  if (!isPerson || sender === device || member !== '' || pollname !== '') return undefined
  const words = said.message || said.text
  const hasFile = said.url !== '' || said.filename !== '' || words === NO_TEXT
  const kind = hasFile ? 'file' : said.location === '' ? 'text' : 'location'
  return {
    device,
    message: {
      channel: 'fonnte',
      // Without an id of its own the same words at the same second are the same message (A5).
      outsideId: inboxid ? `inbox ${inboxid}` : timestamp ? digest([sender, words, timestamp]) : randomUUID(),
      phone: sender,
      kind,
      text: words === NO_TEXT ? '' : words,
    },
  }
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

const UNDELIVERED: Readonly<Record<string, string>> = {
  invalid: 'nomornya tidak ada di WhatsApp',
  failed: 'tidak terkirim oleh Fonnte',
  expired: 'perangkat Fonnte terlalu lama terputus',
  'url unreachable': 'lampirannya tidak terbaca Fonnte',
}

/** Reads the body of Fonnte's status webhook (A6): the message that failed and why, or nothing for any other news. */
export function readFonnteStatus(body: Record<string, unknown>): { outsideId: string; reason: string } | undefined {
  const reason = UNDELIVERED[String(body.status ?? '').toLowerCase()]
  const id = body.id
  if (!reason || (typeof id !== 'string' && typeof id !== 'number') || id === '') return undefined
  return { outsideId: String(id), reason }
}
