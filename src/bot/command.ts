import { z } from 'zod'
import type { Books, Business } from '../domain/books.ts'
import type { Moment } from '../domain/calendar.ts'
import type { Matter } from '../domain/conversation.ts'
import type { PaymentGateway } from '../domain/order.ts'
import type { BroadcastGateway } from '../domain/outbox.ts'
import type { Staff } from '../domain/staff.ts'
import type { ChannelName, Role } from '../domain/tables.ts'

/** Every command of the chat. The ids are a contract with the outside; words and answers are ours to choose. */
export const STAFF_COMMANDS = [
  'invoice.issue',
  'invoice.sendAll',
  'invoice.sendOverdue',
  'invoice.send',
  'invoice.discount',
  'invoice.fee',
  'invoice.create',
  'invoice.void',
  'invoice.forecast',
  'payment.record',
  'payment.undo',
  'payment.refund',
  'cash.remit',
  'cash.status',
  'report.overdue',
  'report.unpaid',
  'report.paid',
  'report.summary',
  'customer.find',
  'customer.add',
  'customer.edit',
  'customer.pause',
  'customer.resume',
  'customer.stop',
  'customer.cut',
  'customer.reconnect',
  'customer.import',
  'visit.list',
  'visit.note',
  'due.align',
  'due.move',
  'due.promise',
  'plan.list',
  'plan.add',
  'plan.edit',
  'broadcast.announce',
  'broadcast.status',
  'broadcast.stop',
  'broadcast.resume',
  'broadcast.test',
  'staff.add',
  'staff.list',
  'staff.remove',
  'panel',
  'package.upgrade',
  'support',
  'help',
  'undo',
  'confirm.yes',
  'confirm.no',
] as const

export const CUSTOMER_COMMANDS = [
  'me.invoice',
  'me.pay',
  'me.history',
  'me.receipt',
  'me.claimPaid',
  'me.promise',
  'me.optOut',
  'me.optIn',
  'me.wrongNumber',
  'me.help',
  'me.talk',
] as const

/** `setup` is carried by its own questions; nobody gives it in words. */
export type CommandId = (typeof STAFF_COMMANDS)[number] | (typeof CUSTOMER_COMMANDS)[number] | 'setup'

/**
 * One command, as data: the reader, the help, "maksud Anda…?" and a set of tests are derived from it. A
 * command without `handle` is understood and refused in one sentence, never ignored.
 */
export type Command = {
  id: CommandId
  /** Who may give it; `customer` for the `me.*` ones. */
  roles: readonly (Role | 'customer')[]
  /** Ways to say it, each a set of concepts of `vocabulary.ts` in any order: `'tagih semua'`. */
  says: readonly string[]
  /** The arguments it takes, by their contract name. */
  takes: Readonly<Record<string, Arg>>
  /** What it does, in one Indonesian line for the help. */
  summary: string
  /** Messages that work when typed as they stand; the first is the one shown in the help. */
  examples: readonly string[]
  /** It moves money or messages: a guessed (misspelt) word is asked back first. */
  risky?: boolean
  /** Bills or many messages leave by it: refused while a restore waits for the owner's word. */
  sends?: boolean
  /** Its handler asks back itself, with what it found for the guessed word (`guessed`). */
  asksBack?: boolean
  /**
   * Words given while its own question is open add to that question instead of starting anew; of the question's own
   * arguments only these stay, so that nothing is confirmed by the way.
   */
  amends?: readonly string[]
  /** Commands that are an answer while its own question is open: a plan with its price, where plans are asked for. */
  alsoAnswers?: readonly CommandId[]
  /**
   * Arguments that are understood and not supported yet: refused with this sentence, never ignored (rules 15); a second
   * line says what works instead.
   */
  later?: Readonly<Record<string, string>>
  handle?: (turn: Turn, args: Args) => Promise<Answer>
  /** Takes back what `handle` did, from the arguments that `handle` put into `Answer.undo`. */
  undo?: (turn: Turn, args: Args) => Promise<Answer>
}

/** One argument: how it is checked, and how a person is asked for it when it is missing. */
export type Arg<T = unknown> = {
  schema: z.ZodType<T>
  /** The question when it is missing: "Siapa yang bayar?" */
  ask?: string
  example?: string
  /** What "-" or "tidak ada" as the answer means. */
  none?: Args
}

/** Arguments as the reader, the answers to questions and stored rows gave them. */
export type Args = Readonly<Record<string, unknown>>

type TypedArgs<T, K> = { readonly [N in keyof T]?: T[N] extends Arg<infer V> ? V : never } & {
  readonly [N in keyof K]?: K[N] extends z.ZodType<infer V> ? V : never
}

