import { hasWayIn, makeLink, SETUP_LINK_DAYS } from './domain/access.ts'
import { listBusinessIds } from './domain/books.ts'
import { createBusiness, PLACEHOLDER_NAME } from './domain/business.ts'
import { findOwner } from './domain/staff.ts'
import { realClock } from './gateways/clock.ts'
import { type WhatsApp, whatsapp } from './gateways/whatsapp.ts'
import { type Program, run } from './main.ts'
import { runAsProcess } from './process.ts'
import { publicUrl, readRealSettings } from './settings.ts'
import { linkInTerminal } from './terminal.ts'

/** The one business of a program that somebody runs for themselves; its address part in webhooks. */
const SLUG = 'usaha'

/** Starts the real program: the machine's clock, the real gateways, and a business to set up on the first start. */
export async function startReal(
  env: NodeJS.ProcessEnv,
): Promise<{ program: Program; numbers?: WhatsApp; lines: string[] }> {
  const settings = readRealSettings(env)
  let link: string | undefined
  let numbers: WhatsApp | undefined
  const program = await run(settings, {
    clock: realClock,
    numbers({ bot, ...parts }) {
      const made = whatsapp({ ...parts, accept: bot.accept, url: settings.WHATSAPP_URL })
      numbers = made
      return { channel: made.channel, links: made, start: made.start, stop: made.stop }
    },
    // Before the port is open, so that nobody comes to a program without a business.
    async routes(_app, program) {
      const businessId = (await listBusinessIds(program.database))[0] ?? (await makeBusiness(program))
      link = await makeWayIn(program, businessId)
    },
  })
  const url = publicUrl(settings)
  program.log.info({ listens: program.url, publicUrl: url }, 'started')
  return {
    program,
    numbers,
    lines: [
      `Tagih berjalan di ${program.url}`,
      ...(link
        ? [`Siapkan usaha Anda lewat link ini (sekali pakai, berlaku ${SETUP_LINK_DAYS} hari):`, `${url}/atur/${link}`]
        : [`Panel: ${url}/panel`]),
    ],
  }
}

/** Whoever runs it themselves has all that Tagih can do. */
function makeBusiness({ database, sealer, clock }: Program): Promise<number> {
  return createBusiness(database, {
    slug: SLUG,
    name: PLACEHOLDER_NAME,
    zone: 'Asia/Jakarta',
    package: 'bisnis',
    sealer,
    now: clock.now(),
  })
}

/** A link for the console while no owner can come in without it; none default, none twice (S09). */
function makeWayIn({ openBooks }: Program, businessId: number): Promise<string | undefined> {
  return openBooks(businessId, async (books) => {
    if (await hasWayIn(books)) return undefined
    const owner = await findOwner(books)
    return makeLink(books, { staffId: owner?.id ?? null, lasts: { hours: SETUP_LINK_DAYS * 24 } })
  })
}

if (import.meta.main) {
  let started: Awaited<ReturnType<typeof startReal>> | undefined
  await runAsProcess(
    async () => {
      started = await startReal(process.env)
      return started.program
    },
    () => started?.lines.join('\n') ?? '',
  )
  // Only where somebody looks: a service has no terminal.
  const [businessId] = started && process.stdout.isTTY ? await listBusinessIds(started.program.database) : []
  if (started?.numbers && businessId !== undefined)
    await linkInTerminal({ ...started.program, numbers: started.numbers }, businessId)
}
