import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { editBusiness } from '../../domain/business.ts'
import { GatewayError } from '../../domain/outbox.ts'
import { warnOwners } from '../../domain/owner.ts'
import type { Panel } from '../page.ts'
import { secret, showKept } from './fields.ts'
import { OWNER } from './places.ts'

const PATH = '/panel/midtrans'

/** Midtrans' server key, kept only when Midtrans takes it, and the address for its notifications. */
export function midtransPages(panel: Panel): void {
  const { sealer, publicUrl, gateways } = panel
  panel.form({
    path: PATH,
    title: 'Midtrans',
    view: 'midtrans',
    roles: OWNER,
    act: 'business.midtrans',
    fields: z.object({
      serverKey: secret,
      mode: z.enum(['sandbox', 'production'], 'Pilih sandbox atau production.'),
    }),
    secrets: ['serverKey'],
    async show({ business }) {
      const { id, slug, midtrans_key: kept, midtrans_production: production } = business
      return {
        values: { mode: kept && !production ? 'sandbox' : 'production' },
        ...showKept(sealer, id, kept),
        production,
        reachable: publicUrl.startsWith('https:'),
        addresses: [{ label: 'Payment Notification URL', url: `${publicUrl}/webhooks/midtrans/${slug}` }],
      }
    },
    async prove(_visit, { serverKey, mode }) {
      const production = mode === 'production'
      // P20: Midtrans' sandbox keys say what they are; money paid with one never arrives.
      if (/^SB-/i.test(serverKey) === production)
        return {
          field: 'serverKey',
          refused: production
            ? 'Ini server key sandbox (berawalan SB-). Ambil yang production, atau pilih sandbox.'
            : 'Ini server key production. Yang sandbox berawalan SB-.',
        }
      try {
        // An order that cannot exist: Midtrans says "not found" to its own merchants and "no access" to all others.
        await gateways.midtrans({ serverKey, production }).getStatus(`TAGIH-COBA-${randomBytes(8).toString('hex')}`)
        return undefined
      } catch (error) {
        return refuse(error)
      }
    },
    async save(books, { by }, { serverKey, mode }) {
      const { business } = books
      await editBusiness(books, {
        midtrans_key: sealer.seal(business.id, serverKey),
        midtrans_production: mode === 'production',
      })
      if (business.midtrans_key) await warnOwners(books, 'Server key Midtrans diganti', by)
      return { facts: { mode } }
    },
  })

  panel.form({
    path: `${PATH}/lepas`,
    title: 'Lepas Midtrans',
    view: 'release',
    roles: OWNER,
    back: PATH,
    act: 'business.midtrans.release',
    fields: z.object({}),
    show: async ({ business }) =>
      business.midtrans_key
        ? {
            values: {},
            question: 'Hapus server key Midtrans?',
            what: 'Pelanggan tidak bisa lagi bayar lewat QRIS, virtual account, dan e-wallet, dan pembayaran yang sedang berjalan tidak terbaca. Transfer dan tunai tetap jalan.',
            button: 'Ya, hapus server key',
            back: PATH,
          }
        : undefined,
    async save(books, { by }) {
      await editBusiness(books, { midtrans_key: null })
      await warnOwners(books, 'Server key Midtrans dihapus', by)
      return { facts: {} }
    },
  })
}

function refuse(error: unknown) {
  if (!(error instanceof GatewayError)) throw error
  return {
    field: 'serverKey',
    refused:
      error.fault === 'device' || error.fault === 'recipient'
        ? `Midtrans menolak: ${error.message}. Belum disimpan; salin lagi server key dari dashboard.midtrans.com.`
        : 'Midtrans tidak menjawab, jadi server key belum bisa dicoba dan belum disimpan. Coba beberapa menit lagi.',
  }
}
