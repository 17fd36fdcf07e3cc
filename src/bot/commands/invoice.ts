import { z } from 'zod'
import { handleIssue, handleSend, handleSendAll, undoSend, undoSendAll } from '../answers/invoice.ts'
import { command } from '../command.ts'
import { amount, area, date, description, minDays, month, plan, textBehind, who } from '../words.ts'
import { COLLECTING, OFFICE } from './roles.ts'

export const issueInvoices = command({
  id: 'invoice.issue',
  roles: OFFICE,
  risky: true,
  says: [
    'terbit tagihan semua? pelanggan? baru?',
    'buat tagihan semua? pelanggan?',
    'keluar tagihan semua? pelanggan?',
    'terbit <alone>',
  ],
  takes: { month: month('nearest', { isDefault: true }), area: area(), who: who() },
  summary: 'Menerbitkan tagihan yang sudah waktunya, tanpa mengirim pesan.',
  examples: ['terbitkan tagihan'],
  later: {
    who: 'Menerbitkan tagihan satu orang belum bisa.\nUntuk semua yang sudah waktunya: *terbitkan tagihan*',
    area: 'Menerbitkan tagihan per wilayah belum bisa.\nUntuk semua yang sudah waktunya: *terbitkan tagihan*',
    month:
      'Menerbitkan tagihan bulan tertentu belum bisa; tagihan terbit menurut jatuh temponya.\nUntuk semua yang sudah waktunya: *terbitkan tagihan*',
  },
  handle: handleIssue,
})

export const sendAllInvoices = command({
  id: 'invoice.sendAll',
  roles: OFFICE,
  risky: true,
  sends: true,
  says: [
    'tagih semua pelanggan? tagihan? kirim? mau?',
    'tagih <area> pelanggan? tagihan?',
    'tagih pelanggan <alone>',
    'kirim tagihan semua pelanggan? siaran? pesan?',
    'kirim tagihan pelanggan <alone>',
    'kirim tagihan <area> pelanggan?',
    'kirim tagihan <month> <alone>',
    'siaran tagihan kirim? semua? pelanggan?',
    'tagih semua belum bayar',
    'tagih semua belum lunas',
  ],
  takes: { month: month('nearest', { isDefault: true }), area: area(), plan: plan() },
  summary: 'Menagih semua pelanggan, yang belum lunas dan belum dikirimi.',
  examples: ['tagih semua', 'tagih semua rt 3'],
  keeps: { previewed: z.boolean(), broadcastId: z.number() },
  later: {
    month: 'Menagih satu bulan saja belum bisa.\nSemua yang belum lunas: *tagih semua*',
    plan: 'Menagih satu paket saja belum bisa.\nYang bisa: *tagih semua*, atau per wilayah, contoh *tagih semua rt 3*',
  },
  handle: handleSendAll,
  undo: undoSendAll,
})

export const sendOverdueInvoices = command({
  id: 'invoice.sendOverdue',
  roles: OFFICE,
  risky: true,
  sends: true,
  says: [
    'tagih telat yang? semua? pelanggan? bayar? kirim? tagihan? pesan?',
    'kirim tagihan telat yang? semua? pelanggan? bayar?',
    'kirim pesan telat yang? semua? pelanggan?',
    'tagih tempo yang pelanggan? sudah? kirim?',
    'tagih belum bayar yang? pelanggan? kirim? tagihan?',
    'tagih belum lunas yang? pelanggan? kirim? tagihan?',
    'kirim tagihan belum bayar yang? pelanggan?',
    'kirim tagihan belum lunas yang? pelanggan?',
  ],
  takes: { month: month('past', { isDefault: true }), minDays: minDays(), area: area(), plan: plan() },
  summary: 'Mengingatkan pelanggan yang lewat jatuh tempo.',
  examples: ['tagih yang telat', 'tagih yang telat lebih dari 14 hari'],
})

