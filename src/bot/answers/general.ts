import { z } from 'zod'
import type { Books } from '../../domain/books.ts'
import { formatDay, formatTime } from '../../domain/calendar.ts'
import { type Act, closeMatter, findLastAct, findMatter, markUndone } from '../../domain/conversation.ts'
import { boldName, findCustomer } from '../../domain/customer.ts'
import { issueParked, skipParked } from '../../domain/invoice.ts'
import { namePeriods, plain, receiptLetter } from '../../domain/letter.ts'
import { formatRupiah, sum } from '../../domain/money.ts'
import { findPayment, releasePayment } from '../../domain/payment.ts'
import { formatPhone } from '../../domain/phone.ts'
import { trustAccount } from '../../domain/sender.ts'
import { findStaff, renewProof } from '../../domain/staff.ts'
import type { Answer, CommandId, MatterHandler, StaffTurn } from '../command.ts'
import { forbid, nameAct, refuseUnbuilt } from '../refuse.ts'
import { restorationMatters } from './restoration.ts'

/** A bare *batal* takes back this person's own last act of the last hour; a collector's of a quarter (rules 19). */
const UNDO_MINUTES = { collector: 15, others: 60 }
const UNDO_DAYS = 30

type UndoArgs = { actId?: number }

export async function handleUndo(turn: StaffTurn, args: UndoArgs): Promise<Answer> {
  const { books, person } = turn
  const boss = person.role === 'owner' || person.role === 'admin'
  const own = await findLastAct(books, person.id)
  const act =
    own && (args.actId === own.id || isFresh(books, own, person.role))
      ? own
      : boss
        ? await findLastAct(books)
        : undefined
  if (!act || act.at.until(books.now).total('hours') > UNDO_DAYS * 24)
    return {
      text: `Tidak ada yang bisa dibatalkan${own ? ', yang terakhir sudah terlalu lama' : ''}. Belum ada yang berubah.`,
    }
  const mine = act.staff_id === person.id && isFresh(books, act, person.role)
  if (!mine && args.actId !== act.id) return askFirst(books, act)
  const { undo } = turn.commands.find(({ id }) => id === act.command) ?? {}
  if (!undo) throw new Error(`nothing undoes ${act.command}`)
  if (!(await markUndone(books, act.id, person.id)))
    return { text: `${act.summary} sudah dibatalkan sebelumnya. Belum ada yang berubah.` }
  return undo(turn, act.args)
}

function isFresh(books: Books, act: Act, role: string): boolean {
  const minutes = role === 'collector' ? UNDO_MINUTES.collector : UNDO_MINUTES.others
  return act.at.until(books.now).total('minutes') <= minutes
}

/** What is older, or another's, is shown and asked (rules 19). */
function askFirst(books: Books, act: Act & { by: string }): Answer {
  const { zone } = books.business
  const when = `${formatDay(act.at.toZonedDateTimeISO(zone).toPlainDate())} ${formatTime(act.at, zone)}`
  return {
    text: `Batalkan *${act.summary}*? Dikerjakan ${act.by} ${when}.\nBalas *ya* untuk membatalkannya, *tidak* untuk membiarkan.`,
    ask: { command: 'undo', args: { actId: act.id }, awaits: 'yes' },
  }
}

/** `ya 15`, `tolak 15`: decides what reached this person unasked (voice 13). */
export async function decideMatter(turn: StaffTurn, number: number, decision: 'yes' | 'no'): Promise<Answer> {
  const { books, person } = turn
  const matter = await findMatter(books, number)
  const boss = person.role === 'owner' || person.role === 'admin'
  if (!matter || !boss)
    return { text: `Tidak ada yang menunggu jawaban dengan nomor ${number}. Belum ada yang berubah.` }
  // A "no" leaves the matter open to a later "yes"; a "yes" is final.
  if (matter.closed_at && matter.decision === 'yes')
    return {
      text: `Nomor ${number} sudah dijawab ${formatTime(matter.closed_at, books.business.zone)}. Belum ada yang berubah.`,
    }
  const handler = matters[matter.kind]
  if (!handler) throw new Error(`no handler for matter ${matter.kind}`)
  const answer = await handler(turn, matter, decision)
  await closeMatter(books, number, person.id, decision)
  return answer
}

const Differs = z.object({ paymentId: z.number(), invoiceIds: z.array(z.number()) })
const Changed = z.object({ phone: z.string(), lid: z.string().optional() })
const Parked = z.object({ subscriptionIds: z.array(z.number()) })

