import type { Books } from './books.ts'

/**
 * Takes a form's token in the transaction that does what the form says (M17). `fresh`: do it. `repeat`: the very same
 * form was already done, so answer as before. `other`: the token was used for something else, so do nothing. The second
 * of two at the same moment waits here for the first one's commit.
 */
export async function claimForm(
  books: Books,
  form: { token: string; digest: string },
): Promise<'fresh' | 'repeat' | 'other'> {
  const claimed = await books.trx
    .insertInto('form_use')
    .values({ business_id: books.business.id, token: form.token, digest: form.digest, at: books.now })
    .onConflict((conflict) => conflict.doNothing())
    .returning('token')
    .executeTakeFirst()
  if (claimed) return 'fresh'
  const before = await books.trx
    .selectFrom('form_use')
    .select('digest')
    .where('business_id', '=', books.business.id)
    .where('token', '=', form.token)
    .executeTakeFirstOrThrow()
  return before.digest === form.digest ? 'repeat' : 'other'
}
