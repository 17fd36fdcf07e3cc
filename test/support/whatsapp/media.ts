import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSign,
  generateKeyPairSync,
  hkdfSync,
  randomBytes,
} from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import tls from 'node:tls'

/** Where files lie that messages point at: encrypted by the sender, so that the host knows nothing of them. */
export type MediaHost = {
  /** As the server names it to devices. */
  readonly host: string
  /** For other processes: the file for NODE_EXTRA_CA_CERTS would hold this. */
  readonly certificate: string
  /** Encrypts and stores a file as a phone would; answers what the message says of it. */
  store(bytes: Buffer, kind: 'document' | 'image'): Promise<StoredMedia>
  /** Fetches and decrypts what a message points at, as the other side's phone would. */
  open(media: Pick<StoredMedia, 'directPath' | 'mediaKey'>): Promise<Buffer>
  /** Requests that were answered. */
  readonly hits: string[]
  stop(): Promise<void>
}

export type StoredMedia = {
  url: string
  directPath: string
  mediaKey: Uint8Array
  fileSha256: Uint8Array
  fileEncSha256: Uint8Array
}

const INFO = { document: 'WhatsApp Document Keys', image: 'WhatsApp Image Keys' }

/** The client speaks HTTPS to it and nothing else, so it has a certificate, and this process trusts that. */
export async function startMediaHost(): Promise<MediaHost> {
  const { key, certificate } = selfSigned()
  const files = new Map<string, Buffer>()
  const hits: string[] = []
  const server = createServer({ key, cert: certificate }, (request, response) => {
    const path = new URL(request.url ?? '/', 'https://host').pathname
    hits.push(`${request.method} ${path}`)
    if (request.method !== 'POST') {
      const file = files.get(path)
      response.writeHead(file ? 200 : 404).end(file)
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      files.set(path, Buffer.concat(chunks))
      response.end(JSON.stringify({ url: `https://${host}${path}`, direct_path: path }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), certificate])
  return {
    host,
    certificate,
    hits,
    async store(bytes, kind) {
      const mediaKey = randomBytes(32)
      const { iv, cipherKey, macKey } = keysOf(mediaKey, kind)
      const cipher = createCipheriv('aes-256-cbc', cipherKey, iv)
      const body = Buffer.concat([cipher.update(bytes), cipher.final()])
      const mac = createHmac('sha256', macKey).update(iv).update(body).digest().subarray(0, 10)
      const whole = Buffer.concat([body, mac])
      const directPath = `/v/${randomBytes(8).toString('hex')}.enc`
      files.set(directPath, whole)
      return {
        url: `https://${host}${directPath}`,
        directPath,
        mediaKey,
        fileSha256: createHash('sha256').update(bytes).digest(),
        fileEncSha256: createHash('sha256').update(whole).digest(),
      }
    },
    async open({ directPath, mediaKey }) {
      const whole = files.get(directPath) as Buffer
      const { iv, cipherKey } = keysOf(mediaKey, 'document')
      const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv)
      return Buffer.concat([decipher.update(whole.subarray(0, -10)), decipher.final()])
    },
    async stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function keysOf(mediaKey: Uint8Array, kind: keyof typeof INFO) {
  const keys = Buffer.from(hkdfSync('sha256', mediaKey, '', INFO[kind], 112))
  return { iv: keys.subarray(0, 16), cipherKey: keys.subarray(16, 48), macKey: keys.subarray(48, 80) }
}

/** A certificate for 127.0.0.1, signed by itself: DER by hand, since nothing in Node writes one. */
function selfSigned(): { key: string; certificate: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
  const name = sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from('Tagih test media')))))
  const valid = sequence(der(0x18, Buffer.from('20200101000000Z')), der(0x18, Buffer.from('21200101000000Z')))
  const address = der(0x30, der(0x87, Buffer.from([127, 0, 0, 1])))
  const extensions = der(
    0xa3,
    sequence(
      sequence(oid('551d11'), der(0x04, address)),
      sequence(oid('551d13'), der(0x01, Buffer.from([0xff])), der(0x04, sequence(der(0x01, Buffer.from([0xff]))))),
    ),
  )
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    valid,
    name,
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    extensions,
  )
  const signature = createSign('sha256').update(body).sign(pair.privateKey)
  const bytes = sequence(body, ecdsaWithSha256, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
  const lines = bytes.toString('base64').replace(/.{64}/g, '$&\n')
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  }
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const { length } = body
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts)
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'))
}
