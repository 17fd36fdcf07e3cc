import { describe, expect, test } from 'vitest'
import { endNumber, linkNumber } from '../../src/domain/whatsapp.ts'
import { type ChatRow, OWNER, startTestProgram } from '../support/program.ts'

/** What comes in by Fonnte's webhook: nothing of it is signed (faults H01, H15, C05, C13). */
const program = await startTestProgram()
await program.post('/simulator/reset', { customers: 3 })
const { fonnte, fonnteStatus, device } = await program.get<{ fonnte: string; fonnteStatus: string; device: string }>(
  '/simulator/webhooks',
)
const people = await program.get<{ phone: string; name: string; role: string }[]>('/simulator/phones')
const customer = people.find(({ role }) => role === 'customer')?.phone as string
let inboxid = 1_000

const deliver = (sender: string, message: string, more: object = {}) =>
  fetch(fonnte, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ device, sender, message, inboxid: inboxid++, timestamp: 1_790_000_000, ...more }),
  })

const chat = async (phone: string) => {
  await program.post('/simulator/settle')
  return program.get<ChatRow[]>(`/simulator/messages?phone=${phone}`)
}
const lastAnswer = async (phone: string) => (await chat(phone)).filter(({ direction }) => direction === 'out').at(-1)
const codeIn = (text = '') => /\*(\d{6})\*/.exec(text)?.[1] as string

describe('a message', () => {
  test('is answered by the number that was written to', async () => {
    expect((await deliver(customer, 'brp kak?')).status).toBe(200)
    expect(await lastAnswer(customer)).toMatchObject({ channel: 'fonnte', text: expect.stringContaining('Balas *1*') })
  })

  test('comes as a form too, urlencoded or multipart', async () => {
    const fields = { device, sender: OWNER, message: 'lihat paket', inboxid: String(inboxid++) }
    await fetch(fonnte, { method: 'POST', body: new URLSearchParams(fields) })
    expect((await lastAnswer(OWNER))?.text).toContain('3 paket')
    const form = new FormData()
    for (const [name, value] of Object.entries({ ...fields, message: 'bantuan', inboxid: String(inboxid++) }))
      form.set(name, value)
    await fetch(fonnte, { method: 'POST', body: form })
    expect((await lastAnswer(OWNER))?.text).toContain('Yang paling sering dipakai')
  })

  test('delivered again is nothing, with an id and without', async () => {
    const before = (await chat(OWNER)).length
    for (const id of [77, 77, '77']) await deliver(OWNER, 'lihat paket', { inboxid: id })
    for (let time = 0; time < 3; time++) await deliver(OWNER, 'lihat paket', { inboxid: '' })
    expect((await chat(OWNER)).length - before).toBe(4)
  })

  test.each([
    ['of a group', { sender: '120363041234567890', member: OWNER }],
    ['of a group by its member', { member: OWNER }],
    ['of our own device', { sender: 'DEVICE' }],
    ['of a poll', { pollname: 'libur?', choices: 'ya' }],
    ['to another device', { device: '6281299999999' }],
    ['from no number', { sender: "1' or 1=1" }],
  ])('%s is taken and ignored', async (_, fields: Record<string, string>) => {
    const before = (await program.get<ChatRow[]>('/simulator/messages')).length
    const sender = fields.sender === 'DEVICE' ? device : OWNER
    expect((await deliver(sender, 'lihat paket', { ...fields, sender: fields.sender ?? sender })).status).toBe(200)
    await program.post('/simulator/settle')
    expect((await program.get<ChatRow[]>('/simulator/messages')).length).toBe(before)
  })

  test('to the number on which the bot itself hears is not taken twice, while it is linked (C05)', async () => {
    const { openBooks, sealer } = program.program
    const businessId = 1
    await openBooks(businessId, (books) => books.trx.updateTable('business').set({ fonnte_device: null }).execute())
    expect(await linkNumber(openBooks, businessId, sealer, { phone: device, creds: '{}' })).toBe(true)
    const before = (await chat(OWNER)).length
    expect((await deliver(OWNER, 'lihat paket')).status).toBe(200)
    expect((await chat(OWNER)).length).toBe(before)
    await openBooks(businessId, (books) => endNumber(books, 'unlinked'))
    await deliver(OWNER, 'lihat paket')
    expect((await chat(OWNER)).length).toBe(before + 2)
  })

  test('with a wrong secret or of an unknown business is not found, and garbage is refused', async () => {
    const body = JSON.stringify({ device, sender: OWNER, message: 'telat' })
    const post = (url: string, text: string) =>
      fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: text })
    expect((await post(`${fonnte}x`, body)).status).toBe(404)
    expect((await post(fonnte.replace('/demo/', '/lain/'), body)).status).toBe(404)
    expect((await post(fonnte, '[]')).status).toBe(400)
    expect((await post(fonnte, '{')).status).toBe(400)
    expect((await post(fonnte, JSON.stringify({ message: 'x'.repeat(100_000) }))).status).toBe(413)
    expect((await post(fonnte, JSON.stringify({ sender: { a: 1 }, message: [1], device }))).status).toBe(200)
    expect((await fetch(fonnte)).status).toBe(200)
  })
})

