import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { takeBackup } from '../../src/domain/backup.ts'
import { addDays, day } from '../../src/domain/calendar.ts'
import { inspectBackup } from '../../src/domain/restore.ts'
import { noteDailyRun } from '../../src/domain/run.ts'
import { addStaff } from '../../src/domain/staff.ts'
import { backUpNightly, listOutdated } from '../../src/jobs/backup.ts'
import { openTestBooks } from '../support/database.ts'

const { open, openBooks, url, clock, businessId } = await openTestBooks('2026-12-10T02:30:00+07:00')
await open((books) => addStaff(books, { name: 'Joko', phone: '6281200000011', role: 'owner' }))

const folder = mkdtempSync(join(tmpdir(), 'tagih-malam-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('what the rule keeps', () => {
  const nameOf = (date: string) => `tagih-malam-${date}.tar`
  const made = (from: string, days: number) =>
    Array.from({ length: days }, (_, index) => nameOf(addDays(day(from), index).toString()))
  const kept = (names: string[], today: string) => {
    const outdated = new Set(listOutdated(names, day(today)))
    return names.filter((name) => !outdated.has(name)).map((name) => name.slice(12, 22))
  }

  test('after a year and a half: seven days, then one a week, then one a month', () => {
    // Made every night up to Thursday 10 Dec 2026; a week ends on Sunday.
    expect(kept(made('2025-06-01', 558), '2026-12-10')).toEqual([
      ...['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31', '2026-06-30'],
      ...['2026-07-31', '2026-08-31', '2026-09-30', '2026-10-31'],
      ...['2026-11-22', '2026-11-29', '2026-11-30'],
      ...['2026-12-04', '2026-12-05', '2026-12-06', '2026-12-07', '2026-12-08', '2026-12-09', '2026-12-10'],
    ])
  })

  test('night after night, never more than 7 + 4 + 12, and the newest always', () => {
    let names: string[] = []
    for (let night = day('2026-01-01'); night.year < 2028; night = addDays(night, 1)) {
      names.push(nameOf(night.toString()))
      const outdated = listOutdated(names, night)
      names = names.filter((name) => !outdated.includes(name))
      expect(names.length).toBeLessThanOrEqual(23)
      expect(names.at(-1)).toBe(nameOf(night.toString()))
    }
    // Twelve months back there is still one.
    expect(names[0]).toBe(nameOf('2027-01-31'))
  })

  test('what is made by hand, is later than today or is no backup is left alone', () => {
    const others = ['tagih-2020-01-01-090000.tar', 'tagih-malam-2027-01-01.tar', 'catatan.txt', 'tagih-malam-2020.tar']
    expect(listOutdated([...others, ...made('2026-11-01', 5)], day('2026-12-10'))).toEqual([])
  })
})

describe('the night’s backup', () => {
  const messages = () =>
    open((books) => books.trx.selectFrom('message').select(['text', 'not_before', 'phone']).orderBy('id').execute())
  const nightly = (where: string) => ({
    openBooks,
    folder: () => where,
    encrypted: false,
    take: (file: string, now: Temporal.Instant) => takeBackup(url, file, { now, replace: true }),
  })

  beforeEach(() => clock.set('2026-12-10T02:30:00+07:00'))

  test('is a whole file by the name of its day; the same night again replaces it, and the rule is kept', async () => {
    writeFileSync(join(folder, 'tagih-malam-2024-05-05.tar'), 'old')
    writeFileSync(join(folder, 'catatan.txt'), 'mine')
    for (let index = 0; index < 14; index++)
      writeFileSync(
        join(folder, `tagih-malam-2025-${String(11 + (index % 2))}-${String(1 + index).padStart(2, '0')}.tar`),
        'x',
      )
    await backUpNightly(nightly(folder), businessId, '2026-12-10')
    await backUpNightly(nightly(folder), businessId, '2026-12-10')
    const names = readdirSync(folder)
    expect(names).toContain('tagih-malam-2026-12-10.tar')
    expect(names).toContain('catatan.txt')
    expect(names).not.toContain('tagih-malam-2025-11-01.tar')
    expect(listOutdated(names, day('2026-12-10'))).toEqual([])
    expect(await inspectBackup(join(folder, 'tagih-malam-2026-12-10.tar'))).toMatchObject({ businesses: 1 })
    expect(await messages()).toEqual([])
  })

  test('of an earlier night is not made any more when a newer one is on its way', async () => {
    await open((books) => noteDailyRun(books, 'backup', day('2026-12-10')))
    await backUpNightly(nightly(folder), businessId, '2026-12-09')
    expect(readdirSync(folder)).not.toContain('tagih-malam-2026-12-09.tar')
  })

  test('that cannot be written is told to the owner once, in one sentence, in the morning; and that it worked later', async () => {
    const nowhere = join(folder, 'catatan.txt')
    const failing = () => backUpNightly(nightly(nowhere), businessId, '2026-12-10')
    await expect(failing()).rejects.toThrow()
    await expect(failing()).rejects.toThrow()
    const told = await messages()
    expect(told).toEqual([
      {
        phone: '6281200000011',
        text: '⚠️ Cadangan data malam ini belum berhasil: folder cadangannya tidak bisa ditulisi. Cadangan yang lama tetap ada; saya coba lagi sendiri.',
        not_before: Temporal.Instant.from('2026-12-10T07:00:00+07:00'),
      },
    ])
    clock.set('2026-12-10T08:00:00+07:00')
    await backUpNightly(nightly(folder), businessId, '2026-12-10')
    expect((await messages()).map(({ text }) => text)).toEqual([
      told[0]?.text,
      '✅ Cadangan data yang tadi gagal sekarang berhasil.',
    ])
  })
})
