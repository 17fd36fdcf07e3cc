import { toString as drawQr } from 'qrcode'
import { z } from 'zod'
import { formatDay, formatTime, type Moment } from '../../domain/calendar.ts'
import { warnOwners } from '../../domain/owner.ts'
import { formatPhone } from '../../domain/phone.ts'
import type { Panel } from '../page.ts'
import { mobile } from './fields.ts'
import { OWNER } from './places.ts'

/** How the business's own number stands with WhatsApp. `qr` and `code` change by themselves every few seconds. */
export type LinkState =
  | { kind: 'unlinked'; reason?: string }
  | { kind: 'connecting' }
  | { kind: 'qr'; code: string }
  | { kind: 'code'; code: string }
  | { kind: 'linked'; phone: string; connected: boolean; since?: Moment }

/** Links a business's own number, as the panel needs it; `main.ts` hands it over where the program can. */
export type WhatsAppLinks = {
  state(businessId: number): Promise<LinkState>
  link(businessId: number, how: { by: 'qr' } | { by: 'code'; phone: string }): Promise<void>
  unlink(businessId: number): Promise<void>
}

const PATH = '/panel/whatsapp'

export function whatsappPages(panel: Panel): void {
  const { whatsapp } = panel
  const stateOf = async (businessId: number): Promise<LinkState> =>
    (await whatsapp?.state(businessId)) ?? { kind: 'unlinked' }

  panel.form({
    path: PATH,
    title: 'WhatsApp',
    view: 'whatsapp',
    roles: OWNER,
    act: 'whatsapp.link',
    fields: z.discriminatedUnion(
      'by',
      [z.object({ by: z.literal('qr') }), z.object({ by: z.literal('code'), phone: mobile })],
      'Pilih salah satu cara.',
    ),
    async show(_books, { business }) {
      if (!whatsapp) return { values: {}, missing: true }
      const state = await stateOf(business.id)
      return {
        values: {},
        state,
        // A picture is asked for again only when it is another one.
        mark: markOf(state),
        phone: state.kind === 'linked' ? formatPhone(state.phone) : undefined,
        since: state.kind === 'linked' && state.since ? momentText(state.since, business.zone) : undefined,
      }
    },
    async prove(visit, how) {
      if (!whatsapp) return { refused: 'Menyambungkan WhatsApp dari panel belum tersedia di versi ini.' }
      await whatsapp.link(visit.business.id, how)
      return undefined
    },
    save: async (_books, _visit, how) => ({ facts: { by: how.by } }),
  })

  panel.form({
    path: `${PATH}/lepas`,
    title: 'Putuskan WhatsApp',
    view: 'release',
    roles: OWNER,
    back: PATH,
    act: 'whatsapp.unlink',
    fields: z.object({}),
    show: async () =>
      whatsapp && {
        values: {},
        question: 'Putuskan nomor WhatsApp ini?',
        what: 'Tagih berhenti menjawab dan mengirim lewat nomor ini sampai disambungkan lagi. Data tidak berubah.',
        button: 'Ya, putuskan',
        back: PATH,
      },
    async prove({ business }) {
      await whatsapp?.unlink(business.id)
      return undefined
    },
    async save(books, { by }) {
      await warnOwners(books, 'Nomor WhatsApp diputus', by)
      return { facts: {} }
    },
  })

  panel.page(`${PATH}/keadaan`, OWNER, async ({ business }, reply) =>
    reply.send({ mark: markOf(await stateOf(business.id)) }),
  )

  panel.page(`${PATH}/qr.svg`, OWNER, async ({ business }, reply) => {
    const state = await stateOf(business.id)
    if (state.kind !== 'qr') return reply.code(404).send()
    return reply.type('image/svg+xml').send(await drawQr(state.code, { type: 'svg', margin: 2 }))
  })
}

/** Tells two states apart, without the code itself in any address. */
function markOf(state: LinkState): string {
  const turn = state.kind === 'qr' || state.kind === 'code' ? shorten(state.code) : ''
  return `${state.kind}${state.kind === 'linked' ? state.connected : ''}${turn}`
}

function shorten(code: string): string {
  let sum = 0
  for (const sign of code) sum = (sum * 31 + (sign.codePointAt(0) ?? 0)) % 1_000_003
  return String(sum)
}

function momentText(at: Moment, zone: string): string {
  return `${formatDay(at.toZonedDateTimeISO(zone).toPlainDate())} ${formatTime(at, zone)}`
}
