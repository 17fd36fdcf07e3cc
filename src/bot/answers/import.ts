import type { Books } from '../../domain/books.ts'
import { type Day, firstAnchorAfter } from '../../domain/calendar.ts'
import { getFile, storeFile } from '../../domain/file.ts'
import { type ImportOptions, type ImportPlan, planImport, stageImport } from '../../domain/import.ts'
import { applyImport, withdrawImport } from '../../domain/import-apply.ts'
import { applyChanges } from '../../domain/import-change.ts'
import { plain } from '../../domain/letter.ts'
import { formatCount, type Rupiah } from '../../domain/money.ts'
import type { ColumnAnswers } from '../../domain/sheet.ts'
import { readList } from '../../domain/workbook.ts'
import type { Answer, Args, ErrandHandler, StaffTurn } from '../command.ts'
import { askDebts, handleDebt, previewDebts, undoDebts } from './debt.ts'
import { askColumn } from './import-columns.ts'
import { canChange, describeChanges, describeNothingNew, describePlan } from './import-preview.ts'
import { rejectedFile } from './import-rejected.ts'

/** Above so many rows the answer takes more than a moment, and somebody should hear that it is being done. */
const LONG_IMPORT = 1_500

/** A lower price is a slip: "1" typed as if there were a choice. */
const LEAST_PRICE = 5_000

/** What a person says, and what earlier steps found out: the file, the import, the step that is being answered. */
type ImportArgs = {
  month?: Day
  date?: Day
  day?: number
  amount?: Rupiah
  fileId?: number
  columns?: Readonly<Record<string, string>>
  importId?: number
  prices?: Readonly<Record<string, number | null>>
  pricing?: string
  confirmed?: boolean
  changes?: boolean
  decision?: 'yes' | 'no'
  debtOf?: number
  series?: number
  of?: number
  billed?: number
  total?: number
  debtFile?: boolean
}

/** A file: read in an errand. Words given while its question is open shift the start (rules 11). */
export async function handleImport(turn: StaffTurn, args: ImportArgs): Promise<Answer> {
  const { books, message, person } = turn
  const { fileId, importId, debtOf, columns } = args
  if (fileId !== undefined && args.debtFile && args.confirmed)
    return { errands: [{ kind: 'debt.apply', args: { fileId, staffId: person.id, series: message.id } }] }
  if (fileId !== undefined) return { errands: [{ kind: 'import.read', args: { fileId, columns, staffId: person.id } }] }
  if (debtOf !== undefined) {
    const { series = message.id, of = 1, billed = 0, total = 0 } = args
    return handleDebt(turn, { ...args, series, of, billed, total, debtOf })
  }
  if (importId === undefined)
    return {
      text: 'Tidak ada daftar pelanggan yang sedang menunggu. Kirim filenya ke sini, Excel atau CSV, apa adanya. Belum ada yang berubah.',
    }
  if (args.changes) return decideChanges(turn, importId, args.decision !== 'no')
  if (!args.confirmed) return preview(books, importId, withPrice(args), message.id)
  const plan = await planImport(books, importId, options(args))
  const wait =
    plan.ready.length > LONG_IMPORT
      ? { text: `⏳ Memasukkan ${formatCount(plan.ready.length)} pelanggan, sebentar.` }
      : {}
  return { ...wait, errands: [{ kind: 'import.apply', args: { ...args, staffId: person.id, cause: message.id } }] }
}

/** The answer to "Berapa harga paket …?" among the others. */
function withPrice(args: ImportArgs): ImportArgs {
  if (args.pricing === undefined) return args
  const price = args.decision === 'no' ? null : args.amount
  // What is no price for a month is asked once more.
  if (price === undefined || (price !== null && price < LEAST_PRICE)) return args
  return { ...args, prices: { ...args.prices, [args.pricing]: price } }
}

function options(args: ImportArgs): ImportOptions {
  const from = args.date ?? args.month
  const prices = args.prices as ImportOptions['prices']
  return { ...(from && { from }), ...(args.day !== undefined && { day: args.day }), ...(prices && { prices }) }
}

export const readImport: ErrandHandler = async ({ args, open }) => {
  const { fileId, staffId, columns = {} } = args as { fileId: number; staffId: number; columns?: ColumnAnswers }
  const { file, today } = await open(async (books) => ({ file: await getFile(books, fileId), today: books.today }))
  const list = await readList(file.bytes, file.name, { today, answers: columns })
  return async ({ books, message }) => {
    if ('refused' in list) return { text: list.sentence }
    if (list.kind === 'debts') return previewDebts(books, fileId, list.rows)
    if (list.rows.length === 0)
      return { text: `Di *${plain(file.name)}* tidak ada baris pelanggan di bawah judulnya. Belum ada yang masuk.` }
    const [unclear] = list.reading.unclear
    if (unclear) return askColumn(unclear, { fileId, columns })
    const importId = await stageImport(books, { fileId, staffId, list })
    return preview(books, importId, {}, message.id)
  }
}

/** What the file would do, and one question (voice 3). */
async function preview(books: Books, importId: number, args: ImportArgs, messageId: number): Promise<Answer> {
  const kept: ImportArgs = { importId, month: args.month, date: args.date, day: args.day, prices: args.prices }
  const before = await planImport(books, importId, options(kept))
  if (before.state !== 'read')
    return {
      text: 'File itu sudah dimasukkan, jadi mulainya tidak bisa digeser lagi. Belum ada yang berubah.\nMau diulang? Ketik *batal*, lalu kirim lagi filenya.',
    }
  const isNew = before.ready.length > 0 || before.unpriced.length > 0
  if (isNew && before.missing.includes('due') && args.day === undefined) return askDue(before, kept)
  if (before.unpriced.length > 0) return askPrice(before, kept)
  // "mulai tgl 20" is a start where the list says itself when everybody pays.
  const isStart = args.day !== undefined && !before.missing.includes('due')
  if (isStart)
    return preview(
      books,
      importId,
      { ...kept, day: undefined, date: firstAnchorAfter(books.today, args.day ?? 1) },
      messageId,
    )
  if (before.ready.length === 0) return nothingNew(books, before, kept, messageId)
  return {
    text: [
      ...describePlan(books, before, args.date ?? args.month),
      `Balas *ya* untuk memasukkan ${formatCount(before.ready.length)} pelanggan, *tidak* untuk membatalkan.`,
    ].join('\n'),
    ask: { command: 'customer.import', args: { ...kept, confirmed: true }, awaits: 'yes' },
  }
}

