import { randomBytes } from 'node:crypto'
import {
  type AnyMessageContent,
  type AuthenticationState,
  type BinaryNode,
  Browsers,
  type CacheStore,
  decodeMessageNode,
  getBinaryNodeChildren,
  isJidBroadcast,
  isJidGroup,
  isJidNewsletter,
  makeWASocket,
  proto,
  unpadRandomMax16,
  type WAMessage,
} from '@whiskeysockets/baileys'
import type { Logger } from 'pino'
import { hushed, hushedLogger } from './hush.ts'
import { storingFirst, takingTurns } from './signal.ts'

export type Socket = ReturnType<typeof makeWASocket>

/** One connection to WhatsApp, from its start to its end. */
export type Connection = {
  readonly socket: Socket
  /** Hands a message over, under an id that was chosen before. */
  send(jid: string, content: AnyMessageContent, id: string): Promise<unknown>
  /** The code with which it ended; nothing when we ended it. */
  readonly closed: Promise<number | undefined>
  end(): Promise<void>
}

export type ConnectionOptions = {
  businessId: number
  auth: AuthenticationState
  log: Logger
  /** Replaces WhatsApp's own address. */
  url?: string
  /** Outlives a connection: how often a message was asked for again. */
  retries?: CacheStore
  getMessage?(key: { remoteJid?: string | null; id?: string | null }): Promise<proto.IMessage | undefined>
  onCreds(): void
  onOpen?(): void
  /** Keeps a message. WhatsApp gets its receipt, and the session its new keys, only after it. */
  onMessage?(socket: Socket, message: WAMessage): Promise<void>
  /** A QR to show; the newest counts. */
  onQr?(qr: string): void
  /** The phone agreed; the server ends the connection after it. */
  onLinked?(): void
}

/** How long a goodbye may take before the line is cut. */
export const GOODBYE_MS = 2_000

/** Opens a connection. `messaging-history.set` has no listener here: what was said before is never acted upon (C03). */
export function connect(options: ConnectionOptions): Connection {
  const { auth, onMessage } = options
  // The library reads and writes a session when it sends and when it receives, in transactions that do not see each other:
  // both at once would use a key twice.
  const inTurn = takingTurns()
  const stanzas = new WeakMap<object, BinaryNode>()
  const keep = async (sealed: object, plain: Uint8Array) => {
    const stanza = stanzas.get(sealed)
    if (stanza) await onMessage?.(socket, readStanza(stanza, plain, auth))
  }
  const socket: Socket = hushed(() =>
    makeWASocket({
      auth,
      logger: hushedLogger(options.log, options.businessId),
      ...(options.url && { waWebSocketUrl: options.url }),
      browser: Browsers.ubuntu('Chrome'),
      countryCode: 'ID',
      syncFullHistory: false,
      // The owner's phone would stop ringing while we are there.
      markOnlineOnConnect: false,
      emitOwnEvents: false,
      shouldIgnoreJid: (jid) => Boolean(isJidGroup(jid) || isJidBroadcast(jid) || isJidNewsletter(jid)),
      makeSignalRepository: (...given) => storingFirst(given, inTurn, keep),
      ...(options.retries && { msgRetryCounterCache: options.retries }),
      ...(options.getMessage && { getMessage: options.getMessage }),
    }),
  )
  let done: (code: number | undefined) => void = () => {}
  const closed = new Promise<number | undefined>((resolve) => {
    done = resolve
  })
  const showQr = options.onQr && freshQr(socket, auth, options)
  socket.ev.on('creds.update', options.onCreds)
  socket.ev.on('connection.update', (update) => {
    if (update.qr) showQr?.(update.qr)
    if (update.isNewLogin) options.onLinked?.()
    if (update.connection === 'open') options.onOpen?.()
    if (update.connection === 'close') done(codeOf(update.lastDisconnect?.error))
  })
  socket.ws.on('CB:message', (stanza: BinaryNode) => {
    for (const { content } of getBinaryNodeChildren(stanza, 'enc'))
      if (content instanceof Uint8Array) stanzas.set(content, stanza)
  })
  // The only ones that do not come that way: the phone hands over what could not be read, much later.
  socket.ev.on('messages.upsert', ({ messages, requestId }) => {
    if (requestId) for (const message of messages) void onMessage?.(socket, message)
  })
  return {
    socket,
    send: (jid, content, id) => inTurn(() => hushed(() => socket.sendMessage(jid, content, { messageId: id }))),
    closed,
    async end() {
      const goodbye = hushed(() => socket.end(undefined)).catch(() => {})
      await Promise.race([goodbye, closed, new Promise((cut) => setTimeout(cut, GOODBYE_MS))])
      done(undefined)
    },
  }
}

function readStanza(stanza: BinaryNode, plain: Uint8Array, { creds }: AuthenticationState): WAMessage {
  const { fullMessage } = decodeMessageNode(stanza, creds.me?.id ?? '', creds.me?.lid ?? '')
  const message = proto.Message.decode(unpadRandomMax16(plain))
  return { ...fullMessage, message: message.deviceSentMessage?.message ?? message } as WAMessage
}

function codeOf(error: unknown): number | undefined {
  const code = (error as { output?: { statusCode?: number } } | undefined)?.output?.statusCode
  return code ?? (error ? 428 : undefined)
}

/**
 * Since July 2026 WhatsApp retires the secret in a QR while it is on show and says so in a notification that this
 * version of the library does not understand: the phone then says that it cannot link. So a new secret is made, and the
 * QR shown again with it; codes that the library draws later still carry the old one.
 */
function freshQr(socket: Socket, { creds }: AuthenticationState, { onQr }: ConnectionOptions): (qr: string) => void {
  const SECRET_FIELD = 3
  let last: string | undefined
  const show = (qr: string) => {
    last = qr
    const fields = qr.split(',')
    fields[SECRET_FIELD] = creds.advSecretKey
    onQr?.(fields.join(','))
  }
  socket.ws.on('CB:notification,type:companion_reg_refresh', () => {
    // Pairing by code agrees on a secret of its own.
    if (creds.me || !last) return
    creds.advSecretKey = randomBytes(32).toString('base64')
    show(last)
  })
  return show
}
