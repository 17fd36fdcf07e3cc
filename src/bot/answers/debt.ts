import type { Books } from '../../domain/books.ts'
import { firstAnchorAfter, formatDay } from '../../domain/calendar.ts'
import { boldName, showName } from '../../domain/customer.ts'
import { type Debt, decideDebts, listDebts, withdrawDebts } from '../../domain/debt.ts'
import { getFile, storeFile } from '../../domain/file.ts'
import { plain } from '../../domain/letter.ts'
import { formatCount, formatRupiah, type Rupiah, rupiah, sum } from '../../domain/money.ts'
import { formatPhone } from '../../domain/phone.ts'
import { DEBT_HEADINGS, type DebtRow } from '../../domain/sheet/debts.ts'
import { readList, writeWorkbook } from '../../domain/workbook.ts'
import type { Answer, ErrandHandler, Question, StaffTurn } from '../command.ts'

/** So many noted debts are asked about one by one; more go out as a list to correct and send back (rules 11). */
const ONE_BY_ONE = 9
/** A smaller one is a slip: "1" typed as if there were a choice. Whoever noted so little can say *ya* to it. */
const LEAST_DEBT = 5_000
/** Rows named in an answer; the rest is a number. */
const LISTED = 5
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/** What a row of questions carries along: what names its invoices, how many it began with, and what came of it so far. */
type Series = { series: number; of: number; billed: number; total: number }

/** Asks about the noted debts that wait: one by one, or as a list. Nothing when there are none. */
export async function askDebts(books: Books, series: number): Promise<Pick<Answer, 'ask' | 'errands'>> {
  const debts = await listDebts(books)
  const [first] = debts
  if (!first) return {}
  if (debts.length > ONE_BY_ONE) return { errands: [{ kind: 'debt.list', args: {} }] }
  const state = { series, of: debts.length, billed: 0, total: 0 }
  return { ask: { text: question(first, 1, debts.length), ...asking(first, state) } }
}

function question(debt: Debt, at: number, of: number): string {
  const what = `Catatan utang, ${at} dari ${of}: ${boldName(debt)} "${plain(debt.note)}"`
  return debt.amount
    ? `${what}, jadi *${formatRupiah(debt.amount)}*?\nBalas *ya*, jumlah lain (contoh *200rb*), atau *tidak*.`
    : `${what}, jadi berapa?\nBalas jumlahnya (contoh *200rb*), atau *tidak*.`
}

function asking(debt: Debt, state: Series): Question {
  return {
    command: 'customer.import',
    args: { ...state, debtOf: debt.customerId },
    awaits: 'amount',
    ...(debt.amount && { onYes: { decision: 'yes' } }),
    onNo: { decision: 'no' },
  }
}

/** The answer about one debt, and the next question. */
export async function handleDebt(
  { books, person }: StaffTurn,
  args: Series & { debtOf: number; amount?: Rupiah; decision?: 'yes' | 'no' },
): Promise<Answer> {
  const { series, of } = args
  const debt = (await listDebts(books)).find(({ customerId }) => customerId === args.debtOf)
  if (debt && args.amount !== undefined && args.amount < LEAST_DEBT)
    return {
      text: `${formatRupiah(args.amount)} terlalu kecil untuk utang. Tulis jumlahnya lengkap, contoh *200rb*, atau *tidak*.`,
      ask: asking(debt, { series, of, billed: args.billed, total: args.total }),
    }
  const amount = args.decision === 'no' ? rupiah(0) : (args.amount ?? debt?.amount)
  if (debt && amount === undefined) throw new Error('an answer about a debt without an amount')
  const done =
    debt &&
    (await decideDebts(books, [{ customerId: debt.customerId, amount: amount ?? rupiah(0) }], {
      staffId: person.id,
      series,
    }))
  const billed = done?.billed ?? 0
  const state = { series, of, billed: args.billed + billed, total: args.total + (done?.total ?? 0) }
  const said = debt ? saidOf(books, debt, amount ?? rupiah(0)) : 'Catatan itu sudah diputuskan sebelumnya.'
  const undo =
    args.billed === 0 && billed > 0
      ? { undo: { command: 'customer.import' as const, args: { series }, summary: 'tagihan dari catatan utang' } }
      : {}
  const left = await listDebts(books)
  const [next] = left
  if (next) return { text: `${said}\n\n${question(next, of - left.length + 1, of)}`, ask: asking(next, state), ...undo }
  return { text: [said, ...summary(state)].join('\n'), ...undo }
}

function saidOf(books: Books, debt: Debt, amount: Rupiah): string {
  if (amount === 0) return `Baik, catatan ${boldName(debt)} tidak ditagih.`
  const dueOn = firstAnchorAfter(books.today, debt.anchorDay ?? books.today.day)
  return `✅ *${formatRupiah(amount)}* untuk ${boldName(debt)} jadi tagihan, jatuh tempo ${formatDay(dueOn)}.`
}

function summary({ billed, total, of }: Series): string[] {
  if (billed === 0) return ['Semua catatan utang sudah diputuskan, tidak ada yang ditagih.']
  const declined = of - billed > 0 ? `, ${of - billed} tidak ditagih` : ''
  return [
    `Selesai: *${billed}* catatan utang jadi tagihan, total *${formatRupiah(rupiah(total))}*${declined}. Belum ada pesan yang dikirim.`,
    'Salah? Ketik *batal*.',
  ]
}

