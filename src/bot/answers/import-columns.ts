import { plain } from '../../domain/letter.ts'
import type { ColumnChoice, ColumnQuestion, Field } from '../../domain/sheet.ts'
import type { Answer } from '../command.ts'

const FIELDS: Partial<Record<Field, string>> = {
  name: 'nama pelanggan',
  plan: 'nama paket',
  price: 'harga sebulan',
  due: 'jatuh tempo',
  paidUntil: 'lunas sampai kapan',
  startedOn: 'tanggal pasang',
  debt: 'utang',
  ignored: 'bukan itu, tidak dipakai',
}

/** The longest list of choices, as everywhere (voice, Forms). */
const MOST_CHOICES = 9

/** A column that could be two things is asked about in one question; the answer reads the file again. */
export function askColumn(
  { field, choices }: ColumnQuestion,
  args: { fileId: number; columns: Readonly<Record<string, string>> },
): Answer {
  const shown = choices.length > MOST_CHOICES ? [...choices.slice(0, MOST_CHOICES - 1), ...choices.slice(-1)] : choices
  const [first] = shown
  const asked = field === undefined ? `Kolom ${showColumn(first)} itu apa?` : `Di kolom mana ${FIELDS[field] ?? field}?`
  const option = (choice: ColumnChoice) =>
    field === undefined
      ? (FIELDS[choice.field] ?? choice.field)
      : choice.heading === undefined
        ? 'tidak ada di situ'
        : showColumn(choice)
  return {
    text: [
      `${asked} Belum ada yang masuk.`,
      ...shown.map((choice, index) => `${index + 1}. ${option(choice)}`),
      'Balas nomornya, contoh *1*.',
    ].join('\n'),
    ask: {
      command: 'customer.import',
      args,
      awaits: 'choice',
      choices: shown.map(({ answers }) => ({ columns: { ...args.columns, ...answers } })),
    },
  }
}

/** `*Tanggal* (05/11/2026, 12/11/2026)` */
function showColumn(choice: ColumnChoice | undefined): string {
  const samples = (choice?.samples ?? []).map((sample) => plain(sample).slice(0, 30)).join(', ')
  return `*${plain(choice?.heading ?? '')}*${samples && ` (${samples})`}`
}
