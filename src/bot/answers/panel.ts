import { CHAT_LINK_MINUTES, makeLink } from '../../domain/access.ts'
import { audit } from '../../domain/books.ts'
import type { Answer, StaffTurn } from '../command.ts'

/** `panel`: a link that signs this person in, once and soon. It goes to their own number, whoever wrote. */
export async function openPanelLink({ books, person, publicUrl }: StaffTurn): Promise<Answer> {
  const link = await makeLink(books, { staffId: person.id, lasts: { minutes: CHAT_LINK_MINUTES } })
  await audit(books, { actor: `staff:${person.id}`, act: 'link.chat' })
  return {
    text: `Link panel untuk Anda, sekali pakai, berlaku ${CHAT_LINK_MINUTES} menit. Jangan diteruskan ke orang lain.\n${publicUrl}/masuk/${link}`,
  }
}
