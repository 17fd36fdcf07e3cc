import { closeUnpaid, isMoot } from '../domain/ask.ts'
import type { Books, Business, OpenBooks } from '../domain/books.ts'
import { isOutage } from '../domain/database.ts'
import { findNotification, postponeNotification, settleNotification } from '../domain/notification.ts'
import { applyStatus, isOurs, type PaymentGateway } from '../domain/order.ts'
import { GatewayError, queueMessages } from '../domain/outbox.ts'
import { announceApplied, announceUnknown } from '../domain/receipt.ts'
import { noteDailyRun } from '../domain/run.ts'
import { listStaff } from '../domain/staff.ts'

export type PayDeps = {
  openBooks: OpenBooks
  payment: (business: Business) => PaymentGateway | undefined
  onError: (error: Error) => void
}

/** So many unanswered questions one after the other mean that Midtrans is away: the others wait for their next time. */
const MOST_UNANSWERED = 3

/**
 * Works on a notification: asks Midtrans itself what became of the order, and applies that (P08). One that cannot be
 * worked on yet is put off; throws when Midtrans cannot be asked, so that the job is tried again soon.
 */
export async function handleNotification(deps: PayDeps, businessId: number, id: number): Promise<void> {
  const { notification, orderId, moot, business } = await deps.openBooks(businessId, async (books) => {
    const found = await findNotification(books, id)
    const named = String(found?.body.order_id)
    return {
      notification: found,
      orderId: named,
      moot: found && (await isMoot(books, named)),
      business: books.business,
    }
  })
  if (!notification) return
  const postpone = (why: 'unknown order' | 'no answer') =>
    deps.openBooks(businessId, (books) => postponeNotification(books, notification, why))
  try {
    if (moot === undefined) {
      await tellUnknown(deps, business, orderId)
      return await postpone('unknown order')
    }
    await askAndApply(deps, business, { orderId, moot }, (books, result) => settleNotification(books, id, result))
  } catch (error) {
    await postpone('no answer')
    throw error
  }
}

/** An order that was made after the backup these books came back from: the money is there, and nobody knows whose. */
async function tellUnknown(deps: PayDeps, business: Business, orderId: string): Promise<void> {
  if (!isOurs(orderId)) return
  const status = await deps.payment(business)?.getStatus(orderId)
  if (status?.state === 'paid') await deps.openBooks(business.id, (books) => announceUnknown(books, orderId, status))
}

/** Asks about orders that nobody told us of: money arrives though every notification was lost (P12). */
export async function reconcile(deps: PayDeps, businessId: number, orderIds: readonly string[]): Promise<void> {
  const business = await deps.openBooks(businessId, async (books) => books.business)
  let unanswered = 0
  for (const orderId of orderIds) {
    try {
      const moot = await deps.openBooks(businessId, (books) => isMoot(books, orderId))
      await askAndApply(deps, business, { orderId, moot })
      unanswered = 0
    } catch (error) {
      if (isOutage(error)) throw error
      // One order that cannot be worked on holds up no other; its next time is noted already (J13).
      deps.onError(error as Error)
      if (error instanceof GatewayError && ++unanswered >= MOST_UNANSWERED) return
    }
  }
}

/** Asks what became of an order and applies the answer, with `note` of what came of it in the same transaction. */
async function askAndApply(
  { openBooks, payment }: Pick<PayDeps, 'openBooks' | 'payment'>,
  business: Business,
  { orderId, moot }: { orderId: string; moot?: boolean },
  note: (books: Books, result: string) => Promise<void> = async () => {},
): Promise<void> {
  const gateway = payment(business)
  if (!gateway) return openBooks(business.id, (books) => note(books, 'no key'))
  try {
    if (moot) await gateway.expire(orderId)
    const status = await gateway.getStatus(orderId)
    await openBooks(business.id, async (books) => {
      const applied = await applyStatus(books, orderId, status)
      await Promise.all([
        announceApplied(books, applied),
        moot && closeUnpaid(books, orderId),
        note(books, applied.outcome === 'nothing' ? applied.reason : applied.outcome),
      ])
    })
  } catch (error) {
    if (error instanceof GatewayError && error.fault === 'device') await tellKeyRefused(openBooks, business)
    throw error
  }
}

/** Payments come in and cannot be confirmed: the owner hears it once a day. */
async function tellKeyRefused(openBooks: OpenBooks, business: Business): Promise<void> {
  await openBooks(business.id, async (books) => {
    if (!(await noteDailyRun(books, 'midtrans.key', books.today))) return
    const text =
      '⚠️ Midtrans menolak kunci usaha ini, jadi pembayaran digital belum bisa saya cocokkan.\nUangnya aman di Midtrans. Perbarui kuncinya; sesudah itu saya cocokkan sendiri.'
    const owners = await listStaff(books, ['owner'])
    await queueMessages(
      books,
      owners.map(({ phone }) => ({ phone, kind: 'note', text })),
    )
  })
}
