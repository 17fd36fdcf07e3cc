import type { Books } from '../../domain/books.ts'
import { type Day, formatDay, formatMonth } from '../../domain/calendar.ts'
import { showName } from '../../domain/customer.ts'
import {
  applyChanges,
  applyImport,
  type ImportOptions,
  type ImportPlan,
  isApplicable,
  listHeadings,
  planImport,
  type RejectedRow,
  stageImport,
  withdrawImport,
} from '../../domain/import.ts'
import { getFile, storeFile } from '../../domain/message.ts'
import { formatCount, formatRupiah } from '../../domain/money.ts'
import { readCustomers } from '../../domain/sheet.ts'
import { readWorkbook, writeWorkbook } from '../../domain/workbook.ts'
import type { Answer, ErrandHandler, StaffTurn } from '../command.ts'

/** Above so many rows the answer takes more than a moment, and somebody should hear that it is being done. */
const LONG_IMPORT = 1_500
/** The longest lists of details in a preview; the rest is a number. */
const LISTED = 5

type ImportArgs = {
  month?: Day
  date?: Day
  day?: number
  importId?: number
  fileId?: number
  confirmed?: boolean
  changes?: boolean
}

/** A file: read in an errand. Words given while its question is open shift the start (rules 11). */
export async function handleImport({ books, message, person }: StaffTurn, args: ImportArgs): Promise<Answer> {
  if (args.fileId !== undefined)
    return { errands: [{ kind: 'import.read', args: { fileId: args.fileId, staffId: person.id } }] }
  if (args.importId === undefined)
    return {
      text: 'Kirim daftar pelanggannya ke sini sebagai file Excel atau CSV, apa adanya. Belum ada yang berubah.',
    }
  if (args.changes) return takeOver(books, args.importId, person.id)
  if (!args.confirmed) return preview(books, args.importId, args)
  const plan = await planImport(books, args.importId, options(args))
  const wait =
    plan.ready.length > LONG_IMPORT
      ? { text: `⏳ Memasukkan ${formatCount(plan.ready.length)} pelanggan, sebentar.` }
      : {}
  return { ...wait, errands: [{ kind: 'import.apply', args: { ...args, staffId: person.id, cause: message.id } }] }
}

function options(args: ImportArgs): ImportOptions {
  const from = args.date ?? args.month
  return { ...(from && { from }), ...(args.day !== undefined && { day: args.day }) }
}

export const readImport: ErrandHandler = async ({ args, open }) => {
  const { fileId, staffId } = args as { fileId: number; staffId: number }
  const { file, today } = await open(async (books) => ({ file: await getFile(books, fileId), today: books.today }))
  const sheets = await readWorkbook(file.bytes, file.name)
  const reading = 'refused' in sheets ? sheets : readCustomers(sheets, today)
  return async ({ books }) => {
    if ('refused' in reading) return { text: `${reading.sentence}` }
    if (reading.rows.length === 0)
      return { text: `Di *${file.name}* tidak ada baris pelanggan di bawah judulnya. Belum ada yang masuk.` }
    const importId = await stageImport(books, { fileId, staffId, reading })
    return preview(books, importId, {})
  }
}

/** What the file would do, and one question (voice 3). */
async function preview(books: Books, importId: number, args: ImportArgs): Promise<Answer> {
  const plan = await planImport(books, importId, options(args))
  const kept = { ...args, importId, fileId: undefined }
  if (plan.missing.includes('due') && args.day === undefined)
    return {
      text: `*${formatCount(plan.rows)}* baris terbaca, tetapi tidak ada kolom jatuh tempo. Jatuh tempo tanggal berapa? Contoh *20*`,
      ask: { command: 'customer.import', args: kept, awaits: 'day' },
    }
  if (plan.ready.length === 0) return nothingNew(plan, importId)
  return {
    text: [
      ...describePlan(books, plan, args),
      `Balas *ya* untuk memasukkan ${formatCount(plan.ready.length)} pelanggan, *tidak* untuk membatalkan.`,
    ].join('\n'),
    ask: { command: 'customer.import', args: { ...kept, confirmed: true }, awaits: 'yes', firm: false },
  }
}

