/** How one message is drawn. Its text only ever becomes text nodes: it is other people's words. */

import { element, icon, wallClock } from './dom.js'

const MARKS = { '*': 'strong', _: 'em', '~': 's', '`': 'code' }
/** A mark stands outside a word, touches its text and ends on the same line, as WhatsApp reads it. */
const MARKED = /(?<![\p{L}\p{N}])([*_~`])(?=\S)([^\n]*?\S)\1(?![\p{L}\p{N}])/u
const LINK = /https?:\/\/[^\s<>"]*[^\s<>".,;:!?)'*_~]/

/** Text with WhatsApp's marks and links as nodes. */
export function formatText(text) {
  const nodes = document.createDocumentFragment()
  const link = LINK.exec(text)
  if (link) {
    const target = { href: link[0], target: '_blank', rel: 'noopener noreferrer' }
    nodes.append(
      formatText(text.slice(0, link.index)),
      element('a', target, link[0]),
      formatText(text.slice(link.index + link[0].length)),
    )
    return nodes
  }
  const mark = MARKED.exec(text)
  if (!mark) return new Text(text)
  const inside = mark[1] === '`' ? new Text(mark[2]) : formatText(mark[2])
  nodes.append(
    text.slice(0, mark.index),
    element(MARKS[mark[1]], {}, inside),
    formatText(text.slice(mark.index + mark[0].length)),
  )
  return nodes
}

/** One line of a message, for previews: no marks, no line breaks. */
export function plainText({ text, media }) {
  const words = (text ?? '')
    .replace(/[*_~`]/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  return media ? `${media.kind === 'image' ? '📷' : '📄'} ${words || media.filename}` : words
}

/** What the sign beside the time says, by the message's status: icon, words, and whether the words are shown. */
const STATUS = {
  sending: ['wait', 'menunggu'],
  waiting: ['wait', 'menunggu', true],
  received: ['check', 'terkirim'],
  handled: ['checks', 'dibaca'],
  sent: ['check', 'terkirim'],
  failed: ['warn', 'gagal', true],
  uncertain: ['warn', 'tidak pasti', true],
  cancelled: ['warn', 'tidak jadi dikirim', true],
}

/** Whether a message did not reach the phone, or perhaps not, or not yet. */
export const isLost = ({ status }) => ['failed', 'uncertain', 'cancelled', 'waiting'].includes(status)

/** A bubble. `quoted` is the message that it answers, when known. */
export function drawMessage(message, quoted) {
  const { id, direction, channel, status, text, media, at, reason } = message
  const [sign, words, shown] = STATUS[status] ?? ['check', status ?? '']
  const mine = direction === 'in'
  return element(
    'li',
    {
      class: `message ${mine ? 'mine' : 'theirs'}`,
      'data-message': id,
      'data-direction': direction,
      'data-channel': channel,
      'data-status': status,
    },
    element(
      'div',
      { class: 'bubble' },
      element('span', { class: 'sr' }, mine ? 'Dari HP ini: ' : 'Dari usaha: '),
      quoted && element('p', { class: 'quote' }, element('span', {}, plainText(quoted))),
      media && drawMedia(media),
      text ? element('span', { class: 'text' }, formatText(text)) : undefined,
      element(
        'span',
        { class: 'meta', title: reason ?? undefined },
        !mine && element('span', { class: 'channel' }, channel === 'fonnte' ? 'Fonnte' : 'bot'),
        shown && element('span', { class: 'fate' }, words),
        at !== undefined && element('time', { datetime: at }, wallClock(at).time),
        // As on a real phone: what arrived has no ticks.
        (mine || status !== 'sent') && icon(sign, words),
      ),
      id !== undefined && drawActs(id),
    ),
  )
}

function drawActs(id) {
  return element(
    'span',
    { class: 'acts' },
    element('button', { type: 'button', 'data-reply-to': id, 'aria-label': 'Balas pesan ini' }, icon('reply')),
    element('button', { type: 'button', 'data-react-to': id, 'aria-label': 'Beri jempol' }, icon('thumb')),
  )
}

function drawMedia({ kind, filename, url, size }) {
  const safe = url && /^(https?:|blob:|\/)/.test(url) ? url : undefined
  const target = { href: safe, target: '_blank', rel: 'noopener' }
  if (kind === 'image' && safe)
    return element('a', { ...target, class: 'picture' }, element('img', { src: safe, alt: filename ?? 'Foto' }))
  const type = /\.(\w{1,5})$/.exec(filename ?? '')?.[1] ?? 'file'
  return element(
    'a',
    { href: safe, class: 'document', download: filename ?? '', 'data-document': filename },
    element('span', { class: `paper ${type.toLowerCase()}` }, type.toUpperCase()),
    element(
      'span',
      { class: 'name' },
      element('b', {}, filename ?? 'Berkas'),
      element('small', {}, size ? `${sizeOf(size)} · buka` : 'Buka'),
    ),
  )
}

export function sizeOf(bytes) {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** The first words of commands: what is bold for its own sake (*belum lunas*, *312*) is no reply. */
const COMMAND =
  /^(ya|tidak|lanjut|lagi|batal|tolak|kirim|mulai|stop|bayar|kwitansi|tagih|lunas|telat|belum bayar|rekap|cari|tambah|cuti|samakan|undur|umumkan|bantuan|panel|upgrade|status pengiriman|berhenti (kirim|langganan)|saya bayar|setoran|sekali ini|halo)(?![\p{L}])/iu
const BOLD = /\*([^*\n]{1,40})\*/g
/** More would hide the chat on a phone; *bantuan* alone has some twenty. */
const MOST_REPLIES = 8

/** Taps that answer a message: `{send, label}` for its numbered choices and bold commands, *ya* and *tidak* first. */
export function quickReplies(text) {
  const replies = new Map()
  const add = (send, label = send) => replies.has(send) || replies.set(send, { send, label })
  const bold = [...text.matchAll(BOLD)].map(([, words]) => words)
  for (const words of ['ya', 'tidak']) if (bold.includes(words)) add(words)
  if (/Balas nomornya/.test(text))
    for (const [, number, line] of text.matchAll(/^(\d)\. (.+)$/gm)) add(number, `${number}. ${line.split(' · ')[0]}`)
  for (const words of bold) {
    const verb = /^\d$/.test(words) && new RegExp(`Balas \\*${words}\\* untuk (\\p{L}+)`, 'u').exec(text)?.[1]
    if (verb) add(words, `${words} · ${verb}`)
    else if (COMMAND.test(words)) add(words)
  }
  return [...replies.values()].slice(0, MOST_REPLIES)
}
