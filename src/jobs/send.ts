import type { Books, Business, OpenBooks } from '../domain/books.ts'
import { findProgress, finishBroadcast, nextBroadcastSlot, recheckBill, stopBroadcast } from '../domain/broadcast.ts'
import { getStaff } from '../domain/conversation.ts'
import type { Database } from '../domain/database.ts'
import { broadcastReport, broadcastStopped } from '../domain/letter.ts'
import {
  claimNext,
  GatewayError,
  getFile,
  type Message,
  type Outgoing,
  queueMessages,
  recoverClaimed,
  type SendMessage,
  settleOutgoing,
} from '../domain/message.ts'
import type { ChannelName } from '../domain/tables.ts'

/**
 * The sender: one loop per number, under a lock that all processes share. A row is claimed in one transaction, sent
 * outside any, and marked in another; whatever is killed when, nothing leaves twice (G4, N01).
 */
export type Sender = {
  /** Something may be waiting for this number. */
  wake(businessId: number, channel: ChannelName): void
  /** How many loops are at work. */
  busy(): number
  /** Ends after the messages that are on their way. */
  stop(): Promise<void>
}

/** What sends for a business by a channel; nothing where it has none. */
export type Gateways = (business: Business, channel: ChannelName) => SendMessage | undefined

/** Waits this long before what could not be handed over is tried again, doubling up to the longest. */
const RETRY_SECONDS = 2
const LONGEST_RETRY_SECONDS = 300

export function makeSender(deps: {
  database: Database
  openBooks: OpenBooks
  gateways: Gateways
  onError: (error: Error) => void
}): Sender {
  const { database, openBooks, gateways, onError } = deps
  const loops = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const timers = new Set<NodeJS.Timeout>()
  let stopping = false

  const wake = (businessId: number, channel: ChannelName) => {
    const key = `${businessId}:${channel}`
    if (stopping) return
    if (loops.has(key)) {
      again.add(key)
      return
    }
    const loop = drain(businessId, channel)
      .catch(onError)
      .finally(() => {
        loops.delete(key)
        // Whoever woke us between our last look and the unlock would otherwise wait for the sweep.
        if (again.delete(key)) wake(businessId, channel)
      })
    loops.set(key, loop)
  }

  const wakeLater = (businessId: number, channel: ChannelName, seconds: number) => {
    const timer = setTimeout(
      () => {
        timers.delete(timer)
        wake(businessId, channel)
      },
      Math.max(50, seconds * 1_000),
    )
    timers.add(timer)
  }

  const drain = async (businessId: number, channel: ChannelName) => {
    const lock = await database.tryLock(`send ${businessId} ${channel}`)
    if (!lock) return
    try {
      const recovered = await openBooks(businessId, (books) => recoverClaimed(books, channel))
      if (recovered > 0) await openBooks(businessId, finishRunning)
      while (!stopping && !lock.lost) {
        const next = await openBooks(businessId, (books) => claim(books, channel))
        if (next.wait !== undefined) wakeLater(businessId, channel, next.wait)
        if (!next.claimed) {
          if (next.cancelled) continue
          return
        }
        const outcome = await attempt(gateways(next.business, channel), next.claimed)
        const pause = await openBooks(businessId, (books) => settle(books, next.message, outcome))
        if (pause !== undefined) {
          wakeLater(businessId, channel, pause)
          return
        }
      }
    } finally {
      await lock.release()
    }
  }

  return {
    wake,
    busy: () => loops.size,
    async stop() {
      stopping = true
      for (const timer of timers) clearTimeout(timer)
      await Promise.all(loops.values())
    },
  }
}

type Claim = {
  business: Business
  wait?: number
} & ({ claimed: Outgoing; message: Message } | { claimed?: undefined; cancelled: boolean })

