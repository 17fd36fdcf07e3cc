import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { WhatsAppLinks } from './admin/pages/whatsapp.ts'
import { makeServer } from './admin/server.ts'
import { type Bot, makeBot } from './bot/receive.ts'
import { takeBackup } from './domain/backup.ts'
import { type Business, bookkeeper, type Clock, listBusinessIds, type OpenBooks } from './domain/books.ts'
import { type Database, eraseEverything, openDatabase, StartError } from './domain/database.ts'
import { listUnhandledPhones } from './domain/message.ts'
import type { PaymentGateway } from './domain/order.ts'
import { GatewayError, listWaiting, type SendMessage } from './domain/outbox.ts'
import { type Sealer, sealer } from './domain/secret.ts'
import { findOwnNumber } from './domain/whatsapp.ts'
import { fonnte, readFonnteMessage, readFonnteStatus } from './gateways/fonnte.ts'
import { isSigned, midtrans } from './gateways/midtrans.ts'
import { startEmbedded } from './gateways/postgres.ts'
import { holdDataDir } from './hold.ts'
import { backUpNightly } from './jobs/backup.ts'
import { issueAll } from './jobs/issue.ts'
import { handleNotification, reconcile } from './jobs/pay.ts'
import { openQueue } from './jobs/queue.ts'
import { settleRestoration } from './jobs/restored.ts'
import { nextTick, type Ran, tick } from './jobs/schedule.ts'
import { makeSender } from './jobs/send.ts'
import { makeLog } from './log.ts'
import { localUrl, openBackupDir, openDataDir, publicUrl, type Settings, secretKey } from './settings.ts'

export type { Ran }

/** The running program, as the simulator and the tests hold it. */
export type Program = {
  readonly database: Database
  readonly openBooks: OpenBooks
  readonly clock: Clock
  readonly bot: Bot
  readonly sealer: Sealer
  readonly log: Logger
  /** Where it listens. */
  readonly url: string
  /** Starts what is due by the clock. */
  tick(): Promise<Ran[]>
  /** When something falls due next. */
  nextTick(): Promise<Ran | undefined>
  /** Resolves when nothing is left to do at the program's present time. */
  settle(): Promise<void>
  /** Empties the database; for the simulator alone. */
  erase(): Promise<void>
  /** Resolves with the reason when it cannot go on: its database died for good, or its folder belongs to another now. */
  readonly broken: Promise<unknown>
  stop(): Promise<void>
}

/** What differs between the real program and the simulator. */
export type Surroundings = {
  clock: Clock
  /** The bot's own numbers, made of the parts that they need. */
  numbers: (parts: Pick<Program, 'database' | 'openBooks' | 'sealer' | 'log' | 'bot'>) => Numbers
  /** Adds routes, before the port is opened. */
  routes?: (app: FastifyInstance, program: Program) => Promise<void> | void
  /** Addresses that replace the real ones unless the environment says otherwise. */
  gatewayUrls?: (base: string) => { fonnte: string; snap: string; api: string }
  /** Hears what every tick started, whoever asked for the tick. */
  onTick?: (started: readonly Ran[]) => void
}

/** The numbers on which the bot itself speaks. */
export type Numbers = {
  /** Sends by the number of a business; nothing while this program is not connected to it. */
  channel(business: Business): SendMessage | undefined
  /** Links a business's number; the panel says so where this is missing. */
  links?: WhatsAppLinks
  start?(): Promise<void>
  stop?(): Promise<void>
}

const FONNTE_URL = 'https://api.fonnte.com'
/** Nudges can be lost with a connection; what they would have said is looked for this often. */
const SWEEP_MS = 5_000
const TICK_MS = 30_000
/**
 * Wires everything and starts it: environment → database, queue, gateways, bot, jobs, server. What was started is
 * stopped in reverse, also when a later part does not start.
 */
