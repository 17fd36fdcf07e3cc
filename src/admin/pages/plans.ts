import { z } from 'zod'
import type { Books } from '../../domain/books.ts'
import { type Day, formatDay } from '../../domain/calendar.ts'
import { formatCount, formatRupiah, type Rupiah } from '../../domain/money.ts'
import {
  addPlan,
  countSubscribers,
  DEFAULT_LEAD_DAYS,
  editPlan,
  listPlans,
  maxLeadDays,
  type Plan,
  planKey,
} from '../../domain/plan.ts'
import { countDueWith, firstInvoice, issueDay } from '../../domain/subscription.ts'
import { agreementTo, type Panel, type Refusal } from '../page.ts'
import { count, needed, price } from './fields.ts'
import { OFFICE } from './places.ts'

const PATH = '/panel/paket'
const MOST_MONTHS = 24

const name = needed(60, 'Tulis nama paketnya, contoh Rumah 10 Mbps.')
const months = count(1, MOST_MONTHS, 'bulan')
const leadDays = count(0, maxLeadDays(MOST_MONTHS), 'hari')

/** What customers subscribe to: the same rules as in the chat, in a form. */
export function planPages(panel: Panel): void {
  panel.page(PATH, OFFICE, async (visit, reply) => {
    const { plans, counts } = await panel.openBooks(visit.business.id, async (books) => ({
      plans: await listPlans(books),
      counts: await countSubscribers(books),
    }))
    const rows = plans.map((plan) => ({
      ...plan,
      price: formatRupiah(plan.price),
      active: formatCount(counts.get(plan.id)?.active ?? 0),
    }))
    return panel.render(reply, 'plans', { title: 'Paket', path: PATH, plans: rows }, visit)
  })

  // The example while somebody types: made here, so that there is one rule about dates.
  panel.page(`${PATH}/contoh`, OFFICE, async ({ business, query }, reply) => {
    const lead = leadDays.safeParse(query.terbit)
    const period = months.safeParse(query.bulan)
    const wrong =
      lead.success && period.success ? refuseLead(lead.data, period.data)?.refused : 'Tulis dengan angka saja.'
    const text = wrong ?? (await panel.openBooks(business.id, async ({ today }) => leadExample(today, lead.data ?? 0)))
    return reply.send({ text })
  })

  panel.form({
    path: `${PATH}/baru`,
    title: 'Paket baru',
    view: 'plan',
    roles: OFFICE,
    back: PATH,
    act: 'plan.add',
    fields: z.object({ name, price, months, leadDays }),
    show: async ({ today }) => ({
      values: { months: '1', leadDays: String(DEFAULT_LEAD_DAYS) },
      example: leadExample(today, DEFAULT_LEAD_DAYS),
      back: PATH,
    }),
    async save(books, _visit, fresh) {
      const refused = (await refuseName(books, fresh.name)) ?? refuseLead(fresh.leadDays, fresh.months)
      if (refused) return refused
      const plan = await addPlan(books, fresh)
      return { subject: `plan:${plan.id}`, facts: fresh }
    },
  })

  panel.form({
    path: `${PATH}/:id`,
    title: 'Ubah paket',
    view: 'plan',
    roles: OFFICE,
    back: PATH,
    act: 'plan.edit',
    fields: z.object({ name, price, leadDays, agreement: z.string().max(4_000).optional() }),
    async show(books, { params }) {
      const plan = await findPlan(books, params.id)
      return (
        plan && {
          values: {
            name: plan.name,
            price: formatRupiah(plan.price),
            months: String(plan.months),
            leadDays: String(plan.leadDays),
          },
          plan,
          example: leadExample(books.today, plan.leadDays),
          back: PATH,
        }
      )
    },
    async save(books, { params }, { agreement, ...change }) {
      const plan = await findPlan(books, params.id)
      if (!plan) return { refused: 'Paket ini sudah tidak ada. Belum ada yang berubah.' }
      const refused = (await refuseName(books, change.name, plan.id)) ?? refuseLead(change.leadDays, plan.months)
      if (refused) return refused
      const effect = await describeEffect(books, plan, change)
      if (effect.length > 0 && agreement !== agreementTo(effect)) return { ask: effect }
      await editPlan(books, plan.id, change)
      // A longer lead can make invoices due to be issued at once; the job issues them after the commit.
      if (change.leadDays !== plan.leadDays) await books.enqueue({ name: 'issue', day: books.today.toString() })
      const before = { name: plan.name, price: plan.price, leadDays: plan.leadDays }
      return { subject: `plan:${plan.id}`, facts: { before, after: change } }
    },
  })
}

async function findPlan(books: Books, id: string | undefined): Promise<Plan | undefined> {
  return (await listPlans(books)).find((plan) => String(plan.id) === id)
}

async function refuseName(books: Books, wanted: string, except?: number): Promise<Refusal | undefined> {
  if (planKey(wanted) === '') return { field: 'name', refused: 'Tulis nama paketnya dengan huruf atau angka.' }
  const same = (await listPlans(books)).find((plan) => plan.id !== except && planKey(plan.name) === planKey(wanted))
  return (
    same && { field: 'name', refused: `Paket ${same.name} sudah ada, ${formatRupiah(same.price)}. Pakai nama lain.` }
  )
}

/** The range of lead days (rules 3). */
function refuseLead(lead: number, period: number): Refusal | undefined {
  const most = maxLeadDays(period)
  return lead <= most ? undefined : { field: 'leadDays', refused: `Pilih 0 sampai ${most} hari.` }
}

/** What a change does to whom, before it is done: the same figures as in the chat. Nothing: nobody feels it at once. */
async function describeEffect(
  books: Books,
  plan: Plan,
  change: { price: Rupiah; leadDays: number },
): Promise<string[]> {
  const { active = 0, ownPrice = 0 } = (await countSubscribers(books)).get(plan.id) ?? {}
  const lines: string[] = []
  if (change.price !== plan.price && active - ownPrice > 0)
    lines.push(
      `Harga jadi ${formatRupiah(change.price)}, tadinya ${formatRupiah(plan.price)}. Berlaku untuk ${formatCount(active - ownPrice)} pelanggan mulai tagihan yang belum terbit${ownPrice > 0 ? `; ${formatCount(ownPrice)} berharga sendiri tidak berubah` : ''}.`,
    )
  const atOnce = change.leadDays === plan.leadDays ? 0 : await countDueWith(books, plan.id, change.leadDays)
  if (atOnce > 0)
    lines.push(
      `Terbit ${change.leadDays} hari sebelum jatuh tempo, tadinya ${plan.leadDays}: ${formatCount(atOnce)} tagihan langsung terbit. Belum ada yang dikirim.`,
    )
  return lines
}

/** The sentence that makes lead days plain: "Jatuh tempo 20, terbit tanggal 1". */
function leadExample(today: Day, lead: number): string {
  const { dueOn } = firstInvoice({ day: 20 }, today, 'prepaid')
  const issueOn = issueDay(dueOn, lead)
  const months = (dueOn.year - issueOn.year) * 12 + dueOn.month - issueOn.month
  const when = months === 0 ? '' : months === 1 ? ' bulan sebelumnya' : `, ${months} bulan sebelumnya`
  return `Jatuh tempo ${dueOn.day}, terbit tanggal ${issueOn.day}${when}. Contoh: ${formatDay(dueOn)}, terbit ${formatDay(issueOn)}.`
}
