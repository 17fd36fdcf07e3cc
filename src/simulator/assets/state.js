/** What the page knows, how it asks the program for news, and how it sends. */

export const state = {
  /** Everybody the program knows, owner first, customers by name. */
  phones: [],
  byPhone: new Map(),
  /** The newest message of each phone. */
  last: new Map(),
  unread: new Map(),
  /** Messages of the phones that were opened, oldest first. */
  chats: new Map(),
  /** The newest message that the page has heard of. */
  newest: 0,
  /** The phone that is looked at. */
  open: undefined,
  /** What this page is sending: `{phone, message, since, stored?, failed?}`, `failed` saying why. */
  pending: [],
}

/** What others do with news: `onMessage` for each new message once, oldest first, `onChange` after each round. */
export const hooks = { onMessage: () => {}, onChange: () => {} }

const SETTLED = ['handled', 'sent', 'failed', 'uncertain', 'cancelled']
const SEEN = 'tagih-seen'
/** What the program takes. */
export const LARGEST_FILE_MB = 16

/** The newest message that was looked at, by phone; kept in the browser. */
let seen = JSON.parse(localStorage.getItem(SEEN) ?? '{}')

/** An answer that is no success. */
class Refused extends Error {
  constructor(path, status) {
    super(`${path}: ${status}`)
    this.status = status
  }
}

/** Why something did not work, in a sentence. */
export function sentenceOf(error) {
  if (error.status === 413) return `Berkasnya lebih dari ${LARGEST_FILE_MB} MB.`
  return error.status && error.status < 500 ? 'Ini tidak bisa dibaca program.' : 'Program belum menjawab.'
}

/** The world that the page was opened in; when another one answers, the business was begun anew elsewhere. */
let world

/** Calls a JSON route of the simulator; throws when it does not answer with success. */
export async function api(path, body) {
  const isForm = body instanceof FormData
  const response = await fetch(`/simulator/${path}`, {
    method: body ? 'POST' : 'GET',
    headers: body && !isForm ? { 'content-type': 'application/json' } : {},
    body: isForm ? body : body && JSON.stringify(body),
  })
  const answering = response.headers.get('x-tagih-world') ?? world
  if (path !== 'reset' && world !== undefined && answering !== world) beginAnew()
  world = answering
  if (!response.ok) throw new Refused(path, response.status)
  return response.json()
}

/** Opens the page as if for the first time. */
export function beginAnew() {
  localStorage.removeItem(SEEN)
  location.replace(location.pathname)
}

export async function loadPhones() {
  const byName = new Intl.Collator('id').compare
  const phones = onePerPhone(await api('phones'))
  const staff = phones.filter(({ role }) => role !== 'customer')
  const customers = phones.filter(({ role }) => role === 'customer').sort((a, b) => byName(a.name, b.name))
  state.phones = [...staff, ...customers]
  state.byPhone = new Map(phones.map((person) => [person.phone, person]))
}

/** Whoever has several lines, or is staff and customer at once, has one chat. */
function onePerPhone(people) {
  const byPhone = new Map()
  for (const person of people) {
    const known = byPhone.get(person.phone)
    if (known) known.name += `, ${person.name}`
    else byPhone.set(person.phone, person)
  }
  return [...byPhone.values()]
}

export const isCustomer = (phone) => (state.byPhone.get(phone)?.role ?? 'customer') === 'customer'

let round

/** Asks what is new; calls that meet share one round. */
export function refresh() {
  round ??= ask().finally(() => {
    round = undefined
  })
  return round
}

async function ask() {
  const isFirst = state.newest === 0
  const news = await api(`messages?after=${state.newest}`)
  if (isFirst && Object.values(seen).some((id) => id > (news.at(-1)?.id ?? 0))) seen = {}
  if (news.some(({ phone }) => !state.byPhone.has(phone))) await loadPhones()
  for (const message of news) take(message)
  await settle(state.open)
  hooks.onChange()
}

function take(message) {
  const { id, phone, direction } = message
  state.newest = Math.max(state.newest, id)
  state.last.set(phone, message)
  if (state.chats.has(phone)) merge(phone, [message])
  if (direction === 'in') markStored(message)
  if (phone === state.open && !document.hidden) markSeen(phone)
  else if (direction === 'out' && id > (seen[phone] ?? 0)) state.unread.set(phone, (state.unread.get(phone) ?? 0) + 1)
  hooks.onMessage(message)
}

/** Asks for a chat that was not read yet, and again for what was still on its way in one that was. */
async function settle(phone) {
  if (!phone) return
  const first = state.chats.get(phone)?.find(({ status }) => !SETTLED.includes(status))
  if (!state.chats.has(phone)) await loadChat(phone)
  else if (first) await loadChat(phone, first.id - 1)
}

/** Reads a chat behind `after`; what stood there and does not any more (a message that was cancelled) is dropped. */
export async function loadChat(phone, after = 0) {
  const newest = state.newest
  const messages = await api(`messages?phone=${phone}&after=${after}`)
  const kept = (state.chats.get(phone) ?? []).filter(({ id }) => id <= after || id > newest)
  state.chats.set(phone, kept)
  merge(phone, messages)
}

function merge(phone, messages) {
  const known = new Map(state.chats.get(phone).map((message) => [message.id, message]))
  for (const message of messages) known.set(message.id, message)
  state.chats.set(
    phone,
    // A message that waited for the morning stands where it arrived; the times are all of one zone.
    [...known.values()].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.id - b.id)),
  )
}

export function markSeen(phone) {
  state.unread.delete(phone)
  const last = state.last.get(phone)?.id
  if (last === undefined || seen[phone] === last) return
  seen[phone] = last
  localStorage.setItem(SEEN, JSON.stringify(seen))
}

const turns = new Map()

/**
 * Sends `{text?, file?, quotedId?, reaction?}` from a phone, one after the other. Answers with the program's answer
 * once its messages are on the page, or with nothing when it failed.
 */
export function send(phone, message) {
  const entry = { phone, message, since: state.newest }
  state.pending.push(entry)
  const turn = (turns.get(phone) ?? Promise.resolve()).then(() => post(entry))
  turns.set(phone, turn)
  hooks.onChange()
  return turn
}

export function sendAgain(entry) {
  state.pending = state.pending.filter((one) => one !== entry)
  return send(entry.phone, entry.message)
}

async function post(entry) {
  try {
    const answer = await api('messages', bodyOf(entry))
    await round?.catch(() => {})
    await Promise.allSettled([refresh(), loadPhones()])
    state.pending = state.pending.filter((one) => one !== entry)
    return answer
  } catch (error) {
    entry.failed = sentenceOf(error)
  } finally {
    hooks.onChange()
  }
}

function bodyOf({ phone, message: { file, ...fields } }) {
  if (!file) return { from: phone, ...fields }
  const form = new FormData()
  form.set('from', phone)
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.set(name, value)
  form.set('file', file)
  return form
}

/** The program stores a message before it answers: from then on its own bubble stands for it. */
function markStored({ id, phone, text, media }) {
  const entry = state.pending.find(
    ({ phone: from, message, since, stored }) =>
      from === phone &&
      !stored &&
      id > since &&
      (message.file ? media?.filename === message.file.name : text === (message.text ?? message.reaction)),
  )
  if (entry) entry.stored = true
}
