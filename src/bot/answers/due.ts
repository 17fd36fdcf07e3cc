import type { Books } from '../../domain/books.ts'
import { type Day, daysBetween, formatDay, formatMonth, isBefore, nextDue } from '../../domain/calendar.ts'
import { findLastAct, markUndone } from '../../domain/conversation.ts'
import { boldName, type Customer, nameWithArea, showName } from '../../domain/customer.ts'
import {
  applyShifts,
  isIssuedAtOnce,
  lockMovable,
  type Movable,
  moveInvoice,
  moveShift,
  type Shift,
} from '../../domain/due.ts'
import { undoShifts } from '../../domain/due-undo.ts'
import { findInvoiceOfPeriod, findInvoices, type Invoice } from '../../domain/invoice.ts'
import { namePeriod } from '../../domain/letter.ts'
import { formatCount } from '../../domain/money.ts'
import { issueDay } from '../../domain/subscription.ts'
import type { Answer, StaffTurn } from '../command.ts'
import { pickCustomer } from './pick.ts'

/** *sekali ini saja* is about what this person moved within this time. */
const ONCE_MINUTES = 60

type MoveArgs = {
  who?: string
  area?: string
  date?: Day
  month?: Day
  once?: boolean
  customerId?: number
  subscriptionId?: number
  confirmed?: boolean
}

/** `undur tempo budi 28`: the newest invoice moves and the subscription with it (rules 23, 24). */
export async function handleMove(turn: StaffTurn, args: MoveArgs): Promise<Answer> {
  const { books } = turn
  if (args.once && !args.who && !args.customerId && !args.date) return moveOnce(turn)
  const picked = await pickCustomer(turn, 'due.move', args, {
    ask: 'Jatuh tempo siapa yang dipindah? Tulis nama atau No HP-nya.',
    nothing: 'Belum ada yang berubah.',
  })
  if ('answer' in picked) return picked.answer
  const { customer } = picked
  const { date } = args
  if (!date)
    return {
      text: `Jatuh tempo ${boldName(customer)} jadi tanggal berapa? Contoh *tgl 28*`,
      ask: { command: 'due.move', args: { ...args, customerId: customer.id }, awaits: 'date' },
    }
  if (isBefore(date, books.today))
    return { text: `${formatDay(date)} sudah lewat. Belum ada yang berubah.\nTulis tanggal mulai hari ini.` }
  const all = await lockMovable(books, { customerIds: [customer.id] })
  const some = all.filter(({ id }) => args.subscriptionId === undefined || id === args.subscriptionId)
  const [subscription] = some
  if (!subscription) return { text: `${boldName(customer)} tidak punya langganan yang aktif. Belum ada yang berubah.` }
  if (some.length > 1) return askWhich(customer, some, args)
  if (args.month && !subscription.newest?.period.equals(args.month))
    return moveOlder(turn, customer, subscription, { ...args, month: args.month, date })
  return moveNewest(turn, customer, subscription, { ...args, date })
}

function askWhich(customer: Customer, some: readonly Movable[], args: MoveArgs): Answer {
  return {
    text: [
      `${boldName(customer)} punya *${some.length} langganan*. Yang mana?`,
      ...some.map(({ planName, nextDueOn }, index) => `${index + 1}. ${planName} · berikutnya ${formatDay(nextDueOn)}`),
      'Balas nomornya, contoh *1*.',
    ].join('\n'),
    ask: {
      command: 'due.move',
      args: { ...args, customerId: customer.id },
      awaits: 'choice',
      choices: some.map(({ id }) => ({ subscriptionId: id })),
    },
  }
}

