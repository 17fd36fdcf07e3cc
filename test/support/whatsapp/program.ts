import { type WhatsApp, whatsapp } from '../../../src/gateways/whatsapp.ts'
import { run, runAsProcess } from '../../../src/main.ts'
import { readSettings } from '../../../src/settings.ts'

/** The whole program on a linked number, as a process that a test can kill. */
await runAsProcess(
  async () => {
    let numbers: WhatsApp | undefined
    const program = await run(readSettings(process.env), {
      clock: { now: () => Temporal.Now.instant(), real: true },
      channel: (business) => numbers?.channel(business),
    })
    const { database, openBooks, sealer, log } = program
    numbers = whatsapp({
      database,
      openBooks,
      sealer,
      log,
      accept: program.bot.accept,
      url: process.env.WHATSAPP_URL as string,
      retryMs: 50,
    })
    await numbers.start()
    return program
  },
  ({ url }) => url,
)
