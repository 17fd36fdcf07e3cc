import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { type ChatRow, OWNER, type Posted, startTestProgram } from '../support/program.ts'

const program = await startTestProgram()
const { get, post, say } = program

/** What the simulator makes as the first, second … customer. */
const customer = (index: number) => String(6_285_710_000_000 + index)
const START = '2026-11-23T09:00:00+07:00'
const begin = (customers: number, now = START) => post<{ now: string }>('/simulator/reset', { customers, now })
const move = (now: string) => post<{ now: string; ran: { at: string; job: string }[] }>('/simulator/clock', { now })
const chatOf = (phone: string, after = 0) => get<ChatRow[]>(`/simulator/messages?phone=${phone}&after=${after}`)

type Answer = { status: number; body: string; world: string | string[] | undefined }

/** Asks as no ordinary client can: with any path and any headers. */
function ask(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Answer> {
  return new Promise((done, failed) => {
    const { hostname, port } = new URL(program.url)
    const asked = request({ hostname, port, method, path, headers }, (response) => {
      let text = ''
      response.on('data', (part) => {
        text += part
      })
      response.on('end', () =>
        done({ status: response.statusCode ?? 0, body: text, world: response.headers['x-tagih-world'] }),
      )
    })
    asked.on('error', failed)
    asked.end(body)
  })
}

const JSON_TYPE = { 'content-type': 'application/json' }

describe('a message', () => {
  test('is answered with what was understood and everything it caused, to whomever', async () => {
    await begin(3)
    const posted = await say(OWNER, 'tagih budi')
    expect(posted).toEqual({
      id: expect.any(Number),
      understood: { command: 'invoice.send', args: { who: 'budi' } },
      replies: [
        { id: expect.any(Number), to: customer(0), text: expect.stringContaining('Rp150.000'), status: 'sent' },
        { id: expect.any(Number), to: OWNER, text: expect.stringContaining('Budi Santoso'), status: 'sent' },
      ],
    })
  })

  test('from a number in any form; one that no phone can have is refused', async () => {
    expect(await say('0812-0000-0011', 'lihat paket')).toMatchObject({ replies: [{ to: OWNER }] })
    expect(await ask('POST', '/simulator/messages', JSON_TYPE, '{"from":"abc","text":"p"}')).toMatchObject({
      status: 400,
    })
    expect(await ask('POST', '/simulator/messages', JSON_TYPE, '{"text":"p"}')).toMatchObject({ status: 400 })
    expect(await ask('GET', '/simulator/messages?phone=abc')).toMatchObject({ status: 400 })
  })

  test('of nobody whom the business knows is kept, and not answered', async () => {
    expect(await say('628999888777', 'halo')).toEqual({ id: expect.any(Number), understood: null, replies: [] })
    expect(await chatOf('628999888777')).toMatchObject([{ direction: 'in', text: 'halo', status: 'handled' }])
  })

  test('with a file brings the preview that its errand made, and the file that came of it', async () => {
    await begin(0)
    const bytes = Buffer.from(
      'Nama;No HP;Paket;Harga;Jatuh Tempo\nBudi;085700001101;A;150000;20\nX;0812 abc;A;150000;20',
    )
    const preview = await program.send(OWNER, { name: 'daftar.csv', bytes })
    expect(preview.replies).toMatchObject([{ to: OWNER, text: expect.stringContaining('Balas *ya*') }])
    const { replies } = await say(OWNER, 'ya')
    const media = replies.flatMap((reply) => reply.media ?? [])
    expect(media).toMatchObject([{ kind: 'document', filename: expect.stringMatching(/\.xlsx$/) }])
    const file = await fetch(media[0]?.url ?? '')
    expect(
      Buffer.from(await file.arrayBuffer())
        .subarray(0, 2)
        .toString(),
    ).toBe('PK')
    expect(await ask('GET', '/simulator/files/999/x.xlsx')).toMatchObject({ status: 404 })
    expect(await ask('GET', '/simulator/files/abc/x.xlsx')).toMatchObject({ status: 404 })
  })

  test('with a file that is too large is refused', async () => {
    const bytes = new Uint8Array(17 * 1_024 * 1_024)
    await expect(program.send(OWNER, { name: 'besar.xlsx', bytes })).rejects.toThrow(/^413/)
  })

  test('brings the pay link, which ends in the order id', async () => {
    await begin(1)
    const { replies } = await say(customer(0), '1')
    const link = /http\S+/.exec(replies[0]?.text ?? '')?.[0] ?? ''
    expect((await fetch(link)).status).toBe(200)
    expect(link).toMatch(/\/TGH-\w+$/)
  })

  test('brings what still waits, too: for the morning, or for its two minutes', async () => {
    await begin(2, '2026-11-23T22:00:00+07:00')
    const night = await say(OWNER, 'tagih budi')
    expect(night.replies).toMatchObject([
      { to: customer(0), status: 'waiting' },
      { to: OWNER, status: 'sent', text: expect.stringContaining('07.00') },
    ])
    await post('/simulator/settle')
    expect(await chatOf(customer(0))).toMatchObject([{ status: 'waiting' }])
    await move('2026-11-24T08:00:00+07:00')
    expect(await chatOf(customer(0))).toMatchObject([
      { status: 'sent', channel: 'bot', direction: 'out', at: expect.stringMatching(/^2026-11-24T07:00:00.*\+07:00$/) },
    ])
    const receipt = await say(OWNER, 'lunas siti 100rb')
    expect(receipt.replies).toMatchObject([
      { to: OWNER, status: 'sent' },
      { to: customer(1), status: 'waiting' },
    ])
    await move('2026-11-24T08:02:01+07:00')
    expect(await chatOf(customer(1))).toMatchObject([{ status: 'sent' }])
  })

  test('that begins a broadcast does not bring its sends', async () => {
    await begin(5)
    await say(OWNER, 'tagih semua')
    const { replies } = await say(OWNER, 'ya')
    expect(replies.map(({ to }) => to)).toEqual([OWNER])
    await post('/simulator/settle')
    const rows = await get<ChatRow[]>('/simulator/messages')
    expect(rows.filter(({ channel, status }) => channel === 'fonnte' && status === 'sent')).toHaveLength(5)
  })
})

test('the messages of a phone come oldest first, and behind an id', async () => {
  await begin(1)
  const first = await say(OWNER, 'lihat paket')
  const second = await say(OWNER, 'bantuan')
  const rows = await chatOf(OWNER)
  expect(rows.map(({ id }) => id)).toEqual([first.id, first.replies[0]?.id, second.id, second.replies[0]?.id])
  expect(rows.map(({ direction, status, channel }) => [direction, status, channel])).toEqual([
    ['in', 'handled', 'bot'],
    ['out', 'sent', 'bot'],
    ['in', 'handled', 'bot'],
    ['out', 'sent', 'bot'],
  ])
  expect(await chatOf(OWNER, first.id)).toEqual(rows.slice(1))
  expect(await chatOf(customer(0))).toEqual([])
})

test('the phones: the owner first, staff, and every customer with a phone once, stopped ones too', async () => {
  await begin(2)
  await say(OWNER, 'tambah pelanggan Kos Melati 0857-1000-0000 Rumah 10 Mbps tempo 20')
  await say(OWNER, 'ya')
  const list = 'Nama;No HP;Paket;Harga;Jatuh Tempo;Status\nTono;085700009999;Rumah 10 Mbps;150000;20;berhenti'
  await program.send(OWNER, { name: 'daftar.csv', bytes: Buffer.from(list) })
  await say(OWNER, 'ya')
  expect(await get('/simulator/phones')).toEqual([
    { phone: OWNER, role: 'owner', name: 'Pak Joko' },
    { phone: expect.any(String), role: 'admin', name: 'Mbak Rina' },
    { phone: expect.any(String), role: 'collector', name: 'Ujang' },
    { phone: customer(0), role: 'customer', name: 'Budi Santoso' },
    { phone: customer(1), role: 'customer', name: 'Siti Santoso' },
    // Two people may share a phone; each is there once.
    { phone: customer(0), role: 'customer', name: 'Kos Melati' },
    { phone: '6285700009999', role: 'customer', name: 'Tono' },
  ])
})

test('the webhooks are the business’s own, and its device is a phone', async () => {
  const { midtrans, fonnte, fonnteStatus, device } = await get<Record<string, string>>('/simulator/webhooks')
  expect(midtrans).toBe(`${program.url}/webhooks/midtrans/demo`)
  expect(fonnte).toMatch(new RegExp(`^${program.url}/webhooks/fonnte/demo/[\\w-]{20,}$`))
  expect(fonnteStatus).toBe(`${fonnte}/status`)
  expect(device).toMatch(/^62\d+$/)
})

describe('the clock', () => {
  test('moves forward alone, and runs every schedule on the way once, in order', async () => {
    await begin(3)
    const { now, ran } = await move('2026-12-03T08:00:00+07:00')
    expect(now).toMatch(/^2026-12-03T08:00:0.*\+07:00$/)
    const issues = ran.filter(({ job }) => job === 'issue').map(({ at }) => at.slice(0, 16))
    // From the day after the 23rd, whose own run was at the start, to the 3rd.
    const days = [24, 25, 26, 27, 28, 29, 30].map((day) => `2026-11-${day}`)
    expect(issues).toEqual([...days, '2026-12-01', '2026-12-02', '2026-12-03'].map((day) => `${day}T00:05`))
    expect(ran.map(({ at }) => at)).toEqual(ran.map(({ at }) => at).sort())
    expect(await ask('POST', '/simulator/clock', JSON_TYPE, '{"now":"2026-12-03T07:59:59+07:00"}')).toMatchObject({
      status: 400,
    })
    expect(await ask('POST', '/simulator/clock', JSON_TYPE, '{"now":"besok"}')).toMatchObject({ status: 400 })
    const { now: still } = await get<{ now: string }>('/simulator/clock')
    expect(still).toMatch(/^2026-12-03T08:00/)
  })

  test('counts what the program’s own ticks started on the way', async () => {
    await begin(0)
    const moving = move('2027-01-02T08:00:00+07:00')
    let done = false
    const ticking = (async () => {
      while (!done) await program.program.tick()
    })()
    const { ran } = await moving
    done = true
    await ticking
    // Eight days of November from the 23rd on less the 23rd itself, all of December, two of January.
    expect(ran.filter(({ job }) => job === 'issue')).toHaveLength(7 + 31 + 2)
  })

  test('two moves come one after the other', async () => {
    await begin(0)
    const both = await Promise.all([move('2026-11-25T08:00:00+07:00'), move('2026-11-26T08:00:00+07:00')])
    // Two nights and one more, each with its bills and its backup.
    expect(both.map(({ ran }) => ran.length)).toEqual([4, 2])
  })
})

describe('pay', () => {
  test('plays Midtrans: the signed notification is a payment, a receipt, and word to the owner', async () => {
    await begin(1)
    const { replies } = await say(customer(0), '1')
    const orderId = /TGH-\w+/.exec(replies[0]?.text ?? '')?.[0]
    expect(await post('/simulator/pay', { orderId, status: 'pending', method: 'va' })).toMatchObject({ webhook: 200 })
    expect(await post('/simulator/pay', { orderId, status: 'settlement' })).toMatchObject({ webhook: 200 })
    await post('/simulator/settle')
    expect((await chatOf(customer(0))).at(-1)?.text).toMatch(/Rp150\.000.*kami terima[\s\S]*virtual account/i)
    expect((await chatOf(OWNER)).at(-1)?.text).toContain('*Budi Santoso*')
  })

  test('with another amount the bill is not paid, and the owner is told', async () => {
    await begin(1)
    const { replies } = await say(customer(0), '1')
    const orderId = /TGH-\w+/.exec(replies[0]?.text ?? '')?.[0]
    await post('/simulator/pay', { orderId, status: 'settlement', amount: 50_000 })
    await post('/simulator/settle')
    expect((await chatOf(OWNER)).at(-1)?.text).toContain('Rp50.000')
    expect((await say(OWNER, 'cari budi')).replies[0]?.text).toContain('belum lunas')
  })

  test('knows no order of nobody, and none of the business before a reset', async () => {
    await begin(1)
    const { replies } = await say(customer(0), '1')
    const orderId = /TGH-\w+/.exec(replies[0]?.text ?? '')?.[0]
    await begin(1)
    for (const id of [orderId, 'TGH-TIDAKADA'])
      expect(
        await ask('POST', '/simulator/pay', JSON_TYPE, JSON.stringify({ orderId: id, status: 'settlement' })),
      ).toMatchObject({ status: 404 })
    expect(await ask('POST', '/simulator/pay', JSON_TYPE, '{"status":"settlement"}')).toMatchObject({ status: 400 })
  })
})

describe('reset', () => {
  test('leaves the sample plans, and as many active customers as were asked for', async () => {
    const { now } = await begin(1_000, '2026-03-02T08:00:00+07:00')
    expect(now).toMatch(/^2026-03-02T08:00:0/)
    const people = await get<{ role: string; phone: string }[]>('/simulator/phones')
    expect(new Set(people.filter(({ role }) => role === 'customer').map(({ phone }) => phone)).size).toBe(1_000)
    const plans = (await say(OWNER, 'lihat paket')).replies[0]?.text
    expect(plans).toMatch(/Rumah 10 Mbps.*Rp150\.000/)
    expect(plans).toContain('19')
    // Due from tomorrow, the 3rd, to the 30th; lead 19, so what is due up to the 21st is issued.
    const bill = await say(OWNER, 'tagih semua')
    const dues = Array.from({ length: 1_000 }, (_, index) => 3 + (index % 28))
    const issued = dues.filter((day) => day <= 2 + 19).length
    expect(bill.replies[0]?.text).toContain(`Tagihan untuk *${issued}* pelanggan`)
  })

  test('without anything asked is an empty business at the same time', async () => {
    await begin(3, '2026-12-10T08:00:00+07:00')
    await say(OWNER, 'tagih semua')
    const { now } = await post<{ now: string }>('/simulator/reset')
    expect(now).toMatch(/^2026-12-10T08:00/)
    expect(await get('/simulator/messages')).toEqual([])
    expect(await get<unknown[]>('/simulator/phones')).toHaveLength(3)
    // The question of the business before is gone with it.
    expect((await say(OWNER, 'ya')).replies[0]?.text).toContain('Tidak ada yang sedang menunggu jawaban')
  })

  test('what is asked meanwhile waits for the new business', async () => {
    const waiting: Promise<unknown>[] = []
    const resetting = begin(200)
    for (let count = 0; count < 20; count++) {
      waiting.push(get('/simulator/phones'), chatOf(OWNER), get('/simulator/clock'))
      await new Promise((done) => setTimeout(done, 5))
    }
    const posted: Promise<Posted> = say(OWNER, 'lihat paket')
    await resetting
    await Promise.all(waiting)
    expect((await posted).replies).toHaveLength(1)
    expect(await get<unknown[]>('/simulator/phones')).toHaveLength(3 + 200)
  })

  test('is told by another name of the world, which a page notices', async () => {
    const { world: before } = await ask('GET', '/simulator/phones')
    await begin(0)
    const { world: after } = await ask('GET', '/simulator/phones')
    expect(before).toMatch(/./)
    expect(after).not.toBe(before)
  })

  test('refuses what it cannot read, and changes nothing', async () => {
    await begin(1)
    for (const body of ['{"customers":-1}', '{"customers":"3"}', '{"now":"kemarin"}', '{bad'])
      expect(await ask('POST', '/simulator/reset', JSON_TYPE, body)).toMatchObject({ status: 400 })
    expect(await get<unknown[]>('/simulator/phones')).toHaveLength(4)
  })
})

describe('nobody but this machine', () => {
  test.each([
    ['GET', '/simulator'],
    ['GET', '/simulator/phones'],
    ['GET', '/%73imulator/phones'],
    ['GET', '/simulator/contoh.xlsx'],
    ['GET', '/simulator/assets/chat.js'],
    ['GET', '/simulator/midtrans/bayar/TGH-X'],
    ['POST', '/simulator/fonnte/send'],
    ['POST', '/simulator/settle'],
    ['POST', '/%73imulator/reset'],
  ])('%s %s under another name', async (method, path) => {
    expect(await ask(method, path, { host: 'tagih.example' })).toMatchObject({ status: 404, body: '{"ok":false}' })
  })

  test('a page of another site cannot post through the browser', async () => {
    expect(await ask('POST', '/simulator/reset', { 'sec-fetch-site': 'cross-site' })).toMatchObject({ status: 404 })
    expect(await ask('POST', '/simulator/settle', { 'sec-fetch-site': 'same-origin' })).toMatchObject({ status: 200 })
  })
})

test('a post that needs nothing may come with nothing', async () => {
  expect(await ask('POST', '/simulator/settle')).toMatchObject({ status: 200 })
  expect(await ask('POST', '/simulator/settle', JSON_TYPE)).toMatchObject({ status: 200 })
  expect(await ask('POST', '/simulator/settle', JSON_TYPE, '{bad')).toMatchObject({ status: 400 })
})
