import { parsePhoneNumberFromString } from 'libphonenumber-js/max'

/**
 * A phone in the one form used everywhere inside: digits with the country code, `6281200001474`.
 * Only `kind: 'mobile'` can have WhatsApp; a landline is kept, and billed by hand (rules.md 37).
 */
export type Phone = { readonly phone: string; readonly kind: 'mobile' | 'landline' }

/** What a text says about phones: those that could be read, and whether anything else was left unread. */
export type PhonesRead = { readonly phones: readonly Phone[]; readonly unread: boolean }

/** What people write where there is no phone (rules.md 39). */
const NONE = /^(?:-+|0+|tidak ada|tdk ada|ga ada|gak ada|kosong|belum ada|n\/?a|x)?$/i

/**
 * Reads every phone in a text (a cell can hold two): `0812-0000-1474`, `+62 812…`, `81200001474`,
 * `085700001121 / 081300001122`. `-` and the like are no phone and nothing unread.
 */
export function readPhones(text: string): PhonesRead {
  const phones = new Map<string, Phone>()
  let unread = false
  for (const part of text.split(/[/,;\n|&]|\batau\b|\bdan\b/i)) {
    if (NONE.test(part.trim())) continue
    const phone = readPhone(part)
    if (phone) phones.set(phone.phone, phone)
    else unread = true
  }
  return { phones: [...phones.values()], unread }
}

/** Reads one phone in any Indonesian form; foreign ones need their `+`. Nothing when it is none. */
export function readPhone(text: string): Phone | undefined {
  const typed = text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .trim()
    .replace(/@s\.whatsapp\.net$|@c\.us$/i, '')
    .replace(/^(?:https?:\/\/)?(?:www\.)?wa\.me\//i, '+')
    .replace(/^(?:tel|wa|hp|telp?|no)\s*[:.]?\s*(?=[\d+(])/i, '')
  // libphonenumber would take the ".0" of a spreadsheet's number for one more digit.
  const plain = typed.replace(/\.0$/, '')
  if (!/^[+\d\s().\-–—]+$/.test(plain)) return undefined
  const digits = plain.replace(/\D/g, '')
  if (digits.length < 8 || digits.length > 15) return undefined
  const parsed = parsePhoneNumberFromString(international(plain, digits), 'ID')
  if (!parsed?.isValid()) return undefined
  const type = parsed.getType()
  const foreign = parsed.countryCallingCode !== '62'
  if (type === 'MOBILE' || (foreign && type === 'FIXED_LINE_OR_MOBILE'))
    return { phone: parsed.number.slice(1), kind: 'mobile' }
  return type === 'FIXED_LINE' || type === 'FIXED_LINE_OR_MOBILE'
    ? { phone: parsed.number.slice(1), kind: 'landline' }
    : undefined
}

/** Gives the number its country code, so that the library does not have to guess. */
function international(plain: string, digits: string): string {
  if (plain.startsWith('+')) return `+${digits.replace(/^620+/, '62')}`
  if (digits.startsWith('00')) return `+${digits.slice(2)}`
  if (digits.startsWith('0')) return `+62${digits.slice(1)}`
  if (digits.startsWith('62') && digits.length >= 10) return `+${digits.replace(/^620+/, '62')}`
  return `+62${digits}`
}

/** `085700001101`, as people here write it, so that it can be copied; foreign numbers with their `+`. */
export function formatPhone(phone: string): string {
  return phone.startsWith('62') ? `0${phone.slice(2)}` : `+${phone}`
}
