import { readPhones } from '../phone.ts'
import type { Cell, SheetRow } from '../workbook/raw.ts'
import { type Field, fieldsOf, headingWords } from './heading.ts'
import { monthOfHeading } from './remarks.ts'
import { cellText, isNothing, readDate, readPrice } from './values.ts'

/** A column of a customer table. `month` is the month a heading like "Status Desember" names. */
export type Column = {
  readonly index: number
  readonly heading: string
  readonly field: Field
  readonly month?: { month: number; year?: number }
}

/** What was answered about unclear columns: the heading as written (the second of the same with ` #2`), and its field. */
export type ColumnAnswers = Readonly<Record<string, Field>>

/**
 * What nobody should guess about the columns of a list: which of them has `field`, or, without one, what the only one
 * means. The answers of the choice that is taken go back into the reading.
 */
export type ColumnQuestion = { readonly field?: Field; readonly choices: readonly ColumnChoice[] }

/** A column as a person knows it again, and what choosing it answers; no heading: none of them. */
export type ColumnChoice = {
  readonly heading?: string
  readonly samples: readonly string[]
  readonly field: Field
  readonly answers: ColumnAnswers
}

/** A heading with what stands below it, row by row; `values` without the empty ones. */
export type Heading = {
  readonly index: number
  readonly text: string
  readonly key: string
  readonly could: readonly Field[]
  readonly month: Column['month']
  readonly cells: readonly Cell[]
  readonly values: readonly Cell[]
}

/** The headings of a row; one that is merged over two rows of headings counts in both. */
export function headingCells(row: SheetRow): { index: number; cell: Cell }[] {
  const width = Math.max(row.cells.length, ...[...(row.merged?.keys() ?? [])].map((column) => column + 1))
  const cells = Array.from({ length: width }, (_, index) => ({ index, cell: mergedCell(row, index) }))
  return cells.filter(({ cell }) => cell !== null)
}

/** The value of a cell; where cells are merged downwards it is the uppermost one's. */
export function mergedCell(row: SheetRow, index: number): Cell {
  return row.cells[index] ?? row.merged?.get(index) ?? null
}

export function meaningsOf(cell: Cell): readonly Field[] {
  return monthOf(cell) ? ['paidMonth'] : fieldsOf(headingWords(cellText(cell)))
}

/** The month a heading names; "Jan 26" is a date to sheet programs. */
function monthOf(cell: Cell): Column['month'] {
  if (cell instanceof Temporal.PlainDate) return { month: cell.month, year: cell.year }
  return monthOfHeading(headingWords(cellText(cell)))
}

/** Joins each heading of a list with its column. */
export function headingsOf(header: SheetRow, rows: readonly SheetRow[]): Heading[] {
  const seen = new Map<string, number>()
  return headingCells(header).map(({ index, cell }) => {
    const text = cellText(cell)
    const times = (seen.get(text) ?? 0) + 1
    seen.set(text, times)
    const key = times === 1 ? text : `${text} #${times}`
    const cells = rows.map((row) => row.cells[index] ?? null)
    const values = cells.filter((each) => !isNothing(cellText(each)))
    return { index, text, key, could: meaningsOf(cell), month: monthOf(cell), cells, values }
  })
}

/** Fields of which a customer has one: the first column that says so has it. */
const SINGLE: readonly Field[] = [
  'number',
  'name',
  'address',
  'plan',
  'price',
  'due',
  'paidUntil',
  'startedOn',
  'email',
]

/** A second column of these is money in doubt, and asked about. */
const COSTLY: readonly Field[] = ['price', 'due', 'plan']

/** Says what each column of a list holds, by its heading, by what stands below, and by what was answered. */
export function mapColumns(
  headings: readonly Heading[],
  answers: ColumnAnswers,
): { columns: Column[]; unclear: ColumnQuestion[] } {
  const columns: Column[] = []
  const unclear: ColumnQuestion[] = []
  const has = (field: Field) => columns.some((column) => column.field === field)
  const asked = (field: Field) => unclear.some((question) => question.field === field)
  const take = ({ index, text, month }: Heading, field: Field) => columns.push({ index, heading: text, field, month })
  const known = headings.map((heading) => {
    const answer = Object.hasOwn(answers, heading.key) ? answers[heading.key] : undefined
    return answer ? { ...heading, could: [answer] } : heading
  })
  for (const [field, same] of Map.groupBy(
    known.filter(({ could }) => could.length === 1),
    ({ could }) => could[0] as Field,
  )) {
    const rivals = SINGLE.includes(field) ? withoutRepeats(same) : same
    if (rivals.length > 1 && COSTLY.includes(field)) unclear.push(whichOf(field, rivals))
    else for (const heading of SINGLE.includes(field) ? rivals.slice(0, 1) : rivals) take(heading, field)
  }
  for (const heading of known.filter(({ could }) => could.length > 1 && !could.includes('price'))) {
    const field = decideByContent(heading, has)
    if (field === 'unclear') unclear.push(whatIs(heading, has))
    else if (field) take(heading, field)
  }
  if (!has('price') && !asked('price')) decidePrice(known, take, (question) => unclear.push(question))
  const unknown = known.filter(({ could, values }) => could.length === 0 && values.length > 0)
  if (!has('name')) {
    const names = unknown.filter(({ values }) => share(values, isNameLike) > 0.8)
    if (names.length === 1 && names[0]) take(names[0], 'name')
    else if (names.length > 1) unclear.push({ field: 'name', choices: whichOf('name', names).choices.slice(0, -1) })
  }
  for (const [field, isLike] of [
    ['price', isPriceLike],
    ['due', isDueLike],
  ] as const) {
    const like = unknown.filter(({ values }) => share(values, isLike) > 0.9)
    if (!has(field) && !asked(field) && like.length > 0) unclear.push(whichOf(field, like))
  }
  return { columns: columns.sort((a, b) => a.index - b.index), unclear }
}

