import { beforeAll, expect, test } from 'vitest'
import { makeProcess } from '../support/whatsapp/process.ts'
import { BUDI, eventually, linkByQr, makeStation, OWNER } from '../support/whatsapp/station.ts'

const station = await makeStation()
const { fake, owner, budi } = station
const { launch, kill } = makeProcess(station)

beforeAll(async () => {
  const program = station.program()
  await linkByQr(station, program)
  await program.stop()
  await launch()
})

type Row = {
  id: number
  direction: 'in' | 'out'
  phone: string
  outside_id: string
  status: string
  reason: string | null
  cause_id: number | null
  text: string
}
const rowsOf = (phone: string): Promise<Row[]> =>
  station.open((books) =>
    books.trx
      .selectFrom('message')
      .select(['id', 'direction', 'phone', 'outside_id', 'status', 'reason', 'cause_id', 'text'])
      .where('phone', '=', phone)
      .orderBy('id')
      .execute(),
  ) as Promise<Row[]>

test('one phone is enough: commands in the own chat are answered there, and the answers are no commands', async () => {
  await owner.write(OWNER, 'bantuan')
  const { id } = await owner.sees(/./)
  await budi.write(OWNER, 'menu')
  await budi.sees(/Barokah Net/)
  const rows = await rowsOf(OWNER)
  expect(rows.filter(({ direction }) => direction === 'in')).toMatchObject([{ text: 'bantuan', status: 'handled' }])
  expect(rows.filter(({ direction }) => direction === 'out').map((row) => row.outside_id)).toEqual([id])
})

test('where somebody of the business writes by hand, the bot is silent', async () => {
  await owner.write(BUDI, 'Bud, nanti saya ke rumah ya')
  await budi.write(OWNER, 'menu dong')
  await eventually(async () =>
    expect((await rowsOf(BUDI)).find(({ text }) => text === 'menu dong')).toMatchObject({
      status: 'handled',
      reason: 'silence',
    }),
  )
  expect(budi.seen).toHaveLength(1)
  expect((await rowsOf(BUDI)).map(({ text }) => text)).not.toContain('Bud, nanti saya ke rumah ya')
})

test('a message that is delivered twice is answered once', async () => {
  const id = '3A7777777777777777AA'
  const seen = owner.seen.length
  await owner.write(OWNER, 'daftar staf', { id })
  await owner.write(OWNER, 'daftar staf', { id })
  await owner.write(OWNER, 'bantuan')
  await eventually(() => expect(owner.seen.length).toBeGreaterThanOrEqual(seen + 2))
  await settled()
  expect(owner.seen.length).toBe(seen + 2)
  expect((await rowsOf(OWNER)).filter((row) => row.outside_id === id)).toHaveLength(1)
})

test('killed again and again while commands come in, it pairs no more, loses nothing and does nothing twice', async () => {
  const before = (await rowsOf(OWNER)).length
  const written: Promise<string>[] = []
  for (let round = 1; round <= 4; round++) {
    for (let each = 1; each <= 10; each++) written.push(owner.write(OWNER, `daftar staf`))
    await eventually(async () => expect((await rowsOf(OWNER)).length).toBeGreaterThan(before + round * 4))
    await kill()
    await launch()
  }
  const ids = await Promise.all(written)
  await eventually(async () => {
    const rows = (await rowsOf(OWNER)).slice(before)
    const commands = rows.filter(({ direction }) => direction === 'in')
    const answers = rows.filter(({ direction }) => direction === 'out')
    expect(commands.map((row) => row.outside_id).sort()).toEqual(ids.sort())
    expect(commands.filter(({ status }) => status !== 'handled')).toEqual([])
    // Every command has one answer, and the phone shows each once.
    expect(answers.map((row) => row.cause_id).sort()).toEqual(commands.map((row) => row.id).sort())
    expect(answers.filter(({ status }) => status !== 'sent')).toEqual([])
    const shown = owner.seen.map(({ id }) => id).filter((id) => answers.some((row) => row.outside_id === id))
    expect(shown.sort()).toEqual(answers.map((row) => row.outside_id).sort())
  })
  expect(fake.replaced()).toBe(0)
})

/** Nothing waits on either side. */
async function settled(): Promise<void> {
  await eventually(async () => {
    expect(fake.device(OWNER)?.waiting).toEqual([])
    const open = (await rowsOf(OWNER)).filter(({ status }) => ['received', 'waiting', 'sending'].includes(status))
    expect(open).toEqual([])
  })
}