export async function run(settings: Settings, surroundings: Surroundings): Promise<Program> {
  const started: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const end of started.splice(0).reverse()) await end()
  }
  try {
    return await start(settings, surroundings, started, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  settings: Settings,
  { clock, numbers: makeNumbers, routes, gatewayUrls, onTick }: Surroundings,
  started: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<Program> {
  const log = makeLog(settings.LOG_LEVEL)
  const folder = openDataDir(settings)
  const { promise: broken, resolve: giveUp } = Promise.withResolvers<unknown>()
  const embedded = settings.DATABASE_URL ? undefined : await startEmbedded(folder, giveUp)
  if (embedded) started.push(embedded.stop)
  const databaseUrl = settings.DATABASE_URL ?? (embedded?.url as string)
  const database = await openDatabase(databaseUrl, { migrate: true, durable: clock.real })
  started.push(database.end)
  await holdDataDir(settings, folder, database, { started, giveUp })

  const onError = (error: Error) => {
    // The outside said no and will be asked again: nothing that a stack could explain.
    if (error instanceof GatewayError) log.warn({ fault: error.fault }, error.message)
    else log.error({ err: error }, 'work failed')
  }
  const queue = await openQueue({ url: databaseUrl, appRole: database.appRole, alone: embedded !== undefined, onError })
  started.push(queue.stop)
  const openBooks = bookkeeper({ database, clock, enqueue: queue.enqueue })

  const url = localUrl(settings)
  const local = gatewayUrls?.(url)
  const seal = sealer(secretKey(settings))
  const reach = {
    midtrans: (keys: { serverKey: string; production: boolean }) =>
      midtrans({
        ...keys,
        snapUrl: settings.MIDTRANS_SNAP_URL ?? local?.snap,
        apiUrl: settings.MIDTRANS_API_URL ?? local?.api,
      }),
    fonnte: (token: string) => fonnte({ url: settings.FONNTE_URL ?? local?.fonnte ?? FONNTE_URL, token }),
  }
  const payment = ({ id, midtrans_key, midtrans_production: production }: Business): PaymentGateway | undefined => {
    const serverKey = seal.tryOpen(id, midtrans_key)
    return serverKey === undefined ? undefined : reach.midtrans({ serverKey, production })
  }
  const broadcast = ({ id, fonnte_token }: Business) => {
    const token = seal.tryOpen(id, fonnte_token)
    return token === undefined ? undefined : reach.fonnte(token)
  }

  const bot = makeBot({ openBooks, publicUrl: publicUrl(settings), gateways: { payment, broadcast }, onError })
  const numbers = makeNumbers({ database, openBooks, sealer: seal, log, bot })
  const sender = makeSender({
    database,
    openBooks,
    gateways: (business, name) => (name === 'bot' ? numbers.channel(business) : broadcast(business)?.send),
    onError,
  })
  started.push(sender.stop)

  const program: Program = {
    database,
    openBooks,
    clock,
    bot,
    sealer: seal,
    log,
    url,
    async tick() {
      const ran = await tick({ database, openBooks, clock })
      onTick?.(ran)
      return ran
    },
    nextTick: () => nextTick({ database, openBooks }),
    settle,
    broken,
    async erase() {
      await settle()
      while ((await queue.countPending({ backups: true })) > 0) await sleep(20)
      await queue.clear()
      await eraseEverything(database)
    },
    stop,
  }

  await queue.work({
    errand: ({ businessId, id }) => bot.runErrand(businessId, id),
    issue: async ({ businessId }) => {
      await issueAll({ database, openBooks }, businessId)
    },
    notification: ({ businessId, id }) => handleNotification({ openBooks, payment, onError }, businessId, id),
    reconcile: ({ businessId, orderIds }) => reconcile({ openBooks, payment, onError }, businessId, orderIds),
    restored: ({ businessId }) =>
      settleRestoration(
        { database, openBooks, payment, opens: (business) => opensAll(seal, business), onError },
        businessId,
      ),
    backup: ({ businessId, day }) =>
      backUpNightly(
        {
          openBooks,
          folder: () => openBackupDir(settings),
          encrypted: settings.BACKUP_KEY !== undefined,
          take: (file, now) => takeBackup(databaseUrl, file, { now, key: settings.BACKUP_KEY, replace: true }),
        },
        businessId,
        day,
      ),
  })

  /** Looks for what a lost nudge or a crash left: turns, and messages that may leave. */
  async function sweep(): Promise<void> {
    for (const businessId of await listBusinessIds(database)) {
      // What goes wrong with one message of one business holds up nobody else (C16).
      await bot.catchUp(businessId).catch(onError)
      const { due } = await openBooks(businessId, listWaiting)
      for (const name of due) sender.wake(businessId, name)
    }
  }

  async function isIdle(): Promise<boolean> {
    // In this order: a turn makes jobs, a job makes messages, and each shows before its maker is gone.
    const ids = await listBusinessIds(database)
    for (const id of ids) if ((await openBooks(id, listUnhandledPhones)).length > 0) return false
    if (bot.busy() > 0 || (await queue.countPending()) > 0) return false
    for (const id of ids) {
      const { due } = await openBooks(id, listWaiting)
      for (const name of due) sender.wake(id, name)
      if (due.length > 0) return false
    }
    return sender.busy() === 0
  }

  async function settle(): Promise<void> {
    for (let wait = 5; !(await isIdle()); wait = Math.min(wait * 1.5, 100)) await sleep(wait)
  }

  started.push(
    await database.listen('outbox', (payload) => {
      const [businessId, name] = payload?.split(':') ?? []
      if (businessId && (name === 'bot' || name === 'fonnte')) sender.wake(Number(businessId), name)
      else sweep().catch(onError)
    }),
  )
  started.push(
    repeat(sweep, SWEEP_MS, onError),
    repeat(async () => void (await program.tick()), TICK_MS, onError),
  )

  const server = await makeServer({
    database,
    openBooks,
    sealer: seal,
    publicUrl: publicUrl(settings),
    gateways: reach,
    whatsapp: numbers.links,
    verify: ({ id, midtrans_key }, body) => {
      const serverKey = seal.tryOpen(id, midtrans_key)
      return serverKey !== undefined && isSigned(body, serverKey)
    },
    fonnte: {
      readMessage: readFonnteMessage,
      readStatus: readFonnteStatus,
      accept: bot.accept,
      ownNumber: (businessId) => openBooks(businessId, findOwnNumber),
    },
    health: { database: () => findAnything(database), queue: queue.isUp },
    logger: log,
    ...(routes && { routes: (app: FastifyInstance) => routes(app, program) }),
  })
  await server.listen({ port: settings.PORT, host: settings.HOST }).catch((error: Error & { code?: string }) => {
    if (error.code === 'EADDRINUSE')
      throw new StartError(`PORT: port ${settings.PORT} di ${settings.HOST} sedang dipakai program lain.`)
    throw new StartError(`HOST: tidak bisa mendengarkan di ${settings.HOST}:${settings.PORT} (${error.message}).`)
  })
  started.push(() => server.close())
  // What comes in is heard once everything that answers it is there, and first when it all ends.
  if (numbers.stop) started.push(numbers.stop)
  await numbers.start?.()
  await program.tick()
  await sweep()
  return program
}

/** Whether this SECRET_KEY is the one that a business's credentials were sealed with. */
function opensAll(seal: Sealer, { id, fonnte_token, midtrans_key }: Business): boolean {
  return [fonnte_token, midtrans_key].every((sealed) => sealed === null || seal.tryOpen(id, sealed) !== undefined)
}

async function findAnything(database: Database): Promise<boolean> {
  await listBusinessIds(database)
  return true
}

/** Does something again and again, one after the other; the answer ends it. */
function repeat(work: () => Promise<void>, everyMs: number, onError: (error: Error) => void): () => Promise<void> {
  let running = Promise.resolve()
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    running = work()
      .catch(onError)
      .finally(() => {
        busy = false
      })
  }, everyMs)
  return async () => {
    clearInterval(timer)
    await running
  }
}
