import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Command, CommandId } from '../../src/bot/command.ts'
import { COMMANDS } from '../../src/bot/commands/all.ts'
import { CONCEPTS, meaningOf } from '../../src/bot/meaning.ts'
import { type Context, type Reading, readAnswer, understand } from '../../src/bot/understand.ts'
import { DIGNITIES, GUESSABLE, TITLES } from '../../src/bot/vocabulary.ts'
import { ASKABLE } from '../../src/bot/weigh.ts'
import { day } from '../../src/domain/calendar.ts'

const TODAY = day('2026-12-10')

function read(text: string, role: Context['role'] = 'owner', plans: string[] = []): Reading {
  return understand(text, { role, today: TODAY, plans, commands: COMMANDS })
}

function findCommand(id: CommandId): Command {
  const found = COMMANDS.find((command) => command.id === id)
  if (!found) throw new Error(`no command ${id}`)
  return found
}

/** Arguments in any order. */
function sorted(args: object): unknown {
  return Object.fromEntries(Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function phrasesOf(file: string): { role: Context['role']; text: string; command: string; args: object }[] {
  const lines = readFileSync(new URL(`../data/${file}`, import.meta.url), 'utf8').split('\n')
  return lines
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('total'))
    .map((line) => {
      const [role = '', text = '', command = '', args = '{}'] = line.split('\t')
      return { role: role as Context['role'], text, command, args: JSON.parse(args) }
    })
}

describe.each(['utterances.tsv', 'phrases.tsv'])('%s', (file) => {
  test.each(phrasesOf(file))('$role: $text → $command', ({ role, text, command, args }) => {
    const reading = read(text, role)
    expect({ command: reading.command ?? 'none', args: sorted(reading.args) }).toEqual({ command, args: sorted(args) })
  })
})

describe('a customer', () => {
  test('every example of the owner is a claim, talk or politeness when a customer types it', () => {
    for (const { examples, roles } of COMMANDS.filter((command) => !command.roles.includes('customer')))
      for (const example of examples) {
        const { command } = read(example, 'customer')
        expect(command === null || findCommand(command).roles.includes('customer'), `${example} (${roles})`).toBe(true)
      }
  })
})

describe('several payments in one message', () => {
  test('one a line, each with its own name, area and amount', () => {
    expect(read('lunas:\n085700001101\nsiti rt3 150rb\ntono 100rb\nbudi')).toEqual({
      command: 'payment.record',
      args: {
        items: [
          { who: '6285700001101' },
          { who: 'siti', area: 'rt 3', amount: 150000 },
          { who: 'tono', amount: 100000 },
          { who: 'budi' },
        ],
      },
    })
  })

  test('lines that say it each for themselves, and numbered lines', () => {
    const both = [
      { who: 'budi', amount: 100000 },
      { who: 'siti', amount: 150000, method: 'transfer' },
    ]
    expect(read('lunas budi 100rb\nlunas siti 150rb tf').args).toEqual({ items: both })
    expect(read('Lunas hari ini\n1. Pak Budi 100rb\n2. Bu Siti 150rb tf').args).toEqual({
      items: both,
      date: '2026-12-10',
    })
  })

  test('what has no name of its own belongs to the one before', () => {
    expect(read('lunas budi santoso, rt 3, 150rb, makasih ya').args).toEqual({
      who: 'budi santoso',
      area: 'rt 3',
      amount: 150000,
    })
  })

  test('nobody is left out silently where a command is about one', () => {
    expect(read('tagih budi dan siti').args).toEqual({ who: 'budi dan siti' })
  })
})

describe("the business's own plans", () => {
  const plans = ['hemat 5 mbps', 'rumah 10 mbps', 'gamer']

  test('part the name of a new customer from the plan', () => {
    const text = 'tambah pelanggan Slamet 0857-0000-4321 Hemat tempo 10'
    expect(read(text, 'owner', plans).args).toEqual({ name: 'slamet', phone: '6285700004321', plan: 'hemat', day: 10 })
    expect(read('tambah pelanggan Slamet Widodo Rumah 10 Mbps 085700004321', 'owner', plans).args).toEqual({
      name: 'slamet widodo',
      phone: '6285700004321',
      plan: 'rumah 10 mbps',
    })
  })

  test('are known as the new plan of a customer without the word paket', () => {
    expect(read('ubah tono ke gamer', 'owner', plans)).toMatchObject({
      command: 'customer.edit',
      args: { who: 'tono', plan: 'gamer' },
    })
  })
})

describe('why a message is no command', () => {
  test.each([
    ['makasih ya min', { kind: 'thanks' }],
    ['assalamualaikum', { kind: 'greeting' }],
    ['wkwkwk', { kind: 'smallTalk' }],
    ['bisa tagih semua ga?', { kind: 'canYou', command: 'invoice.sendAll' }],
    ['tagih semua?', { kind: 'canYou', command: 'invoice.sendAll' }],
    ['jangan tagih semua', { kind: 'negated', command: 'invoice.sendAll' }],
    ['lunas semua', { kind: 'tooBig', command: 'payment.record' }],
    ['diskon semua 10rb', { kind: 'tooBig', command: 'invoice.discount' }],
    ['isolir yang telat', { kind: 'tooBig', command: 'customer.cut' }],
    ['lunas rt 3', { kind: 'tooBig', command: 'payment.record' }],
    ['lunas budi 150.00', { kind: 'unclear', command: 'payment.record', typed: '150.00' }],
    ['lunas budi 1.500 ribu', { kind: 'unclear', command: 'payment.record', typed: '1.500 ribu' }],
    [`lunas budi ${'x'.repeat(5000)}`, { kind: 'tooLong' }],
  ])('%.40s', (text, hint) => {
    expect(read(text)).toEqual({ command: null, args: {}, hint })
  })
})

describe('an answer to a question for one argument', () => {
  const answer = (id: CommandId, awaits: string, text: string) =>
    readAnswer(text, findCommand(id), awaits, { role: 'owner', today: TODAY, commands: COMMANDS })

  test.each<[CommandId, string, string, object | undefined]>([
    ['payment.record', 'who', 'pak budi santoso', { who: 'budi santoso' }],
    ['payment.record', 'who', 'budi 100rb tunai', { who: 'budi', amount: 100000, method: 'cash' }],
    ['payment.record', 'who', '0857-0000-4321', { who: '6285700004321' }],
    ['payment.record', 'amount', '150', { amount: 150000 }],
    ['payment.record', 'amount', 'entah', undefined],
    ['due.promise', 'date', '20', { date: '2026-12-20' }],
    ['due.promise', 'date', 'lusa ya', { date: '2026-12-12' }],
    ['due.align', 'day', '5', { day: 5 }],
    ['customer.pause', 'months', '2', { months: 2 }],
    ['plan.add', 'price', '275', { price: 275000 }],
    ['plan.edit', 'leadDays', '14', { leadDays: 14 }],
    ['staff.add', 'role', 'penagih', { role: 'collector' }],
    ['staff.add', 'phone', '0857 0000 7777', { phone: '6285700007777' }],
    ['customer.add', 'name', 'Bagus', { name: 'bagus' }],
    ['customer.edit', 'plan', 'Rumah 10 Mbps', { plan: 'rumah 10 mbps' }],
    ['broadcast.announce', 'text', 'Besok pagi ADA pemadaman', { text: 'Besok pagi ADA pemadaman' }],
    ['invoice.create', 'text', 'Pasang baru', { text: 'Pasang baru' }],
  ])('%s %s: %s', (id, awaits, text, args) => {
    expect(answer(id, awaits, text)).toEqual(args)
  })
})

describe('a misspelt command word', () => {
  test('is guessed and said to be', () => {
    expect(read('lnuas tono 100rb')).toEqual({
      command: 'payment.record',
      args: { who: 'tono', amount: 100000 },
      guessed: { typed: 'lnuas', word: 'lunas' },
    })
  })

  test('is no name: nobody is called Lunas, but people are called Lukas, Karim, Panji, Armin and Putut', () => {
    expect(read('tagih lukas')).toEqual({ command: 'invoice.send', args: { who: 'lukas' } })
    expect(read('lunas karim 150rb').args).toEqual({ who: 'karim', amount: 150000 })
    expect(read('pak panji bayar').args).toEqual({ who: 'panji' })
    expect(read('cari armin').guessed).toBeUndefined()
    expect(read('pak putut')).toEqual({ command: null, args: {} })
  })
})

describe('names', () => {
  test('lose their titles, which are told beside', () => {
    expect(read('Lunas Bpk. H. Slamet Widodo')).toEqual({
      command: 'payment.record',
      args: { who: 'slamet widodo' },
      title: 'bpk h',
    })
  })

  test('never hold a title while anything else remains', () => {
    const titles = `${TITLES} ${DIGNITIES}`
      .trim()
      .split(/\s+/)
      .filter((word) => meaningOf(word)?.kind === 'title')
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...titles), { minLength: 1, maxLength: 3 }),
        fc.constantFrom('budi', 'siti aminah', "nur'aini", 'al-hidayah', 'tono s'),
        fc.constantFrom('lunas %', '% sudah bayar', 'tagih %', 'isolir %', 'cari %', '% belum bayar'),
        (before, name, sentence) => {
          expect(read(sentence.replace('%', `${before.join(' ')} ${name}`)).args.who).toBe(name)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('are read alike wherever they stand', () => {
    const parts = ['lunas', 'budi santoso', '150rb', 'tunai', 'rt 3', 'kemarin']
    const expected = { who: 'budi santoso', amount: 150000, method: 'cash', area: 'rt 3', date: '2026-12-09' }
    fc.assert(
      fc.property(fc.shuffledSubarray(parts, { minLength: parts.length }), (shuffled) => {
        expect(read(shuffled.join(' '))).toEqual({ command: 'payment.record', args: expected })
      }),
      { numRuns: 100 },
    )
  })
})

/** Messages made of the words that the reader knows, names and values, in any order. */
const anySentence = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...GUESSABLE) },
      { weight: 3, arbitrary: fc.constantFrom('semua', 'yang', 'siapa', 'sudah', 'belum', 'ga', 'ya', 'dong', 'pak') },
      { weight: 3, arbitrary: fc.constantFrom('budi', 'siti', 'tono', 'mei', 'krajan', 'gamer') },
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          '150rb',
          '085700001101',
          'tgl 5',
          'besok',
          'rt 3',
          '12',
          '3 bulan',
          'excel',
          '?',
          ',',
        ),
      },
    ),
    { maxLength: 12 },
  )
  .map((words) => words.join(' '))