async function moveNewest(
  turn: StaffTurn,
  customer: Customer,
  subscription: Movable,
  args: MoveArgs & { date: Day },
): Promise<Answer> {
  const { books, person, message } = turn
  const shift = moveShift(subscription, args.date, args.once ?? false)
  const { invoice } = shift
  if (args.once && invoice && !isBefore(invoice.to, subscription.nextDueOn))
    return {
      text: `Untuk sekali saja, ${formatDay(invoice.to)} terlalu lambat: tagihan sesudahnya jatuh tempo ${formatDay(subscription.nextDueOn)}. Belum ada yang berubah.`,
    }
  if (invoice ? invoice.to.equals(invoice.from) : shift.nextDueOn.equals(subscription.nextDueOn))
    return {
      text: `Jatuh tempo ${boldName(customer)} memang sudah ${formatDay(invoice?.to ?? shift.nextDueOn)}. Belum ada yang berubah.`,
    }
  const doubts = args.confirmed ? [] : findDoubts(books, shift)
  if (doubts.length > 0)
    return {
      text: [
        `Jatuh tempo ${boldName(customer)} jadi *${formatDay(invoice?.to ?? shift.nextDueOn)}*?`,
        ...doubts,
        'Balas *ya* untuk memindahkan, *tidak* untuk membatalkan.',
      ].join('\n'),
      ask: {
        command: 'due.move',
        args: { ...args, customerId: customer.id, subscriptionId: subscription.id, confirmed: true },
        awaits: 'yes',
      },
    }
  const cause = `message:${message.id}`
  const { issued } = await applyShifts(books, [shift], { cause, staffId: person.id, kind: 'move' })
  return {
    text: (await describeMoved(books, customer, shift, issued)).join('\n'),
    undo: {
      command: 'due.move',
      args: { cause, subscriptionId: subscription.id, customerId: customer.id, date: args.date.toString() },
      summary: `pindah jatuh tempo ${nameWithArea(customer)}`,
    },
  }
}

/** What a person should know before it happens (rules 24). */
function findDoubts(books: Books, shift: Shift): string[] {
  const { subscription, invoice, nextDueOn } = shift
  const doubts: string[] = []
  if (invoice && subscription.newest?.sent && isBefore(invoice.to, invoice.from))
    doubts.push(`Tagihannya sudah dikirim dengan jatuh tempo ${formatDay(invoice.from)}; yang baru lebih awal.`)
  const from = invoice?.from ?? subscription.nextDueOn
  const to = invoice?.to ?? nextDueOn
  if (isBefore(nextDue(from, from.day, subscription.months), to))
    doubts.push(
      `Mundur ${formatCount(daysBetween(from, to))} hari dari ${formatDay(from)}, lebih dari satu masa tagihan.`,
    )
  if (isIssuedAtOnce(shift, books.today))
    doubts.push(`Tagihan berikutnya, jatuh tempo ${formatDay(nextDueOn)}, langsung terbit. Belum dikirim.`)
  return doubts
}

async function describeMoved(books: Books, customer: Customer, shift: Shift, issued: number): Promise<string[]> {
  const { subscription, invoice, nextDueOn, anchorDay } = shift
  const { today } = books
  const kept = anchorDay === subscription.anchorDay
  const lines: string[] = []
  if (invoice) {
    const [moved] = await findInvoices(books, [invoice.id])
    lines.push(
      `✅ Jatuh tempo ${moved ? namePeriod(moved, today) : 'tagihan'} ${boldName(customer)} jadi *${formatDay(invoice.to)}*, tadinya ${formatDay(invoice.from)}.`,
    )
  } else
    lines.push(
      `✅ Tagihan berikutnya ${boldName(customer)} jatuh tempo *${formatDay(nextDueOn)}*, tadinya ${formatDay(subscription.nextDueOn)}.`,
    )
  if (issued > 0) lines.push('Tagihan itu langsung terbit. Belum ada yang dikirim.')
  else if (invoice) lines.push(`Tagihan berikutnya jatuh tempo ${formatDay(nextDueOn)}, ${whenIssued(shift, today)}.`)
  else lines.push(`${whenIssued(shift, today).replace(/^t/, 'T')}.`)
  if (subscription.newest?.sent && invoice)
    lines.push(
      `Pelanggan belum diberi tahu. Kirim lagi: *kirim ulang tagihan ${showName(customer.name).toLowerCase()}*`,
    )
  if (!kept) lines.push(`Hanya kali ini, lalu kembali tanggal ${subscription.anchorDay}? Ketik *sekali ini saja*`)
  else if (anchorDay !== (invoice?.to ?? nextDueOn).day)
    lines.push(`Sekali ini saja; sesudah itu kembali tanggal ${anchorDay}.`)
  lines.push('Salah? Ketik *batal*.')
  return lines
}

