import { z } from 'zod'
import { editBusiness, makeFonnteSecret } from '../../domain/business.ts'
import { formatCount } from '../../domain/money.ts'
import { GatewayError } from '../../domain/outbox.ts'
import { warnOwners } from '../../domain/owner.ts'
import type { Panel } from '../page.ts'
import { secret, showKept } from './fields.ts'
import { OWNER } from './places.ts'

const PATH = '/panel/fonnte'

/** Fonnte's token, kept only when Fonnte itself says that it is one; and the addresses that Fonnte shall call. */
export function fonntePages(panel: Panel): void {
  const { sealer, publicUrl, gateways } = panel
  panel.form({
    path: PATH,
    title: 'Fonnte',
    view: 'fonnte',
    roles: OWNER,
    act: 'business.fonnte',
    fields: z.object({ fonnteToken: secret }),
    secrets: ['fonnteToken'],
    async show({ business }) {
      const { id, slug, fonnte_token: kept, fonnte_secret: hidden } = business
      const address = `${publicUrl}/webhooks/fonnte/${slug}/${hidden}`
      return {
        values: {},
        ...showKept(sealer, id, kept),
        reachable: publicUrl.startsWith('https:'),
        addresses: [
          { label: 'Webhook', url: address },
          { label: 'Webhook status', url: `${address}/status` },
        ],
      }
    },
    async prove(_visit, { fonnteToken }) {
      try {
        return await gateways.fonnte(fonnteToken).device()
      } catch (error) {
        return refuse(error)
      }
    },
    async save(books, { by }, { fonnteToken }, device) {
      const { business } = books
      // The number too: what the webhook says of another device is not ours (H01).
      await editBusiness(books, {
        fonnte_token: sealer.seal(business.id, fonnteToken),
        fonnte_device: device.phone ?? null,
      })
      if (business.fonnte_token) await warnOwners(books, 'Token Fonnte diganti', by)
      return { facts: { connected: device.connected, quota: device.quota ?? null } }
    },
  })

  panel.form({
    path: `${PATH}/lepas`,
    title: 'Lepas Fonnte',
    view: 'release',
    roles: OWNER,
    back: PATH,
    act: 'business.fonnte.release',
    fields: z.object({}),
    show: async ({ business }) =>
      business.fonnte_token
        ? {
            values: {},
            question: 'Hapus token Fonnte?',
            what: 'Kirim massal berhenti sampai token baru dipasang. Yang sedang menunggu tidak hilang.',
            button: 'Ya, hapus tokennya',
            back: PATH,
          }
        : undefined,
    async save(books, { by }) {
      await editBusiness(books, { fonnte_token: null, fonnte_device: null })
      await warnOwners(books, 'Token Fonnte dihapus', by)
      return { facts: {} }
    },
  })

  panel.form({
    path: `${PATH}/alamat`,
    title: 'Alamat webhook baru',
    view: 'release',
    roles: OWNER,
    back: PATH,
    act: 'business.fonnte.address',
    fields: z.object({}),
    show: async () => ({
      values: {},
      question: 'Buat alamat webhook baru?',
      what: 'Alamat yang lama langsung tidak berlaku. Pasang yang baru di Fonnte sesudah ini.',
      button: 'Ya, buat yang baru',
      back: PATH,
    }),
    async save(books) {
      await editBusiness(books, { fonnte_secret: makeFonnteSecret() })
      return { facts: {} }
    },
  })

  // Asked when somebody looks, so that the page says how things are now.
  panel.page(`${PATH}/keadaan`, OWNER, async ({ business }, reply) => {
    const token = sealer.tryOpen(business.id, business.fonnte_token)
    if (token === undefined) return reply.send({ text: '' })
    const device = await gateways
      .fonnte(token)
      .device()
      .catch((error: unknown) => refuse(error))
    if ('refused' in device) return reply.send({ text: device.refused })
    const quota = device.quota === undefined ? '' : `, kuota ${formatCount(device.quota)} pesan`
    return reply.send({ text: `${device.connected ? 'Perangkat tersambung' : 'Perangkat terputus'}${quota}.` })
  })
}

function refuse(error: unknown) {
  if (!(error instanceof GatewayError)) throw error
  return {
    field: 'fonnteToken',
    refused:
      error.fault === 'device' || error.fault === 'recipient'
        ? `Fonnte menolak: ${error.message}. Belum disimpan; salin lagi tokennya dari fonnte.com.`
        : 'Fonnte tidak menjawab, jadi tokennya belum bisa dicoba dan belum disimpan. Coba beberapa menit lagi.',
  }
}
