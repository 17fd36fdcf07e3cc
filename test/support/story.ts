import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { day } from '../../src/domain/calendar.ts'
import { addCustomer } from '../../src/domain/customer.ts'
import { issueChunk } from '../../src/domain/invoice.ts'
import { storeIncoming } from '../../src/domain/message.ts'
import { readPhone } from '../../src/domain/phone.ts'
import { listPlans } from '../../src/domain/plan.ts'
import { firstInvoice, subscribe } from '../../src/domain/subscription.ts'
import type { MovableClock } from '../../src/gateways/clock.ts'
import { findDemo, keepStaffProven } from '../../src/simulator/business.ts'
import type { ChatRow, TestProgram } from './program.ts'

/**
 * Plays a story against the running program and writes down what happened.
 *
 *     # why this story is told
 *     Mulai: 2026-12-10 09.00 [· 3 pelanggan] [· Paket Dasar] [· tanpa Midtrans]   the day it starts, what is there
 *     Pelanggan: Budi · 085700001101 · RT 3 · Rumah 10 Mbps · 20                   somebody who is there: due day or date
 *     Pak Joko: tagih budi                       somebody writes; ⏎ is a new line
 *     Pak Joko: (file) pelanggan-bumdes.csv      a file of test/data; (foto) and (reaksi) take a text too
 *     Tanggal: 2026-12-20 08.00                  the clock moves, and what is due on the way happens
 *     Mati sampai: 2026-12-24 08.00              the program was off until then
 *     Pak Joko: (tertunda) lunas budi            written before that, read only now
 *     Midtrans: Bu Nabila settlement [50000]     Midtrans reports on that customer's newest pay link
 *     Fonnte: terputus [sesudah 2]               the device drops; `tersambung` ends it, `jawaban hilang` loses answers
 *
 * Everything else (`Bot:`, `Bot → Budi:`) is what the program did, in the order in which it did it.
 */
export async function tell(program: TestProgram, story: string): Promise<string> {
  const lines: string[] = []
  const told = new Set<number>()
  let speaker = ''
  for (const line of withoutAnswers(story)) {
    lines.push(line)
    const event = readEvent(line)
    if (!event) continue
    if (event.kind === 'begin') told.clear()
    if (event.kind === 'say') speaker = await phoneOf(program, event.who)
    await play(program, event, speaker)
    await program.post('/simulator/settle')
    // What waits (a receipt's two minutes) is told when it leaves.
    const rows = await program.get<ChatRow[]>('/simulator/messages')
    for (const row of rows.filter(
      ({ id, direction, status }) => direction === 'out' && status !== 'waiting' && !told.has(id),
    )) {
      told.add(row.id)
      lines.push(await showMessage(program, row, speaker))
    }
  }
  return lines.join('\n')
}

/** The lines that somebody wrote: an answer ends where a line begins that is neither empty nor indented. */
function withoutAnswers(story: string): string[] {
  return story
    .replace(/^Bot(?: → [^:\n]+)?:.*(?:\n+ .*)*\n?/gm, '')
    .replace(/\n+$/, '\n')
    .split('\n')
}

