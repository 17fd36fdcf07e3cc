import { formatDay } from '../../domain/calendar.ts'
import { listHeadings, type RejectedRow } from '../../domain/import.ts'
import { plain } from '../../domain/letter.ts'
import { formatCount } from '../../domain/money.ts'
import { REASON_HEADING } from '../../domain/sheet/heading.ts'
import type { PlainCell } from '../../domain/sheet/list.ts'
import { writeWorkbook } from '../../domain/workbook.ts'
import type { ErrandHandler } from '../command.ts'

/** Rows named for each problem; the rest is a number. */
const LISTED = 5

const PROBLEMS: Record<RejectedRow['kind'], string> = {
  phone: 'No HP tidak terbaca',
  noName: 'tanpa nama',
  price: 'harga tidak terbaca',
  noPrice: 'tanpa paket dan harga',
  noPlanPrice: 'harga paketnya belum ada',
  due: 'jatuh tempo tidak terbaca',
  noDue: 'tanpa jatuh tempo',
  status: 'status tidak dikenal',
  paidUntil: 'lunas sampai kapan tidak terbaca',
  twice: 'tertulis dua kali, isinya beda',
}

/** `• 3 No HP tidak terbaca: baris 41, 118, 207`; on `most` lines, what is beyond as a number. */
export function describeRejected(rejected: readonly RejectedRow[], most = 4): string[] {
  const groups = [...Map.groupBy(rejected, ({ kind }) => kind)].sort((a, b) => b[1].length - a[1].length)
  const shown = groups.length <= most ? groups : groups.slice(0, Math.max(0, most - 1))
  const others = groups.slice(shown.length).reduce((sum, [, rows]) => sum + rows.length, 0)
  const lines = shown.map(([kind, rows]) => {
    const numbers = rows.slice(0, LISTED).map(({ rowNumber }) => rowNumber)
    const value = rows.length === 1 && rows[0]?.value ? ` "${plain(rows[0].value)}"` : ''
    return `• ${formatCount(rows.length)} ${PROBLEMS[kind]}${value}: baris ${numbers.join(', ')}${rows.length > LISTED ? ', …' : ''}`
  })
  if (others === 0) return lines
  return [
    ...lines,
    lines.length > 0 ? `• ${formatCount(others)} sebab lain` : '• bermacam sebab, ada di kolom terakhir',
  ]
}

/** The rejected rows as they were, with a column that says why; sent back corrected, they come in. */
export async function rejectedFile(
  importId: number,
  rejected: readonly RejectedRow[],
  open: Parameters<ErrandHandler>[0]['open'],
): Promise<{ name: string; mime: string; bytes: Buffer }> {
  const { lists, name } = await open(async (books) => ({
    lists: await listHeadings(books, importId),
    name: `belum-masuk-${formatDay(books.today).toLowerCase().replace(/ /g, '-')}.xlsx`,
  }))
  const { headings, rows } = underOneHeader(lists, rejected)
  const bytes = await writeWorkbook(
    {
      sheetName: 'Perlu diperbaiki',
      columns: [
        ...headings.map((header) => ({ header, width: 18, kind: 'text' as const })),
        { header: REASON_HEADING, width: 60, kind: 'text' },
      ],
    },
    rows.map((cells, index) => [
      ...cells.map((cell) => (cell === null ? null : String(cell))),
      rejected[index]?.reason ?? '',
    ]),
  )
  return { name, mime: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', bytes }
}

/** Rows of several lists below one header: each value under its own heading, wherever it stood. */
export function underOneHeader(
  lists: readonly (readonly string[])[],
  rejected: readonly Pick<RejectedRow, 'table' | 'cells'>[],
): { headings: string[]; rows: PlainCell[][] } {
  const places = new Map<string, number>()
  const headings: string[] = []
  const placesOf = new Map<number, number[]>()
  for (const table of new Set(rejected.map((row) => row.table))) {
    const width = Math.max(...rejected.filter((row) => row.table === table).map(({ cells }) => cells.length))
    const seen = new Map<string, number>()
    const ofTable = Array.from({ length: width }, (_, index) => {
      const heading = lists[table]?.[index] ?? ''
      const times = (seen.get(heading) ?? 0) + 1
      seen.set(heading, times)
      const key = `${heading}\n${times}`
      if (heading !== REASON_HEADING && !places.has(key)) places.set(key, headings.push(heading) - 1)
      return places.get(key) ?? -1
    })
    placesOf.set(table, ofTable)
  }
  const rows = rejected.map(({ table, cells }) => {
    const row: PlainCell[] = Array.from(headings, () => null)
    for (const [index, cell] of cells.entries()) {
      const place = placesOf.get(table)?.[index] ?? -1
      if (place >= 0) row[place] = cell
    }
    return row
  })
  return { headings, rows }
}
