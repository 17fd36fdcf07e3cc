import { areaKey, nameKey } from './customer.ts'
import type { StagedRow } from './import.ts'
import { formatRupiah, type Rupiah } from './money.ts'
import { formatPhone } from './phone.ts'
import { planKey } from './plan.ts'
import type { SubscriptionStatus } from './tables.ts'

/** A customer who is there already, as far as a sheet can speak of them. */
export type Existing = {
  id: number
  number: string
  name: string
  phones: readonly string[]
  address: string | null
  area: string | null
  planId: number | null
  planName: string | null
  price: Rupiah | null
  ownPrice: Rupiah | null
  anchorDay: number | null
  status: SubscriptionStatus | null
}

export type ChangedField = 'price' | 'plan' | 'phones' | 'address' | 'area' | 'name' | 'due' | 'status'
export type Difference = { field: ChangedField; label: string; before: string; after: string }

/** What a row of the file is about. */
export type Match =
  | { outcome: 'new'; row: StagedRow }
  | { outcome: 'same'; row: StagedRow; customerId: number }
  | { outcome: 'changed'; row: StagedRow; existing: Existing; differences: Difference[] }
  | { outcome: 'double'; row: StagedRow }
  /** The same customer once more, with another charge; or another one with the same number. */
  | { outcome: 'clash'; row: StagedRow; other: StagedRow; by: 'number' | 'harga' | 'jatuh tempo' | 'status' }

/**
 * Matches rows with customers: by No Pelanggan, else by phone and name, without a phone by name and address (rules 39).
 * Several customers of one key (two lines in one house) are told apart by address and plan, each matched once;
 * a row that repeats another of the file is a double, or in doubt where it would be billed otherwise. Order and file
 * name play no part.
 */
export function matchRows(
  rows: readonly StagedRow[],
  existing: readonly Existing[],
): { matches: Match[]; sharedPhones: number } {
  const byNumber = new Map(existing.map((customer) => [customer.number.toLowerCase(), customer]))
  const byKey = Map.groupBy(
    existing.flatMap((customer) => existingKeys(customer).map((key) => ({ key, customer }))),
    ({ key }) => key,
  )
  const { doubles, clashes } = findRepeats(rows)
  const taken = new Set<number>()
  const matches = rows.map((row): Match => {
    if (doubles.has(row)) return { outcome: 'double', row }
    const found = findExisting(row, byNumber, byKey, taken)
    const differences = found ? compare(row, found) : []
    const clash = clashes.get(row)
    // Of rows that contradict each other the one is right that says what is there.
    if (clash && (!found || differences.length > 0)) return { outcome: 'clash', row, ...clash }
    if (!found) return { outcome: 'new', row }
    taken.add(found.id)
    return differences.length === 0
      ? { outcome: 'same', row, customerId: found.id }
      : { outcome: 'changed', row, existing: found, differences }
  })
  return { matches, sharedPhones: countShared(matches, existing) }
}

type Clash = Pick<Extract<Match, { outcome: 'clash' }>, 'other' | 'by'>

/** Rows that repeat another one, and rows that contradict each other: which of them comes first says nothing. */
function findRepeats(rows: readonly StagedRow[]): { doubles: Set<StagedRow>; clashes: Map<StagedRow, Clash> } {
  const seen = new Map<string, StagedRow>()
  const doubles = new Set<StagedRow>()
  const clashes = new Map<StagedRow, Clash>()
  for (const row of rows) {
    const keys = repeatKeys(row)
    const other = keys.map((key) => seen.get(key)).find((found) => found !== undefined)
    for (const key of keys) if (!seen.has(key)) seen.set(key, row)
    const by = other && differenceOf(row, other)
    if (other && !by) doubles.add(row)
    if (!other || !by) continue
    clashes.set(row, { other, by })
    if (!clashes.has(other)) clashes.set(other, { other: row, by })
  }
  return { doubles, clashes }
}

function rowKeys({ facts }: StagedRow): string[] {
  const name = nameKey(facts.name)
  if (facts.phones.length > 0) return facts.phones.map(({ phone }) => `${phone} ${name}`)
  return [`- ${name} ${textKey(facts.address ?? facts.area)}`]
}

function existingKeys(customer: Existing): string[] {
  const name = nameKey(customer.name)
  if (customer.phones.length > 0) return customer.phones.map((phone) => `${phone} ${name}`)
  return [`- ${name} ${textKey(customer.address ?? customer.area)}`]
}

