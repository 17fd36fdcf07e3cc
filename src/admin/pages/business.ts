import { z } from 'zod'
import type { Books } from '../../domain/books.ts'
import { changeZone, editBusiness, PLACEHOLDER_NAME } from '../../domain/business.ts'
import { formatDay } from '../../domain/calendar.ts'
import type { Panel } from '../page.ts'
import { needed } from './fields.ts'
import { OFFICE } from './places.ts'

/** Indonesia's three zones. */
const ZONES = {
  'Asia/Jakarta': 'WIB · Jawa, Sumatra',
  'Asia/Makassar': 'WITA · Bali, Sulawesi',
  'Asia/Jayapura': 'WIT · Maluku, Papua',
} as const

export function businessPage(panel: Panel): void {
  panel.form({
    path: '/panel/usaha',
    title: 'Usaha',
    view: 'business',
    roles: OFFICE,
    act: 'business.edit',
    fields: z.object({
      name: needed(60, 'Tulis nama usahanya, contoh Barokah Net.'),
      service: needed(40, 'Tulis untuk apa tagihannya, contoh internet.'),
      zone: z.enum(Object.keys(ZONES) as (keyof typeof ZONES)[], 'Pilih salah satu zona waktu.'),
    }),
    async show({ business }) {
      const { name, service, zone, next_zone: next, next_zone_at: at } = business
      const coming = next !== null && next !== zone
      return {
        values: { name: name === PLACEHOLDER_NAME ? '' : name, service, zone: coming ? next : zone },
        zones: Object.entries(ZONES),
        coming: coming && at ? formatDay(at.toZonedDateTimeISO(next).toPlainDate()) : undefined,
      }
    },
    async save(books, _visit, { name, service, zone }) {
      await editBusiness(books, { name, service })
      if (zone !== wantedZone(books)) await changeZone(books, zone)
      return { facts: { name, service, zone } }
    },
  })
}

function wantedZone({ business }: Books): string {
  return business.next_zone ?? business.zone
}
