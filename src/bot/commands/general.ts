import { z } from 'zod'
import { handleHelp, handleUndo } from '../answers/general.ts'
import { openPanelLink } from '../answers/panel.ts'
import { command } from '../command.ts'
import { amount, item, topic } from '../words.ts'
import { COLLECTING, OFFICE, STAFF } from './roles.ts'

export const help = command({
  id: 'help',
  roles: STAFF,
  says: [
    'bantuan minta? perintah?',
    'cara <topic>',
    'cara <alone>',
    'perintah apa? daftar? lihat? contoh? bisa?',
    'bisa apa <alone> saya?',
  ],
  takes: { topic: topic() },
  summary: 'Menunjukkan apa saja yang bisa dilakukan di sini.',
  examples: ['bantuan', 'bantuan lunas'],
  handle: async (turn, args) => handleHelp(turn, args),
})

export const undo = command({
  id: 'undo',
  roles: STAFF,
  says: ['batal <alone> yang? tadi? salah? baru? terakhir?', 'salah <alone> tadi?', 'hapus tadi <alone> yang?'],
  takes: {},
  summary: 'Membatalkan yang terakhir Anda lakukan.',
  examples: ['batal'],
  keeps: { actId: z.number() },
  handle: handleUndo,
})

export const confirmYes = command({
  id: 'confirm.yes',
  roles: STAFF,
  says: [
    'ya <alone> lanjut? kirim? terima? saya?',
    'ya <item> <alone> no? nomor?',
    'kirim <alone>',
    'lanjut <alone>',
    'terima <item>',
    'bisa <alone>',
    'catat <alone> ya?',
  ],
  takes: { item: item(), amount: amount({ payment: true }) },
  summary: 'Menyetujui yang ditanyakan.',
  examples: ['ya', 'ya 12', 'ya 12 100rb'],
})

export const confirmNo = command({
  id: 'confirm.no',
  roles: STAFF,
  says: [
    'tidak <alone> mau?',
    'tidak <item> <alone> no? nomor?',
    'jangan <alone>',
    'gajadi <alone>',
    'tolak <alone>',
    'tolak <item> no? nomor? belum?',
    'nanti <alone>',
    'bukan <alone>',
    'no <alone>',
    'mundur <alone>',
  ],
  takes: { item: item() },
  summary: 'Menolak yang ditanyakan.',
  examples: ['tidak', 'tolak 12'],
})

export const openPanel = command({
  id: 'panel',
  roles: OFFICE,
  says: ['panel buka? link? minta? staf? kirim? masuk?'],
  takes: {},
  summary: 'Mengirim link untuk membuka panel di HP atau komputer.',
  examples: ['panel'],
  handle: openPanelLink,
})

export const upgradePackage = command({
  id: 'package.upgrade',
  roles: OFFICE,
  says: [
    'upgrade <alone> paket? mau? tagih? saya?',
    'upgrade bisnis paket? mau? ke?',
    'naik bisnis paket? ke? mau?',
    'ganti bisnis paket ke?',
    'paket bisnis <alone> minta? mau? langganan? saya?',
    'langganan bisnis paket?',
    'naik paket <alone>',
  ],
  takes: {},
  summary: 'Naik ke Paket Bisnis.',
  examples: ['upgrade'],
})

export const support = command({
  id: 'support',
  roles: COLLECTING,
  says: [
    'layanan_pelanggan hubungi? bantuan? minta? mau? tagih?',
    'hubungi staf <alone> mau?',
    'lapor masalah',
    'lapor gangguan',
    'lapor <alone>',
    'masalah <alone> ada? panel? saya?',
    'gangguan <alone> panel? ada?',
    'hubungi <alone>',
  ],
  takes: {},
  summary: 'Menghubungi pengelola Tagih.',
  examples: ['hubungi cs'],
})

export const generalCommands = [help, undo, confirmYes, confirmNo, openPanel, upgradePackage, support]
