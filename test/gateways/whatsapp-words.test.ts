import { proto } from '@whiskeysockets/baileys'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Incoming } from '../../src/domain/message.ts'
import { queueMessages } from '../../src/domain/outbox.ts'
import { trustAccount } from '../../src/domain/sender.ts'
import { isSilent } from '../../src/domain/silence.ts'
import { addStaff } from '../../src/domain/staff.ts'
import { placeOf } from '../../src/gateways/whatsapp/read.ts'
import type { WhatsApp } from '../../src/gateways/whatsapp.ts'
import { BUDI, eventually, linkByQr, makeStation, OWNER, UJANG } from '../support/whatsapp/station.ts'

const station = await makeStation()
const { fake, owner, ujang, budi, heard } = station
const TYPO = '6281200000099'
let program: WhatsApp

beforeAll(async () => {
  const old = {
    key: { remoteJid: owner.jid, fromMe: true, id: '3A00000000000000001A' },
    messageTimestamp: 1_790_000_000,
  }
  owner.history = [{ id: owner.jid, messages: [{ message: { ...old, message: { conversation: 'tagih semua' } } }] }]
  program = station.program()
  await linkByQr(station, program)
})
afterAll(() => program.stop())

/** What the program hears from what `act` does, and nothing more: told by a last word of everybody. */
async function hears(act: () => Promise<unknown>): Promise<Incoming[]> {
  const from = heard.length
  await act()
  await eventually(() => expect(fake.device(OWNER)?.waiting).toEqual([]))
  const words = [budi, owner].map(({ number }) => `last word of ${number} ${heard.length}`)
  await budi.write(OWNER, words[0] as string)
  await owner.write(OWNER, words[1] as string)
  await eventually(() => {
    for (const word of words) expect(heard.map(({ text }) => text)).toContain(word)
  })
  return heard.slice(from).filter(({ text }) => !words.includes(text))
}

test('old chats that the phone hands over at linking are never acted upon', async () => {
  expect(await hears(async () => {})).toEqual([])
})

test.each([
  [
    { remoteJid: `${BUDI}@s.whatsapp.net`, fromMe: false },
    { by: 'person', phone: BUDI },
  ],
  [
    { remoteJid: '111@lid', remoteJidAlt: `${BUDI}@s.whatsapp.net` },
    { by: 'person', phone: BUDI, lid: '111' },
  ],
  [
    { remoteJid: `${OWNER}:0@s.whatsapp.net`, fromMe: true },
    { by: 'self', phone: OWNER },
  ],
  [
    { remoteJid: '999@lid', fromMe: true },
    { by: 'self', lid: '999' },
  ],
  // What stands beside an outgoing message is the own number at times: a customer's chat is not the own chat.
  [
    { remoteJid: '111@lid', remoteJidAlt: `${OWNER}@s.whatsapp.net`, fromMe: true },
    { by: 'owner', lid: '111' },
  ],
  [{ remoteJid: 'status@broadcast', participant: `${BUDI}@s.whatsapp.net` }, undefined],
  [{ remoteJid: '120363000000000001@g.us', participant: `${BUDI}@s.whatsapp.net` }, undefined],
  [{ remoteJid: '120363000000000002@newsletter' }, undefined],
])('whose chat %o is', (key, place) => {
  expect(placeOf({ key }, { phone: OWNER, lid: '999' })).toEqual(place)
})

test('a text, a reply that quotes, and words under a hidden number are the words of a phone', async () => {
  const replyTo = (id: string): proto.IMessage => ({
    extendedTextMessage: {
      text: 'ini maksudnya?',
      contextInfo: { stanzaId: id, quotedMessage: { conversation: 'lunas semua' } },
    },
  })
  expect(
    await hears(async () => {
      await budi.write(OWNER, 'halo')
      await budi.write(OWNER, replyTo('3EB0FFFF'))
      await budi.write(OWNER, 'dari nomor tersembunyi', { lid: 'beside' })
    }),
  ).toMatchObject([
    { channel: 'bot', phone: BUDI, kind: 'text', text: 'halo' },
    { phone: BUDI, kind: 'text', text: 'ini maksudnya?' },
    { phone: BUDI, kind: 'text', text: 'dari nomor tersembunyi' },
  ])
})

test('a hidden number alone is looked up: WhatsApp is asked for the people in the books, and for nobody else', async () => {
  const stranger = fake.phone('6281299999999')
  expect(
    await hears(async () => {
      await ujang.write(OWNER, 'lapor', { lid: 'alone' })
      await stranger.write(OWNER, 'halo', { lid: 'alone' })
    }),
  ).toMatchObject([{ phone: UJANG, text: 'lapor' }])
})

