import type { Books } from '../../domain/books.ts'
import { type Day, formatDay, formatMonth } from '../../domain/calendar.ts'
import { showName } from '../../domain/customer.ts'
import type { ImportPlan } from '../../domain/import.ts'
import { isApplicable } from '../../domain/import-change.ts'
import { plain } from '../../domain/letter.ts'
import { formatCount, formatRupiah } from '../../domain/money.ts'
import { describeRejected } from './import-rejected.ts'

/** A longer answer is not read (voice 2). */
const MOST_LINES = 12

/** The longest lists of details in a preview; the rest is a number. */
const LISTED = 5

/** What the file would do (voice 3): how many, as what, from when, and who is left out and why. */
export function describePlan(books: Books, plan: ImportPlan, from?: Day): string[] {
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
    const shown = newPlans
      .slice(0, LISTED)
      .map(({ name, price }) => `${plain(name)} ${formatRupiah(price ?? (0 as never))}`)
    const own = plan.ownPrices > 0 ? `; ${formatCount(plan.ownPrices)} orang berharga sendiri` : ''
    lines.push(`${newPlans.length} paket baru: ${shown.join(', ')}${newPlans.length > LISTED ? ', …' : ''}${own}`)
  } else if (plan.ownPrices > 0) lines.push(`${formatCount(plan.ownPrices)} orang berharga sendiri, lain dari paketnya`)
  lines.push(...describeOthers(plan))
  if (plan.firstDueOn) {
    const more = plan.issuedNow < status.active ? ', lainnya menyusul' : ''
    const issued =
      plan.issuedNow > 0 ? `*${formatCount(plan.issuedNow)}* terbit hari ini${more}` : 'belum ada yang terbit hari ini'
    const shifted = from ? ` mulai ${formatMonth(from, books.today)}` : ''
    lines.push(
      `Tagihan pertama${shifted}: jatuh tempo mulai ${formatDay(plan.firstDueOn)}, ${issued}. Mulai bulan lain? *mulai januari*`,
    )
  }
  const debts =
    plan.debts > 0 ? [`${formatCount(plan.debts)} orang punya catatan utang, saya tanyakan sesudah ini.`] : []
  if (plan.rejected.length > 0) {
    lines.push(`Belum bisa masuk: *${formatCount(plan.rejected.length)}*, saya kirim balik dalam Excel`)
    // One line more is the question.
    lines.push(...describeRejected(plan.rejected, MOST_LINES - lines.length - debts.length - 1))
  }
  return [...lines, ...debts]
}

function describeOthers(plan: ImportPlan): string[] {
  const lines: string[] = []
  const known = plan.same + plan.changed.length
  const double = plan.doublesInFile + known
  const parts = [
    plan.doublesInFile > 0 ? `${formatCount(plan.doublesInFile)} dua kali di file` : '',
    known > 0 ? `${formatCount(known)} sudah ada di Tagih` : '',
    plan.changed.length > 0 ? `${formatCount(plan.changed.length)} beda isinya: saya tanyakan sesudah ini` : '',
  ].filter(Boolean)
  if (double > 0) lines.push(`Kembar, dilewati: *${formatCount(double)}* (${parts.join(', ')})`)
  const unused = plan.unused.slice(0, LISTED).map(plain).join(', ') + (plan.unused.length > LISTED ? ', …' : '')
  const left = [
    plan.skipped > 0 ? `${formatCount(plan.skipped)} baris kosong atau jumlah, dilewati` : '',
    unused ? `Kolom yang tidak saya pakai: ${unused}` : '',
  ].filter(Boolean)
  if (left.length > 0) lines.push(left.join('. '))
  const odd = [
    plan.sharedPhones > 0
      ? `${formatCount(plan.sharedPhones)} orang memakai No HP yang sama dengan nama lain; tetap masuk`
      : '',
    plan.withoutWhatsApp > 0 ? `${formatCount(plan.withoutWhatsApp)} tanpa WhatsApp; tetap ditagih, lewat penagih` : '',
  ].filter(Boolean)
  if (odd.length > 0) lines.push(odd.join('. '))
  const [doubt] = plan.doubts
  if (doubt)
    lines.push(
      `${formatCount(new Set(plan.doubts.map(({ rowNumber }) => rowNumber)).size)} baris saya tafsirkan, contoh baris ${doubt.rowNumber}: ${plain(doubt.text)}`,
    )
  return lines
}

/** Nobody new: how the rows stand. */
export function describeNothingNew(plan: ImportPlan): string[] {
  const known = plan.same + plan.changed.length
  const lines =
    known === 0 && plan.rejected.length > 0
      ? [
          `Belum ada yang masuk: *${formatCount(plan.rejected.length)}* dari ${formatCount(plan.rows)} baris perlu diperbaiki dulu.`,
        ]
      : [`Tidak ada pelanggan baru dari ${formatCount(plan.rows)} baris. Belum ada yang berubah.`]
  if (plan.same > 0) lines.push(`${formatCount(plan.same)} sudah ada dan sama.`)
  if (plan.doublesInFile > 0) lines.push(`${formatCount(plan.doublesInFile)} dua kali di file.`)
  if (plan.rejected.length === 0) return lines
  return [
    ...lines,
    ...(known > 0 ? [`Belum bisa masuk: *${formatCount(plan.rejected.length)}*`] : []),
    ...describeRejected(plan.rejected),
    'Barisnya di file ini, alasannya di kolom terakhir. Betulkan, lalu kirim lagi ke sini.',
  ]
}

/** The differences, one customer a row (rules 39). */
export function describeChanges(plan: ImportPlan): string[] {
  if (plan.changed.length === 0) return []
  const rows = plan.changed
    .slice(0, LISTED)
    .map(
      ({ existing, differences }) =>
        `• ${showName(existing.name)}: ${differences.map(({ label, before, after }) => `${label} ${plain(before)} → ${plain(after)}`).join(', ')}`,
    )
  const more = plan.changed.length - rows.length
  const fixed = plan.changed.some(({ differences }) => differences.some((difference) => !isApplicable(difference)))
  return [
    `*${formatCount(plan.changed.length)}* beda dari yang tercatat:`,
    ...rows,
    ...(more > 0 ? [`${formatCount(more)} lagi`] : []),
    ...(fixed ? ['Jatuh tempo dan status tidak saya ubah lewat file.'] : []),
    ...(canChange(plan) ? ['Sesuaikan dengan file? Balas *ya* atau *tidak*.'] : []),
  ]
}

/** Whether anything of the differences can be taken over. */
export function canChange(plan: ImportPlan): boolean {
  return plan.changed.some(({ differences }) => differences.some(isApplicable))
}
