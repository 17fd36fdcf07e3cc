import type { Books, OpenBooks } from '../domain/books.ts'
import {
  addConversation,
  askQuestion,
  countTry,
  type Errand,
  findErrand,
  findQuestion,
  lockConversation,
  orderErrand,
  rememberAct,
  settleErrand,
} from '../domain/conversation.ts'
import { noteWrote } from '../domain/customer.ts'
import { isOutage } from '../domain/database.ts'
import { storeFile } from '../domain/file.ts'
import {
  getMessage,
  type Incoming,
  isStored,
  listUnhandledPhones,
  type Message,
  nextUnhandled,
  settleIncoming,
  storeIncoming,
} from '../domain/message.ts'
import { queueMessages } from '../domain/outbox.ts'
import { listPlans } from '../domain/plan.ts'
import { isSilent } from '../domain/silence.ts'
import { findStaff, keepProven, listStaff, type Staff } from '../domain/staff.ts'
import { welcomeOwner } from './answers/setup.ts'
import type { Answer, BotGateways, Person, Turn } from './command.ts'
import { COMMANDS } from './commands/all.ts'
import { converse, type Known, type Outcome } from './converse.ts'
import { errandHandlers, UNWATCHED } from './errands.ts'
import { findPerson, tellSilent } from './person.ts'

/** The chat of all businesses: everything that comes in goes through `receive`. */
export type Bot = {
  /** Stores a message, then takes its turn. Answers the message's id, or nothing when it was known. */
  receive(businessId: number, incoming: Incoming): Promise<number | undefined>
  /** Stores a message and answers at once; its turn is taken in the background. */
  accept(businessId: number, incoming: Incoming): Promise<void>
  /** Takes the turns that a crash left undone. */
  catchUp(businessId: number): Promise<void>
  /** Does an errand; throws when it shall be tried again. */
  runErrand(businessId: number, id: string): Promise<void>
  /** Turns under way in this process. */
  busy(): number
}

/** So many turns at once, of all people: enough for the machine, and connections are left for what comes in. */
const MOST_TURNS = 8
/** An errand that failed or died so often is given up, with an apology. */
const ERRAND_TRIES = 4

export function makeBot(deps: {
  openBooks: OpenBooks
  publicUrl: string
  gateways: BotGateways
  onError: (error: Error) => void
}): Bot {
  const { openBooks, publicUrl, gateways, onError } = deps
  const running = new Map<string, Promise<void>>()
  const again = new Set<string>()
  const inLine = lineUp(MOST_TURNS)

  /** One person's turns run one after the other: whoever comes meanwhile waits here and not on a connection (C14). */
  const takeTurns = (businessId: number, phone: string): Promise<void> => {
    const key = `${businessId}:${phone}`
    const standing = running.get(key)
    if (standing) {
      again.add(key)
      return standing
    }
    const turns = (async () => {
      try {
        do {
          again.delete(key)
          while (await inLine(() => takeTurn(businessId, phone))) {
            // Until none of this person's messages is left.
          }
        } while (again.has(key))
      } finally {
        again.delete(key)
        running.delete(key)
      }
    })()
    running.set(key, turns)
    return turns
  }

  /** Takes the oldest turn of a phone in one transaction; true when more of its messages wait. */
  const takeTurn = async (businessId: number, phone: string): Promise<boolean> => {
    let failing: number | undefined
    try {
      return await openBooks(businessId, async (books) => {
        const opening = await openTurn(books, phone)
        if (!opening) return false
        failing = opening.message.id
        return await handle(books, opening, publicUrl)
      })
    } catch (error) {
      // Without the database nothing can be said about the message; it stays for the next sweep.
      if (failing === undefined || isOutage(error)) throw error
      onError(error as Error)
      const id = failing
      await openBooks(businessId, (books) => apologise(books, id))
      return true
    }
  }

  return {
    async receive(businessId, incoming) {
      const id = await openBooks(businessId, (books) => store(books, incoming))
      if (id !== undefined) await takeTurns(businessId, incoming.phone)
      return id
    },
    async accept(businessId, incoming) {
      const id = await openBooks(businessId, (books) => store(books, incoming))
      // Whatever goes wrong from here on, the sweep finds the message.
      if (id !== undefined) takeTurns(businessId, incoming.phone).catch(onError)
    },
    async catchUp(businessId) {
      for (const phone of await openBooks(businessId, listUnhandledPhones))
        await takeTurns(businessId, phone).catch(onError)
    },
    async runErrand(businessId, id) {
      const errand = await openBooks(businessId, (books) => startErrand(books, id))
      if (!errand) return
      const handler = errandHandlers[errand.kind]
      if (!handler || errand.attempts > ERRAND_TRIES) {
        await openBooks(businessId, (books) => giveUp(books, errand))
        return
      }
      const finish = await handler({
        args: errand.args,
        phone: errand.phone,
        open: (work) => openBooks(businessId, work),
        gateways,
      })
      await openBooks(businessId, async (books) => {
        if (!(await findErrand(books, id))) return
        const message = await getMessage(books, errand.cause_id)
        const { person } = await findPerson(books, message, await findStaff(books, message.phone))
        const turn = person && turnOf(books, message, person, publicUrl)
        if (turn) await keepAnswer(turn, await finish(turn))
        await settleErrand(books, id, 'done')
      })
    },
    busy: () => running.size,
  }
}

