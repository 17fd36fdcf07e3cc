import { applyDebts, debtList } from './answers/debt.ts'
import { applyErrand, readImport, rejectErrand } from './answers/import.ts'
import { issueErrand, previewErrand } from './answers/invoice.ts'
import { closeOrder, payLink } from './answers/pay.ts'
import { overdueExcel } from './answers/report.ts'
import type { ErrandHandler } from './command.ts'

/** Every kind of errand: what a turn leaves to be done outside its transaction. */
export const errandHandlers: Readonly<Record<string, ErrandHandler>> = {
  'broadcast.preview': previewErrand,
  'debt.apply': applyDebts,
  'debt.list': debtList,
  'import.apply': applyErrand,
  'import.read': readImport,
  'import.reject': rejectErrand,
  'invoice.issue': issueErrand,
  'order.close': closeOrder,
  'pay.link': payLink,
  'report.excel': overdueExcel,
}

/** Errands that nobody waits for: to say that the message was not done, because one of them failed, would be wrong. */
export const UNWATCHED: ReadonlySet<string> = new Set(['order.close'])
