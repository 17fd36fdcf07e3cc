import assert from 'node:assert/strict'
import { makeBot } from '../src/bot/receive.ts'
import { bookkeeper, type OpenBooks } from '../src/domain/books.ts'
import { formatPeriod } from '../src/domain/calendar.ts'
import { formatPhone } from '../src/domain/phone.ts'
import { listOverdueInvoices } from '../src/domain/report.ts'
import { movableClock } from '../src/gateways/clock.ts'
import { issueAll } from '../src/jobs/issue.ts'
import { type BareSheet, writeBare } from './baseline/excel.ts'
import type { Place } from './place.ts'
import { interleave, type Line, seconds } from './rounds.ts'
import { START, seedBusiness, staffPhone } from './seed.ts'

const INVOICES = 20_000
/** Far enough that every invoice is past due. */
const LATER = START.add({ hours: 24 * 30 })

/**
 * `telat excel` for 20,000 invoices: the errand with all that it does (read page by page, write in a thread of its own,
 * keep the file, queue the answer) beside exceljs alone with the same rows in memory.
 */
export async function excel(place: Place, rounds: number): Promise<Line[]> {
  const site = await place.site('excel')
  const clock = movableClock(START.epochMilliseconds - Temporal.Now.instant().epochMilliseconds)
  const errands: string[] = []
  const openBooks = bookkeeper({
    database: site.database,
    clock,
    enqueue: async (_executor, _businessId, job) => {
      if (job.name === 'errand') errands.push(job.id)
    },
  })
  const businessId = await seedBusiness(site, { customers: INVOICES, staff: 1 })
  await issueAll({ database: site.database, openBooks }, businessId)
  clock.moveTo(LATER)
  await site.settle()
  const sheet = await readSheet(openBooks, businessId)
  const bot = makeBot({
    openBooks,
    publicUrl: 'http://127.0.0.1',
    gateways: { payment: () => undefined, broadcast: () => undefined },
    onError: (error) => {
      throw error
    },
  })
  const measured = await interleave(rounds, {
    async ours(round) {
      await bot.receive(businessId, {
        channel: 'bot',
        outsideId: `EXCEL${round}`,
        phone: staffPhone(0),
        kind: 'text',
        text: 'telat excel',
      })
      const errand = errands.pop()
      assert.ok(errand)
      return seconds(() => bot.runErrand(businessId, errand))
    },
    baseline: () => seconds(() => writeBare(sheet)),
  })
  await check(openBooks, businessId, rounds + 1, (await writeBare(sheet)).length)
  await site.end()
  return [{ figure: `overdue Excel of ${INVOICES.toLocaleString('en')} invoices`, unit: 's', ...measured }]
}

const FORMATS = ['@', '@', '@', '@', '@', '@', '@', 'dd/mm/yyyy', '#,##0', '#,##0', '#,##0', '#,##0']
const HEADERS = 'No Tagihan,No Pelanggan,Nama,No HP,Wilayah,Paket,Periode,Jatuh Tempo,Hari Telat,Tagihan,Dibayar,Sisa'

async function readSheet(openBooks: OpenBooks, businessId: number): Promise<BareSheet> {
  const rows = await openBooks(businessId, (books) => listOverdueInvoices(books, {}, { limit: INVOICES }))
  assert.equal(rows.length, INVOICES)
  const zero = Temporal.PlainDate.from('1899-12-30')
  return {
    name: 'Tagihan telat',
    columns: HEADERS.split(',').map((header) => ({ header, width: 16 })),
    formats: FORMATS,
    rows: rows.map((row) => [
      row.number,
      row.customerNumber,
      row.name,
      row.phone && formatPhone(row.phone),
      row.area,
      row.planName,
      row.period && formatPeriod(row.period, row.months),
      zero.until(row.dueOn).days,
      row.daysLate,
      row.total,
      row.paid,
      row.open,
    ]),
  }
}

/** A time counts only when the file came out, as large as the baseline's give or take a tenth. */
async function check(openBooks: OpenBooks, businessId: number, files: number, size: number): Promise<void> {
  const kept = await openBooks(businessId, ({ trx }) => trx.selectFrom('file').select('bytes').execute())
  assert.equal(kept.length, files)
  for (const { bytes } of kept)
    assert.ok(Math.abs(bytes.length / size - 1) < 0.1, `${bytes.length} against ${size} bytes`)
}
