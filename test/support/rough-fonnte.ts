import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from './random.ts'

/**
 * A Fonnte on a bad day, in a process that nobody kills: it takes messages and answers, or takes them and does not
 * answer, answers with HTML or half a line, refuses, goes away. It remembers what it was handed.
 */
export type RoughFonnte = {
  url: string
  /** How often each phone was handed over. */
  handed: Map<string, number>
  /** Phones that it refused for good. */
  refused: Set<string>
  /** Calls that came in. */
  calls(): number
  /** Calls that it did not answer, or not so that anybody could read it. */
  withheld(): number
  stop(): Promise<void>
}

type Mood = { name: string; share: number; takes: boolean; garbles?: boolean }

/** What happens to a call, in thousandths; the rest goes well. */
const MOODS: readonly Mood[] = [
  { name: 'slow', share: 20, takes: true },
  { name: 'bad number', share: 15, takes: false },
  { name: 'disconnected', share: 3, takes: false },
  { name: 'away', share: 5, takes: true },
  { name: 'html', share: 15, takes: false, garbles: true },
  { name: 'html after taking', share: 15, takes: true, garbles: true },
  { name: 'cut', share: 15, takes: false, garbles: true },
  { name: 'cut after taking', share: 20, takes: true, garbles: true },
  { name: 'half an answer', share: 10, takes: true, garbles: true },
]
const WELL: Mood = { name: 'well', share: 0, takes: true }
const HANG: Mood = { name: 'hang', share: 0, takes: true, garbles: true }

/** How long it does not even listen. */
const AWAY_MS = 200

/**
 * @param hangs how many calls, evenly spread over so many, are taken and then never answered; `calm`: all others go well
 */
export async function roughFonnte(
  random: Random,
  hangs: { calls: number; count: number; calm?: boolean },
): Promise<RoughFonnte> {
  const handed = new Map<string, number>()
  const refused = new Set<string>()
  let calls = 0
  let withheld = 0
  let lastId = 1_000

  const pick = (): Mood => {
    const every = Math.floor(hangs.calls / (hangs.count + 1))
    if (hangs.count > 0 && calls % every === 0 && calls / every <= hangs.count) return HANG
    if (hangs.calm) return WELL
    let rest = random() * 1_000
    for (const mood of MOODS) {
      rest -= mood.share
      if (rest < 0) return mood
    }
    return WELL
  }

  const server = createServer(async (request, response) => {
    const fields = new URLSearchParams(await read(request))
    if (request.url === '/device') return answer(response, { device_status: 'connect', quota: '100000', status: true })
    calls++
    const mood = pick()
    const phone = fields.get('target') ?? ''
    if (mood.takes) handed.set(phone, (handed.get(phone) ?? 0) + 1)
    if (mood.garbles) withheld++
    const taken = { detail: 'success! message in queue', id: [++lastId], process: 'pending', status: true }
    switch (mood.name) {
      case 'hang':
        return
      case 'slow':
        await sleep(50 + random() * 200)
        return answer(response, taken)
      case 'bad number':
        refused.add(phone)
        return answer(response, { reason: 'target invalid', requestid: lastId, status: false })
      case 'disconnected':
        return answer(response, { reason: 'request invalid on disconnected device', status: false })
      case 'html':
      case 'html after taking':
        return answer(response, '<html><body><h1>502 Bad Gateway</h1></body></html>', 502)
      case 'cut':
      case 'cut after taking':
        return void request.socket.destroy()
      case 'half an answer':
        return answer(response, '{"detail":"success! message in qu')
      case 'away':
        // Whoever was answered shall not come back on the same connection.
        response.setHeader('connection', 'close')
        answer(response, taken)
        return goAway()
      default:
        return answer(response, taken)
    }
  })

  const listen = (port: number) => new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  await listen(0)
  const { port } = server.address() as AddressInfo
  let away = Promise.resolve()
  const goAway = () => {
    away = away.then(async () => {
      server.close()
      await sleep(AWAY_MS)
      await listen(port)
    })
  }

  return {
    url: `http://127.0.0.1:${port}`,
    handed,
    refused,
    calls: () => calls,
    withheld: () => withheld,
    async stop() {
      await away
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

function answer(response: ServerResponse, body: object | string, status = 200): void {
  response.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json' })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}
