import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Source, spread, type Target } from '../../src/domain/credit.ts'
import { rupiah, sum } from '../../src/domain/money.ts'

const money = fc.integer({ min: 1, max: 1_000_000 }).map(rupiah)
const customer = fc.integer({ min: 1, max: 3 })
const sources = fc
  .array(fc.record({ customerId: customer, free: money }), { maxLength: 8 })
  .map((rows): Source[] => rows.map((row, index) => ({ ...row, paymentId: index + 1 })))
const targets = fc
  .array(fc.record({ customerId: customer, open: money }), { maxLength: 8 })
  .map((rows): Target[] => rows.map((row, index) => ({ ...row, invoiceId: index + 1 })))

test('money is neither made nor lost, and never pays the invoice of another customer', () => {
  fc.assert(
    fc.property(sources, targets, (from, to) => {
      const made = spread(from, to)
      for (const { paymentId, free, customerId } of from) {
        const used = made.filter((row) => row.paymentId === paymentId)
        expect(sum(used.map((row) => row.amount))).toBeLessThanOrEqual(free)
        expect(used.every((row) => row.customerId === customerId)).toBe(true)
      }
      for (const { invoiceId, open, customerId } of to) {
        const paid = made.filter((row) => row.invoiceId === invoiceId)
        expect(sum(paid.map((row) => row.amount))).toBeLessThanOrEqual(open)
        expect(paid.every((row) => row.customerId === customerId)).toBe(true)
      }
      for (const id of [1, 2, 3]) {
        const free = sum(from.filter((row) => row.customerId === id).map((row) => row.free))
        const open = sum(to.filter((row) => row.customerId === id).map((row) => row.open))
        const spent = sum(made.filter((row) => row.customerId === id).map((row) => row.amount))
        expect(spent).toBe(Math.min(free, open))
      }
      expect(made.every((row) => row.amount > 0)).toBe(true)
    }),
  )
})

test('the oldest invoice is paid first, from the oldest money', () => {
  const made = spread(
    [
      { paymentId: 1, customerId: 1, free: rupiah(100) },
      { paymentId: 2, customerId: 1, free: rupiah(100) },
    ],
    [
      { invoiceId: 1, customerId: 1, open: rupiah(150) },
      { invoiceId: 2, customerId: 1, open: rupiah(150) },
    ],
  )
  // 100 + 50 for the first; of the second payment's 100 are 50 left for the second.
  expect(made.map((row) => [row.paymentId, row.invoiceId, row.amount])).toEqual([
    [1, 1, 100],
    [2, 1, 50],
    [2, 2, 50],
  ])
})