function describePlan(books: Books, plan: ImportPlan, args: ImportArgs): string[] {
  const { byStatus: status, newPlans } = plan
  const lines = [
    `*${formatCount(plan.ready.length)}* dari ${formatCount(plan.rows)} baris siap masuk.`,
    [
      `${formatCount(status.active)} aktif`,
      status.stopped > 0 ? `${formatCount(status.stopped)} berhenti` : '',
      status.paused > 0 ? `${formatCount(status.paused)} cuti` : '',
    ]
      .filter(Boolean)
      .join(' · '),
  ]
  if (newPlans.length > 0) {
    const shown = newPlans.slice(0, LISTED).map(({ name, price }) => `${name} ${formatRupiah(price ?? (0 as never))}`)
    const own = plan.ownPrices > 0 ? `; ${formatCount(plan.ownPrices)} orang berharga sendiri` : ''
    lines.push(`${newPlans.length} paket baru: ${shown.join(', ')}${newPlans.length > LISTED ? ', …' : ''}${own}`)
  } else if (plan.ownPrices > 0) lines.push(`${formatCount(plan.ownPrices)} orang berharga sendiri, lain dari paketnya`)
  lines.push(...describeOthers(plan))
  if (plan.firstDueOn) {
    const from = args.month ? ` mulai ${formatMonth(args.month, books.today)}` : ''
    lines.push(
      `Tagihan pertama${from}: jatuh tempo mulai ${formatDay(plan.firstDueOn)}, *${formatCount(plan.issuedNow)}* terbit hari ini${plan.issuedNow < status.active ? ', lainnya menyusul' : ''}. Mulai bulan lain? *mulai januari*`,
    )
  }
  if (plan.rejected.length > 0)
    lines.push(
      `Belum bisa masuk: *${formatCount(plan.rejected.length)}*, saya kirim balik dalam Excel`,
      ...describeRejected(plan.rejected),
    )
  if (plan.debts > 0)
    lines.push(`${formatCount(plan.debts)} orang punya catatan utang; saya simpan di datanya, belum ditagih.`)
  return lines
}

function describeOthers(plan: ImportPlan): string[] {
  const lines: string[] = []
  const known = plan.same + plan.changed.length
  const double = plan.doublesInFile + known
  const parts = [
    plan.doublesInFile > 0 ? `${formatCount(plan.doublesInFile)} dua kali di file` : '',
    known > 0 ? `${formatCount(known)} sudah ada di Tagih` : '',
  ].filter(Boolean)
  if (double > 0) lines.push(`Kembar, dilewati: *${formatCount(double)}* (${parts.join(', ')})`)
  if (plan.changed.length > 0)
    lines.push(`${formatCount(plan.changed.length)} di antaranya beda isinya, saya tanyakan sesudah ini`)
  if (plan.skipped > 0) lines.push(`${formatCount(plan.skipped)} baris kosong atau jumlah, dilewati`)
  if (plan.unused.length > 0)
    lines.push(
      `Kolom yang tidak saya pakai: ${plan.unused.slice(0, LISTED).join(', ')}${plan.unused.length > LISTED ? ', …' : ''}`,
    )
  if (plan.sharedPhones > 0)
    lines.push(`${formatCount(plan.sharedPhones)} orang memakai No HP yang sama dengan nama lain; tetap masuk`)
  if (plan.withoutWhatsApp > 0)
    lines.push(`${formatCount(plan.withoutWhatsApp)} tanpa WhatsApp; tetap ditagih, lewat penagih`)
  return lines
}

const REJECTED: Record<RejectedRow['kind'], string> = {
  phone: 'No HP tidak terbaca',
  noName: 'tanpa nama',
  price: 'harga tidak terbaca',
  noPrice: 'tanpa paket dan harga',
  noPlanPrice: 'harga paketnya belum ada',
  due: 'jatuh tempo tidak terbaca',
  noDue: 'tanpa jatuh tempo',
  status: 'status tidak dikenal',
  paidUntil: 'lunas sampai kapan tidak terbaca',
}