/**
 * Makes a command whose handler sees typed arguments. `takes` are the words of a person, `keeps` what earlier
 * steps of the same command found out (which customer, that it was confirmed). Both are all optional: a
 * handler asks for what it misses. Throws when stored arguments no longer fit (a bug, not an input).
 */
export function command<
  const T extends Record<string, Arg>,
  const K extends Record<string, z.ZodType> = Record<never, z.ZodType>,
>(
  spec: Omit<Command, 'takes' | 'handle' | 'undo'> & {
    takes: T
    keeps?: K
    handle?: (turn: StaffTurn, args: TypedArgs<T, K>) => Promise<Answer>
    undo?: (turn: StaffTurn, args: TypedArgs<T, K>) => Promise<Answer>
  },
): Command {
  const { keeps, handle, undo, ...rest } = spec
  const schemas = {
    ...Object.fromEntries(Object.entries(spec.takes).map(([name, arg]) => [name, arg.schema])),
    ...keeps,
  }
  const check = z.object(schemas).partial()
  const parse = (args: Args) => check.parse(args) as TypedArgs<T, K>
  return {
    ...rest,
    // `roles` let only staff through to the commands of staff; those of customers take any turn.
    ...(handle && { handle: (turn: Turn, args: Args) => handle(turn as StaffTurn, parse(args)) }),
    ...(undo && { undo: (turn: Turn, args: Args) => undo(turn as StaffTurn, parse(args)) }),
  }
}

/** Who is speaking: a member of staff by their phone, or whoever else has a phone. */
export type Person = ({ kind: 'staff' } & Staff) | { kind: 'customer'; phone: string }

/** One message being handled, inside one transaction. */
export type Turn = {
  books: Books
  person: Person
  /** Every command, for those that speak of others (help, undo). */
  commands: readonly Command[]
  /** How the outside reaches the program, for links; no slash at the end. */
  publicUrl: string
  message: {
    id: number
    kind: string
    text: string
    at: Moment
    fileId: number | null
    channel: ChannelName
    proven: boolean
  }
}

/** A turn of a member of staff. */
export type StaffTurn = Turn & { person: Extract<Person, { kind: 'staff' }> }

/** What a turn leads to. All of it is stored in the turn's transaction; nothing leaves before the commit. */
export type Answer = {
  /** The reply to whoever wrote. */
  text?: string
  /** A file that goes with the reply. */
  fileId?: number
  /** Messages to others. */
  notes?: readonly Note[]
  /** What this person is asked; an open question of theirs is replaced. */
  ask?: Question
  /** Work that needs the outside or much time; its handler answers later (`ErrandHandler`). */
  errands?: readonly { kind: string; args: Args }[]
  /** The act can be taken back with *batal*: what to hand to `Command.undo`, and how it is named. */
  undo?: { command: CommandId; args: Args; summary: string }
}

/**
 * Does the work of an errand: reads through `open`, talks to the outside or a worker between transactions, and
 * answers how to finish. The finish runs in one more transaction, exactly once. Whatever it throws is tried again a
 * few times and then apologised for; what the person should hear of a gateway's failure it answers itself.
 */
export type ErrandHandler = (errand: {
  args: Args
  phone: string
  open: <T>(work: (books: Books) => Promise<T>) => Promise<T>
  gateways: BotGateways
}) => Promise<(turn: Turn) => Promise<Answer>>

/** The outside as errands see it; each nothing where the business has not set it up. */
export type BotGateways = {
  payment(business: Business): PaymentGateway | undefined
  broadcast(business: Business): BroadcastGateway | undefined
}

/** Decides a numbered matter: `ya 15` or `tolak 15`. */
export type MatterHandler = (turn: StaffTurn, matter: Matter, decision: 'yes' | 'no') => Promise<Answer>

export type Note = {
  phone: string
  kind: string
  text: string
  fileId?: number
  customerId?: number
  paymentId?: number
  delaySeconds?: number
}

export type Question = {
  /** The question in words, where it is a message of its own behind the answer to something else. */
  text?: string
  command: CommandId
  args: Args
  /** `yes` a confirmation, `choice` a number of `choices`, `more` the next page, `code` a code that was sent, else the missing argument. */
  awaits: 'yes' | 'choice' | 'more' | (string & {})
  /** Arguments that each numbered choice adds. */
  choices?: readonly Args[]
  /** Mass sending: only *ya* or *kirim* count, "ok" is asked once more. */
  firm?: boolean
  /** Of the one-time code that it awaits, and how long that holds (`proof.ts`). */
  codeHash?: string
  minutes?: number
  /** What a *ya* adds where another answer is awaited ("Rp400.000? ya, atau jumlah lain"). */
  onYes?: Args
  /** What a *tidak* adds where it is an answer and the questions go on; otherwise it closes the question. */
  onNo?: Args
}
