import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listUnfinished, resumeBroadcast, stopBroadcast } from '../../src/domain/broadcast.ts'
import { openDatabase } from '../../src/domain/database.ts'
import { claimNext, GatewayError, listWaiting, type Outgoing, queueMessages } from '../../src/domain/outbox.ts'
import { sealer } from '../../src/domain/secret.ts'
import { addStaff } from '../../src/domain/staff.ts'
import type { ChannelName } from '../../src/domain/tables.ts'
import { endNumber, linkNumber } from '../../src/domain/whatsapp.ts'
import { makeSender } from '../../src/jobs/send.ts'
import { openTestBooks } from '../support/database.ts'

const { open, openBooks, database, url, businessId, clock } = await openTestBooks()
const OWNER = '6281200000011'
await open((books) => addStaff(books, { name: 'Joko', phone: OWNER, role: 'owner' }))

/** What the gateway is handed, and what it says to each phone; well by default. */
const handed: Outgoing[] = []
const says = new Map<string, GatewayError | 'well'>()
let start = clock.now()

beforeEach(async () => {
  handed.length = 0
  says.clear()
  // Each test in a week of its own, with nothing left of the one before.
  start = start.add({ hours: 7 * 24 })
  clock.set(start.toString())
  await open(async (books) => {
    await books.trx.updateTable('business').set({ pace_seconds: 0, hourly_cap: null, daily_cap: null }).execute()
    await books.trx.updateTable('message').set({ status: 'cancelled' }).where('status', '=', 'waiting').execute()
    await books.trx.updateTable('broadcast').set({ state: 'done' }).execute()
  })
})

const gateway = async (message: Outgoing) => {
  handed.push(message)
  const said = says.get(message.phone) ?? says.get('all')
  if (said instanceof GatewayError) throw said
  return { id: message.outsideId }
}

/** Lets a sender do all that it can do now. */
async function send(channel: ChannelName = 'fonnte'): Promise<void> {
  const sender = makeSender({
    database,
    openBooks,
    gateways: () => gateway,
    onError: (error) => expect.fail(`${error}`),
  })
  sender.wake(businessId, channel)
  while (sender.busy() > 0) await sleep(2)
  await sender.stop()
}

const phoneOf = (index: number) => `62857000${String(10_000 + index)}`

/** Starts a broadcast to so many phones. */
const broadcast = (count: number, first = 0) =>
  open(async (books) => {
    const { id } = await books.trx
      .insertInto('broadcast')
      .values({ business_id: businessId, kind: 'bills', state: 'running', started_by: 1, started_at: books.now })
      .returning('id')
      .executeTakeFirstOrThrow()
    await queueMessages(
      books,
      Array.from({ length: count }, (_, index) => ({
        phone: phoneOf(first + index),
        kind: 'note',
        text: `pesan ${first + index}`,
        channel: 'fonnte' as const,
        broadcastId: id,
      })),
    )
    return id
  })

const reply = (phone: string) =>
  open((books) => queueMessages(books, [{ phone, kind: 'reply', text: 'jawaban', channel: 'bot' }]))

const rowsOf = (broadcastId: number) =>
  open((books) =>
    books.trx
      .selectFrom('message')
      .select(['phone', 'status', 'reason'])
      .where('broadcast_id', '=', broadcastId)
      .orderBy('id')
      .execute(),
  )
const statuses = async (broadcastId: number) => (await rowsOf(broadcastId)).map(({ status }) => status)

const reports = () =>
  open((books) =>
    books.trx.selectFrom('message').select('text').where('kind', '=', 'report').where('at', '>=', books.now).execute(),
  )

const sentTo = () => handed.map(({ phone }) => phone)

test('a text that was cut in the middle of an emoji leaves without its half', async () => {
  await open((books) => queueMessages(books, [{ phone: OWNER, kind: 'reply', text: 'Terima kasih \ud83d' }]))
  const kept = await open(({ trx }) =>
    trx.selectFrom('message').select('text').where('status', '=', 'waiting').executeTakeFirstOrThrow(),
  )
  expect(kept.text).toBe('Terima kasih \ufffd')
})

