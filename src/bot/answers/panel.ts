import { CHAT_LINK_MINUTES, makeLink } from '../../domain/access.ts'
import { audit } from '../../domain/books.ts'
import type { Answer, StaffTurn } from '../command.ts'

/** `panel`: a link that signs this person in, once and soon. It goes to their own number, whoever wrote. */
export async function openPanelLink({ books, person, publicUrl }: StaffTurn): Promise<Answer> {
  const link = await makeLink(books, { staffId: person.id, lasts: { minutes: CHAT_LINK_MINUTES } })
  await audit(books, { actor: `staff:${person.id}`, act: 'link.chat' })
  return {
    text: `Link panel untuk Anda, sekali pakai, berlaku ${CHAT_LINK_MINUTES} menit. Jangan diteruskan ke orang lain.${where(publicUrl)}\n${publicUrl}/masuk/${link}`,
  }
}

/** Without an address of its own the program is reached from its own machine alone. */
function where(publicUrl: string): string {
  const { hostname } = new URL(publicUrl)
  return /^(?:localhost|127\.|\[::1\])/.test(hostname) ? ' Buka di komputer tempat Tagih berjalan.' : ''
}
