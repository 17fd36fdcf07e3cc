import { AsyncLocalStorage } from 'node:async_hooks'
import type { makeWASocket } from '@whiskeysockets/baileys'
import type { Logger } from 'pino'

type BaileysLogger = NonNullable<Parameters<typeof makeWASocket>[0]['logger']>

/**
 * Keeps the library from telling. It logs whole stanzas, keys and phone numbers, and the Signal library below it prints
 * sessions with their private keys straight to the console.
 */
const inside = new AsyncLocalStorage<true>()

for (const name of ['log', 'info', 'warn', 'error'] as const) {
  const print = console[name]
  console[name] = (...words: unknown[]) => {
    if (!inside.getStore()) print.apply(console, words)
  }
}

/** Runs something of the library; whatever it or what follows from it prints to the console is dropped. */
export function hushed<T>(work: () => T): T {
  return inside.run(true, work)
}

/** The library's words reach the log at warn and error, as a sentence alone: never the objects beside it. */
export function hushedLogger(log: Logger, businessId: number): BaileysLogger {
  const say = (level: 'warn' | 'error') => (facts: unknown, words?: string) => {
    const error = (facts as { err?: Error; error?: Error } | null)?.err ?? (facts as { error?: Error } | null)?.error
    const sentence = [typeof facts === 'string' ? facts : words, error?.message].filter(Boolean).join(': ')
    log[level]({ businessId }, `whatsapp: ${scrub(sentence)}`)
  }
  const logger: BaileysLogger = {
    level: 'warn',
    child: () => logger,
    trace() {},
    debug() {},
    info() {},
    warn: say('warn'),
    error: say('error'),
  }
  return logger
}

/** Takes out of a sentence what could be a number, a key or an address with a token. */
export function scrub(text: string): string {
  return text
    .replace(/https?:\S+/g, '(url)')
    .replace(/[A-Za-z0-9+/=_-]{24,}/g, '…')
    .replace(/\d{5,}/g, '…')
    .slice(0, 300)
}
