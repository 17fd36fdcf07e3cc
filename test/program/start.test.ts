import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { publicUrl, readRealSettings } from '../../src/settings.ts'
import { cleanUp, databaseUrl, freePort, launch, newFolder, type Running } from '../support/process.ts'

/** The real program as a process, as an owner starts it on their server. */
afterEach(cleanUp)

const START = ['node', 'src/start.ts']

async function started(
  folder: string,
  env: Record<string, string> = {},
  command = START,
): Promise<Running & { said: string[] }> {
  const program = launch(folder, await freePort(), env, command)
  const deadline = Date.now() + 60_000
  const said = () =>
    program
      .output()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('{'))
  while (!program.output().includes('Tagih berjalan di') && program.child.exitCode === null && Date.now() < deadline)
    await sleep(50)
  if (said().length === 0) throw new Error(`did not start: ${program.output()}`)
  return { ...program, said: said() }
}

async function stop(program: Running): Promise<void> {
  program.child.kill('SIGTERM')
  await program.ended
}

async function ask<T extends object>(folder: string, query: string): Promise<T[]> {
  const client = new pg.Client(databaseUrl(folder))
  await client.connect()
  try {
    // Row-level security is for the program; the test looks at the one business there is.
    await client.query(`select set_config('app.business_id', '1', false)`)
    return (await client.query(query)).rows as T[]
  } finally {
    await client.end()
  }
}

const form = (url: string, fields: Record<string, string> = {}, cookie = '') =>
  fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(url).origin, cookie },
    body: new URLSearchParams(fields).toString(),
  })

/** Presses the button of a printed link; answers the session's cookie. */
async function enter(link: string): Promise<string> {
  const answer = await form(link)
  expect(answer.status).toBe(303)
  return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
}

async function save(base: string, path: string, fields: Record<string, string>, cookie: string): Promise<number> {
  const page = await (await fetch(`${base}${path}`, { headers: { cookie } })).text()
  const token = /name="token" value="([\w-]{22})"/.exec(page)?.[1] ?? ''
  return (await form(`${base}${path}`, { ...fields, token }, cookie)).status
}

test('the first start makes one business and prints a link; a lost one is printed anew until there is a way in', async () => {
  const folder = newFolder()
  const first = await started(folder, {}, ['npm', 'start', '--silent'])
  expect(first.said).toEqual([
    `Tagih berjalan di ${first.url}`,
    'Siapkan usaha Anda lewat link ini (sekali pakai, berlaku 7 hari):',
    expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/atur\/1\.[\w-]{43}$/),
  ])
  expect(await ask(folder, 'select id, slug, name, package from business')).toEqual([
    { id: '1', slug: 'usaha', name: 'Usaha Saya', package: 'bisnis' },
  ])
  expect(statSync(join(folder, 'secret.key')).mode & 0o777).toBe(0o600)
  expect(await (await fetch(`${first.url}/healthz`)).json()).toEqual({ ok: true })
  // The fakes are no part of it.
  expect((await fetch(`${first.url}/simulator`)).status).toBe(404)
  await stop(first)

  const second = await started(folder)
  expect((await form(first.said[2]?.replace(first.url, second.url) ?? '')).status).toBe(410)
  const cookie = await enter(second.said[2] ?? '')
  expect(await save(second.url, '/panel/pemilik', { callName: 'Pak Joko', phone: '081200000011' }, cookie)).toBe(303)
  await stop(second)

  // There is an owner, who cannot come in yet: the link is theirs.
  const third = await started(folder)
  expect(await (await fetch(third.said[2] ?? '')).text()).toContain('Masuk sebagai Pak Joko')
  const again = await enter(third.said[2] ?? '')
  const fresh = 'jemuran kambing biru'
  expect(await save(third.url, '/panel/akun', { fresh, again: fresh }, again)).toBe(303)
  await stop(third)

  const fourth = await started(folder)
  expect(fourth.said).toEqual([`Tagih berjalan di ${fourth.url}`, `Panel: ${fourth.url}/panel`])
  expect(await ask(folder, 'select id from business')).toHaveLength(1)
  // Whoever has the server's shell can always come in.
  const link = launch(folder, Number(new URL(fourth.url).port), {}, ['npm', 'run', '-s', 'link'])
  expect(await link.ended).toBe(0)
  expect(await enter(link.output().trim())).toMatch(/^tagih=/)
  await stop(fourth)

  const away = launch(newFolder(), await freePort(), {}, ['npm', 'run', '-s', 'link'])
  expect(await away.ended).toBe(1)
  expect(away.output()).toMatch(/^DATA_DIR: di .* belum ada database\.\n$/)
})

