import { setTimeout as sleep } from 'node:timers/promises'
import type { AnyMessageContent, BinaryNode } from '@whiskeysockets/baileys'
import { GatewayError, type Outgoing } from '../../domain/outbox.ts'
import type { Connection, Socket } from './connection.ts'

/**
 * Sends a message under the id that was chosen for it and waits for the server's word. Throws `GatewayError`.
 * @param options.present numbers that were found on WhatsApp before
 */
export async function sendOver(
  { socket, send, closed }: Connection,
  message: Outgoing,
  { present, ackMs }: { present: Set<string>; ackMs: number },
): Promise<{ id: string }> {
  const { outsideId: id, phone } = message
  if (!present.has(phone)) await checkPresent(socket, phone)
  present.add(phone)
  const word = new Promise<BinaryNode>((heard) => socket.ws.once(`TAG:${id}`, heard))
  try {
    await send(`${phone}@s.whatsapp.net`, contentOf(message), id)
  } catch {
    throw new GatewayError('passing', 'WhatsApp sedang tidak tersambung')
  }
  const ack = await Promise.race([word, closed.then(() => undefined), sleep(ackMs, undefined, { ref: false })])
  // It may be there; under the same id it is one message on the phone, however often it is sent.
  if (!ack) throw new GatewayError('unknown', 'WhatsApp tidak menjawab')
  const { error } = ack.attrs
  if (error === '463')
    throw new GatewayError('refused', 'WhatsApp menolak pesan ke orang yang belum pernah menulis ke nomor ini')
  if (error) throw new GatewayError('recipient', `WhatsApp menolak pesan ini (${error})`)
  return { id }
}

async function checkPresent(socket: Socket, phone: string): Promise<void> {
  const found = await socket.onWhatsApp(phone).catch(() => undefined)
  if (!found) throw new GatewayError('passing', 'WhatsApp sedang tidak tersambung')
  if (!found.some(({ exists }) => exists)) throw new GatewayError('recipient', 'nomor ini tidak ada di WhatsApp')
}

function contentOf({ text, file }: Outgoing): AnyMessageContent {
  // Without a preview of links: it would make this server fetch what somebody wrote.
  if (!file) return { text, linkPreview: null }
  const caption = text === '' ? undefined : text
  if (file.mime.startsWith('image/')) return { image: file.bytes, mimetype: file.mime, caption }
  return { document: file.bytes, mimetype: file.mime, fileName: file.name, caption }
}
