import { meaningOf } from './meaning.ts'

/** A word, a number (with its dots and commas) or a mark of a message. */
export type Token = {
  /** In lower case, with a plain apostrophe. */
  text: string
  kind: 'word' | 'number' | 'mark'
  start: number
  end: number
  /** Nothing stands between this and the token before: the `3` of `rt3`. */
  glued: boolean
}

/** Longer than any command or announcement. What is longer is not read at all (C15): a part of it could be obeyed. */
export const LONGEST = 4_000

/** What WhatsApp puts before a copied message: `[10/12/26 09.14] Pak Joko: `. */
const COPIED_HEAD = /^\[\d[^\]\n]{3,30}\] ?[^:\n]{1,40}: /gm

/**
 * The message without what cannot be seen (H13) and what copying adds. Line breaks stay; the joiner inside emoji too,
 * because an announcement keeps its emoji.
 */
export function clean(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFKC')
    .slice(0, LONGEST)
    .replace(/\p{Cc}|\p{Zl}|\p{Zp}/gu, (control) => (control === '\n' ? control : ' '))
    .replace(/(?!\u200d)\p{Cf}/gu, '')
    .replace(COPIED_HEAD, '')
    .trim()
}

/** What stands around a phone in a link, and is nothing by itself. */
const LINK = String.raw`(?:https?:\/\/)?wa\.me\/\+?(?=\d)|tel:(?=[+\d])|@(?:s\.whatsapp\.net|c\.us)`
/** `a.n.`, `a/n`, `s/d` are one word each. */
const ABBREVIATION = String.raw`\b[AaSs][.\/][NnDd]\b`
const LETTERS = String.raw`[[\p{L}\p{Nd}]--[0-9]][[\p{L}\p{M}\p{Nd}\u{200d}]--[0-9]]*`
const TOKEN = new RegExp(
  String.raw`${LINK}|(?<word>${ABBREVIATION}|${LETTERS}(?:['’‘´ʼ\x60\-]${LETTERS})*)|` +
    String.raw`(?<number>\d{1,3}(?:[.,]\d+)+|\d+(?:\.\d+)*(?:,00)?)|` +
    String.raw`(?<mark>[\n,;:?!.\/&+\-–—>=%\(\)#])`,
  'gv',
)

/** Splits a cleaned message. Marks of WhatsApp (`* _ ~`), bullets, quotes and emoji are no tokens. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let end = -1
  for (const match of text.matchAll(TOKEN)) {
    const { word, number, mark } = match.groups as { word?: string; number?: string; mark?: string }
    const kind = word !== undefined ? 'word' : number !== undefined ? 'number' : 'mark'
    if (kind === 'mark' && mark === undefined) continue
    const token: Token = {
      text: plain(match[0]),
      kind,
      start: match.index,
      end: match.index + match[0].length,
      glued: match.index === end,
    }
    tokens.push(...(kind === 'word' ? parted(token) : [token]))
    end = token.end
  }
  return tokens
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/[’‘´ʼ`]/g, "'")
    .replace(/\u200d/g, '')
    .replace(/(?<=^[as])[./]/, '')
}

/** "lunas-budi" is two words, "al-hidayah" one: hyphens part only what holds a word of a command. */
function parted(token: Token): Token[] {
  if (!token.text.includes('-') || meaningOf(token.text)) return [token]
  const parts = token.text.split('-')
  const isCommand = (part: string) => meaningOf(part)?.concept !== undefined && !meaningOf(part)?.light
  if (!parts.some(isCommand)) return [token]
  let start = token.start
  return parts.map((text, index) => {
    const part = { ...token, text, start, end: start + text.length, glued: index > 0 || token.glued }
    start = part.end + 1
    return part
  })
}

/** The word, mark or whole number at a place; empty or nothing where there is none. */
export function wordAt(tokens: readonly Token[], at: number): string {
  return tokens[at]?.kind === 'word' ? tokens[at].text : ''
}

export function markAt(tokens: readonly Token[], at: number): string {
  return tokens[at]?.kind === 'mark' ? tokens[at].text : ''
}

export function wholeAt(tokens: readonly Token[], at: number): number | undefined {
  return tokens[at]?.kind === 'number' && /^\d{1,9}$/.test(tokens[at].text) ? Number(tokens[at].text) : undefined
}
