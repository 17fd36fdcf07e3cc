import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { excel } from './excel.ts'
import { issuing } from './issuing.ts'
import { notifications } from './notifications.ts'
import { openPlace, type Place } from './place.ts'
import { isMissed, type Line, median, ratio } from './rounds.ts'
import { turns } from './turns.ts'

/** Every figure, by the name with which it is run alone: `npm run bench -- issuing --rounds 3`. */
const FIGURES: Readonly<Record<string, (place: Place, rounds: number) => Promise<Line[]>>> = {
  issuing,
  turns,
  notifications,
  excel,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' } },
})
const rounds = Number(values.rounds)
const wanted = positionals.length > 0 ? positionals : Object.keys(FIGURES)
const unknown = wanted.filter((name) => !FIGURES[name])
if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1) {
  console.error(`npm run bench -- [${Object.keys(FIGURES).join('] [')}] [--rounds 5]`)
  process.exit(1)
}

const place = await openPlace()
let ending: Promise<void> | undefined
const end = () => {
  ending ??= place.end()
  return ending
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end().then(() => process.exit(130)))
try {
  const lines: Line[] = []
  for (const name of wanted) {
    console.error(`${name} …`)
    lines.push(...((await FIGURES[name]?.(place, rounds)) ?? []))
  }
  console.log(table(lines))
} finally {
  await end()
}

function table(lines: readonly Line[]): string {
  const rows = lines.map((line) => [
    line.figure,
    show(line, line.ours),
    show(line, line.baseline),
    showRatio(line, ratio(line)),
    line.aim === undefined ? '' : `${line.unit === 's' ? '≤' : '≥'} ${showRatio(line, line.aim)}`,
    isMissed(line) ? 'missed' : '',
  ])
  const all = [['figure', 'ours', 'baseline', 'ratio', 'aim', ''], ...rows]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  const text = all.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  )
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}, PostgreSQL ${place.version}`
  return [`${machine}; medians of ${rounds} rounds (lowest–highest)`, ...text.map((line) => line.trimEnd())].join('\n')
}

function show({ unit }: Line, values: readonly number[]): string {
  const figure = (value: number) => (unit === 's' ? value.toFixed(2) : value.toFixed(0))
  return `${figure(median(values))} ${unit} (${figure(Math.min(...values))}–${figure(Math.max(...values))})`
}

function showRatio({ unit }: Line, value: number): string {
  return unit === 's' ? `${value.toFixed(2)}×` : `${(value * 100).toFixed(0)} %`
}