/** `• 3 No HP tidak terbaca: baris 41, 118, 207` */
function describeRejected(rejected: readonly RejectedRow[]): string[] {
  const groups = [...Map.groupBy(rejected, ({ kind }) => kind)].sort((a, b) => b[1].length - a[1].length)
  return groups.map(([kind, rows]) => {
    const shown = rows.slice(0, LISTED).map(({ rowNumber }) => rowNumber)
    const value = rows.length === 1 && rows[0]?.value ? ` "${rows[0].value}"` : ''
    return `• ${formatCount(rows.length)} ${REJECTED[kind]}${value}: baris ${shown.join(', ')}${rows.length > LISTED ? ', …' : ''}`
  })
}

/** Nobody new: says what is the same, and asks about what differs or sends back what could not come in. */
function nothingNew(plan: ImportPlan, importId: number): Answer {
  const lines = [`Tidak ada pelanggan baru dari ${formatCount(plan.rows)} baris. Belum ada yang berubah.`]
  if (plan.same > 0) lines.push(`${formatCount(plan.same)} sudah ada dan sama.`)
  if (plan.doublesInFile > 0) lines.push(`${formatCount(plan.doublesInFile)} dua kali di file.`)
  const changes = describeChanges(plan)
  const back = plan.rejected.length > 0 ? [{ kind: 'import.reject', args: { importId } }] : []
  if (plan.rejected.length > 0)
    lines.push(
      `Belum bisa masuk: *${formatCount(plan.rejected.length)}*, saya kirim balik dalam Excel`,
      ...describeRejected(plan.rejected),
    )
  if (changes.length === 0) return { text: lines.join('\n'), errands: back }
  return { text: [...lines, ...changes].join('\n'), errands: back, ...askChanges(plan, importId) }
}

/** The differences, one customer a row (rules 39). */
function describeChanges(plan: ImportPlan): string[] {
  if (plan.changed.length === 0) return []
  const rows = plan.changed
    .slice(0, LISTED)
    .map(
      ({ existing, differences }) =>
        `• ${showName(existing.name)}: ${differences.map(({ label, before, after }) => `${label} ${before} → ${after}`).join(', ')}`,
    )
  const more = plan.changed.length - rows.length
  const fixed = plan.changed.some(({ differences }) => differences.some((difference) => !isApplicable(difference)))
  return [
    `*${formatCount(plan.changed.length)}* beda dari yang tercatat:`,
    ...rows,
    ...(more > 0 ? [`${formatCount(more)} lagi`] : []),
    ...(fixed ? ['Jatuh tempo dan status tidak saya ubah lewat file.'] : []),
  ]
}

function askChanges(plan: ImportPlan, importId: number): Pick<Answer, 'ask' | 'text'> {
  const applicable = plan.changed.filter(({ differences }) => differences.some(isApplicable))
  if (applicable.length === 0) return {}
  return { ask: { command: 'customer.import', args: { importId, changes: true }, awaits: 'yes' } }
}

async function takeOver(books: Books, importId: number, staffId: number): Promise<Answer> {
  const count = await applyChanges(books, importId, staffId)
  return {
    text: `✅ *${formatCount(count)}* pelanggan disesuaikan dengan file. Tagihan yang sudah terbit tidak berubah.`,
  }
}

