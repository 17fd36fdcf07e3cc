import type { Books } from '../domain/books.ts'
import { mayHint } from '../domain/conversation.ts'
import { findByPhone } from '../domain/customer.ts'
import { plain } from '../domain/letter.ts'
import type { Message } from '../domain/message.ts'
import { queueMessages } from '../domain/outbox.ts'
import { askAboutSilent } from '../domain/sender.ts'
import { hasRights, type Staff } from '../domain/staff.ts'
import { findOwnNumber } from '../domain/whatsapp.ts'
import type { Person } from './command.ts'

/**
 * Who wrote a message: known by the phone alone (H03), and staff only while the phone is proven (H07, H17). One that was
 * only typed, and one that was silent for too long, is at most a customer; nothing for a stranger.
 * @param staff whose phone it is among the staff
 */
export async function findPerson(
  books: Books,
  { phone, channel }: Pick<Message, 'phone' | 'channel'>,
  staff: Staff | undefined,
): Promise<{ person?: Person; silent?: Staff }> {
  if (staff && (hasRights(books, staff) || (await isOurOwn(books, { phone, channel }))))
    return { person: { kind: 'staff', ...staff } }
  const isCustomer = (await findByPhone(books, phone)).length > 0
  return {
    ...(isCustomer && { person: { kind: 'customer', phone } }),
    ...(staff?.provenUntil && { silent: staff }),
  }
}

/** The chat of the linked number with itself: whoever writes there holds the phone. Of Fonnte's senders nobody knows. */
async function isOurOwn(books: Books, { phone, channel }: Pick<Message, 'phone' | 'channel'>): Promise<boolean> {
  return channel === 'bot' && phone === (await findOwnNumber(books))
}

/** Whoever writes again from a staff phone is told so seldom why nothing happens. */
const TOLD_MINUTES = 24 * 60

/** Says to a staff phone that was silent for too long what to do next, and asks who may vouch for it (H07). */
export async function tellSilent(
  books: Books,
  staff: Staff,
  { id, channel }: Pick<Message, 'id' | 'channel'>,
  publicUrl: string,
): Promise<void> {
  const { phone } = staff
  if (!(await mayHint(books, phone, TOLD_MINUTES))) return
  const bosses = await askAboutSilent(books, staff)
  const text = [
    '⚠️ Nomor ini tidak menulis lebih dari 60 hari, jadi perintahnya belum saya jalankan.',
    nextStep(staff, bosses, publicUrl),
  ].join('\n')
  await queueMessages(books, [{ phone, channel, kind: 'reply', text, causeId: id }])
}

function nextStep(staff: Staff, [boss]: readonly Staff[], publicUrl: string): string {
  const asked = boss && `*${plain(boss.callName ?? boss.name)}* sudah saya tanya. Sesudah dijawab *ya*, tulis lagi.`
  if (staff.role !== 'owner') return asked ?? 'Minta pemilik menulis dulu ke nomor ini, lalu tulis lagi.'
  const panel = `Masuk ke panel, buka *Pemilik*, buat kodenya, lalu kirim dari HP ini:\n${publicUrl}/panel/pemilik/kode`
  return asked ? `${asked} Atau:\n${panel}` : panel
}