describe('money and many messages need the code that only the phone gets', () => {
  test('lunas is done after the code, once, and not before', async () => {
    const [, , , budi] = people
    await deliver(OWNER, `lunas ${budi?.phone} 25rb`)
    const asked = await lastAnswer(OWNER)
    expect(asked?.text).toMatch(/^Belum dikerjakan: "lunas/)
    await deliver(OWNER, 'ya')
    expect((await lastAnswer(OWNER))?.text).not.toContain('✅')
    await deliver(OWNER, '000000' === codeIn(asked?.text) ? '000001' : '000000')
    expect((await lastAnswer(OWNER))?.text).toContain('belum cocok')
    await deliver(OWNER, codeIn(asked?.text))
    expect((await lastAnswer(OWNER))?.text).toMatch(/^✅ \*Rp25\.000\* dari/)
    await deliver(OWNER, codeIn(asked?.text))
    expect((await lastAnswer(OWNER))?.text).not.toContain('✅')
  })

  test('five wrong codes close it', async () => {
    await deliver(OWNER, `lunas ${people[4]?.phone} 30rb`)
    const code = codeIn((await lastAnswer(OWNER))?.text)
    const wrong = code === '111111' ? '222222' : '111111'
    for (let time = 0; time < 5; time++) await deliver(OWNER, wrong)
    expect((await lastAnswer(OWNER))?.text).toContain('5 kali tidak cocok')
    await deliver(OWNER, code)
    expect((await lastAnswer(OWNER))?.text).not.toContain('✅')
  })

  test('tagih semua: one code, then a plain ya is enough; a ya that was asked elsewhere is not', async () => {
    await program.say(OWNER, 'harga rumah 10 mbps jadi 160rb')
    await deliver(OWNER, 'ya')
    expect((await lastAnswer(OWNER))?.text).toMatch(/^Belum dikerjakan/)
    await deliver(OWNER, 'tagih semua')
    await deliver(OWNER, codeIn((await lastAnswer(OWNER))?.text))
    expect((await lastAnswer(OWNER))?.text).toContain('Balas *ya* untuk mengirim')
    await deliver(OWNER, 'ya')
    expect((await chat(OWNER)).some(({ text }) => text.startsWith('✅ Selesai'))).toBe(true)
  })

  test('whoever forges commands cannot flood the phone with codes', async () => {
    await program.post('/simulator/clock', { now: '2026-11-24T09:00:00+07:00' })
    const before = (await chat(OWNER)).filter(({ text }) => text.startsWith('Belum dikerjakan')).length
    for (let time = 0; time < 12; time++) await deliver(OWNER, `lunas ${people[4]?.phone} ${time + 1}rb`)
    const after = (await chat(OWNER)).filter(({ text }) => text.startsWith('Belum dikerjakan')).length
    expect(after - before).toBe(5)
  })
})

test('a status that says it could not be delivered makes the message a failed one, for good', async () => {
  const sent = (await chat(customer)).find(({ channel, direction }) => channel === 'fonnte' && direction === 'out')
  const { program: running } = program
  const businessId = 1
  const outsideId = await running.openBooks(businessId, async (books) => {
    const row = await books.trx
      .selectFrom('message')
      .select('outside_id')
      .where('id', '=', sent?.id as number)
      .executeTakeFirst()
    return row?.outside_id as string
  })
  const report = (body: object) =>
    fetch(fonnteStatus, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  expect((await report({ device, id: Number(outsideId), status: 'invalid' })).status).toBe(200)
  for (const body of [
    { id: outsideId, status: 'sent' },
    { stateid: '3EB0', state: 'delivered' },
    { id: '9', status: 'baru' },
    {},
  ])
    expect((await report({ device, ...body })).status).toBe(200)
  expect((await chat(customer)).find(({ id }) => id === sent?.id)).toMatchObject({
    status: 'failed',
    reason: 'nomornya tidak ada di WhatsApp',
  })
})
