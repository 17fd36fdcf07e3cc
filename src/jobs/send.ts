import { setTimeout as sleep } from 'node:timers/promises'
import type { Books, Business, OpenBooks } from '../domain/books.ts'
import {
  findProgress,
  finishBroadcasts,
  isGatewayIll,
  MOST_UNCERTAIN,
  recheckBill,
  stopBroadcast,
} from '../domain/broadcast.ts'
import { type Database, isOutage } from '../domain/database.ts'
import { getFile } from '../domain/file.ts'
import { broadcastReport, broadcastStopped } from '../domain/letter.ts'
import type { Message } from '../domain/message.ts'
import {
  claimNext,
  GatewayError,
  leaveByFonnte,
  type Outgoing,
  queueMessages,
  recoverClaimed,
  type SendMessage,
  settleOutgoing,
} from '../domain/outbox.ts'
import { nextBroadcastSlot } from '../domain/pace.ts'
import { getStaff } from '../domain/staff.ts'
import type { ChannelName } from '../domain/tables.ts'
import { findOwnNumber } from '../domain/whatsapp.ts'

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

/** What sends for a business by a channel; nothing where it has none, or where this program is not connected to it. */
export type Gateways = (business: Business, channel: ChannelName) => SendMessage | undefined

/** Waits this long before what could not be handed over is tried again, doubling up to the longest. */
const RETRY_SECONDS = 2
const LONGEST_RETRY_SECONDS = 300
/** An answer that could not be delivered for so long is given up, where it is not the device that is away. */
const GIVE_UP_HOURS = 24
/** While the database is away, what was learned outside is kept and tried to be written this often. */
const OUTAGE_MS = 200

export function makeSender(deps: {
  database: Database
  openBooks: OpenBooks
  gateways: Gateways
  onError: (error: Error) => void
}): Sender {
  const { database, openBooks, gateways, onError } = deps
  const loops = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const alarms = new Map<string, { at: number; timer: NodeJS.Timeout }>()
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

  /** One alarm a number, at the earliest of the times asked for. */
  const wakeLater = (businessId: number, channel: ChannelName, seconds: number) => {
    const key = `${businessId}:${channel}`
    const at = Date.now() + Math.max(50, seconds * 1_000)
    const standing = alarms.get(key)
    if (stopping || (standing && standing.at <= at)) return
    clearTimeout(standing?.timer)
    const ring = () => {
      alarms.delete(key)
      wake(businessId, channel)
    }
    alarms.set(key, { at, timer: setTimeout(ring, at - Date.now()) })
  }

  /**
   * What sends, or whose turn it is: a number that is linked, but not connected here, is sent by whoever connects it,
   * and that program wakes its own sender. A try of ours would only keep that one out and make the message wait.
   */
  const reach = async (books: Books, channel: ChannelName): Promise<SendMessage | 'elsewhere' | undefined> => {
    const send = gateways(books.business, channel)
    if (send || channel !== 'bot') return send
    return (await findOwnNumber(books)) === undefined ? undefined : 'elsewhere'
  }

  const drain = async (businessId: number, channel: ChannelName) => {
    if (channel === 'bot' && (await openBooks(businessId, (books) => reach(books, 'bot'))) === 'elsewhere') return
    const lock = await database.tryLock(`send ${businessId} ${channel}`)
    if (!lock) return
    try {
      await openBooks(businessId, async (books) => {
        await recoverClaimed(books, channel)
        // A kill may have left a broadcast with nothing to send and nobody to say that it is done.
        await finish(books)
        // Without a number of its own a business speaks through Fonnte alone.
        const mute = channel === 'bot' && (await reach(books, 'bot')) === undefined
        if (mute && gateways(books.business, 'fonnte')) await leaveByFonnte(books)
      })
      while (!stopping && !lock.lost) {
        const next = await openBooks(businessId, async (books) => {
          const send = await reach(books, channel)
          return send === 'elsewhere' ? undefined : { ...(await claim(books, channel)), send }
        })
        if (!next) return
        if (next.cancelled) continue
        if (!next.claimed) {
          if (next.wait !== undefined) wakeLater(businessId, channel, next.wait)
          return
        }
        const outcome = await attempt(next.send, next.claimed)
        const retry = await insist(() => openBooks(businessId, (books) => settle(books, next.message, outcome)))
        if (retry !== undefined) wakeLater(businessId, channel, retry)
      }
    } finally {
      await lock.release()
    }
  }

  /** What became of a message is known here and nowhere else: a database that restarts must not make it uncertain. */
  const insist = async <T>(work: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (stopping || !isOutage(error)) throw error
        await sleep(OUTAGE_MS)
      }
    }
  }

  return {
    wake,
    busy: () => loops.size,
    async stop() {
      stopping = true
      for (const { timer } of alarms.values()) clearTimeout(timer)
      await Promise.all(loops.values())
    },
  }
}

