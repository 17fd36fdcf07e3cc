import { readFileSync } from 'node:fs'
import type { ChatRow, TestProgram } from './program.ts'

/**
 * Plays a story against the running program and writes down what happened.
 *
 *     # why this story is told
 *     Mulai: 2026-12-10 09.00 [· 3 pelanggan]      the day it starts; customers that are there
 *     Pak Joko: tagih budi                          somebody writes; ⏎ is a new line
 *     Pak Joko: (file) pelanggan-bumdes.csv         a file of test/data
 *     Tanggal: 2026-12-20 08.00                     the clock moves
 *     Midtrans: Bu Nabila settlement [50000]        Midtrans reports on that customer's newest pay link
 *
 * Everything else (`Bot:`, `Bot → Budi:`) is what the program did, in the order in which it did it.
 */
export async function tell(program: TestProgram, story: string): Promise<string> {
  const lines: string[] = []
  const told = new Set<number>()
  let speaker = ''
  // An empty line before an indented one belongs to an answer.
  for (const line of story.replace(/\n+(?= )/g, '\n').split('\n')) {
    const event = readEvent(line)
    if (!event) {
      if (line.startsWith('#') || line === '') lines.push(line)
      continue
    }
    lines.push(line)
    if (event.kind === 'begin') await program.post('/simulator/reset', { customers: event.customers, now: event.now })
    if (event.kind === 'clock') await program.post('/simulator/clock', { now: event.now })
    if (event.kind === 'midtrans') await playMidtrans(program, event)
    if (event.kind === 'say') {
      speaker = await phoneOf(program, event.who)
      const name = /^\(file\) (.+)$/.exec(event.text)?.[1]
      if (name) await program.send(speaker, { name, bytes: readFileSync(new URL(`../data/${name}`, import.meta.url)) })
      else await program.say(speaker, event.text.replaceAll('⏎', '\n'))
    }
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

type Event =
  | { kind: 'begin'; now: string; customers: number }
  | { kind: 'clock'; now: string }
  | { kind: 'say'; who: string; text: string }
  | { kind: 'midtrans'; who: string; status: string; amount?: number }

function readEvent(line: string): Event | undefined {
  const match = /^([^:#]+): (.*)$/.exec(line)
  const [, head = '', rest = ''] = match ?? []
  if (!match || head === 'Bot' || head.startsWith('Bot →') || line.startsWith(' ')) return undefined
  if (head === 'Mulai' || head === 'Tanggal') {
    const [, date, hour, minute, customers] =
      /^(\d{4}-\d\d-\d\d) (\d\d)\.(\d\d)(?: · (\d+) pelanggan)?$/.exec(rest) ?? []
    if (!date) throw new Error(`not a moment: ${line}`)
    const now = `${date}T${hour}:${minute}:00+07:00`
    return head === 'Mulai' ? { kind: 'begin', now, customers: Number(customers ?? 0) } : { kind: 'clock', now }
  }
  if (head === 'Midtrans') {
    const [, who, status, amount] = /^(.+?) (settlement|pending|expire|cancel|deny)(?: (\d+))?$/.exec(rest) ?? []
    if (!who || !status) throw new Error(`not a report: ${line}`)
    return { kind: 'midtrans', who, status, ...(amount && { amount: Number(amount) }) }
  }
  return { kind: 'say', who: head, text: rest }
}

async function phoneOf(program: TestProgram, who: string): Promise<string> {
  if (/^\d+$/.test(who)) return who
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
