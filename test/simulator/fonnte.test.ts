import fastify from 'fastify'
import { afterEach, expect, test } from 'vitest'
import { type FonnteMessage, type FonnteOptions, fakeFonnte } from '../../src/simulator/fonnte.ts'

const TOKEN = 'token-perangkat'
const NOW = Temporal.Instant.from('2026-11-23T09:00:00+07:00')

const open: { close: () => Promise<unknown> }[] = []
afterEach(async () => {
  for (const app of open.splice(0)) await app.close()
})

async function start(options: Partial<FonnteOptions> = {}) {
  const fonnte = fakeFonnte({ token: TOKEN, device: '6281200000001', quota: 100, now: () => NOW, ...options })
  const app = fastify()
  open.push(app)
  app.register(fonnte.routes, { prefix: '/fonnte' })
  const base = `${await app.listen({ port: 0 })}/fonnte`
  const post = async (path: string, body?: Record<string, string> | FormData, token = TOKEN) => {
    const form = body instanceof FormData ? body : new URLSearchParams(body)
    const response = await fetch(base + path, { method: 'POST', headers: { authorization: token }, body: form })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  return { fonnte, base, post }
}

test('a message is taken, counted against the quota and kept with its time', async () => {
  const { fonnte, post } = await start()
  const { status, body } = await post('/send', { target: '081200001474', message: 'Halo Bu Nabila' })
  const id = fonnte.received[0]?.id
  expect(status).toBe(200)
  expect(body).toEqual({
    detail: 'success! message in queue',
    id: [id],
    process: 'pending',
    quota: { '6281200000001': { details: 'deduced from total quota', quota: 100, remaining: 99, used: 1 } },
    requestid: expect.any(Number),
    status: true,
    target: ['6281200001474'],
  })
  expect(fonnte.received).toEqual([
    expect.objectContaining({ target: '6281200001474', text: 'Halo Bu Nabila', at: NOW, fields: expect.anything() }),
  ])
})

test('ids grow, as numbers or as text', async () => {
  const { fonnte, post } = await start()
  const first = (await post('/send', { target: '081200001474', message: 'satu' })).body.id as number[]
  fonnte.switches.textIds = true
  const second = (await post('/send', { target: '081200001474', message: 'dua' })).body.id as string[]
  expect(second[0]).toBeTypeOf('string')
  expect(Number(second[0])).toBeGreaterThan(first[0] as number)
})

test('several targets in one call get their own text from their variables', async () => {
  const { fonnte, post } = await start()
  const { body } = await post('/send', {
    target: '081200001474|Budi|150.000, 6281200001475|Siti|200.000,081200001476',
    message: 'Halo {name}, tagihan Rp{var1}',
  })
  expect(body.target).toEqual(['6281200001474', '6281200001475', '6281200001476'])
  expect(fonnte.received.map(({ text }) => text)).toEqual([
    'Halo Budi, tagihan Rp150.000',
    'Halo Siti, tagihan Rp200.000',
    'Halo {name}, tagihan Rp{var1}',
  ])
  expect(fonnte.quota).toBe(97)
})

test('a file comes in by multipart', async () => {
  const { fonnte, post } = await start()
  const form = new FormData()
  form.set('target', '081200001474')
  form.set('message', 'Daftarnya')
  form.set('file', new File(['isi'], 'daftar.csv', { type: 'text/csv' }))
  expect((await post('/send', form)).body.status).toBe(true)
  const attachment = fonnte.received[0]?.attachment
  expect(attachment?.filename).toBe('daftar.csv')
  expect(Buffer.from(attachment?.bytes ?? []).toString()).toBe('isi')
})

test('a file over 4 MB is refused', async () => {
  const { post } = await start()
  const form = new FormData()
  form.set('target', '081200001474')
  form.set('file', new File([new Uint8Array(4 * 1024 * 1024 + 1)], 'besar.pdf'))
  expect((await post('/send', form)).body).toMatchObject({ status: false, reason: 'file size must under 4MB' })
})

test('JSON is answered with HTTP 200 and a reason', async () => {
  const { base, fonnte } = await start()
  const response = await fetch(`${base}/send`, {
    method: 'POST',
    headers: { authorization: TOKEN, 'content-type': 'application/json' },
    body: JSON.stringify({ target: '081200001474', message: 'Halo' }),
  })
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ status: false, reason: 'invalid/empty body value' })
  expect(fonnte.received).toEqual([])
})

