import { crc32 } from 'node:zlib'
import { SaxesParser } from 'saxes'
import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl'
import { Unreadable } from './raw.ts'

/** The files inside an .xlsx, which is a zip of XML, by their paths. */
export type Parts = { readonly zip: ZipFile; readonly entries: ReadonlyMap<string, Entry> }

export type Attributes = Readonly<Record<string, string>>

/** What a part is scanned for. Tags come without their namespace prefix, attributes with it. */
export type Handlers = {
  readonly open: (tag: string, attributes: Attributes) => void
  readonly close?: (tag: string) => void
  readonly text?: (text: string) => void
}

/** All files of the zip together, unpacked. A sheet of 20,000 rows and 20 columns takes some 30 MB of XML. */
const MAX_UNPACKED_BYTES = 100 * 1024 * 1024

/** A workbook has a handful of files, with many pictures perhaps hundreds. */
const MAX_ENTRIES = 5_000

/** Characters from one tag to the next, which must be kept until it comes; a cell holds 32,767 at most. */
const MAX_TOKEN = 1_000_000

/** Open tags, which the parser keeps. The rich text of a cell is eight deep. */
const MAX_DEPTH = 100

/**
 * Reads the directory of a zip, and nothing else: what would unpack to too much is refused before a byte is
 * inflated (faults S17). Throws `Unreadable`, and yauzl's errors when it is damaged.
 */
export async function openParts(bytes: Buffer): Promise<Parts> {
  const zip = await fromBufferPromise(bytes)
  if (zip.entryCount > MAX_ENTRIES) throw new Unreadable('tooLarge', `${zip.entryCount} zip entries`)
  const entries = new Map<string, Entry>()
  let unpacked = 0
  for await (const entry of zip.eachEntry()) {
    if (entry.isEncrypted()) throw new Unreadable('password', entry.fileName)
    entries.set(entry.fileName, entry)
    unpacked += entry.uncompressedSize
  }
  if (unpacked > MAX_UNPACKED_BYTES) throw new Unreadable('tooLarge', `unpacks to ${unpacked} bytes`)
  return { zip, entries }
}

/**
 * Unpacks and parses one part piece by piece, so that a large sheet never stands in memory; a part that is not
 * there is an empty one. Throws `Unreadable`, and the errors of yauzl and saxes when it is damaged.
 */
export async function scanPart(parts: Parts, path: string | undefined, handlers: Handlers): Promise<void> {
  const entry = path === undefined ? undefined : parts.entries.get(path)
  if (!entry) return
  const parser = openParser(handlers)
  const decoder = new TextDecoder()
  let crc = 0
  // yauzl sees to it that no more is inflated than the directory promised.
  for await (const chunk of await parts.zip.openReadStreamPromise(entry)) {
    crc = crc32(chunk, crc)
    parser.write(decoder.decode(chunk, { stream: true }))
  }
  // yauzl leaves this to us; a flipped bit could be another price or phone.
  if (crc !== entry.crc32) throw new Unreadable('damaged', `${path} checksum`)
  parser.close()
}

/** A parser that keeps little of what it was fed, whatever that is. */
function openParser({ open, close, text }: Handlers) {
  const parser = new SaxesParser()
  let depth = 0
  let sinceTag = 0
  parser.on('opentag', ({ name, attributes }) => {
    sinceTag = 0
    depth += 1
    if (depth > MAX_DEPTH) throw new Unreadable('damaged', 'XML nested too deep')
    open(localName(name), attributes)
  })
  parser.on('closetag', ({ name }) => {
    sinceTag = 0
    depth -= 1
    close?.(localName(name))
  })
  parser.on('doctype', () => {
    // saxes would not expand entities, but no sheet program writes any.
    throw new Unreadable('damaged', 'XML document type')
  })
  if (text) {
    parser.on('text', text)
    parser.on('cdata', text)
  }
  return {
    write(piece: string): void {
      sinceTag += piece.length
      if (sinceTag > MAX_TOKEN) throw new Unreadable('damaged', 'endless XML token')
      parser.write(piece)
    },
    close: () => parser.close(),
  }
}

/** `x:row` → `row`. */
export function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}