/** Claims one message, or says that a broadcast has to wait so many seconds for its pace. */
async function claim(books: Books, channel: ChannelName): Promise<Claim> {
  const { business, now } = books
  const slot = await nextBroadcastSlot(books, channel)
  const paced = Temporal.Instant.compare(slot, now) <= 0
  const message = await claimNext(books, channel, paced)
  if (!message) {
    const wait = paced ? undefined : now.until(slot).total('seconds')
    return { business, cancelled: false, ...(wait !== undefined && { wait }) }
  }
  const bill = message.kind === 'bill' ? await recheckBill(books, message) : message
  if ('cancel' in bill) {
    await settleOutgoing(books, message.id, { status: 'cancelled', reason: bill.cancel })
    await finish(books, message.broadcast_id)
    return { business, cancelled: true }
  }
  const file = message.file_id === null ? undefined : await getFile(books, message.file_id)
  return {
    business,
    message,
    claimed: { phone: message.phone, text: bill.text, outsideId: message.outside_id ?? '', ...(file && { file }) },
  }
}

type Outcome = { sent: string } | { error: GatewayError }

async function attempt(gateway: SendMessage | undefined, message: Outgoing): Promise<Outcome> {
  if (!gateway) return { error: new GatewayError('device', 'nomor pengirim belum disambungkan') }
  try {
    const { id } = await gateway(message)
    return { sent: id }
  } catch (error) {
    // A bug in a gateway says nothing about what was handed over.
    return { error: error instanceof GatewayError ? error : new GatewayError('unknown', 'kesalahan saat mengirim') }
  }
}

/** Marks a message and what follows from it; answers seconds to pause where nothing can leave now. */
async function settle(books: Books, message: Message, outcome: Outcome): Promise<number | undefined> {
  if ('sent' in outcome) {
    await settleOutgoing(books, message.id, { status: 'sent', outsideId: outcome.sent })
    await finish(books, message.broadcast_id)
    return undefined
  }
  const { fault, message: reason } = outcome.error
  // Over the bot's own number the id was chosen beforehand, so a repeat is one message on the phone.
  const lost = fault === 'unknown' && message.channel !== 'bot'
  const failed = fault === 'recipient' || (fault === 'refused' && message.broadcast_id === null)
  if (failed || lost) {
    await settleOutgoing(books, message.id, { status: failed ? 'failed' : 'uncertain', reason })
    await finish(books, message.broadcast_id)
    return undefined
  }
  const seconds = Math.min(RETRY_SECONDS * 2 ** (message.attempts - 1), LONGEST_RETRY_SECONDS)
  // What stops the device does not use up the message: it waits where it was, in order.
  const stopped = (fault === 'device' || fault === 'refused') && message.broadcast_id !== null
  await settleOutgoing(books, message.id, { status: 'waiting', reason, retryInSeconds: stopped ? 0 : seconds })
  if (stopped) await stopRun(books, message.broadcast_id as number, reason)
  return seconds
}

async function stopRun(books: Books, broadcastId: number, reason: string): Promise<void> {
  if (!(await stopBroadcast(books, broadcastId, reason))) return
  const progress = await findProgress(books, broadcastId)
  if (progress) await tellStarter(books, progress.broadcast.started_by, broadcastStopped(progress, reason))
}

async function finish(books: Books, broadcastId: number | null): Promise<void> {
  if (broadcastId === null) return
  const progress = await finishBroadcast(books, broadcastId)
  if (progress)
    await tellStarter(books, progress.broadcast.started_by, broadcastReport(progress, books.now, books.business.zone))
}

/** After a kill the last message of a broadcast may have become uncertain, with nobody left to say that it is done. */
async function finishRunning(books: Books): Promise<void> {
  const running = await findProgress(books)
  if (running?.broadcast.state === 'running') await finish(books, running.broadcast.id)
}

async function tellStarter(books: Books, staffId: number, text: string): Promise<void> {
  const { phone } = await getStaff(books, staffId)
  await queueMessages(books, [{ phone, kind: 'report', text }])
}
