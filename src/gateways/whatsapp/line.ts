import { setTimeout as sleep } from 'node:timers/promises'
import type { Lock } from '../../domain/lock.ts'
import { GatewayError, type Outgoing, type SendMessage } from '../../domain/outbox.ts'
import { endNumber, findEnd, findNumber, findOwnNumber, type NumberState } from '../../domain/whatsapp.ts'
import { type Connection, GOODBYE_MS } from './connection.ts'
import { makeEar } from './ear.ts'
import { scrub } from './hush.ts'
import { type LinkBy, pair } from './pair.ts'
import { afterClose } from './reasons.ts'
import { sendOver } from './send.ts'
import { type LineDeps, LOCK_CHECK_MS, talk } from './talk.ts'

/** The line of one business: its linked number, on one connection at a time. */
export type Line = {
  state(): NumberState
  /** Calls `hear` at every change; the answer ends it. */
  watch(hear: (state: NumberState) => void): () => void
  /** Connects the linked number, if there is one, and keeps it connected. */
  start(): Promise<void>
  /** Begins to link a number; the state shows the QR or the code. False when one is linked, or another program is at it. */
  link(how: LinkBy): Promise<boolean>
  /** Ends the link on WhatsApp's side as well, or the attempt to make one. */
  unlink(): Promise<void>
  /** Looks whether another program linked the number, or ended its link. */
  look(): Promise<void>
  /** Sends by the number; nothing while this program is not connected. */
  channel(): SendMessage | undefined
  stop(): Promise<void>
}

/** Another program's end is noticed so soon. */
const TAKE_OVER_WAITS = 5
/** A connection that held so long was a good one. */
const STABLE_MS = 60_000