/** Lets so many run at once; the others wait in order. */
function lineUp(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = most
  const waiting: (() => void)[] = []
  return async (work) => {
    if (free > 0) free--
    else await new Promise<void>((go) => waiting.push(go))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}

async function store(books: Books, incoming: Incoming): Promise<number | undefined> {
  const { file, ...message } = incoming
  // A file that is delivered again is not kept again.
  if (file && (await isStored(books, message))) return undefined
  return storeIncoming(books, { ...message, ...(file && { fileId: await storeFile(books, file) }) })
}

/** What a turn begins with: the message, and what there is to know of the phone that wrote it. */
type Opening = Known & { message: Message; staff?: Staff }

/** Opens the oldest turn of a phone that nobody took; nothing where there is none. */
async function openTurn(books: Books, phone: string): Promise<Opening | undefined> {
  for (;;) {
    // The lock is said first, so whatever an earlier turn did is seen by the others.
    const [locked, message, staff, question, plans] = await Promise.all([
      lockConversation(books, phone),
      nextUnhandled(books, phone),
      findStaff(books, phone),
      findQuestion(books, phone),
      listPlans(books),
    ])
    if (locked) return message && { message, staff, question, plans }
    await addConversation(books, phone)
  }
}

/** Takes one turn; answers whether more of this phone's messages wait. */
async function handle(books: Books, opening: Opening, publicUrl: string): Promise<boolean> {
  const { message, staff } = opening
  // The code of an owner counts from whoever brings it; behind an account that is not trusted nothing else is read.
  const welcome = await welcomeOwner({ books }, message)
  if (welcome || message.account !== null) {
    const { person } = await findPerson(books, message, await findStaff(books, message.phone))
    if (welcome && person) await keepAnswer(turnOf(books, message, person, publicUrl), welcome)
    else if (welcome) await reply(books, message, welcome.text ?? '')
    return settleIncoming(books, message.id, 'handled', null, welcome ? 'activation' : 'untrusted')
  }
  const { person, silent: lapsed } = await findPerson(books, message, staff)
  if (lapsed) await tellSilent(books, lapsed, message, publicUrl)
  // A stranger on a number that is also used privately gets nothing.
  if (!person) return settleIncoming(books, message.id, 'handled', null, lapsed ? 'unproven' : 'stranger')
  const turn = turnOf(books, message, person, publicUrl)
  if (person.kind === 'customer') await noteWrote(books, message.phone)
  const outcome = await converse(turn, opening)
  const silent = person.kind === 'customer' && (await isSilent(books, message.phone))
  // Anybody can claim a sender to Fonnte's webhook; only a code that came back is a sign of life there (H01).
  if (person.kind === 'staff' && (message.channel === 'bot' || outcome.turn.message.proven))
    await keepProven(books, person)
  const [more] = await Promise.all([
    settleIncoming(books, message.id, 'handled', outcome.understood, silent ? 'silence' : undefined),
    keepAnswer(outcome.turn, silent ? hush(outcome) : outcome.answer),
  ])
  return more
}

/** What a customer gets although a person of the business is talking with them: the receipt and the way to pay. */
const THROUGH_SILENCE = ['me.pay', 'me.receipt']

/** While a person talks with the customer the bot says nothing in between; what the words do stays done. */
function hush({ answer, understood }: Outcome): Answer {
  if (understood && THROUGH_SILENCE.includes(understood.command)) return answer
  if (!understood || understood.command === 'me.talk') return {}
  return { notes: answer.notes, errands: answer.errands, undo: answer.undo }
}

/** Answers somebody who is nobody here yet. */
async function reply(books: Books, { id, phone, channel }: Message, text: string): Promise<void> {
  await queueMessages(books, [{ phone, channel, kind: 'reply', text, causeId: id }])
}

function turnOf(books: Books, message: Message, person: Person, publicUrl: string): Turn {
  return {
    books,
    person,
    commands: COMMANDS,
    publicUrl,
    message: {
      id: message.id,
      kind: message.kind,
      text: message.text,
      at: message.at,
      fileId: message.file_id,
      channel: message.channel,
      proven: message.proven,
    },
  }
}

/** Writes what a turn leads to, all of it in the turn's transaction. */
async function keepAnswer(turn: Turn, answer: Answer): Promise<void> {
  const { books, person, message } = turn
  const { channel } = message
  const reply = { phone: person.phone, kind: 'reply', channel, causeId: message.id }
  const says = answer.text || answer.fileId !== undefined
  await Promise.all([
    queueMessages(books, [
      ...(says ? [{ ...reply, text: answer.text ?? '', fileId: answer.fileId }] : []),
      ...(answer.notes ?? []).map((note) => ({ ...note, causeId: message.id })),
      ...(answer.ask?.text ? [{ ...reply, text: answer.ask.text }] : []),
    ]),
    answer.ask && askQuestion(books, person.phone, { ...answer.ask, proven: message.proven }),
    answer.undo && person.kind === 'staff' && rememberAct(books, { staffId: person.id, ...answer.undo }),
  ])
  for (const errand of answer.errands ?? [])
    await orderErrand(books, { ...errand, causeId: message.id, phone: person.phone })
}

const APOLOGY =
  '⚠️ Pesan tadi belum bisa saya kerjakan, kesalahannya di pihak saya. Belum ada yang berubah.\nPesannya tersimpan dan bisa dikirim lagi.'

/** Our fault: the message is kept and marked, and whoever wrote hears it once (voice 24). */
async function apologise(books: Books, messageId: number): Promise<void> {
  const message = await getMessage(books, messageId)
  if (message.status !== 'received') return
  await settleIncoming(books, messageId, 'failed', null, 'bug')
  await sayFailed(books, message)
}

async function sayFailed(books: Books, message: Message): Promise<void> {
  const { phone, channel } = message
  const staff = await findStaff(books, phone)
  if (staff?.provenUntil) {
    await queueMessages(books, [{ phone, channel, kind: 'reply', text: APOLOGY, causeId: message.id }])
    return
  }
  const [owner] = await listStaff(books, ['owner'])
  if (!owner) return
  const text = `Pesan ini belum bisa kami jawab di sini, jadi kami teruskan ke ${owner.callName ?? owner.name}.`
  const note = `⚠️ Pesan dari 0${phone.slice(2)} belum bisa saya jawab, kesalahannya di pihak saya.\nBalas di chatnya: "${message.text.slice(0, 200)}"`
  await queueMessages(books, [
    { phone, channel, kind: 'reply', text, causeId: message.id },
    { phone: owner.phone, kind: 'note', text: note, causeId: message.id },
  ])
}

async function startErrand(books: Books, id: string): Promise<Errand | undefined> {
  const errand = await findErrand(books, id)
  // Counted before the work, so that an errand that kills the program is given up too.
  return errand && { ...errand, attempts: await countTry(books, id) }
}

async function giveUp(books: Books, errand: Errand): Promise<void> {
  if (!(await findErrand(books, errand.id))) return
  await settleErrand(books, errand.id, 'failed')
  if (UNWATCHED.has(errand.kind)) return
  await sayFailed(books, await getMessage(books, errand.cause_id))
}
