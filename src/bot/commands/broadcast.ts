import { handleResume, handleStatus, handleStop } from '../answers/broadcast.ts'
import { command } from '../command.ts'
import { announcement, area } from '../words.ts'
import { LOOKING, OFFICE } from './roles.ts'

export const announce = command({
  id: 'broadcast.announce',
  roles: OFFICE,
  risky: true,
  sends: true,
  says: ['umumkan kirim? buat?'],
  takes: { text: announcement(), area: area() },
  summary: 'Mengirim pengumuman ke pelanggan.',
  examples: ['umumkan besok pagi ada pemadaman', 'umumkan ke rt 3: besok ada perbaikan'],
})

export const broadcastStatus = command({
  id: 'broadcast.status',
  roles: LOOKING,
  says: [
    'status pengiriman gimana? tagihan? pesan?',
    'status kirim gimana? tagihan? pesan?',
    'status siaran gimana?',
    'status umumkan gimana?',
    'status pesan gimana?',
    'pengiriman <alone> tagihan? pesan?',
    'pengiriman berapa sudah? tagihan? pesan? yang? total?',
    'pengiriman <question> sudah? semua? belum? tagihan? pesan? siapa? yang? mana? berapa? gagal?',
    'pengiriman mana',
    'siaran mana',
    'kirim mana <alone>',
    'lihat pengiriman',
    'gagal pengiriman berapa? siapa? yang? daftar? pesan?',
    'gagal kirim berapa? siapa? yang? daftar? pesan?',
    'gagal berapa yang?',
    'gagal siapa yang?',
    'kirim sudah semua belum tagihan? pesan?',
    'kirim sudah berapa tagihan? pesan?',
  ],
  takes: {},
  summary: 'Melihat sampai di mana pengiriman pesan.',
  examples: ['status pengiriman'],
  handle: handleStatus,
})

export const stopBroadcast = command({
  id: 'broadcast.stop',
  roles: OFFICE,
  says: [
    'berhenti kirim tagihan? pesan? semua? siaran?',
    'berhenti pengiriman tagihan? pesan? semua?',
    'berhenti siaran kirim?',
    'berhenti umumkan',
    'berhenti tagih semua?',
    'berhenti pesan',
    'berhenti <alone>',
    'batal kirim tagihan? pesan? semua?',
    'batal pengiriman',
    'batal siaran',
    'batal umumkan',
    'batal tagih semua',
    'cuti kirim',
    'cuti pengiriman',
    'cuti siaran',
    'mundur pengiriman',
    'mundur kirim tagihan?',
  ],
  takes: {},
  summary: 'Menghentikan pengiriman yang sedang berjalan.',
  examples: ['berhenti kirim'],
  handle: handleStop,
})

export const resumeBroadcast = command({
  id: 'broadcast.resume',
  roles: OFFICE,
  risky: true,
  sends: true,
  says: [
    'lanjut kirim lagi? tagihan? pesan?',
    'lanjut pengiriman lagi? tagihan? pesan?',
    'lanjut siaran lagi? kirim?',
    'lanjut umumkan',
    'kirim lagi <alone> yang?',
    'mulai kirim lagi',
    'mulai pengiriman lagi',
  ],
  takes: {},
  summary: 'Melanjutkan pengiriman yang dihentikan.',
  examples: ['lanjut kirim'],
  handle: handleResume,
})

export const testBroadcast = command({
  id: 'broadcast.test',
  roles: OFFICE,
  says: [
    'contoh <alone> tagihan? pesan?',
    'contoh kirim saya? ke? tagihan? pesan? nomor? wa?',
    'contoh lihat pesan? tagihan?',
    'tes kirim saya? ke? tagihan? pesan? nomor? wa?',
    'tes siaran',
    'tes pesan',
    'tes tagihan',
    'kirim saya <alone> ke? nomor? wa? pesan? tagihan?',
  ],
  takes: {},
  summary: 'Mengirim satu contoh pesan ke Anda sendiri.',
  examples: ['kirim contoh ke saya dulu'],
})

export const broadcastCommands = [announce, broadcastStatus, stopBroadcast, resumeBroadcast, testBroadcast]
