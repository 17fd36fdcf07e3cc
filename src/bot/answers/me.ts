import type { Books } from '../../domain/books.ts'
import { type Day, daysBetween, formatDay, formatMonth } from '../../domain/calendar.ts'
import { mayHint } from '../../domain/conversation.ts'
import { boldName, findByPhone, setOptOut, showName } from '../../domain/customer.ts'
import { greetName, greetTime } from '../../domain/greeting.ts'
import { type Invoice, listInvoiceLines } from '../../domain/invoice.ts'
import { namePeriod, namePeriods, plain } from '../../domain/letter.ts'
import { formatRupiah, sum } from '../../domain/money.ts'
import { formatPhone } from '../../domain/phone.ts'
import { listStaff } from '../../domain/staff.ts'
import type { Answer, CommandId, Note, Turn } from '../command.ts'
import { conceptSet, meaningOf } from '../meaning.ts'
import { clean, tokenize } from '../tokens.ts'
import { listOwed, type Owed, PAY_LINE } from './owed.ts'

/** A customer's other words are answered at most once in this time, so that two machines never talk for ever (N21). */
const TALK_MINUTES = 60

/** `*Rp150.000*, tagihan Desember, jatuh tempo 20 Des 2026.` (voice 31) */
function describeOwed({ open, total }: Owed, today: Day): string[] {
  const [only] = open
  if (open.length === 1 && only)
    return [
      `*${formatRupiah(total)}*, tagihan ${plain(namePeriod(only, today))}, jatuh tempo ${formatDay(only.dueOn)}${late(only, today)}.`,
    ]
  return [
    `*${formatRupiah(total)}*, ${open.length} tagihan:`,
    ...open
      .slice(0, MOST_SHOWN)
      .map(
        (invoice, index) =>
          `${index + 1}. ${plain(namePeriod(invoice, today))} ${formatRupiah(invoice.open)} · jatuh tempo ${formatDay(invoice.dueOn)}`,
      ),
  ]
}

/** So many rows of a list fit into an answer. */
const MOST_SHOWN = 9

function onlyOf({ customer, open }: Owed, month: Day): Owed[] {
  const meant = open.filter((invoice) => invoice.period?.equals(month))
  return meant.length > 0 ? [{ customer, open: meant, total: sum(meant.map((invoice) => invoice.open)) }] : []
}

function late(invoice: Invoice, today: Day): string {
  const days = daysBetween(invoice.dueOn, today)
  return days > 0 ? `, lewat ${days} hari` : ''
}

export async function handleInvoice({ books, person }: Turn, { month }: { month?: Day } = {}): Promise<Answer> {
  const { owed: all } = await listOwed(books, person.phone)
  const owed = month ? all.flatMap((each) => onlyOf(each, month)) : all
  if (owed.length === 0 && all.length > 0 && month)
    return { text: `Tidak ada tagihan ${formatMonth(month, books.today)} yang belum dibayar.` }
  if (owed.length === 0) return { text: 'Tidak ada tagihan yang belum dibayar. Terima kasih.' }
  const [first] = owed
  const lines = owed.length === 1 && first ? describeOwed(first, books.today) : describeSeveral(owed)
  return { text: [...lines, PAY_LINE].join('\n') }
}

/** `1. Kos Melati 1 · Rp150.000 · jatuh tempo 20 Nov 2026`: the customers of one phone. */
function describeSeveral(owed: readonly Owed[]): string[] {
  const rows = owed.map(({ customer, open, total }, index) => {
    const due = open[0] ? ` · jatuh tempo ${formatDay(open[0].dueOn)}` : ''
    return `${index + 1}. ${showName(customer.name)} · ${formatRupiah(total)}${due}`
  })
  return [
    `*${formatRupiah(sum(owed.map((each) => each.total)))}*, tagihan ${owed.length} pelanggan:`,
    ...rows.slice(0, MOST_SHOWN),
    ...(rows.length > MOST_SHOWN ? [`dan ${rows.length - MOST_SHOWN} lagi`] : []),
  ]
}

async function tellOwners(books: Books, text: string, file: { fileId?: number } = {}): Promise<Note[]> {
  return (await listStaff(books, ['owner'])).map(({ phone }) => ({ phone, kind: 'note', text, ...file }))
}

async function ownerName(books: Books): Promise<string> {
  const [owner] = await listStaff(books, ['owner'])
  return owner?.callName ?? owner?.name ?? 'pemilik'
}

