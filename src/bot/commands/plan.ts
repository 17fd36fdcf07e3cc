import { z } from 'zod'
import { rupiah } from '../../domain/money.ts'
import { handleAdd, handleEdit, handleList, undoAdd, undoEdit } from '../answers/plan.ts'
import { command } from '../command.ts'
import { becomes, date, leadDays, month, months, plan, planName, price } from '../words.ts'
import { LOOKING, OFFICE } from './roles.ts'

/** What an edit changed, from what to what. */
const settings = z.object({ price: z.number().transform(rupiah), leadDays: z.number(), name: z.string() }).partial()

export const listPlans = command({
  id: 'plan.list',
  roles: LOOKING,
  says: [
    'paket <alone> semua?',
    'paket apa ada? yang?',
    'paket yang <alone>',
    'paket daftar harga? semua?',
    'paket lihat daftar? semua?',
    'paket harga <alone> berapa? daftar? lihat?',
    'paket berapa <alone> harga? ada?',
    'harga daftar lihat?',
    'harga lihat',
    'harga <alone> berapa?',
    'paket data',
    'paket mana',
  ],
  takes: {},
  summary: 'Daftar paket dan harganya.',
  examples: ['lihat paket', 'daftar harga'],
  handle: handleList,
})

export const addPlan = command({
  id: 'plan.add',
  roles: OFFICE,
  says: [
    'tambah paket baru? harga? terbit? tempo?',
    'paket baru harga? buat? daftar? terbit? tempo?',
    'buat paket baru? harga? terbit? tempo?',
    'daftar paket <price>',
    'masuk paket <price>',
  ],
  takes: { leadDays: leadDays(), months: months(), price: price({ bare: true }), name: planName() },
  summary: 'Menambah paket.',
  examples: ['tambah paket Gamer 30 Mbps 275rb'],
  keeps: { planId: z.number() },
  later: {
    months: 'Paket yang ditagih beberapa bulan sekali belum bisa.\nYang bisa: paket bulanan, harganya sebulan.',
  },
  handle: handleAdd,
  undo: undoAdd,
})

export const editPlan = command({
  id: 'plan.edit',
  roles: OFFICE,
  risky: true,
  says: [
    'ganti harga <plan> paket? ke?',
    'ganti paket <price> ke? harga?',
    'ganti paket <leadDays> terbit? tempo?',
    'ganti nama paket ke?',
    'edit paket',
    'naik harga paket? ke?',
    'naik <plan> <price> ke?',
    'naik paket <price> ke? harga?',
    'harga <plan> <price> ke? paket? baru?',
    'harga <plan> ke paket?',
    'paket <plan> <price> ke? harga?',
    'terbit <plan> <leadDays> paket? tempo? tagihan? ganti?',
  ],
  takes: {
    leadDays: leadDays(),
    date: date('coming'),
    month: month('coming'),
    price: price({ bare: true }),
    name: becomes('nama', { ask: 'Nama barunya apa?' }),
    plan: plan({ alone: true }),
  },
  summary: 'Mengubah harga, nama, atau hari terbit paket.',
  examples: ['harga hemat 5 mbps jadi 110rb', 'paket hemat 5 mbps terbit 14 hari sebelum jatuh tempo'],
  keeps: { planId: z.number(), previewed: z.boolean(), was: settings, became: settings },
  later: {
    date: 'Harga mulai tanggal tertentu belum bisa.\nTanpa tanggal, harga baru berlaku mulai tagihan yang belum terbit.',
    month: 'Harga mulai bulan tertentu belum bisa.\nTanpa bulan, harga baru berlaku mulai tagihan yang belum terbit.',
  },
  handle: handleEdit,
  undo: undoEdit,
})

export const planCommands = [listPlans, addPlan, editPlan]
