import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { MovableClock } from '../../src/gateways/clock.ts'
import type { Program } from '../../src/main.ts'
import { readSettings } from '../../src/settings.ts'
import { startSimulator } from '../../src/simulator/main.ts'
import { createTestDatabase } from './database.ts'
import { freePort } from './process.ts'

export { freePort, OWNER } from './process.ts'

export type Reply = { id: number; to: string; text: string; media?: { kind: string; filename: string; url: string } }
export type Posted = {
  id: number
  understood: { command: string; args: Record<string, unknown> } | null
  replies: Reply[]
}
export type ChatRow = {
  id: number
  phone: string
  direction: 'in' | 'out'
  channel: 'bot' | 'fonnte'
  status: string
  reason?: string
  text: string
  media?: { filename: string; url: string }
  at: string
}

/** The simulator, really running on a database of its own, and its JSON at hand. Ended after the file. */
export type TestProgram = {
  program: Program
  url: string
  get<T>(path: string): Promise<T>
  post<T>(path: string, body?: unknown): Promise<T>
  /** Types a message as that phone. */
  say(from: string, text: string): Promise<Posted>
  /** Sends a file as that phone, with a text where there is one. */
  send(from: string, file: { name: string; bytes: Uint8Array; text?: string }): Promise<Posted>
}

export async function startTestProgram(
  env: Record<string, string> = {},
  makeClock?: (offset: number) => MovableClock,
): Promise<TestProgram> {
  const folder = mkdtempSync(join(tmpdir(), 'tagih-program-'))
  const port = await freePort()
  const program = await startSimulator(
    readSettings({
      PORT: String(port),
      DATABASE_URL: await createTestDatabase(),
      DATA_DIR: folder,
      LOG_LEVEL: 'error',
      ...env,
    }),
    makeClock,
  )
  afterAll(async () => {
    await program.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return client(program)
}

function client(program: Program): TestProgram {
  const { url } = program
  const read = async (response: Response) => {
    const text = await response.text()
    if (!response.ok) throw new Error(`${response.status} ${response.url}: ${text}`)
    return JSON.parse(text)
  }
  const post = (path: string, body: unknown = {}) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then(read)
  return {
    program,
    url,
    get: (path) => fetch(`${url}${path}`).then(read),
    post,
    say: (from, text) => post('/simulator/messages', { from, text }),
    async send(from, { name, bytes, text }) {
      const form = new FormData()
      form.set('from', from)
      if (text) form.set('text', text)
      form.set('file', new File([new Uint8Array(bytes)], name))
      return fetch(`${url}/simulator/messages`, { method: 'POST', body: form }).then(read)
    },
  }
}

/** So much slower than a real one runs the clock of a story: what it says must not depend on how fast the machine is. */
const SLOWNESS = 1_000n

/** A clock that hardly runs by itself and yet never stands still. */
export function slowClock(offset: number): MovableClock {
  let since = Temporal.Now.instant()
  let at = since.add({ milliseconds: offset })
  const now = () => {
    const passed = Temporal.Now.instant().epochNanoseconds - since.epochNanoseconds
    return Temporal.Instant.fromEpochNanoseconds(at.epochNanoseconds + passed / SLOWNESS)
  }
  const moveTo = (moment: Temporal.Instant) => {
    since = Temporal.Now.instant()
    at = moment
  }
  return {
    real: false,
    now,
    moveTo,
    offsetMs: () => now().epochMilliseconds - Temporal.Now.instant().epochMilliseconds,
    setOffset: (ms) => moveTo(Temporal.Now.instant().add({ milliseconds: ms })),
  }
}
