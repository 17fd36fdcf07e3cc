import { z } from 'zod'
import { handleMove, undoDue } from '../answers/due.ts'
import { handleAlign } from '../answers/due-align.ts'
import { command } from '../command.ts'
import { items } from '../items.ts'
import { area, date, day, month, once, plan, who } from '../words.ts'
import { COLLECTING, OFFICE } from './roles.ts'

export const alignDue = command({
  id: 'due.align',
  roles: OFFICE,
  risky: true,
  says: [
    'samakan tempo ke? semua? pelanggan? tagihan?',
    'samakan ke? semua? pelanggan? tagihan?',
    'tempo semua <day> ke? pelanggan? ganti? mundur? tagihan?',
  ],
  takes: { plan: plan(), day: day(), items: items(), area: area() },
  summary: 'Menyamakan jatuh tempo banyak pelanggan.',
  examples: ['samakan jatuh tempo ke tgl 5', 'samakan tempo rt 3 ke tgl 5'],
  keeps: { confirmed: z.boolean(), cause: z.string() },
  handle: handleAlign,
  undo: undoDue,
})

export const moveDue = command({
  id: 'due.move',
  roles: OFFICE,
  says: [
    'mundur tempo tagihan? ke? bayar?',
    'mundur <who> <date> tagihan? ke?',
    'ganti tempo <who> ke? tagihan?',
    'tempo <who> <date> ke? tagihan?',
    'sekaliIni <alone>',
  ],
  takes: {
    once: once(),
    area: area(),
    date: date('coming', { bare: true, ask: 'Sampai tanggal berapa?' }),
    month: month('nearest'),
    who: who({ ask: 'Jatuh tempo siapa?' }),
  },
  summary: 'Memindahkan jatuh tempo seorang pelanggan.',
  examples: ['undur tempo budi 28', 'mundurkan tempo yuli sampai tgl 28', 'undur tempo budi 28 sekali ini saja'],
  keeps: { customerId: z.number(), subscriptionId: z.number(), confirmed: z.boolean(), cause: z.string() },
  handle: handleMove,
  undo: undoDue,
})

export const promiseDue = command({
  id: 'due.promise',
  roles: COLLECTING,
  says: [
    'janji <who> bayar? mau? transfer? lunas? catat? bisa? gajian?',
    'janji belum bayar <who> mau? bisa?',
    'janji <date> bayar? mau? transfer? lunas? catat? bisa?',
    'janji bayar catat?',
    'mau bayar <who> tagihan?',
    'belum bayar mau <who> <date>',
    'mau bayar <date>',
    'mau transfer <who>',
    'mau lunas <who>',
    'nanti bayar <who> mau? baru? tagihan?',
    'nanti lunas <who>',
    'nanti transfer <who>',
    'bisa bayar <who> <date> baru? belum?',
    'bayar <who> <date> baru? mau?',
    'transfer <who> <date> baru? mau?',
  ],
  takes: { area: area(), date: date('coming'), who: who({ ask: 'Siapa yang janji?' }) },
  summary: 'Mencatat janji bayar; pengingat berhenti sampai hari itu.',
  examples: ['budi janji lusa', 'budi janji bayar tgl 15'],
})

export const dueCommands = [alignDue, moveDue, promiseDue]
