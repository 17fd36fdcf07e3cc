import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type BinaryNode, getBinaryNodeChild, getBinaryNodeChildren, jidDecode } from '@whiskeysockets/baileys'
import { WebSocketServer } from 'ws'
import { type MediaHost, startMediaHost } from './media.ts'
import { makePhone } from './phone.ts'
import { answerQuery } from './queries.ts'
import { answer, type Wire } from './wire.ts'
import {
  bytesOf,
  type Device,
  node,
  type Phone,
  readNumber,
  type Stranger,
  seconds,
  WHATSAPP,
  type World,
} from './world.ts'

/**
 * A WhatsApp of our own on 127.0.0.1, for the unmodified client: it pairs, logs in, sends and receives with real Noise
 * and Signal encryption, and is disconnected for every reason. It shows that our code and the library fit together; what
 * the real server will do tomorrow it cannot show.
 */
export type FakeWhatsApp = {
  readonly url: string
  readonly media: MediaHost
  /** The phone with that number; it exists from its first use on. */
  phone(number: string): Phone
  /** The device that was linked to a number last. */
  device(number: string): Device | undefined
  /** How often a second connection of one device pushed out the first: two programs on one number. */
  replaced(): number
  /** Puts a stanza before a device as the server would: at once, or when it is back. */
  push(device: Device, stanza: BinaryNode): void
  /** Ends the connection of a number's device in the way that stands for a reason. */
  disconnect(number: string, how: Goodbye): void
  /** From now on refuses logins with this code; `undefined` takes them again. */
  shut(code: number | undefined): void
  /** Answers messages to that number with an error (463, 479), or takes them again. */
  refuse(number: string, error: string | undefined): void
  /** Messages to that number get lost on their way, without a word. */
  lose(number: string): void
  /** Numbers that are not on WhatsApp. */
  absent: Set<string>
  /** Retires the secret in a QR that is on show, as the server does since July 2026. */
  retire(qr: string): void
  /** Ends the connections of those who wait to be linked. */
  hangUp(): void
  stop(): Promise<void>
}

export type Goodbye = 'drop' | 'restart' | 'replaced' | 'removed' | 'busy' | 'bad'

const REFS = 6

