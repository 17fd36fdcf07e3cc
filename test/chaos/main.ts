import { cleanUp } from '../support/process.ts'
import { playChaos } from './play.ts'

/**
 * `npm run chaos`: a thousand customers, twenty kills. The seed of a run is printed and can be given again:
 * `npm run chaos -- 4711`.
 */
const seed = Number(process.argv[2] ?? Math.floor(Math.random() * 1_000_000))
const kinds = ['program', 'both', 'database'] as const
const kills = Array.from({ length: 20 }, (_, index) => kinds[index % kinds.length] ?? 'program')

console.log(`seed ${seed}`)
try {
  const outcome = await playChaos({ customers: 1_000, kills, hangs: 3, seed, log: console.log })
  const { customers, kills: killed, calls, withheld, twice, rows, contradictions, broken, reports } = outcome
  const all = Object.values(rows).reduce((sum, count) => sum + count, 0)
  const checks: [string, string | number, boolean][] = [
    ['customers with a row', `${all} of ${customers}`, all === customers],
    ['handed over twice', twice.length, twice.length === 0],
    ['sent', rows.sent ?? 0, true],
    ['failed with a reason', rows.failed ?? 0, true],
    [
      'uncertain',
      `${rows.uncertain ?? 0} of at most ${killed} kills + ${withheld} answers withheld or garbled`,
      (rows.uncertain ?? 0) <= killed + withheld,
    ],
    ['waiting or being sent', (rows.waiting ?? 0) + (rows.sending ?? 0), !rows.waiting && !rows.sending],
    ['rows that contradict Fonnte', contradictions.length, contradictions.length === 0],
    ['invariants broken, those of verify too', broken.length, broken.length === 0],
    ['final reports to the owner', reports, reports === 1],
  ]
  for (const [what, found, good] of checks) console.log(`${good ? 'ok  ' : 'BAD '} ${what}: ${found}`)
  console.log(`     ${calls} calls, ${outcome.seconds} s`)
  for (const line of [...twice, ...contradictions, ...broken]) console.log(line)
  process.exitCode = checks.every(([, , good]) => good) ? 0 : 1
} finally {
  await cleanUp()
}
