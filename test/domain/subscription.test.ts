import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, day, isBefore } from '../../src/domain/calendar.ts'
import { firstInvoice, issueDay } from '../../src/domain/subscription.ts'

const today = day('2026-12-10')
const show = (
  typed: { day: number } | { date: Temporal.PlainDate },
  paidUntil?: string,
  billing: 'prepaid' | 'postpaid' = 'prepaid',
) => {
  const { dueOn, anchorDay, period } = firstInvoice(typed, today, billing, paidUntil ? day(paidUntil) : undefined)
  return { dueOn: String(dueOn), anchorDay, period: String(period) }
}

describe('the first invoice (rules 10, 11)', () => {
  test('a future date is taken as it stands', () => {
    expect(show({ date: day('2027-01-20') })).toEqual({ dueOn: '2027-01-20', anchorDay: 20, period: '2027-01-01' })
  })
  test('a bare day is the first such day after today', () => {
    expect(show({ day: 20 })).toEqual({ dueOn: '2026-12-20', anchorDay: 20, period: '2026-12-01' })
    expect(show({ day: 10 })).toEqual({ dueOn: '2027-01-10', anchorDay: 10, period: '2027-01-01' })
  })
  test('a typed date that is past is read as its day', () => {
    expect(show({ date: day('2025-03-31') })).toEqual({ dueOn: '2026-12-31', anchorDay: 31, period: '2026-12-01' })
  })
  test('paid to March: the first period is April, due in April (prepaid) or May (postpaid)', () => {
    expect(show({ day: 20 }, '2027-03-01')).toEqual({ dueOn: '2027-04-20', anchorDay: 20, period: '2027-04-01' })
    expect(show({ day: 20 }, '2027-03-01', 'postpaid')).toEqual({
      dueOn: '2027-05-20',
      anchorDay: 20,
      period: '2027-04-01',
    })
  })
  test('the later of paid-until and a typed date wins', () => {
    expect(show({ date: day('2027-06-20') }, '2027-03-01').dueOn).toBe('2027-06-20')
    expect(show({ date: day('2027-01-20') }, '2027-03-01').dueOn).toBe('2027-04-20')
  })
  test('postpaid pays for the month before its due date', () => {
    expect(show({ day: 20 }, undefined, 'postpaid').period).toBe('2026-11-01')
  })
  test('is never due before today, and a bare day never today', () => {
    const anyDay = fc.integer({ min: -400, max: 800 }).map((days) => addDays(today, days))
    const typed = fc.oneof(
      fc.integer({ min: 1, max: 31 }).map((number) => ({ day: number })),
      anyDay.map((date) => ({ date })),
    )
    fc.assert(
      fc.property(typed, fc.option(anyDay, { nil: undefined }), (due, paid) => {
        const { dueOn } = firstInvoice(due, today, 'prepaid', paid?.with({ day: 1 }))
        expect(isBefore(dueOn, today)).toBe(false)
        if ('day' in due) expect(dueOn.equals(today)).toBe(false)
      }),
    )
  })
})

test('due 20 December, lead 19: issued on 1 December; lead 14: on the 6th', () => {
  expect(String(issueDay(day('2026-12-20'), 19))).toBe('2026-12-01')
  expect(String(issueDay(day('2026-12-20'), 14))).toBe('2026-12-06')
})