export async function startWhatsApp(): Promise<FakeWhatsApp> {
  const media = await startMediaHost()
  const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(sockets, 'listening')
  const refusals = new Map<string, string>()
  const lost = new Set<string>()
  const absent = new Set<string>()
  let shutWith: number | undefined
  let replaced = 0
  let serial = 0
  let linked = 0

  const world: World = {
    phones: new Map(),
    devices: new Map(),
    devicesOf: (number) => [...world.devices.values()].filter((device) => device.number === number),
    strangers: new Set(),
    media,
    absent,
    phone(number) {
      const phone = world.phones.get(number) ?? makePhone(world, number)
      world.phones.set(number, phone)
      return phone
    },
    // What waited comes first, marked; then the word that nothing more waits; a new device gets its history.
    async welcome(device) {
      for (const stanza of device.waiting) device.wire?.send({ ...stanza, attrs: { ...stanza.attrs, offline: '1' } })
      device.wire?.send(node('ib', {}, [node('offline', { count: String(device.waiting.length) })]))
      device.open = true
      if (device.logins === 1) await world.phones.get(device.number)?.sendHistory(device)
    },
    push(device, stanza) {
      device.waiting.push(stanza)
      if (device.open) device.wire?.send(stanza)
    },
    phoneOf: (jid) => {
      const user = jidDecode(jid)?.user as string
      return world.phones.get(user) ?? [...world.phones.values()].find((phone) => phone.lid.startsWith(`${user}@`))
    },
    pair(stranger, phone, identity, certificate) {
      world.strangers.delete(stranger)
      const { wire } = stranger
      const { devicePairingData: data } = wire.hello
      const place = ++linked
      const device: Device = {
        jid: `${phone.number}:${place}${WHATSAPP}`,
        lid: phone.lid.replace('@', `:${place}@`),
        number: phone.number,
        bundle: {
          registrationId: readNumber(data?.eRegid as Uint8Array),
          identityKey: identity,
          signedPreKey: {
            keyId: readNumber(data?.eSkeyId as Uint8Array),
            publicKey: data?.eSkeyVal as Uint8Array,
            signature: data?.eSkeySig as Uint8Array,
          },
        },
        preKeys: [],
        waiting: [],
        wire,
        open: false,
        logins: 0,
      }
      world.devices.set(device.jid, device)
      const success = node('pair-success', {}, [
        node('device-identity', {}, certificate),
        node('device', { jid: device.jid, lid: device.lid }),
        node('platform', { name: 'android' }),
      ])
      wire.send(node('iq', { from: WHATSAPP, type: 'set', id: `pair-${++serial}` }, [success]))
    },
  }

  const greet = (wire: Wire) => {
    if (shutWith !== undefined) return wire.send(node('failure', { reason: String(shutWith) }))
    if (wire.hello.devicePairingData) return welcomeStranger(wire)
    const device = world.devices.get(`${wire.hello.username}:${wire.hello.device}${WHATSAPP}`)
    if (!device) return wire.send(node('failure', { reason: '401' }))
    if (device.wire) {
      replaced++
      part(device, 'replaced')
    }
    device.wire = wire
    device.logins++
    wire.send(node('success', { t: seconds(), lid: device.lid }))
  }

  const welcomeStranger = (wire: Wire) => {
    const refs = Array.from({ length: REFS }, () => `2@ref-${++serial}`)
    world.strangers.add({ wire, refs, retired: new Set() })
    const pairing = node(
      'pair-device',
      {},
      refs.map((ref) => node('ref', {}, Buffer.from(ref))),
    )
    wire.send(node('iq', { from: WHATSAPP, type: 'set', id: `refs-${serial}` }, [pairing]))
  }

  const hear = async (wire: Wire, stanza: BinaryNode) => {
    const device = [...world.devices.values()].find((each) => each.wire === wire)
    const stranger = [...world.strangers].find((each) => each.wire === wire)
    const { tag, attrs } = stanza
    if (tag === 'iq' && stranger) answerStranger(stranger, stanza)
    else if (tag === 'iq' && attrs.type !== 'result') await answerQuery(world, wire, device, stanza)
    else if (device && tag === 'message') await route(device, stanza)
    else if (device && tag === 'receipt') await takeReceipt(device, stanza)
    else if (device && tag === 'ack') device.waiting = device.waiting.filter((each) => each.attrs.id !== attrs.id)
    else if (tag === 'iq' && device && getBinaryNodeChild(stanza, 'pair-device-sign')) part(device, 'restart')
  }

  const answerStranger = (stranger: Stranger, stanza: BinaryNode) => {
    const child = getBinaryNodeChild(stanza, 'link_code_companion_reg')
    if (child?.attrs.stage === 'companion_hello') {
      stranger.hello = {
        number: jidDecode(child.attrs.jid)?.user as string,
        wrappedKey: bytesOf(child, 'link_code_pairing_wrapped_companion_ephemeral_pub'),
        noiseKey: bytesOf(child, 'companion_server_auth_key_pub'),
      }
    } else if (child?.attrs.stage === 'companion_finish') {
      stranger.wire.send(node('iq', { from: WHATSAPP, type: 'result', id: stanza.attrs.id as string }))
      stranger.finish?.(bytesOf(child, 'link_code_pairing_wrapped_key_bundle'))
    }
  }

  /** Takes a message of a device to where it shall go, and says so, or refuses it. */
  const route = async (device: Device, stanza: BinaryNode) => {
    const { id = '', to = '' } = stanza.attrs
    const target = world.phoneOf(to)?.number ?? (jidDecode(to)?.user as string)
    const error = refusals.get(target)
    if (lost.has(target)) return
    device.wire?.send(node('ack', { class: 'message', id, from: to, t: seconds(), ...(error && { error }) }))
    if (error) return
    const fanned = getBinaryNodeChildren(getBinaryNodeChild(stanza, 'participants'), 'to')
    const direct = getBinaryNodeChild(stanza, 'enc')
    for (const { jid, enc } of [
      ...fanned.map((each) => ({ jid: each.attrs.jid as string, enc: getBinaryNodeChild(each, 'enc') })),
      { jid: to, enc: direct },
    ]) {
      const phone = enc && world.phoneOf(jid)
      if (!phone || !(await phone.take(device, id, enc, to)) || phone.number === device.number) continue
      world.push(device, node('receipt', { id, from: phone.jid, t: seconds() }))
    }
  }

  const takeReceipt = async (device: Device, stanza: BinaryNode) => {
    const { id = '', type, to = '' } = stanza.attrs
    device.waiting = device.waiting.filter((each) => each.attrs.id !== id)
    device.wire?.send(node('ack', { class: 'receipt', id, ...(type && { type }) }))
    if (type === 'retry') await world.phoneOf(to)?.repeat(device, id, stanza)
  }

  const part = (device: Device, how: Goodbye) => {
    const { wire } = device
    delete device.wire
    device.open = false
    if (!wire) return
    if (how === 'restart') wire.send(node('stream:error', { code: '515' }))
    if (how === 'replaced') wire.send(node('stream:error', {}, [node('conflict', { type: 'replaced' })]))
    if (how === 'removed')
      wire.send(node('stream:error', { code: '401' }, [node('conflict', { type: 'device_removed' })]))
    if (how === 'busy') wire.send(node('stream:error', { code: '503' }))
    if (how === 'bad') wire.send(node('stream:error', { code: '500' }))
    if (how === 'drop') wire.drop()
  }

  const end = (wire: Wire) => {
    for (const stranger of world.strangers) if (stranger.wire === wire) world.strangers.delete(stranger)
    for (const device of world.devices.values()) {
      if (device.wire !== wire) continue
      delete device.wire
      device.open = false
    }
  }

  sockets.on('connection', (socket) => answer(socket, { greet, hear, end }))
  return {
    url: `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}/ws/chat`,
    media,
    phone: world.phone,
    device: (number) => world.devicesOf(number).at(-1),
    replaced: () => replaced,
    push: world.push,
    disconnect(number, how) {
      const device = world.devicesOf(number).at(-1)
      if (!device) throw new Error(`no device is linked to ${number}`)
      part(device, how)
      if (how === 'removed') world.devices.delete(device.jid)
    },
    shut(code) {
      shutWith = code
    },
    refuse: (number, error) => void (error === undefined ? refusals.delete(number) : refusals.set(number, error)),
    lose: (number) => void lost.add(number),
    absent,
    retire(qr) {
      const [ref = '', , , secret = ''] = qr.split('#')[1]?.split(',') ?? []
      const stranger = [...world.strangers].find((each) => each.refs.includes(ref))
      if (!stranger) throw new Error('nobody shows this code')
      stranger.retired.add(secret)
      const news = node('companion_reg_refresh')
      stranger.wire.send(
        node('notification', { from: WHATSAPP, type: 'companion_reg_refresh', id: `n-${++serial}` }, [news]),
      )
    },
    hangUp() {
      for (const { wire } of world.strangers) wire.drop()
    },
    async stop() {
      for (const client of sockets.clients) client.terminate()
      sockets.close()
      await media.stop()
    },
  }
}
