import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What the world around the program remembers over a restart: how far the clock is ahead, Midtrans' orders, and a name
 * for this world, another one after every reset.
 */
export type SimulatorState = { offsetMs?: number; midtrans?: unknown; world?: string }

/** Opens the state in `<dataDir>/simulator.json`, in a folder that is there; every write replaces the file as a whole. */
export function openState(dataDir: string): { read(): SimulatorState; write(change: SimulatorState): void } {
  const file = join(dataDir, 'simulator.json')
  let state: SimulatorState = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  return {
    read: () => state,
    write(change) {
      state = { ...state, ...change }
      writeFileSync(`${file}.new`, JSON.stringify(state))
      renameSync(`${file}.new`, file)
    },
  }
}