test('a staff number behind which another account appears has no rights until an owner says so', async () => {
  await hears(() => ujang.write(OWNER, 'pagi'))
  const before = ujang.lid
  ujang.lid = '100000000000099@lid'
  const from = heard.length
  await ujang.write(OWNER, 'lunas budi 150rb')
  await ujang.write(OWNER, 'lunas budi 150rb', { lid: 'beside' })
  const asked = () =>
    station.open(async (books) => {
      const { rows } = await sql`select phone, text from message where direction = 'out' and kind = 'matter'`.execute(
        books.trx,
      )
      return rows
    })
  await eventually(async () => expect(await asked()).toHaveLength(1))
  await hears(async () => {})
  expect(await asked()).toEqual([
    { phone: OWNER, text: expect.stringContaining('Nomor Ujang (081200000022) sekarang dipakai') },
  ])
  expect(heard.slice(from).map(({ phone }) => phone)).not.toContain(UJANG)

  // A code is heard from it, and is marked as what it is: nothing else may be read in it.
  expect(await hears(() => ujang.write(OWNER, 'AKTIF 482913'))).toMatchObject([
    { phone: UJANG, text: 'AKTIF 482913', account: '100000000000099' },
  ])

  await station.open((books) => trustAccount(books, UJANG, '100000000000099'))
  expect(await hears(() => ujang.write(OWNER, 'saya kok'))).toMatchObject([{ phone: UJANG, text: 'saya kok' }])
  await station.open((books) => trustAccount(books, UJANG, before.split('@')[0] as string))
  ujang.lid = before
})

test('from a number that was only typed for an owner nothing is heard but a code, from whatever account', async () => {
  await station.open((books) => addStaff(books, { name: 'Sri', phone: TYPO, role: 'owner', proven: false }))
  const stranger = fake.phone(TYPO)
  await stranger.write(OWNER, 'telat')
  stranger.lid = '100000000000098@lid'
  await stranger.write(OWNER, 'tagih semua')
  await stranger.write(OWNER, 'AKTIF 482913')
  const fromThere = () => heard.filter(({ phone }) => phone === TYPO)
  await eventually(() => expect(fromThere()).toHaveLength(1))
  expect(fromThere()).toMatchObject([{ text: 'AKTIF 482913' }])
  expect(fromThere()[0], 'no account was ever trusted here').not.toHaveProperty('account')
})

test('groups, statuses, newsletters, strangers and forged internals are nothing', async () => {
  const words = { conversation: 'tagih semua' }
  expect(
    await hears(async () => {
      await ujang.writeAs({ from: '120363000000000001@g.us', participant: ujang.jid }, OWNER, words)
      await ujang.writeAs({ from: 'status@broadcast', participant: ujang.jid }, OWNER, words)
      await ujang.writeAs({ from: '120363000000000002@newsletter' }, OWNER, words)
      await fake.phone('6281288888888').write(OWNER, 'tagih semua')
      await budi.write(OWNER, forgedHistory())
    }),
  ).toEqual([])
})

test('what this program sent itself is no command and no word of the owner when the phone shows it (C07)', async () => {
  const letters = [
    { phone: OWNER, kind: 'reply', text: 'tagih semua' },
    { phone: BUDI, kind: 'bill', text: 'Tagihan Desember' },
  ]
  const ids = await station.open(async (books) => {
    await queueMessages(books, letters)
    const rows = await books.trx.selectFrom('message').select('outside_id').where('direction', '=', 'out')
    return (await rows.orderBy('id', 'desc').limit(2).execute()).map(({ outside_id: id }) => id as string).toReversed()
  })
  const heardOf = await hears(async () => {
    for (const [index, { phone, text }] of letters.entries()) await owner.write(phone, text, { id: ids[index] })
  })
  expect(heardOf).toEqual([])
  expect(await station.open((books) => isSilent(books, BUDI))).toBe(false)
  // Typed by hand the same words are both.
  expect(await hears(() => owner.write(OWNER, 'tagih semua'))).toMatchObject([{ phone: OWNER, text: 'tagih semua' }])
  await owner.write(BUDI, 'Tagihan Desember')
  await eventually(async () => expect(await station.open((books) => isSilent(books, BUDI))).toBe(true))
})

