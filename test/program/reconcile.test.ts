import { afterAll, describe, expect, test } from 'vitest'
import { findByPhone, withdrawCustomers } from '../../src/domain/customer.ts'
import { voidInvoices } from '../../src/domain/invoice.ts'
import { inDemo, listPayers, notify, type Payer, readPayers } from '../support/payments.ts'
import { type ChatRow, OWNER, startTestProgram } from '../support/program.ts'
import { roughMidtrans, signedNotification } from '../support/rough-midtrans.ts'

const midtrans = await roughMidtrans()
afterAll(midtrans.stop)
const demo = await startTestProgram({ ...midtrans.env, LOG_LEVEL: 'silent' })

/** Moves the clock; answers which schedules ran. */
const moveTo = async (now: string) => {
  const { ran } = await demo.post<{ ran: { job: string }[] }>('/simulator/clock', { now: `2026-12-${now}:00+07:00` })
  return ran.map(({ job }) => job)
}

const toldOwner = async (words: string) =>
  (await demo.get<ChatRow[]>(`/simulator/messages?phone=${OWNER}`)).filter(({ text }) => text.includes(words)).length

async function read(payer: Payer) {
  const [found] = await readPayers(demo, [payer])
  return found as NonNullable<typeof found>
}

const settle = (payers: readonly Payer[]) => {
  for (const { orderId } of payers) midtrans.says.set(orderId, { status: 'settlement' })
}

test('every notification lost: 200 of 200 payments are in the ledger after one reconcile, once (P12, G2)', async () => {
  const payers = await listPayers(demo, midtrans, 200)
  settle(payers)
  midtrans.asked.length = 0
  expect(await moveTo('10T09:16')).toContain('reconcile')
  expect(midtrans.asked).toHaveLength(200)
  const paid = await readPayers(demo, payers)
  expect(paid.filter((payer) => payer.paid && payer.payments.length === 1)).toHaveLength(200)
  // Whatever comes afterwards finds them recorded: the lost notifications, and the schedule.
  await Promise.all(
    payers.slice(0, 50).map(({ orderId, amount }) => notify(demo, signedNotification(orderId, 'settlement', amount))),
  )
  await moveTo('12T09:00')
  expect((await readPayers(demo, payers)).every(({ payments }) => payments.length === 1)).toBe(true)
})

describe('an order whose time is over', () => {
  test('is asked about at its end, and money that comes after it counts, by a notification (P04)', async () => {
    const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
    await moveTo('11T10:00')
    expect(await read(payer)).toMatchObject({ paid: false, state: 'expired' })
    settle([payer])
    await notify(demo, signedNotification(payer.orderId, 'settlement', payer.amount))
    await demo.post('/simulator/settle')
    expect(await read(payer)).toMatchObject({ paid: true, payments: [{ amount: payer.amount }] })
  })

  test('is asked about once more a day later, so that money counts without any notification', async () => {
    const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
    await moveTo('11T10:00')
    expect(await read(payer)).toMatchObject({ paid: false, state: 'expired' })
    settle([payer])
    await moveTo('12T10:00')
    expect(await read(payer)).toMatchObject({ paid: true, payments: [{ amount: payer.amount }] })
  })

  test('is then let alone: nobody asks about it for ever', async () => {
    const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
    await moveTo('12T10:00')
    midtrans.asked.length = 0
    await moveTo('20T10:00')
    expect(midtrans.asked).not.toContain(payer.orderId)
  })
})

describe('a bill that was paid in cash while its pay link stands open (M15)', () => {
  test('the link is ended at Midtrans', async () => {
    const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
    midtrans.says.set(payer.orderId, { status: 'pending' })
    await demo.say(OWNER, `lunas ${payer.phone}`)
    await demo.post('/simulator/settle')
    expect(midtrans.expired).toContain(payer.orderId)
    expect(await read(payer)).toMatchObject({ paid: true, payments: [], state: 'closed' })
  })

  test('one that was not begun cannot be ended: paid all the same it is credit, and the owner hears it', async () => {
    const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
    midtrans.says.set(payer.orderId, { fault: 'none' })
    await demo.say(OWNER, `lunas ${payer.phone}`)
    await demo.post('/simulator/settle')
    expect(await read(payer)).toMatchObject({ state: 'closed' })
    settle([payer])
    await moveTo('10T20:00')
    expect(await read(payer)).toMatchObject({ payments: [{ amount: payer.amount, allocated: 0 }], state: 'paid' })
    expect(await toldOwner('sudah dibayar lebih dulu')).toBe(1)
  })

  test('with Midtrans away it is ended later, and nobody is told that the payment failed', async () => {
    const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
    midtrans.says.set(payer.orderId, { fault: 'down' })
    midtrans.expired.length = 0
    await demo.say(OWNER, `lunas ${payer.phone}`)
    await moveTo('10T09:30')
    expect(await read(payer)).toMatchObject({ paid: true, state: 'made' })
    expect(midtrans.expired).toContain(payer.orderId)
    midtrans.expired.length = 0
    midtrans.says.set(payer.orderId, { status: 'pending' })
    await moveTo('10T12:00')
    expect(midtrans.expired).toContain(payer.orderId)
    expect(await read(payer)).toMatchObject({ payments: [], state: 'closed' })
    expect(await toldOwner('kesalahannya di pihak saya')).toBe(0)
  })
})