describe('one sender for a number', () => {
  test('whoever has not the lock neither sends nor touches what the other is sending (N05)', async () => {
    const id = await broadcast(3)
    const other = await openDatabase(url)
    const lock = await other.tryLock(`send ${businessId} fonnte`)
    const claimed = await open((books) => claimNext(books, 'fonnte', 'broadcast'))
    await send()
    expect(handed).toEqual([])
    expect(await statuses(id)).toEqual(['sending', 'waiting', 'waiting'])
    // Its program was killed: the lock is free, and nobody knows what became of the one it was sending.
    await lock?.release()
    await send()
    expect(sentTo()).toEqual([phoneOf(1), phoneOf(2)])
    expect(await rowsOf(id)).toContainEqual({
      phone: claimed?.phone,
      status: 'uncertain',
      reason: 'program berhenti saat mengirim',
    })
    await other.end()
  })

  test('two programs at once hand over each message once', async () => {
    const id = await broadcast(40)
    const other = await openDatabase(url)
    const senders = [database, other].map((each) =>
      makeSender({ database: each, openBooks, gateways: () => gateway, onError: () => {} }),
    )
    for (const sender of senders) sender.wake(businessId, 'fonnte')
    while (senders.some((sender) => sender.busy() > 0)) await sleep(2)
    await Promise.all(senders.map((sender) => sender.stop()))
    await other.end()
    expect(sentTo().sort()).toEqual(Array.from({ length: 40 }, (_, index) => phoneOf(index)))
    expect(new Set(await statuses(id))).toEqual(new Set(['sent']))
  })

  test('locks take no connection away from those who hold them (D03)', async () => {
    const locks = await Promise.all(Array.from({ length: 40 }, (_, index) => database.tryLock(`lock ${index}`)))
    expect(locks.every((lock) => lock !== undefined)).toBe(true)
    expect(await database.tryLock('lock 7')).toBeUndefined()
    await Promise.all(Array.from({ length: 40 }, () => open(listWaiting)))
    for (const lock of locks) await lock?.release()
    expect(await database.tryLock('lock 7')).toBeDefined()
  })

  test('over the bot channel, whose ids WhatsApp knows, what was being sent is sent again', async () => {
    await reply(phoneOf(1))
    await open((books) => claimNext(books, 'bot', 'single'))
    await send('bot')
    expect(sentTo()).toEqual([phoneOf(1)])
  })
})

describe('what the gateway says', () => {
  test('the device is away: the run stops at once, nothing is used up, and it goes on where it stopped (N09)', async () => {
    const id = await broadcast(5)
    says.set(phoneOf(2), new GatewayError('device', 'perangkat Fonnte terputus'))
    await send()
    expect(sentTo()).toEqual([phoneOf(0), phoneOf(1), phoneOf(2)])
    expect(await statuses(id)).toEqual(['sent', 'sent', 'waiting', 'waiting', 'waiting'])
    expect((await reports()).map(({ text }) => text)).toEqual([expect.stringContaining('perangkat Fonnte terputus')])
    await send()
    expect(handed).toHaveLength(3)
    // Still away: the first message says so again, and no other is tried.
    await open((books) => resumeBroadcast(books, id))
    await send()
    expect(sentTo().slice(3)).toEqual([phoneOf(2)])
    says.clear()
    await open((books) => resumeBroadcast(books, id))
    await send()
    expect(sentTo().slice(4)).toEqual([phoneOf(2), phoneOf(3), phoneOf(4)])
    expect(await open(listUnfinished)).toEqual([])
  })

  test('nobody answers for sure, ten times in a row: the list is not burnt', async () => {
    const id = await broadcast(30)
    says.set('all', new GatewayError('unknown', 'jawaban Fonnte tidak terbaca'))
    says.set(phoneOf(4), 'well')
    await send()
    expect((await statuses(id)).filter((status) => status === 'uncertain')).toHaveLength(14)
    expect((await statuses(id)).filter((status) => status === 'waiting')).toHaveLength(15)
    expect((await open(listUnfinished)).map(({ broadcast: { state } }) => state)).toEqual(['stopped'])
  })

  test('nothing was handed over: the same message comes next, later each time, and none overtakes it', async () => {
    const id = await broadcast(3)
    says.set(phoneOf(0), new GatewayError('passing', 'Fonnte tidak bisa dihubungi'))
    await send()
    expect(sentTo()).toEqual([phoneOf(0)])
    for (const seconds of [2, 4, 8]) {
      const { next } = await open(listWaiting)
      expect(next?.since(clock.now()).total('seconds')).toBe(seconds)
      await send()
      clock.set(next?.toString() as string)
      await send()
    }
    expect(sentTo()).toEqual(Array(4).fill(phoneOf(0)))
    says.clear()
    clock.set(clock.now().add({ seconds: 16 }).toString())
    await send()
    expect(sentTo().slice(4)).toEqual([phoneOf(0), phoneOf(1), phoneOf(2)])
    expect(new Set(await statuses(id))).toEqual(new Set(['sent']))
  })

  test('an answer that cannot leave holds up no other answer, and is given up after a day', async () => {
    await reply(phoneOf(1))
    await reply(phoneOf(2))
    says.set(phoneOf(1), new GatewayError('unknown', 'koneksi putus saat mengirim'))
    await send('bot')
    expect(sentTo()).toEqual([phoneOf(1), phoneOf(2)])
    clock.set(clock.now().add({ hours: 25 }).toString())
    await send('bot')
    const [row] = await open((books) =>
      books.trx
        .selectFrom('message')
        .select(['status', 'reason'])
        .where('phone', '=', phoneOf(1))
        .orderBy('id', 'desc')
        .limit(1)
        .execute(),
    )
    expect(row).toEqual({ status: 'failed', reason: 'koneksi putus saat mengirim' })
  })

  test('an answer waits for its device for as long as it takes', async () => {
    await reply(phoneOf(3))
    says.set(phoneOf(3), new GatewayError('device', 'nomor pengirim belum disambungkan'))
    await send('bot')
    clock.set(clock.now().add({ hours: 50 }).toString())
    await send('bot')
    says.clear()
    clock.set(clock.now().add({ hours: 1 }).toString())
    await send('bot')
    expect(sentTo()).toEqual(Array(3).fill(phoneOf(3)))
  })
})

