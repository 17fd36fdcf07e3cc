import { z } from 'zod'
import { handleAdd, handleEdit, handleList, undoAdd, undoEdit } from '../answers/plan.ts'
import { command } from '../command.ts'
import { becomes, date, leadDays, month, months, plan, planName, price } from '../words.ts'
import { LOOKING, OFFICE } from './roles.ts'

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
    'tambah paket baru? harga?',
    'paket baru harga? buat? daftar?',
    'buat paket baru? harga?',
    'daftar paket <price>',
    'masuk paket <price>',
  ],
  takes: { leadDays: leadDays(), months: months(), price: price({ bare: true }), name: planName() },
  summary: 'Menambah paket.',
  examples: ['tambah paket Gamer 30 Mbps 275rb'],
  keeps: { planId: z.number() },
  later: { months: 'Paket yang ditagih beberapa bulan sekali belum bisa.' },
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
  keeps: { planId: z.number(), previewed: z.boolean() },
  later: {
    date: 'Harga mulai tanggal tertentu belum bisa; harga baru berlaku mulai tagihan yang belum terbit.',
    month: 'Harga mulai bulan tertentu belum bisa; harga baru berlaku mulai tagihan yang belum terbit.',
  },
  handle: handleEdit,
  undo: undoEdit,
})

export const planCommands = [listPlans, addPlan, editPlan]
