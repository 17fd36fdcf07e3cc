import QRCode from 'qrcode'
import type { OpenBooks } from './domain/books.ts'
import { formatPhone } from './domain/phone.ts'
import type { Sealer } from './domain/secret.ts'
import { makeActivation } from './domain/setup.ts'
import { findOwner } from './domain/staff.ts'
import type { WhatsApp } from './gateways/whatsapp.ts'

/**
 * Links a business's number in the terminal, for whoever never opens the panel: shows each QR as WhatsApp offers it, and
 * once it is scanned the word with which a phone becomes the owner's. Does nothing where a number is linked already.
 */
export async function linkInTerminal(
  {
    openBooks,
    sealer,
    numbers,
    print = printLine,
  }: { openBooks: OpenBooks; sealer: Sealer; numbers: WhatsApp; print?: (text: string) => void },
  businessId: number,
): Promise<void> {
  if (numbers.state(businessId).is !== 'unlinked') return
  let shown = ''
  const end = numbers.watch(businessId, async (state) => {
    if (state.is === 'pairing' && state.qr && state.qr !== shown) {
      shown = state.qr
      print(await QRCode.toString(state.qr, { type: 'utf8' }))
      print('Tautkan WhatsApp usaha: di HP buka WhatsApp, Perangkat tertaut, Tautkan perangkat, lalu pindai ini.')
    }
    if (state.is === 'stopped') {
      end()
      print('WhatsApp belum tertaut. Coba lagi dengan menyalakan ulang, atau dari panel.')
    }
    if (state.is === 'open') {
      end()
      print(`WhatsApp tertaut: ${formatPhone(state.phone)}`)
      const code = await openBooks(businessId, async (books) => makeActivation(books, sealer, await findOwner(books)))
      if (code) print(`Dari HP pemilik, kirim ke nomor itu dalam 10 menit: AKTIF ${code}`)
    }
  })
  if (!(await numbers.link(businessId, { by: 'qr' }))) end()
}

/** Not by the console: what it prints while the library is at work is dropped (hush.ts), and that is when we are called. */
function printLine(text: string): void {
  process.stdout.write(`${text}\n`)
}
