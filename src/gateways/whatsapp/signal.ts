import {
  DEFAULT_CONNECTION_CONFIG,
  type SignalKeyStoreWithTransaction,
  type UserFacingSocketConfig,
} from '@whiskeysockets/baileys'

type Make = NonNullable<UserFacingSocketConfig['makeSignalRepository']>
type Signal = ReturnType<Make>

/** Does one thing after the other. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>

export function takingTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work)
    last = next.catch(() => {})
    return next
  }
}

/**
 * The library's Signal, with the order of things changed. It reads a message, writes the session's new keys, sends the
 * receipt and only then hands the message over: whatever kills the program in between loses it for ever. Here the message
 * is kept before the keys are, inside the same transaction of the library's; a kill at any point means that WhatsApp
 * delivers it again, and its id makes it one.
 */
export function storingFirst(
  given: Parameters<Make>,
  inTurn: InTurn,
  keep: (sealed: object, plain: Uint8Array) => Promise<void>,
): Signal {
  const keys = given[0].keys as SignalKeyStoreWithTransaction
  const signal = sparing(DEFAULT_CONNECTION_CONFIG.makeSignalRepository(...given), keys)
  return {
    ...signal,
    decryptMessage: (sealed) =>
      inTurn(() =>
        keys.transaction(async () => {
          const plain = await signal.decryptMessage(sealed)
          await keep(sealed.ciphertext, plain)
          return plain
        }, sealed.jid),
      ),
  }
}

/**
 * Reads a message with each session that there is with somebody until one fits. The Signal library moves every session
 * on that it only tried and writes them all down: what is sent in such a one later nobody can read ("waiting for this
 * message"). That happens whenever two people write at the same moment. So the ones that did not fit are put back.
 */
export function sparing(signal: Signal, keys: SignalKeyStoreWithTransaction): Signal {
  return {
    ...signal,
    decryptMessage: (sealed) =>
      keys.transaction(async () => {
        const address = signal.jidToSignalProtocolAddress(sealed.jid)
        const before = await sessionsOf(keys, address)
        const plain = await signal.decryptMessage(sealed)
        const after = sealed.type === 'msg' && before ? await sessionsOf(keys, address) : undefined
        const mended = before && after && mend(before, after)
        if (mended) await keys.set({ session: { [address]: mended as never } })
        return plain
      }, sealed.jid),
  }
}

/** The sessions with one address as the Signal library writes them. */
export type Sessions = { _sessions: Record<string, { indexInfo: { used: number } }>; version: string }

async function sessionsOf(keys: SignalKeyStoreWithTransaction, address: string): Promise<Sessions | undefined> {
  const { [address]: found } = await keys.get('session', [address])
  return structuredClone(found) as unknown as Sessions | undefined
}

/** The one that fitted says that it was used; the others as they were before. Nothing where there is nothing to mend. */
export function mend(before: Sessions, after: Sessions): Sessions | undefined {
  const changed = Object.keys(after._sessions).filter((key) => {
    const old = before._sessions[key]
    return old && JSON.stringify(old) !== JSON.stringify(after._sessions[key])
  })
  const tried = changed.filter((key) => before._sessions[key]?.indexInfo.used === after._sessions[key]?.indexInfo.used)
  if (tried.length === 0 || tried.length === changed.length) return undefined
  const put = Object.fromEntries(tried.flatMap((key) => (before._sessions[key] ? [[key, before._sessions[key]]] : [])))
  return { ...after, _sessions: { ...after._sessions, ...put } }
}