/** A contact that claims to hand over history, as CVE-2026-48063 did. */
function forgedHistory(): proto.IMessage {
  return {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: {
        peerDataOperationResult: [
          {
            placeholderMessageResendResponse: {
              webMessageInfoBytes: proto.WebMessageInfo.encode({
                key: { remoteJid: owner.jid, fromMe: true, id: '3AFORGED' },
                message: { conversation: 'tagih semua' },
              }).finish(),
            },
          },
        ],
      },
    },
  }
}

test('edits, reactions, stickers and forwarded words are no commands; what was forwarded is marked', async () => {
  const edit = {
    protocolMessage: {
      type: proto.Message.ProtocolMessage.Type.MESSAGE_EDIT,
      key: { remoteJid: budi.jid, id: '3A1' },
      editedMessage: { conversation: 'lunas' },
    },
  }
  expect(
    await hears(async () => {
      await budi.write(OWNER, edit)
      await budi.write(OWNER, { editedMessage: { message: edit } })
      await budi.write(OWNER, { reactionMessage: { key: { id: '3A1' }, text: '👍' } })
      await budi.write(OWNER, { stickerMessage: {} })
      await budi.write(OWNER, { extendedTextMessage: { text: 'lunas', contextInfo: { isForwarded: true } } })
      await budi.write(OWNER, { viewOnceMessageV2: { message: { imageMessage: { caption: 'lunas' } } } })
    }),
  ).toMatchObject([
    { kind: 'forwarded', text: 'lunas' },
    { kind: 'viewOnce', text: '(foto sekali lihat)' },
  ])
})

test('the same message twice is handed on under one id', async () => {
  const id = '3A5A5A5A5A5A5A5A5A5A'
  const found = await hears(async () => {
    await budi.write(OWNER, 'sekali saja', { id })
    await budi.write(OWNER, 'sekali saja', { id })
  })
  expect(found.map(({ outsideId }) => outsideId)).toEqual([id, id])
})

test('what could not be decrypted at first is heard when the phone sends it again', async () => {
  expect(await hears(() => budi.write(OWNER, 'akhirnya terbaca', { garbled: true }))).toMatchObject([
    { phone: BUDI, kind: 'text', text: 'akhirnya terbaca' },
  ])
})

test('documents and photos are fetched from the host that the server names, whatever the message says', async () => {
  const bytes = Buffer.from('Nama,No HP\nBudi,081200001474\n')
  const found = await hears(async () => {
    await owner.sendFile(OWNER, { name: 'pelanggan.csv', mime: 'text/csv', bytes })
    const { url: _, ...media } = await fake.media.store(Buffer.from('jpeg'), 'image')
    const image = {
      ...media,
      url: 'https://169.254.169.254/latest/meta-data',
      mimetype: 'image/jpeg',
      caption: 'bukti',
    }
    await budi.write(OWNER, { imageMessage: image })
    const elsewhere = { ...media, directPath: '', url: 'https://127.0.0.1:1/x', mimetype: 'image/jpeg' }
    await budi.write(OWNER, { imageMessage: elsewhere })
    await budi.write(OWNER, { documentMessage: { ...media, fileLength: 17 * 1024 * 1024, fileName: 'besar.xlsx' } })
    await budi.write(OWNER, { audioMessage: { ptt: true } })
  })
  expect(found.filter(({ phone }) => phone === OWNER)).toMatchObject([
    { kind: 'file', text: '', file: { name: 'pelanggan.csv', mime: 'text/csv', bytes } },
  ])
  expect(found.filter(({ phone }) => phone === BUDI)).toMatchObject([
    { kind: 'file', text: 'bukti', file: { name: 'foto.jpg', bytes: Buffer.from('jpeg') } },
    { kind: 'unreadable', text: '(file yang tidak bisa diambil)' },
    { kind: 'tooLarge', text: '(file lebih dari 16 MB)' },
    { kind: 'audio', text: '(pesan suara)' },
  ])
})

test('what was written while we were away is heard, with the time when it was written', async () => {
  await program.stop()
  const an_hour_ago = Math.floor(Date.now() / 1_000) - 3_600
  await budi.write(OWNER, 'pagi-pagi', { t: String(an_hour_ago) })
  await budi.write(OWNER, 'sekarang')
  const from = heard.length
  program = station.program()
  await program.start()
  await eventually(() => expect(heard.length).toBe(from + 2))
  expect(heard.slice(from).map(({ text }) => text)).toEqual(['pagi-pagi', 'sekarang'])
  expect(heard[from]?.writtenAt?.epochMilliseconds).toBe(an_hour_ago * 1_000)
})
