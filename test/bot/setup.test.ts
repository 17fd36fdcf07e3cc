import { describe, expect, test } from 'vitest'
import { sealer } from '../../src/domain/secret.ts'
import { makeActivation } from '../../src/domain/setup.ts'
import type { Staff } from '../../src/domain/staff.ts'
import { makeTestBot } from '../support/bot.ts'
import { openTestBooks } from '../support/database.ts'

/** A new business, set up by chat alone (voice 1). */
const PHONE = '6281200000011'
const STRANGER = '6281200000099'
const SEALER = sealer('test secret key of this test')
const { openBooks, businessId, open, clock } = await openTestBooks('2026-12-10T09:00:00+07:00')
const bot = makeTestBot(openBooks)
let count = 0
const makeCode = (owner?: Staff) => open((books) => makeActivation(books, SEALER, owner))

async function say(phone: string, text: string): Promise<string[]> {
  const id = await bot.receive(businessId, { channel: 'bot', outsideId: String(count++), phone, kind: 'text', text })
  const rows = await open((books) =>
    books.trx
      .selectFrom('message')
      .select('text')
      .where('cause_id', '=', id ?? 0)
      .orderBy('id')
      .execute(),
  )
  return rows.map((row) => row.text)
}

describe('the first owner', () => {
  test('a stranger gets silence, also with a code, while none is awaited', async () => {
    expect(await say(STRANGER, 'halo')).toEqual([])
    expect(await say(STRANGER, 'AKTIF 482913')).toEqual([])
  })

  test('five wrong codes kill it, and so do ten minutes', async () => {
    const code = (await makeCode()) as string
    const wrong = code === '111111' ? '222222' : '111111'
    for (let time = 0; time < 5; time++) expect(await say(STRANGER, `AKTIF ${wrong}`)).toHaveLength(1)
    expect(await say(PHONE, `AKTIF ${code}`)).toEqual([])
    const late = (await makeCode()) as string
    clock.set('2026-12-10T09:11:00+07:00')
    expect(await say(PHONE, `AKTIF ${late}`)).toEqual([])
  })

  test('the code makes the phone the owner, once, and four questions follow', async () => {
    const code = (await makeCode()) as string
    expect(await say(PHONE, `aktif ${code}`)).toEqual([
      '✅ Nomor ini sekarang *pemilik* usaha baru di Tagih.\nAda 4 pertanyaan. Boleh berhenti kapan saja, jawaban tersimpan.\n\n1 dari 4. Apa nama usahanya, dan Anda ingin dipanggil bagaimana? Contoh: *Barokah Net, Pak Joko*',
    ])
    expect(await say(STRANGER, `AKTIF ${code}`)).toEqual([])
    expect(await makeCode()).toBeUndefined()
    expect(await say(PHONE, 'Barokah Net, pak joko')).toEqual([
      '*Barokah Net*. Salam kenal, Pak Joko.\n\n2 dari 4. Paket apa saja dan berapa sebulan? Satu paket satu baris, contoh:\n*Rumah 10 Mbps 150rb*',
    ])
    expect((await say(PHONE, 'Hemat 5 Mbps 100rb\nRumah gratis'))[0]).toBe(
      '*1 paket* dicatat: Hemat 5 Mbps Rp100.000.\nBelum terbaca: "Rumah gratis". Tulis nama dan harganya, contoh:\n*Rumah 10 Mbps 150rb*',
    )
    expect((await say(PHONE, 'bantuan'))[0]).toContain('Yang paling sering dipakai, Pak Joko')
    clock.set('2026-12-12T09:00:00+07:00')
    expect(await say(PHONE, 'lanjut')).toEqual([
      '2 dari 4. Paket apa saja dan berapa sebulan? Satu paket satu baris, contoh:\n*Rumah 10 Mbps 150rb*',
    ])
    expect((await say(PHONE, 'paket Rumah 10 Mbps 150rb'))[0]).toBe(
      '*1 paket* dicatat: Rumah 10 Mbps Rp150.000.\n\n3 dari 4. Pelanggan jatuh tempo tanggal berapa? Balas satu tanggal, contoh *20*, atau *beda-beda*.',
    )
    expect((await say(PHONE, 'tgl 40'))[0]).toContain('1 sampai 31')
    expect(await say(PHONE, '20')).toEqual([
      'Jatuh tempo tanggal *20*, tagihan terbit tanggal *1* (19 hari sebelumnya).\n\n4 dari 4. Kirim daftar pelanggan apa adanya, Excel atau CSV. Belum punya? Mulai dari satu orang:\n*tambah pelanggan Slamet 085700004321 Hemat 5 Mbps*',
    ])
    expect((await say(PHONE, '*tambah pelanggan Slamet 085700004321 Hemat 5 Mbps*'))[0]).toMatch(
      /^✅ \*Slamet\* ditambahkan: Hemat 5 Mbps Rp100\.000, jatuh tempo tanggal \*20\*\./,
    )
  })
})