type Claim = { wait?: number; cancelled?: true } & ({ claimed: Outgoing; message: Message } | { claimed?: undefined })

/** Claims one message: an answer, else the next of a broadcast, or says how many seconds its pace still wants. */
async function claim(books: Books, channel: ChannelName): Promise<Claim> {
  const { now } = books
  let message = await claimNext(books, channel, 'single')
  if (!message) {
    const slot = await nextBroadcastSlot(books, channel)
    if (Temporal.Instant.compare(slot, now) > 0) return { wait: now.until(slot).total('seconds') }
    message = await claimNext(books, channel, 'broadcast')
  }
  if (!message) return {}
  const bill = message.kind === 'bill' ? await recheckBill(books, message) : message
  if ('cancel' in bill) {
    await settleOutgoing(books, message, { status: 'cancelled', reason: bill.cancel })
    await finish(books)
    return { cancelled: true }
  }
  const file = message.file_id === null ? undefined : await getFile(books, message.file_id)
  return {
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

/** Marks a message and what follows from it; answers in how many seconds it is tried again, where it is. */
async function settle(books: Books, message: Message, outcome: Outcome): Promise<number | undefined> {
  const seconds = await mark(books, message, outcome)
  if (seconds === undefined && message.broadcast_id !== null) await finish(books)
  return seconds
}

async function mark(books: Books, message: Message, outcome: Outcome): Promise<number | undefined> {
  if ('sent' in outcome) {
    await settleOutgoing(books, message, { status: 'sent', outsideId: outcome.sent })
    return undefined
  }
  const { fault, message: reason } = outcome.error
  const { broadcast_id: broadcastId } = message
  if (fault === 'recipient' || (fault === 'refused' && broadcastId === null)) {
    await settleOutgoing(books, message, { status: 'failed', reason })
    return undefined
  }
  // Over the bot's own number the id was chosen beforehand, so a repeat is one message on the phone.
  if (fault === 'unknown' && message.channel !== 'bot') {
    await settleOutgoing(books, message, { status: 'uncertain', reason })
    if (broadcastId !== null && (await isGatewayIll(books, broadcastId)))
      await stopRun(books, broadcastId, `${MOST_UNCERTAIN} pesan berturut-turut tidak pasti (${reason})`)
    return undefined
  }
  if ((fault === 'device' || fault === 'refused') && broadcastId !== null) {
    // What stops the device does not use up the message: it waits where it was, in order.
    await settleOutgoing(books, message, { status: 'waiting', reason })
    await stopRun(books, broadcastId, reason)
    return undefined
  }
  if (fault !== 'device' && broadcastId === null && message.at.until(books.now).total('hours') > GIVE_UP_HOURS) {
    await settleOutgoing(books, message, { status: 'failed', reason })
    return undefined
  }
  const seconds = Math.min(RETRY_SECONDS * 2 ** (message.attempts - 1), LONGEST_RETRY_SECONDS)
  await settleOutgoing(books, message, { status: 'waiting', reason, retryInSeconds: seconds })
  return seconds
}

async function stopRun(books: Books, broadcastId: number, reason: string): Promise<void> {
  if (!(await stopBroadcast(books, broadcastId, reason))) return
  const progress = await findProgress(books, broadcastId)
  if (progress) await tellStarter(books, progress.broadcast.started_by, broadcastStopped(progress, reason))
}

/** Tells whoever started a broadcast how it ended, as soon as nothing of it waits. */
async function finish(books: Books): Promise<void> {
  for (const progress of await finishBroadcasts(books))
    await tellStarter(books, progress.broadcast.started_by, broadcastReport(progress, books.now, books.business.zone))
}

async function tellStarter(books: Books, staffId: number, text: string): Promise<void> {
  const { phone, provenUntil } = await getStaff(books, staffId)
  // A phone that was typed anew meanwhile may be a stranger's.
  if (provenUntil) await queueMessages(books, [{ phone, kind: 'report', text }])
}
