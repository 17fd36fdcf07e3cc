import { z } from 'zod'
import { editBusiness } from '../../domain/business.ts'
import type { Panel } from '../page.ts'
import { cap, count, time } from './fields.ts'
import { OFFICE } from './places.ts'

/** When and how fast messages to customers leave: the limit is what WhatsApp puts up with, not the machine. */
export function sendingPage(panel: Panel): void {
  panel.form({
    path: '/panel/pengiriman',
    title: 'Pengiriman',
    view: 'sending',
    roles: OFFICE,
    act: 'business.sending',
    fields: z.object({
      quietFrom: time,
      quietUntil: time,
      pace: count(0, 600, 'detik'),
      hourly: cap(10_000, 'pesan'),
      daily: cap(100_000, 'pesan'),
    }),
    show: async ({ business }) => ({
      values: {
        quietFrom: business.quiet_from.replace(':', '.'),
        quietUntil: business.quiet_until.replace(':', '.'),
        pace: String(business.pace_seconds),
        hourly: String(business.hourly_cap ?? ''),
        daily: String(business.daily_cap ?? ''),
      },
    }),
    async save(books, _visit, { quietFrom, quietUntil, pace, hourly, daily }) {
      await editBusiness(books, {
        quiet_from: quietFrom,
        quiet_until: quietUntil,
        pace_seconds: pace,
        hourly_cap: hourly,
        daily_cap: daily,
      })
      return { facts: { quietFrom, quietUntil, pace, hourly, daily } }
    },
  })
}