describe('pace', () => {
  const pace = (set: { pace_seconds?: number; hourly_cap?: number; daily_cap?: number }) =>
    open((books) => books.trx.updateTable('business').set(set).execute())
  const nextIn = async () => (await open(listWaiting)).next?.since(clock.now()).total('seconds') ?? 0

  test('one message, then its distance, a little more each time; a restart makes no burst (N06)', async () => {
    await broadcast(3)
    await pace({ pace_seconds: 8 })
    const distances: number[] = []
    for (let turn = 1; turn <= 3; turn++) {
      await send()
      await send()
      expect(handed).toHaveLength(turn)
      if (turn === 3) break
      distances.push(await nextIn())
      clock.set(
        clock
          .now()
          .add({ milliseconds: Math.round((await nextIn()) * 1_000) })
          .toString(),
      )
    }
    for (const distance of distances) expect(distance >= 8 && distance <= 12).toBe(true)
  })

  test('an answer does not wait for it', async () => {
    await broadcast(2)
    await pace({ pace_seconds: 600 })
    await send()
    await open((books) =>
      queueMessages(books, [{ phone: phoneOf(9), kind: 'reply', text: 'jawaban', channel: 'fonnte' }]),
    )
    await send()
    expect(sentTo()).toEqual([phoneOf(0), phoneOf(9)])
  })

  test('no more than its caps in an hour and in a day; the rest leaves by itself when there is room', async () => {
    const id = await broadcast(12)
    await pace({ hourly_cap: 4, daily_cap: 10 })
    await send()
    expect(handed).toHaveLength(4)
    expect(await nextIn()).toBe(3_600)
    for (const [hours, sent] of [
      [1, 8],
      [2, 10],
      [3, 10],
    ] as const) {
      clock.set(clock.now().add({ hours: 1 }).toString())
      clock.set(clock.now().add({ milliseconds: 1 }).toString())
      await send()
      expect({ hours, sent: handed.length }).toEqual({ hours, sent })
    }
    clock.set(clock.now().add({ hours: 22 }).toString())
    await send()
    expect(new Set(await statuses(id))).toEqual(new Set(['sent']))
  })

  test('what is cancelled at the last moment keeps nobody waiting', async () => {
    const id = await broadcast(3)
    await pace({ pace_seconds: 600 })
    // A bill about nothing that is open: as paid meanwhile.
    await open((books) =>
      books.trx
        .updateTable('message')
        .set({ kind: 'bill' })
        .where('phone', 'in', [phoneOf(0), phoneOf(1)])
        .execute(),
    )
    await send()
    expect(await statuses(id)).toEqual(['cancelled', 'cancelled', 'sent'])
  })
})

describe('broadcasts', () => {
  test('two at once: the first first, each with its own report', async () => {
    await broadcast(2, 0)
    await broadcast(2, 10)
    await send()
    expect(sentTo()).toEqual([phoneOf(0), phoneOf(1), phoneOf(10), phoneOf(11)])
    expect(await reports()).toHaveLength(2)
  })

  test('its report does not go to a number that was typed for whoever started it, and not shown to be theirs', async () => {
    const prove = (until: Temporal.Instant | null) =>
      open((books) => books.trx.updateTable('staff').set({ proven_until: until }).execute())
    await prove(null)
    await broadcast(1)
    await send()
    expect(await open(listUnfinished)).toEqual([])
    expect(await reports()).toEqual([])
    await prove(clock.now())
  })

  test('a stopped one does not hold up the other', async () => {
    const first = await broadcast(2, 0)
    await broadcast(2, 10)
    await open((books) => stopBroadcast(books, first, 'oleh Pak Joko'))
    await send()
    expect(sentTo()).toEqual([phoneOf(10), phoneOf(11)])
  })

  test('resumed with nothing left it is done, and says so once', async () => {
    const id = await broadcast(1)
    await open((books) => stopBroadcast(books, id, 'oleh Pak Joko'))
    await open((books) =>
      books.trx.updateTable('message').set({ status: 'sent' }).where('broadcast_id', '=', id).execute(),
    )
    await open((books) => resumeBroadcast(books, id))
    await send()
    await send()
    expect(await open(listUnfinished)).toEqual([])
    expect(await reports()).toHaveLength(1)
  })
})

