import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Command, CUSTOMER_COMMANDS, STAFF_COMMANDS } from '../../src/bot/command.ts'
import { COMMANDS } from '../../src/bot/commands/all.ts'
import { type Context, type Reading, understand } from '../../src/bot/understand.ts'
import { day } from '../../src/domain/calendar.ts'
import { OWNER, startTestProgram } from '../support/program.ts'
import { answersIn } from '../support/story.ts'

/** What holds for every command and every answer, completed by itself when one is added. */

const PLANS = ['Hemat 5 Mbps', 'Rumah 10 Mbps', 'Keluarga 20 Mbps']

function read(text: string, role: Context['role']): Reading {
  return understand(text, { role, today: day('2026-12-10'), plans: PLANS, commands: COMMANDS })
}

const isCustomers = (command: Command) => command.roles.includes('customer')

/** What staff can give today. A yes and a no are answers, and so is all that sets up a business: their questions say so. */
const GIVEN = COMMANDS.filter(
  ({ id, handle, roles }) => handle && id !== 'setup' && !id.startsWith('confirm.') && !roles.includes('customer'),
)

describe('the commands', () => {
  test('every id of the contract is defined once', () => {
    expect(COMMANDS.map((command) => command.id).sort()).toEqual(
      [...STAFF_COMMANDS, ...CUSTOMER_COMMANDS, 'setup'].sort(),
    )
  })

  test('every example is understood as its command', () => {
    for (const command of COMMANDS)
      for (const example of command.examples) {
        const reading = read(example, isCustomers(command) ? 'customer' : 'owner')
        expect([example, reading.command, reading.guessed]).toEqual([example, command.id, undefined])
      }
  })

  test('every command that can be given is reached by "bantuan" with its words', () => {
    for (const command of GIVEN) {
      expect(command.summary, command.id).toMatch(/^\p{Lu}.+\.$/u)
      expect([command.id, read(`bantuan ${command.examples[0]}`, 'owner').args.topic]).toEqual([command.id, command.id])
    }
  })

  test('every argument that is refused is one that the command takes', () => {
    for (const { id, later, takes } of COMMANDS)
      for (const name of Object.keys(later ?? {})) expect(Object.keys(takes), id).toContain(name)
  })
})

describe('the running program', async () => {
  const program = await startTestProgram()
  const customer = '6285710000000'
  await program.post('/simulator/reset', { customers: 1, now: '2026-12-10T09:00:00+07:00' })

  test('refuses what is not built in one sentence', async () => {
    const unbuilt = COMMANDS.filter(({ id, handle }) => !handle && !id.startsWith('confirm.'))
    for (const command of unbuilt.filter((each) => !isCustomers(each))) {
      const { replies } = await program.say(OWNER, command.examples[0] as string)
      expect(replies.map(({ text }) => text, command.id)).toEqual([
        expect.stringMatching(
          /^\p{Lu}[^.\n]+ belum bisa di sini\. Belum ada yang (?:berubah|dikirim)\.\nYang sudah bisa: \*bantuan\*$/u,
        ),
      ])
    }
  })

  test("hands a customer's words on where there is no answer yet", async () => {
    for (const command of COMMANDS.filter((each) => !each.handle && isCustomers(each))) {
      const [example] = command.examples
      const { replies } = await program.say(customer, example as string)
      expect(replies.filter(({ to }) => to === OWNER).map(({ text }) => text)).toEqual([
        expect.stringContaining(`menulis: "${example}"`),
      ])
    }
  })

  test('shows the examples of every command that can be given', async () => {
    for (const command of GIVEN) {
      const { replies } = await program.say(OWNER, `bantuan ${command.examples[0]}`)
      expect(replies.map(({ text }) => text)).toEqual([expect.stringContaining(`• *${command.examples[0]}*`)])
    }
  })
})

/** What answers the question that offers it, and nothing else. */
const ANSWERS: ReadonlySet<string> = new Set(['ya', 'tidak', 'lagi'])

const STAFF = ['Pak Joko', 'Mbak Rina', 'Ujang']

const folder = new URL('../stories/', import.meta.url)
const told = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .flatMap((name) => answersIn(readFileSync(new URL(name, folder), 'utf8')))

describe('every answer of the stories', () => {
  test('has at most twelve lines', () => {
    expect(told.length).toBeGreaterThan(300)
    for (const { text } of told)
      expect(text.split('\n').filter((line) => line !== '').length, text).toBeLessThanOrEqual(12)
  })

  test('has one sign at most, in front and with a meaning', () => {
    for (const { text } of told) {
      const signs = text.match(/\p{Extended_Pictographic}/gu) ?? []
      expect(signs.length, text).toBeLessThanOrEqual(1)
      if (signs.length > 0) expect(text).toMatch(/^(?:✅|⏳|⚠️) /u)
    }
  })

  test('offers only words that are understood when typed back, with their stars too', () => {
    // What "tidak bisa" is named, not offered; the example behind a question is an answer to it.
    const offered = told.flatMap(({ to, text }) =>
      [...text.matchAll(/(?<!\? Contoh )\*(\p{Ll}[^*\n]*)\*(?! tidak bisa)/gu)].map(([, words = '']) => ({
        to,
        text,
        words,
      })),
    )
    expect(offered.length).toBeGreaterThan(300)
    for (const { to, text, words } of offered.filter((each) => !ANSWERS.has(each.words))) {
      const role = STAFF.includes(to) ? 'owner' : 'customer'
      const reading = read(words, role)
      expect(reading.command, `${words}\nin\n${text}`).not.toBeNull()
      expect(reading.guessed).toBeUndefined()
      const command = COMMANDS.find(({ id }) => id === reading.command) as Command
      expect(command.handle !== undefined || command.id.startsWith('confirm.'), `${words} is not built`).toBe(true)
      expect(Object.keys(reading.args).filter((name) => command.later?.[name])).toEqual([])
      expect(read(`*${words}*`, role)).toEqual(reading)
    }
  })
})
