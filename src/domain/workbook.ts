import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { addDays, type Day, day, daysBetween } from './calendar.ts'
import { type RawCell, type RawRow, type RawSheet, REFUSALS, type RefusalKind } from './workbook/raw.ts'
import type { Answer, Load, Task } from './workbook/worker.ts'
import type { WorkbookSpec } from './workbook/write.ts'

export type { WorkbookSpec } from './workbook/write.ts'

/** A cell as it is meant: dates only where the sheet shows one; a formula is its last result; texts as stored. */
export type Cell = string | number | boolean | Day | null

/**
 * A row that holds something; `number` as the sheet program shows it, `cells` by column, the last one not empty.
 * `merged` has, by column, the value of a cell above that is merged down over this row.
 */
export type SheetRow = {
  readonly number: number
  readonly cells: readonly Cell[]
  readonly merged?: ReadonlyMap<number, Cell>
}

/** A hidden sheet is read too; whoever reads its rows decides. */
export type Sheet = { readonly name: string; readonly hidden: boolean; readonly rows: readonly SheetRow[] }

/** Why a file could not be read: what to tell the sender, and a detail for the log. */
export type WorkbookRefusal = { readonly refused: RefusalKind; readonly sentence: string; readonly detail: string }

/** An owner's list of thousands of customers takes well under 2 MB; the rest is pictures or an attack. */
export const MAX_UPLOAD_BYTES = 10 * 1024 * 1024

/** Time to read a file: a good one of 20,000 rows takes about a second. */
const READ_TIMEOUT_MS = 10_000

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
  if (bytes.byteLength > MAX_UPLOAD_BYTES) return refuse('tooLarge', `${bytes.byteLength} bytes`)
  return inThread({ act: 'read', bytes, filename }, READ_TIMEOUT_MS, async (thread) => {
    const answer = await thread.answer()
    if (answer === 'tooSlow' || answer === 'tooLarge') return refuse(answer, 'thread stopped')
    if ('refused' in answer) return refuse(answer.refused, answer.detail)
    if ('sheets' in answer) return answer.sheets.map(receiveSheet)
    throw new Error('unexpected answer of the workbook thread')
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

function receiveSheet(sheet: RawSheet): Sheet {
  return { ...sheet, rows: sheet.rows.map(receiveRow) }
}

function receiveRow({ number, cells, merged }: RawRow): SheetRow {
  const row = { number, cells: cells.map(receiveCell) }
  return merged ? { ...row, merged: new Map([...merged].map(([column, cell]) => [column, receiveCell(cell)])) } : row
}

function receiveCell(cell: RawCell): Cell {
  return cell !== null && typeof cell === 'object' ? dayOfSerial(cell.serial) : cell
}

function sendCell(cell: Cell): RawCell {
  return cell instanceof Temporal.PlainDate ? { serial: serialOfDay(cell) } : cell
}

const SERIAL_ZERO = day('1899-12-30')

/** The day a sheet program means by a number: 46376 is 20 Dec 2026. */
export function dayOfSerial(serial: number): Day {
  // They believe in a 29 Feb 1900, so that days before it are one off; a lone "20" typed into a date cell is one.
  return addDays(SERIAL_ZERO, serial < 60 ? serial + 1 : serial)
}

function serialOfDay(date: Day): number {
  const serial = daysBetween(SERIAL_ZERO, date)
  return serial <= 60 ? serial - 1 : serial
}
