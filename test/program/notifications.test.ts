import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { areBooksOpen } from '../../src/domain/books.ts'
import { inDemo, listPayers, notify, type Payer, readPayers } from '../support/payments.ts'
import { type ChatRow, OWNER, startTestProgram } from '../support/program.ts'
import { seededRandom } from '../support/random.ts'
import { roughMidtrans, signedNotification } from '../support/rough-midtrans.ts'

const midtrans = await roughMidtrans()
afterAll(midtrans.stop)
const demo = await startTestProgram({ ...midtrans.env, LOG_LEVEL: 'silent' })

/** Requests that began while this program's books were open, wherever in it. */
const begunInside: string[] = []
const CHANNELS = ['undici:request:create', 'http.client.request.start']
const look = (_: unknown, channel: string | symbol) => {
  if (areBooksOpen()) begunInside.push(String(channel))
}
beforeAll(() => {
  for (const channel of CHANNELS) subscribe(channel, look)
})
afterAll(() => {
  for (const channel of CHANNELS) unsubscribe(channel, look)
})

const ORDERS = permute(['pending', 'settlement', 'expire', 'cancel'])

function permute(items: readonly string[]): string[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((item) => permute(items.filter((other) => other !== item)).map((rest) => [item, ...rest]))
}

async function read(payer: Payer) {
  const [found] = await readPayers(demo, [payer])
  return found as NonNullable<typeof found>
}

const heard = async (phone: string) =>
  (await demo.get<ChatRow[]>(`/simulator/messages?phone=${phone}`))
    .filter(({ direction }) => direction === 'out')
    .map(({ text }) => text)

