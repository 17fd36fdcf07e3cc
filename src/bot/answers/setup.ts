import type { Books } from '../../domain/books.ts'
import { listOpenMatters } from '../../domain/conversation.ts'
import { plain } from '../../domain/letter.ts'
import { formatRupiah, rupiah } from '../../domain/money.ts'
import { addPlan, DEFAULT_LEAD_DAYS, listPlans, planKey } from '../../domain/plan.ts'
import { readCode } from '../../domain/sender.ts'
import { activate, describeBusiness } from '../../domain/setup.ts'
import { findStaff, hasRights, type Staff } from '../../domain/staff.ts'
import { firstInvoice, issueDay } from '../../domain/subscription.ts'
import type { Answer, Question, StaffTurn, Turn } from '../command.ts'
import { understand } from '../understand.ts'

/** Setting up by chat: four questions, each answer kept as it is given (voice 1). */

/** Somebody who sets up a business does other things between. */
const WAIT_MINUTES = 7 * 24 * 60

type Step = 'names' | 'plans' | 'dueDay'
type SetupArgs = { step?: Step; text?: string }

/**
 * Reads a message as the code that makes its phone the owner's. Answers nothing where it is none, or none is awaited: a
 * stranger then gets silence.
 */
export async function welcomeOwner(
  { books }: Pick<Turn, 'books'>,
  message: { phone: string; account: string | null; text: string },
): Promise<Answer | undefined> {
  const code = readCode(message.text)
  if (!code) return undefined
  const done = await activate(books, message, code)
  if (!done) {
    const staff = message.account === null ? await findStaff(books, message.phone) : undefined
    return staff && hasRights(books, staff)
      ? { text: 'Nomor ini sudah terbukti. Mulai dari sini: *bantuan*' }
      : undefined
  }
  if (done.is === 'wrong')
    return { text: 'Kodenya belum cocok atau sudah lewat waktunya. Lihat kode yang baru, lalu kirim lagi.' }
  if (done.is === 'closed')
    return { text: 'Kodenya terlalu sering tidak cocok, jadi saya tutup. Buat kode baru, lalu kirim lagi.' }
  if (done.is === 'taken')
    return { text: 'Nomor ini milik staf lain, jadi belum ada yang berubah. Kirim kodenya dari HP pemilik.' }
  if (done.is === 'proven') return welcomeBack(books, done)
  return {
    text: [
      '✅ Nomor ini sekarang *pemilik* usaha baru di Tagih.',
      'Ada 4 pertanyaan. Boleh berhenti kapan saja, jawaban tersimpan.',
      '',
      QUESTIONS.names,
    ].join('\n'),
    ask: ask('names'),
  }
}

/** What was asked while the phone was not proven reached nobody: it is told now. */
async function welcomeBack(books: Books, { owner, replaced }: { owner: Staff; replaced: boolean }): Promise<Answer> {
  const mended = replaced ? ' Nomor di panel sudah saya ganti dengan nomor ini.' : ''
  const matters = await listOpenMatters(books)
  const rows = matters
    .slice(0, MOST_MATTERS)
    .map(({ number, summary }) => `• ${plain(summary)}: *ya ${number}* atau *tolak ${number}*`)
  const more = matters.length > MOST_MATTERS ? [`dan ${matters.length - MOST_MATTERS} lagi`] : []
  return {
    text: [
      `✅ Nomor ini sekarang *pemilik* ${plain(books.business.name)}, ${plain(owner.callName ?? owner.name)}.${mended}`,
      ...(rows.length > 0
        ? [`*${matters.length} hal* menunggu jawaban:`, ...rows, ...more]
        : ['Mulai dari sini: *bantuan*']),
    ].join('\n'),
  }
}

/** So many rows fit into the answer; the others come when these are answered. */
const MOST_MATTERS = 8

const QUESTIONS: Record<Step, string> = {
  names: '1 dari 4. Apa nama usahanya, dan Anda ingin dipanggil bagaimana? Contoh: *Barokah Net, Pak Joko*',
  plans: '2 dari 4. Paket apa saja dan berapa sebulan? Satu paket satu baris, contoh:\n*Rumah 10 Mbps 150rb*',
  dueDay: '3 dari 4. Pelanggan jatuh tempo tanggal berapa? Balas satu tanggal, contoh *20*, atau *beda-beda*.',
}

function ask(step: Step): Question {
  return { command: 'setup', args: { step }, awaits: 'text', minutes: WAIT_MINUTES }
}

const SKIP = /^\W*(?:lewati|lewat|skip|nanti(?: saja| aja)?|belum(?: ada)?)\W*$/i
const GO_ON = /^\W*(?:lanjut(?:kan)?|ya|ok|oke|siap)\W*$/i

