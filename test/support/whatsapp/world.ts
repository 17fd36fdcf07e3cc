import { type BinaryNode, getBinaryNodeChildBuffer, type proto } from '@whiskeysockets/baileys'
import type { Account, Bundle, PreKey } from './account.ts'
import type { MediaHost } from './media.ts'
import type { Wire } from './wire.ts'

export const WHATSAPP = '@s.whatsapp.net'

/** What the parts of the fake WhatsApp share: phones, the devices linked to them, and who waits to be linked. */

/** A linked device: what the server knows of it, and what waits for it. */
export type Device = {
  readonly jid: string
  readonly lid: string
  readonly number: string
  readonly bundle: Omit<Bundle, 'preKey'>
  preKeys: PreKey[]
  waiting: BinaryNode[]
  wire?: Wire
  /** Logged in and past the welcome. */
  open: boolean
  logins: number
}

/** A connection that shows a QR and waits for somebody to scan it. */
export type Stranger = {
  readonly wire: Wire
  readonly refs: string[]
  retired: Set<string>
  /** Of pairing by code: what the device sent under it. */
  hello?: { number: string; wrappedKey: Uint8Array; noiseKey: Uint8Array }
  finish?: (bundle: Uint8Array) => void
}

export type World = {
  phones: Map<string, Phone>
  /** By their addresses. */
  devices: Map<string, Device>
  devicesOf(number: string): Device[]
  strangers: Set<Stranger>
  media: MediaHost
  /** Numbers that are not on WhatsApp. */
  absent: Set<string>
  phone(number: string): Phone
  /** Hands a device that is ready what waited for it. */
  welcome(device: Device): Promise<void>
  push(device: Device, stanza: BinaryNode): void
  phoneOf(jid: string): Phone | undefined
  pair(stranger: Stranger, phone: Phone, identity: Uint8Array, certificate: Uint8Array): void
}

/** A message as a person sees it on the phone. */
export type Seen = { id: string; from: string; text: string; message: proto.IMessage }

/** How something is written that is not simply a text of now. */
export type Writing = {
  id?: string
  /** Under the hidden number: with the real one beside it, or alone. */
  lid?: 'beside' | 'alone'
  /** Cannot be decrypted at first; the retry can. */
  garbled?: boolean
  /** Seconds of when it was written. */
  t?: string
}

/** A person's phone: pairs companion devices, writes to other numbers and reads what they write. */
export type Phone = {
  readonly number: string
  readonly jid: string
  lid: string
  readonly account: Account
  /** What this phone was sent, each message once however often it came. */
  readonly seen: Seen[]
  /** How often each message came. */
  readonly copies: Map<string, number>
  /** How often a message could not be read and was asked for again. */
  unreadable: number
  /** Out of reach: what is sent to it waits until it is back. */
  leave(): void
  comeBack(): Promise<void>
  /** Old chats that are handed to a device right after it was linked. */
  history: proto.IConversation[]
  scan(qr: string): void
  enterCode(code: string): void
  /** Writes to a number; answers the message's id. */
  write(to: string, what: string | proto.IMessage, how?: Writing): Promise<string>
  /** Writes with real encryption, but in a stanza of another shape. */
  writeAs(attrs: Record<string, string>, to: string, message: proto.IMessage): Promise<void>
  sendFile(to: string, file: { name: string; mime: string; bytes: Buffer }, how?: Writing): Promise<string>
  /** Waits until something matches on this phone, and answers it. */
  sees(match: RegExp, after?: number): Promise<Seen>
  /** Could not decrypt a message of that number and asks for it again. */
  askAgain(of: string, id: string): void
  sendHistory(device: Device): Promise<void>
  /** Reads what a device wrote in the chat with `to`; false when it could not and asks again. */
  take(device: Device, id: string, enc: BinaryNode, to: string): Promise<boolean>
  repeat(device: Device, id: string, receipt: BinaryNode): Promise<void>
}

export function node(tag: string, attrs: Record<string, string> = {}, content?: BinaryNode['content']): BinaryNode {
  return { tag, attrs, ...(content !== undefined && { content }) }
}

export function seconds(): string {
  return String(Math.floor(Date.now() / 1_000))
}

export function readNumber(bytes: Uint8Array): number {
  return Buffer.from(bytes).readUIntBE(0, bytes.length)
}

export function bytesOf(parent: BinaryNode, tag: string): Uint8Array {
  const bytes = getBinaryNodeChildBuffer(parent, tag)
  if (!bytes) throw new Error(`no ${tag} in ${parent.tag}`)
  return Buffer.from(bytes)
}