describe('a bill that was taken back with its customer while its pay link stands open', () => {
  const takeBack = (payer: Payer) =>
    inDemo(demo, async (books) => {
      const customers = await findByPhone(books, payer.phone)
      await voidInvoices(books, payer.invoiceIds, 'import 1')
      await withdrawCustomers(
        books,
        customers.map(({ id }) => id),
      )
    })

  test('the link is ended at Midtrans with the next tick (M22)', async () => {
    const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
    midtrans.says.set(payer.orderId, { status: 'pending' })
    midtrans.expired.length = 0
    await takeBack(payer)
    await moveTo('10T09:01')
    expect(midtrans.expired).toContain(payer.orderId)
    expect(await read(payer)).toMatchObject({ payments: [], state: 'closed' })
  })

  test.each([
    ['the whole sum', 0, 'paid', 'sudah ditarik dari daftar', 'Tidak ada yang menunggu jawaban dengan nomor 1'],
    ['another sum', 50_000, 'differs', '*belum lunas*', 'dicatat. Lebihnya Rp'],
  ])('%s paid all the same is kept, and the owner hears it (M16)', async (_, less, state, words, answer) => {
    const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
    await takeBack(payer)
    const amount = payer.amount - less
    midtrans.says.set(payer.orderId, { status: 'settlement', amount })
    await notify(demo, signedNotification(payer.orderId, 'settlement', amount))
    await demo.post('/simulator/settle')
    expect(await read(payer)).toMatchObject({ paid: false, payments: [{ amount, allocated: 0 }], state })
    expect(await toldOwner(words)).toBe(1)
    expect((await demo.say(OWNER, 'ya 1')).replies.map(({ text }) => text).join()).toContain(answer)
    expect(await read(payer)).toMatchObject({ payments: [{ amount, allocated: 0, held: false }] })
  })
})

test('one order that cannot be worked on holds up no other (J13)', async () => {
  const payers = await listPayers(demo, midtrans, 30)
  settle(payers)
  for (const { orderId } of payers.filter((_, index) => index % 3 === 0)) midtrans.says.set(orderId, { fault: 'cut' })
  await moveTo('10T09:16')
  const paid = (await readPayers(demo, payers)).map((payer) => payer.paid)
  expect(paid).toEqual(payers.map((_, index) => index % 3 !== 0))
  settle(payers)
  await moveTo('10T09:45')
  expect((await readPayers(demo, payers)).every((payer) => payer.paid)).toBe(true)
})

test('while Midtrans is away it is not asked about every order again and again', async () => {
  const payers = await listPayers(demo, midtrans, 60)
  for (const { orderId } of payers) midtrans.says.set(orderId, { fault: 'down' })
  const at = Temporal.Instant.from('2026-12-10T09:15:30+07:00')
  await inDemo(demo, (books) => books.trx.updateTable('payment_order').set({ ask_at: at }).execute())
  midtrans.asked.length = 0
  await moveTo('10T09:16')
  // Two jobs, and each gave up after three in a row.
  expect(midtrans.asked).toHaveLength(6)
  settle(payers)
  await moveTo('10T09:32')
  expect((await readPayers(demo, payers)).every((payer) => payer.paid)).toBe(true)
})

test('money that came twice for one order is twice in the ledger, the second as credit', async () => {
  const [payer] = (await listPayers(demo, midtrans, 1)) as [Payer]
  for (const transactionId of ['first', 'second']) {
    midtrans.says.set(payer.orderId, { status: 'settlement', transactionId })
    await notify(demo, { ...signedNotification(payer.orderId, 'settlement', payer.amount), transactionId })
    await demo.post('/simulator/settle')
  }
  const { payments } = await read(payer)
  expect(payments.map(({ allocated }) => allocated).sort()).toEqual([0, payer.amount])
  const trace = await inDemo(demo, (books) =>
    books.trx.selectFrom('payment').select('source').where('channel', '=', 'midtrans').execute(),
  )
  expect(trace).toHaveLength(2)
})