/** Waits for something that happens while something else hangs, when nobody may wait for everything. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let look = 0; !(await holds()); look++) {
    if (look > 1_000) throw new Error('waited in vain')
    await sleep(20)
  }
}

describe('all 24 orders of pending, settlement, expire and cancel, each notification twice', () => {
  const random = seededRandom(24)
  test.each([
    ['says what the newest notification says', (status: string) => status],
    ['knows of the settlement from the start', () => 'settlement'],
    ['never confirms it, whatever was signed', (status: string) => (status === 'settlement' ? 'pending' : status)],
    ['says anything', () => ['pending', 'settlement', 'expire', 'cancel'][Math.floor(random() * 4)] as string],
  ])('the bill is paid exactly when the status API ever confirmed it, which %s (P02–P04, P08)', async (_, truth) => {
    const payers = await listPayers(demo, midtrans, ORDERS.length)
    midtrans.confirmed.clear()
    for (let step = 0; step < 4; step++) {
      const sent = await Promise.all(
        payers.flatMap(({ orderId, amount }, index) => {
          const status = ORDERS[index]?.[step] as string
          midtrans.says.set(orderId, { status: truth(status) })
          const body = signedNotification(orderId, status, amount)
          return [notify(demo, body), notify(demo, body)]
        }),
      )
      expect(new Set(sent)).toEqual(new Set([200]))
      await demo.post('/simulator/settle')
    }
    for (const { paid, payments, orderId, state } of await readPayers(demo, payers)) {
      expect(paid).toBe(midtrans.confirmed.has(orderId))
      expect(payments).toHaveLength(paid ? 1 : 0)
      // Once paid it stays so, whatever is said later.
      expect(state === 'paid').toBe(paid)
    }
  })
})

test('the same notification twenty times at once is one payment and one receipt (P02)', async () => {
  const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
  midtrans.says.set(payer.orderId, { status: 'settlement' })
  const body = signedNotification(payer.orderId, 'settlement', payer.amount)
  expect(await Promise.all(Array.from({ length: 20 }, () => notify(demo, body)))).toEqual(Array(20).fill(200))
  await demo.post('/simulator/settle')
  expect(await read(payer)).toMatchObject({ paid: true, payments: [{ amount: payer.amount }] })
  expect((await heard(payer.phone)).filter((text) => text.includes('sudah kami terima'))).toHaveLength(1)
  expect((await heard(OWNER)).filter((text) => text.includes('lewat QRIS'))).toHaveLength(1)
})

test('twenty that differ in a field that nobody reads are one payment all the same', async () => {
  const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
  midtrans.says.set(payer.orderId, { status: 'settlement' })
  const body = signedNotification(payer.orderId, 'settlement', payer.amount)
  await Promise.all(Array.from({ length: 20 }, (_, index) => notify(demo, { ...body, issuer: `bank ${index}` })))
  await demo.post('/simulator/settle')
  expect(await read(payer)).toMatchObject({ paid: true, payments: [{ amount: payer.amount }] })
  expect((await heard(payer.phone)).filter((text) => text.includes('sudah kami terima'))).toHaveLength(1)
})

test('a forged one is refused and changes nothing (P01)', async () => {
  const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
  midtrans.says.set(payer.orderId, { status: 'settlement' })
  const good = signedNotification(payer.orderId, 'settlement', payer.amount)
  const { signature_key: signature = '', ...unsigned } = good
  const forged: object[] = [
    unsigned,
    { ...good, signature_key: signature.toUpperCase() },
    { ...good, signature_key: signature.slice(1) },
    { ...good, signature_key: [signature] },
    { ...good, gross_amount: '1.00' },
    { ...good, order_id: `${payer.orderId}X` },
  ]
  for (const body of forged) expect(await notify(demo, body)).toBe(403)
  await demo.post('/simulator/settle')
  expect(await read(payer)).toMatchObject({ paid: false, payments: [], state: 'made' })
  const kept = await inDemo(demo, (books) => books.trx.selectFrom('notification').select('id').execute())
  expect(kept).toEqual([])
  // The probe that found nothing above finds what is there: the good one is taken.
  expect(await notify(demo, good)).toBe(200)
})

test('another amount is kept and not applied; the bill is not paid, and the owner is told once (P05)', async () => {
  const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
  midtrans.says.set(payer.orderId, { status: 'settlement', amount: payer.amount - 50_000 })
  for (let index = 0; index < 3; index++) {
    await notify(demo, { ...signedNotification(payer.orderId, 'settlement', payer.amount), try: String(index) })
    await demo.post('/simulator/settle')
  }
  expect(await read(payer)).toMatchObject({
    paid: false,
    state: 'differs',
    payments: [{ amount: payer.amount - 50_000, held: true, allocated: 0 }],
  })
  expect((await heard(OWNER)).filter((text) => text.includes('*belum lunas*'))).toHaveLength(1)
})

test('a notification that comes before our own order is kept, and taken up when the order is there (P06)', async () => {
  const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
  const orderId = 'TGH-AAAABBBBCCCCDDDD'
  midtrans.says.set(orderId, { status: 'settlement', amount: payer.amount })
  expect(await notify(demo, signedNotification(orderId, 'settlement', payer.amount))).toBe(200)
  await demo.post('/simulator/settle')
  const state = () =>
    inDemo(demo, (books) => books.trx.selectFrom('notification').select(['state', 'result']).execute())
  expect(await state()).toEqual([{ state: 'received', result: 'unknown order' }])
  await inDemo(demo, async (books) => {
    const change = { order_id: orderId, asked_at: null, ask_at: null }
    await books.trx.updateTable('payment_order').set(change).where('order_id', '=', payer.orderId).execute()
  })
  await demo.post('/simulator/clock', { now: '2026-12-10T09:05:00+07:00' })
  expect(await state()).toEqual([{ state: 'handled', result: 'paid' }])
  expect(await read(payer)).toMatchObject({ paid: true, payments: [{ amount: payer.amount }] })
})

test('one for an order that never comes is let go after a day', async () => {
  await listPayers(demo, midtrans, 1)
  await notify(demo, signedNotification('TGH-ZZZZYYYYXXXXWWWW', 'settlement'))
  await demo.post('/simulator/clock', { now: '2026-12-11T12:00:00+07:00' })
  const kept = await inDemo(demo, (books) => books.trx.selectFrom('notification').select(['state', 'result']).execute())
  expect(kept).toEqual([{ state: 'handled', result: 'unknown order' }])
})

describe('a status API that is ill', () => {
  test.each(['down', 'cut', 'html'] as const)('%s: the notification waits and the money comes later', async (fault) => {
    const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
    midtrans.says.set(payer.orderId, { fault })
    await notify(demo, signedNotification(payer.orderId, 'settlement', payer.amount))
    await until(async () => midtrans.asked.includes(payer.orderId))
    await demo.post('/simulator/clock', { now: '2026-12-10T15:00:00+07:00' })
    expect(await read(payer)).toMatchObject({ paid: false, payments: [] })
    midtrans.says.set(payer.orderId, { status: 'settlement' })
    await demo.post('/simulator/clock', { now: '2026-12-10T17:00:00+07:00' })
    expect(await read(payer)).toMatchObject({ paid: true, payments: [{ amount: payer.amount }] })
  })

  test('one that contradicts itself moves no money until it stops', async () => {
    const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
    for (const lie of [{ orderId: 'TGH-OTHEROTHEROTHERO' }, { currency: 'USD' }, { transactionId: '' }]) {
      midtrans.says.set(payer.orderId, { status: 'settlement', ...lie })
      await notify(demo, { ...signedNotification(payer.orderId, 'settlement', payer.amount), lie: Object.keys(lie)[0] })
      await demo.post('/simulator/settle')
      expect(await read(payer)).toMatchObject({ paid: false, payments: [] })
    }
    midtrans.says.set(payer.orderId, { status: 'settlement' })
    await demo.post('/simulator/clock', { now: '2026-12-10T11:00:00+07:00' })
    expect(await read(payer)).toMatchObject({ paid: true, payments: [{ amount: payer.amount }] })
  })

  test('while it hangs nothing else waits: not other payments, not the chat, not the customer it is about (P19)', async () => {
    const payers = await listPayers(demo, midtrans, 6)
    const [stuck, ...others] = payers as [Payer, ...Payer[]]
    midtrans.says.set(stuck.orderId, { fault: 'hang' })
    await notify(demo, signedNotification(stuck.orderId, 'settlement', stuck.amount))
    await until(async () => midtrans.asked.includes(stuck.orderId))
    for (const { orderId, amount } of others) {
      midtrans.says.set(orderId, { status: 'settlement' })
      await notify(demo, signedNotification(orderId, 'settlement', amount))
    }
    await until(async () => (await readPayers(demo, others)).every(({ paid }) => paid))
    // The answer is there at once; only the errand that ends the order at Midtrans hangs as well.
    const recorded = demo.say(OWNER, `lunas ${stuck.phone} 10rb`)
    await until(async () => (await heard(OWNER)).some((text) => text.includes('*Rp10.000*')))
    midtrans.says.set(stuck.orderId, { status: 'settlement' })
    midtrans.release()
    await recorded
    await demo.post('/simulator/settle')
    // The whole order came on top of the ten thousand: nothing is lost, what is over is credit.
    expect(await read(stuck)).toMatchObject({ paid: true, payments: [{ amount: stuck.amount }] })
  })

  test('that refuses our key: the owner hears it once, and the money comes when it is mended', async () => {
    const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
    midtrans.says.set(payer.orderId, { fault: 'key' })
    await notify(demo, signedNotification(payer.orderId, 'settlement', payer.amount))
    await demo.post('/simulator/clock', { now: '2026-12-10T14:00:00+07:00' })
    expect((await heard(OWNER)).filter((text) => text.includes('menolak kunci'))).toHaveLength(1)
    midtrans.says.set(payer.orderId, { status: 'settlement' })
    await demo.post('/simulator/clock', { now: '2026-12-10T16:00:00+07:00' })
    expect(await read(payer)).toMatchObject({ paid: true })
  })
})

test('what Midtrans takes back again is flagged once; the ledger stays as it is (P16)', async () => {
  const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
  for (const status of ['settlement', 'deny', 'deny']) {
    midtrans.says.set(payer.orderId, { status })
    await notify(demo, { ...signedNotification(payer.orderId, status, payer.amount), n: String(Math.random()) })
    await demo.post('/simulator/settle')
  }
  expect(await read(payer)).toMatchObject({ paid: true, state: 'reversed', payments: [{ amount: payer.amount }] })
  expect((await heard(OWNER)).filter((text) => text.includes('menarik kembali'))).toHaveLength(1)
})

test('two staff who say lunas for the same bill at the same moment: one payment, the other hears who was first (M10)', async () => {
  const payers = await listPayers(demo, midtrans, 8)
  const people = await demo.get<{ phone: string; role: string; name: string }[]>('/simulator/phones')
  const [joko, rina] = people
  for (const { phone, invoiceIds } of payers) {
    const answers = await Promise.all([joko, rina].map((staff) => demo.say(staff?.phone ?? '', `lunas ${phone}`)))
    const texts = answers.map(({ replies }) => replies.map(({ text }) => text).join('\n'))
    const [first, second] = texts[0]?.includes('✅') ? [joko, texts[1]] : [rina, texts[0]]
    expect(texts.filter((text) => text.includes('✅'))).toHaveLength(1)
    expect(second).toContain('Tidak saya catat')
    expect(second).toContain(`dicatat *${first?.name}*`)
    const paid = await inDemo(demo, (books) =>
      books.trx.selectFrom('allocation').select('amount').where('invoice_id', 'in', invoiceIds).execute(),
    )
    expect(paid).toHaveLength(1)
  }
})

test('in all of this no request began inside an open transaction, and one that does is seen', async () => {
  expect(begunInside).toEqual([])
  await inDemo(demo, async () => {
    await (await fetch(`${demo.url}/healthz`)).body?.cancel()
  })
  expect(begunInside).toEqual(['undici:request:create'])
})
