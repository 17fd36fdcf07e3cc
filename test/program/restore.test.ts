import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DEMO } from '../../src/simulator/business.ts'
import { type FonnteFake, fakeFonnte } from '../../src/simulator/fonnte.ts'
import { type ChatRow, freePort, OWNER, type Posted } from '../support/program.ts'

/** Several lives of a program and its tools, each a process: minutes where the machine is busy. */
vi.setConfig({ testTimeout: 400_000, hookTimeout: 120_000 })

/**
 * A disk is lost and a backup is all there is, with everything as a process of its own. Fonnte stands outside, so that it
 * remembers across both lives what it was given.
 */
let folder: string
let outside: FastifyInstance
let fonnte: FonnteFake
let env: Record<string, string>
let url: string
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tagih-lost-'))
  fonnte = fakeFonnte({
    token: DEMO.fonnteToken,
    device: DEMO.device,
    quota: 10_000,
    now: () => Temporal.Now.instant(),
  })
  outside = fastify()
  outside.register(fonnte.routes)
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  env = { DATA_DIR: join(folder, 'data'), PORT: String(port), FONNTE_URL: await outside.listen({ port: 0 }) }
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await killDatabase()
  await outside.close()
  rmSync(folder, { recursive: true, force: true })
})

function run(...args: string[]): { child: ChildProcess; output: () => string; ended: Promise<number | null> } {
  const [command = '', ...rest] = args
  const cwd = new URL('../..', import.meta.url)
  const child = spawn(command, rest, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data) => {
      output += data
    })
  const ended = new Promise<number | null>((done) => child.once('close', done))
  return { child, output: () => output, ended }
}

async function tool(name: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const { ended, output } = run('node', `src/tools/${name}.ts`, ...args)
  const code = await ended
  return { code, output: output() }
}

async function startDemo(): Promise<() => Promise<void>> {
  const demo = run('node', 'src/simulator/main.ts')
  while (!demo.output().includes('/simulator')) {
    if (demo.child.exitCode !== null) throw new Error(demo.output())
    await sleep(50)
  }
  await post('/simulator/settle')
  return async () => {
    demo.child.kill('SIGKILL')
    await demo.ended
    await killDatabase()
  }
}

async function killDatabase(): Promise<void> {
  const file = join(folder, 'data', 'postgres', 'postmaster.pid')
  if (!existsSync(file)) return
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0])
  for (let alive = true; alive; await sleep(20)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      alive = false
    }
  }
}

async function post<T>(path: string, body: object = {}): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return (await response.json()) as T
}

/** What the bot answers the owner, after everything that follows from it is done. */
async function say(text: string): Promise<string> {
  const { replies } = await post<Posted>('/simulator/messages', { from: OWNER, text })
  await post('/simulator/settle')
  return replies.map((reply) => reply.text).join('\n')
}

async function lastToOwner(): Promise<string> {
  const rows = (await (await fetch(`${url}/simulator/messages?phone=${OWNER}`)).json()) as ChatRow[]
  return rows.filter(({ direction }) => direction === 'out').at(-1)?.text ?? ''
}

async function billEverybody(): Promise<number> {
  await say('tagih semua')
  await say('ya')
  return fonnte.received.length
}

function mostPerPhone(): number {
  return Math.max(
    ...Map.groupBy(fonnte.received, ({ target }) => target)
      .values()
      .map((all) => all.length),
  )
}

/** Everything that a person loses with a disk: the program at once, its database, the folder. */
async function loseEverything(kill: () => Promise<void>): Promise<void> {
  await kill()
  rmSync(join(folder, 'data'), { recursive: true, force: true })
}

const moments: { taken: 'before the bills were issued' | 'before they were sent' | 'after they were sent' }[] = [
  { taken: 'before the bills were issued' },
  { taken: 'before they were sent' },
  { taken: 'after they were sent' },
]

