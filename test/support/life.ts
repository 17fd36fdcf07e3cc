import { sql } from 'kysely'
import type { Books } from '../../src/domain/books.ts'
import { startBillRun } from '../../src/domain/broadcast.ts'
import { askQuestion, rememberAct } from '../../src/domain/conversation.ts'
import { addCustomer } from '../../src/domain/customer.ts'
import { storeFile } from '../../src/domain/file.ts'
import { issueChunk, listOpenInvoices } from '../../src/domain/invoice.ts'
import { storeIncoming } from '../../src/domain/message.ts'
import { rupiah } from '../../src/domain/money.ts'
import { applyStatus, openOrder } from '../../src/domain/order.ts'
import { queueMessages } from '../../src/domain/outbox.ts'
import { recordPayment, undoPayment } from '../../src/domain/payment.ts'
import { addPlan } from '../../src/domain/plan.ts'
import { noteDailyRun } from '../../src/domain/run.ts'
import { addStaff } from '../../src/domain/staff.ts'
import { firstInvoice, subscribe } from '../../src/domain/subscription.ts'

/** Texts that a file format could stumble over: its own separators, quotes, line breaks, signs beyond the first plane. */
const ODD = 'Tab\there, "kutip", \\N \\. baris\nbaru, 🙏 é 中'

/**
 * What a business has after some weeks: customers with bills that are paid, part-paid, undone and open, a bill run that
 * left, digital money, chat, a file. Everything is settled, nothing is on its way.
 */
export async function liveAMonth(books: Books, customers = 30): Promise<void> {
  const { trx, business, now, today } = books
  await addStaff(books, { name: 'Joko', callName: 'Pak Joko', phone: '6281200000011', role: 'owner' })
  const staff = await trx.selectFrom('staff').select('id').executeTakeFirstOrThrow()
  const plan = await addPlan(books, { name: 'Rumah 10 Mbps', price: rupiah(150_000) })
  const ids: number[] = []
  for (let index = 0; index < customers; index++) {
    const phones = [{ phone: String(6_285_700_000_000 + index), kind: 'mobile' as const }]
    const { id } = await addCustomer(books, { name: `Pelanggan ${index} ${ODD}`, phones, area: `RT ${index % 3}` })
    await subscribe(books, { customerId: id, plan, first: firstInvoice({ day: 1 + (index % 28) }, today, 'prepaid') })
    ids.push(id)
  }
  while ((await issueChunk(books)).more) {
    // Until everything that is due to be issued is.
  }
  const billed = [...new Set((await listOpenInvoices(books, ids)).map(({ customerId }) => customerId))]
  const pay = (customerId: number, amount: number) =>
    recordPayment(books, {
      customerId,
      amount: rupiah(amount),
      method: 'cash',
      paidOn: today,
      channel: 'chat',
      source: `message:${customerId}`,
      staffId: staff.id,
    })
  await pay(billed[0] as number, 150_000)
  await pay(billed[1] as number, 200_000)
  const undone = await pay(billed[2] as number, 50_000)
  await undoPayment(books, undone?.paymentId as number, staff.id)
  const order = await openOrder(books, '6285700000003', await listOpenInvoices(books, [billed[3] as number]))
  await applyStatus(books, order.order_id, {
    state: 'paid',
    transactionId: `tx-${business.id}`,
    amount: order.amount,
    currency: 'IDR',
    method: 'qris',
  })
  await openOrder(books, '6285700000004', await listOpenInvoices(books, [billed[4] as number]))
  await sql`insert into notification (business_id, provider, digest, body, state, result, received_at, handled_at)
            values (${business.id}, 'midtrans', 'd1', '{"order_id": "x"}', 'handled', 'paid', ${now}, ${now})`.execute(
    trx,
  )
  const said = await storeIncoming(books, {
    channel: 'bot',
    outsideId: 'in-1',
    phone: '6281200000011',
    kind: 'text',
    text: ODD,
    fileId: await storeFile(books, { name: 'daftar.xlsx', mime: 'application/x', bytes: Buffer.from([0, 1, 2, 255]) }),
  })
  await queueMessages(books, [{ phone: '6281200000011', kind: 'reply', text: ODD, causeId: said as number }])
  const run = await startBillRun(books, staff.id)
  await sql`update message set status = case direction when 'in' then 'handled' else 'sent' end, claimed_at = ${now}, settled_at = ${now}`.execute(
    trx,
  )
  await sql`update broadcast set state = 'done', finished_at = ${now} where id = ${run?.broadcast.id}`.execute(trx)
  await rememberAct(books, { staffId: staff.id, command: 'payment.record', args: { paymentIds: [1] }, summary: 'x' })
  await askQuestion(books, '6281200000011', { command: 'invoice.sendAll', args: {}, awaits: 'yes' })
  await noteDailyRun(books, 'issue', today)
}
