import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { Program } from '../../src/main.ts'
import { readSettings } from '../../src/settings.ts'
import { startSimulator } from '../../src/simulator/main.ts'
import { createTestDatabase } from './database.ts'

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
  /** Sends a file as that phone. */
  send(from: string, file: { name: string; bytes: Uint8Array }): Promise<Posted>
}

export const OWNER = '6281200000011'

export async function startTestProgram(env: Record<string, string> = {}): Promise<TestProgram> {
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
    async send(from, { name, bytes }) {
      const form = new FormData()
      form.set('from', from)
      form.set('file', new File([new Uint8Array(bytes)], name))
      return fetch(`${url}/simulator/messages`, { method: 'POST', body: form }).then(read)
    },
  }
}

export function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer()
    server.once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })
}
