import { sql } from 'kysely'
import { beforeAll, describe, expect, test } from 'vitest'
import { addCustomer } from '../../src/domain/customer.ts'
import { getMessage } from '../../src/domain/message.ts'
import { GatewayError, queueMessages } from '../../src/domain/outbox.ts'
import { afterClose } from '../../src/gateways/whatsapp/reasons.ts'
import { createTestBusiness } from '../support/database.ts'
import type { Goodbye } from '../support/whatsapp/server.ts'
import { BUDI, eventually, linkByQr, makeStation, OWNER, reaches, UJANG } from '../support/whatsapp/station.ts'

const station = await makeStation()
const { businessId, fake, owner, budi, ujang } = station
const business = { id: businessId } as never

beforeAll(async () => {
  const program = station.program()
  await linkByQr(station, program)
  await program.stop()
})

describe('what follows from the end of a connection', () => {
  test.each([
    [515, 1, { again: 0 }],
    [408, 1, { again: 1_000 }],
    [428, 3, { again: 4_000 }],
    [503, 20, { again: 60_000 }],
    [undefined, 1, { again: 1_000 }],
    [440, 1, { again: 30_000 }],
    [440, 4, { stop: 'replaced' }],
    [500, 5, { again: 16_000 }],
    [500, 6, { stop: 'broken' }],
    [401, 1, { unlinked: true }],
    [411, 1, { unlinked: true }],
    [403, 1, { stop: 'banned' }],
    [405, 1, { stop: 'outdated' }],
  ])('code %s after %i failures', (code, failures, next) => {
    expect(afterClose(code, failures, 1_000)).toEqual(next)
  })
})

test.each<Goodbye>(['drop', 'restart', 'busy', 'bad', 'replaced'])('connects again after %s', async (how) => {
  const program = station.program()
  await program.start()
  await reaches(program, businessId, 'open')
  const logins = fake.device(OWNER)?.logins as number
  fake.disconnect(OWNER, how)
  await eventually(() => expect(fake.device(OWNER)?.logins).toBe(logins + 1))
  await reaches(program, businessId, 'open')
  await budi.write(OWNER, `setelah ${how}`)
  await eventually(() => expect(station.heard.at(-1)?.text).toBe(`setelah ${how}`))
  await program.stop()
})

test.each([
  [403, 'banned'],
  [405, 'outdated'],
] as const)('stops at %i, keeps the link, and connects when it is started again', async (code, reason) => {
  const program = station.program()
  await program.start()
  await reaches(program, businessId, 'open')
  fake.shut(code)
  fake.disconnect(OWNER, 'drop')
  expect(await reaches(program, businessId, 'stopped')).toEqual({ is: 'stopped', phone: OWNER, reason })
  expect(program.channel(business)).toBeUndefined()
  await program.stop()
  fake.shut(undefined)
  const again = station.program()
  await again.start()
  await reaches(again, businessId, 'open')
  await again.stop()
})

test('two programs never hold one number: the second takes over when the first ends', async () => {
  const first = station.program()
  const second = await station.anotherProgram()
  await first.start()
  await reaches(first, businessId, 'open')
  const replaced = fake.replaced()
  await second.start()
  await reaches(second, businessId, 'elsewhere')
  expect(await second.link(businessId, { by: 'qr' })).toBe(false)
  await reaches(second, businessId, 'elsewhere')
  expect(first.channel(business)).toBeDefined()
  expect(second.channel(business)).toBeUndefined()
  await first.stop()
  await reaches(second, businessId, 'open')
  expect(fake.replaced()).toBe(replaced)
  await second.stop()
})

test('a program that loses its lock lets the number go before another one takes it', async () => {
  const first = station.program()
  await first.start()
  await reaches(first, businessId, 'open')
  const replaced = fake.replaced()
  const other = await station.anotherProgram()
  await other.start()
  await reaches(other, businessId, 'elsewhere')
  await sql`
    select pg_terminate_backend(pid) from pg_locks
     where locktype = 'advisory' and granted and pid <> pg_backend_pid()
       and database = (select oid from pg_database where datname = current_database())
       and ((classid::bigint << 32) | objid::bigint) = hashtextextended(${`whatsapp ${businessId}`}, 0)`.execute(
    station.database.kysely,
  )
  await reaches(other, businessId, 'open')
  await reaches(first, businessId, 'elsewhere')
  expect(fake.replaced()).toBe(replaced)
  await other.stop()
  await reaches(first, businessId, 'open')
  await first.stop()
})

