import { parsePhoneNumberFromString } from 'libphonenumber-js/max'

/**
 * A phone in the one form used everywhere inside: digits with the country code, `6281200001474`.
 * Only `kind: 'mobile'` can have WhatsApp; a landline is kept, and billed by hand (rules.md 37).
 */
export type Phone = { readonly phone: string; readonly kind: 'mobile' | 'landline' }

/** What a text says about phones: those that could be read, and whether anything else was left unread. */
export type PhonesRead = { readonly phones: readonly Phone[]; readonly unread: boolean }

/** What people write where there is no phone (rules.md 39). */
const NONE =
  /^(?:-+|0+|\?+|x|n\/?a|nihil|kosong|(?:tidak|tdk|ga|gak|nggak|belum|blm) (?:ada|punya)(?: (?:hp|wa|no|nomor))?|tanpa (?:hp|wa|nomor))?$/i

/** Room for a handful of phones; a longer text is something else, and patterns are not tried on it. */
const LONGEST = 200

/** Words that say that a phone beside them is not the one to use: nobody should pick for the owner. */
const DOUBTFUL = /\b(?:ganti|mati|lama|rusak|hilang|salah|bukan|jangan|nonaktif|tidak|tdk|jadi|dulu)\b/i

/**
 * Reads every phone in a text (a cell can hold two): `0812-0000-1474`, `+62 812…`, `81200001474`,
 * `085700001121 / 081300001122`, `0857 0000 1121 (istri)`. `-` and the like are no phone and nothing unread.
 */
export function readPhones(text: string): PhonesRead {
  if (text.length > LONGEST) return { phones: [], unread: true }
  const phones = new Map<string, Phone>()
  let unread = false
  const bare = text
    .replace(/(?:https?:\/\/)?(?:www\.)?wa\.me\//gi, '+')
    // "021-5550123/24" are two phones that differ at the end.
    .replace(/(\d[\d\s().-]{6,}\d)\s*\/\s*(\d{2,4})(?![\d\s.-]*\d)/g, (_, first: string, end: string) => {
      return `${first} / ${first.slice(0, -end.length)}${end}`
    })
  for (const part of bare.split(/[/,;\n|&]|\batau\b|\bdan\b/i)) {
    if (NONE.test(part.trim())) continue
    const found = readPart(part)
    for (const phone of found) phones.set(phone.phone, phone)
    // Whose phone it is says nothing that is missing.
    if (found.length === 0 && (/\d/.test(part) || phones.size === 0 || DOUBTFUL.test(part))) unread = true
  }
  return { phones: [...phones.values()], unread }
}

/** The phones in a part of a cell; none when a figure in it is left that is no phone. */
function readPart(part: string): readonly Phone[] {
  const whole = readPhone(part)
  if (whole) return [whole]
  if (DOUBTFUL.test(part)) return []
  const found = (part.match(/\+?\(?\d[\d\s().\p{Pd}]*/gu) ?? []).map(readRun)
  return found.every(({ length }) => length > 0) ? found.flat() : []
}

/** Figures between two words: one phone, or two with only a space between them. */
function readRun(run: string): readonly Phone[] {
  const whole = readPhone(run)
  if (whole) return [whole]
  for (const { index } of run.matchAll(/\s+(?=0|\+|62)/g)) {
    const halves = [readPhone(run.slice(0, index)), readPhone(run.slice(index))]
    if (halves[0] && halves[1]) return [halves[0], halves[1]]
  }
  return []
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
    // The letter O among figures is a slip of the finger.
    .replace(/(?<=\d)o(?=[\do])/gi, '0')
  // libphonenumber would take the ".0" of a spreadsheet's number for one more digit.
  const plain = unscientific(typed).replace(/\.0$/, '')
  if (!/^[+\d\s().\p{Pd}_]+$/u.test(plain)) return undefined
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

/** `8.1200001474E10` as the number it is; with digits lost (`8,12E+10`) it stays as it is and is no phone. */
function unscientific(text: string): string {
  const [, first = '', rest = '', exponent] = /^(\d)[.,](\d+)e\+?(\d\d)$/i.exec(text) ?? []
  return rest.length > 0 && rest.length === Number(exponent) ? first + rest : text
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
