import { whatsapp } from '../../../src/gateways/whatsapp.ts'
import { run } from '../../../src/main.ts'
import { runAsProcess } from '../../../src/process.ts'
import { readSettings } from '../../../src/settings.ts'

/** The whole program on a linked number, as a process that a test can kill. */
await runAsProcess(
  () =>
    run(readSettings(process.env), {
      clock: { now: () => Temporal.Now.instant(), real: true },
      numbers({ bot, ...parts }) {
        const url = process.env.WHATSAPP_URL as string
        const made = whatsapp({ ...parts, accept: bot.accept, url, retryMs: 50 })
        return { channel: made.channel, start: made.start, stop: made.stop }
      },
    }),
  ({ url }) => url,
)
