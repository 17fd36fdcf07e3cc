import { sql } from 'kysely'
import { expect, test } from 'vitest'
import type { OpenBooks } from '../../src/domain/books.ts'
import { sealer } from '../../src/domain/secret.ts'
import { findKeys, findNumber } from '../../src/domain/whatsapp.ts'
import { linkedState } from '../../src/gateways/whatsapp/state.ts'
import { createTestBusiness, dyingAfter } from '../support/database.ts'
import { BUDI, eventually, linkByQr, makeStation, OWNER, reaches, SECRET } from '../support/whatsapp/station.ts'

const station = await makeStation()
const { businessId, fake, owner, budi } = station
const business = { id: businessId } as never

test('a QR is shown, the phone scans it, and from then on the number sends and hears', async () => {
  const program = station.program()
  const states: string[] = []
  program.watch(businessId, ({ is }) => void states.push(is))
  expect(program.channel(business)).toBeUndefined()
  await linkByQr(station, program)
  expect([...new Set(states)]).toEqual(['pairing', 'connecting', 'open'])

  const send = program.channel(business)
  const id = '3EB0000000000000000001'
  expect(await send?.({ phone: BUDI, text: 'Tagihan Desember', outsideId: id })).toEqual({ id })
  expect(await budi.sees(/Tagihan Desember/)).toMatchObject({ id, from: OWNER })
  await budi.write(OWNER, 'sudah transfer kak')
  await eventually(() =>
    expect(station.heard).toMatchObject([{ phone: BUDI, kind: 'text', text: 'sudah transfer kak' }]),
  )
  expect(await program.link(businessId, { by: 'qr' })).toBe(false)
  await reaches(program, businessId, 'open')
  await program.stop()
})

test('nothing of the account is readable in the database, nor in the log', async () => {
  const { creds, preKey, rows } = await station.open(async (books) => ({
    creds: JSON.parse((await findNumber(books, sealer(SECRET)))?.creds ?? '{}'),
    preKey: JSON.parse((await findKeys(books, sealer(SECRET), 'pre-key', ['700']))[0]?.value ?? '{}'),
    rows: await sql<{ bytes: Buffer }>`
      select creds as bytes from whatsapp_number where creds is not null
      union all select value from whatsapp_key where value is not null`.execute(books.trx),
  }))
  const secrets = [creds.noiseKey.private.data, creds.signedIdentityKey.private.data, preKey.private.data].map(
    (text: string) => Buffer.from(text, 'base64'),
  )
  expect(secrets.map(({ length }) => length)).toEqual([32, 32, 32])
  expect(rows.rows.length).toBeGreaterThan(800)
  const stored = Buffer.concat(rows.rows.map(({ bytes }) => bytes))
  const logged = station.logged.join('\n')
  for (const secret of secrets) {
    expect(stored.includes(secret)).toBe(false)
    for (const written of [secret.toString('base64'), secret.toString('hex')]) {
      expect(stored.includes(written)).toBe(false)
      expect(logged).not.toContain(written)
    }
  }
  for (const phone of [OWNER, BUDI, owner.lid.slice(0, 14), budi.lid.slice(0, 14)]) {
    expect(stored.includes(phone)).toBe(false)
    expect(logged).not.toContain(phone)
  }
  expect(() => sealer('another key of another program').open(businessId, rows.rows[0]?.bytes as Buffer)).toThrow()
})

test('keys that are written together are there together, whatever kills the program meanwhile (C12)', async () => {
  // More than go into one statement.
  const session = Object.fromEntries(Array.from({ length: 1_500 }, (_, index) => [`kunci ${index}`, Buffer.from('x')]))
  const stored = () => station.open((books) => findKeys(books, sealer(SECRET), 'session', Object.keys(session)))
  const write = (openBooks: OpenBooks) =>
    linkedState({ openBooks, sealer: sealer(SECRET) }, businessId, {} as never).keys.set({ session })
  for (let statements = 0; statements < 3; statements++) {
    await expect(write(dyingAfter(station.openBooks, statements))).rejects.toThrow('killed')
    expect(await stored()).toEqual([])
  }
  await write(station.openBooks)
  expect(await stored()).toHaveLength(1_500)
})

