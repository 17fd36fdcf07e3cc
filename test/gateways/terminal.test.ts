import { expect, test, vi } from 'vitest'
import { sealer } from '../../src/domain/secret.ts'
import { addStaff, findOwner } from '../../src/domain/staff.ts'
import { linkInTerminal } from '../../src/terminal.ts'
import { createTestBusiness } from '../support/database.ts'
import { eventually, makeStation, reaches, SECRET } from '../support/whatsapp/station.ts'

const station = await makeStation()

test('a number is linked by the QR in the terminal, and the word that makes an owner follows where there is none', async () => {
  const businessId = await createTestBusiness(station.database, station.clock, 'baru')
  const numbers = station.program()
  const printed: string[] = []
  const print = (text: string) => void printed.push(text)
  await linkInTerminal({ openBooks: station.openBooks, sealer: sealer(SECRET), numbers, print }, businessId)
  const { qr } = await reaches(numbers, businessId, 'pairing', (state) => state.qr !== undefined)
  await eventually(() => expect(printed.join('\n')).toMatch(/█[\s\S]*Tautkan WhatsApp usaha/))
  station.owner.scan(qr as string)
  await eventually(() =>
    expect(printed.at(-1)).toMatch(/^Dari HP pemilik, kirim ke nomor itu dalam 10 menit: AKTIF \d{6}$/),
  )
  expect(printed.at(-2)).toBe('WhatsApp tertaut: 081200000011')
  // A secret that lives for minutes may be printed; what links the number may not be read from the log.
  expect(station.logged.join('\n')).not.toContain(qr as string)

  const before = printed.length
  await linkInTerminal({ openBooks: station.openBooks, sealer: sealer(SECRET), numbers, print }, businessId)
  expect(printed).toHaveLength(before)
})

test('what the terminal shows is not dropped with what the library prints', async () => {
  const businessId = await createTestBusiness(station.database, station.clock, 'layar')
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const numbers = station.program()
  await linkInTerminal({ openBooks: station.openBooks, sealer: sealer(SECRET), numbers }, businessId)
  await eventually(() => expect(write.mock.calls.join('\n')).toMatch(/█[\s\S]*Tautkan WhatsApp usaha/))
  write.mockRestore()
})

test('the word follows too where an owner was typed whose phone nobody has shown, unless it is the linked one', async () => {
  for (const [slug, scans, typed, asks] of [
    ['lain', station.ujang, '6281200000099', true],
    ['sama', station.budi, station.budi.number, false],
  ] as const) {
    const businessId = await createTestBusiness(station.database, station.clock, slug)
    await station.openBooks(businessId, (books) =>
      addStaff(books, { name: 'Sri', phone: typed, role: 'owner', proven: false }),
    )
    const numbers = station.program()
    const printed: string[] = []
    const print = (text: string) => void printed.push(text)
    await linkInTerminal({ openBooks: station.openBooks, sealer: sealer(SECRET), numbers, print }, businessId)
    const { qr } = await reaches(numbers, businessId, 'pairing', (state) => state.qr !== undefined)
    scans.scan(qr as string)
    await eventually(() => expect(printed.join('\n')).toMatch(/WhatsApp tertaut/))
    if (asks) await eventually(() => expect(printed.at(-1)).toMatch(/AKTIF \d{6}$/))
    const owner = await station.openBooks(businessId, findOwner)
    expect(owner?.provenUntil === null).toBe(asks)
  }
})
