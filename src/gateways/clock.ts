import type { Clock } from '../domain/books.ts'

/** The machine's own clock: the real program's. */
export const realClock: Clock = { real: true, now: () => Temporal.Now.instant() }

/** A clock that runs on in real time from wherever it was put; what the simulator moves. */
export type MovableClock = Clock & {
  /** Milliseconds that it is ahead of the machine's clock; kept, so that time off counts. */
  offsetMs(): number
  setOffset(ms: number): void
  moveTo(now: Temporal.Instant): void
}

export function movableClock(offset: number): MovableClock {
  let ahead = offset
  return {
    real: false,
    now: () => Temporal.Now.instant().add({ milliseconds: ahead }),
    offsetMs: () => ahead,
    setOffset: (ms) => {
      ahead = ms
    },
    moveTo: (now) => {
      ahead = now.epochMilliseconds - Temporal.Now.instant().epochMilliseconds
    },
  }
}
