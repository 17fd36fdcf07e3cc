import { setTimeout as sleep } from 'node:timers/promises'
import {
  downloadMediaMessage,
  isLidUser,
  isPnUser,
  jidDecode,
  normalizeMessageContent,
  USyncQuery,
  USyncUser,
  type WAMessage,
} from '@whiskeysockets/baileys'
import type { Logger } from 'pino'
import type { Books, OpenBooks } from '../../domain/books.ts'
import type { Moment } from '../../domain/calendar.ts'
import { isOutage } from '../../domain/database.ts'
import type { Incoming } from '../../domain/message.ts'
import {
  findPhoneOf,
  isCustomer,
  isExpected,
  isTrusted,
  learnAccounts,
  listUnplaced,
  readCode,
} from '../../domain/sender.ts'
import { isOurs, noteTyped } from '../../domain/silence.ts'
import { findQuoted } from '../../domain/whatsapp.ts'
import type { Socket } from './connection.ts'
import { hushed, scrub } from './hush.ts'
import { type Content, contentOf, LARGEST_FILE, type Place, placeOf } from './read.ts'

/** Keeps a message that came in, whatever is done with it later. */
export type Accept = (businessId: number, message: Incoming) => Promise<void>

type Own = { phone: string; lid?: string }

export type Ear = {
  /** Keeps a message that concerns the business; rejects only when it shall be delivered again. */
  hear(socket: Socket, own: Own, message: WAMessage): Promise<void>
  /** The phone behind an address, where WhatsApp said so. */
  phoneOf(jid: string): Promise<string | undefined>
}

/** WhatsApp is asked at most so often, for at most so many, which accounts the people in the books have. */
const ASK_EVERY_MS = 10 * 60_000
const ASK_AT_ONCE = 500
const OUTAGE_PAUSE_MS = 1_000

/**
 * Hears what comes in on the linked number, and keeps what concerns the business. WhatsApp is
 * told that a message arrived only after it is a row (C02).
 */
export function makeEar(deps: { openBooks: OpenBooks; accept: Accept; log: Logger }, businessId: number): Ear {
  const { openBooks, accept, log } = deps
  let askedAt = 0

  const take = async (socket: Socket, own: Own, message: WAMessage) => {
    const place = placeOf(message, own)
    const content = place && contentOf(message.message)
    const outsideId = message.key.id
    if (!place || !content || !outsideId) return
    const writtenAt = writtenOf(message)
    const phone = (await open((books) => phoneAt(books, place, own))) ?? (await ask(socket, place))
    if (!phone) return
    const judged = await open((books) => judge(books, { place, phone, content, outsideId, writtenAt }))
    if (!judged) return
    const { file: described, quotes: _, ...words } = content
    const file = described && (await fetchFile(socket, message, described))
    const incoming: Incoming = {
      channel: 'bot',
      outsideId,
      phone,
      ...words,
      writtenAt,
      ...(described && !file && { kind: 'unreadable', text: '(file yang tidak bisa diambil)' }),
      ...(file && { file }),
      ...judged,
    }
    await untilBack(() => accept(businessId, incoming))
  }

  const open = <T>(work: (books: Books) => Promise<T>) => untilBack(() => openBooks(businessId, work))

  const untilBack = async <T>(work: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!isOutage(error)) throw error
        await sleep(OUTAGE_PAUSE_MS)
      }
    }
  }

  /**
   * A hidden number that nobody knows: WhatsApp does not say whose it is, but it says the hidden numbers of phones, so it
   * is asked for everybody in the books (C19).
   */
  const ask = async (socket: Socket, { lid }: Place): Promise<string | undefined> => {
    if (!lid || Date.now() - askedAt < ASK_EVERY_MS) return undefined
    askedAt = Date.now()
    const phones = await open((books) => listUnplaced(books, ASK_AT_ONCE))
    if (phones.length === 0) return undefined
    const query = new USyncQuery().withLIDProtocol().withContext('background')
    for (const phone of phones) query.withUser(new USyncUser().withId(`${phone}@s.whatsapp.net`))
    const answer = await socket.executeUSyncQuery(query)
    const pairs = (answer?.list ?? []).flatMap(({ id, lid: found }) => {
      const phone = jidDecode(id)?.user
      const account = jidDecode(found as string)?.user
      return phone && account ? [{ phone, lid: account }] : []
    })
    return open(async (books) => {
      await learnAccounts(books, pairs)
      return findPhoneOf(books, lid)
    })
  }

  const fetchFile = async (socket: Socket, message: WAMessage, described: NonNullable<Content['file']>) => {
    try {
      const bytes = await download(socket, message)
      return { name: described.name, mime: described.mime, bytes }
    } catch (error) {
      log.warn({ businessId, kind: (error as Error).name }, 'whatsapp: file not fetched')
      return undefined
    }
  }

  return {
    hear: (socket, own, message) =>
      take(socket, own, message).catch((error: Error) => {
        log.error({ businessId, reason: scrub(error.message) }, 'whatsapp: message not taken')
      }),
    async phoneOf(jid) {
      const user = jidDecode(jid)?.user
      if (!user || isPnUser(jid)) return user
      return isLidUser(jid) ? openBooks(businessId, (books) => findPhoneOf(books, user)) : undefined
    },
  }
}

async function phoneAt(books: Books, place: Place, own: Own): Promise<string | undefined> {
  if (place.by === 'self') return own.phone
  return place.phone ?? (place.lid && (await findPhoneOf(books, place.lid)))
}

/**
 * Whether a message shall be handed on, and with what: which of our messages it quotes, or that its account is not the
 * trusted one. What a person of the business typed into a customer's chat is only remembered; what this program sent
 * itself is nothing.
 */
async function judge(
  books: Books,
  heard: { place: Place; phone: string; content: Content; outsideId: string; writtenAt: Moment },
): Promise<Pick<Incoming, 'quotedId' | 'account'> | undefined> {
  const { place, phone, content, outsideId, writtenAt } = heard
  if (place.by !== 'person' && (await isOurs(books, { outsideId, phone, text: content.text }))) return undefined
  if (place.by === 'owner') {
    if (await isCustomer(books, phone)) await noteTyped(books, phone, earlier(writtenAt, books.now))
    return undefined
  }
  if (!(await isExpected(books, phone, content.text))) return undefined
  if (place.by === 'person' && place.lid && !(await isTrusted(books, phone, place.lid)))
    return readCode(content.text) ? { account: place.lid } : undefined
  const quotedId = content.quotes && (await findQuoted(books, phone, content.quotes))
  return quotedId ? { quotedId } : {}
}

function earlier(one: Moment, other: Moment): Moment {
  return Temporal.Instant.compare(one, other) < 0 ? one : other
}

function writtenOf({ messageTimestamp }: WAMessage): Moment {
  return Temporal.Instant.fromEpochMilliseconds(Number(messageTimestamp) * 1_000)
}

/** Where a file lies is taken from WhatsApp's server alone: an address in the message would let a stranger choose what we fetch. */
async function download(socket: Socket, message: WAMessage): Promise<Uint8Array> {
  await socket.refreshMediaConn(false)
  const content = normalizeMessageContent(message.message)
  const media = content?.documentMessage ?? content?.imageMessage
  if (!media?.directPath?.startsWith('/')) throw new Error('no path of a file')
  const stream = await hushed(() =>
    downloadMediaMessage({ ...message, message: content as NonNullable<typeof content> }, 'stream', {
      host: socket.getMediaHost(),
    }),
  )
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > LARGEST_FILE) throw new Error('file larger than it said')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
