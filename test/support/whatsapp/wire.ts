import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { type BinaryNode, Curve, decodeBinaryNode, encodeBinaryNode, proto } from '@whiskeysockets/baileys'
import type { WebSocket } from 'ws'

/** One connection of a companion device: Noise_XX_25519_AESGCM_SHA256, answered, then binary nodes in both ways. */
export type Wire = {
  /** How the device introduced itself: a registration, or the login of a known device. */
  readonly hello: proto.ClientPayload
  send(node: BinaryNode): void
  /** Drops the connection without a word. */
  drop(): void
}

const MODE = Buffer.from('Noise_XX_25519_AESGCM_SHA256\0\0\0\0')
const INTRO_BYTES = 4

/** Shakes hands on a fresh connection; `hear` gets every node, one after the other. */
export function answer(
  socket: WebSocket,
  handlers: { greet(wire: Wire): void; hear(wire: Wire, node: BinaryNode): Promise<void>; end(wire: Wire): void },
): void {
  const noise = responder()
  let unread = Buffer.alloc(0)
  let wire: Wire | undefined
  let step: 'intro' | 'hello' | 'finish' | 'open' = 'intro'
  let work = Promise.resolve()

  const write = (payload: Uint8Array) => {
    if (socket.readyState !== socket.OPEN) return
    const frame = Buffer.alloc(3 + payload.length)
    frame.writeUIntBE(payload.length, 0, 3)
    frame.set(payload, 3)
    socket.send(frame)
  }
  const take = async (frame: Buffer) => {
    if (step === 'hello') {
      write(noise.answerHello(frame))
      step = 'finish'
    } else if (step === 'finish') {
      const hello = noise.finish(frame)
      step = 'open'
      wire = { hello, send: (node) => write(noise.seal(encodeBinaryNode(node))), drop: () => socket.terminate() }
      handlers.greet(wire)
    } else if (wire) {
      await handlers.hear(wire, await decodeBinaryNode(noise.open(frame)))
    }
  }
  socket.on('message', (data: Buffer) => {
    unread = Buffer.concat([unread, data])
    if (step === 'intro' && unread.length >= INTRO_BYTES) {
      noise.begin(unread.subarray(0, INTRO_BYTES))
      unread = unread.subarray(INTRO_BYTES)
      step = 'hello'
    }
    while (unread.length >= 3 && unread.length >= 3 + unread.readUIntBE(0, 3)) {
      const length = unread.readUIntBE(0, 3)
      const frame = unread.subarray(3, 3 + length)
      unread = unread.subarray(3 + length)
      work = work.then(() => take(frame))
    }
  })
  socket.on('close', () => {
    work = work.then(() => {
      if (wire) handlers.end(wire)
    })
  })
}

/** The server's side of the handshake and the two keys that follow from it. */
function responder() {
  const own = Curve.generateKeyPair()
  const ephemeral = Curve.generateKeyPair()
  let hash: Buffer = MODE
  let salt: Buffer = MODE
  let key: Buffer = MODE
  let counter = 0
  let reading: Buffer
  let writing: Buffer
  let reads = 0
  let writes = 0

  const mixHash = (data: Uint8Array) => {
    hash = createHash('sha256').update(hash).update(data).digest()
  }
  const mixKey = (secret: Uint8Array) => {
    const pair = Buffer.from(hkdfSync('sha256', secret, salt, '', 64))
    salt = pair.subarray(0, 32)
    key = pair.subarray(32)
    counter = 0
  }
  const encrypt = (plain: Uint8Array) => {
    const sealed = seal(key, counter++, plain, hash)
    mixHash(sealed)
    return sealed
  }
  const decrypt = (sealed: Uint8Array) => {
    const plain = unseal(key, counter++, sealed, hash)
    mixHash(sealed)
    return plain
  }
  return {
    begin: mixHash,
    answerHello(frame: Buffer): Uint8Array {
      const theirs = proto.HandshakeMessage.decode(frame).clientHello?.ephemeral as Uint8Array
      mixHash(theirs)
      mixHash(ephemeral.public)
      mixKey(Curve.sharedKey(ephemeral.private, theirs))
      const fixed = encrypt(own.public)
      mixKey(Curve.sharedKey(own.private, theirs))
      const payload = encrypt(certificate(own.public))
      return proto.HandshakeMessage.encode({
        serverHello: { ephemeral: ephemeral.public, static: fixed, payload },
      }).finish()
    },
    finish(frame: Buffer): proto.ClientPayload {
      const finish = proto.HandshakeMessage.decode(frame).clientFinish
      const theirs = decrypt(finish?.static as Uint8Array)
      mixKey(Curve.sharedKey(ephemeral.private, theirs))
      const hello = proto.ClientPayload.decode(decrypt(finish?.payload as Uint8Array))
      const pair = Buffer.from(hkdfSync('sha256', '', salt, '', 64))
      reading = pair.subarray(0, 32)
      writing = pair.subarray(32)
      return hello
    },
    seal: (plain: Uint8Array) => seal(writing, writes++, plain),
    open: (sealed: Uint8Array) => unseal(reading, reads++, sealed),
  }
}

/** WhatsApp's own certificate authority cannot be imitated; the client checks the form and the serial alone. */
function certificate(leafKey: Uint8Array): Uint8Array {
  const Details = proto.CertChain.NoiseCertificate.Details
  const issuer = Curve.generateKeyPair()
  const leaf = Details.encode({ serial: 1, issuerSerial: 0, key: leafKey }).finish()
  const intermediate = Details.encode({ serial: 2, issuerSerial: 0, key: issuer.public }).finish()
  return proto.CertChain.encode({
    leaf: { details: leaf, signature: Curve.sign(issuer.private, leaf) },
    intermediate: { details: intermediate, signature: randomBytes(64) },
  }).finish()
}

function nonce(counter: number): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(counter, 8)
  return bytes
}

function seal(key: Buffer, counter: number, plain: Uint8Array, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce(counter)).setAAD(data)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function unseal(key: Buffer, counter: number, sealed: Uint8Array, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce(counter)).setAAD(data).setAuthTag(sealed.subarray(-16))
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
}
