import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { findBroken, inBooks } from '../support/invariants.ts'
import {
  cleanUp,
  databaseUrl,
  freePort,
  get,
  kill,
  killDatabase,
  launch,
  newFolder,
  OWNER,
  post,
  type Running,
  ready,
  say,
} from '../support/process.ts'
import { seededRandom } from '../support/random.ts'

afterEach(cleanUp)

const STAFF = [OWNER, '6281200000012', '6281200000013']
const CUSTOMERS = 100

test('kill -9 at random moments of a hundred lunas: each at most once, and what was applied was answered (G5, C02, D02)', {
  timeout: 300_000,
}, async () => {
  const random = seededRandom(5)
  const folder = newFolder()
  const port = await freePort()
  const start = () => launch(folder, port, { LOG_LEVEL: 'silent' })
  let program: Running = await ready(start())
  await post(program, '/simulator/reset', { customers: CUSTOMERS, now: '2026-12-01T09:00:00+07:00' })
  await post(program, '/simulator/clock', { now: '2026-12-10T09:00:00+07:00' })
  const people = await get<{ phone: string; role: string }[]>(program, '/simulator/phones')
  const left = people.filter(({ role }) => role === 'customer').map(({ phone }) => phone)
  const confirmed: string[] = []

  // Three members of staff type, each as soon as their last word was answered or lost; nobody says anything twice.
  const typing = STAFF.map(async (from) => {
    for (let phone = left.pop(); phone; phone = left.pop()) {
      const said = await say(program, `lunas ${phone}`, from).catch(() => undefined)
      if (said?.replies?.some(({ text }) => text.startsWith('✅'))) confirmed.push(phone)
      else await ready(program)
    }
  })
  const done = Promise.all(typing).then(() => true)
  for (let deaths = 0; !(await Promise.race([done, sleep(200 + random() * 600, false)])); deaths++) {
    if (deaths % 3 !== 0) await killDatabase(folder)
    if (deaths % 3 !== 1) {
      await kill(program)
      program = start()
    }
    await ready(program)
  }
  await post(program, '/simulator/settle')

  const url = databaseUrl(folder)
  const rows = await inBooks(url, (query) =>
    query(`
      select p.source, c.phone, m.status,
             (select count(*)::int from message r where r.business_id = m.business_id and r.cause_id = m.id
                 and r.phone = m.phone and r.status = 'sent' and r.text like '✅%') as answers
        from payment p
        join customer_phone c on c.business_id = p.business_id and c.customer_id = p.customer_id
        join message m on m.business_id = p.business_id and 'message:' || m.id = p.source`),
  )
  // At most once each, whatever was killed when.
  expect(new Set(rows.map(({ phone }) => phone)).size).toBe(rows.length)
  // Applied and answered, both or neither: once, by the message that asked for it.
  for (const row of rows) expect(row).toMatchObject({ status: 'handled', answers: 1 })
  // What a person read as recorded is recorded (G7).
  expect(confirmed.filter((phone) => !rows.some((row) => row.phone === phone))).toEqual([])
  // Most were typed while it was up; the test would show nothing if few had come through.
  expect(confirmed.length).toBeGreaterThan(CUSTOMERS / 2)
  expect(await findBroken(url)).toEqual([])
})
