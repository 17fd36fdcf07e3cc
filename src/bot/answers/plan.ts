import type { Books } from '../../domain/books.ts'
import { formatDay } from '../../domain/calendar.ts'
import { formatCount, formatRupiah, type Rupiah } from '../../domain/money.ts'
import {
  addPlan,
  archivePlans,
  countSubscribers,
  editPlan,
  listPlans,
  matchPlans,
  maxLeadDays,
  type Plan,
  planKey,
} from '../../domain/plan.ts'
import { countDueWith, firstInvoice, issueDay } from '../../domain/subscription.ts'
import type { Answer, StaffTurn } from '../command.ts'

/** The sentence that makes lead days plain: an example with the owner's own figures. */
export function explainLead(books: Books, leadDays: number): string {
  const { dueOn } = firstInvoice({ day: 20 }, books.today, 'prepaid')
  return `Contoh: jatuh tempo ${formatDay(dueOn)}, terbit ${formatDay(issueDay(dueOn, leadDays))}.`
}

export async function handleList({ books }: StaffTurn): Promise<Answer> {
  const plans = await listPlans(books)
  if (plans.length === 0) return { text: 'Belum ada paket. Tambah, contoh: *tambah paket Rumah 10 Mbps 150rb*' }
  const counts = await countSubscribers(books)
  const rows = plans.map((plan, index) => {
    const { active = 0 } = counts.get(plan.id) ?? {}
    const months = plan.months > 1 ? ` per ${plan.months} bulan` : ''
    return `${index + 1}. ${plan.name} · ${formatRupiah(plan.price)}${months} · terbit ${plan.leadDays} hari sebelum · ${formatCount(active)} aktif`
  })
  return {
    text: [
      `*${plans.length} paket*:`,
      ...rows,
      'Ubah, contoh: *harga hemat 5 mbps jadi 110rb*'.replace('hemat 5 mbps', plans[0]?.name.toLowerCase() ?? ''),
    ].join('\n'),
  }
}

type AddArgs = { name?: string; price?: Rupiah; leadDays?: number }

export async function handleAdd({ books }: StaffTurn, args: AddArgs): Promise<Answer> {
  const { name, price } = args
  if (!name)
    return { text: 'Apa nama paketnya? Contoh: *Rumah 10 Mbps*', ask: { command: 'plan.add', args, awaits: 'name' } }
  if (price === undefined)
    return {
      text: `Berapa harga *${properPlan(name)}* sebulan? Contoh *150rb*`,
      ask: { command: 'plan.add', args, awaits: 'price' },
    }
  const [same] = matchPlans(await listPlans(books), name).filter(
    (plan) => plan.name.toLowerCase() === name.toLowerCase(),
  )
  if (same)
    return {
      text: `Paket *${same.name}* sudah ada, ${formatRupiah(same.price)}. Belum ada yang berubah.\nGanti harganya: *harga ${same.name.toLowerCase()} jadi ${formatRupiah(price)}*`,
    }
  const bad = args.leadDays === undefined ? undefined : refuseLead(args.leadDays, 1)
  if (bad) return { text: bad }
  const plan = await addPlan(books, {
    name: properPlan(name),
    price,
    ...(args.leadDays !== undefined && { leadDays: args.leadDays }),
  })
  return {
    text: `✅ Paket *${plan.name}* ${formatRupiah(plan.price)} ditambahkan, tagihan terbit ${plan.leadDays} hari sebelum jatuh tempo.\n${explainLead(books, plan.leadDays)}\nSalah? Ketik *batal*.`,
    undo: { command: 'plan.add', args: { planId: plan.id }, summary: `tambah paket ${plan.name}` },
  }
}

/** The reader gives names in lower case; "Mbps" is how everybody writes it. */
function properPlan(name: string): string {
  if (name !== name.toLowerCase()) return name
  return name
    .replace(/(^|\s)\p{L}/gu, (start) => start.toUpperCase())
    .replace(/\bMb(ps)?\b/gi, (word) => `Mb${word.slice(2).toLowerCase()}`)
}