describe('a business without a number of its own', () => {
  const only = (channel: ChannelName) =>
    makeSender({
      database,
      openBooks,
      gateways: (_, name) => (name === channel ? gateway : undefined),
      onError: (error) => expect.fail(`${error}`),
    })
  const status = async (phone: string) =>
    open((books) =>
      books.trx
        .selectFrom('message')
        .select(['channel', 'status'])
        .where('phone', '=', phone)
        .orderBy('id', 'desc')
        .executeTakeFirst(),
    )

  test('speaks through Fonnte, and a lost answer is not repeated there', async () => {
    const [budi, siti] = [phoneOf(900), phoneOf(901)]
    says.set(siti, new GatewayError('unknown', 'koneksi putus'))
    await open((books) =>
      queueMessages(
        books,
        [budi, siti].map((phone) => ({ phone, kind: 'note', text: 'kabar' })),
      ),
    )
    const sender = only('fonnte')
    sender.wake(businessId, 'bot')
    while (sender.busy() > 0) await sleep(2)
    sender.wake(businessId, 'fonnte')
    while (sender.busy() > 0) await sleep(2)
    await sender.stop()
    expect(await status(budi)).toEqual({ channel: 'fonnte', status: 'sent' })
    expect(await status(siti)).toEqual({ channel: 'fonnte', status: 'uncertain' })
    expect(handed.filter(({ phone }) => phone === siti)).toHaveLength(1)
  })

  test('waits for one where it has no Fonnte either', async () => {
    const tono = phoneOf(902)
    await open((books) => queueMessages(books, [{ phone: tono, kind: 'note', text: 'kabar' }]))
    const sender = makeSender({ database, openBooks, gateways: () => undefined, onError: () => {} })
    sender.wake(businessId, 'bot')
    while (sender.busy() > 0) await sleep(2)
    await sender.stop()
    expect(await status(tono)).toEqual({ channel: 'bot', status: 'waiting' })
  })
})

describe('a number that is linked, but not connected here', () => {
  const row = (phone: string) =>
    open((books) =>
      books.trx
        .selectFrom('message')
        .select(['channel', 'status', 'attempts', 'reason'])
        .where('phone', '=', phone)
        .orderBy('id', 'desc')
        .executeTakeFirst(),
    )
  const untouched = { channel: 'bot', status: 'waiting', attempts: 0, reason: null }

  beforeEach(async () => {
    await linkNumber(openBooks, businessId, sealer('kunci uji'), { phone: '6281200000099', creds: '{}' })
  })
  afterEach(() => open((books) => endNumber(books, 'unlinked')))

  test('is left to the program that connects it: nothing is tried, and nothing goes by Fonnte', async () => {
    await reply(phoneOf(910))
    const locks: string[] = []
    const tryLock = (name: string) => {
      locks.push(name)
      return database.tryLock(name)
    }
    const sender = makeSender({
      database: { ...database, tryLock },
      openBooks,
      gateways: (_, name) => (name === 'fonnte' ? gateway : undefined),
      onError: (error) => expect.fail(`${error}`),
    })
    sender.wake(businessId, 'bot')
    while (sender.busy() > 0) await sleep(2)
    await sender.stop()
    expect(handed).toEqual([])
    expect(await row(phoneOf(910))).toEqual(untouched)
    // Held even for a moment, the lock would keep the other program's sender out until its next sweep.
    expect(locks).toEqual([])
  })

  test('what still waits when it goes away is not tried either, and leaves when it is back', async () => {
    await reply(phoneOf(911))
    await reply(phoneOf(912))
    const sender = makeSender({
      database,
      openBooks,
      gateways: () => (handed.length === 0 ? gateway : undefined),
      onError: (error) => expect.fail(`${error}`),
    })
    sender.wake(businessId, 'bot')
    while (sender.busy() > 0) await sleep(2)
    await sender.stop()
    expect(sentTo()).toEqual([phoneOf(911)])
    expect(await row(phoneOf(912))).toEqual(untouched)
    await send('bot')
    expect(await row(phoneOf(912))).toEqual({ ...untouched, status: 'sent', attempts: 1 })
  })
})