const matters: Record<string, MatterHandler> = {
  'payment.differs': async ({ books }, matter, decision) => {
    const { paymentId, invoiceIds } = Differs.parse(matter.args)
    const payment = await findPayment(books, paymentId)
    const customer = payment && (await findCustomer(books, payment.customerId, { withdrawn: true }))
    if (!payment || !customer) throw new Error(`matter ${matter.number} without its payment`)
    const money = `*${formatRupiah(payment.amount)}* dari ${boldName(customer)}`
    if (decision === 'no')
      return { text: `Baik, ${money} tetap disimpan dan belum masuk tagihan.\nBerubah pikiran? *ya ${matter.number}*` }
    const made = await releasePayment(books, paymentId, invoiceIds)
    if (!made) return { text: `${money} sudah dimasukkan sebelumnya. Belum ada yang berubah.` }
    const open = sum(made.invoices.map((invoice) => invoice.open))
    const rest =
      made.invoices.length === 0
        ? ''
        : open > 0
          ? ` ${namePeriods(made.invoices, books.today)} sisa *${formatRupiah(open)}*.`
          : ` ${namePeriods(made.invoices, books.today)} lunas.`
    const credit = made.credit > 0 ? ` Lebihnya ${formatRupiah(made.credit)} jadi saldo.` : ''
    const phone = customer.phones.find(({ kind }) => kind === 'mobile')?.phone
    const receipt = { ...payment, ...made, at: payment.recordedAt }
    return {
      text: `✅ ${money} dicatat.${rest}${credit}`,
      ...(phone && {
        notes: [
          {
            phone,
            kind: 'receipt',
            customerId: customer.id,
            text: receiptLetter(books.business, customer, receipt, books.today),
          },
        ],
      }),
    }
  },
  'sender.changed': async ({ books }, matter, decision) => {
    const { phone, lid } = Changed.parse(matter.args)
    const staff = await findStaff(books, phone)
    if (!staff?.provenUntil) return { text: `${formatPhone(phone)} bukan nomor staf lagi. Belum ada yang berubah.` }
    const name = `*${plain(staff.name)}* (${formatPhone(phone)})`
    if (decision === 'no')
      return {
        text: `Baik, perintah dari ${name} tetap tidak saya jalankan.\nBerubah pikiran? *ya ${matter.number}*`,
      }
    if (lid) await trustAccount(books, phone, lid)
    await renewProof(books, staff)
    return { text: `✅ Perintah dari ${name} saya jalankan lagi, mulai dari pesan berikutnya.` }
  },
  'subscription.parked': async ({ books, person }, matter, decision) => {
    const { subscriptionIds } = Parked.parse(matter.args)
    if (decision === 'no') {
      const count = await skipParked(books, subscriptionIds, {
        cause: `matter:${matter.number}`,
        staffId: person.id,
      })
      // The next bill may be due to be issued by now; the job issues it after the commit.
      await books.enqueue({ name: 'issue', day: books.today.toString() })
      return {
        text: `✅ *${count} pelanggan* ditagih lagi mulai jatuh tempo berikutnya; bulan yang terlewat tidak ditagih.`,
      }
    }
    const issued = await issueParked(books, subscriptionIds)
    return { text: `✅ *${issued} tagihan* yang tertinggal terbit. Belum ada yang dikirim.` }
  },
  ...restorationMatters,
}

/** Groups of the help, the most used first; what is not built yet is left out (voice 2). */
const HELP: readonly (readonly CommandId[])[] = [
  ['invoice.sendAll', 'invoice.send'],
  ['payment.record', 'undo'],
  ['report.overdue', 'report.unpaid'],
  ['customer.find', 'customer.add'],
  ['due.move', 'due.align'],
  ['plan.list', 'invoice.issue', 'panel'],
  ['broadcast.status', 'broadcast.stop', 'broadcast.resume'],
]
/** What is used most is shown in two forms. */
const SHOWN_TWICE: ReadonlySet<CommandId> = new Set<CommandId>(['payment.record'])

export async function handleHelp(turn: StaffTurn, args: { topic?: string }): Promise<Answer> {
  const { person, commands } = turn
  const usable = commands.filter((command) => command.handle && command.roles.includes(person.role))
  const topic = args.topic && commands.find(({ id }) => id === args.topic)
  if (topic) {
    if (!topic.roles.includes(person.role)) return forbid(turn, topic)
    if (!topic.handle) return refuseUnbuilt(turn, topic)
    return {
      text: [`*${nameAct(topic)}*, contoh:`, ...topic.examples.map((example) => `• *${example}*`)].join('\n'),
    }
  }
  const lines = HELP.map((group) =>
    group.flatMap(
      (id) =>
        usable
          .find((command) => command.id === id)
          ?.examples.slice(0, SHOWN_TWICE.has(id) ? 2 : 1)
          .map((example) => `*${example}*`) ?? [],
    ),
  )
    .filter((examples) => examples.length > 0)
    .map((examples) => `• ${examples.join(' · ')}`)
  const name = person.callName ? `, ${person.callName}` : ''
  const file = usable.some(({ id }) => id === 'customer.import') ? ['Kirim file Excel untuk memasukkan pelanggan.'] : []
  return {
    text: [`Yang paling sering dipakai${name}:`, ...lines, ...file, 'Contoh untuk satu perintah: *bantuan lunas*'].join(
      '\n',
    ),
  }
}
