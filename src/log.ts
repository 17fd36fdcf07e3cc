import { type Logger, pino } from 'pino'

/**
 * What must never stand in a log (I9, S22), taken out of every finished line, so that nobody who logs has to think of
 * it: links that sign in, webhook addresses, keys and tokens, passwords inside addresses, and phones.
 */
const SECRETS: readonly [RegExp, string][] = [
  [/\b\d{1,15}\.[\w-]{43}\b/g, '[link]'],
  [/(\/webhooks\/fonnte\/[^/\s"\\]+\/)[^/\s"\\]+/g, '$1[alamat]'],
  [/\b(?:SB-)?Mid-(?:server|client)-[\w-]+/gi, '[kunci]'],
  [/\b(?:Basic|Bearer) [\w+/=.-]{8,}/g, '[kunci]'],
  [/([a-z][a-z+]*:\/\/[^:/@\s"\\]*:)[^@\s"\\]+@/gi, '$1[sandi]@'],
  [
    /("(?:authorization|cookie|set-cookie|password|token|serverKey|fonnteToken|key)":)"(?:[^"\\]|\\.)*"/gi,
    '$1"[rahasia]"',
  ],
]

/** Nine digits and more in a row, or a mobile number with its usual gaps; the last three tell them apart. */
const PHONE = /(?<![\w.])\+?(?:(?:62|0)[\s.-]?8(?:[\s.-]?\d){7,11}|\d{9,15})(?![\w])/g

export function redact(line: string): string {
  const plain = SECRETS.reduce((text, [pattern, instead]) => text.replace(pattern, instead), line)
  return plain.replace(PHONE, (phone) => `…${phone.slice(-3)}`)
}

/** What of an error helps to mend it. PostgreSQL's own `detail` and `where` hold the rows that it spoke of. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: typeof error }
  const { code, constraint, table, cause } = error as Error & Record<'code' | 'constraint' | 'table', unknown>
  return {
    type: error.name,
    message: error.message.slice(0, 500),
    code,
    constraint,
    table,
    stack: error.stack?.split('\n').slice(1).join('\n'),
    ...(cause !== undefined && { cause: describe(cause) }),
  }
}

/** The program's log: one JSON object a line on stderr, times in words, nothing secret. */
export function makeLog(level: string, write: (line: string) => void = (line) => process.stderr.write(line)): Logger {
  return pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: describe, error: describe },
    },
    { write: (line: string) => write(redact(line)) },
  )
}
