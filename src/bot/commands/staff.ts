import { command } from '../command.ts'
import { name, phone, role, who } from '../words.ts'
import { OFFICE } from './roles.ts'

export const addStaff = command({
  id: 'staff.add',
  roles: OFFICE,
  risky: true,
  says: [
    'tambah staf baru? ke?',
    'staf baru <phone>',
    'daftar staf <phone>',
    'angkat staf ke?',
    'staf ke <phone>',
    'ganti staf ke <phone>',
    'buat staf <phone>',
  ],
  takes: { role: role(), phone: phone(), name: name({ ask: 'Siapa namanya?', example: 'Ujang' }) },
  summary: 'Menambah penagih, teknisi, admin, atau pengawas.',
  examples: ['tambah penagih Ujang 085700007777'],
})

export const listStaff = command({
  id: 'staff.list',
  roles: OFFICE,
  says: [
    'staf daftar saya? semua?',
    'staf lihat semua? saya?',
    'staf siapa saya? yang? ada? semua?',
    'staf <alone> saya?',
    'staf data',
    'staf ada <question> siapa? berapa?',
    'staf berapa',
  ],
  takes: {},
  summary: 'Daftar staf dan perannya.',
  examples: ['daftar staf'],
})

export const removeStaff = command({
  id: 'staff.remove',
  roles: OFFICE,
  risky: true,
  says: [
    'hapus staf dari?',
    'pecat staf? dari? akses?',
    'berhenti akses staf?',
    'hapus akses staf?',
    'putus akses staf?',
    'keluar staf dari?',
    'berhenti staf',
    'nonaktif staf',
    'batal staf',
  ],
  takes: { phone: phone(), who: who({ ask: 'Staf yang mana?' }) },
  summary: 'Mencabut akses seorang staf.',
  examples: ['hapus penagih ujang'],
})

export const staffCommands = [addStaff, listStaff, removeStaff]
