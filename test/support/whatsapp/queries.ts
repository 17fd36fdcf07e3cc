import {
  type BinaryNode,
  encodeBigEndian,
  getAllBinaryNodeChildren,
  getBinaryNodeChild,
  getBinaryNodeChildBuffer,
  getBinaryNodeChildren,
  jidDecode,
} from '@whiskeysockets/baileys'
import type { PreKey } from './account.ts'
import type { Wire } from './wire.ts'
import { bytesOf, type Device, node, readNumber, WHATSAPP, type World } from './world.ts'

/** Answers what a device asks of the server: keys, who is who, where files go. What it does not know it answers with nothing. */
export async function answerQuery(
  world: World,
  wire: Wire,
  device: Device | undefined,
  stanza: BinaryNode,
): Promise<void> {
  const { id = '', xmlns } = stanza.attrs
  const reply = (content: BinaryNode[] = []) => wire.send(node('iq', { from: WHATSAPP, type: 'result', id }, content))
  const [child] = getAllBinaryNodeChildren(stanza)
  if (!device) return reply()
  switch (`${xmlns} ${child?.tag}`) {
    case 'encrypt count':
      return reply([node('count', { value: String(device.preKeys.length) })])
    case 'encrypt digest':
      return reply([node('digest')])
    case 'encrypt registration':
      device.preKeys.push(...getBinaryNodeChildren(getBinaryNodeChild(stanza, 'list'), 'key').map(readPreKey))
      return reply()
    case 'encrypt key':
      return reply([
        node('list', {}, await Promise.all(getBinaryNodeChildren(child, 'user').map((user) => offerKeys(world, user)))),
      ])
    case 'passive active':
      reply()
      return world.welcome(device)
    case 'usync usync':
      return reply([tellWho(world, child as BinaryNode)])
    case 'w:m media_conn':
      return reply([node('media_conn', { auth: 'auth', ttl: '3600' }, [node('host', { hostname: world.media.host })])])
    case 'w:sync:app:state sync':
      return reply([
        node(
          'sync',
          {},
          getBinaryNodeChildren(child, 'collection').map(({ attrs }) =>
            node('collection', { name: attrs.name as string, version: '1' }),
          ),
        ),
      ])
    case 'md remove-companion-device':
      world.devices.delete(device.jid)
      return reply()
    default:
      return reply()
  }
}

async function offerKeys(world: World, { attrs }: BinaryNode): Promise<BinaryNode> {
  const jid = attrs.jid as string
  const phone = world.phoneOf(jid)
  if (!phone) return node('user', { jid }, [node('error', { code: '404' })])
  const { registrationId, identityKey, signedPreKey, preKey } = await phone.account.makeBundle()
  return node('user', { jid }, [
    node('registration', {}, encodeBigEndian(registrationId)),
    node('type', {}, Buffer.from([5])),
    node('identity', {}, identityKey),
    node('skey', {}, [...keyParts(signedPreKey), node('signature', {}, signedPreKey.signature)]),
    ...(preKey ? [node('key', {}, keyParts(preKey))] : []),
  ])
}

/** Who is on WhatsApp, with which devices, under which hidden number. */
function tellWho(world: World, query: BinaryNode): BinaryNode {
  const list = getBinaryNodeChildren(getBinaryNodeChild(query, 'list'), 'user')
  const asked = list.filter(
    ({ attrs }, at) => !attrs.jid || list.findIndex((other) => other.attrs.jid === attrs.jid) === at,
  )
  const users = asked.flatMap((user) => {
    const contact = getBinaryNodeChildBuffer(user, 'contact')
    const jid =
      user.attrs.jid ??
      `${Buffer.from(contact ?? '')
        .toString()
        .replace('+', '')}${WHATSAPP}`
    const phone = world.phoneOf(jid) ?? world.phone(jidDecode(jid)?.user as string)
    if (world.absent.has(phone.number)) return []
    const linked = world.devicesOf(phone.number).map(({ jid }) => String(jidDecode(jid)?.device))
    const devices = [node('device', { id: '0' }), ...linked.map((id) => node('device', { id, 'key-index': id }))]
    const known = jid.endsWith('@lid') ? [] : [node('lid', { val: phone.lid })]
    return [
      node('user', { jid }, [
        node('devices', {}, [node('device-list', {}, devices)]),
        node('contact', { type: 'in' }),
        ...known,
      ]),
    ]
  })
  return node('usync', {}, [node('result'), node('list', {}, users)])
}

function readPreKey(key: BinaryNode): PreKey {
  return { keyId: readNumber(bytesOf(key, 'id')), publicKey: bytesOf(key, 'value') }
}

function keyParts({ keyId, publicKey }: PreKey): BinaryNode[] {
  return [node('id', {}, encodeBigEndian(keyId, 3)), node('value', {}, publicKey)]
}
