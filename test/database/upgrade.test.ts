import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { bookkeeper } from '../../src/domain/books.ts'
import { listMigrationFiles, openDatabase } from '../../src/domain/database.ts'
import { makeTestBot } from '../support/bot.ts'
import { createTestBusiness, createTestDatabase, testClock } from '../support/database.ts'

test('a receipt that waits while the program is updated is still found by an undo (0012)', async () => {
  const url = await createTestDatabase('template0')
  const clock = testClock('2026-12-10T21:00:00+07:00')
  const old = await openDatabase(url, { migrate: (await listMigrationFiles()).filter((name) => name < '0010') })
  const businessId = await createTestBusiness(old, clock, 'lama')
  await old.kysely.transaction().execute(async (trx) => {
    await sql`select set_config('app.business_id', ${String(businessId)}, true)`.execute(trx)
    const at = `'2026-12-10T21:00:00+07:00'`
    await sql
      .raw(`
      insert into staff (business_id, name, phone, role, added_at) values (${businessId}, 'Joko', '6281200000011', 'owner', ${at});
      insert into plan (business_id, name, name_key, price, added_at) values (${businessId}, 'A', 'a', 150000, ${at});
      insert into customer (business_id, number, name, name_key, added_at) values (${businessId}, 'P-1', 'Budi', 'budi', ${at});
      insert into customer_phone (business_id, customer_id, phone, kind) values (${businessId}, 1, '6285700001101', 'mobile');
      insert into subscription (business_id, customer_id, plan_id, anchor_day, next_due_on, next_period, status, started_on)
        values (${businessId}, 1, 1, 20, '2027-01-20', '2027-01-01', 'active', '2026-01-01');
      insert into invoice (business_id, customer_id, subscription_id, kind, number, period, plan_name, due_on, issue_on, issued_on, issued_at, total)
        values (${businessId}, 1, 1, 'recurring', 'INV-202612-00001', '2026-12-01', 'A', '2026-12-20', '2026-12-01', '2026-12-01', ${at}, 150000);
      insert into payment (business_id, customer_id, amount, method, paid_on, channel, source, recorded_by, recorded_at)
        values (${businessId}, 1, 150000, 'cash', '2026-12-10', 'chat', 'message:1', 1, ${at});
      insert into allocation (business_id, customer_id, payment_id, invoice_id, amount, reason, at)
        values (${businessId}, 1, 1, 1, 150000, 'payment', ${at});
      insert into message (business_id, direction, channel, outside_id, phone, kind, text, customer_id, status, at, not_before)
        values (${businessId}, 'out', 'bot', '3EB0X', '6285700001101', 'staffReceipt', 'kwitansi', 1, 'waiting', ${at}, ${at});
      insert into undo (business_id, staff_id, command, args, summary, at)
        values (${businessId}, 1, 'payment.record', '{"paymentIds":[1],"receiptIds":[1]}', 'Rp150.000 dari Budi', ${at})`)
      .execute(trx)
  })
  await old.end()

  const database = await openDatabase(url)
  const openBooks = bookkeeper({ database, clock, enqueue: async () => {} })
  const bot = makeTestBot(openBooks)
  const now = Temporal.Now.instant()
  await openBooks(businessId, ({ trx }) =>
    trx
      .updateTable('staff')
      .set({ proven_until: now.add({ hours: 24 * 365 * 10 }) })
      .where('business_id', '=', businessId)
      .execute(),
  )
  await bot.receive(businessId, { channel: 'bot', outsideId: 'q', phone: '6281200000011', kind: 'text', text: 'batal' })
  const receipt = await openBooks(businessId, ({ trx }) =>
    trx.selectFrom('message').select(['status', 'payment_id']).where('kind', '=', 'staffReceipt').executeTakeFirst(),
  )
  expect(receipt).toEqual({ status: 'cancelled', payment_id: 1 })
  await database.end()
})
