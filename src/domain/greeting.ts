import type { Moment } from './calendar.ts'
import { showName } from './customer.ts'

/** How a customer is greeted (voice 4). */

const SHOWN_TITLES: Record<string, string> = {
  pak: 'Pak',
  bapak: 'Pak',
  bpk: 'Pak',
  bu: 'Bu',
  ibu: 'Bu',
  mas: 'Mas',
  mbak: 'Mbak',
  mba: 'Mbak',
  kang: 'Kang',
  teh: 'Teh',
  bang: 'Bang',
  om: 'Om',
  tante: 'Tante',
  h: 'H.',
  hj: 'Hj.',
}

/** First words of what is a place or a firm; words that people are called by too (Wisma, Pura, Bima) are not here. */
const THINGS = new Set(
  `kos kost kosan kontrakan rumah ruko gudang pos posko villa vila hotel homestay losmen penginapan
  toko warung warnet warkop kedai kafe cafe café rm resto restoran depot kantin katering catering
  konter counter kios grosir minimarket laundry loundry salon barbershop butik bengkel rental studio percetakan fotokopi
  pt cv ud firma koperasi bumdes bumdesa bank yayasan kantor balai desa kelurahan kecamatan polsek koramil
  masjid mesjid mushola musholla mushala musala langgar surau gereja vihara pondok ponpes pesantren
  sekolah tk paud sd sdn smp smpn sma sman smk smkn mts mtsn tpq tpa posyandu puskesmas klinik apotek apotik rs rsud`.split(
    /\s+/,
  ),
)

/**
 * `Bu Nabila`, or `Bapak/Ibu Hasan` where the owner's data has no title: a sex is never guessed. A shop or a school
 * has none, and is called by its whole name: `Toko Berkah`.
 */
export function greetName(name: string): string {
  const words = showName(name)
    .split(/[\s,;("]+/)
    .filter(Boolean)
  const first = (words[0] ?? '').toLowerCase().replace(/\.$/, '')
  const title = SHOWN_TITLES[first]
  if (title && words[1]) return `${title} ${words[1]}`
  if (THINGS.has(first)) return showName(name.split(/[,;("]/)[0] ?? name)
  return `Bapak/Ibu ${words[0] ?? name}`
}

/** `Selamat pagi`, by the hours at which people here say so: after midnight it is still *malam*. */
export function greetTime(now: Moment, zone: string): string {
  const { hour } = now.toZonedDateTimeISO(zone)
  if (hour < 4) return 'Selamat malam'
  return hour < 11 ? 'Selamat pagi' : hour < 15 ? 'Selamat siang' : hour < 18 ? 'Selamat sore' : 'Selamat malam'
}
