import { z } from 'zod'
import { endSession, endSessions } from '../../domain/access.ts'
import { audit } from '../../domain/books.ts'
import { warnOwners } from '../../domain/owner.ts'
import {
  checkPassword,
  countTries,
  findPassword,
  forgetTries,
  refusePassword,
  sealPassword,
  setPassword,
} from '../../domain/password.ts'
import { formatPhone } from '../../domain/phone.ts'
import { findDoubt } from '../../domain/sender.ts'
import { writeCookie } from '../cookie.ts'
import type { Panel, Refusal, Visit } from '../page.ts'
import { typedPassword } from './fields.ts'
import { OFFICE } from './places.ts'

/** A person's own password, and the way out. */
export function accountPages(panel: Panel): void {
  panel.form({
    path: '/panel/akun',
    title: 'Akun saya',
    view: 'account',
    roles: OFFICE,
    act: 'staff.password',
    fields: z.object({
      fresh: typedPassword,
      again: typedPassword,
      password: typedPassword.optional(),
    }),
    secrets: ['fresh', 'again', 'password'],
    async show(books, { session }) {
      const { staff } = session
      const has = staff !== undefined && (await findPassword(books, staff.id)) !== undefined
      return {
        values: {},
        person: staff && { name: staff.callName ?? staff.name, phone: formatPhone(staff.phone) },
        has,
        again: !session.fresh,
      }
    },
    async prove(visit, { fresh, again, password }) {
      const { session, business } = visit
      if (!session.staff) return { refused: 'Isi dulu nomor pemilik, baru kata sandi bisa dibuat.' }
      const { phone, name } = session.staff
      const weak = refusePassword(fresh, [business.name, name, phone, formatPhone(phone)])
      if (weak) return { refused: weak, field: 'fresh' }
      if (fresh !== again) return { refused: 'Belum sama dengan yang di atas.', field: 'again' }
      return (await proveAgain(panel, visit, password)) ?? { sealed: await sealPassword(fresh) }
    },
    async save(books, { session, by }, _input, { sealed }) {
      const { staff } = session
      if (!staff) return { refused: 'Isi dulu nomor pemilik, baru kata sandi bisa dibuat.' }
      const had = await findPassword(books, staff.id)
      await setPassword(books, staff.id, sealed)
      // Whoever knew the old one, or holds an old link, is out.
      await endSessions(books, staff.id, session.digest)
      if (had) await warnOwners(books, `Kata sandi ${by} diganti`, by)
      return { subject: `staff:${staff.id}`, facts: {} }
    },
  })

  panel.app.post('/panel/keluar', async (request, reply) => {
    const visit = await panel.enter(request, reply, ['owner', 'admin', 'collector', 'technician', 'viewer'])
    if (!visit) return reply
    const everywhere = (request.body as Record<string, string> | undefined)?.semua === '1'
    await panel.openBooks(visit.business.id, async (books) => {
      if (everywhere) await endSessions(books, visit.session.staff?.id ?? null)
      else await endSession(books, visit.session.digest)
      await audit(books, { actor: visit.actor, act: 'session.end', facts: { everywhere } })
    })
    writeCookie(reply, panel.publicUrl, undefined)
    return reply.redirect('/masuk?keluar=1', 303)
  })
}

/**
 * Whoever changes a phone or a password proves again who they are: signed in a moment ago, or by the present password.
 * An open browser on a counter is not enough.
 */
export async function proveAgain(
  panel: Panel,
  { session, business, address }: Visit,
  password: string | undefined,
): Promise<Refusal | undefined> {
  const { staff, fresh } = session
  if (fresh || !staff) return undefined
  const { kept, allowed, doubt } = await panel.openBooks(business.id, async (books) => ({
    kept: await findPassword(books, staff.id),
    allowed: await countTries(books, { phone: staff.phone, address }),
    doubt: await findDoubt(books, staff),
  }))
  const refuse = (refused: string) => ({ field: 'password', refused })
  // The bot sends no link to a phone without rights.
  const way = doubt ? 'jalankan npm run -s link di server' : 'ketik panel di WhatsApp'
  if (!kept) return refuse(`Masuk lagi dulu: ${way}, lalu buka link itu.`)
  if (!allowed) return refuse(doubt ? `Sudah terlalu sering dicoba. Tunggu 15 menit, atau ${way}.` : TOO_MANY)
  if (!password || !(await checkPassword(password, kept)))
    return refuse(`Kata sandi yang sekarang belum cocok. Lupa? Bisa ${way}, lalu masuk lewat link itu.`)
  await panel.openBooks(business.id, (books) => forgetTries(books, staff.phone))
  return undefined
}

export const TOO_MANY =
  'Sudah terlalu sering dicoba. Tunggu 15 menit, atau ketik panel di WhatsApp dan masuk lewat link dari sana.'