test.each([
  ['no target', { message: 'Halo' }, 'invalid/empty body value'],
  ['no message', { target: '081200001474' }, 'invalid/empty body value'],
  ['an empty inboxid', { target: '081200001474', message: 'Halo', inboxid: '' }, 'invalid/empty body value'],
  ['a Baileys address', { target: '6281200001474@s.whatsapp.net', message: 'Halo' }, 'invalid/empty body value'],
  ['what is no number', { target: 'budi', message: 'Halo' }, 'target invalid'],
])('%s is refused with HTTP 200', async (_, body, reason) => {
  const { fonnte, post } = await start()
  expect(await post('/send', body as Record<string, string>)).toMatchObject({
    status: 200,
    body: { status: false, reason },
  })
  expect(fonnte.received).toEqual([])
})

test('a wrong token is refused in both wordings', async () => {
  const { fonnte, post } = await start()
  const message = { target: '081200001474', message: 'Halo' }
  expect((await post('/send', message, 'lain')).body).toEqual({ reason: 'invalid token', status: false })
  fonnte.switches.refuseToken = 'token invalid'
  expect((await post('/send', message)).body).toEqual({ reason: 'token invalid', Status: false })
})

test('the quota ends: what no longer fits is refused whole', async () => {
  const { fonnte, post } = await start({ quota: 2 })
  await post('/send', { target: '081200001474', message: 'Halo' })
  const { body } = await post('/send', { target: '081200001474,081200001475', message: 'Halo' })
  expect(body).toMatchObject({ status: false, reason: 'insufficient quota' })
  expect(fonnte.received).toHaveLength(1)
})

test('a device that drops in the middle of a blast refuses the rest, and says so', async () => {
  const { fonnte, post } = await start()
  fonnte.switches.disconnectAfter = 2
  const answers = []
  for (let turn = 0; turn < 4; turn++)
    answers.push((await post('/send', { target: '081200001474', message: 'Halo' })).body.status)
  expect(answers).toEqual([true, true, false, false])
  expect((await post('/device')).body.device_status).toBe('disconnect')
  expect((await post('/qr')).body).toMatchObject({ status: true, url: expect.any(String) })
  expect((await post('/qr', { type: 'code' })).body).toMatchObject({ status: true, code: expect.any(String) })
})

test('the device tells its quota as text', async () => {
  const { post } = await start()
  expect((await post('/device')).body).toMatchObject({
    status: true,
    device: '6281200000001',
    device_status: 'connect',
    quota: '100',
  })
  expect((await post('/qr')).body).toEqual({ reason: 'device already connect', status: false })
})

test('numbers are checked for WhatsApp', async () => {
  const { post } = await start({ isRegistered: (phone) => phone.endsWith('4') })
  expect((await post('/validate', { target: '081200001474,081200001475' })).body).toEqual({
    status: true,
    registered: ['6281200001474'],
    not_registered: ['6281200001475'],
  })
})

test('an answer can get lost after the message was taken', async () => {
  const delivered: FonnteMessage[] = []
  const { fonnte, post } = await start({ deliver: (message) => void delivered.push(message) })
  fonnte.switches.loseAnswer = true
  await expect(post('/send', { target: '081200001474', message: 'Halo' })).rejects.toThrow()
  expect(delivered).toHaveLength(1)
})

test('an ill gateway answers HTML with 502', async () => {
  const { fonnte, base } = await start()
  fonnte.switches.ill = true
  const response = await fetch(`${base}/send`, { method: 'POST', headers: { authorization: TOKEN } })
  expect(response.status).toBe(502)
  expect(await response.text()).toContain('<html>')
})
