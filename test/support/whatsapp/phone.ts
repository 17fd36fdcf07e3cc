import { randomBytes } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import {
  type BinaryNode,
  encodeWAMessage,
  extractE2ESessionFromRetryReceipt,
  generateSignalPubKey,
  proto,
  unpadRandomMax16,
} from '@whiskeysockets/baileys'
import { hushed } from '../../../src/gateways/whatsapp/hush.ts'
import { codePairing, makeAccount, vouch } from './account.ts'
import { type Device, node, type Phone, type Stranger, seconds, WHATSAPP, type World, type Writing } from './world.ts'

const PATIENCE_MS = 20_000

export function makePhone(world: World, number: string): Phone {
  const account = makeAccount()
  const jid = `${number}@s.whatsapp.net`
  const sent = new Map<string, { to: string; message: proto.IMessage }>()
  const watchers = new Set<() => void>()
  let away: (() => Promise<boolean>)[] | undefined
  let turn: Promise<unknown> = Promise.resolve()

  /** One at a time: a Signal session is a chain. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(() => hushed(work))
    turn = next.catch(() => {})
    return next
  }

  const encrypt = async (device: Device, message: proto.IMessage): Promise<BinaryNode> => {
    if (!(await account.signal.validateSession(device.jid)).exists) {
      const { registrationId, identityKey, signedPreKey } = device.bundle
      const preKey = device.preKeys.shift()
      await account.signal.injectE2ESession({
        jid: device.jid,
        session: {
          registrationId,
          identityKey: generateSignalPubKey(identityKey),
          signedPreKey: { ...signedPreKey, publicKey: generateSignalPubKey(signedPreKey.publicKey) },
          ...(preKey && { preKey: { ...preKey, publicKey: generateSignalPubKey(preKey.publicKey) } }),
        },
      })
    }
    const { type, ciphertext } = await account.signal.encryptMessage({
      jid: device.jid,
      data: encodeWAMessage(message),
    })
    return node('enc', { v: '2', type }, ciphertext)
  }

  /** The stanzas that a message becomes: one for the other side's device, one for the own one. */
  const deliver = async (id: string, to: string, message: proto.IMessage, how: Writing, count?: string) => {
    const common = { id, t: how.t ?? seconds(), type: 'text', notify: `Nama ${number.slice(-4)}` }
    const repeated = (enc: BinaryNode) => ({ ...enc, attrs: { ...enc.attrs, ...(count && { count }) } })
    for (const theirs of to === number ? [] : world.devicesOf(to)) {
      const enc =
        how.garbled && !count ? node('enc', { v: '2', type: 'msg' }, randomBytes(60)) : await encrypt(theirs, message)
      const address: Record<string, string> = how.lid
        ? { from: phone.lid, addressing_mode: 'lid', ...(how.lid === 'beside' && { sender_pn: jid }) }
        : { from: jid, sender_lid: phone.lid }
      world.push(theirs, node('message', { ...common, ...address }, [repeated(enc)]))
    }
    for (const own of world.devicesOf(number)) {
      const destinationJid = `${to}@s.whatsapp.net`
      const enc = await encrypt(own, { deviceSentMessage: { destinationJid, message } })
      world.push(own, node('message', { ...common, from: jid, recipient: destinationJid }, [repeated(enc)]))
    }
  }

  const askDevice = (device: Device, id: string, recipient?: string) => {
    const retry = node('retry', { count: '1', id, t: seconds(), v: '1' })
    const registration = Buffer.alloc(4)
    registration.writeUInt32BE(account.creds.registrationId)
    const attrs = { id, from: jid, type: 'retry', t: seconds(), ...(recipient && { recipient }) }
    world.push(device, node('receipt', attrs, [retry, node('registration', {}, registration)]))
  }

  const read = (device: Device, id: string, enc: BinaryNode, to: string): Promise<boolean> =>
    inTurn(async () => {
      const type = enc.attrs.type as 'pkmsg' | 'msg'
      const open = account.signal.decryptMessage({
        jid: device.jid,
        type,
        ciphertext: enc.content as Uint8Array,
      })
      const plain = await open.catch(() => undefined)
      if (!plain) {
        phone.unreadable++
        askDevice(device, id, phone.number === device.number ? to : undefined)
        return false
      }
      const outer = proto.Message.decode(unpadRandomMax16(plain))
      const message = outer.deviceSentMessage?.message ?? outer
      const copies = phone.copies.get(id) ?? 0
      phone.copies.set(id, copies + 1)
      if (copies === 0) phone.seen.push({ id, from: device.number, text: textOf(message), message })
      for (const wake of watchers) wake()
      watchers.clear()
      return true
    })

  const phone: Phone = {
    number,
    jid,
    lid: `1${[...number].reverse().join('')}@lid`,
    account,
    seen: [],
    unreadable: 0,
    copies: new Map(),
    history: [],
    scan(qr) {
      const [ref = '', , identity = '', secret = ''] = qr.split('#')[1]?.split(',') ?? []
      const stranger = [...world.strangers].find((each) => each.refs.includes(ref))
      if (!stranger || stranger.retired.has(secret)) throw new Error('could not link the device, try again')
      const key = Buffer.from(identity, 'base64')
      world.pair(stranger, phone, key, vouch(account, key, secret))
    },
    enterCode(code) {
      const stranger = [...world.strangers].find((each) => each.hello?.number === number)
      if (!stranger?.hello) throw new Error('no device asked for a code')
      askForProof(stranger, code)
    },
    write: (to, what, how = {}) =>
      inTurn(async () => {
        const id = how.id ?? `3A${randomBytes(9).toString('hex').toUpperCase()}`
        const message = typeof what === 'string' ? { conversation: what } : what
        sent.set(id, { to, message })
        await deliver(id, to, message, how)
        return id
      }),
    writeAs: (attrs, to, message) =>
      inTurn(async () => {
        const id = `3A${randomBytes(9).toString('hex').toUpperCase()}`
        for (const device of world.devicesOf(to))
          world.push(
            device,
            node('message', { id, t: seconds(), type: 'text', ...attrs }, [await encrypt(device, message)]),
          )
      }),
    async sendFile(to, file, how) {
      const media = await world.media.store(file.bytes, 'document')
      const documentMessage = { ...media, fileName: file.name, mimetype: file.mime, fileLength: file.bytes.length }
      return phone.write(to, { documentMessage }, how)
    },
    async sees(match, after = 0) {
      const find = () => phone.seen.slice(after).find(({ text }) => match.test(text))
      const deadline = Date.now() + PATIENCE_MS
      for (;;) {
        const found = find()
        if (found) return found
        if (Date.now() > deadline)
          throw new Error(`${number} never saw ${match}, but: ${JSON.stringify(phone.seen.map(({ text }) => text))}`)
        await new Promise<void>((wake) => {
          watchers.add(wake)
          setTimeout(wake, 200)
        })
      }
    },
    askAgain(of, id) {
      const device = world.devicesOf(of).at(-1)
      if (!device) throw new Error(`no device is linked to ${of}`)
      askDevice(device, id)
    },
    async sendHistory(device) {
      const history = proto.HistorySync.encode({
        syncType: proto.HistorySync.HistorySyncType.INITIAL_BOOTSTRAP,
        conversations: phone.history,
      }).finish()
      const message: proto.IMessage = {
        protocolMessage: {
          type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
          historySyncNotification: {
            syncType: proto.HistorySync.HistorySyncType.INITIAL_BOOTSTRAP,
            initialHistBootstrapInlinePayload: deflateSync(history),
          },
        },
      }
      const enc = await inTurn(() => encrypt(device, message))
      const id = `3A${randomBytes(9).toString('hex').toUpperCase()}`
      world.push(device, node('message', { id, from: jid, t: seconds(), type: 'text', category: 'peer' }, [enc]))
    },
    leave() {
      away = []
    },
    async comeBack() {
      const mail = away ?? []
      away = undefined
      for (const take of mail) await take()
    },
    async take(device, id, enc, to) {
      if (!away) return read(device, id, enc, to)
      away.push(() => read(device, id, enc, to))
      return false
    },
    repeat: (device, id, receipt) =>
      inTurn(async () => {
        const known = sent.get(id)
        if (!known) return
        const session = extractE2ESessionFromRetryReceipt(receipt)
        if (session) await account.signal.injectE2ESession({ jid: device.jid, session })
        await deliver(id, known.to, known.message, {}, '1')
      }),
  }

  /** Shows the device what only somebody who knows the code can have made, and links it when it answers alike. */
  function askForProof(stranger: Stranger, code: string): void {
    const hello = stranger.hello as NonNullable<Stranger['hello']>
    const pairing = codePairing(account, code, hello.wrappedKey)
    stranger.finish = (bundle) => {
      const { identity, advSecret } = pairing.finish(bundle)
      world.pair(stranger, phone, identity, vouch(account, identity, advSecret))
    }
    const parts = [
      node('link_code_pairing_ref', {}, Buffer.from('code-ref')),
      node('primary_identity_pub', {}, account.creds.signedIdentityKey.public),
      node('link_code_pairing_wrapped_primary_ephemeral_pub', {}, pairing.wrappedPrimaryKey),
    ]
    stranger.wire.send(
      node('notification', { from: WHATSAPP, type: 'link_code_companion_reg', id: 'code-1' }, [
        node('link_code_companion_reg', {}, parts),
      ]),
    )
  }

  return phone
}

function textOf(message: proto.IMessage): string {
  return (
    message.conversation ??
    message.extendedTextMessage?.text ??
    message.documentMessage?.caption ??
    message.documentWithCaptionMessage?.message?.documentMessage?.caption ??
    message.imageMessage?.caption ??
    ''
  )
}
