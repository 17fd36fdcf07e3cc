import { command } from '../command.ts'
import { amount, date, method, who } from '../words.ts'
import { COLLECTING } from './roles.ts'

export const remitCash = command({
  id: 'cash.remit',
  roles: COLLECTING,
  risky: true,
  says: ['setor uang? terima? sudah? mau? catat? kas? masuk?'],
  takes: {
    amount: amount({ payment: true }),
    method: method(),
    date: date('past', { isDefault: true }),
    who: who({ ask: 'Setoran siapa?' }),
  },
  summary: 'Menyetor uang tunai yang ditagih.',
  examples: ['setoran 2.350.000', 'setoran ujang 800rb'],
})

export const cashStatus = command({
  id: 'cash.status',
  roles: COLLECTING,
  says: [
    'kas uang? berapa? cash? saldo? status? lihat? staf? saya? mana? total? masih? siapa?',
    'uang <who> <question> berapa? staf? cash?',
    'uang berapa saya? staf? cash? total?',
    'uang cash <who>',
    'total uang <who> staf? berapa?',
    'uang cash staf? berapa? mana?',
    'uang mana staf',
    'setor berapa belum? sudah? uang? total?',
    'setor belum siapa? sudah? uang? berapa? yang?',
    'setor siapa yang? sudah? belum?',
    'setor <question> sudah? belum? berapa?',
    'setor daftar',
    'setor rekap',
    'setor status',
    'setor lihat',
    'saldo staf',
  ],
  takes: { who: who() },
  summary: 'Melihat uang tunai yang masih di tangan penagih.',
  examples: ['uang di ujang berapa', 'siapa belum setor'],
})

export const cashCommands = [remitCash, cashStatus]