/** The list of noted debts, with a suggestion each, to correct and send back. */
export const debtList: ErrandHandler = async ({ open }) => {
  const { debts, today } = await open(async (books) => ({
    debts: await listDebts(books),
    today: books.today,
  }))
  const text = (header: string, width: number) => ({ header, width, kind: 'text' as const })
  const bytes = await writeWorkbook(
    {
      sheetName: 'Catatan utang',
      columns: [
        text(DEBT_HEADINGS.number, 14),
        text('Nama', 28),
        text('No HP', 18),
        text('Wilayah', 18),
        text('Catatan', 36),
        { header: DEBT_HEADINGS.amount, width: 18, kind: 'rupiah' },
      ],
    },
    debts.map(({ number, name, phone, area, note, amount }) => [
      number,
      showName(name),
      phone && formatPhone(phone),
      area,
      note,
      amount,
    ]),
  )
  const name = `catatan-utang-${formatDay(today).toLowerCase().replace(/ /g, '-')}.xlsx`
  return async ({ books }) => ({
    fileId: await storeFile(books, { name, mime: XLSX, bytes }),
    text: [
      `*${formatCount(debts.length)}* orang punya catatan utang, daftarnya di file ini. Belum ada yang ditagih.`,
      'Kolom terakhir usul saya: betulkan jumlahnya, *0* kalau tidak jadi ditagih, lalu kirim balik ke sini.',
    ].join('\n'),
  })
}

/** What a list that came back says about the debts that wait. */
function matchDebts(rows: readonly DebtRow[], debts: readonly Debt[]) {
  const waiting = new Map(debts.map((debt) => [debt.number.toLowerCase(), debt]))
  const decisions = new Map<number, Rupiah>()
  const unread: number[] = []
  let unknown = 0
  for (const { number, amount, unread: text, rowNumber } of rows) {
    const debt = waiting.get(number.toLowerCase())
    if (!debt) unknown++
    else if (text !== undefined) unread.push(rowNumber)
    else if (amount !== undefined) decisions.set(debt.customerId, amount)
  }
  const amounts = [...decisions.values()]
  return {
    decisions: [...decisions].map(([customerId, amount]) => ({ customerId, amount })),
    billed: amounts.filter((amount) => amount > 0).length,
    total: sum(amounts),
    unread,
    unknown,
    left: debts.length - decisions.size - unread.length,
  }
}

/** What a list that came back would do, and one question. */
export async function previewDebts(books: Books, fileId: number, rows: readonly DebtRow[]): Promise<Answer> {
  const { decisions, billed, total, unread, unknown, left } = matchDebts(rows, await listDebts(books))
  const declined = decisions.length - billed
  const lines = [
    ...(declined > 0 ? [`${formatCount(declined)} tidak ditagih (0)`] : []),
    ...(unread.length > 0
      ? [
          `${formatCount(unread.length)} jumlahnya tidak terbaca, saya biarkan dulu: baris ${unread.slice(0, LISTED).join(', ')}${unread.length > LISTED ? ', …' : ''}`,
        ]
      : []),
    ...(left > 0 ? [`${formatCount(left)} belum diisi, saya biarkan dulu`] : []),
    ...(unknown > 0
      ? [`${formatCount(unknown)} tidak menunggu lagi: sudah diputuskan, atau bukan dari daftar saya`]
      : []),
  ]
  if (decisions.length === 0)
    return {
      text: ['Tidak ada catatan utang yang bisa diputuskan dari file ini. Belum ada yang berubah.', ...lines].join(
        '\n',
      ),
    }
  return {
    text: [
      `*${formatCount(billed)}* catatan utang jadi tagihan, total *${formatRupiah(total)}*.`,
      ...lines,
      `Balas *ya* untuk menerbitkan ${formatCount(billed)} tagihan, *tidak* untuk membatalkan.`,
    ].join('\n'),
    ask: { command: 'customer.import', args: { fileId, debtFile: true, confirmed: true }, awaits: 'yes' },
  }
}

/** Does what the list says, read once more: what was decided meanwhile stays as it is. */
export const applyDebts: ErrandHandler = async ({ args, open }) => {
  const { fileId, staffId, series } = args as { fileId: number; staffId: number; series: number }
  const { file, today } = await open(async (books) => ({ file: await getFile(books, fileId), today: books.today }))
  const list = await readList(file.bytes, file.name, { today })
  if ('refused' in list || list.kind !== 'debts') throw new Error('the list of debts is none any more')
  return async ({ books }) => {
    const { decisions } = matchDebts(list.rows, await listDebts(books))
    const { billed, total, declined } = await decideDebts(books, decisions, { staffId, series })
    return {
      text: [
        `✅ *${formatCount(billed)}* tagihan dari catatan utang terbit, total *${formatRupiah(total)}*. Belum ada pesan yang dikirim.`,
        ...(declined > 0 ? [`${formatCount(declined)} catatan tidak ditagih.`] : []),
        ...(billed > 0 ? ['Salah? Ketik *batal*.'] : []),
      ].join('\n'),
      ...(billed > 0 && {
        undo: {
          command: 'customer.import',
          args: { series },
          summary: `${formatCount(billed)} tagihan dari catatan utang`,
        },
      }),
    }
  }
}

/** Takes the invoices of noted debts back; the notes wait for a word again. */
export async function undoDebts({ books, person }: StaffTurn, series: number): Promise<Answer> {
  const done = await withdrawDebts(books, series, person.id)
  if (!('refused' in done))
    return {
      text: `✅ Dibatalkan: *${formatCount(done.voided)}* tagihan dari catatan utang, ${formatRupiah(done.total)}. Catatannya tetap di data pelanggan.`,
    }
  const why = {
    paid: 'sudah ada pembayaran di dalamnya',
    sent: 'sudah ada tagihan yang dikirim',
    gone: 'sudah dibatalkan sebelumnya',
  }
  return { text: `Tagihan dari catatan utang tidak bisa ditarik lagi: ${why[done.refused]}. Belum ada yang berubah.` }
}