test('a program that starts again connects without pairing', async () => {
  const logins = fake.device(OWNER)?.logins
  const program = station.program()
  const states: string[] = []
  program.watch(businessId, ({ is }) => void states.push(is))
  await program.start()
  await reaches(program, businessId, 'open')
  expect(states).not.toContain('pairing')
  expect(fake.device(OWNER)?.logins).toBe((logins ?? 0) + 1)
  await program.stop()
})

test('the number of one business cannot be linked to another', async () => {
  const other = await createTestBusiness(station.database, station.clock, 'tetangga')
  const program = station.program()
  await program.link(other, { by: 'qr' })
  const { qr } = await reaches(program, other, 'pairing', (state) => state.qr !== undefined)
  owner.scan(qr as string)
  expect(await reaches(program, other, 'stopped')).toEqual({ is: 'stopped', reason: 'taken' })
  expect(fake.device(OWNER)?.jid).toBe(`${OWNER}:1@s.whatsapp.net`)
  await program.stop()
})

test('a device that was removed on the phone is forgotten, and a code typed there links it anew', async () => {
  const program = station.program()
  await program.start()
  await reaches(program, businessId, 'open')
  fake.disconnect(OWNER, 'removed')
  await reaches(program, businessId, 'unlinked', ({ reason }) => reason === 'removed')
  expect(await keptSecrets()).toBe(0)

  await program.link(businessId, { by: 'code', phone: OWNER })
  const { code } = await reaches(program, businessId, 'pairing', (state) => state.code !== undefined)
  expect(code).toMatch(/^[0-9A-Z]{8}$/)
  expect(() => budi.enterCode(code as string)).toThrow('no device asked')
  await eventually(() => owner.enterCode(code as string))
  await reaches(program, businessId, 'open')
  await program.channel(business)?.({ phone: BUDI, text: 'Halo lagi', outsideId: '3EB0000000000000000002' })
  await budi.sees(/Halo lagi/)
  expect(await keptSecrets()).toBeGreaterThan(800)

  // And by our own wish.
  await program.unlink(businessId)
  expect(program.state(businessId)).toMatchObject({ is: 'unlinked', reason: 'unlinked' })
  await eventually(() => expect(fake.device(OWNER)).toBeUndefined())
  expect(await keptSecrets()).toBe(0)
  expect(program.channel(business)).toBeUndefined()
  await program.stop()
})

test('a QR whose secret WhatsApp retires while it is on show is replaced at once', async () => {
  const program = station.program()
  await program.link(businessId, { by: 'qr' })
  const { qr: first } = await reaches(program, businessId, 'pairing', (state) => state.qr !== undefined)
  fake.retire(first as string)
  const { qr: second } = await reaches(program, businessId, 'pairing', ({ qr }) => qr !== undefined && qr !== first)
  expect(() => owner.scan(first as string)).toThrow('could not link')
  owner.scan(second as string)
  await reaches(program, businessId, 'open')
  await program.unlink(businessId)
  await program.stop()
})

test('a QR that nobody scans ends as expired, a server that does not answer as unreachable', async () => {
  const program = station.program()
  await program.link(businessId, { by: 'qr' })
  await reaches(program, businessId, 'pairing', (state) => state.qr !== undefined)
  fake.hangUp()
  expect(await reaches(program, businessId, 'stopped')).toEqual({ is: 'stopped', reason: 'expired' })
  fake.shut(503)
  await program.link(businessId, { by: 'qr' })
  expect(await reaches(program, businessId, 'stopped')).toEqual({ is: 'stopped', reason: 'unreachable' })
  fake.shut(undefined)
  await program.stop()
})

async function keptSecrets(): Promise<number> {
  const { rows } = await station.open((books) =>
    sql<{ count: number }>`
      select (select count(*) from whatsapp_key where value is not null)
           + (select count(*) from whatsapp_number where creds is not null) as count`.execute(books.trx),
  )
  return Number(rows[0]?.count)
}
