import { type CacheStore, jidDecode } from '@whiskeysockets/baileys'
import type { Logger } from 'pino'
import type { OpenBooks } from '../../domain/books.ts'
import type { Database } from '../../domain/database.ts'
import type { Sealer } from '../../domain/secret.ts'
import { findSent, hurryWaiting } from '../../domain/whatsapp.ts'
import { type Connection, connect } from './connection.ts'
import type { Accept, Ear } from './ear.ts'
import { scrub } from './hush.ts'
import { linkedState, readCreds } from './state.ts'

export type LineDeps = {
  database: Database
  openBooks: OpenBooks
  sealer: Sealer
  log: Logger
  /** Keeps what came in. */
  accept: Accept
  /** Replaces WhatsApp's own WebSocket address. */
  url?: string
  /** The first wait before a lost connection is tried again; doubles up to a minute. */
  retryMs: number
  /** How long WhatsApp may take to say that it has a message. */
  ackMs: number
}

/** How soon a lost lock is noticed: its connection died, and somebody else may hold the number now. */
export const LOCK_CHECK_MS = 1_000

/** One connection of the linked number, from its start to its end; answers the code with which it ended. */
export async function talk(
  deps: LineDeps,
  businessId: number,
  number: { phone: string; creds: string },
  given: {
    ear: Ear
    retries: CacheStore
    over: AbortSignal
    isLost(): boolean
    onConnection(made: Connection | undefined): void
    onOpen(): void
  },
): Promise<number | undefined> {
  const { openBooks, sealer, log } = deps
  const { ear, over } = given
  const auth = linkedState({ openBooks, sealer }, businessId, readCreds(number.creds))
  const complain = (what: string) => (error: Error) =>
    log.error({ businessId, reason: scrub(error.message) }, `whatsapp: ${what}`)
  let saving: Promise<void> = Promise.resolve()
  const made = connect({
    businessId,
    auth,
    log,
    retries: given.retries,
    ...(deps.url && { url: deps.url }),
    getMessage: async ({ remoteJid, id }) => {
      const to = await ear.phoneOf(remoteJid ?? '')
      const text = to && id ? await openBooks(businessId, (books) => findSent(books, to, id)) : undefined
      return text === undefined ? undefined : { conversation: text }
    },
    onCreds() {
      saving = auth.save().catch(complain('credentials not saved'))
    },
    onOpen() {
      if (over.aborted) return
      given.onOpen()
      openBooks(businessId, hurryWaiting).catch(complain('what waits is not hurried'))
    },
    onMessage: (socket, message) => {
      const lid = jidDecode(auth.creds.me?.lid)?.user
      return ear.hear(socket, { phone: number.phone, ...(lid && { lid }) }, message)
    },
  })
  given.onConnection(made)
  if (over.aborted) void made.end()
  const check = setInterval(() => {
    if (given.isLost()) void made.end()
  }, LOCK_CHECK_MS)
  try {
    return await made.closed
  } finally {
    clearInterval(check)
    given.onConnection(undefined)
    await saving
  }
}
