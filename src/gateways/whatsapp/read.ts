import {
  isLidUser,
  isPnUser,
  jidDecode,
  normalizeMessageContent,
  type proto,
  type WAMessage,
} from '@whiskeysockets/baileys'

/** The chat that a message belongs to, and whose words it is. */
export type Place = {
  by: 'person' | 'owner' | 'self'
  /** The other side's number, when WhatsApp's server said it. */
  phone?: string
  /** The other side's hidden number. */
  lid?: string
}

/**
 * Whose message it is. The own "message yourself" chat is known by the chat's address alone: what stands beside it can
 * be the own number in a customer's chat as well. Groups, statuses, newsletters and the like are nobody's.
 */
export function placeOf({ key }: WAMessage, own: { phone: string; lid?: string }): Place | undefined {
  const { remoteJid, remoteJidAlt: beside, fromMe } = key
  if (!remoteJid || !(isPnUser(remoteJid) || isLidUser(remoteJid))) return undefined
  const user = jidDecode(remoteJid)?.user
  if (!user) return undefined
  const chat = isLidUser(remoteJid) ? { lid: user } : { phone: user }
  if (fromMe) return { by: user === own.phone || user === own.lid ? 'self' : 'owner', ...chat }
  const other = beside && jidDecode(beside)?.user
  if (other && isPnUser(beside) && isLidUser(remoteJid)) return { by: 'person', phone: other, lid: user }
  if (other && isLidUser(beside) && isPnUser(remoteJid)) return { by: 'person', phone: user, lid: other }
  return { by: 'person', ...chat }
}

/** What somebody sent, as the chat takes it; `file` says that there is something to fetch. What has no words says what it is. */
export type Content = {
  kind: string
  text: string
  quotes?: string
  file?: { name: string; mime: string; size: number }
}

/** What a person may send in one piece; the whole of it is held in memory. */
export const LARGEST_FILE = 16 * 1024 * 1024

/**
 * Reads the words of a message; nothing for what is no fresh words of the sender's own: edits, reactions, receipts of
 * all kinds (C08).
 */
export function contentOf(message: proto.IMessage | null | undefined): Content | undefined {
  if (!message || message.editedMessage) return undefined
  const content = normalizeMessageContent(message)
  if (!content || content.protocolMessage || content.reactionMessage || content.stickerMessage) return undefined
  if (message.viewOnceMessage || message.viewOnceMessageV2 || message.viewOnceMessageV2Extension)
    return { kind: 'viewOnce', text: '(foto sekali lihat)' }
  const { conversation, extendedTextMessage: extended, documentMessage: document, imageMessage: image } = content
  const text = conversation ?? extended?.text
  if (text) return wordsOf('text', text, extended?.contextInfo)
  if (document)
    return fileOf(wordsOf('file', document.caption, document.contextInfo), document, document.fileName ?? 'berkas')
  if (image) return fileOf(wordsOf('file', image.caption, image.contextInfo), image, 'foto.jpg')
  if (content.audioMessage) return { kind: 'audio', text: '(pesan suara)' }
  if (content.videoMessage) return { kind: 'video', text: '(video)' }
  if (content.contactMessage || content.contactsArrayMessage) {
    const cards = content.contactsArrayMessage?.contacts ?? [content.contactMessage]
    return {
      kind: 'contact',
      text: cards.map((card) => `${card?.displayName ?? ''} ${phoneIn(card?.vcard)}`).join('\n'),
    }
  }
  const place = content.locationMessage ?? content.liveLocationMessage
  if (place) return { kind: 'location', text: `${place.degreesLatitude},${place.degreesLongitude}` }
  return contentTypeIsWords(content) ? { kind: 'other', text: '(pesan yang tidak bisa dibaca)' } : undefined
}

/** Forwarded words are somebody else's; as a caption they are no words at all, the file is still the file. */
function wordsOf(kind: 'text' | 'file', text: string | null | undefined, context?: proto.IContextInfo | null): Content {
  const quotes = context?.stanzaId
  const base = { text: text ?? '', ...(quotes && { quotes }) }
  if (!context?.isForwarded) return { kind, ...base }
  return kind === 'text' ? { kind: 'forwarded', ...base } : { kind, ...base, text: '' }
}

function fileOf(
  content: Content,
  media: { mimetype?: string | null; fileLength?: number | Long | null },
  name: string,
): Content {
  const size = Number(media.fileLength ?? 0)
  if (size > LARGEST_FILE) return { ...content, kind: 'tooLarge', text: '(file lebih dari 16 MB)' }
  return { ...content, file: { name: name.slice(0, 200), mime: media.mimetype ?? 'application/octet-stream', size } }
}

type Long = { toNumber(): number }

function phoneIn(vcard: string | null | undefined): string {
  return /waid=(\d+)/.exec(vcard ?? '')?.[1] ?? ''
}

/** Taps on buttons and polls are no words, but a person meant something by them. */
function contentTypeIsWords(content: proto.IMessage): boolean {
  return Boolean(
    content.buttonsResponseMessage ||
      content.listResponseMessage ||
      content.templateButtonReplyMessage ||
      content.interactiveResponseMessage ||
      content.eventMessage ||
      content.pollCreationMessage,
  )
}
