import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { rupiah } from '../../src/domain/money.ts'
import { addPlan } from '../../src/domain/plan.ts'
import { issueAll } from '../../src/jobs/issue.ts'
import { openTestBooks } from '../support/database.ts'

const { open, openBooks, database, businessId } = await openTestBooks()

test('an outage of two periods is made good for everybody, though the last chunk has nobody but one who is held', async () => {
  await open(async (books) => {
    const plan = await addPlan(books, { name: 'Rumah 10 Mbps', price: rupiah(150_000) })
    await sql`
      with made as (
        insert into customer (business_id, number, name, name_key, added_at)
        select ${businessId}, 'P-' || n, 'Pelanggan ' || n, 'pelanggan ' || n, ${books.now} from generate_series(1, 1001) n
        returning id, number = 'P-1001' as long
      )
      insert into subscription (business_id, customer_id, plan_id, anchor_day, next_due_on, next_period, status, started_on)
      select ${businessId}, id, ${plan.id}, 20, case when long then date '2026-05-20' else date '2026-11-20' end,
             case when long then date '2026-05-01' else date '2026-11-01' end, 'active', '2026-01-01' from made`.execute(
      books.trx,
    )
  })
  expect(await issueAll({ database, openBooks }, businessId)).toBe(2_000)
  expect(await issueAll({ database, openBooks }, businessId)).toBe(0)
})
