import { type Logger, pino } from 'pino'
import { afterAll, vi } from 'vitest'
import { bookkeeper } from '../../../src/domain/books.ts'
import { addCustomer } from '../../../src/domain/customer.ts'
import { openDatabase } from '../../../src/domain/database.ts'
import type { Incoming } from '../../../src/domain/message.ts'
import { sealer } from '../../../src/domain/secret.ts'
import { addStaff } from '../../../src/domain/staff.ts'
import type { NumberState } from '../../../src/domain/whatsapp.ts'
import { type WhatsApp, whatsapp } from '../../../src/gateways/whatsapp.ts'
import { openTestBooks, type TestBooks } from '../database.ts'
import { type FakeWhatsApp, startWhatsApp } from './server.ts'
import type { Phone } from './world.ts'

export const OWNER = '6281200000011'
export const UJANG = '6281200000022'
export const BUDI = '6281200001474'

export const SECRET = 'kunci rahasia untuk uji ini saja'

/** A business with an owner, a collector and a customer, and a WhatsApp of its own to link to. Ended after the file. */
export type Station = TestBooks & {
  fake: FakeWhatsApp
  owner: Phone
  ujang: Phone
  budi: Phone
  /** A program's hold on the numbers; what it hears is kept in `heard`. */
  program(): WhatsApp
  /** The same on connections of its own, as another process would be. */
  anotherProgram(): Promise<WhatsApp>
  heard: Incoming[]
  /** Everything that was logged. */
  logged: string[]
}

export async function makeStation(): Promise<Station> {
  const books = await openTestBooks(Temporal.Now.instant().toString())
  const fake = await startWhatsApp()
  const heard: Incoming[] = []
  const logged: string[] = []
  const log: Logger = pino({ level: 'trace' }, { write: (line) => void logged.push(line) })
  const opened: WhatsApp[] = []
  await books.open(async (open) => {
    await addStaff(open, { name: 'Joko', callName: 'Pak Joko', phone: OWNER, role: 'owner' })
    await addStaff(open, { name: 'Ujang', phone: UJANG, role: 'collector' })
    await addCustomer(open, { name: 'Budi', phones: [{ phone: BUDI, kind: 'mobile' }] })
  })
  afterAll(async () => {
    await Promise.all(opened.map((each) => each.stop()))
    await fake.stop()
  })
  const open = (on: Pick<TestBooks, 'database' | 'openBooks'>) => {
    const made = whatsapp({
      database: on.database,
      openBooks: on.openBooks,
      sealer: sealer(SECRET),
      log,
      url: fake.url,
      retryMs: 20,
      ackMs: 3_000,
      accept: async (_, message) => void heard.push(message),
    })
    opened.push(made)
    return made
  }
  return {
    ...books,
    fake,
    owner: fake.phone(OWNER),
    ujang: fake.phone(UJANG),
    budi: fake.phone(BUDI),
    heard,
    logged,
    program: () => open(books),
    async anotherProgram() {
      const database = await openDatabase(books.url)
      const { clock } = books
      afterAll(() => database.end())
      return open({ database, openBooks: bookkeeper({ database, clock, enqueue: async () => {} }) })
    },
  }
}

/** Links the owner's number by QR and waits until it is connected. */
export async function linkByQr(station: Station, program: WhatsApp): Promise<void> {
  await program.link(station.businessId, { by: 'qr' })
  const { qr } = await reaches(program, station.businessId, 'pairing', ({ qr }) => qr !== undefined)
  station.owner.scan(qr as string)
  await reaches(program, station.businessId, 'open')
}

/** Waits for a state, and answers it. */
export async function reaches<Is extends NumberState['is']>(
  program: WhatsApp,
  businessId: number,
  is: Is,
  which: (state: Extract<NumberState, { is: Is }>) => boolean = () => true,
): Promise<Extract<NumberState, { is: Is }>> {
  return eventually(() => {
    const state = program.state(businessId)
    if (state.is !== is || !which(state as Extract<NumberState, { is: Is }>))
      throw new Error(`the number is ${JSON.stringify({ ...state, qr: undefined, code: undefined })}, not ${is}`)
    return state as Extract<NumberState, { is: Is }>
  })
}

export function eventually<T>(look: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(look, { timeout: 30_000, interval: 20 })
}
