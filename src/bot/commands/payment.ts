import { z } from 'zod'
import { handleRecord } from '../answers/payment.ts'
import { handleUndo, undoRecord } from '../answers/payment-undo.ts'
import { command } from '../command.ts'
import { items } from '../items.ts'
import { amount, area, date, method, month, months, who } from '../words.ts'
import { COLLECTING, OFFICE } from './roles.ts'

export const recordPayment = command({
  id: 'payment.record',
  roles: COLLECTING,
  risky: true,
  asksBack: true,
  says: [
    'lunas sudah? catat? tagihan? pembayaran? bayar? tambah? uang?',
    'bayar sudah? catat? tagihan? tambah? uang? setor?',
    'pembayaran <who> dari? sudah? masuk? terima? tagihan?',
    'catat pembayaran tagihan? tambah?',
    'tambah pembayaran tagihan?',
    'terima <who> sudah? uang? bayar? pembayaran? dari? tagihan?',
    'terima <amount> sudah? uang? bayar? pembayaran? dari?',
    'terima pembayaran sudah?',
    'dapat uang <who> dari?',
    'dapat <who> <amount> dari? tagih? sudah?',
    'cash <who> <amount> sudah?',
    'va <who> <amount> sudah?',
    'uang <who> <amount> dari? sudah? ada?',
    'uang masuk <who> dari? ada? sudah?',
    'masuk <who> <amount> dari? sudah?',
    'transfer <who> sudah? masuk? uang? tagihan? catat?',
    'qris <who> <amount> sudah? masuk?',
    'ewallet <who> <amount> sudah? masuk?',
  ],
  takes: {
    items: items(),
    area: area(),
    amount: amount({ payment: true }),
    method: method(),
    months: months(),
    date: date('past'),
    month: month('nearest'),
    who: who({ ask: 'Siapa yang bayar?' }),
  },
  summary: 'Mencatat pembayaran seorang pelanggan, atau beberapa sekaligus.',
  examples: ['lunas budi', 'lunas budi 100rb', 'lunas: budi santoso, siti aminah'],
  keeps: {
    customerId: z.number(),
    invoiceIds: z.array(z.number()),
    guessed: z.string(),
    late: z.boolean(),
    repeated: z.boolean(),
    asCredit: z.boolean(),
    listed: z.boolean(),
    paymentIds: z.array(z.number()),
  },
  later: {
    months: 'Bayar beberapa bulan sekaligus belum bisa.\nTulis jumlah uangnya di belakang nama, misalnya 450rb.',
  },
  handle: handleRecord,
  undo: undoRecord,
})

export const undoPayment = command({
  id: 'payment.undo',
  roles: COLLECTING,
  risky: true,
  says: [
    'batal lunas salah? sudah? tadi? tagihan? bayar? catat? belum?',
    'batal bayar salah? sudah? tadi? tagihan? catat? belum?',
    'batal pembayaran salah? terakhir? catat? tadi? terima?',
    'batal belum bayar salah? catat? lunas? kenapa?',
    'batal belum lunas salah? catat?',
    'batal transfer <who> salah?',
    'hapus lunas salah? catat?',
    'hapus bayar salah? catat?',
    'hapus pembayaran salah? catat? terakhir?',
    'salah lunas tadi? catat? belum?',
    'salah bayar tadi? catat? belum?',
    'salah pembayaran tadi? catat?',
    'salah <who> catat?',
    'gajadi lunas salah? batal? bayar?',
    'gajadi bayar salah? batal?',
  ],
  takes: {
    area: area(),
    amount: amount({ payment: true }),
    date: date('past'),
    month: month('nearest'),
    who: who({ ask: 'Pembayaran siapa?' }),
  },
  summary: 'Membatalkan pembayaran yang salah dicatat.',
  examples: ['batalkan lunas budi', 'batalkan pembayaran budi', 'salah, budi belum bayar, batalkan'],
  keeps: { customerId: z.number(), paymentId: z.number(), confirmed: z.boolean() },
  handle: handleUndo,
})

export const refundPayment = command({
  id: 'payment.refund',
  roles: OFFICE,
  risky: true,
  says: ['refund uang? bayar? pembayaran? saldo? lunas? ewallet? tagihan? lagi?', 'uang lagi <who> <amount>'],
  takes: { area: area(), amount: amount({ payment: true }), method: method(), who: who({ ask: 'Pembayaran siapa?' }) },
  summary: 'Mengembalikan uang pelanggan.',
  examples: ['refund budi 50rb', 'kembalikan uang budi 50rb'],
})

export const paymentCommands = [recordPayment, undoPayment, refundPayment]
