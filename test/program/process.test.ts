import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { freePort, OWNER } from '../support/program.ts'

/** The program as a process of its own, started and stopped as a person would. */
type Running = { child: ChildProcess; url: string; output: () => string; ended: Promise<number | null> }

const folders: string[] = []
const running: Running[] = []

afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
  for (const folder of folders.splice(0)) {
    await killDatabase(folder)
    rmSync(folder, { recursive: true, force: true })
  }
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tagih-process-'))
  folders.push(folder)
  return folder
}

async function killDatabase(folder: string): Promise<void> {
  const pid = databasePid(folder)
  if (pid === undefined) return
  process.kill(pid, 'SIGKILL')
  while (isAlive(pid)) await sleep(20)
}

function databasePid(folder: string): number | undefined {
  const file = join(folder, 'postgres', 'postmaster.pid')
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined
  return pid !== undefined && isAlive(pid) ? pid : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function launch(
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

async function ready(program: Running): Promise<Running> {
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

const post = async (program: Running, path: string, body: object = {}) =>
  (
    await fetch(`${program.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  ).json()
const say = (program: Running, text: string) => post(program, '/simulator/messages', { from: OWNER, text })

describe('a demo in a fresh folder', () => {
  test('says in one line where to look, and SIGTERM to npm alone ends it and its database', async () => {
    const folder = newFolder()
    const program = await ready(launch(folder, await freePort(), {}, ['npm', 'run', '--silent', 'demo']))
    expect(program.output().trim()).toBe(`Tagih siap dicoba: ${program.url}/simulator`)
    expect(databasePid(folder)).toBeDefined()
    program.child.kill('SIGTERM')
    await program.ended
    const deadline = Date.now() + 10_000
    while (databasePid(folder) !== undefined && Date.now() < deadline) await sleep(50)
    expect(databasePid(folder)).toBeUndefined()
    await expect(fetch(program.url)).rejects.toThrow()
  })

  test('starts under another locale, from another folder of settings', async () => {
    const program = await ready(
      launch(newFolder(), await freePort(), { LANG: 'C', LC_ALL: 'C', PGPORT: '1', PGUSER: 'x' }),
    )
    expect(await say(program, 'lihat paket')).toMatchObject({ understood: { command: 'plan.list' } })
  })
})

test('kill -9 and a new start lose nothing: business, clock, open question and what was committed', async () => {
  const folder = newFolder()
  const port = await freePort()
  const first = await ready(launch(folder, port))
  await post(first, '/simulator/clock', { now: '2026-12-05T10:00:00+07:00' })
  await say(first, 'tambah pelanggan Slamet Widodo 085700004321 Rumah 10 Mbps tempo 20')
  await say(first, 'lunas slamet widodo 100rb')
  await say(first, 'harga rumah 10 mbps jadi 160rb')
  first.child.kill('SIGKILL')
  await first.ended
  // The database outlives the program, and is taken over.
  expect(databasePid(folder)).toBeDefined()
  const second = await ready(launch(folder, port))
  const { now } = (await (await fetch(`${second.url}/simulator/clock`)).json()) as { now: string }
  expect(now.startsWith('2026-12-05T10:0')).toBe(true)
  expect(await say(second, 'ya')).toMatchObject({ replies: [{ text: expect.stringContaining('Rp160.000') }] })
  expect(await say(second, 'cari slamet')).toMatchObject({
    replies: [{ text: expect.stringContaining('*belum lunas*, Rp50.000') }],
  })
})

test('kill -9 of program and database at once: the next start recovers', async () => {
  const folder = newFolder()
  const port = await freePort()
  const first = await ready(launch(folder, port))
  await say(first, 'tambah paket Gamer 30 Mbps 275rb')
  first.child.kill('SIGKILL')
  await killDatabase(folder)
  await first.ended
  const second = await ready(launch(folder, port))
  expect(await say(second, 'lihat paket')).toMatchObject({
    replies: [{ text: expect.stringContaining('Gamer 30 Mbps') }],
  })
})

describe('what a person did wrong is one line', () => {
  const lineOf = async (program: Running) => {
    expect(await program.ended).toBe(1)
    const lines = program.output().trim().split('\n')
    expect(lines).toHaveLength(1)
    return lines[0]
  }

  test('a second program on the same folder', async () => {
    const folder = newFolder()
    await ready(launch(folder, await freePort()))
    expect(await lineOf(launch(folder, await freePort()))).toMatch(/^DATA_DIR: .* sedang dipakai Tagih lain/)
  })

  test('a port that is taken', async () => {
    const port = await freePort()
    await ready(launch(newFolder(), port))
    expect(await lineOf(launch(newFolder(), port))).toMatch(/^PORT: port \d+ .* sedang dipakai/)
  })

  test.each([
    [{ PORT: 'abc' }, /^PORT: /],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL: /],
    [{ FONNTE_URL: 'ftp://x' }, /^FONNTE_URL: /],
    [{ DATABASE_URL: 'mysql://x' }, /^DATABASE_URL: /],
    [{ DATABASE_URL: 'postgres://nobody:x@127.0.0.1:9/none' }, /^DATABASE_URL: database tidak bisa dihubungi/],
    [{ SECRET_KEY: 'short' }, /^SECRET_KEY: /],
    [{ DATA_DIR: '/proc/none' }, /^DATA_DIR: /],
  ])('%j', async (env, expected) => {
    const settings = { PORT: String(await freePort()), ...env } as Record<string, string>
    expect(await lineOf(launch(settings.DATA_DIR ?? newFolder(), Number(settings.PORT) || 3999, settings))).toMatch(
      expected,
    )
  })
})
