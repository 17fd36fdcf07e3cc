import { expect, test } from 'vitest'
import { inDemo } from '../support/payments.ts'
import { type ChatRow, OWNER, startTestProgram } from '../support/program.ts'

const demo = await startTestProgram({ LOG_LEVEL: 'silent' })

const ask = async (text: string) => (await demo.say(OWNER, text)).replies.map((reply) => reply.text).join('\n')

test('a run at its pace: status shows it, a second one waits, stop stops it, resume goes on, and it reports once', async () => {
  await demo.post('/simulator/reset', { customers: 14, now: '2026-12-01T09:00:00+07:00' })
  await demo.post('/simulator/clock', { now: '2026-12-10T09:00:00+07:00' })
  await inDemo(demo, (books) => books.trx.updateTable('business').set({ pace_seconds: 60 }).execute())
  expect(await ask('tagih semua rt 1')).toContain('*2* pelanggan')
  expect(await ask('ya')).toContain('Mulai mengirim ke *2*')
  // What the pace lets through now is sent; the rest waits for its time, and nobody waits for it.
  await demo.post('/simulator/settle')
  expect(await ask('status pengiriman')).toContain('Terkirim *1* dari 2.')
  expect(await ask('tagih semua rt 2')).toContain('*1* dari 2 tagihan masih dikirim')
  expect(await ask('berhenti kirim')).toContain('*1* terkirim, *1* menunggu')
  await demo.post('/simulator/clock', { now: '2026-12-10T09:30:00+07:00' })
  expect(await ask('status pengiriman')).toContain('Dihentikan')
  expect(await ask('lanjut kirim')).toContain('*1* masih menunggu')
  // The clock goes from one message to the next.
  await demo.post('/simulator/clock', { now: '2026-12-10T09:50:00+07:00' })
  expect(await ask('status pengiriman')).toContain('Terkirim *2* dari 2')
  expect(await ask('tagih semua rt 2')).toContain('*2* pelanggan')
  expect(await ask('ya')).toContain('Mulai mengirim ke *2*')
  await demo.post('/simulator/clock', { now: '2026-12-10T10:00:00+07:00' })
  const rows = await demo.get<ChatRow[]>(`/simulator/messages?phone=${OWNER}`)
  expect(rows.filter(({ text }) => text.startsWith('✅ Selesai'))).toHaveLength(2)
  const bills = (await demo.get<ChatRow[]>('/simulator/messages')).filter(({ channel }) => channel === 'fonnte')
  expect(bills).toHaveLength(4)
  const times = bills.map(({ at }) => Temporal.Instant.from(at).epochMilliseconds)
  const distances = times.slice(1).map((time, index) => (time - (times[index] as number)) / 1_000)
  expect(distances.every((seconds) => seconds >= 60)).toBe(true)
})
