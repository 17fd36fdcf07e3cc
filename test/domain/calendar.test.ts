import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addDays,
  anchoredIn,
  day,
  dayIn,
  firstAnchorAfter,
  formatDay,
  formatPeriod,
  nextDue,
  resolveDay,
} from '../../src/domain/calendar.ts'

const anyDay = fc.integer({ min: 0, max: 20_000 }).map((days) => addDays(day('2000-01-01'), days))

describe('the due date that follows', () => {
  test('anchor 31 goes through February of a common and of a leap year and comes back', () => {
    const dues = (start: string, count: number) => {
      const found = [day(start)]
      while (found.length < count) found.push(nextDue(found.at(-1) as Temporal.PlainDate, 31, 1))
      return found.map(String)
    }
    expect(dues('2026-12-31', 5)).toEqual(['2026-12-31', '2027-01-31', '2027-02-28', '2027-03-31', '2027-04-30'])
    expect(dues('2027-12-31', 4)).toEqual(['2027-12-31', '2028-01-31', '2028-02-29', '2028-03-31'])
  })

  test('a yearly 29 February is the 28th in common years and comes back', () => {
    expect(String(nextDue(day('2028-02-29'), 29, 12))).toBe('2029-02-28')
    expect(String(nextDue(day('2031-02-28'), 29, 12))).toBe('2032-02-29')
  })

  test('stays on the anchor or the last day of a shorter month, in the month asked for', () => {
    fc.assert(
      fc.property(anyDay, fc.integer({ min: 1, max: 31 }), fc.integer({ min: 1, max: 24 }), (from, anchor, months) => {
        const next = nextDue(from, anchor, months)
        expect(next.day).toBe(Math.min(anchor, next.daysInMonth))
        expect((next.year - from.year) * 12 + next.month - from.month).toBe(months)
      }),
    )
  })
})

test('a bare day is the first such day after today, never today itself', () => {
  expect(String(firstAnchorAfter(day('2026-12-10'), 10))).toBe('2027-01-10')
  expect(String(firstAnchorAfter(day('2026-11-23'), 31))).toBe('2026-11-30')
  fc.assert(
    fc.property(anyDay, fc.integer({ min: 1, max: 31 }), (today, anchor) => {
      const found = firstAnchorAfter(today, anchor)
      const days = today.until(found, { largestUnit: 'day' }).days
      expect(days).toBeGreaterThan(0)
      expect(days).toBeLessThanOrEqual(31)
      expect(found.equals(anchoredIn(found, anchor))).toBe(true)
    }),
  )
})

test('a day without a month is the coming one for a promise and the past one for a payment; today counts', () => {
  const today = day('2026-12-10')
  expect(String(resolveDay(today, { day: 10 }, 'coming'))).toBe('2026-12-10')
  expect(String(resolveDay(today, { day: 10 }, 'past'))).toBe('2026-12-10')
  expect(String(resolveDay(today, { day: 5 }, 'coming'))).toBe('2027-01-05')
  expect(String(resolveDay(today, { day: 15 }, 'past'))).toBe('2026-11-15')
  expect(String(resolveDay(today, { day: 31 }, 'past'))).toBe('2026-10-31')
  expect(String(resolveDay(today, { day: 5, month: 1 }, 'coming'))).toBe('2027-01-05')
  expect(resolveDay(today, { day: 31, month: 11 }, 'coming')).toBeUndefined()
})

test('just after midnight in Jakarta it is the new day, though UTC still has the old one', () => {
  const now = Temporal.Instant.from('2026-12-09T17:30:00Z')
  expect(String(dayIn('Asia/Jakarta', now))).toBe('2026-12-10')
  expect(String(dayIn('Asia/Jayapura', now))).toBe('2026-12-10')
  expect(String(dayIn('UTC', now))).toBe('2026-12-09')
})

test('days and periods are written as people here do', () => {
  const today = day('2026-12-10')
  expect(formatDay(day('2026-08-05'))).toBe('5 Agu 2026')
  expect(formatPeriod(day('2026-12-01'), 1, today)).toBe('Desember')
  expect(formatPeriod(day('2027-01-01'), 1, today)).toBe('Januari 2027')
  expect(formatPeriod(day('2026-12-01'), 3, today)).toBe('Desember–Februari 2027')
})
