import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { movableClock } from '../gateways/clock.ts'
import { type Program, type Ran, run } from '../main.ts'
import { runAsProcess } from '../process.ts'
import { openDataDir, readSettings, type Settings } from '../settings.ts'
import { adoptBusiness, DEMO, findDemo, seedBusiness } from './business.ts'
import { fakeFonnte } from './fonnte.ts'
import { fakeMidtrans } from './midtrans.ts'
import { registerPage } from './page.ts'
import { simulatorRoutes } from './routes.ts'
import { openState } from './state.ts'

/** Where a fresh simulator's clock starts: an ordinary Monday morning at an ordinary provider. */
const FRESH_START = Temporal.Instant.from('2026-11-23T09:00:00+07:00')

const SAMPLE = join(import.meta.dirname, 'contoh-pelanggan.xlsx')

/** Starts the whole product with a sample business, local fakes of the outside and a clock that can be moved. */
export async function startSimulator(settings: Settings, makeClock = movableClock): Promise<Program> {
  const state = openState(openDataDir(settings))
  const clock = makeClock(
    state.read().offsetMs ?? FRESH_START.epochMilliseconds - Temporal.Now.instant().epochMilliseconds,
  )
  state.write({ offsetMs: clock.offsetMs(), world: state.read().world ?? randomUUID() })
  const base = () => `http://127.0.0.1:${settings.PORT}`
  const midtrans = fakeMidtrans({
    serverKey: DEMO.midtransKey,
    notificationUrl: () => `${base()}/webhooks/midtrans/${DEMO.slug}`,
    merchantName: () => DEMO.name,
    now: clock.now,
    publicBase: () => `${base()}/simulator/midtrans`,
    load: () => state.read().midtrans,
    save: (kept) => state.write({ midtrans: kept }),
  })
  const fonnte = fakeFonnte({ token: DEMO.fonnteToken, device: DEMO.device, quota: DEMO.quota, now: clock.now })
  const ran: Ran[] = []
  return run(settings, {
    clock,
    onTick: (started) => ran.push(...started),
    // The phones of the simulator read the program's own message rows: whatever is handed over has arrived.
    numbers: () => ({ channel: () => async (message) => ({ id: message.outsideId }) }),
    gatewayUrls: () => ({
      fonnte: `${base()}/simulator/fonnte`,
      snap: `${base()}/simulator/midtrans/snap/v1`,
      api: `${base()}/simulator/midtrans`,
    }),
    async routes(app, program) {
      const demo = await findDemo(program)
      if (demo === undefined) await seedBusiness(program)
      else await adoptBusiness(program, demo, clock)
      state.write({ offsetMs: clock.offsetMs() })
      app.register(fonnte.routes, { prefix: '/simulator/fonnte' })
      app.register(midtrans.routes, { prefix: '/simulator/midtrans' })
      registerPage(app, { sample: SAMPLE, businessName: () => DEMO.name, zone: () => DEMO.zone })
      simulatorRoutes(app, {
        program,
        clock,
        midtrans,
        fonnte,
        keepClock: () => state.write({ offsetMs: clock.offsetMs() }),
        takeRan: () => ran.splice(0),
        world: { name: () => state.read().world ?? '', rename: () => state.write({ world: randomUUID() }) },
      })
    },
  })
}

if (import.meta.main)
  await runAsProcess(
    () => startSimulator(readSettings(process.env)),
    (program) => `Tagih siap dicoba: ${program.url}/simulator`,
  )
