import type { StopReason } from '../../domain/whatsapp.ts'

/** What follows from the end of a connection: another one after a while, the end of the link, or a person's turn. */
export type Next = { again: number } | { unlinked: true } | { stop: StopReason }

/** Waits double from the first to the longest. */
const LONGEST = 60
/** Somebody else uses the same link: pushing back at once would go on for ever and looks like an attack. */
const REPLACED_WAIT = 30
const MOST_REPLACED = 3
/** Kept keys that do not fit can be a passing fault of the server; this often they are not. */
const MOST_BROKEN = 5

/**
 * Decides by the code with which a connection ended (api-facts C5).
 * @param failures connections in a row that did not last, this one included
 * @param unit milliseconds that the first wait takes
 */
export function afterClose(code: number | undefined, failures: number, unit: number): Next {
  switch (code) {
    case 515:
      return { again: 0 }
    case 401:
    case 411:
      return { unlinked: true }
    case 403:
      return { stop: 'banned' }
    case 405:
      return { stop: 'outdated' }
    case 440:
      return failures > MOST_REPLACED ? { stop: 'replaced' } : { again: REPLACED_WAIT * unit }
    case 500:
      if (failures > MOST_BROKEN) return { stop: 'broken' }
  }
  return { again: Math.min(2 ** (failures - 1), LONGEST) * unit }
}