function whenIssued({ subscription, nextDueOn }: Shift, today: Day): string {
  const issueOn = issueDay(nextDueOn, subscription.leadDays)
  return `terbit ${isBefore(today, issueOn) ? formatDay(issueOn) : 'segera'} (${subscription.leadDays} hari sebelumnya)`
}

/** Another invoice than the newest: it alone moves, and nothing follows it (rules 24). */
async function moveOlder(
  turn: StaffTurn,
  customer: Customer,
  subscription: Movable,
  args: MoveArgs & { month: Day; date: Day },
): Promise<Answer> {
  const { books, person, message } = turn
  const found = await findInvoiceOfPeriod(books, subscription.id, args.month)
  const refused = refuseOlder(books, customer, args.month, found)
  if (!found || refused) return { text: refused ?? '' }
  const cause = `message:${message.id}`
  await moveInvoice(books, subscription, found, args.date, { cause, staffId: person.id })
  const newest = subscription.newest && (await findInvoices(books, [subscription.newest.id]))[0]
  return {
    text: [
      `✅ Jatuh tempo ${namePeriod(found, books.today)} ${boldName(customer)} jadi *${formatDay(args.date)}*, tadinya ${formatDay(found.dueOn)}.`,
      `Hanya tagihan itu yang berubah.${newest ? ` Yang terbaru ${namePeriod(newest, books.today)}, tetap jatuh tempo ${formatDay(newest.dueOn)}.` : ''}`,
      'Salah? Ketik *batal*.',
    ].join('\n'),
    undo: {
      command: 'due.move',
      args: { cause },
      summary: `pindah jatuh tempo ${nameWithArea(customer)}`,
    },
  }
}

function refuseOlder(books: Books, customer: Customer, month: Day, found: Invoice | undefined): string | undefined {
  const nothing = 'Belum ada yang berubah.'
  if (!found) return `${boldName(customer)} belum punya tagihan ${formatMonth(month, books.today)}. ${nothing}`
  const name = namePeriod(found, books.today)
  if (found.status === 'paid') return `Tagihan ${name} ${boldName(customer)} sudah lunas. ${nothing}`
  return found.status === 'void' ? `Tagihan ${name} ${boldName(customer)} sudah dibatalkan. ${nothing}` : undefined
}

/** *sekali ini saja* after a move: the same move, and the anchor stays (rules 23). */
async function moveOnce(turn: StaffTurn): Promise<Answer> {
  const { books, person } = turn
  const act = await findLastAct(books, person.id)
  const { cause, subscriptionId, date } = (act?.args ?? {}) as {
    cause?: string
    subscriptionId?: number
    date?: string
  }
  const isMove = act?.command === 'due.move' && act.at.until(books.now).total('minutes') <= ONCE_MINUTES
  if (!isMove || !cause || subscriptionId === undefined || !date)
    return {
      text: 'Sekali ini saja untuk siapa? Belum ada yang berubah.\nContoh: *undur tempo budi tgl 28 sekali ini saja*',
    }
  const { undone } = await undoShifts(books, cause, person.id)
  if (undone === 0 || !(await markUndone(books, act.id, person.id)))
    return { text: 'Jatuh temponya sudah berubah lagi sesudah itu. Belum ada yang berubah.' }
  const { customerId } = act.args as { customerId: number }
  return handleMove(turn, {
    customerId,
    subscriptionId,
    date: Temporal.PlainDate.from(date),
    once: true,
    confirmed: true,
  })
}

/** Takes back what moved, as far as nothing was built on it since (rules 25). */
export async function undoDue({ books, person }: StaffTurn, args: { cause?: string }): Promise<Answer> {
  const { undone, left } = await undoShifts(books, args.cause ?? '', person.id)
  if (undone === 0)
    return {
      text: 'Jatuh temponya sudah berubah lagi atau tagihannya sudah dikirim, jadi tidak saya tarik. Belum ada yang berubah.',
    }
  const some =
    left > 0 ? ` ${formatCount(left)} tidak bisa ditarik: tagihannya sudah dikirim, dibayar, atau diubah lagi.` : ''
  return {
    text: `✅ Dibatalkan: jatuh tempo ${undone === 1 && left === 0 ? 'kembali seperti semula' : `*${formatCount(undone)}* langganan kembali seperti semula`}.${some}`,
  }
}
