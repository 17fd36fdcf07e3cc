import { expect, test } from 'vitest'
import { OWNER, startTestProgram } from '../support/program.ts'

/** `panel` in the chat, on the running program. */
const program = await startTestProgram()
const ADMIN = '6281200000012'
const COLLECTOR = '6281200000013'

async function linkOf(from: string): Promise<string> {
  const { replies } = await program.say(from, 'panel')
  expect(replies.map(({ to }) => to)).toEqual([from])
  expect(replies[0]?.text).toMatch(/^Link panel untuk Anda, sekali pakai, berlaku 10 menit\. Jangan diteruskan/)
  return replies[0]?.text.split('\n').at(-1) ?? ''
}

async function enter(link: string): Promise<Response> {
  return fetch(link, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: program.url, 'content-type': 'application/x-www-form-urlencoded' },
  })
}

test('owner and admin get a link to the panel as themselves; nobody else does', async () => {
  for (const [phone, name] of [
    [OWNER, 'Pak Joko'],
    [ADMIN, 'Mbak Rina'],
  ] as const) {
    const link = await linkOf(phone)
    expect(link.startsWith(`${program.url}/masuk/`)).toBe(true)
    expect(await (await fetch(link)).text()).toContain(`Masuk sebagai ${name}`)
    const entered = await enter(link)
    expect(entered.status).toBe(303)
    const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? ''
    const home = await (await fetch(`${program.url}/panel`, { headers: { cookie } })).text()
    expect(home).toContain(`Halo, ${name}`)
    expect(home).toContain('Barokah Net')
  }
  const { replies } = await program.say(COLLECTOR, 'panel')
  expect(replies[0]?.text).toContain('hanya untuk pemilik dan admin')
  expect(replies[0]?.text).not.toContain('http')
})

test('it is over after ten minutes of the program’s time, and when a newer one is asked for', async () => {
  const first = await linkOf(OWNER)
  const second = await linkOf(OWNER)
  expect((await enter(first)).status).toBe(410)
  const { now } = await program.get<{ now: string }>('/simulator/clock')
  await program.post('/simulator/clock', { now: Temporal.Instant.from(now).add({ minutes: 11 }).toString() })
  expect((await enter(second)).status).toBe(410)
})
