import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { makeProcess } from '../support/whatsapp/process.ts'
import { eventually, linkByQr, makeStation, OWNER, reaches } from '../support/whatsapp/station.ts'

const station = await makeStation()
const { businessId, fake, owner } = station
const business = { id: businessId } as never
const one = makeProcess(station)
const other = makeProcess(station)

beforeAll(async () => {
  const program = station.program()
  await linkByQr(station, program)
  await program.stop()
})

const rows = (direction: 'in' | 'out') =>
  station.open((books) =>
    books.trx
      .selectFrom('message')
      .select(['id', 'outside_id', 'status', 'reason', 'attempts', 'cause_id'])
      .where('phone', '=', OWNER)
      .where('direction', '=', direction)
      .orderBy('id')
      .execute(),
  )

/** Waits until all that was written so far is answered, and the phone shows each answer once; the answers. */
const answered = (written: readonly string[]) =>
  eventually(async () => {
    const commands = await rows('in')
    const answers = await rows('out')
    expect(commands.map((row) => row.outside_id).sort()).toEqual([...written].sort())
    expect(answers.map((row) => row.cause_id).sort()).toEqual(commands.map((row) => row.id).sort())
    expect(answers.filter(({ status }) => status !== 'sent')).toEqual([])
    expect(owner.seen.map(({ id }) => id).sort()).toEqual(answers.map((row) => row.outside_id).sort())
    return answers
  })

test('of two programs on one database the one that is connected sends every answer, at the first try, and the other takes over what is left', async () => {
  const written: string[] = []
  onTestFinished(() => Promise.all([one.kill(), other.kill()]).then(() => {}))
  await one.launch()
  await other.launchBeside()
  const logins = fake.device(OWNER)?.logins as number
  // One by one, so that both programs are woken for each; then many at once.
  for (let turn = 1; turn <= 20; turn++) {
    written.push(await owner.write(OWNER, 'daftar staf'))
    await eventually(() => expect(owner.seen).toHaveLength(turn))
  }
  written.push(...(await Promise.all(Array.from({ length: 20 }, () => owner.write(OWNER, 'daftar staf')))))
  const answers = await answered(written)
  expect(answers).toHaveLength(40)
  expect(answers.filter(({ attempts, reason }) => attempts !== 1 || reason !== null)).toEqual([])
  expect(fake.device(OWNER)?.logins).toBe(logins)

  written.push(...(await Promise.all(Array.from({ length: 20 }, () => owner.write(OWNER, 'daftar staf')))))
  await eventually(() => expect(owner.seen.length).toBeGreaterThan(42))
  await one.kill()
  written.push(await owner.write(OWNER, 'bantuan'))
  const rest = (await answered(written)).slice(40)
  expect(fake.device(OWNER)?.logins).toBe(logins + 1)
  // What the first one was handing over when it was killed goes once more, under the id that the phone knows.
  expect(rest.filter(({ attempts }) => attempts > 1).length).toBeLessThanOrEqual(1)
  expect(Math.max(...rest.map(({ attempts }) => attempts))).toBeLessThanOrEqual(2)
  expect(fake.replaced()).toBe(0)
})

test('a link that one program ends is over for the one that holds it, and a new one is known to both', async () => {
  const [first, second] = [station.program(), await station.anotherProgram()]
  await first.start()
  await reaches(first, businessId, 'open')
  await second.start()
  await reaches(second, businessId, 'elsewhere')
  await second.unlink(businessId)
  await reaches(first, businessId, 'unlinked', ({ reason }) => reason === 'unlinked')
  await eventually(() => expect(fake.device(OWNER)).toBeUndefined())
  expect(first.channel(business)).toBeUndefined()

  await linkByQr(station, second)
  await reaches(first, businessId, 'elsewhere')
  await second.stop()
  await reaches(first, businessId, 'open')
  expect(first.channel(business)).toBeDefined()
  expect(fake.replaced()).toBe(0)
  await first.stop()
})
