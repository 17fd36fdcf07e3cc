import { createCipheriv, createDecipheriv, createHmac, hkdfSync, pbkdf2Sync, randomBytes } from 'node:crypto'
import {
  type AuthenticationCreds,
  addTransactionCapability,
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  getNextPreKeys,
  initAuthCreds,
  proto,
  type SignalDataSet,
  type SignalKeyStore,
  type SignalRepositoryWithLIDStore,
} from '@whiskeysockets/baileys'
import { sparing } from '../../../src/gateways/whatsapp/signal.ts'

export type PreKey = { keyId: number; publicKey: Uint8Array }
/** What the server hands out so that somebody can begin to write to a device. */
export type Bundle = {
  registrationId: number
  identityKey: Uint8Array
  signedPreKey: PreKey & { signature: Uint8Array }
  preKey?: PreKey
}

/** A person's account: the keys of the phone, and real Signal sessions with whoever wrote to it. */
export type Account = {
  readonly creds: AuthenticationCreds
  readonly signal: SignalRepositoryWithLIDStore
  makeBundle(): Promise<Bundle>
}

export const quiet = {
  level: 'silent',
  child: () => quiet,
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
}

export function makeAccount(): Account {
  const creds = initAuthCreds()
  const keys = addTransactionCapability(keptInMemory(), quiet, { maxCommitRetries: 1, delayBetweenTriesMs: 0 })
  const signal = sparing(
    DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds, keys }, quiet, async () => []),
    keys,
  )
  return {
    creds,
    signal,
    async makeBundle() {
      const { update, preKeys } = await getNextPreKeys({ creds, keys }, 1)
      Object.assign(creds, update)
      const [[id, pair] = []] = Object.entries(preKeys)
      const { keyId, keyPair, signature } = creds.signedPreKey
      return {
        registrationId: creds.registrationId,
        identityKey: creds.signedIdentityKey.public,
        signedPreKey: { keyId, publicKey: keyPair.public, signature },
        ...(pair && { preKey: { keyId: Number(id), publicKey: pair.public } }),
      }
    },
  }
}

function keptInMemory(): SignalKeyStore {
  const rows = new Map<string, unknown>()
  return {
    get: (type, ids) =>
      Object.fromEntries(
        ids.flatMap((id) => (rows.has(`${type} ${id}`) ? [[id, rows.get(`${type} ${id}`)]] : [])),
      ) as never,
    set(data: SignalDataSet) {
      for (const [type, values] of Object.entries(data))
        for (const [id, value] of Object.entries(values)) {
          if (value === null) rows.delete(`${type} ${id}`)
          else rows.set(`${type} ${id}`, value)
        }
    },
  }
}

/** The phone vouches for a companion device: what pair-success carries. */
export function vouch(account: Account, deviceIdentity: Uint8Array, advSecret: string): Uint8Array {
  const { public: accountSignatureKey, private: signer } = account.creds.signedIdentityKey
  const details = proto.ADVDeviceIdentity.encode({ rawId: 1, timestamp: 1, keyIndex: 1 }).finish()
  const accountSignature = Curve.sign(signer, Buffer.concat([Buffer.from([6, 0]), details, deviceIdentity]))
  const signed = proto.ADVSignedDeviceIdentity.encode({ details, accountSignatureKey, accountSignature }).finish()
  const hmac = createHmac('sha256', Buffer.from(advSecret, 'base64')).update(signed).digest()
  return proto.ADVSignedDeviceIdentityHMAC.encode({ details: signed, hmac }).finish()
}

/** The phone's half of pairing by code: both sides prove with the eight characters that they are who they say. */
export function codePairing(account: Account, code: string, wrappedCompanionKey: Uint8Array) {
  const companionKey = withCode(
    code,
    wrappedCompanionKey.subarray(0, 32),
    wrappedCompanionKey.subarray(32, 48),
    wrappedCompanionKey.subarray(48),
    createDecipheriv,
  )
  const ephemeral = Curve.generateKeyPair()
  const salt = randomBytes(32)
  const iv = randomBytes(16)
  return {
    wrappedPrimaryKey: Buffer.concat([salt, iv, withCode(code, salt, iv, ephemeral.public, createCipheriv)]),
    /** Opens what the companion answers; the secret that pair-success is signed with. Throws for a wrong code. */
    finish(bundle: Uint8Array): { identity: Uint8Array; advSecret: string } {
      const shared = Curve.sharedKey(ephemeral.private, companionKey)
      const key = hkdfSync('sha256', shared, bundle.subarray(0, 32), 'link_code_pairing_key_bundle_encryption_key', 32)
      const opener = createDecipheriv('aes-256-gcm', Buffer.from(key), bundle.subarray(32, 44)).setAuthTag(
        bundle.subarray(-16),
      )
      const plain = Buffer.concat([opener.update(bundle.subarray(44, -16)), opener.final()])
      const identity = plain.subarray(0, 32)
      const identityShared = Curve.sharedKey(account.creds.signedIdentityKey.private, identity)
      const secret = Buffer.concat([shared, identityShared, plain.subarray(64)])
      return { identity, advSecret: Buffer.from(hkdfSync('sha256', secret, '', 'adv_secret', 32)).toString('base64') }
    },
  }
}

function withCode(
  code: string,
  salt: Uint8Array,
  iv: Uint8Array,
  data: Uint8Array,
  cipher: typeof createCipheriv | typeof createDecipheriv,
): Buffer {
  const turn = cipher('aes-256-ctr', pbkdf2Sync(code, salt, 2 << 16, 32, 'sha256'), iv)
  return Buffer.concat([turn.update(data), turn.final()])
}
