import { findLink, startSession, takeLink } from '../../domain/access.ts'
import { audit, isBusiness, listBusinessIds } from '../../domain/books.ts'
import { checkPassword, countTries, findPassword, forgetTries } from '../../domain/password.ts'
import { readPhone } from '../../domain/phone.ts'
import { findStaff, type Staff } from '../../domain/staff.ts'
import { readToken } from '../../domain/token.ts'
import { readCookie, writeCookie } from '../cookie.ts'
import { addressOf } from '../guard.ts'
import type { Panel } from '../page.ts'
import { TOO_MANY } from './account.ts'

/** Checking a password takes memory and time; more than this at once is an attack (S05). */
const MOST_AT_ONCE = 8

const WRONG = 'Nomor atau kata sandinya belum cocok.'

/** The two ways in: a link that works once, and a phone with a password. */
export function signInPages(panel: Panel): void {
  const { app } = panel
  // `/atur/…` is printed on the console, `/masuk/…` comes by chat.
  for (const path of ['/atur/:token', '/masuk/:token']) linkPage(panel, path)

  app.get('/masuk', async (request, reply) => {
    const { habis, keluar } = request.query as Record<string, string>
    const notice = habis
      ? 'Anda perlu masuk lagi. Yang baru diketik belum disimpan.'
      : keluar
        ? 'Anda sudah keluar.'
        : undefined
    return panel.render(reply, 'sign-in', { title: 'Masuk', notice, values: {} })
  })

  let checking = 0
  app.post('/masuk', async (request, reply) => {
    const { phone: typed = '', password = '' } = (request.body ?? {}) as Record<string, string>
    const refuse = (status: number, error: string) =>
      panel.render(reply.code(status), 'sign-in', { title: 'Masuk', error, values: { phone: typed } })
    if (checking >= MOST_AT_ONCE) return refuse(503, 'Sedang ramai. Coba lagi sebentar.')
    // This program runs one business; with many, the address will say which.
    const [businessId] = await listBusinessIds(panel.database)
    if (businessId === undefined) return refuse(503, 'Tagih baru dinyalakan. Coba lagi sebentar.')
    const phone = readPhone(typed)?.phone ?? typed

    const { allowed, staff, kept } = await panel.openBooks(businessId, async (books) => {
      const found = await findStaff(books, phone)
      return {
        allowed: await countTries(books, { phone, address: addressOf(request) }),
        staff: found,
        kept: found && (await findPassword(books, found.id)),
      }
    })
    if (!allowed) {
      request.log.warn('sign-in: too many tries')
      return refuse(429, TOO_MANY)
    }
    checking++
    const right = await checkPassword(password, kept).finally(() => {
      checking--
    })
    if (!right || !staff) return refuse(422, WRONG)

    const token = await panel.openBooks(businessId, async (books) => {
      await forgetTries(books, phone)
      await audit(books, { actor: `staff:${staff.id}`, act: 'session.start', facts: { how: 'password' } })
      return startSession(books, staff.id, readCookie(request, panel.publicUrl)?.digest)
    })
    writeCookie(reply, panel.publicUrl, token)
    return reply.redirect('/panel', 303)
  })
}

function linkPage(panel: Panel, path: string): void {
  const { app, database, openBooks, publicUrl } = panel
  const printed = path.startsWith('/atur')
  const read = async (params: unknown) => {
    const token = readToken((params as { token: string }).token)
    return token && (await isBusiness(database, token.businessId)) ? token : undefined
  }

  // Looking changes nothing: WhatsApp itself opens every link that it shows a preview of.
  app.get(path, async (request, reply) => {
    const token = await read(request.params)
    const found =
      token &&
      (await openBooks(token.businessId, async (books) => {
        const link = await findLink(books, token.digest)
        return link && { who: nameOf(link.staff), place: books.business.name }
      }))
    return panel.render(reply.code(found ? 200 : 410), 'link', { title: 'Masuk', printed, found })
  })

  app.post(path, async (request, reply) => {
    const token = await read(request.params)
    const session =
      token &&
      (await openBooks(token.businessId, async (books) => {
        const link = await takeLink(books, token.digest)
        if (!link) return undefined
        const { staff } = link
        await audit(books, {
          actor: staff ? `staff:${staff.id}` : 'setup',
          act: 'session.start',
          facts: { how: printed ? 'printed link' : 'chat link' },
        })
        return {
          text: await startSession(books, staff?.id ?? null, readCookie(request, publicUrl)?.digest),
          fresh: staff === undefined,
        }
      }))
    if (!session) return panel.render(reply.code(410), 'link', { title: 'Masuk', printed })
    writeCookie(reply, publicUrl, session.text)
    return reply.redirect(session.fresh ? '/panel/usaha?atur=1' : '/panel', 303)
  })
}

function nameOf(staff: Staff | undefined): string | undefined {
  return staff && (staff.callName ?? staff.name)
}
