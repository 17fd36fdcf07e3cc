import { z } from 'zod'
import { type BroadcastGateway, GatewayError, type Outgoing } from '../domain/message.ts'

/**
 * Fonnte's HTTP API (api-facts A): form bodies, HTTP 200 on every logical error, success only where the body's
 * `status` is true. There is no idempotency key, so an answer that was lost is never asked for again.
 */

/** Slower answers count as lost; callers in the field use 10 to 30 s. */
const TIMEOUT_MS = 20_000
/** An answer is a few hundred bytes; more than this is not one. */
const LONGEST_ANSWER = 100_000

const Answer = z.object({
  status: z.union([z.boolean(), z.string()]).transform((value) => value === true || value === 'true'),
  reason: z.string().optional(),
  detail: z.string().optional(),
  id: z.array(z.union([z.string(), z.number()])).optional(),
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
      const answer = await call(options, '/device', {})
      if (!answer.status) throw refusal(answer.reason ?? '')
      const quota = Number(answer.quota)
      return {
        connected: answer.device_status === 'connect',
        quota: Number.isFinite(quota) && answer.quota !== '' ? quota : undefined,
      }
    },
  }
}

async function send(options: { url: string; token: string }, message: Outgoing): Promise<{ id: string }> {
  // N14: a comma or a bar in the target would address others, braces in the text are Fonnte's variables.
  if (!/^[1-9]\d{7,14}$/.test(message.phone)) throw new GatewayError('recipient', 'nomor tidak bisa dibaca')
  const text = message.text.replace(/\{/g, '(').replace(/\}/g, ')')
  const answer = await call(options, '/send', { target: message.phone, message: text, countryCode: '0' })
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

async function call(options: { url: string; token: string }, path: string, fields: Record<string, string>) {
  const text = await fetch(`${options.url}${path}`, {
    method: 'POST',
    headers: { Authorization: options.token },
    body: new URLSearchParams(fields),
    signal: AbortSignal.timeout(TIMEOUT_MS),
    redirect: 'error',
  })
    .then((response) => response.text())
    .catch((error: Error & { cause?: { code?: string } }) => {
      if (NEVER_ARRIVED.has(error.cause?.code ?? '')) throw new GatewayError('passing', 'Fonnte tidak bisa dihubungi')
      throw new GatewayError('unknown', 'koneksi putus saat mengirim')
    })
  const answer = Answer.safeParse(parse(text))
  if (!answer.success) throw new GatewayError('unknown', 'jawaban Fonnte tidak terbaca')
  return answer.data
}

/** Keys come as `status` and as `Status`; HTML or anything else that is no JSON object is no answer. */
function parse(text: string): unknown {
  if (text.length > LONGEST_ANSWER) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key.toLowerCase(), entry]))
  } catch {
    return undefined
  }
}