/** The range of lead days (rules 3). */
function refuseLead(leadDays: number, months: number): string | undefined {
  const most = maxLeadDays(months)
  return leadDays >= 0 && leadDays <= most
    ? undefined
    : `Terbit ${leadDays} hari sebelum jatuh tempo tidak bisa. Belum ada yang berubah.\nPilih 0 sampai ${most} hari.`
}

export async function undoAdd({ books }: StaffTurn, args: { planId?: number }): Promise<Answer> {
  const plan = (await listPlans(books)).find(({ id }) => id === args.planId)
  if (!plan) return { text: 'Paket itu sudah tidak ada. Belum ada yang berubah.' }
  const { all = 0 } = (await countSubscribers(books)).get(plan.id) ?? {}
  if (all > 0)
    return {
      text: `*${plan.name}* sudah dipakai ${formatCount(all)} pelanggan, jadi tidak saya hapus. Belum ada yang berubah.`,
    }
  await archivePlans(books, [plan.id])
  return { text: `✅ Dibatalkan: paket *${plan.name}* dihapus.` }
}

type EditArgs = {
  plan?: string
  price?: Rupiah
  leadDays?: number
  name?: string
  planId?: number
  previewed?: boolean
}

/** What an edit can change. */
type Settings = { price?: Rupiah; leadDays?: number; name?: string }

/** `paket rumah terbit 14 hari sebelum`, `harga hemat jadi 110rb`: issued bills stay as they are (rules 7). */
export async function handleEdit(turn: StaffTurn, args: EditArgs): Promise<Answer> {
  const { books } = turn
  const plans = await listPlans(books)
  if (plans.length === 0) return { text: 'Belum ada paket. Tambah, contoh: *tambah paket Rumah 10 Mbps 150rb*' }
  const matches =
    args.planId !== undefined
      ? plans.filter(({ id }) => id === args.planId)
      : args.plan
        ? matchPlans(plans, args.plan)
        : plans
  const [plan] = matches
  if (!plan) return choose(`Paket *${properPlan(args.plan ?? '')}* belum ada. Maksudnya:`, plans, args)
  if (matches.length > 1) return choose('Paket yang mana?', matches, args)
  if (args.price === undefined && args.leadDays === undefined && args.name === undefined)
    return {
      text: [
        `Apa yang diubah dari *${plan.name}*? Contoh:`,
        `• *harga ${plan.name.toLowerCase()} jadi ${formatRupiah(plan.price)}*`,
        `• *paket ${plan.name.toLowerCase()} terbit ${plan.leadDays} hari sebelum jatuh tempo*`,
      ].join('\n'),
    }
  const name = args.name && properPlan(args.name)
  const same = name && plans.find((other) => other.id !== plan.id && planKey(other.name) === planKey(name))
  if (same) return { text: `Paket *${same.name}* sudah ada, ${formatRupiah(same.price)}. Belum ada yang berubah.` }
  const bad = args.leadDays === undefined ? undefined : refuseLead(args.leadDays, plan.months)
  if (bad) return { text: bad }
  if (args.price === plan.price || args.leadDays === plan.leadDays)
    return {
      text: `*${plan.name}* memang sudah ${args.price === plan.price ? formatRupiah(plan.price) : `terbit ${plan.leadDays} hari sebelum jatuh tempo`}. Belum ada yang berubah.`,
    }
  if (!args.previewed) {
    const preview = await previewEdit(books, plan, args)
    if (preview)
      return {
        text: preview,
        ask: { command: 'plan.edit', args: { ...args, planId: plan.id, previewed: true }, awaits: 'yes' },
      }
  }
  const became: Settings = {
    ...(args.price !== undefined && { price: args.price }),
    ...(args.leadDays !== undefined && { leadDays: args.leadDays }),
    ...(name && { name }),
  }
  await editPlan(books, plan.id, became)
  // A longer lead can make invoices due to be issued at once; the job issues them after the commit.
  if (args.leadDays !== undefined) await books.enqueue({ name: 'issue', day: books.today.toString() })
  return {
    text: [...describeEdit(books, plan, became), 'Tagihan yang sudah terbit tidak berubah. Salah? Ketik *batal*.'].join(
      '\n',
    ),
    undo: {
      command: 'plan.edit',
      args: { planId: plan.id, was: pick(plan, became), became },
      summary: `ubah paket ${plan.name}`,
    },
  }
}

