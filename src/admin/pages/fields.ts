import { z } from 'zod'
import { cleanText } from '../../domain/message.ts'
import { readRupiah, rupiah } from '../../domain/money.ts'
import { readPhone } from '../../domain/phone.ts'
import type { Sealer } from '../../domain/secret.ts'

/** One line as typed: no line breaks or invisible signs, no spaces around. */
export function line(most: number) {
  return z
    .string('Isi dulu bagian ini.')
    .transform((text) =>
      cleanText(text)
        .normalize('NFC')
        .replace(/\p{Cf}/gu, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .refine((text) => text.length <= most, `Paling panjang ${most} huruf.`)
}

export function needed(most: number, ask: string) {
  return line(most).refine((text) => text !== '', ask)
}

/** A whole number in a range. */
export function count(least: number, most: number, unit: string) {
  return line(20)
    .refine((text) => /^\d{1,9}$/.test(text), 'Tulis dengan angka saja.')
    .transform(Number)
    .refine((number) => number >= least && number <= most, `Pilih ${least} sampai ${most} ${unit}.`)
}

/** The same, where nothing means that there is no limit. */
export function cap(most: number, unit: string) {
  return line(20)
    .refine((text) => text === '' || /^\d{1,9}$/.test(text), 'Tulis dengan angka saja, atau kosongkan.')
    .transform((text) => (text === '' ? null : Number(text)))
    .refine(
      (number) => number === null || (number >= 1 && number <= most),
      `Pilih 1 sampai ${most} ${unit}, atau kosongkan.`,
    )
}

export const price = line(40).transform((text, context) => {
  const amount = readRupiah(text)
  if (amount !== undefined && amount > 0) return amount
  context.addIssue(
    text === '' ? 'Isi harganya, contoh 150.000.' : 'Harganya belum terbaca. Contoh: 150.000 atau 150rb.',
  )
  return rupiah(0)
})

/** A phone that can have WhatsApp. */
export const mobile = line(40).transform((text, context) => {
  const phone = readPhone(text)
  if (phone?.kind === 'mobile') return phone.phone
  context.addIssue(
    phone
      ? 'Ini nomor telepon rumah. Pakai nomor yang ada WhatsApp-nya.'
      : 'Nomornya belum terbaca. Contoh: 0812-3456-7890.',
  )
  return ''
})

/** `20.00` as people here write it, kept as `20:00`. */
export const time = line(5)
  .transform((text) => text.replace('.', ':').replace(/^(\d):/, '0$1:'))
  .refine((text) => /^([01]\d|2[0-3]):[0-5]\d$/.test(text), 'Tulis jamnya, contoh 20.00.')

/** A token or key, as it was copied. */
export const secret = z
  .string('Isi dulu bagian ini.')
  .trim()
  .refine((text) => /^[\x21-\x7e]{8,200}$/.test(text), 'Salin lagi seluruhnya, tanpa spasi.')

/** A password as typed, spaces and all; whether it is a good one is for `refusePassword`. */
export const typedPassword = z.string('Isi dulu bagian ini.').max(500, 'Terlalu panjang.')

/** What is kept, `••••a1b2`: enough to recognise it, too little to use it. `lost` where this SECRET_KEY does not open it. */
export function showKept(sealer: Sealer, businessId: number, sealed: Buffer | null): { kept?: string; lost: boolean } {
  const plain = sealer.tryOpen(businessId, sealed)
  if (plain === undefined) return { lost: sealed !== null }
  return { kept: `••••${plain.length >= 12 ? plain.slice(-4) : ''}`, lost: false }
}
