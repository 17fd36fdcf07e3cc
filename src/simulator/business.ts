import { type Books, findBusinessId } from '../domain/books.ts'
import { changeCredentials, createBusiness } from '../domain/business.ts'
import { addDays, type Day } from '../domain/calendar.ts'
import { storeFile } from '../domain/file.ts'
import { stageImport } from '../domain/import.ts'
import { applyImport } from '../domain/import-apply.ts'
import { rupiah } from '../domain/money.ts'
import { addPlan } from '../domain/plan.ts'
import { findNewestMoment } from '../domain/restoration.ts'
import { keepReading } from '../domain/sheet/list.ts'
import type { RowReading } from '../domain/sheet.ts'
import { addStaff, listStaff, renewProof } from '../domain/staff.ts'
import type { MovableClock } from '../gateways/clock.ts'
import type { Program } from '../main.ts'

/** The sample business: an internet provider in a neighbourhood, on Paket Bisnis. */
export const DEMO = {
  slug: 'demo',
  name: 'Barokah Net',
  zone: 'Asia/Jakarta',
  device: '6281200000001',
  quota: 100_000,
  fonnteToken: 'token-fonnte-simulasi',
  midtransKey: 'SB-Mid-server-simulasi',
} as const

const STAFF = [
  { name: 'Joko', callName: 'Pak Joko', phone: '6281200000011', role: 'owner' },
  { name: 'Rina', callName: 'Mbak Rina', phone: '6281200000012', role: 'admin' },
  { name: 'Ujang', callName: 'Ujang', phone: '6281200000013', role: 'collector' },
] as const

const PLANS = [
  { name: 'Rumah 10 Mbps', price: 150_000 },
  { name: 'Hemat 5 Mbps', price: 100_000 },
  { name: 'Keluarga 20 Mbps', price: 200_000 },
]

const FIRST_NAMES = 'Budi Siti Hasan Nabila Slamet Wati Agus Rina Tono Yuli Iwan Dewi Bambang Lilis Eko Ratna'.split(
  ' ',
)
const LAST_NAMES = 'Santoso Handayani Setiawan Utami Widodo Lestari Nugroho Permata Hartono Wulandari Saputra'.split(
  ' ',
)

/** A first invoice is due on one of so many days from tomorrow on. */
const SPREAD_DAYS = 28

export async function findDemo(program: Program): Promise<number | undefined> {
  return findBusinessId(program.database, DEMO.slug)
}

/** Makes the sample business with staff and plans, and `customers` made-up ones; issues what is due at once. */
export async function seedBusiness(program: Program, customers = 0): Promise<void> {
  const businessId = await createBusiness(program.database, {
    slug: DEMO.slug,
    name: DEMO.name,
    zone: DEMO.zone,
    package: 'bisnis',
    bankAccount: 'BCA 0000123456 a.n. Joko',
    // A trial is watched: no pace, so that a thousand bills are there in seconds.
    paceSeconds: 0,
    fonnteToken: DEMO.fonnteToken,
    fonnteDevice: DEMO.device,
    midtransKey: DEMO.midtransKey,
    sealer: program.sealer,
    now: program.clock.now(),
  })
  await program.openBooks(businessId, async (books) => {
    for (const staff of STAFF) await addStaff(books, staff)
    for (const { name, price } of PLANS) await addPlan(books, { name, price: rupiah(price) })
    if (customers > 0) await importCustomers(books, customers)
  })
}

/** Made-up customers come in as an owner's list does, in a few statements however many they are. */
async function importCustomers(books: Books, count: number): Promise<void> {
  const [owner] = await listStaff(books, ['owner'])
  const rows = Array.from({ length: count }, (_, index) => makeRow(index, books.today))
  const list = rows.map(({ facts }) => `${facts.number};${facts.name}`).join('\n')
  const importId = await stageImport(books, {
    fileId: await storeFile(books, { name: 'pelanggan.csv', mime: 'text/csv', bytes: Buffer.from(list) }),
    staffId: owner?.id as number,
    list: keepReading({
      tables: [],
      rows,
      skipped: { blank: 0, total: 0, header: 0 },
      missing: [],
      unclear: [],
      unreadSheets: [],
    }),
  })
  const done = await applyImport(books, importId, {}, owner?.id as number)
  if (done?.customers !== count) throw new Error(`${done?.customers} of ${count} customers came in`)
}

function makeRow(index: number, today: Day): Extract<RowReading, { outcome: 'ready' }> {
  return {
    sheet: 'Pelanggan',
    rowNumber: index + 2,
    table: 0,
    cells: [],
    outcome: 'ready',
    doubts: [],
    facts: {
      number: `P-${String(index + 1).padStart(5, '0')}`,
      name: makeName(index),
      phones: [{ phone: `62857${String(10_000_000 + index)}`, kind: 'mobile' }],
      area: `RT ${(index % 7) + 1}`,
      planName: PLANS[index % 4 === 1 ? 1 : index % 4 === 2 ? 2 : 0]?.name,
      due: { date: addDays(today, 1 + (index % SPREAD_DAYS)) },
      status: 'active',
    },
  }
}

/**
 * Makes the sample business usable again where its books outlived its folder (a restored backup, another database): the
 * clock goes on from where they end, and the credentials are those of the fakes.
 */
export async function adoptBusiness(program: Program, businessId: number, clock: MovableClock): Promise<void> {
  await program.openBooks(businessId, async (books) => {
    const newest = await findNewestMoment(books)
    if (newest && Temporal.Instant.compare(clock.now(), newest) < 0) clock.moveTo(newest)
    await keepStaffProven(books)
    if (program.sealer.tryOpen(businessId, books.business.midtrans_key) === undefined)
      await changeCredentials(books, program.sealer, DEMO)
  })
}

/** Days that were skipped are no silence: the staff keep their rights (H07). */
export async function keepStaffProven(books: Books): Promise<void> {
  for (const staff of await listStaff(books)) await renewProof(books, staff)
}

/** 176 different full names, then numbered: two customers of one name would have to be asked about all the time. */
function makeName(index: number): string {
  const first = FIRST_NAMES[index % FIRST_NAMES.length]
  const last = LAST_NAMES[Math.floor(index / FIRST_NAMES.length) % LAST_NAMES.length]
  const round = Math.floor(index / (FIRST_NAMES.length * LAST_NAMES.length))
  return round === 0 ? `${first} ${last}` : `${first} ${last} ${round + 1}`
}
