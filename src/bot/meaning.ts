import { CORE, DIGNITIES, FILLER, LIGHT, METHODS, ROLES, TITLES } from './vocabulary.ts'

export type Method = keyof typeof METHODS
export type StaffRole = Exclude<keyof typeof ROLES, 'any'>
export type Concept = keyof typeof CORE | keyof typeof LIGHT | Method | 'staf'

/** What a word is: a concept, a title, or nothing that counts. */
export type Meaning = {
  kind: 'concept' | 'filler' | 'title'
  concept?: Concept
  /** Colours only: costs next to nothing where it is not explained. */
  light?: boolean
  method?: Method
  role?: StaffRole
  /** A title that may stand for the person. */
  dignity?: boolean
}

/** The concepts that `Command.says` may name; whether each only colours. */
export const CONCEPTS: ReadonlyMap<string, { light: boolean }> = new Map(
  [CORE, METHODS, { staf: '' }, LIGHT].flatMap((table) =>
    Object.keys(table).map((concept) => [concept, { light: table === LIGHT }] as const),
  ),
)

/** Concepts by their names, parted by spaces. Throws on one that is none. */
export function conceptSet(names: string): ReadonlySet<string> {
  const concepts = names.split(' ')
  const stranger = concepts.find((concept) => !CONCEPTS.has(concept))
  if (stranger !== undefined) throw new Error(`no concept "${stranger}"`)
  return new Set(concepts)
}

const WORDS = new Map<string, Meaning>()
/** Expressions of several words by their first part, longest first. */
const EXPRESSIONS = new Map<string, { parts: readonly string[]; meaning: Meaning }[]>()

// A word in two tables means what the later one says.
learn(FILLER, { kind: 'filler' })
learn(TITLES, { kind: 'title' })
learn(DIGNITIES, { kind: 'title', dignity: true })
for (const [concept, words] of Object.entries(LIGHT))
  learn(words, { kind: 'concept', concept: concept as Concept, light: true })
for (const [role, words] of Object.entries(ROLES))
  learn(words, { kind: 'concept', concept: 'staf', ...(role !== 'any' && { role: role as StaffRole }) })
for (const [concept, words] of Object.entries(CORE)) learn(words, { kind: 'concept', concept: concept as Concept })
for (const [method, words] of Object.entries(METHODS))
  learn(words, { kind: 'concept', concept: method as Method, method: method as Method })
for (const list of EXPRESSIONS.values()) list.sort((a, b) => b.parts.length - a.parts.length)

const SQUEEZED = new Map(
  [...WORDS].filter(([word]) => word.length >= 4).map(([word, meaning]) => [squeezed(word), meaning] as const),
)

function learn(words: string, meaning: Meaning): void {
  for (const word of words.trim().split(/\s+/)) {
    const parts = word.split('_')
    const first = parts[0] as string
    if (parts.length === 1) WORDS.set(word, meaning)
    else EXPRESSIONS.set(first, [...(EXPRESSIONS.get(first) ?? []), { parts, meaning }])
  }
}

const LAUGHTER = /^(?:[wk]{3,}|(?:[hx][aeio]+){2,}h?|(?:a?wok)+)$/
const PREFIXES = ['nge', 'di', 'ke', 'ter', 'ber', 'meng', 'mem', 'men', 'me', 'ng', 'ku', 'tak']
const SUFFIXES = ['nya', 'lah', 'kah', 'kan', 'keun', 'ken', 'in', 'i', 'no', 'ke', 'ne', 'na', 'e', 'ku', 'mu', 'an']
/** Shortest stems, so that names stay names: endings that names have as often ("krisna") need a longer one. */
const SHORTEST_STEM: Readonly<Record<string, number>> = { nya: 3, kan: 3, na: 5, an: 5, e: 5, ne: 5 }
const SHORTEST_OTHER_STEM = 4

/** What a typed word means: as it stands, without drawn letters, or without an ending and a prefix. */
export function meaningOf(word: string): Meaning | undefined {
  const known = WORDS.get(word)
  if (known) return known
  if (word.length >= 3 && LAUGHTER.test(word)) return WORDS.get('haha')
  return (/(.)\1/u.test(word) ? meaningOfDrawn(word) : undefined) ?? meaningOfStem(word)
}

/** "lunaaas", "okeee", "tagihhan": three times the same letter in any word, twice in long ones. */
function meaningOfDrawn(word: string): Meaning | undefined {
  const thrice = word.replace(/(.)\1{2,}/gu, '$1')
  if (thrice !== word && (WORDS.has(thrice) || thrice.length < 4)) return WORDS.get(thrice)
  return word.length >= 5 ? SQUEEZED.get(squeezed(word)) : undefined
}

function squeezed(word: string): string {
  return word.replace(/(.)\1+/gu, '$1')
}

/** "ditagihkan" is tagih, "mundurno" mundur, "byrnya" bayar. */
function meaningOfStem(word: string): Meaning | undefined {
  for (const suffix of ['', ...SUFFIXES]) {
    if (!word.endsWith(suffix)) continue
    const bare = word.slice(0, word.length - suffix.length)
    for (const prefix of ['', ...PREFIXES]) {
      const stem = bare.startsWith(prefix) ? bare.slice(prefix.length) : ''
      const shortest = prefix === '' ? SHORTEST_STEM[suffix] : undefined
      if (stem === word || stem.length < (shortest ?? SHORTEST_OTHER_STEM)) continue
      const meaning = WORDS.get(stem)
      if (meaning && meaning.kind !== 'title') return meaning
    }
  }
  return undefined
}

/** The longest expression that begins here; `wordAt(0)` is its first word. */
export function expressionAt(
  wordAt: (offset: number) => string | undefined,
): { meaning: Meaning; length: number } | undefined {
  const first = wordAt(0)
  if (first === undefined) return undefined
  const concept = meaningOf(first)?.concept
  const known = [EXPRESSIONS.get(first), concept === first ? undefined : EXPRESSIONS.get(concept ?? '')]
  let longest: { meaning: Meaning; length: number } | undefined
  for (const { parts, meaning } of known.flatMap((list) => list ?? [])) {
    if (parts.length <= (longest?.length ?? 0)) continue
    if (parts.every((part, offset) => isPart(part, wordAt(offset)))) longest = { meaning, length: parts.length }
  }
  return longest
}

function isPart(part: string, word: string | undefined): boolean {
  return word !== undefined && (word === part || meaningOf(word)?.concept === part)
}

/** One letter too many, too few or wrong, or two that changed places (Damerau distance 1). */
export function isOneSlipAway(typed: string, word: string): boolean {
  const longer = typed.length - word.length
  if (longer > 1 || longer < -1) return false
  let at = 0
  while (at < typed.length && typed[at] === word[at]) at++
  if (longer === 1) return typed.slice(at + 1) === word.slice(at)
  if (longer === -1) return typed.slice(at) === word.slice(at + 1)
  if (typed.slice(at + 1) === word.slice(at + 1)) return true
  return typed[at] === word[at + 1] && typed[at + 1] === word[at] && typed.slice(at + 2) === word.slice(at + 2)
}
