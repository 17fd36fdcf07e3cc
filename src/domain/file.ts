import type { Books } from './books.ts'

/** Keeps a file in the database, so that it is backed up and seen by every process. */
export async function storeFile(
  books: Books,
  file: { name: string; mime: string; bytes: Uint8Array },
): Promise<number> {
  const { id } = await books.trx
    .insertInto('file')
    .values({
      business_id: books.business.id,
      name: file.name,
      mime: file.mime,
      bytes: Buffer.from(file.bytes),
      at: books.now,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

type StoredFile = { name: string; mime: string; bytes: Buffer }

export async function findFile(books: Books, id: number): Promise<StoredFile | undefined> {
  return books.trx
    .selectFrom('file')
    .select(['name', 'mime', 'bytes'])
    .where('business_id', '=', books.business.id)
    .where('id', '=', id)
    .executeTakeFirst()
}

export async function getFile(books: Books, id: number): Promise<StoredFile> {
  const file = await findFile(books, id)
  if (!file) throw new Error(`no file ${id}`)
  return file
}
