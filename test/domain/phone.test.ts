import { expect, test } from 'vitest'
import { formatPhone, readPhone, readPhones } from '../../src/domain/phone.ts'

test.each([
  '081234567890',
  '81234567890',
  '6281234567890',
  '+62 (812) 3456-7890',
  '+62 0812 3456 7890',
  '62081234567890',
  '0062 812 3456 7890',
  ' 0812-3456-7890 ',
  '0812.3456.7890',
  '081234567890.0',
  'wa.me/6281234567890',
  '６２８１２３４５６７８９０',
  '0812\u200b34567890',
])('%s is 6281234567890', (typed) => {
  expect(readPhone(typed)).toEqual({ phone: '6281234567890', kind: 'mobile' })
})

test.each([
  '0812 abc',
  '8.12346E+11',
  '08570000147355',
  '60123456789',
  '14022',
  '0800123456',
  '',
  '12',
  '٠٨١٢٣٤٥٦٧٨٩٠',
])('%s is no phone that can be reached', (typed) => {
  expect(readPhone(typed)).toBeUndefined()
})

test('a landline is kept as one, with and without its plus', () => {
  expect(readPhone('021-5550123')).toEqual({ phone: '62215550123', kind: 'landline' })
  expect(readPhone('62 21 5551234')).toEqual({ phone: '62215551234', kind: 'landline' })
})

test('two phones in one cell are two phones; a dash is none and nothing unread', () => {
  expect(readPhones('085700001121 / 081300001122').phones.map(({ phone }) => phone)).toEqual([
    '6285700001121',
    '6281300001122',
  ])
  expect(readPhones('-')).toEqual({ phones: [], unread: false })
  expect(readPhones('0812 abc').unread).toBe(true)
})

test.each<[string, string[]]>([
  ['085700001121 081300001122', ['6285700001121', '6281300001122']],
  ['0857 0000 1121 0813 0000 1122', ['6285700001121', '6281300001122']],
  ['0857-0000-1121 (WA) 0813 0000 1122 (istri)', ['6285700001121', '6281300001122']],
  ['hp 085700001121 wa 081300001122', ['6285700001121', '6281300001122']],
  ['085700001121/22', ['6285700001121', '6285700001122']],
  ['021-5550123/24', ['62215550123', '62215550124']],
  ['085700001121 a/n Tono', ['6285700001121']],
  ['085700001121 - istri', ['6285700001121']],
  ['https://wa.me/6285700001121', ['6285700001121']],
  ['0857O0001121', ['6285700001121']],
  ['0857_0000_1121', ['6285700001121']],
  ['+62 857\u20110000\u20111121', ['6285700001121']],
  ['8.5700001121E10', ['6285700001121']],
  ['belum punya', []],
  ['tdk punya hp', []],
  ['?', []],
])('%j holds %j, and nothing is left unread', (typed, phones) => {
  const read = readPhones(typed)
  expect(read.phones.map(({ phone }) => phone)).toEqual(phones)
  expect(read.unread).toBe(false)
})

test.each([
  '085700001121 ganti 081300001122',
  '085700001121 (rusak)',
  '085700001121 12',
  '085700001121, 12',
  '8,57E+10',
  'sama',
])('%j leaves a doubt that nobody should decide', (typed) => {
  expect(readPhones(typed).unread).toBe(true)
})

test('a phone is shown as people here write it', () => {
  expect(formatPhone('6285700001101')).toBe('085700001101')
  expect(formatPhone('60123456789')).toBe('+60123456789')
})
