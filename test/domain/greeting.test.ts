import { expect, test } from 'vitest'
import { greetName, greetTime } from '../../src/domain/greeting.ts'

test.each([
  ['Hasan', 'Bapak/Ibu Hasan'],
  ['HASAN BASRI', 'Bapak/Ibu Hasan'],
  ['Bu Nabila Utami', 'Bu Nabila'],
  ['H. Slamet', 'H. Slamet'],
  ['Pak', 'Bapak/Ibu Pak'],
  ['Rumi', 'Bapak/Ibu Rumi'],
  ['Tokoh Adi', 'Bapak/Ibu Tokoh'],
  // What is no person has neither sex nor first name.
  ['Kos Melati 1', 'Kos Melati 1'],
  ['TOKO BERKAH (dekat masjid)', 'Toko Berkah'],
  ['RM. Sederhana, Pak Udin', 'RM. Sederhana'],
  ['Puskesmas *Sukamaju*', 'Puskesmas Sukamaju'],
  ['Rumah Makan Padang', 'Rumah Makan Padang'],
  ['SMPN 2 Sukamaju', 'SMPN 2 Sukamaju'],
])('%s is called %s', (name, called) => {
  expect(greetName(name)).toBe(called)
})

test.each([
  ['00.05', 'Selamat malam'],
  ['03.59', 'Selamat malam'],
  ['04.00', 'Selamat pagi'],
  ['10.59', 'Selamat pagi'],
  ['11.00', 'Selamat siang'],
  ['14.59', 'Selamat siang'],
  ['15.00', 'Selamat sore'],
  ['17.59', 'Selamat sore'],
  ['18.00', 'Selamat malam'],
  ['23.59', 'Selamat malam'],
])('at %s it is %s, in the zone of the business', (time, greeting) => {
  const at = Temporal.Instant.from(`2026-12-10T${time.replace('.', ':')}:00+09:00`)
  expect(greetTime(at, 'Asia/Jayapura')).toBe(greeting)
})
