import { createHash } from 'node:crypto'
import { toString as drawQr } from 'qrcode'
import { z } from 'zod'
import { formatDay, formatTime } from '../../domain/calendar.ts'
import { formatPhone } from '../../domain/phone.ts'
import { findOwner } from '../../domain/staff.ts'
import type { NumberState, StopReason } from '../../domain/whatsapp.ts'
import type { Panel } from '../page.ts'
import { mobile } from './fields.ts'
import { OWNER } from './places.ts'
import { findOwnerTrouble } from './proof.ts'

/** Links a business's own number, as the panel needs it; `main.ts` hands it over where the program can. */
export type WhatsAppLinks = {
  state(businessId: number): NumberState
  /** False when the number is linked already, or being linked elsewhere. */
  link(businessId: number, how: { by: 'qr' } | { by: 'code'; phone: string }): Promise<boolean>
  unlink(businessId: number): Promise<void>
}

const PATH = '/panel/whatsapp'

export function whatsappPages(panel: Panel): void {
  const { whatsapp } = panel

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
    async show(books, visit) {
      const { business } = books
      if (!whatsapp) return { values: {}, missing: true }
      const state = whatsapp.state(business.id)
      return {
        values: {},
        mark: markOf(state),
        // Without the script the page looks again by itself.
        refresh: state.is === 'pairing' || state.is === 'connecting',
        qr: state.is === 'pairing' && state.qr !== undefined,
        // In two halves, as WhatsApp asks for it.
        code: state.is === 'pairing' ? state.code?.replace(/^(.{4})(.{4})$/, '$1-$2') : undefined,
        waits: state.is === 'connecting' || (state.is === 'pairing' && !state.qr && !state.code),
        linked: 'phone' in state && state.phone !== undefined && state.is !== 'stopped' && formatPhone(state.phone),
        trouble: describeTrouble(state, business.zone),
        owner: await findOwnerTrouble(books, visit),
        ownerless: (await findOwner(books)) === undefined,
        stopped: state.is === 'stopped' && state.phone !== undefined,
      }
    },
    async prove(visit, how) {
      if (!whatsapp) return { refused: 'Menyambungkan WhatsApp dari panel belum tersedia di versi ini.' }
      const begun = await whatsapp.link(visit.business.id, how)
      return begun ? undefined : { refused: 'Nomornya sudah tersambung, atau sedang disambungkan di tempat lain.' }
    },
    save: async (_books, _visit, how) => ({ facts: { by: how.by } }),
    stays: true,
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
    save: async () => ({ facts: {} }),
  })

  panel.page(`${PATH}/keadaan`, OWNER, async ({ business }, reply) =>
    reply.send({ mark: whatsapp ? markOf(whatsapp.state(business.id)) : 'missing' }),
  )

  panel.page(`${PATH}/qr.svg`, OWNER, async ({ business }, reply) => {
    const state = whatsapp?.state(business.id)
    if (state?.is !== 'pairing' || !state.qr) return reply.code(404).send()
    return reply.type('image/svg+xml').send(await drawQr(state.qr, { type: 'svg', margin: 2 }))
  })
}

/** Tells two states apart without saying what the code is: it stands in addresses. */
function markOf(state: NumberState): string {
  const code = state.is === 'pairing' ? (state.qr ?? state.code) : undefined
  const turn = code === undefined ? '' : createHash('sha256').update(code).digest('hex').slice(0, 12)
  const kind = state.is === 'pairing' && state.qr ? 'qr' : state.is
  return `${kind}-${'reason' in state ? (state.reason ?? '') : ''}${turn}`
}

const STOPPED: Record<StopReason, string> = {
  expired: 'Waktunya habis sebelum kodenya dipakai. Coba lagi dari awal.',
  unreachable: 'WhatsApp tidak bisa dihubungi. Periksa internet di server, lalu coba lagi.',
  taken: 'Nomor ini sudah tersambung ke usaha lain di sini.',
  banned: 'WhatsApp memblokir nomor ini. Buka WhatsApp di HP untuk meminta ditinjau, atau pakai nomor lain.',
  outdated: 'WhatsApp meminta versi yang lebih baru. Perbarui Tagih, lalu coba lagi.',
  replaced: 'Tautannya sedang dipakai program lain. Matikan yang lain, lalu sambungkan lagi.',
  broken: 'Kunci yang tersimpan tidak cocok lagi. Putuskan nomornya, lalu sambungkan lagi.',
}

function describeTrouble(state: NumberState, zone: string): string | undefined {
  if (state.is === 'stopped') return STOPPED[state.reason]
  if (state.is === 'elsewhere')
    return 'Nomor ini sedang dipegang Tagih lain di database yang sama; itu juga yang menjawab.'
  if (state.is !== 'unlinked' || state.reason !== 'removed') return undefined
  const since = state.since
    ? ` sejak ${formatDay(state.since.toZonedDateTimeISO(zone).toPlainDate())} ${formatTime(state.since, zone)}`
    : ''
  return `Tautannya dihapus di HP${since}. Sambungkan lagi; yang menunggu tidak hilang.`
}
