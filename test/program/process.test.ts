import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import {
  cleanUp,
  databasePid,
  freePort,
  get,
  kill,
  killDatabase,
  launch,
  newFolder,
  post,
  type Running,
  ready,
  say,
} from '../support/process.ts'
import { roughMidtrans } from '../support/rough-midtrans.ts'

afterEach(cleanUp)

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

test('a server that a killed program was just starting is taken over once it answers', async () => {
  const folder = newFolder()
  await kill(await ready(launch(folder, await freePort())))
  const server = Number(readFileSync(join(folder, 'postgres/postmaster.pid'), 'utf8').split('\n')[0])
  // As while it recovers from a crash: it is there, and does not answer yet.
  process.kill(server, 'SIGSTOP')
  const next = launch(folder, await freePort())
  const log = join(folder, 'postgres.log')
  while (!readFileSync(log, 'utf8').includes('lock file')) await sleep(50)
  process.kill(server, 'SIGCONT')
  await ready(next)
})

test('what a killed program was at outside is done after the next start (J11)', async () => {
  const midtrans = await roughMidtrans()
  onTestFinished(midtrans.stop)
  const folder = newFolder()
  const port = await freePort()
  const env = { ...midtrans.env, LOG_LEVEL: 'silent' }
  const first = await ready(launch(folder, port, env))
  await post(first, '/simulator/reset', { customers: 1, now: '2026-12-01T09:00:00+07:00' })
  await post(first, '/simulator/clock', { now: '2026-12-10T09:00:00+07:00' })
  const people = await get<{ phone: string; role: string }[]>(first, '/simulator/phones')
  const payer = people.find(({ role }) => role === 'customer')?.phone ?? ''
  const { replies } = await say(first, '1', payer)
  const orderId = /TGH-\w+/.exec(replies.map(({ text }) => text).join())?.[0] ?? ''
  // Ending the link of a bill that was paid in cash hangs at Midtrans, and the program dies there.
  midtrans.says.set(orderId, { fault: 'hang' })
  const recorded = say(first, `lunas ${payer}`).catch(() => {})
  while (!midtrans.expired.includes(orderId)) await sleep(20)
  first.child.kill('SIGKILL')
  await Promise.all([first.ended, recorded])
  midtrans.expired.length = 0
  midtrans.says.set(orderId, { status: 'pending' })
  midtrans.release()
  await ready(launch(folder, port, env))
  while (!midtrans.expired.includes(orderId)) await sleep(20)
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