test('a message that was sent is told from one that was refused, lost, or never left', async () => {
  const program = station.program()
  await program.start()
  await reaches(program, businessId, 'open')
  const channel = program.channel(business)
  const send = (phone: string, text: string) =>
    faultOf(channel?.({ phone, text, outsideId: `3EB0${text.toUpperCase()}` }))
  expect(await send(BUDI, 'sampai')).toBe('none')
  fake.refuse(UJANG, '463')
  expect(await send(UJANG, 'orang asing')).toBe('refused')
  fake.refuse(UJANG, '479')
  expect(await send(UJANG, 'ditolak')).toBe('recipient')
  fake.refuse(UJANG, undefined)
  fake.absent.add('6281277777777')
  expect(await send('6281277777777', 'tidak ada')).toBe('recipient')
  fake.phone('6281266666666')
  fake.lose('6281266666666')
  expect(await send('6281266666666', 'tidak dijawab')).toBe('unknown')
  await program.stop()
  expect(await send(BUDI, 'terputus')).toBe('passing')
})

test('who writes while an answer is on its way can read that answer, and the next ones', async () => {
  let program = station.program()
  await program.start()
  await reaches(program, businessId, 'open')
  const siti = fake.phone('6281200001475')
  await station.open((books) => addCustomer(books, { name: 'Siti', phones: [{ phone: siti.number, kind: 'mobile' }] }))
  const say = (text: string) => program.channel(business)?.({ phone: siti.number, text, outsideId: `3EB0${text}` })
  const hears = (text: string) => eventually(() => expect(station.heard.at(-1)?.text).toBe(text))
  await siti.write(OWNER, 'satu')
  await hears('satu')
  await say('A0')
  await siti.sees(/A0/)
  await siti.write(OWNER, 'satu lagi')
  await hears('satu lagi')
  // A fresh program begins a new session with everybody it writes to.
  await program.stop()
  program = station.program()
  await program.start()
  await reaches(program, businessId, 'open')
  siti.leave()
  await say('A1')
  await siti.write(OWNER, 'dua')
  await hears('dua')
  await say('A2')
  await siti.comeBack()
  await siti.sees(/A2/)
  await siti.write(OWNER, 'tiga')
  await hears('tiga')
  await say('A3')
  await siti.sees(/A3/)
  expect({ unreadable: siti.unreadable, seen: siti.seen.map(({ text }) => text) }).toEqual({
    unreadable: 0,
    seen: ['A0', 'A1', 'A2', 'A3'],
  })
  await program.stop()
})

test('a file arrives as it was sent', async () => {
  const program = station.program()
  await program.start()
  await reaches(program, businessId, 'open')
  const file = { name: 'telat.xlsx', mime: 'application/octet-stream', bytes: Buffer.from('isi berkas') }
  await program.channel(business)?.({ phone: BUDI, text: 'Daftar telat', outsideId: '3EB0F11E', file })
  const { message } = await budi.sees(/Daftar telat/)
  const document = message.documentMessage ?? message.documentWithCaptionMessage?.message?.documentMessage
  expect(document).toMatchObject({ fileName: 'telat.xlsx', mimetype: 'application/octet-stream' })
  expect(await fake.media.open(document as never)).toEqual(file.bytes)
  await program.stop()
})

test('a phone that could not read a message gets it again from the books, also after a restart, and nobody else does', async () => {
  const text = 'Tagihan Anda Rp150.000'
  const [row] = await station.open((books) => queueMessages(books, [{ phone: BUDI, kind: 'reply', text }]))
  const { outside_id: id } = await station.open((books) => getMessage(books, row as number))
  const first = station.program()
  await first.start()
  await reaches(first, businessId, 'open')
  await first.channel(business)?.({ phone: BUDI, text, outsideId: id as string })
  await budi.sees(/Rp150\.000/)
  await first.stop()

  const second = station.program()
  await second.start()
  await reaches(second, businessId, 'open')
  ujang.askAgain(OWNER, id as string)
  budi.askAgain(OWNER, id as string)
  await eventually(() => expect(budi.copies.get(id as string)).toBe(2))
  expect(ujang.seen.map((each) => each.text)).not.toContain(text)
  expect(owner.seen.filter((each) => each.text === text)).toHaveLength(1)
  await second.stop()
})

async function faultOf(work: Promise<unknown> | undefined): Promise<string> {
  if (!work) return 'no channel'
  return work.then(
    () => 'none',
    (error) => (error instanceof GatewayError ? error.fault : String(error)),
  )
}

test('a program whose own attempt to link failed takes over the number that another one linked', async () => {
  const id = await createTestBusiness(station.database, station.clock, 'gagal-dulu')
  const [first, second] = [station.program(), await station.anotherProgram()]
  await first.start()
  await second.start()
  fake.shut(408)
  await first.link(id, { by: 'qr' })
  await reaches(first, id, 'stopped')
  fake.shut(undefined)
  await second.link(id, { by: 'qr' })
  const { qr } = await reaches(second, id, 'pairing', (state) => state.qr !== undefined)
  ujang.scan(qr as string)
  await reaches(second, id, 'open')
  await second.stop()
  await reaches(first, id, 'open')
  await first.stop()
})
