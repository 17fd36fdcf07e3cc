import type { ChildProcess } from 'node:child_process'
import { StartError } from '../domain/database.ts'

/** A server that dies so often within the time is not started once more: something is broken that a restart cannot mend. */
const MOST_DEATHS = 20
const DEATHS_WITHIN_MS = 60_000

/** Starts a server anew whenever it ends without being asked to; answers how to stop it. */
export function keepAlive(
  first: ChildProcess,
  how: {
    again: () => Promise<ChildProcess>
    stop: (child: ChildProcess) => Promise<void>
    onGone: (error: unknown) => void
  },
): () => Promise<void> {
  const { again, stop, onGone } = how
  let current = Promise.resolve(first)
  let stopping = false
  const deaths: number[] = []
  const watch = (child: ChildProcess) => {
    child.once('exit', () => {
      if (stopping) return
      deaths.push(Date.now())
      if (deaths.filter((at) => at > Date.now() - DEATHS_WITHIN_MS).length > MOST_DEATHS)
        return onGone(new StartError('DATA_DIR: PostgreSQL berulang kali mati sendiri; lihat postgres.log.'))
      current = again()
      current.then(watch, onGone)
    })
  }
  watch(first)
  return async () => {
    stopping = true
    await current.then(stop, () => {})
  }
}