/** Every message of the bot in a story, as it was sent, and whom it went to. */
export function answersIn(story: string): { to: string; text: string }[] {
  const told: { to: string; text: string }[] = []
  let speaker = ''
  for (const [block] of story.matchAll(/^[^\s#].*(?:\n+ .*)*/gm)) {
    const [, head = '', rest = ''] = /^([^:]+): (.*)$/s.exec(block) ?? []
    if (head !== 'Bot' && !head.startsWith('Bot → ')) {
      if (readEvent(block)?.kind === 'say') speaker = head
      continue
    }
    const text = rest.replace(/^(?:\[\w+\] ?)?(?:\(file [^)]*\) ?)?/, '').replace(/^ {2}/gm, '')
    told.push({ to: head === 'Bot' ? speaker : head.slice('Bot → '.length), text })
  }
  return told
}

type Event =
  | { kind: 'begin'; now: string; customers: number; dasar: boolean; noMidtrans: boolean }
  | { kind: 'customer'; facts: string[] }
  | { kind: 'clock' | 'off'; now: string }
  | { kind: 'say'; who: string; text: string }
  | { kind: 'midtrans'; who: string; status: string; amount?: number }
  | { kind: 'device'; switches: object }

function readEvent(line: string): Event | undefined {
  const [, head = '', rest = ''] = /^([^:#]+): (.*)$/.exec(line) ?? []
  if (head === '') return undefined
  if (head === 'Mulai') {
    const [moment = '', ...more] = rest.split(' · ')
    const customers = Number(more.map((part) => /^(\d+) pelanggan$/.exec(part)?.[1]).find(Boolean) ?? 0)
    const has = (part: string) => more.includes(part)
    return {
      kind: 'begin',
      now: readMoment(moment),
      customers,
      dasar: has('Paket Dasar'),
      noMidtrans: has('tanpa Midtrans'),
    }
  }
  if (head === 'Tanggal') return { kind: 'clock', now: readMoment(rest) }
  if (head === 'Mati sampai') return { kind: 'off', now: readMoment(rest) }
  if (head === 'Pelanggan') return { kind: 'customer', facts: rest.split(' · ') }
  if (head === 'Fonnte') return { kind: 'device', switches: readSwitches(rest) }
  if (head === 'Midtrans') {
    const [, who, status, amount] = /^(.+?) (settlement|pending|expire|cancel|deny)(?: (\d+))?$/.exec(rest) ?? []
    if (!who || !status) throw new Error(`not a report: ${line}`)
    return { kind: 'midtrans', who, status, ...(amount && { amount: Number(amount) }) }
  }
  return { kind: 'say', who: head, text: rest }
}

function readMoment(text: string): string {
  const [, date, hour, minute] = /^(\d{4}-\d\d-\d\d) (\d\d)\.(\d\d)$/.exec(text) ?? []
  if (!date) throw new Error(`not a moment: ${text}`)
  return `${date}T${hour}:${minute}:00+07:00`
}

function readSwitches(text: string): object {
  if (text === 'tersambung') return { connected: true, disconnectAfter: null, loseAnswer: false }
  if (text === 'jawaban hilang') return { loseAnswer: true }
  const [, after] = /^terputus(?: sesudah (\d+))?$/.exec(text) ?? []
  return after ? { disconnectAfter: Number(after) } : { connected: false }
}

async function play(program: TestProgram, event: Event, speaker: string): Promise<void> {
  switch (event.kind) {
    case 'begin':
      await program.post('/simulator/reset', { customers: event.customers, now: event.now })
      return setUp(program, event)
    case 'clock':
      return program.post('/simulator/clock', { now: event.now })
    case 'off':
      ;(program.program.clock as MovableClock).moveTo(Temporal.Instant.from(event.now))
      // Nobody of the staff was silent: it was the program that could not hear.
      await program.program.openBooks((await findDemo(program.program)) as number, keepStaffProven)
      await program.program.tick()
      return
    case 'device':
      return program.post('/simulator/device', event.switches)
    case 'customer':
      return addByHand(program, event.facts)
    case 'midtrans':
      return playMidtrans(program, event)
    case 'say': {
      const [, kind, text = event.text] = /^\((file|foto|reaksi|tertunda)\) ?(.*)$/.exec(event.text) ?? []
      if (kind === 'file') {
        const bytes = readFileSync(new URL(`../data/${text}`, import.meta.url))
        await program.send(speaker, { name: text, bytes })
      } else if (kind === 'foto') await program.send(speaker, { name: 'foto.jpg', bytes: Buffer.from('foto'), text })
      else if (kind === 'tertunda') await readLate(program, speaker, text)
      else if (kind === 'reaksi') await program.post('/simulator/messages', { from: speaker, reaction: text })
      else await program.say(speaker, text.replaceAll('⏎', '\n'))
    }
  }
}

/** What a crash left unread for half an hour. */
async function readLate(program: TestProgram, phone: string, text: string): Promise<void> {
  await inBooks(program, async (books) => {
    const id = await storeIncoming(books, { channel: 'bot', outsideId: randomUUID(), phone, kind: 'text', text })
    await books.trx
      .updateTable('message')
      .set({ at: books.now.subtract({ minutes: 30 }) })
      .where('business_id', '=', books.business.id)
      .where('id', '=', id as number)
      .execute()
  })
  await program.program.bot.catchUp((await findDemo(program.program)) as number)
}

async function inBooks<T>(program: TestProgram, work: Parameters<TestProgram['program']['openBooks']>[1]) {
  const { program: running } = program
  return running.openBooks((await findDemo(running)) as number, work) as Promise<T>
}

/** What a business has not: a package, the keys of Midtrans. */
async function setUp(program: TestProgram, { dasar, noMidtrans }: { dasar: boolean; noMidtrans: boolean }) {
  if (!dasar && !noMidtrans) return
  await inBooks(program, (books) =>
    books.trx
      .updateTable('business')
      .set({ ...(dasar && { package: 'dasar' }), ...(noMidtrans && { midtrans_key: null }) })
      .where('id', '=', books.business.id)
      .execute(),
  )
}

/** Somebody who has been a customer all along, so that a story begins where it becomes interesting. */
async function addByHand(program: TestProgram, [name = '', number = '', area = '', planName = '', due = '']: string[]) {
  await inBooks(program, async (books) => {
    const plan = (await listPlans(books)).find((each) => each.name === planName)
    if (!plan) throw new Error(`no plan ${planName}`)
    const phone = readPhone(number)
    const customer = await addCustomer(books, { name, phones: phone ? [phone] : [], ...(area !== '-' && { area }) })
    const typed = due.includes('-') ? { date: day(due) } : { day: Number(due) }
    await subscribe(books, { customerId: customer.id, plan, first: firstInvoice(typed, books.today, plan.billing) })
    while ((await issueChunk(books, { customerIds: [customer.id] })).more) {
      // Until what is due is issued.
    }
  })
}

async function phoneOf(program: TestProgram, who: string): Promise<string> {
  const typed = readPhone(who)
  if (typed) return typed.phone
  const people = await program.get<{ phone: string; name: string }[]>('/simulator/phones')
  const found = people.find((person) => person.name === who) ?? people.find((person) => person.name.includes(who))
  if (!found) throw new Error(`nobody is called ${who}`)
  return found.phone
}

async function playMidtrans(
  program: TestProgram,
  { who, status, amount }: { who: string; status: string; amount?: number },
) {
  const rows = await program.get<ChatRow[]>(`/simulator/messages?phone=${await phoneOf(program, who)}`)
  const orderId = rows.flatMap((row) => /TGH-\w+/.exec(row.text)?.[0] ?? []).at(-1)
  if (!orderId) throw new Error(`${who} has no pay link`)
  await program.post('/simulator/pay', { orderId, status, ...(amount && { amount }) })
}

async function showMessage(program: TestProgram, row: ChatRow, speaker: string): Promise<string> {
  const people = await program.get<{ phone: string; name: string }[]>('/simulator/phones')
  const name = people.find((person) => person.phone === row.phone)?.name ?? row.phone
  const head = row.phone === speaker ? 'Bot:' : `Bot → ${name}:`
  const file = row.media ? `(file ${row.media.filename}) ` : ''
  const status = row.status === 'sent' ? '' : ` [${row.status}]`
  const text = row.text
    .replace(/http\S*\/bayar\/TGH-\w+/g, 'https://…/bayar/TGH-…')
    .split('\n')
    .join('\n  ')
    .replace(/ +$/gm, '')
  return `${head}${status} ${file}${text}`
}