/** `stop`: no more unasked messages; subscription and bills go on (voice 37). */
export async function handleOptOut({ books, person }: Turn): Promise<Answer> {
  const { customers, owed } = await listOwed(books, person.phone)
  await setOptOut(
    books,
    customers.map(({ id }) => id),
    true,
  )
  const [customer] = customers
  const others = customers.length > 1 ? ` dan ${customers.length - 1} pelanggan lain di nomor yang sama` : ''
  const open = owed.flatMap((each) => each.open)
  const what = owed.length === 1 ? namePeriods(open, books.today) : `${owed.length} pelanggan`
  const debt = owed.length > 0 ? `, ${what} belum lunas ${formatRupiah(sum(owed.map((each) => each.total)))}` : ''
  const then = owed.length > 0 ? '\nTagih langsung atau lewat penagih.' : ''
  const notes = customer
    ? await tellOwners(
        books,
        `⚠️ ${boldName(customer)}${others} minta tidak dikirimi pesan. Langganannya tetap aktif${debt}.${then}`,
      )
    : []
  return {
    text: 'Baik, pesan otomatis ke nomor ini *berhenti*. Langganan dan tagihan tetap berjalan.\nMau menerima lagi? Balas *mulai*. Mau berhenti langganan? Balas *berhenti langganan*',
    notes,
  }
}

export async function handleOptIn({ books, person }: Turn): Promise<Answer> {
  const customers = await findByPhone(books, person.phone)
  await setOptOut(
    books,
    customers.map(({ id }) => id),
    false,
  )
  return { text: 'Baik, tagihan dan kwitansi datang lagi di nomor ini. Mau berhenti menerima? Balas *stop*' }
}

/** A greeting: who this is and what is open (voice 39). */
export async function handleHelp({ books, person }: Turn): Promise<Answer> {
  const { customers, owed } = await listOwed(books, person.phone)
  const greeting = `${greetTime(books.now, books.business.zone)}, ${greetName(customers[0]?.name ?? '')}. Nomor ini tersambung dengan *${plain(books.business.name)}*; tagihan dan kwitansi datang di sini.`
  if (owed.length === 0) return { text: `${greeting}\nTidak ada tagihan yang belum dibayar. Terima kasih.` }
  const [only] = owed.flatMap(({ open }) => open)
  const total = sum(owed.map((each) => each.total))
  const what =
    owed.length === 1 && owed[0]?.open.length === 1 && only
      ? `Tagihan ${plain(namePeriod(only, books.today))} *${formatRupiah(total)}*, jatuh tempo ${formatDay(only.dueOn)}${late(only, books.today)}.`
      : `Tagihan yang belum dibayar: *${formatRupiah(total)}*.`
  return { text: `${greeting}\n${what} ${PAY_LINE}` }
}

/** What the customer said when it was no plain talk, and whether the way to pay belongs into the answer. */
const CLAIMS: ReadonlySet<CommandId> = new Set<CommandId>([
  'me.claimPaid',
  'me.receipt',
  'me.promise',
  'me.wrongNumber',
])

/**
 * Anything that wants a human goes to the owner with the words and the file; the bill's lines answer a question about it
 * (voice 36). Whoever says that they paid or when they will is not told how to pay.
 */
export async function handleTalk(turn: Turn, meant: CommandId = 'me.talk'): Promise<Answer> {
  const { books, person, message } = turn
  const { customers, owed } = await listOwed(books, person.phone)
  const [customer] = customers
  if (!customer) return {}
  const file = message.fileId === null ? {} : { fileId: message.fileId }
  const said = message.text ? `menulis: "${plain(message.text.slice(0, 300))}"` : 'mengirim file ini.'
  const notes = await tellOwners(
    books,
    `⚠️ ${boldName(customer)} ${said}\nBalas di chatnya: ${formatPhone(person.phone)}`,
    file,
  )
  if (!(await mayHint(books, person.phone, TALK_MINUTES))) return { notes }
  // While no owner's phone is proven nobody hears of it; it stands in the chat.
  const forwarded =
    notes.length > 0
      ? `sudah kami teruskan ke ${await ownerName(books)}, beliau membalas di sini.`
      : 'sudah kami terima.'
  const [first] = owed[0]?.open ?? []
  if (message.fileId !== null) return { text: `Kirimannya ${forwarded}`, notes }
  if (!first || CLAIMS.has(meant)) return { text: `Pesannya ${forwarded}`, notes }
  const parts = (await listInvoiceLines(books, first.id)).map(
    (part) => `${plain(part.text)} ${formatRupiah(part.amount)}`,
  )
  const bill = `Tagihan ${plain(namePeriod(first, books.today))} *${formatRupiah(first.open)}*: ${parts.join(', ')}.`
  const text = isAboutBill(message.text)
    ? `${bill}\nPertanyaannya ${forwarded}`
    : `Pesannya ${forwarded}\n${bill} ${PAY_LINE}`
  return { text, notes }
}

const OF_BILLS = conceptSet('mahal tagihan harga tempo diskon denda')

/** "kok mahal?": what the bill is made of is the better half of the answer. */
function isAboutBill(text: string): boolean {
  return tokenize(clean(text)).some(({ text: word }) => OF_BILLS.has(meaningOf(word)?.concept ?? ''))
}
