import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, anchoredIn, day, daysBetween, isBefore, nextDue } from '../../src/domain/calendar.ts'
import { alignShift, type Movable, moveShift, shiftedDays } from '../../src/domain/due.ts'
import { rupiah } from '../../src/domain/money.ts'

const today = day('2026-12-10')

/** A monthly subscription whose newest invoice fell due on `dueOn`, the one before it a month earlier. */
function subscription(
  dueOn: string,
  newest: Partial<NonNullable<Movable['newest']>> = {},
  more: Partial<Movable> = {},
): Movable {
  const due = day(dueOn)
  return {
    id: 1,
    customerId: 1,
    name: 'Budi',
    area: null,
    planName: 'Rumah 10 Mbps',
    price: rupiah(150_000),
    months: 1,
    leadDays: 19,
    anchorDay: due.day,
    nextDueOn: nextDue(due, due.day, 1),
    nextPeriod: nextDue(due, 1, 1),
    newest: { id: 7, period: due.with({ day: 1 }), months: 1, dueOn: due, status: 'open', sent: false, ...newest },
    beforeDueOn: anchoredIn(due.subtract({ months: 1 }), due.day),
    ...more,
  }
}

const show = (shift: ReturnType<typeof alignShift>) =>
  shift && `${shift.invoice ? `${shift.invoice.from} → ${shift.invoice.to}, ` : ''}berikutnya ${shift.nextDueOn}`

describe('samakan jatuh tempo ke tgl 5 (rules 25), on 10 Dec 2026', () => {
  test('an unpaid newest bill gets the 5th of its own due month, or of the next where that is past', () => {
    expect(show(alignShift(subscription('2027-01-20'), 5, today))).toBe(
      '2027-01-20 → 2027-01-05, berikutnya 2027-02-05',
    )
    expect(show(alignShift(subscription('2026-12-20'), 5, today))).toBe(
      '2026-12-20 → 2027-01-05, berikutnya 2027-02-05',
    )
  })

  test('one that is paid, void or already sent keeps its date, and the next due date moves by the same rule', () => {
    for (const kept of [{ status: 'paid' }, { status: 'void' }, { sent: true }] as const)
      expect(show(alignShift(subscription('2026-12-20', kept), 5, today))).toBe('berikutnya 2027-01-05')
  })

  test('28 Dec paid, next 28 Jan: 5 Feb and not 5 Jan, which is less than half a period after 28 Dec', () => {
    expect(show(alignShift(subscription('2026-12-28', { status: 'paid' }), 5, today))).toBe('berikutnya 2027-02-05')
  })

  test('the 31st is the last day of a shorter month and stays the anchor', () => {
    const shift = alignShift(subscription('2027-01-20', { status: 'paid' }), 31, today)
    expect(show(shift)).toBe('berikutnya 2027-02-28')
    expect(shift?.anchorDay).toBe(31)
  })

  test('without any bill yet the next due date moves', () => {
    const fresh = subscription('2026-12-20', {}, { newest: null, beforeDueOn: null, nextDueOn: day('2027-01-20') })
    expect(show(alignShift(fresh, 5, today))).toBe('berikutnya 2027-01-05')
  })

  test('what is so already is left alone', () => {
    expect(alignShift(subscription('2027-01-05'), 5, today)).toBeUndefined()
  })

  test('a plan of three months counts half of three months', () => {
    const quarter = (dueOn: string) =>
      subscription(
        dueOn,
        { status: 'paid', months: 3 },
        { months: 3, nextDueOn: nextDue(day(dueOn), day(dueOn).day, 3) },
      )
    // 28 Dec + 3 months = 28 Mar; 5 Mar is 67 days after 28 Dec, more than half of 90.
    expect(show(alignShift(quarter('2026-12-28'), 5, today))).toBe('berikutnya 2027-03-05')
  })

  test('for all dates: the day is the one asked for, never less than half a period apart, nothing sent moves', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -40, max: 60 }),
        fc.integer({ min: 1, max: 31 }),
        fc.constantFrom('open', 'paid', 'void'),
        fc.boolean(),
        (offset, anchorDay, status, sent) => {
          const given = subscription(addDays(today, offset).toString(), { status, sent })
          const shift = alignShift(given, anchorDay, today)
          if (!shift) return
          expect(shift.nextDueOn.equals(anchoredIn(shift.nextDueOn, anchorDay))).toBe(true)
          const newest = shift.invoice?.to ?? (given.newest?.dueOn as Temporal.PlainDate)
          expect(daysBetween(newest, shift.nextDueOn)).toBeGreaterThanOrEqual(14)
          if (sent || status !== 'open') expect(shift.invoice).toBeUndefined()
          // Doing it again changes nothing, seen from the same day.
          const again = alignShift(
            {
              ...given,
              anchorDay,
              nextDueOn: shift.nextDueOn,
              newest: given.newest && { ...given.newest, dueOn: newest },
            },
            anchorDay,
            today,
          )
          if (!isBefore(newest, today)) expect(show(again)).toBeUndefined()
        },
      ),
    )
  })
})

describe('undur tempo budi (rules 23)', () => {
  test('the newest open bill moves, and the next is due a period after it', () => {
    const shift = moveShift(subscription('2026-12-20'), day('2026-12-28'), false)
    expect(show(shift)).toBe('2026-12-20 → 2026-12-28, berikutnya 2027-01-28')
    expect(shift.anchorDay).toBe(28)
    expect(shiftedDays(shift)).toBe(8)
  })

  test('once: the bill moves alone, the anchor stays', () => {
    const shift = moveShift(subscription('2026-12-20'), day('2026-12-28'), true)
    expect(show(shift)).toBe('2026-12-20 → 2026-12-28, berikutnya 2027-01-20')
    expect(shift.anchorDay).toBe(20)
  })

  test('a paid newest bill keeps its date: the next one moves, at least half a period later', () => {
    const paid = subscription('2026-12-20', { status: 'paid' })
    expect(show(moveShift(paid, day('2026-12-28'), false))).toBe('berikutnya 2027-01-28')
    expect(show(moveShift(paid, day('2027-01-15'), false))).toBe('berikutnya 2027-01-15')
  })
})
