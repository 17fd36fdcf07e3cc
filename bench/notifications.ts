import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { pino } from 'pino'
import { makeServer } from '../src/admin/server.ts'
import { bookkeeper, type OpenBooks } from '../src/domain/books.ts'
import { movableClock } from '../src/gateways/clock.ts'
import { isSigned, midtrans } from '../src/gateways/midtrans.ts'
import { issueAll } from '../src/jobs/issue.ts'
import { handleNotification } from '../src/jobs/pay.ts'
import { openQueue } from '../src/jobs/queue.ts'
import { barestBooks, sameBooks, serveBare } from './baseline/notifications.ts'
import type { Outside, Send } from './outside.ts'
import type { Place, Site } from './place.ts'
import { interleave, type Line, seconds } from './rounds.ts'
import { asBusiness, MIDTRANS_KEY, makeBare, SEALER, START, seedBusiness } from './seed.ts'

/** Short slices and many of them, as with turns. */
const PER_SLICE = 100
const SLICES = 3
const WARM_UP = 4
const AT_ONCE = 16
const AMOUNT = 150_000

/**
 * Midtrans notifications, from the signed POST until the payment is in the ledger with its receipt queued: the real webhook,
 * the real queue and the real gateway beside a bare node:http server that does the same on the same tables by pg, and one that
 * does the barest on plain tables. Midtrans is a process of its own, and the sender stands still on all sides.
 */
export async function notifications(place: Place, rounds: number): Promise<Line[]> {
  const site = await place.site('notifications')
  const outside = fork(new URL('./outside.ts', import.meta.url))
  const [{ port }] = (await once(outside, 'message')) as [Outside]
  const statusUrl = `http://127.0.0.1:${port}/v2`
  const count = countdown()
  const slices = SLICES * rounds
  const half = PER_SLICE * (WARM_UP + slices)
  const ours = await startOurs(site, statusUrl.slice(0, -3), 2 * half, count)
  const each = { serverKey: MIDTRANS_KEY, statusUrl, onRecorded: count.down, onError: count.fail }
  const now = START.toString()
  const same = await serveBare(sameBooks(site.own, ours.slug, now), each)
  const bare = await serveBare(barestBooks(site.bare, now), each)
  const play = (url: string, from: number) => async (slice: number) => {
    const orderIds = Array.from({ length: PER_SLICE }, (_, index) => orderIdOf(from + slice * PER_SLICE + index))
    return PER_SLICE / (await seconds(() => Promise.all([count.from(PER_SLICE), sendFrom(outside, url, orderIds)])))
  }
  try {
    const contenders = { ours: play(ours.url, 0), same: play(same.url, half), plain: play(bare.url, 0) }
    const measured = await interleave(slices, contenders, { warmUp: WARM_UP, settle: site.settle })
    await check(site, ours, half)
    const line = { unit: '/s', ours: measured.ours, aim: 0.6 } as const
    return [
      { ...line, figure: `Midtrans notifications, ${AT_ONCE} at a time`, baseline: measured.same },
      { ...line, figure: '  beside the barest, plain tables', baseline: measured.plain },
    ]
  } finally {
    outside.disconnect()
    await same.end()
    await bare.end()
    await ours.end()
    await site.end()
  }
}

/** `TGH-` with fifteen signs and a letter, as ours are. */
function orderIdOf(index: number): string {
  return `TGH-${String(index).padStart(15, '0')}A`
}

async function sendFrom(outside: ChildProcess, url: string, orderIds: readonly string[]): Promise<void> {
  const sent = once(outside, 'message')
  outside.send({ url, orderIds, atOnce: AT_ONCE, serverKey: MIDTRANS_KEY, amount: AMOUNT } satisfies Send)
  await sent
}

/** Counts what was recorded, and resolves at the last of a round. */
function countdown() {
  let left = 0
  let settle: { done: () => void; failed: (error: Error) => void } | undefined
  return {
    from: (count: number) =>
      new Promise<void>((done, failed) => {
        left = count
        settle = { done, failed }
      }),
    down: () => {
      if (--left === 0) settle?.done()
    },
    fail: (error: Error) => settle?.failed(error),
  }
}

