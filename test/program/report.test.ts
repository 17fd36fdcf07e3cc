import ExcelJS from 'exceljs'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { inDemo } from '../support/payments.ts'
import { OWNER, startTestProgram } from '../support/program.ts'

const demo = await startTestProgram({ LOG_LEVEL: 'silent' })

/** The columns of the Excel file of overdue invoices, added up. */
async function addUp(url: string) {
  const workbook = new ExcelJS.Workbook()
  await workbook.xlsx.load(await (await fetch(url)).arrayBuffer())
  const [head, ...rows] = (workbook.worksheets[0]?.getSheetValues() ?? []).filter(Array.isArray)
  const total = (name: string) => rows.reduce((sum, row) => sum + (row[(head ?? []).indexOf(name)] as number), 0)
  return { rows: rows.length, billed: total('Tagihan'), paid: total('Dibayar'), open: total('Sisa') }
}

test('the list, the Excel file and the ledger say the same, also of what is paid in part (M21)', async () => {
  await demo.post('/simulator/reset', { customers: 40, now: '2026-11-10T09:00:00+07:00' })
  await demo.post('/simulator/clock', { now: '2026-12-30T09:00:00+07:00' })
  const people = await demo.get<{ phone: string; role: string }[]>('/simulator/phones')
  const phones = people.filter(({ role }) => role === 'customer').map(({ phone }) => phone)
  for (const [index, phone] of phones.slice(0, 9).entries()) await demo.say(OWNER, `lunas ${phone} ${index + 1}7rb`)
  await demo.say(OWNER, `lunas ${phones[20]}`)
  await demo.say(OWNER, 'batal')

  const { rows } = await inDemo(demo, (books) =>
    sql<{ rows: number; billed: number; paid: number; open: number }>`
      select count(*)::int as rows, sum(i.total)::int as billed, sum(coalesce(a.paid, 0))::int as paid,
             sum(i.total - coalesce(a.paid, 0))::int as open
        from invoice i
        left join (select invoice_id, sum(amount) as paid from allocation group by 1) a on a.invoice_id = i.id
       where i.due_on < ${books.today} and i.total > coalesce(a.paid, 0)`.execute(books.trx),
  )
  const ledger = rows[0] as (typeof rows)[0]
  expect(ledger.paid).toBeGreaterThan(0)
  const money = `*Rp${ledger.open.toLocaleString('id-ID')}*`
  expect((await demo.say(OWNER, 'telat')).replies[0]?.text).toContain(money)
  const { replies } = await demo.say(OWNER, 'telat excel')
  expect(replies[0]?.text).toContain(`${ledger.rows} tagihan telat, total ${money}`)
  expect(await addUp(replies[0]?.media?.url ?? '')).toEqual(ledger)
})
