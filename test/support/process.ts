import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Posted } from './program.ts'

/**
 * The program as a process of its own, started and stopped as a person would, or killed. Whoever starts one calls
 * `cleanUp` in the end.
 */
export type Running = { child: ChildProcess; url: string; output: () => string; ended: Promise<number | null> }

export const OWNER = '6281200000011'

const folders: string[] = []
const running: Running[] = []

/** Kills and removes whatever is left. */
export async function cleanUp(): Promise<void> {
  for (const program of running.splice(0)) await kill(program)
  for (const folder of folders.splice(0)) {
    await killDatabase(folder)
    rmSync(folder, { recursive: true, force: true })
  }
}

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tagih-process-'))
  folders.push(folder)
  return folder
}

/** Kills the program without a word; its database lives on. */
export async function kill({ child, ended }: Running): Promise<void> {
  child.kill('SIGKILL')
  await ended
}

export async function killDatabase(folder: string): Promise<void> {
  const pid = databasePid(folder)
  if (pid === undefined) return
  process.kill(pid, 'SIGKILL')
  while (isAlive(pid)) await sleep(20)
}

/** The process of the embedded PostgreSQL, while it lives: a number that was given to another process since is none. */
export function databasePid(folder: string): number | undefined {
  const pid = Number(pidFile(folder)?.[0])
  if (!pid || !isAlive(pid)) return undefined
  const command = `/proc/${pid}/cmdline`
  return existsSync(command) && !readFileSync(command, 'utf8').includes(folder) ? undefined : pid
}

/** The login's address of the embedded PostgreSQL. */
export function databaseUrl(folder: string): string {
  const { login } = JSON.parse(readFileSync(join(folder, 'postgres.json'), 'utf8')) as { login: string }
  return `postgres://tagih:${login}@127.0.0.1:${pidFile(folder)?.[3]}/tagih`
}

function pidFile(folder: string): string[] | undefined {
  const file = join(folder, 'postgres', 'postmaster.pid')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

export function launch(
  folder: string,
  port: number,
  env: Record<string, string> = {},
  command = ['node', 'src/simulator/main.ts'],
): Running {
  const [name = '', ...args] = command
  const child = spawn(name, args, {
    cwd: new URL('../..', import.meta.url),
    env: { ...process.env, DATA_DIR: folder, PORT: String(port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout?.on('data', (data) => {
    output += data
  })
  child.stderr?.on('data', (data) => {
    output += data
  })
  const ended = new Promise<number | null>((done) => child.once('close', (code) => done(code)))
  const program = { child, url: `http://127.0.0.1:${port}`, output: () => output, ended }
  running.push(program)
  return program
}

export async function ready(program: Running): Promise<Running> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline && program.child.exitCode === null) {
    const up = await fetch(`${program.url}/healthz`).then(
      (response) => response.ok,
      () => false,
    )
    if (up && program.output().includes('/simulator')) return program
    await sleep(50)
  }
  throw new Error(`did not start: ${program.output()}`)
}

export const post = async <T>(program: Running, path: string, body: object = {}): Promise<T> =>
  (
    await fetch(`${program.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  ).json() as Promise<T>
export const get = async <T>(program: Running, path: string): Promise<T> =>
  (await fetch(`${program.url}${path}`)).json() as Promise<T>
export const say = (program: Running, text: string, from = OWNER): Promise<Posted> =>
  post(program, '/simulator/messages', { from, text })

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
