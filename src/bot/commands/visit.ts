import { command } from '../command.ts'
import { area, date, textBehind, who } from '../words.ts'
import { VISITING } from './roles.ts'

export const listVisits = command({
  id: 'visit.list',
  roles: VISITING,
  says: [
    'jalan <alone>',
    'jalan <area> daftar?',
    'jalan mana ke? apa? harus?',
    'jalan daftar yang? harus?',
    'jalan lihat',
    'jalan jadwal',
    'jalan siapa yang? harus? mau?',
    'jalan harus yang? daftar?',
    'tagih jadwal',
    'tagih mana ke',
  ],
  takes: { date: date('coming', { isDefault: true }), area: area() },
  summary: 'Daftar rumah yang perlu didatangi.',
  examples: ['jalan hari ini', 'kunjungan besok', 'jalan rt 3'],
})

export const noteVisit = command({
  id: 'visit.note',
  roles: VISITING,
  says: [
    'rumah kosong sudah? ke?',
    'kosong <who> rumah? jalan? orang?',
    'catatan <who> jalan? rumah?',
    'jalan <who> <text> rumah?',
  ],
  takes: { text: textBehind(':'), area: area(), who: who({ ask: 'Rumah siapa?' }) },
  summary: 'Mencatat hasil kunjungan.',
  examples: ['rumah tono kosong', 'catatan tono: minta datang sore'],
})

export const visitCommands = [listVisits, noteVisit]