test.each(moments)('a backup made $taken: after the restore nobody gets a second bill', async ({ taken }) => {
  const file = join(folder, 'cadangan.tar')
  const kill = await startDemo()
  await post('/simulator/reset', { customers: 30, now: '2026-11-24T09:00:00+07:00' })
  const december = { now: '2026-12-01T09:00:00+07:00' }
  const back = async () => expect(await tool('backup', '--to', file)).toMatchObject({ code: 0 })
  if (taken === 'before the bills were issued') await back()
  await post('/simulator/clock', december)
  if (taken === 'before they were sent') await back()
  const sent = await billEverybody()
  expect(sent).toBeGreaterThan(20)
  if (taken === 'after they were sent') await back()
  await loseEverything(kill)

  const restored = await tool('restore', file)
  expect(restored.output).toContain('✓ Dipulihkan: 1 usaha')
  expect(restored.code).toBe(0)
  const verified = await tool('verify')
  expect(verified.output).not.toContain('✗')
  expect(verified.code).toBe(0)

  await startDemo()
  await post('/simulator/clock', december)
  expect(await lastToOwner()).toMatch(/Data dipulihkan dari cadangan.*Lanjut kirim.*\*ya 101\*/s)
  // Whatever the owner types, nothing leaves before the question with its number is answered.
  for (const text of ['tagih semua', 'ya', 'kirim', 'lanjut kirim', 'tagih rt 1', 'tolak 101'])
    expect(await say(text)).toBeTruthy()
  expect(fonnte.received).toHaveLength(sent)

  const released = await say('ya 101')
  expect(released).toContain('✅ Pengiriman berjalan lagi')
  await billEverybody()
  expect(fonnte.received).toHaveLength(sent)
  expect(mostPerPhone()).toBe(1)
  // Bills that are new after that leave as ever.
  await post('/simulator/clock', { now: '2027-01-05T09:00:00+07:00' })
  expect(await billEverybody()).toBeGreaterThan(sent)
  expect(await tool('verify')).toMatchObject({ code: 0 })
})

test('whoever knows that nothing was sent can bill everybody after all, told what that risks', async () => {
  const file = join(folder, 'cadangan.tar')
  const kill = await startDemo()
  await post('/simulator/reset', { customers: 10, now: '2026-11-24T09:00:00+07:00' })
  await tool('backup', '--to', file)
  await loseEverything(kill)
  await tool('restore', file)
  await startDemo()
  const released = await say('ya 101')
  const count = Number(/\*(\d+) pelanggan\* saya anggap/.exec(released)?.[1])
  expect(released).toMatch(new RegExp(`\\*ya 102\\* membuat ${count} orang .* menerima dua kali`))
  expect(await say('tagih semua')).toContain('Belum lunas')
  expect(await say('ya 102')).toContain(`*${count} tagihan* bisa dikirim lagi`)
  expect(await billEverybody()).toBe(count)
  expect(mostPerPhone()).toBe(1)
  expect(await tool('verify')).toMatchObject({ code: 0 })
})

test('backup and verify work while the program runs and while it does not; a restore into its folder is refused', async () => {
  const file = join(folder, 'cadangan.tar')
  expect((await tool('backup')).output).toMatch(/^DATA_DIR: di .* belum ada database\.\n$/)
  const kill = await startDemo()
  const byNpm = run('npm', 'run', '--silent', 'backup', '--', '--to', file)
  expect(await byNpm.ended).toBe(0)
  expect(byNpm.output()).toContain('SECRET_KEY')
  expect(await tool('verify')).toMatchObject({ code: 0 })
  const refused = /^Database ini sudah berisi data\. .*\n$/
  expect((await tool('restore', file)).output).toMatch(refused)
  await kill()
  expect(await tool('backup', '--to', folder)).toMatchObject({ code: 0, output: expect.stringContaining(folder) })
  expect(await tool('verify')).toMatchObject({ code: 0 })
  expect((await tool('restore', file)).output).toMatch(refused)
  // The tools stopped the server that they had started, and left the data as it was.
  expect(existsSync(join(folder, 'data', 'postgres', 'postmaster.pid'))).toBe(false)
  await startDemo()
  expect(await say('lihat paket')).toContain('Rumah 10 Mbps')
})
