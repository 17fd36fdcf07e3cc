import type { Books } from '../../domain/books.ts'
import { formatCount } from '../../domain/money.ts'
import { billAgain, findHold, releaseSending } from '../../domain/restoration.ts'
import type { Answer, MatterHandler } from '../command.ts'

/** Why nothing is sent now: the data came back from a backup, and nobody has said yet that sending may go on. */
export async function explainHold(books: Books): Promise<Answer | undefined> {
  const hold = await findHold(books)
  if (!hold) return undefined
  return {
    text:
      hold.matter === null
        ? '⏳ Data baru dipulihkan dari cadangan, dan Midtrans sedang saya tanyai. Belum ada yang dikirim; pertanyaannya menyusul.'
        : `⚠️ Pengiriman ditahan sejak data dipulihkan dari cadangan: sebagian mungkin sudah ditagih. Belum ada yang dikirim.\nLanjut kirim, dan mereka saya anggap sudah ditagih? *ya ${hold.matter}*`,
  }
}

/** What the owner answers after a restore. */
export const restorationMatters: Record<string, MatterHandler> = {
  'restoration.release': async ({ books, person }, matter, decision) => {
    if (decision === 'no') return { text: `Baik, tagihan tetap saya tahan. Berubah pikiran? *ya ${matter.number}*` }
    const released = await releaseSending(books, person.id)
    if (!released) return { text: 'Pengiriman sudah berjalan lagi. Belum ada yang berubah.' }
    const { customers, matter: again } = released
    if (customers === 0)
      return { text: '✅ Pengiriman berjalan lagi. Belum ada yang dikirim: mulai dengan *tagih semua*' }
    return {
      text: [
        `✅ Pengiriman berjalan lagi. *${formatCount(customers)} pelanggan* saya anggap sudah ditagih, jadi *tagih semua* melewati mereka.`,
        'Satu orang ternyata belum menerima? Ketik *kirim ulang tagihan* dan namanya.',
        `Yakin semuanya belum menerima? *ya ${again}* membuat ${formatCount(customers)} orang bisa ditagih lagi; yang sudah menerima akan menerima dua kali.`,
      ].join('\n'),
    }
  },
  'restoration.billAgain': async ({ books, person }, matter, decision) => {
    if (decision === 'no')
      return { text: `Baik, mereka tetap saya anggap sudah ditagih. Berubah pikiran? *ya ${matter.number}*` }
    const count = await billAgain(books, person.id)
    return {
      text: `✅ *${formatCount(count)} tagihan* bisa dikirim lagi. Belum ada yang dikirim: ketik *tagih semua*`,
    }
  },
}
