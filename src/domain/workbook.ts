import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Day } from './calendar.ts'
import type { ColumnAnswers } from './sheet/columns.ts'
import type { ListReading } from './sheet/list.ts'
import {
  type Cell,
  type RawCell,
  REFUSALS,
  type RefusalKind,
  receiveSheet,
  type Sheet,
  sendCell,
} from './workbook/raw.ts'
import type { Answer, Load, Task } from './workbook/worker.ts'
import type { WorkbookSpec } from './workbook/write.ts'

export type { Cell, Sheet } from './workbook/raw.ts'
export { dayOfSerial } from './workbook/raw.ts'
export type { WorkbookSpec } from './workbook/write.ts'

/** Why a file could not be read: what to tell the sender, and a detail for the log. */
export type WorkbookRefusal = { readonly refused: RefusalKind; readonly sentence: string; readonly detail: string }

/** An owner's list of thousands of customers takes well under 2 MB; the rest is pictures or an attack. */
export const MAX_UPLOAD_BYTES = 10 * 1024 * 1024

/** Time to read a file: a good one of 20,000 rows takes about a second, on a busy machine several. */
const READ_TIMEOUT_MS = 10_000

/** Time to read a file and the list in it, row by row: 20,000 rows take three seconds, on a busy machine many. */
const LIST_TIMEOUT_MS = 30_000

/** Time to take one load of rows, or to close the file: 100,000 rows take five seconds all together. */
const WRITE_TIMEOUT_MS = 60_000

/** Memory of a thread: several times what the largest allowed file takes. */
const THREAD_LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 }

/** Threads at a time: what they may take together still fits into a small server. */
const MAX_THREADS = 2

/** Rows handed to the writing thread at a time. */
const ROWS_PER_LOAD = 500

/**
 * Reads an .xlsx or .csv (decided by its content) in a thread of its own, so that nobody waits for it.
 * Whatever is wrong with the file comes back as a refusal; throws only for faults of ours.
 */
export async function readWorkbook(bytes: Uint8Array, filename: string): Promise<Sheet[] | WorkbookRefusal> {
  const answer = await readInThread(bytes, { act: 'read', bytes, filename })
  if ('refused' in answer) return answer
  if ('sheets' in answer) return answer.sheets.map(receiveSheet)
  throw new Error('unexpected answer of the workbook thread')
}

/** Reads a file and, in the same thread, the list that it holds: of customers, or of noted debts that come back. */
export async function readList(
  bytes: Uint8Array,
  filename: string,
  { today, answers = {} }: { today: Day; answers?: ColumnAnswers },
): Promise<ListReading | WorkbookRefusal> {
  const answer = await readInThread(bytes, { act: 'list', bytes, filename, today: today.toString(), answers })
  if ('refused' in answer) return answer
  if ('list' in answer) return answer.list
  throw new Error('unexpected answer of the workbook thread')
}

type Read = Exclude<Answer, { refused: RefusalKind }>

async function readInThread(bytes: Uint8Array, task: Task): Promise<Read | WorkbookRefusal> {
  if (bytes.byteLength > MAX_UPLOAD_BYTES) return refuse('tooLarge', `${bytes.byteLength} bytes`)
  return inThread(task, task.act === 'list' ? LIST_TIMEOUT_MS : READ_TIMEOUT_MS, async (thread) => {
    const answer = await thread.answer()
    if (answer === 'tooSlow' || answer === 'tooLarge') return refuse(answer, 'thread stopped')
    return 'refused' in answer ? refuse(answer.refused, answer.detail) : answer
  })
}

/** Characters of a refusal's detail: it may hold names out of the file, and those can be very long. */
const MAX_DETAIL = 200

function refuse(refused: RefusalKind, detail: string): WorkbookRefusal {
  return { refused, sentence: REFUSALS[refused], detail: detail.slice(0, MAX_DETAIL) }
}

/**
 * Writes rows, as they come, into an .xlsx of one sheet: header bold and frozen, filter on, real dates, numbers
 * as numbers, texts inert. Each row has one value for each column; a row must not wait for another workbook, since
 * this one keeps its thread meanwhile. Throws when `rows` throws.
 */
export async function writeWorkbook(
  spec: WorkbookSpec,
  rows: Iterable<readonly Cell[]> | AsyncIterable<readonly Cell[]>,
): Promise<Buffer> {
  return inThread({ act: 'write', spec }, WRITE_TIMEOUT_MS, async (thread) => {
    let load: RawCell[][] = []
    const send = async (message: Load) => {
      thread.send(message)
      const answer = await thread.answer()
      if (typeof answer === 'string') throw new Error(`writing a workbook: ${answer}`)
      return answer
    }
    for await (const row of rows) {
      load.push(row.map(sendCell))
      if (load.length < ROWS_PER_LOAD) continue
      await send({ rows: load })
      load = []
    }
    await send({ rows: load })
    const answer = await send({ end: true })
    if (!('file' in answer)) throw new Error('unexpected answer of the workbook thread')
    return Buffer.from(answer.file.buffer)
  })
}

let running = 0
const waiting: (() => void)[] = []

/** Uses a thread as soon as fewer than `MAX_THREADS` run; who came first is first. Its time counts from then on. */
async function inThread<T>(
  task: Task,
  timeoutMs: number,
  use: (thread: ReturnType<typeof startThread>) => Promise<T>,
): Promise<T> {
  if (running < MAX_THREADS) running += 1
  else await new Promise<void>((resolve) => waiting.push(resolve))
  try {
    const thread = startThread(task, timeoutMs)
    try {
      return await use(thread)
    } finally {
      await thread.stop()
    }
  } finally {
    // The next one takes the place over, so that nobody slips in between.
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }
}

/** Starts a thread; `answer` waits for its next message at most `timeoutMs`, or says why there will be none. */
function startThread(task: Task, timeoutMs: number) {
  const worker = new Worker(new URL('./workbook/worker.ts', import.meta.url), {
    workerData: task,
    resourceLimits: THREAD_LIMITS,
    execArgv: [],
  })
  let failure: unknown
  worker.on('error', (error) => {
    failure = error
  })
  return {
    send: (load: Load) => worker.postMessage(load),
    async answer(): Promise<Answer | 'tooSlow' | 'tooLarge'> {
      try {
        if (failure) throw failure
        const [message] = await once(worker, 'message', { signal: AbortSignal.timeout(timeoutMs) })
        return message
      } catch (error) {
        if (error instanceof Error && error.name === 'AbortError') return 'tooSlow'
        if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') return 'tooLarge'
        throw error
      }
    },
    stop: () => worker.terminate(),
  }
}
