import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatRupiah, readRupiah, rupiah, sum } from '../../src/domain/money.ts'

const amount = fc.integer({ min: 1_000, max: 99_999_999 }).map((thousands) => rupiah(thousands))

test.each([
  ['150rb', 150_000],
  ['150 rb', 150_000],
  ['150K', 150_000],
  ['150.000', 150_000],
  ['150,000', 150_000],
  ['Rp 150.000,00', 150_000],
  ['Rp150.000,-', 150_000],
  ['Rp. 75.000,00', 75_000],
  ['IDR 150000', 150_000],
  ['200 ribu', 200_000],
  ['1,5jt', 1_500_000],
  ['1.5 juta', 1_500_000],
  ['1jt500', 1_500_000],
  ['1jt 500rb', 1_500_000],
  ['2.350.000', 2_350_000],
  ['150', 150],
])('%s is read as %i', (typed, expected) => {
  expect(readRupiah(typed)).toBe(expected)
})

test.each(['gratis', 'nego', '', '150.00', '150.000,5', '1.50.000', '10mb', '20/12', '-5', '1e6', '999999999999999'])(
  '%s is no amount',
  (typed) => {
    expect(readRupiah(typed)).toBeUndefined()
  },
)

test('what is shown is read back as the same amount', () => {
  fc.assert(
    fc.property(amount, (given) => {
      expect(readRupiah(formatRupiah(given))).toBe(given)
    }),
  )
})

test('a fraction is never money', () => {
  expect(() => rupiah(0.5)).toThrow()
  expect(() => rupiah(Number.MAX_SAFE_INTEGER + 1)).toThrow()
})

test('a sum is exact, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(amount, { maxLength: 50 }), (amounts) => {
      const exact = amounts.reduce((total, each) => total + BigInt(each), 0n)
      expect(BigInt(sum(amounts))).toBe(exact)
      expect(sum(amounts.toReversed())).toBe(sum(amounts))
    }),
  )
})

test('zero and negative amounts are shown plainly', () => {
  expect(formatRupiah(rupiah(0))).toBe('Rp0')
  expect(formatRupiah(rupiah(-5_000))).toBe('-Rp5.000')
})
