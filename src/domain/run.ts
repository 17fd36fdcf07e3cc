import type { Books } from './books.ts'
import type { Day } from './calendar.ts'

/** The newest day for which a daily act was started. */
export async function lastRunDay(books: Books, act: string): Promise<Day | undefined> {
  const row = await books.trx
    .selectFrom('daily_run')
    .select('day')
    .where('business_id', '=', books.business.id)
    .where('act', '=', act)
    .orderBy('day', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.day
}

/** Notes that a daily act was started for a day; false when somebody was first (J03). */
export async function noteDailyRun(books: Books, act: string, day: Day): Promise<boolean> {
  const noted = await books.trx
    .insertInto('daily_run')
    .values({ business_id: books.business.id, act, day, at: books.now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return Number(noted.numInsertedOrUpdatedRows) === 1
}
