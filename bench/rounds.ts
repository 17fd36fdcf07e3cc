import { performance } from 'node:perf_hooks'

/** One line of the table: the rounds of ours and of its baseline, in seconds (less is better) or per second (more is). */
export type Line = {
  figure: string
  unit: 's' | '/s'
  ours: readonly number[]
  baseline: readonly number[]
  /** The ratio to reach: at most so many times the baseline's seconds, at least this share of its rate. */
  aim?: number
}

/**
 * Measures contenders in turns (ours, baseline, ours, baseline …), so that whatever else the machine does meanwhile
 * meets them alike. The first rounds warm up and do not count; `settle` comes behind them: plans that were made while a
 * table was empty are no business's everyday.
 * @param contenders each is told which round it is, from 0 on
 */
export async function interleave<Name extends string>(
  rounds: number,
  contenders: Record<Name, (round: number) => Promise<number>>,
  { warmUp = 1, settle }: { warmUp?: number; settle?: () => Promise<void> } = {},
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contenders) as Name[]
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const name of names) {
      const value = await contenders[name](round)
      if (round >= warmUp) measured[name].push(value)
    }
    if (round + 1 === warmUp) await settle?.()
  }
  return measured
}

/** How long something takes, in seconds. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1_000
}

/** How many a second get done when `atOnce` loops share the items. */
export async function rate<Item>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, loop: number) => Promise<unknown>,
): Promise<number> {
  const left = items.values()
  const loop = async (index: number) => {
    for (const item of left) await work(item, index)
  }
  const took = await seconds(() => Promise.all(Array.from({ length: atOnce }, (_, index) => loop(index))))
  return items.length / took
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Ours to the baseline: the median of each round's own ratio, since the two halves of a round met the same machine. */
export function ratio({ ours, baseline }: Line): number {
  return median(ours.map((value, round) => value / (baseline[round] as number)))
}

export function isMissed(line: Line): boolean {
  if (line.aim === undefined) return false
  return line.unit === 's' ? ratio(line) > line.aim : ratio(line) < line.aim
}