/** Two rows of one file are the same when they share a number, or key, address and plan. */
function repeatKeys(row: StagedRow): string[] {
  const { number, address, planName } = row.facts
  if (number) return [`no ${number.toLowerCase()}`]
  return rowKeys(row).map((key) => `${key} ${textKey(address)} ${planKey(planName ?? '')}`)
}

/** What keeps a repeated row from being a mere double: a blank says nothing. */
function differenceOf({ facts: a }: StagedRow, { facts: b }: StagedRow) {
  const differ = (one: unknown, two: unknown) =>
    one !== undefined && two !== undefined && JSON.stringify(one) !== JSON.stringify(two)
  if (nameKey(a.name) !== nameKey(b.name)) return 'number'
  if (differ(a.price, b.price)) return 'harga'
  if (differ(dueDay(a), dueDay(b))) return 'jatuh tempo'
  return a.status === b.status ? undefined : 'status'
}

function dueDay({ due }: StagedRow['facts']): number | undefined {
  return due && ('day' in due ? due.day : due.date.day)
}

function findExisting(
  row: StagedRow,
  byNumber: Map<string, Existing>,
  byKey: Map<string, { customer: Existing }[]>,
  taken: ReadonlySet<number>,
): Existing | undefined {
  const numbered = row.facts.number && byNumber.get(row.facts.number.toLowerCase())
  if (numbered) return taken.has(numbered.id) ? undefined : numbered
  const free = rowKeys(row)
    .flatMap((key) => byKey.get(key) ?? [])
    .map(({ customer }) => customer)
    .filter(({ id }) => !taken.has(id))
  const likeness = (customer: Existing) =>
    Number(textKey(customer.address) === textKey(row.facts.address)) * 2 +
    Number(planKey(customer.planName ?? '') === planKey(row.facts.planName ?? ''))
  return free.sort((a, b) => likeness(b) - likeness(a))[0]
}

/** What a row says that is not so yet; blank cells say nothing. */
function compare({ facts }: StagedRow, customer: Existing): Difference[] {
  const found: Difference[] = []
  const differ = (field: ChangedField, label: string, before: string | null, after: string) =>
    found.push({ field, label, before: before || 'kosong', after })
  if (facts.planName && customer.planName !== null && planKey(facts.planName) !== planKey(customer.planName))
    differ('plan', 'paket', customer.planName, facts.planName)
  if (facts.price !== undefined && customer.price !== null && facts.price !== customer.price)
    differ('price', 'harga', formatRupiah(customer.price), formatRupiah(facts.price))
  const phones = facts.phones.map(({ phone }) => phone)
  if (phones.some((phone) => !customer.phones.includes(phone)))
    differ('phones', 'No HP', customer.phones.map(formatPhone).join(' / '), phones.map(formatPhone).join(' / '))
  if (facts.address && textKey(facts.address) !== textKey(customer.address))
    differ('address', 'alamat', customer.address, facts.address)
  if (facts.area && areaKey(facts.area) !== areaKey(customer.area ?? ''))
    differ('area', 'wilayah', customer.area, facts.area)
  if (nameKey(facts.name) !== nameKey(customer.name)) differ('name', 'nama', customer.name, facts.name)
  const due = dueDay(facts)
  if (due !== undefined && customer.anchorDay !== null && due !== customer.anchorDay)
    differ('due', 'jatuh tempo', `tanggal ${customer.anchorDay}`, `tanggal ${due}`)
  // A sheet without a word on it means active, and says nothing against a pause or stop made here.
  if (facts.status !== 'active' && customer.status !== null && facts.status !== customer.status)
    differ('status', 'status', STATUS_WORDS[customer.status], STATUS_WORDS[facts.status])
  return found
}

export const STATUS_WORDS: Record<SubscriptionStatus, string> = { active: 'aktif', paused: 'cuti', stopped: 'berhenti' }

function textKey(text: string | null | undefined): string {
  return (text ?? '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** How many new rows have a phone that another name has too. */
function countShared(matches: readonly Match[], existing: readonly Existing[]): number {
  const names = new Map<string, Set<string>>()
  const note = (phone: string, name: string) => {
    const known = names.get(phone) ?? new Set()
    known.add(nameKey(name))
    names.set(phone, known)
  }
  for (const customer of existing) for (const phone of customer.phones) note(phone, customer.name)
  for (const { row } of matches) for (const { phone } of row.facts.phones) note(phone, row.facts.name)
  return matches.filter(
    ({ outcome, row }) => outcome === 'new' && row.facts.phones.some(({ phone }) => (names.get(phone)?.size ?? 0) > 1),
  ).length
}
