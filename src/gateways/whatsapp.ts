import { type Business, listBusinessIds } from '../domain/books.ts'
import type { SendMessage } from '../domain/outbox.ts'
import { LINK_CHANNEL, type NumberState } from '../domain/whatsapp.ts'
import { scrub } from './whatsapp/hush.ts'
import { type Line, makeLine } from './whatsapp/line.ts'
import type { LinkBy } from './whatsapp/pair.ts'
import type { LineDeps } from './whatsapp/talk.ts'

/**
 * The linked WhatsApp numbers of all businesses. What comes in goes to `accept`; `channel` sends. One program at a time
 * holds a number's connection, however many run on the database.
 */
export type WhatsApp = {
  /** Connects every linked number, and keeps them connected. */
  start(): Promise<void>
  stop(): Promise<void>
  state(businessId: number): NumberState
  /** Calls `hear` at every change of the state; the answer ends it. */
  watch(businessId: number, hear: (state: NumberState) => void): () => void
  /** Begins to link a number by QR or by a code for that phone; false when one is linked already (one that
   * was stopped is tried again), or when another program is at it. */
  link(businessId: number, how: LinkBy): Promise<boolean>
  unlink(businessId: number): Promise<void>
  /** Sends by the business's number; nothing while this program is not the one that is connected. */
  channel(business: Business): SendMessage | undefined
}

const PATIENCE = { retryMs: 1_000, ackMs: 20_000 }

export function whatsapp(deps: Omit<LineDeps, keyof typeof PATIENCE> & Partial<typeof PATIENCE>): WhatsApp {
  const lines = new Map<number, Line>()
  const lineOf = (businessId: number) => {
    const known = lines.get(businessId)
    if (known) return known
    const line = makeLine({ ...PATIENCE, ...deps }, businessId)
    lines.set(businessId, line)
    return line
  }
  /** What another program did to a link; after a break in what we hear, to any. */
  const look = async (payload: string | undefined) => {
    const changed = payload === undefined ? await listBusinessIds(deps.database) : [Number(payload)]
    for (const businessId of changed) await lineOf(businessId).look()
  }
  let deafen = async () => {}
  let looking = Promise.resolve()
  return {
    async start() {
      for (const businessId of await listBusinessIds(deps.database)) await lineOf(businessId).start()
      deafen = await deps.database.listen(LINK_CHANNEL, (payload) => {
        looking = looking
          .then(() => look(payload))
          .catch((error: Error) => deps.log.warn({ reason: scrub(error.message) }, 'whatsapp: links not looked at'))
      })
    },
    async stop() {
      await deafen()
      await looking
      await Promise.all([...lines.values()].map((line) => line.stop()))
    },
    state: (businessId) => lineOf(businessId).state(),
    watch: (businessId, hear) => lineOf(businessId).watch(hear),
    link: (businessId, how) => lineOf(businessId).link(how),
    unlink: (businessId) => lineOf(businessId).unlink(),
    channel: ({ id }) => lineOf(id).channel(),
  }
}