const anyRole = fc.constantFrom<Context['role']>('owner', 'staff', 'customer')

describe('whatever is written', () => {
  const anyText = fc.oneof(anySentence, fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ unit: 'grapheme' }))

  test('it is read without an error, and the arguments fit their command', () => {
    fc.assert(
      fc.property(anyText, anyRole, (text, role) => {
        const { command, args } = read(text, role)
        const takes = command === null ? {} : findCommand(command).takes
        for (const [name, value] of Object.entries(args)) {
          const schema = takes[name]?.schema
          expect(schema?.safeParse(value).success, `${command} ${name} ${JSON.stringify(value)}`).toBe(true)
          // What handlers get may be stored as JSON and read again.
          expect(schema?.safeParse(JSON.parse(JSON.stringify(schema.parse(value)))).success).toBe(true)
        }
      }),
      { numRuns: 3000 },
    )
  })

  test('a customer never gives a command of the staff', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { command } = read(text, 'customer')
        expect(command === null || command.startsWith('me.')).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })

  test('nobody but a customer gives a command of customers', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(read(text).command?.startsWith('me.') ?? false).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  test('what is forbidden is not done, save that it says no', () => {
    const forbidding = fc.constantFrom('jangan', 'jgn', 'ga usah', 'tidak perlu', 'ojo', 'ulah', 'gausah')
    const isHarmless = (command: Reading['command']) => [null, 'confirm.no', 'help'].includes(command)
    fc.assert(
      fc.property(anySentence, forbidding, fc.boolean(), (sentence, no, isFirst) => {
        const text = isFirst ? `${no} ${sentence}` : `${sentence} ${no} dulu`
        const { command } = read(text)
        // Inside an announcement it is said to others.
        if (command !== 'broadcast.announce') expect(isHarmless(command), `${text} → ${command}`).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })

  test('a question is never an act', () => {
    fc.assert(
      fc.property(anySentence, (sentence) => {
        const { command } = read(`${sentence}?`)
        const isRequest = /\b(?:tolong|mohon|bantu)/.test(sentence)
        if (command && !isRequest && command !== 'broadcast.announce') expect(ASKABLE.has(command), sentence).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })

  test('it costs little, however long and hostile it is', () => {
    const hostile = [
      'lunas budi 100rb, '.repeat(220),
      '0857 '.repeat(790),
      'rt 3/rw 2/'.repeat(390),
      "a-'".repeat(1300),
      '1.'.repeat(2000),
      'seratus puluh ribu '.repeat(200),
      'lunad tagiy kirin '.repeat(220),
      'ha'.repeat(1990),
      '\u200b\ufdfa'.repeat(1990),
      GUESSABLE.join(' ').slice(0, 3990),
      [...CONCEPTS.keys()].join(' budi ').slice(0, 3990),
      'lunas budi '.repeat(50_000),
    ]
    for (const text of hostile)
      for (const role of ['owner', 'customer'] as const) {
        const started = performance.now()
        read(text, role, ['hemat 5 mbps'])
        expect(performance.now() - started, text.slice(0, 30)).toBeLessThan(500)
      }
  })
})
