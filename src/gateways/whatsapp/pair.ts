import { type AuthenticationState, initAuthCreds, jidDecode } from '@whiskeysockets/baileys'
import { linkNumber, type NumberState, type StopReason } from '../../domain/whatsapp.ts'
import { type Connection, connect } from './connection.ts'
import { keptInMemory, writeCreds } from './state.ts'
import type { LineDeps } from './talk.ts'

/** How a person links the number: by scanning a QR, or by typing a code on the phone with that number. */
export type LinkBy = { by: 'qr' } | { by: 'code'; phone: string }

/** Shows a QR or a code until a person used it; the phone's yes is written down before anything else. */
export async function pair(
  deps: LineDeps,
  businessId: number,
  how: LinkBy,
  given: {
    over: AbortSignal
    onConnection(made: Connection | undefined): void
    onState(state: NumberState): void
  },
): Promise<'linked' | StopReason> {
  const auth = { creds: initAuthCreds(), keys: keptInMemory() }
  let shown = false
  let linked: Promise<boolean> | undefined
  const made = connect({
    businessId,
    auth,
    log: deps.log,
    ...(deps.url && { url: deps.url }),
    onCreds() {},
    onQr(qr) {
      if (how.by === 'qr') given.onState({ is: 'pairing', qr })
      else if (!shown)
        made.socket.requestPairingCode(how.phone).then(
          (code) => given.onState({ is: 'pairing', code }),
          () => void made.end(),
        )
      shown = true
    },
    onLinked() {
      const phone = jidDecode(auth.creds.me?.id)?.user ?? ''
      linked = linkNumber(deps.openBooks, businessId, deps.sealer, { phone, creds: writeCreds(auth.creds) })
      linked.catch(() => {})
    },
  })
  given.onConnection(made)
  if (given.over.aborted) void made.end()
  await made.closed
  given.onConnection(undefined)
  if (!linked) return shown ? 'expired' : 'unreachable'
  if (await linked) return 'linked'
  await leave(deps, businessId, auth)
  return 'taken'
}

/** Takes back a link that must not be, so that the phone does not list a device that nobody uses. */
async function leave(deps: LineDeps, businessId: number, auth: AuthenticationState): Promise<void> {
  const made = connect({
    businessId,
    auth,
    log: deps.log,
    ...(deps.url && { url: deps.url }),
    onCreds() {},
    onOpen: () => void made.socket.logout().catch(() => made.end()),
  })
  await made.closed
}