function choose(title: string, plans: readonly Plan[], args: EditArgs): Answer {
  const shown = plans.slice(0, 9)
  return {
    text: [
      title,
      ...shown.map((plan, index) => `${index + 1}. ${plan.name} ${formatRupiah(plan.price)}`),
      'Balas nomornya, contoh *1*.',
    ].join('\n'),
    ask: { command: 'plan.edit', args, awaits: 'choice', choices: shown.map(({ id }) => ({ planId: id })) },
  }
}

/** What changes for many is shown first: a price for its subscribers, a lead that issues invoices at once. */
async function previewEdit(books: Books, plan: Plan, args: EditArgs): Promise<string | undefined> {
  const { active = 0, ownPrice = 0 } = (await countSubscribers(books)).get(plan.id) ?? {}
  const lines: string[] = []
  if (args.price !== undefined && active - ownPrice > 0)
    lines.push(
      `Harga *${plan.name}* jadi *${formatRupiah(args.price)}*, tadinya ${formatRupiah(plan.price)}.`,
      `Berlaku untuk ${formatCount(active - ownPrice)} pelanggan mulai tagihan yang belum terbit${ownPrice > 0 ? `; ${formatCount(ownPrice)} berharga sendiri tidak berubah` : ''}.`,
    )
  const atOnce = args.leadDays === undefined ? 0 : await countDueWith(books, plan.id, args.leadDays)
  if (atOnce > 0 && args.leadDays !== undefined)
    lines.push(
      `*${plan.name}* terbit *${args.leadDays}* hari sebelum jatuh tempo, tadinya ${plan.leadDays}.`,
      `${formatCount(atOnce)} tagihan langsung terbit. Belum ada yang dikirim.`,
    )
  return lines.length === 0 ? undefined : [...lines, 'Balas *ya* untuk mengubah, *tidak* untuk membatalkan.'].join('\n')
}

function pick(plan: Plan, like: Settings): Settings {
  return {
    ...(like.price !== undefined && { price: plan.price }),
    ...(like.leadDays !== undefined && { leadDays: plan.leadDays }),
    ...(like.name !== undefined && { name: plan.name }),
  }
}

function describeEdit(books: Books, before: Plan, change: Settings): string[] {
  const lines: string[] = []
  if (change.price !== undefined)
    lines.push(`✅ *${before.name}* sekarang *${formatRupiah(change.price)}*, tadinya ${formatRupiah(before.price)}.`)
  if (change.leadDays !== undefined)
    lines.push(
      `✅ *${before.name}* terbit *${change.leadDays}* hari sebelum jatuh tempo, tadinya ${before.leadDays}.`,
      explainLead(books, change.leadDays),
    )
  if (change.name !== undefined) lines.push(`✅ *${before.name}* sekarang bernama *${change.name}*.`)
  return lines
}

/** Puts back what the edit changed, unless it was changed again since. */
export async function undoEdit(
  { books }: StaffTurn,
  { planId, was = {}, became = {} }: { planId?: number; was?: Settings; became?: Settings },
): Promise<Answer> {
  const plans = await listPlans(books)
  const plan = plans.find(({ id }) => id === planId)
  if (!plan) return { text: 'Paket itu sudah tidak ada. Belum ada yang berubah.' }
  const isSame = Object.entries(pick(plan, became)).every(([key, value]) => became[key as keyof Settings] === value)
  const isFree = !plans.some((other) => other.id !== plan.id && was.name && planKey(other.name) === planKey(was.name))
  if (!isSame || !isFree)
    return { text: `*${plan.name}* sudah diubah lagi sesudahnya, jadi tidak saya kembalikan. Belum ada yang berubah.` }
  await editPlan(books, plan.id, was)
  const back = [
    ...(was.price === undefined ? [] : [formatRupiah(was.price)]),
    ...(was.leadDays === undefined ? [] : [`terbit ${was.leadDays} hari sebelum jatuh tempo`]),
    ...(was.name === undefined ? [] : [`bernama *${was.name}*`]),
  ]
  const issued = was.leadDays === undefined ? '' : '\nTagihan yang sudah terbit tetap ada.'
  return { text: `✅ Dibatalkan: *${plan.name}* kembali ${back.join(', ')}.${issued}` }
}
