import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { type Day, day } from '../domain/calendar.ts'
import { COMMANDS } from './commands/all.ts'
import { type Context, understand } from './understand.ts'

const USAGE = 'usage: understand --role owner|staff|customer --today YYYY-MM-DD'
const ROLES: readonly string[] = ['owner', 'staff', 'customer'] satisfies Context['role'][]

/** Reads one message a line on stdin and writes what it means, one JSON object a line (contract.md). */
async function main(): Promise<void> {
  const context = contextOf(process.argv.slice(2))
  for await (const text of lines(process.stdin.setEncoding('utf8'))) {
    const { command, args } = understand(text, context)
    if (!process.stdout.write(`${JSON.stringify({ text, command, args })}\n`)) await once(process.stdout, 'drain')
  }
}

/** The flags as a context of the reader; throws with one line that names what is wrong. */
function contextOf(argv: string[]): Context {
  const { values } = parseArgs({ args: argv, options: { role: { type: 'string' }, today: { type: 'string' } } })
  if (!ROLES.includes(values.role ?? '')) throw new Error('--role must be owner, staff or customer')
  return { role: values.role as Context['role'], today: readToday(values.today ?? ''), commands: COMMANDS }
}

function readToday(typed: string): Day {
  try {
    if (/^\d{4}-\d{2}-\d{2}$/.test(typed)) return day(typed)
  } catch {
    // 2026-02-30 has the right form and is no day: said below, as for any other text.
  }
  throw new Error('--today must be a day, YYYY-MM-DD')
}

/** Lines end with LF or CRLF alone; `node:readline` would also part a message at U+2028. */
async function* lines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of chunks) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) yield part.replace(/\r$/, '')
  }
  if (rest !== '') yield rest
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message.split('\n')[0]} (${USAGE})\n`)
  process.exitCode = 2
})
