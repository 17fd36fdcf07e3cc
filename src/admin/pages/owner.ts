import { z } from 'zod'
import { adoptSession, endSessions } from '../../domain/access.ts'
import { saveOwner, warnOwners } from '../../domain/owner.ts'
import { findPassword } from '../../domain/password.ts'
import { formatPhone } from '../../domain/phone.ts'
import { findOwner } from '../../domain/staff.ts'
import type { Panel } from '../page.ts'
import { mobile, needed, typedPassword } from './fields.ts'
import { OWNER } from './places.ts'
import { findOwnerTrouble, proveOwner } from './proof.ts'

/** Who commands in the chat. Set-up makes the owner here; later only their name and phone change. */
export function ownerPage(panel: Panel): void {
  panel.form({
    path: '/panel/pemilik',
    title: 'Pemilik',
    view: 'owner',
    roles: OWNER,
    act: 'owner.edit',
    fields: z.object({
      callName: needed(30, 'Tulis panggilannya, contoh Pak Joko.'),
      phone: mobile,
      password: typedPassword.optional(),
    }),
    secrets: ['password'],
    async show(books, visit) {
      const { session } = visit
      const owner = session.staff ?? (await findOwner(books))
      const hasPassword = owner !== undefined && (await findPassword(books, owner.id)) !== undefined
      return {
        trouble: await findOwnerTrouble(books, visit),
        values: { callName: owner?.callName ?? owner?.name ?? '', phone: owner ? formatPhone(owner.phone) : '' },
        again: hasPassword && !session.fresh,
      }
    },
    // A phone gives every right of the chat, so an open browser alone does not change it.
    async prove(visit, { phone, password }) {
      const { staff } = visit.session
      return !staff || staff.phone === phone ? undefined : proveOwner(panel, visit, password)
    },
    async save(books, { session, by }, { callName, phone }) {
      const before = session.staff
      const owner = await saveOwner(books, before, { name: before?.name ?? bareName(callName), callName, phone })
      if (!owner) return { refused: 'Nomor ini sudah dipakai staf lain. Pakai nomor lain.', field: 'phone' }
      if (!before) {
        await adoptSession(books, session.digest, owner.id)
        // Whatever else was opened with a printed link has lost its meaning.
        await endSessions(books, null)
      } else if (before.phone !== phone && before.provenUntil)
        await warnOwners(books, 'Nomor pemilik diganti', by, before.phone)
      return { subject: `staff:${owner.id}`, facts: { callName, phone } }
    },
  })
}

/** "Pak Joko" is called so; his name is Joko. */
function bareName(callName: string): string {
  return callName.replace(/^(?:pak|bapak|bu|ibu|mas|mbak|bang|kang|teh|haji|h\.|hj\.)\s+(?=\S)/i, '')
}