/** Columns that hold something else than the first that holds anything; where none does, the first. */
function withoutRepeats(same: readonly Heading[]): readonly Heading[] {
  const [first = same[0] as Heading, ...others] = same.filter(({ values }) => values.length > 0)
  const differs = ({ cells }: Heading) =>
    cells.some((cell, row) => !isNothing(cellText(cell)) && cellText(cell) !== cellText(first.cells[row]))
  return [first, ...others.filter(differs)]
}

/** What a vague heading means by what stands below it; nothing when that does not matter. */
function decideByContent({ could, values }: Heading, has: (field: Field) => boolean): Field | 'unclear' | undefined {
  if (values.length === 0) return undefined
  if (could.includes('rowNumber')) {
    if (share(values, (cell) => readPhones(cellText(cell)).phones.length > 0) > 0.6) return 'phone'
    return has('number') || !areCodes(values.map(cellText)) ? 'rowNumber' : 'number'
  }
  if (could.includes('due') && !has('due') && share(values, isDayNumber) > 0.8) return 'due'
  if (could.every((field) => field === 'ignored' || has(field))) return undefined
  return could[0] === 'due' && could.includes('startedOn') && has('due') ? undefined : 'unclear'
}

/** Vague headings of money: the only one that holds nothing but prices has them, else somebody must say. */
function decidePrice(
  known: readonly Heading[],
  take: (heading: Heading, field: Field) => void,
  ask: (question: ColumnQuestion) => void,
): void {
  const vague = known.filter(({ could, values }) => could.length > 1 && could.includes('price') && values.length > 0)
  const [first, ...others] = vague.length > 0 ? withoutRepeats(vague) : []
  if (!first) return
  if (others.length > 0) ask(whichOf('price', [first, ...others]))
  else if (share(first.values, (cell) => (readPrice(cell) ?? 0) > 0) > 0.9) take(first, 'price')
  else ask(whatIs(first, () => false))
}

/** Which column has the field, or none of them. */
function whichOf(field: Field, rivals: readonly Heading[]): ColumnQuestion {
  const answer = (chosen?: Heading): ColumnAnswers =>
    Object.fromEntries(rivals.map((each) => [each.key, each === chosen ? field : 'ignored']))
  const choices = rivals.map((each) => ({ heading: each.key, samples: samplesOf(each), field, answers: answer(each) }))
  return { field, choices: [...choices, { samples: [], field: 'ignored', answers: answer() }] }
}

/** What the column is, or nothing that matters here. */
function whatIs(heading: Heading, has: (field: Field) => boolean): ColumnQuestion {
  const fields = heading.could.filter((field) => field !== 'ignored' && !has(field))
  const samples = samplesOf(heading)
  return {
    choices: [...fields, 'ignored' as const].map((field) => ({
      heading: heading.key,
      samples,
      field,
      answers: { [heading.key]: field },
    })),
  }
}

/** Values shown of a column in a question. */
const SAMPLES = 3

function samplesOf({ values }: Heading): string[] {
  return [...new Set(values.map(cellText))].slice(0, SAMPLES)
}

/** Values on which a column is judged: enough to know it, and a long list costs no more than a short one. */
const JUDGED = 500

function share(values: readonly Cell[], is: (cell: Cell) => boolean): number {
  const judged = values.slice(0, JUDGED)
  return judged.filter(is).length / judged.length
}

function isDayNumber(cell: Cell): boolean {
  return /^(?:(?:tiap|setiap) )?(?:(?:tgl|tanggal)\.? ?)?(?:[1-9]|0[1-9]|[12]\d|3[01])$/i.test(cellText(cell))
}

function isDueLike(cell: Cell): boolean {
  return isDayNumber(cell) || readDate(cell) !== undefined
}

/** A lower figure is no monthly price here, but a count, a year or a house number. */
const LOWEST_PRICE = 5_000

function isPriceLike(cell: Cell): boolean {
  return (readPrice(cell) ?? 0) >= LOWEST_PRICE && readPhones(cellText(cell)).phones.length === 0
}

function isNameLike(cell: Cell): boolean {
  return typeof cell === 'string' && /\p{L}{2}/u.test(cell) && !/\d{3}/.test(cell)
}

/**
 * Whether below "No" stand the owner's codes for customers and not the numbers of rows, which say nothing about
 * anybody (rules 39): letters, leading zeros or many figures, and not counted on from row to row.
 */
function areCodes(texts: readonly string[]): boolean {
  if (texts.filter((text) => /\p{L}|^0\d|^\d{5,}$/u.test(text)).length <= texts.length / 2) return false
  if (!texts.every((text) => /^\d{1,6}\.?$/.test(text))) return true
  const numbers = texts.map((text) => Number.parseInt(text, 10))
  const spread = numbers.reduce((a, b) => Math.max(a, b)) - numbers.reduce((a, b) => Math.min(a, b))
  return spread > 2 * numbers.length + 10
}