/** An answer to one of the questions. */
export async function handleSetup(turn: StaffTurn, args: SetupArgs): Promise<Answer> {
  const { step = 'names', text = '' } = args
  if (GO_ON.test(text)) return { text: QUESTIONS[step], ask: ask(step) }
  const skip = SKIP.test(text)
  if (step === 'names') return skip ? next('plans') : takeNames(turn, text)
  if (step === 'plans') return skip ? next('dueDay') : takePlans(turn, text)
  return skip ? last(turn) : takeDueDay(turn, text)
}

function next(step: Step, said?: string): Answer {
  return { text: said ? `${said}\n\n${QUESTIONS[step]}` : QUESTIONS[step], ask: ask(step) }
}

const LONGEST_NAME = 60

/** `Barokah Net, pak joko`: the business, and how its owner is called. */
async function takeNames({ books, person }: StaffTurn, text: string): Promise<Answer> {
  const [business = '', ...rest] = text.split(/[,\n;]/).map((part) => plain(part).trim().slice(0, LONGEST_NAME))
  const callName = capitalise(rest.join(' ').trim())
  if (business === '') return { text: QUESTIONS.names, ask: ask('names') }
  await describeBusiness(books, { name: business }, callName ? { id: person.id, callName } : undefined)
  return next('plans', `*${business}*.${callName ? ` Salam kenal, ${callName}.` : ''}`)
}

function capitalise(name: string): string {
  return name.replace(/(^|[\s(])\p{Ll}/gu, (start) => start.toUpperCase())
}

/** One plan a line; what cannot be read is named, what can be is kept. */
async function takePlans({ books, commands }: StaffTurn, text: string): Promise<Answer> {
  const known = new Set((await listPlans(books)).map(({ name }) => planKey(name)))
  const unread: string[] = []
  const added: string[] = []
  for (const line of text
    .split(/[\n;]/)
    .map((each) => each.trim())
    .filter(Boolean)) {
    const { args } = understand(`tambah paket ${line.replace(/^[-•*\d.)\s]*(?=\p{L})/u, '').replace(/^paket /i, '')}`, {
      role: 'owner',
      today: books.today,
      commands: commands.filter(({ id }) => id === 'plan.add'),
    })
    const { name, price } = args as { name?: string; price?: number }
    if (!name || price === undefined) unread.push(line)
    else if (!known.has(planKey(name))) {
      const plan = await addPlan(books, { name: written(line, name), price: rupiah(price) })
      known.add(planKey(name))
      added.push(`${plan.name} ${formatRupiah(plan.price)}`)
    }
  }
  const kept = added.length > 0 ? [`*${added.length} paket* dicatat: ${added.join(', ')}.`] : []
  if (unread.length > 0)
    return {
      text: [
        ...kept,
        `Belum terbaca: "${plain(unread[0] ?? '').slice(0, 60)}". Tulis nama dan harganya, contoh:\n*Rumah 10 Mbps 150rb*`,
      ].join('\n'),
      ask: ask('plans'),
    }
  return next('dueDay', kept[0] ?? 'Paket itu sudah tercatat.')
}

/** The name as the owner wrote it; the reader knows it in lower case. */
function written(line: string, name: string): string {
  const at = line.toLowerCase().indexOf(name)
  return at < 0 ? capitalise(name) : line.slice(at, at + name.length)
}

/** One day for everybody, or *beda-beda*. */
async function takeDueDay(turn: StaffTurn, text: string): Promise<Answer> {
  const { books } = turn
  if (/beda|macam|lain|sendiri/i.test(text)) {
    await describeBusiness(books, { dueDay: null })
    return last(turn, 'Baik, tiap pelanggan punya tanggalnya sendiri.')
  }
  const day = Number(/\d{1,2}/.exec(text)?.[0] ?? 0)
  if (day < 1 || day > 31)
    return { text: `Tanggalnya belum terbaca, 1 sampai 31.\n${QUESTIONS.dueDay}`, ask: ask('dueDay') }
  await describeBusiness(books, { dueDay: day })
  const lead = (await listPlans(books))[0]?.leadDays ?? DEFAULT_LEAD_DAYS
  const issueOn = issueDay(firstInvoice({ day }, books.today, 'prepaid').dueOn, lead)
  return last(turn, `Jatuh tempo tanggal *${day}*, tagihan terbit tanggal *${issueOn.day}* (${lead} hari sebelumnya).`)
}

async function last({ books }: StaffTurn, said?: string): Promise<Answer> {
  const [plan] = await listPlans(books)
  const example = plan ? `tambah pelanggan Slamet 085700004321 ${plan.name}` : 'tambah pelanggan Slamet 085700004321'
  return {
    text: [
      ...(said ? [said, ''] : []),
      '4 dari 4. Kirim daftar pelanggan apa adanya, Excel atau CSV. Belum punya? Mulai dari satu orang:',
      `*${example}*`,
    ].join('\n'),
  }
}
