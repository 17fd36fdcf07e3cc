import { z } from 'zod'
import type { Books } from '../../domain/books.ts'
import { formatTime } from '../../domain/calendar.ts'
import { findPassword } from '../../domain/password.ts'
import { formatPhone } from '../../domain/phone.ts'
import { type Doubt, findDoubt } from '../../domain/sender.ts'
import { findActivation, makeActivation } from '../../domain/setup.ts'
import { findOwner, type Staff } from '../../domain/staff.ts'
import { findWrittenTo } from '../../domain/whatsapp.ts'
import type { Panel, Refusal, Visit } from '../page.ts'
import { proveAgain } from './account.ts'
import { typedPassword } from './fields.ts'
import { OWNER, PROOF } from './places.ts'

/** Why the owner's phone has no rights, as the pages say it. */
const WHY: Record<Doubt, string> = {
  unproven: 'belum terbukti milik Anda, jadi perintahnya belum dijalankan dan kabar belum dikirim ke sana.',
  silent: 'tidak menulis lebih dari 60 hari, jadi perintahnya tidak dijalankan lagi.',
  account: 'sekarang dipakai akun WhatsApp lain, jadi perintah akun itu belum dijalankan.',
}

/** The code with which an owner's phone shows that it is theirs (H17): made here, sent from that phone. */
export function proofPage(panel: Panel): void {
  panel.form({
    path: PROOF,
    title: 'Buktikan nomor pemilik',
    view: 'proof',
    roles: OWNER,
    act: 'owner.code',
    fields: z.object({ password: typedPassword.optional() }),
    secrets: ['password'],
    stays: true,
    async show(books, visit) {
      const owner = await ownerOf(books, visit)
      if (!owner) return { values: {}, missing: true }
      const [doubt, made, bot] = await lookAt(books, panel, owner)
      return {
        values: {},
        mark: markOf(doubt, made),
        why: doubt && WHY[doubt],
        phone: formatPhone(owner.phone),
        name: owner.callName ?? owner.name,
        bot: bot && formatPhone(bot),
        code: made &&
          made !== 'dead' && {
            text: `AKTIF ${made.code}`,
            until: formatTime(made.until, books.business.zone),
            link: `https://wa.me/${bot}?text=${encodeURIComponent(`AKTIF ${made.code}`)}`,
          },
        closed: made === 'dead',
        again: !visit.session.fresh && (await findPassword(books, owner.id)) !== undefined,
      }
    },
    prove: (visit, { password }) => proveOwner(panel, visit, password),
    async save(books, visit) {
      const owner = await ownerOf(books, visit)
      if (!owner) return { refused: 'Isi dulu nomor pemilik.' }
      const code = await makeActivation(books, panel.sealer, owner)
      return code ? { subject: `staff:${owner.id}`, facts: {} } : { refused: 'Nomor ini sudah terbukti.' }
    },
  })

  panel.page(`${PROOF}/keadaan`, OWNER, async (visit, reply) => {
    const mark = await panel.openBooks(visit.business.id, async (books) => {
      const owner = await ownerOf(books, visit)
      if (!owner) return 'missing'
      const [doubt, made] = await lookAt(books, panel, owner)
      return markOf(doubt, made)
    })
    return reply.send({ mark })
  })
}

/** What other pages say about the owner's phone, once people can write to the bot: nothing where all is well. */
export async function findOwnerTrouble(
  books: Books,
  visit: Visit,
): Promise<{ phone: string; why: string } | undefined> {
  const owner = await ownerOf(books, visit)
  const doubt = owner && (await findDoubt(books, owner))
  if (!owner || !doubt || !(await findWrittenTo(books))) return undefined
  return { phone: formatPhone(owner.phone), why: WHY[doubt] }
}

/**
 * What changes whose phone it is needs a fresh sign-in or the password, as other rights do. Before the first proof there
 * may be neither, and a number that was only typed has no rights that could be taken.
 */
export async function proveOwner(
  panel: Panel,
  visit: Visit,
  password: string | undefined,
): Promise<Refusal | undefined> {
  const { staff } = visit.session
  if (!staff) return undefined
  const kept = await panel.openBooks(visit.business.id, (books) => findPassword(books, staff.id))
  return staff.provenUntil === null && !kept ? undefined : proveAgain(panel, visit, password)
}

/** An owner proves their own phone; nobody else comes here. */
async function ownerOf(books: Books, { session }: Visit): Promise<Staff | undefined> {
  return session.staff ?? findOwner(books)
}

async function lookAt(books: Books, { sealer }: Panel, owner: Staff) {
  const doubt = await findDoubt(books, owner)
  const made = doubt && (await findActivation(books, sealer, owner))
  return [doubt, made, await findWrittenTo(books)] as const
}

/** Tells two states apart without saying what the code is. */
function markOf(doubt: Doubt | undefined, made: Awaited<ReturnType<typeof findActivation>>): string {
  return `${doubt ?? 'proven'}-${typeof made === 'object' ? made.until.epochMilliseconds : (made ?? 'none')}`
}
