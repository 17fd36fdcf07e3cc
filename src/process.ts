import { setTimeout as sleep } from 'node:timers/promises'
import { StartError } from './domain/database.ts'
import type { Program } from './main.ts'

/** A program that cannot go on is given so long to stop. */
const STOP_MS = 5_000

/**
 * Runs a program as the process: prints a start error as one line, ends everything on SIGINT and SIGTERM. Ctrl-C reaches
 * npm and us both, so a repeat within a second is the same one; a later one ends at once.
 */
export async function runAsProcess(begin: () => Promise<Program>, ready: (program: Program) => string): Promise<void> {
  let program: Program | undefined
  let asked = 0
  const end = () => {
    const now = Date.now()
    if (asked > 0 && now - asked > 1_000) process.exit(1)
    if (asked > 0) return
    asked = now
    // Before the start is complete there is nothing yet that a signal could stop in order.
    if (program) program.stop().then(() => process.exit(0), fail)
  }
  const fail = (error: unknown) => {
    console.error(error instanceof StartError ? error.message : error)
    process.exit(1)
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  try {
    program = await begin()
    const { broken, stop } = program
    // What is broken may not stop in order either; the reason is printed all the same.
    broken.then((reason) => Promise.race([stop().catch(() => {}), sleep(STOP_MS)]).then(() => fail(reason)))
    if (asked > 0) await program.stop().then(() => process.exit(0), fail)
    console.log(ready(program))
  } catch (error) {
    fail(error)
  }
}
