import { type Day, formatDay, formatMonth, formatPeriod } from '../../domain/calendar.ts'
import { showArea, showName } from '../../domain/customer.ts'
import { storeFile } from '../../domain/file.ts'
import { formatCount, formatRupiah, sum } from '../../domain/money.ts'
import { formatPhone } from '../../domain/phone.ts'
import {
  type DebtFilter,
  type Debtor,
  listDebtors,
  listOverdueInvoices,
  type OverdueInvoice,
} from '../../domain/report.ts'
import { writeWorkbook } from '../../domain/workbook.ts'
import type { Answer, CommandId, ErrandHandler, StaffTurn } from '../command.ts'

/** A page of a list; more is not read on a phone (voice, Forms). */
const PAGE = 10
/** From so many rows on the Excel file is offered. */
const OFFER_EXCEL = 20
const EXCEL_ROWS = 1_000

type ReportArgs = { minDays?: number; area?: string; month?: Day; format?: 'xlsx'; offset?: number }

/** `telat`: who is past due, the most pressing first (voice 11). */
export async function handleOverdue(turn: StaffTurn, args: ReportArgs): Promise<Answer> {
  const { minDays, area } = args
  if (args.format === 'xlsx') return { errands: [{ kind: 'report.excel', args: { minDays, area } }] }
  return list(turn, 'report.overdue', { overdue: true, minDays, area }, args, {
    title: (count, total) => `*${count} pelanggan* ${late(minDays, area)}, total *${total}*.`,
    none: `Tidak ada yang ${late(minDays, area)} per ${formatDay(turn.books.today)}.`,
    row: (debtor) => `${debtor.daysLate} hari`,
    excel: ['telat', minDays === undefined ? '' : `> ${minDays} hari`, area ?? '', 'excel'].filter(Boolean).join(' '),
  })
}

/** `belum bayar`: everybody with an open invoice. */
export async function handleUnpaid(turn: StaffTurn, args: ReportArgs): Promise<Answer> {
  const { area, month } = args
  const what = month ? ` ${formatMonth(month, turn.books.today)}` : ''
  return list(turn, 'report.unpaid', { area, period: month }, args, {
    title: (count, total) => `*${count} pelanggan* belum lunas${what}${place(area)}, total *${total}*.`,
    none: `Tidak ada tagihan${what} yang belum lunas${place(area)} per ${formatDay(turn.books.today)}.`,
    row: (debtor) =>
      debtor.daysLate > 0
        ? `telat ${debtor.daysLate} hari`
        : `tempo ${formatDay(debtor.oldestDueOn).replace(/ \d{4}$/, '')}`,
  })
}

function place(area: string | undefined): string {
  return area ? ` di ${area.replace(/\b(rt|rw)\b/g, (word) => word.toUpperCase())}` : ''
}

/** `telat minimal 7 hari di RT 3` */
function late(minDays: number | undefined, area: string | undefined): string {
  return `telat${minDays === undefined ? '' : ` minimal ${minDays} hari`}${place(area)}`
}

async function list(
  turn: StaffTurn,
  command: CommandId,
  filter: DebtFilter,
  args: ReportArgs,
  words: {
    title: (count: string, total: string) => string
    none: string
    row: (debtor: Debtor) => string
    excel?: string
  },
): Promise<Answer> {
  const offset = args.offset ?? 0
  const found = await listDebtors(turn.books, filter)
  if (found.customers === 0) return { text: words.none }
  const page = found.rows.slice(offset, offset + PAGE)
  const rest = found.rows.slice(offset + PAGE)
  const rows = page.map((debtor, index) =>
    [
      `${offset + index + 1}. ${showName(debtor.name)}`,
      showArea(debtor.area),
      formatRupiah(debtor.open),
      words.row(debtor),
    ]
      .filter(Boolean)
      .join(' · '),
  )
  const offer = words.excel && found.customers >= OFFER_EXCEL ? ` Semuanya: *${words.excel}*` : ''
  const lines = [
    ...(offset === 0 ? [words.title(formatCount(found.customers), formatRupiah(found.total))] : []),
    ...rows,
  ]
  if (rest.length > 0)
    lines.push(
      `${formatCount(rest.length)} lagi, ${formatRupiah(sum(rest.map((debtor) => debtor.open)))}: ketik *lagi*.${offer}`,
    )
  else if (offer && offset === 0) lines.push(offer.trim())
  return {
    text: lines.join('\n'),
    ...(rest.length > 0 && { ask: { command, args: { ...args, offset: offset + PAGE }, awaits: 'more' } }),
  }
}

const COLUMNS = [
  { header: 'No Tagihan', width: 20, kind: 'text' },
  { header: 'No Pelanggan', width: 14, kind: 'text' },
  { header: 'Nama', width: 28, kind: 'text' },
  { header: 'No HP', width: 16, kind: 'text' },
  { header: 'Wilayah', width: 16, kind: 'text' },
  { header: 'Paket', width: 20, kind: 'text' },
  { header: 'Periode', width: 18, kind: 'text' },
  { header: 'Jatuh Tempo', width: 14, kind: 'day' },
  { header: 'Hari Telat', width: 11, kind: 'count' },
  { header: 'Tagihan', width: 14, kind: 'rupiah' },
  { header: 'Dibayar', width: 14, kind: 'rupiah' },
  { header: 'Sisa', width: 14, kind: 'rupiah' },
] as const

function toCells(row: OverdueInvoice) {
  return [
    row.number,
    row.customerNumber,
    row.name,
    row.phone ? formatPhone(row.phone) : null,
    row.area,
    row.planName,
    row.period ? formatPeriod(row.period, row.months) : row.planName,
    row.dueOn,
    row.daysLate,
    row.total,
    row.paid,
    row.open,
  ]
}

/** The Excel file of overdue invoices (contract.md), streamed page by page into a worker thread. */
export const overdueExcel: ErrandHandler = async ({ args, open }) => {
  const filter: Omit<DebtFilter, 'overdue'> = {
    ...(typeof args.minDays === 'number' && { minDays: args.minDays }),
    ...(typeof args.area === 'string' && { area: args.area }),
  }
  const customers = new Set<string>()
  let invoices = 0
  let total = 0
  async function* pages() {
    let after: OverdueInvoice | undefined
    do {
      const page: OverdueInvoice[] = await open((books) =>
        listOverdueInvoices(books, filter, { after, limit: EXCEL_ROWS }),
      )
      for (const row of page) {
        customers.add(row.customerNumber)
        invoices++
        total += row.open
        yield toCells(row)
      }
      after = page.length === EXCEL_ROWS ? page.at(-1) : undefined
    } while (after)
  }
  const bytes = await writeWorkbook({ sheetName: 'Tagihan telat', columns: COLUMNS }, pages())
  return async ({ books }) => {
    const what = late(filter.minDays, filter.area)
    if (invoices === 0) return { text: `Tidak ada yang ${what} per ${formatDay(books.today)}, jadi tidak ada filenya.` }
    const name = `tagihan-telat-${formatDay(books.today).toLowerCase().replace(/ /g, '-')}.xlsx`
    const mime = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
    return {
      fileId: await storeFile(books, { name, mime, bytes }),
      text: `*${formatCount(customers.size)} pelanggan*, ${formatCount(invoices)} tagihan ${what}, total *${formatRupiah(total as OverdueInvoice['open'])}* per ${formatDay(books.today)}.`,
    }
  }
}
