import type { Business } from '../domain/books.ts'
import type { Database } from '../domain/database.ts'
import { askToRelease, listOpenOrderIds, requeueNotifications, wasAnswered } from '../domain/restoration.ts'
import { issueAll } from './issue.ts'
import { type PayDeps, reconcile } from './pay.ts'

type RestoredDeps = PayDeps & {
  database: Database
  /** Whether a business's stored credentials can be read with this SECRET_KEY. */
  opens: (business: Business) => boolean
}

/** After so many failures in a row Midtrans counts as away; the usual schedule asks about the rest. */
const GIVE_UP_AFTER = 3

/**
 * What is done first on data that came back from a backup: bills that are due are issued again, Midtrans is asked about
 * every order that is known, and only then are the owners asked whether sending may go on (D12).
 */
export async function settleRestoration(deps: RestoredDeps, businessId: number): Promise<void> {
  const { openBooks, payment, opens } = deps
  await issueAll(deps, businessId)
  const { business, orderIds } = await openBooks(businessId, async (books) => ({
    business: books.business,
    orderIds: await listOpenOrderIds(books),
  }))
  const unasked = payment(business) ? await askAll(deps, businessId, orderIds) : orderIds.length
  await openBooks(businessId, async (books) => {
    await requeueNotifications(books)
    await askToRelease(books, { unasked, sealed: !opens(business) })
  })
}

/** Asks Midtrans about each order; answers of how many it did not say what became of them. */
async function askAll(deps: RestoredDeps, businessId: number, orderIds: readonly string[]): Promise<number> {
  let failed = 0
  let inARow = 0
  for (const [at, orderId] of orderIds.entries()) {
    if (inARow >= GIVE_UP_AFTER) return failed + orderIds.length - at
    // Without the database the whole act is tried again; without Midtrans the owner decides knowing it.
    await reconcile(deps, businessId, [orderId])
    const answered = await deps.openBooks(businessId, (books) => wasAnswered(books, orderId))
    inARow = answered ? 0 : inARow + 1
    if (!answered) failed++
  }
  return failed
}