function askDue(plan: ImportPlan, kept: ImportArgs): Answer {
  return {
    text: `*${formatCount(plan.rows)}* baris terbaca, tetapi tidak ada kolom jatuh tempo. Jatuh tempo tanggal berapa? Contoh *20*`,
    ask: { command: 'customer.import', args: kept, awaits: 'day' },
  }
}

/** A plan whose price stands nowhere; without it the rows go back. */
function askPrice({ unpriced: [plan] }: ImportPlan, kept: ImportArgs): Answer {
  const who = formatCount(plan?.customers ?? 0)
  const asked = plan?.name
    ? `Berapa harga paket *${plain(plan.name)}* sebulan? ${who} orang memakainya, dan di file tidak ada harganya.`
    : `Berapa harganya sebulan? Untuk ${who} orang di file tidak ada paket dan harganya.`
  return {
    text: `${asked}\nBalas harganya, contoh *150rb*. *tidak* kalau belum tahu, barisnya saya kirim balik.`,
    ask: {
      command: 'customer.import',
      args: { ...kept, pricing: plan?.key ?? '' },
      awaits: 'amount',
      onNo: { decision: 'no' },
    },
  }
}

/** Nobody new: says what is the same, and asks about what differs or sends back what could not come in. */
async function nothingNew(books: Books, plan: ImportPlan, kept: ImportArgs, messageId: number): Promise<Answer> {
  if (plan.rejected.length > 0) return { errands: [{ kind: 'import.reject', args: { ...kept } }] }
  return {
    text: [...describeNothingNew(plan), ...describeChanges(plan)].join('\n'),
    ...(await askNext(books, plan, kept.importId, messageId)),
  }
}

/** After an import one thing is asked at a time: what differs from what is there, then the noted debts. */
async function askNext(
  books: Books,
  plan: ImportPlan,
  importId: number | undefined,
  messageId: number,
): Promise<Pick<Answer, 'ask' | 'errands'>> {
  if (!canChange(plan)) return askDebts(books, messageId)
  return {
    ask: { command: 'customer.import', args: { importId, changes: true }, awaits: 'yes', onNo: { decision: 'no' } },
  }
}

async function decideChanges({ books, person, message }: StaffTurn, importId: number, yes: boolean): Promise<Answer> {
  const count = yes ? await applyChanges(books, importId, person.id) : 0
  return {
    text: yes
      ? `✅ *${formatCount(count)}* pelanggan disesuaikan dengan file. Tagihan yang sudah terbit tidak berubah.`
      : 'Baik, yang tercatat tetap seperti semula.',
    ...(await askDebts(books, message.id)),
  }
}

export const applyErrand: ErrandHandler = async ({ args, open }) => {
  const given = readArgs(args)
  const plan = await open((books) => planImport(books, given.importId, options(given)))
  const back = plan.rejected.length > 0 ? await rejectedFile(given.importId, plan.rejected, open) : undefined
  return async ({ books, message }) => {
    const done = await applyImport(books, given.importId, options(given), given.staffId)
    if (!done) return { text: 'File itu sudah dimasukkan sebelumnya. Belum ada yang berubah.' }
    const after = await planImport(books, given.importId, {})
    return {
      text: [
        `✅ *${formatCount(done.customers)}* pelanggan masuk${done.issued > 0 ? `, *${formatCount(done.issued)}* tagihan terbit` : ''}. Belum ada pesan yang dikirim ke mereka.`,
        ...(back
          ? [
              `${formatCount(done.rejected.length)} baris yang perlu diperbaiki ada di file ini, alasannya di kolom terakhir. Betulkan, lalu kirim lagi ke sini.`,
            ]
          : []),
        ...(done.issued > 0 ? ['Kirim tagihannya: *tagih semua*'] : []),
        'Salah file? Ketik *batal*.',
        ...describeChanges(after),
      ].join('\n'),
      ...(back && { fileId: await storeFile(books, back) }),
      ...(await askNext(books, after, given.importId, message.id)),
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
  const given = readArgs(args)
  const plan = await open((books) => planImport(books, given.importId, options(given)))
  const back = await rejectedFile(given.importId, plan.rejected, open)
  return async ({ books, message }) => ({
    fileId: await storeFile(books, back),
    text: [...describeNothingNew(plan), ...describeChanges(plan)].join('\n'),
    ...(await askNext(books, plan, given.importId, message.id)),
  })
}

function readArgs(args: Args): ImportArgs & { importId: number; staffId: number } {
  const day = (value: unknown) => (typeof value === 'string' ? Temporal.PlainDate.from(value) : undefined)
  return { ...args, month: day(args.month), date: day(args.date) } as ImportArgs & { importId: number; staffId: number }
}

/** Takes a whole import back while nothing was paid or sent on it (rules 40), or the invoices of noted debts. */
export async function undoImport(turn: StaffTurn, args: ImportArgs): Promise<Answer> {
  const { books, person } = turn
  if (args.series !== undefined) return undoDebts(turn, args.series)
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