export function makeLine(deps: LineDeps, businessId: number): Line {
  const { database, openBooks, sealer, log, retryMs } = deps
  const watchers = new Set<(state: NumberState) => void>()
  const retries = boundedCache(1_000)
  const present = new Set<string>()
  let state: NumberState = { is: 'unlinked' }
  let connection: Connection | undefined
  let lock: Lock | undefined
  /** What the line is at; replaced as a whole, and then the old one ends. */
  let task = { over: new AbortController(), done: Promise.resolve() }
  let working = false

  const set = (next: NumberState) => {
    state = next
    for (const hear of watchers) hear(next)
  }
  const ear = makeEar({ openBooks, accept: deps.accept, log }, businessId)

  const begin = (work: (over: AbortSignal) => Promise<void>) => {
    const over = new AbortController()
    working = true
    const done = work(over.signal)
      .catch((error: Error) => {
        if (!over.signal.aborted) log.error({ businessId, reason: scrub(error.message) }, 'whatsapp: line failed')
      })
      .finally(letGo)
      .finally(() => {
        if (task.over === over) working = false
      })
    task = { over, done }
  }
  const finish = async () => {
    task.over.abort()
    await connection?.end()
    await task.done
  }
  const letGo = async () => {
    const held = lock
    lock = undefined
    await held?.release()
  }
  const takeHold = async () => {
    if (lock?.lost) await letGo()
    lock ??= await database.tryLock(`whatsapp ${businessId}`)
    return lock !== undefined
  }
  const pause = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => {})

  /** Holds the number connected until the link ends, a person must act, or the line is stopped. */
  const hold = async (over: AbortSignal) => {
    for (let failures = 0, taken = false; !over.aborted; ) {
      const began = Date.now()
      try {
        const number = await openBooks(businessId, (books) => findNumber(books, sealer))
        if (!number) return showUnlinked()
        if (!(await takeHold())) {
          set({ is: 'elsewhere', phone: number.phone })
          taken = true
          await pause(TAKE_OVER_WAITS * retryMs, over)
          continue
        }
        if (taken) {
          // Whoever lost the lock without ending is given the time to notice and to hang up.
          taken = false
          await pause(LOCK_CHECK_MS + GOODBYE_MS, over)
          continue
        }
        set({ is: 'connecting', phone: number.phone })
        const code = await talk(deps, businessId, number, {
          ear,
          retries,
          over,
          isLost: () => lock?.lost === true,
          onConnection: (made) => {
            connection = made
          },
          onOpen: () => set({ is: 'open', phone: number.phone }),
        })
        if (over.aborted) return
        failures = Date.now() - began > STABLE_MS ? 1 : failures + 1
        const next = afterClose(code, failures, retryMs)
        log.warn({ businessId, code, failures }, 'whatsapp: connection ended')
        if ('stop' in next) return set({ is: 'stopped', phone: number.phone, reason: next.stop })
        if ('unlinked' in next) {
          await openBooks(businessId, (books) => endNumber(books, 'removed'))
          return showUnlinked()
        }
        set({ is: 'connecting', phone: number.phone })
        await pause(next.again * (0.75 + Math.random() / 2), over)
      } catch (error) {
        // The database is away; the number is still linked.
        log.warn({ businessId, reason: scrub((error as Error).message) }, 'whatsapp: not connected')
        await pause(retryMs * TAKE_OVER_WAITS, over)
      }
    }
  }

  /** Ends the link on WhatsApp's side, where we are the ones who are connected. */
  const leave = async () => {
    const socket = state.is === 'open' ? connection?.socket : undefined
    await socket?.logout().catch(() => {})
    await finish()
  }

  const isOpen = () => state.is === 'open' && lock?.lost === false
  const send = async (message: Outgoing) => {
    if (!isOpen() || !connection) throw new GatewayError('passing', 'WhatsApp sedang tidak tersambung')
    return sendOver(connection, message, { present, ackMs: deps.ackMs })
  }

  const showUnlinked = async () => {
    const end = await openBooks(businessId, findEnd)
    set({ is: 'unlinked', ...(end && { since: end.at, reason: end.reason }) })
  }

  return {
    state: () => state,
    watch(hear) {
      watchers.add(hear)
      return () => void watchers.delete(hear)
    },
    async start() {
      await finish()
      begin(hold)
    },
    async link(how) {
      const linked = (await openBooks(businessId, findOwnNumber)) !== undefined
      if (linked && state.is !== 'stopped') return false
      await finish()
      if (linked || !(await takeHold())) {
        begin(hold)
        return false
      }
      begin(async (over) => {
        set({ is: 'pairing' })
        const onConnection = (made: Connection | undefined) => {
          connection = made
        }
        const ended = await pair(deps, businessId, how, { over, onConnection, onState: set })
        if (ended === 'linked') return hold(over)
        if (!over.aborted) set({ is: 'stopped', reason: ended })
      })
      return true
    },
    async unlink() {
      await leave()
      await openBooks(businessId, (books) => endNumber(books, 'unlinked'))
      await showUnlinked()
    },
    async look() {
      const linked = (await openBooks(businessId, findOwnNumber)) !== undefined
      // An attempt of ours to link it may have ended before another program succeeded.
      const idle = state.is === 'unlinked' || (state.is === 'stopped' && state.phone === undefined)
      if (linked && idle && !working) begin(hold)
      if (linked || !('phone' in state)) return
      await leave()
      await showUnlinked()
    },
    channel: () => (isOpen() ? send : undefined),
    async stop() {
      await finish()
      if (state.is === 'open') set({ is: 'connecting', phone: state.phone })
    },
  }
}

/** Remembers so many things and forgets the oldest. */
function boundedCache(most: number) {
  const values = new Map<string, unknown>()
  return {
    get: <T>(key: string) => values.get(key) as T | undefined,
    set(key: string, value: unknown) {
      values.delete(key)
      values.set(key, value)
      if (values.size > most) values.delete(values.keys().next().value as string)
    },
    del: (key: string) => void values.delete(key),
    flushAll: () => values.clear(),
  }
}