export const applyErrand: ErrandHandler = async ({ args, open }) => {
  const given = readArgs(args)
  const plan = await open((books) => planImport(books, given.importId, options(given)))
  const back = plan.rejected.length > 0 ? await rejectedFile(given.importId, plan.rejected, open) : undefined
  return async ({ books }) => {
    const done = await applyImport(books, given.importId, options(given), given.staffId)
    if (!done) return { text: 'File itu sudah dimasukkan sebelumnya. Belum ada yang berubah.' }
    const after = await planImport(books, given.importId, {})
    const changes = describeChanges(after)
    return {
      text: [
        `✅ *${formatCount(done.customers)}* pelanggan masuk${done.issued > 0 ? `, *${formatCount(done.issued)}* tagihan terbit` : ''}. Belum ada pesan yang dikirim ke mereka.`,
        ...(back
          ? [
              `${formatCount(done.rejected.length)} baris yang perlu diperbaiki ada di file ini, alasannya di kolom terakhir. Betulkan, lalu kirim lagi ke sini.`,
            ]
          : []),
        ...(done.issued > 0 ? ['Kirim tagihannya: *tagih semua*'] : []),
        ...changes,
        ...(changes.length > 0 ? ['Sesuaikan dengan file? Balas *ya* atau *tidak*.'] : []),
        'Salah file? Ketik *batal*.',
      ].join('\n'),
      ...(back && { fileId: await storeFile(books, back) }),
      ...askChanges(after, given.importId),
      undo: {
        command: 'customer.import',
        args: { importId: given.importId },
        summary: `memasukkan ${formatCount(done.customers)} pelanggan`,
      },
    }
  }
}

/** Sends back what could not come in, when nothing else was to be done. */
export const rejectErrand: ErrandHandler = async ({ args, open }) => {
  const importId = args.importId as number
  const plan = await open((books) => planImport(books, importId, {}))
  const back = await rejectedFile(importId, plan.rejected, open)
  return async ({ books }) => ({
    fileId: await storeFile(books, back),
    text: `${formatCount(plan.rejected.length)} baris yang perlu diperbaiki, alasannya di kolom terakhir. Betulkan, lalu kirim lagi ke sini.`,
  })
}

/** The rejected rows as they were, with a column that says why; sent back corrected, they come in. */
async function rejectedFile(
  importId: number,
  rejected: readonly RejectedRow[],
  open: Parameters<ErrandHandler>[0]['open'],
) {
  const { headings, name } = await open(async (books) => ({
    headings: await listHeadings(books, importId),
    name: `belum-masuk-${formatDay(books.today).toLowerCase().replace(/ /g, '-')}.xlsx`,
  }))
  const first = headings.get(rejected[0]?.sheet ?? '') ?? [...headings.values()][0] ?? []
  const width = Math.max(first.length, ...rejected.map(({ cells }) => cells.length))
  const columns = Array.from({ length: width }, (_, index) => ({
    header: first[index] ?? '',
    width: 18,
    kind: 'text' as const,
  }))
  const bytes = await writeWorkbook(
    {
      sheetName: 'Perlu diperbaiki',
      columns: [...columns, { header: 'Kenapa belum masuk', width: 60, kind: 'text' as const }],
    },
    rejected.map(({ cells, reason }) => [
      ...Array.from({ length: width }, (_, index) => showValue(cells[index])),
      reason,
    ]),
  )
  return { name, mime: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', bytes }
}

function showValue(value: string | number | boolean | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}

function readArgs(args: Record<string, unknown>): ImportArgs & { importId: number; staffId: number } {
  const day = (value: unknown) => (typeof value === 'string' ? Temporal.PlainDate.from(value) : undefined)
  return { ...args, month: day(args.month), date: day(args.date) } as ImportArgs & { importId: number; staffId: number }
}

/** Takes a whole import back while nothing was paid or sent on it (rules 40). */
export async function undoImport({ books, person }: StaffTurn, args: { importId?: number }): Promise<Answer> {
  const done = await withdrawImport(books, args.importId ?? 0, person.id)
  if (!('refused' in done))
    return {
      text: `✅ Dibatalkan: *${formatCount(done.customers)}* pelanggan dari file itu ditarik, ${formatCount(done.voided)} tagihan dibatalkan.`,
    }
  const why = {
    paid: 'sudah ada pembayaran di dalamnya',
    sent: 'sudah ada tagihan yang dikirim',
    gone: 'sudah dibatalkan sebelumnya',
  }
  return { text: `File itu tidak bisa ditarik lagi: ${why[done.refused]}. Belum ada yang berubah.` }
}
