import type { Role } from '../../domain/tables.ts'

/** What moves money out of sight, or gives rights, is the owner's alone (H09). */
export const OWNER: readonly Role[] = ['owner']
export const OFFICE: readonly Role[] = ['owner', 'admin']

/** The pages as the menu lists them. */
export const PAGES: readonly { path: string; title: string; hint: string; roles: readonly Role[] }[] = [
  { path: '/panel', title: 'Ringkasan', hint: '', roles: OFFICE },
  { path: '/panel/usaha', title: 'Usaha', hint: 'Nama dan zona waktu', roles: OFFICE },
  { path: '/panel/pemilik', title: 'Pemilik', hint: 'Panggilan dan nomor WhatsApp', roles: OWNER },
  { path: '/panel/paket', title: 'Paket', hint: 'Harga dan kapan tagihan terbit', roles: OFFICE },
  { path: '/panel/rekening', title: 'Rekening', hint: 'Yang tertulis di tagihan', roles: OWNER },
  { path: '/panel/whatsapp', title: 'WhatsApp', hint: 'Nomor tempat Tagih menjawab', roles: OWNER },
  { path: '/panel/fonnte', title: 'Fonnte', hint: 'Untuk kirim massal', roles: OWNER },
  { path: '/panel/midtrans', title: 'Midtrans', hint: 'QRIS, virtual account, e-wallet', roles: OWNER },
  { path: '/panel/pengiriman', title: 'Pengiriman', hint: 'Jam tenang, jeda, dan batas', roles: OFFICE },
  { path: '/panel/akun', title: 'Akun saya', hint: 'Kata sandi dan keluar', roles: OFFICE },
]

/** Where an owner shows that the phone is theirs: part of the step that links the number it writes to. */
export const PROOF = '/panel/pemilik/kode'

/** Set-up in its order. Each can be left out and found again in the menu. */
export const STEPS = [
  '/panel/usaha',
  '/panel/pemilik',
  '/panel/paket/baru',
  '/panel/rekening',
  '/panel/whatsapp',
  '/panel/fonnte',
  '/panel/midtrans',
] as const

export type Step = (typeof STEPS)[number]

/** Where a page stands in set-up: "2 dari 7", and what comes after it. */
export function stepOf(path: string | undefined): { number: number; of: number; next: string } | undefined {
  const step = path === PROOF ? '/panel/whatsapp' : (path as Step)
  const index = STEPS.indexOf(step)
  return index < 0 ? undefined : { number: index + 1, of: STEPS.length, next: stepAfter(step) }
}

export function stepAfter(path: string): string {
  const next = STEPS[STEPS.indexOf(path as Step) + 1]
  return next ? `${next}?atur=1` : '/panel?siap=1'
}
