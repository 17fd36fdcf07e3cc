import type { Business, OpenBooks } from '../domain/books.ts'
import { applyStatus, findNotification, type PaymentGateway, settleNotification } from '../domain/order.ts'
import { announceApplied, announceUnknown } from '../domain/receipt.ts'

export type PaymentGateways = (business: Business) => PaymentGateway | undefined

/**
 * Works on a notification: asks Midtrans itself what became of the order, and applies that (P08). Throws when it cannot
 * be asked, so that the job is tried again.
 */
export async function handleNotification(
  deps: { openBooks: OpenBooks; payment: PaymentGateways },
  businessId: number,
  id: number,
): Promise<void> {
  const found = await deps.openBooks(businessId, async (books) => ({
    notification: await findNotification(books, id),
    business: books.business,
  }))
  if (!found.notification) return
  const orderId = String(found.notification.body.order_id)
  const result = await askAndApply(deps, found.business, orderId)
  if (result === 'unknown order') await tellUnknown(deps, found.business, orderId)
  await deps.openBooks(businessId, (books) => settleNotification(books, id, result))
}

/** An order that was made after the backup these books came back from: the money is there, and nobody knows whose. */
async function tellUnknown(
  deps: { openBooks: OpenBooks; payment: PaymentGateways },
  business: Business,
  orderId: string,
): Promise<void> {
  const status = await deps.payment(business)?.getStatus(orderId)
  if (status?.state === 'paid') await deps.openBooks(business.id, (books) => announceUnknown(books, orderId, status))
}

/** Asks about orders that nobody told us of: money arrives though every notification was lost (P12). */
export async function reconcile(
  deps: { openBooks: OpenBooks; payment: PaymentGateways },
  businessId: number,
  orderIds: readonly string[],
): Promise<void> {
  const business = await deps.openBooks(businessId, async (books) => books.business)
  for (const orderId of orderIds) await askAndApply(deps, business, orderId)
}

async function askAndApply(
  deps: { openBooks: OpenBooks; payment: PaymentGateways },
  business: Business,
  orderId: string,
): Promise<string> {
  const gateway = deps.payment(business)
  if (!gateway) return 'no key'
  const status = await gateway.getStatus(orderId)
  return deps.openBooks(business.id, async (books) => {
    const applied = await applyStatus(books, orderId, status)
    await announceApplied(books, applied)
    return applied.outcome === 'nothing' ? applied.reason : applied.outcome
  })
}