type Ours = { url: string; slug: string; businessId: number; openBooks: OpenBooks; end(): Promise<void> }

async function startOurs(
  site: Site,
  apiUrl: string,
  orders: number,
  count: ReturnType<typeof countdown>,
): Promise<Ours> {
  const { database, url } = site
  const clock = movableClock(START.epochMilliseconds - Temporal.Now.instant().epochMilliseconds)
  const queue = await openQueue({ url, appRole: database.appRole, alone: true, onError: count.fail })
  const openBooks = bookkeeper({ database, clock, enqueue: queue.enqueue })
  const businessId = await seedBusiness(site, { customers: orders, staff: 1 })
  await issueAll({ database, openBooks }, businessId)
  await seedOrders(site, businessId)
  const payment = () => midtrans({ serverKey: MIDTRANS_KEY, production: false, snapUrl: apiUrl, apiUrl })
  const unused = async () => undefined
  await queue.work({
    notification: async ({ businessId: id, id: notificationId }) => {
      await handleNotification({ openBooks, payment, onError: count.fail }, id, notificationId)
      count.down()
    },
    errand: unused,
    issue: unused,
    reconcile: unused,
    backup: unused,
    restored: unused,
  })
  const server = await makeServer({
    database,
    openBooks,
    verify: (business, body) =>
      business.midtrans_key !== null && isSigned(body, SEALER.open(business.id, business.midtrans_key)),
    fonnte: { readMessage: () => undefined, readStatus: () => undefined, accept: unused, ownNumber: unused },
    health: {},
    sealer: SEALER,
    publicUrl: 'http://127.0.0.1',
    gateways: { fonnte: () => ({ device: async () => ({ connected: true }) }), midtrans: payment },
    logger: pino({ level: 'silent' }),
  })
  const address = await server.listen({ port: 0, host: '127.0.0.1' })
  const slug = await openBooks(businessId, async ({ business }) => business.slug)
  return {
    url: `${address}/webhooks/midtrans/${slug}`,
    slug,
    businessId,
    openBooks,
    async end() {
      await server.close()
      await queue.stop()
    },
  }
}

/** An open order for each invoice, and the same rows in the baseline's tables. */
async function seedOrders(site: Site, businessId: number): Promise<void> {
  await asBusiness(site, businessId, [
    `insert into payment_order (business_id, order_id, phone, amount, state, made_at, expires_at)
     select $1::bigint, 'TGH-' || lpad((row_number() over (order by id) - 1)::text, 15, '0') || 'A', '62857' || (10000000 + id),
            total, 'open', '${START}', '${START.add({ hours: 24 })}'
       from invoice where business_id = $1`,
    `insert into payment_order_invoice (business_id, order_id, position, customer_id, invoice_id, amount)
     select o.business_id, o.id, 0, i.customer_id, i.id, i.total
       from (select *, row_number() over (order by id) as place from invoice where business_id = $1::bigint) i
       join (select *, row_number() over (order by id) as place from payment_order where business_id = $1::bigint) o using (place)`,
  ])
  await makeBare(site, businessId, {
    empty: ['notification', 'message', 'payment', 'allocation', 'audit'],
    filled: ['staff', 'customer', 'invoice', 'payment_order', 'payment_order_invoice'],
  })
  await site.settle()
}

/** A rate counts only when every bill is paid once, on all sides. */
async function check(site: Site, { openBooks, businessId }: Ours, expected: number): Promise<void> {
  const unpaid = await openBooks(businessId, ({ trx }) =>
    trx.selectFrom('invoice').select('id').where('status', '=', 'open').execute(),
  )
  assert.equal(unpaid.length, 0)
  const { rows } = await site.bare.query(`select count(*)::int as count from bare.invoice where status = 'paid'`)
  assert.equal(rows[0].count, expected)
}
