import { createServer, type Server } from 'node:http'
import nock from 'nock'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/domain/outbox.ts'
import { fonnte } from '../../src/gateways/fonnte.ts'

const URL = 'https://api.fonnte.test'
const gateway = fonnte({ url: URL, token: 'rahasia-sekali' })
const message = { phone: '6281200001474', text: 'Halo', outsideId: '3EB0AA' }

beforeEach(() => nock.disableNetConnect())
afterEach(() => {
  nock.cleanAll()
  nock.enableNetConnect()
})

const faultOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof GatewayError ? error.fault : String(error)),
  )

test('sends a form with the bare token, and keeps the id as text', async () => {
  nock(URL, { reqheaders: { authorization: 'rahasia-sekali', 'content-type': /^application\/x-www-form-urlencoded/ } })
    .post('/send', { target: '6281200001474', message: 'Halo', countryCode: '0' })
    .reply(200, {
      detail: 'success! message in queue',
      id: [178425550],
      process: 'pending',
      status: true,
      target: ['6281200001474'],
    })
  expect(await gateway.send(message)).toEqual({ id: '178425550' })
  nock(URL)
    .post('/send')
    .reply(200, { id: ['86226241'], status: true })
  expect(await gateway.send(message)).toEqual({ id: '86226241' })
})

test.each([
  [{ reason: 'invalid token', status: false }, 'device'],
  [{ reason: 'token invalid', Status: false }, 'device'],
  [{ reason: 'request invalid on disconnected device', requestid: 331, status: false }, 'device'],
  [{ reason: 'insufficient quota', status: 'false' }, 'device'],
  [{ reason: 'target invalid', status: false }, 'recipient'],
  [{ reason: 'target input invalid', status: false }, 'recipient'],
  [{ reason: 'request timeout', status: false }, 'unknown'],
])('HTTP 200 with %j is a refusal: %s', async (body, fault) => {
  nock(URL).post('/send').reply(200, body)
  expect(await faultOf(gateway.send(message))).toBe(fault)
})

describe('what may have been handed over is uncertain', () => {
  test.each([
    ['HTML of an ill gateway', 502, '<html>Bad Gateway</html>'],
    ['an empty answer', 200, ''],
    ['a list', 200, '[]'],
    ['an answer without status', 200, '{"id":[1]}'],
    ['megabytes', 200, 'x'.repeat(300_000)],
  ])('%s', async (_, status, body) => {
    nock(URL).post('/send').reply(status, body)
    expect(await faultOf(gateway.send(message))).toBe('unknown')
  })

  test('a connection that is cut after the request', async () => {
    nock.enableNetConnect()
    const server: Server = createServer((request) => request.socket.destroy())
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as { port: number }
    expect(await faultOf(fonnte({ url: `http://127.0.0.1:${port}`, token: 't' }).send(message))).toBe('unknown')
    server.close()
  })

  test('an answer that never ends, of which little is read', async () => {
    nock.enableNetConnect()
    let given = 0
    const server: Server = createServer((request, response) => {
      request.resume()
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64_000, 'x'))) given += 64_000
      }
      response.on('drain', pour)
      pour()
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as { port: number }
    const closed = new Promise<void>((done) =>
      server.on('connection', (socket) => socket.on('close', done).on('error', () => {})),
    )
    const error = await fonnte({ url: `http://127.0.0.1:${port}`, token: 't' })
      .send(message)
      .catch((thrown) => thrown)
    expect(error).toMatchObject({ fault: 'unknown', message: 'jawaban Fonnte tidak terbaca' })
    // We hung up, and took no more than what was on its way.
    await closed
    expect(given).toBeLessThan(20_000_000)
    server.close()
  })

  test('where nobody listens nothing was handed over', async () => {
    nock.enableNetConnect()
    const server = createServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as { port: number }
    await new Promise((done) => server.close(done))
    expect(await faultOf(fonnte({ url: `http://127.0.0.1:${port}`, token: 't' }).send(message))).toBe('passing')
  })
})

test('a number that could address others is never sent (N14)', async () => {
  for (const phone of ['0812,0813', '62812|Budi', '62812 ', '120363@g.us', ''])
    expect(await faultOf(gateway.send({ ...message, phone }))).toBe('recipient')
})

test('braces of a name are no variables of Fonnte (N14)', async () => {
  nock(URL)
    .post('/send', (body: { message: string }) => body.message === 'Halo (name)')
    .reply(200, { id: [1], status: true })
  await gateway.send({ ...message, text: 'Halo {name}' })
})

test('a file goes along, under its name', async () => {
  const bodies: string[] = []
  nock(URL)
    .post('/send', (body) => bodies.push(typeof body === 'string' ? body : JSON.stringify(body)) > 0)
    .reply(200, { id: [1], status: true })
  const file = { name: 'telat.xlsx', mime: 'application/octet-stream', bytes: Buffer.from('isi file') }
  expect(await gateway.send({ ...message, file })).toEqual({ id: '1' })
  for (const part of ['name="target"', message.phone, 'filename="telat.xlsx"', 'isi file'])
    expect(bodies[0]).toContain(part)
})

test('the device says whether it is connected and what it may still send', async () => {
  nock(URL).post('/device').reply(200, { device: '081200000001', device_status: 'connect', quota: '78', status: true })
  expect(await gateway.device()).toEqual({ connected: true, phone: '6281200000001', quota: 78 })
  nock(URL).post('/device').reply(200, { device_status: 'disconnect', status: true })
  expect(await gateway.device()).toEqual({ connected: false, quota: undefined })
})

test('the token is in no error', async () => {
  nock(URL).post('/send').replyWithError('broken rahasia-sekali')
  const error = await gateway.send(message).catch((thrown: unknown) => thrown)
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('rahasia-sekali')
})