test('I9: with everything logged, no secret and no full phone number is in the log', async () => {
  const folder = newFolder()
  const env = {
    LOG_LEVEL: 'trace',
    // Nothing listens there, so that errors are made and told.
    FONNTE_URL: 'http://127.0.0.1:9',
    MIDTRANS_API_URL: 'http://127.0.0.1:9',
    MIDTRANS_SNAP_URL: 'http://127.0.0.1:9',
  }
  const program = await started(folder, env)
  const { url } = program
  const link = program.said[2] ?? ''
  await fetch(link)
  const cookie = await enter(link)
  await save(url, '/panel/pemilik', { callName: 'Pak Joko', phone: '081200000011' }, cookie)
  await save(url, '/panel/fonnte', { fonnteToken: 'token-fonnte-rahasia' }, cookie)
  await save(url, '/panel/midtrans', { serverKey: 'SB-Mid-server-rahasia', mode: 'sandbox' }, cookie)
  await save(url, '/panel/akun', { fresh: 'jemuran kambing biru', again: 'jemuran kambing biru' }, cookie)
  for (let time = 0; time < 6; time++)
    await form(`${url}/masuk`, { phone: '081200000011', password: 'kata sandi salah' })
  const [{ fonnte_secret: secret = '' } = {}] = await ask<{ fonnte_secret: string }>(
    folder,
    'select fonnte_secret from business',
  )
  const said = { device: '6281200000001', sender: '6285700001101', message: 'halo', inboxid: 1 }
  for (const path of [
    `/webhooks/fonnte/usaha/${secret}`,
    `/webhooks/fonnte/usaha/${secret}/status`,
    '/webhooks/midtrans/usaha',
  ])
    for (const body of [JSON.stringify(said), '{"broken'])
      await fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  // A table that is gone makes every page fail, with the database's own words.
  await ask(folder, 'alter table plan rename to plan_away')
  expect((await fetch(`${url}/panel/paket`, { headers: { cookie } })).status).toBe(500)
  const { password } = new URL(databaseUrl(folder))
  await stop(program)

  const log = program
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
  expect(log.length).toBeGreaterThan(20)
  expect(log.join('\n')).toMatch(/page failed/)
  for (const line of log) expect(() => JSON.parse(line)).not.toThrow()
  const text = log.join('\n')
  const tokens = [link, cookie].map((each) => each.split('.').at(-1) as string)
  const secrets = ['rahasia', 'jemuran', 'kata sandi salah', secret, ...tokens, password]
  for (const each of secrets) expect(text, each).not.toContain(each)
  expect(text).not.toMatch(/(?:62|0)?8\d{8,}/)
})

describe('O01: what is weak or missing is refused in one line that names the variable', () => {
  test.each([
    [{ SECRET_KEY: 'x'.repeat(40) }, /^SECRET_KEY: terlalu mudah ditebak/],
    [{ SECRET_KEY: 'change-me-please-8f3kd93kfg84kd93' }, /^SECRET_KEY: terlalu mudah ditebak/],
    [{ SECRET_KEY: 'a8f3kd93kfg84kd93x' }, /^SECRET_KEY: terlalu mudah ditebak/],
    [{ SECRET_KEY: 'a8f3kd93kfg84k' }, /^SECRET_KEY: minimal 16 huruf/],
    [{ HOST: '0.0.0.0' }, /^PUBLIC_URL: belum diisi, padahal HOST 0\.0\.0\.0/],
    [{ HOST: '::' }, /^PUBLIC_URL: belum diisi/],
    [{ PUBLIC_URL: 'http://tagih.example' }, /^PUBLIC_URL: harus https:\/\//],
    [{ PUBLIC_URL: 'http://172.32.0.1' }, /^PUBLIC_URL: harus https:\/\//],
    [{ PUBLIC_URL: 'https://tagih.example/panel' }, /^PUBLIC_URL: harus alamat saja/],
    [{ PUBLIC_URL: 'tagih.example' }, /^PUBLIC_URL: harus alamat http/],
    [{ FONNTE_URL: 'http://fonnte.example' }, /^FONNTE_URL: harus https:\/\//],
    [{ MIDTRANS_API_URL: 'http://midtrans.example' }, /^MIDTRANS_API_URL: harus https:\/\//],
  ])('%j', (env, expected) => {
    expect(() => readRealSettings(env as Record<string, string>)).toThrow(expected)
  })

  test.each([
    [{}, 'http://127.0.0.1:3000'],
    [{ SECRET_KEY: randomBytes(32).toString('hex') }, 'http://127.0.0.1:3000'],
    [{ HOST: '0.0.0.0', PUBLIC_URL: 'https://tagih.example/' }, 'https://tagih.example'],
    [{ HOST: '0.0.0.0', PUBLIC_URL: 'http://192.168.1.10:3000' }, 'http://192.168.1.10:3000'],
    [{ PUBLIC_URL: 'http://server.lan' }, 'http://server.lan'],
  ])('%j is good enough', (env, url) => {
    expect(publicUrl(readRealSettings(env as Record<string, string>))).toBe(url)
  })

  test('as the one line that the program says before it ends', async () => {
    const program = launch(newFolder(), await freePort(), { HOST: '0.0.0.0' }, START)
    expect(await program.ended).toBe(1)
    expect(program.output()).toMatch(/^PUBLIC_URL: [^\n]*\n$/)
  })

  test('a database that confirms what is not on disk yet', async () => {
    const folder = newFolder()
    const first = await started(folder)
    await ask(folder, 'alter role current_user set synchronous_commit = off')
    await stop(first)
    const program = launch(folder, await freePort(), {}, START)
    expect(await program.ended).toBe(1)
    expect(program.output()).toMatch(/^DATABASE_URL: fsync atau synchronous_commit mati/m)
  })
})

test('at home it may be open to the local network, by an address of that network', async () => {
  const folder = newFolder()
  const program = await started(folder, { HOST: '0.0.0.0', PUBLIC_URL: 'http://192.168.1.10:3000' })
  expect(program.said[2]).toMatch(/^http:\/\/192\.168\.1\.10:3000\/atur\//)
  expect((await fetch(`${program.url}/healthz`)).status).toBe(200)
})
