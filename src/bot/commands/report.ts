import { z } from 'zod'
import { handleOverdue, handleUnpaid } from '../answers/report.ts'
import { command } from '../command.ts'
import { area, date, format, method, minDays, month, plan } from '../words.ts'
import { REPORTING } from './roles.ts'

export const reportOverdue = command({
  id: 'report.overdue',
  roles: REPORTING,
  says: [
    'telat siapa? yang? daftar? lihat? cari? data? rekap? pelanggan? bayar? tagihan? berapa? ada? mana? total? bisa? semua?',
    'telat kirim <format> minta? yang? data?',
    'tempo siapa yang?',
    'tempo yang sudah',
    'tempo <alone>',
    'tempo daftar pelanggan?',
  ],
  takes: {
    format: format(),
    minDays: minDays(),
    area: area(),
    plan: plan(),
    month: month('past', { isDefault: true }),
  },
  summary: 'Daftar yang lewat jatuh tempo, yang paling lama di atas.',
  examples: ['telat', 'telat > 14 hari', 'telat rt 3', 'telat excel'],
  keeps: { offset: z.number() },
  later: {
    plan: 'Menyaring menurut paket belum bisa.\nYang bisa: wilayah dan lama telat, contoh *telat rt 3*',
    month: 'Menyaring yang telat menurut bulan belum bisa.\nYang bisa: *belum bayar november*',
  },
  handle: handleOverdue,
})

export const reportUnpaid = command({
  id: 'report.unpaid',
  roles: REPORTING,
  says: [
    'belum bayar siapa? yang? daftar? lihat? cari? data? rekap? pelanggan? tagihan? berapa? ada? mana? total? masih? semua?',
    'belum lunas siapa? yang? daftar? lihat? cari? data? rekap? pelanggan? tagihan? berapa? ada? mana? total? masih? semua?',
    'belum yang <alone>',
    'belum siapa <alone> yang?',
    'tidak bayar yang siapa? pelanggan?',
    'tidak bayar siapa yang? pelanggan?',
    'tidak lunas yang siapa? pelanggan?',
    'belum bayar <format> kirim',
    'siapa tempo <date> yang?',
    'yang tempo <date> siapa?',
  ],
  takes: {
    format: format(),
    area: area(),
    plan: plan(),
    month: month('past', { isDefault: true }),
    date: date('coming', { isDefault: true }),
  },
  summary: 'Daftar yang belum bayar.',
  examples: ['belum bayar', 'belum bayar rt 3', 'belum bayar bulan november'],
  keeps: { offset: z.number() },
  later: {
    plan: 'Menyaring menurut paket belum bisa.\nYang bisa: wilayah dan bulan, contoh *belum bayar rt 3*',
    date: 'Menyaring menurut hari jatuh tempo belum bisa.\nYang bisa: *telat*, atau *belum bayar november*',
    format: 'Excel untuk yang belum bayar belum ada.\nYang ada: *telat excel*',
  },
  handle: handleUnpaid,
})

export const reportPaid = command({
  id: 'report.paid',
  roles: REPORTING,
  says: [
    'bayar yang sudah? siapa? daftar? lihat? pelanggan? berapa? mana? data? ada? semua?',
    'lunas yang sudah? siapa? daftar? lihat? pelanggan? berapa? mana? data? ada? semua?',
    'transfer yang sudah? siapa daftar?',
    'bayar siapa sudah? yang? pelanggan?',
    'lunas siapa sudah? yang? pelanggan?',
    'transfer siapa sudah? yang?',
    'bayar berapa sudah? orang? pelanggan? yang?',
    'lunas berapa sudah? orang? pelanggan? yang?',
    'bayar daftar sudah? yang? pelanggan?',
    'lunas daftar sudah? yang? pelanggan?',
    'pembayaran daftar? lihat? data? rekap? masuk? <alone>',
    'sudah bayar <alone> pelanggan?',
    'sudah lunas <alone> pelanggan?',
  ],
  takes: {
    format: format(),
    date: date('past', { isDefault: true }),
    month: month('past', { isDefault: true }),
    area: area(),
    plan: plan(),
    method: method(),
  },
  summary: 'Daftar yang sudah bayar, hari ini atau pada hari dan bulan lain.',
  examples: ['yang bayar hari ini', 'yang sudah bayar bulan november'],
})

export const reportSummary = command({
  id: 'report.summary',
  roles: REPORTING,
  says: [
    'rekap uang? masuk? berapa? total? tagihan? daftar? lihat? minta? data? semua? pelanggan? pembayaran?',
    'total masuk',
    'uang masuk berapa? total? semua? sudah? daftar?',
    'masuk berapa sudah? total?',
    'dapat berapa uang? sudah?',
    'total uang berapa?',
    'berapa pelanggan <alone> total? aktif? semua?',
    'total pelanggan <alone> aktif? berapa? semua?',
    'total tagihan semua',
  ],
  takes: {
    format: format(),
    date: date('past', { isDefault: true }),
    month: month('past', { isDefault: true }),
    area: area(),
    plan: plan(),
  },
  summary: 'Rekap uang masuk dan tagihan satu bulan atau satu hari.',
  examples: ['rekap', 'rekap oktober', 'uang masuk bulan lalu'],
})

export const reportCommands = [reportOverdue, reportUnpaid, reportPaid, reportSummary]