export const sendInvoice = command({
  id: 'invoice.send',
  roles: COLLECTING,
  risky: true,
  sends: true,
  says: [
    'tagih bayar? pembayaran? tagihan? kirim? lagi? nomor? wa? pelanggan? telat?',
    'kirim tagihan lagi? nomor? wa? nama? pelanggan?',
    'kabari tagihan <who>',
    'suruh bayar <who> kabari? tagihan?',
    'minta bayar <who> ke?',
    'kirim link <who> bayar? pembayaran?',
    'kirim qris <who> bayar?',
  ],
  takes: { month: month('nearest'), area: area(), who: who({ ask: 'Tagihan siapa yang dikirim?' }) },
  summary: 'Mengirim tagihan seorang pelanggan.',
  examples: ['tagih budi', 'kirim ulang tagihan budi'],
  keeps: { customerId: z.number(), again: z.boolean(), messageId: z.number() },
  later: { month: 'Menagih satu bulan saja belum bisa.\nTanpa bulan, semua tagihannya yang belum lunas ikut.' },
  handle: handleSend,
  undo: undoSend,
})

const reason = () => textBehind('karena', { ask: 'Karena apa?', example: 'gangguan 3 hari' })

export const discountInvoice = command({
  id: 'invoice.discount',
  roles: OFFICE,
  risky: true,
  says: ['diskon tagihan? tambah? buat? harga? bayar? pelanggan?'],
  takes: {
    text: reason(),
    area: area(),
    month: month('nearest'),
    amount: amount(),
    who: who({ ask: 'Tagihan siapa?' }),
  },
  summary: 'Memotong tagihan seorang pelanggan.',
  examples: ['diskon budi 25rb', 'potong tagihan budi 25rb karena gangguan'],
})

export const addFee = command({
  id: 'invoice.fee',
  roles: OFFICE,
  risky: true,
  says: [
    'tambah denda tagihan? telat? pasang? psb? pelanggan?',
    'denda tagihan? tambah? telat? pasang? psb? bayar? pelanggan?',
  ],
  takes: {
    text: reason(),
    area: area(),
    month: month('nearest'),
    amount: amount(),
    who: who({ ask: 'Tagihan siapa?' }),
  },
  summary: 'Menambah denda atau biaya ke tagihan seorang pelanggan.',
  examples: ['denda tono 5rb', 'tambah biaya tono 75rb'],
})

export const createInvoice = command({
  id: 'invoice.create',
  roles: OFFICE,
  risky: true,
  says: [
    'tagihan baru tambah? buat? terbit?',
    'tambah tagihan buat?',
    'buat tagihan <amount>',
    'terbit tagihan <amount>',
    'tagih <who> <amount>',
  ],
  takes: { amount: amount(), area: area(), who: who({ ask: 'Tagihan siapa?' }), text: description() },
  summary: 'Membuat satu tagihan di luar langganan.',
  examples: ['tagihan baru slamet 250rb pasang baru'],
})

export const voidInvoice = command({
  id: 'invoice.void',
  roles: OFFICE,
  risky: true,
  says: ['batal tagihan salah? terbit?', 'hapus tagihan salah?'],
  takes: { month: month('nearest'), area: area(), who: who({ ask: 'Tagihan siapa yang dibatalkan?' }) },
  summary: 'Membatalkan tagihan seorang pelanggan.',
  examples: ['batalkan tagihan tono', 'batalkan tagihan tono bulan november'],
})

export const forecastInvoices = command({
  id: 'invoice.forecast',
  roles: OFFICE,
  says: [
    'terbit berapa tagihan? ada? yang? mau?',
    'keluar berapa tagihan yang?',
    'terbit siapa tagihan? yang? mau?',
    'terbit kapan tagihan? mau?',
    'terbit apa tagihan? yang? mau? ada?',
    'terbit mau tagihan? yang?',
    'terbit tagihan <question> ada? yang? berapa?',
    'terbit tagihan <date> ada? yang? mau?',
    'jadwal terbit? tagihan?',
    'perkiraan tagihan? terbit? rekap? uang? masuk?',
  ],
  takes: { date: date('coming', { isDefault: true }), month: month('coming', { isDefault: true }), area: area() },
  summary: 'Melihat tagihan yang akan terbit.',
  examples: ['besok terbit berapa tagihan', 'perkiraan tagihan bulan depan'],
})

export const invoiceCommands = [
  issueInvoices,
  sendAllInvoices,
  sendOverdueInvoices,
  sendInvoice,
  discountInvoice,
  addFee,
  createInvoice,
  voidInvoice,
  forecastInvoices,
]
