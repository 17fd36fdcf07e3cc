import { parentPort, workerData } from 'node:worker_threads'
import { day } from '../calendar.ts'
import type { ColumnAnswers } from '../sheet/columns.ts'
import type { ListReading } from '../sheet/list.ts'
import { readCsv } from './csv.ts'
import { type RawCell, type RawSheet, type RefusalKind, receiveSheet, Unreadable } from './raw.ts'
import type { WorkbookSpec } from './write.ts'
import { readXlsx } from './xlsx.ts'

/** What a thread is started for. */
export type Task =
  | { act: 'read'; bytes: Uint8Array; filename: string }
  | { act: 'list'; bytes: Uint8Array; filename: string; today: string; answers: ColumnAnswers }
  | { act: 'write'; spec: WorkbookSpec }

/** What it answers: once for a reading; for a writing `more` after each load of rows, then the file. */
export type Answer =
  | { sheets: RawSheet[] }
  | { list: ListReading }
  | { refused: RefusalKind; detail: string }
  | { more: true }
  | { file: Uint8Array<ArrayBuffer> }

/** What a writing thread is sent after its start. */
export type Load = { rows: RawCell[][] } | { end: true }

const task: Task = workerData
if (task.act === 'write') await write(task.spec)
else {
  const read = await readFile(task.bytes, task.filename)
  answer(task.act === 'list' && 'sheets' in read ? { list: await listOf(read.sheets, task) } : read)
}

function answer(message: Answer): void {
  parentPort?.postMessage(message, 'file' in message ? [message.file.buffer] : [])
}

async function readFile(
  bytes: Uint8Array,
  filename: string,
): Promise<Answer & ({ sheets: RawSheet[] } | { refused: RefusalKind })> {
  try {
    const sheets = await readByContent(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), filename)
    if (sheets.every(({ rows }) => rows.length === 0)) return { refused: 'empty', detail: 'no cells' }
    return { sheets }
  } catch (error) {
    if (error instanceof Unreadable) return { refused: error.kind, detail: error.message }
    // Whatever else goes wrong while bytes of a stranger are taken apart is the file's fault (range, inflate).
    const detail = String(error)
    // Of one kind of password yauzl tells in this way only.
    return { refused: detail.includes('strong encryption') ? 'password' : 'damaged', detail }
  }
}

async function listOf(sheets: RawSheet[], { today, answers }: { today: string; answers: ColumnAnswers }) {
  const { readSheets } = await import('../sheet/list.ts')
  return readSheets(sheets.map(receiveSheet), day(today), answers)
}

/** Decides by the first bytes what a file is; its name may say anything. */
async function readByContent(bytes: Buffer, filename: string): Promise<RawSheet[]> {
  if (bytes.length === 0) throw new Unreadable('empty')
  if (bytes.toString('latin1', 0, 4) === 'PK\x03\x04') {
    // An OpenDocument file begins with its type, stored plain.
    const type = bytes.toString('latin1', 30, 120)
    if (type.startsWith('mimetypeapplication/vnd.oasis.opendocument'))
      throw new Unreadable(type.includes('.spreadsheet') ? 'ods' : 'notSpreadsheet')
    return readXlsx(bytes)
  }
  if (bytes.toString('hex', 0, 8) === 'd0cf11e0a1b11ae1') throw new Unreadable(kindOfOle(bytes))
  const start = bytes.toString('latin1', 0, 2_000).trimStart()
  if (/^(?:%PDF|\{\\rtf)/.test(start)) throw new Unreadable('notSpreadsheet')
  // Billing programs write a web page and call it .xls; Excel opens that, and its old XML, too.
  if (/^(?:\xef\xbb\xbf)?<(?:\?xml|!doctype|html|table|meta|head|style)/i.test(start))
    throw new Unreadable('xls', 'markup')
  return readCsv(bytes, filename.replace(/\.[^.]*$/, ''))
}

/** The container of old Office files, and of new ones under a password. */
function kindOfOle(bytes: Buffer): RefusalKind {
  const holds = (name: string) => bytes.includes(Buffer.from(name, 'utf16le'))
  if (holds('EncryptedPackage')) return 'password'
  return holds('Workbook') || holds('Book') ? 'xls' : 'notSpreadsheet'
}

async function write(spec: WorkbookSpec): Promise<void> {
  // Loaded here because exceljs takes longer to load than a usual file takes to read.
  const { openWriter } = await import('./write.ts')
  const writer = openWriter(spec)
  parentPort?.on('message', async (load: Load) => {
    if ('end' in load) answer({ file: await writer.close() })
    else {
      writer.add(load.rows)
      answer({ more: true })
    }
  })
}
