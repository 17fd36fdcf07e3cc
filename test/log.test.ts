import { expect, test } from 'vitest'
import { makeLog, redact } from '../src/log.ts'

/** I9, S22: what must never stand in a log. */
test.each([
  ['GET /masuk/1.IERWvc_Hpk0207ffL_qfqkRpIAZskFJITVtNRm298gI', 'GET /masuk/[link]'],
  ['cookie tagih=12.IERWvc_Hpk0207ffL_qfqkRpIAZskFJITVtNRm298gI;', 'cookie tagih=[link];'],
  ['POST /webhooks/fonnte/usaha/0123abcd/status', 'POST /webhooks/fonnte/usaha/[alamat]/status'],
  ['key SB-Mid-server-Ab_c-1 and Mid-client-xYz', 'key [kunci] and [kunci]'],
  ['Authorization: Basic U0ItTWlkLXNlcnZlci0xOg==', 'Authorization: [kunci]'],
  ['postgres://tagih:geheim@127.0.0.1:5/tagih', 'postgres://tagih:[sandi]@127.0.0.1:5/tagih'],
  ['{"headers":{"authorization":"abc\\"def"},"x":1}', '{"headers":{"authorization":"[rahasia]"},"x":1}'],
  ['{"password":"a b c"}', '{"password":"[rahasia]"}'],
  ['Key (phone)=(6281200000011) exists', 'Key (phone)=(…011) exists'],
  ['0812-0000-0011, +62 812 0000 0011, 0812 0000.0011', '…011, …011, …011'],
  ['dari 85700001101@s.whatsapp.net', 'dari …101@s.whatsapp.net'],
])('%s', (line, expected) => {
  expect(redact(line)).toBe(expected)
})

test.each([
  ['{"time":"2026-11-26T16:18:58.695Z","ms":12345678}'],
  ['INV-202612-00001 untuk Rp150.000, jatuh tempo 20/12/2026 08.00'],
  ['at /srv/tagih/src/main.ts:120:15 (node:internal/process/task_queues:104:5)'],
  ['errand 3f0c1b7e-2d55-4a8e-9f0a-1b2c3d4e5f60'],
])('%s stays as it is', (line) => {
  expect(redact(line)).toBe(line)
})

test('an error is told without the rows that the database named', () => {
  const lines: string[] = []
  const log = makeLog('info', (line) => lines.push(line))
  const error = Object.assign(new Error('duplicate key value violates unique constraint "staff_phone"'), {
    code: '23505',
    detail: 'Key (business_id, name)=(1, Siti Handayani) already exists.',
    constraint: 'staff_phone',
  })
  log.error({ err: new Error('no answer for 6281200000011', { cause: error }) }, 'work failed')
  const [line = ''] = lines
  expect(JSON.parse(line)).toMatchObject({
    level: 50,
    msg: 'work failed',
    err: { type: 'Error', message: 'no answer for …011', cause: { code: '23505', constraint: 'staff_phone' } },
  })
  expect(line).not.toContain('Siti')
})
