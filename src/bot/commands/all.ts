import type { Command } from '../command.ts'
import { broadcastCommands } from './broadcast.ts'
import { cashCommands } from './cash.ts'
import { customerCommands } from './customer.ts'
import { dueCommands } from './due.ts'
import { generalCommands } from './general.ts'
import { invoiceCommands } from './invoice.ts'
import { customerOwnCommands } from './me.ts'
import { paymentCommands } from './payment.ts'
import { planCommands } from './plan.ts'
import { reportCommands } from './report.ts'
import { setup } from './setup.ts'
import { staffCommands } from './staff.ts'
import { visitCommands } from './visit.ts'

/** Every command of the chat. Where two explain a message equally well, the earlier one is meant. */
export const COMMANDS: readonly Command[] = [
  ...invoiceCommands,
  ...paymentCommands,
  ...reportCommands,
  ...customerCommands,
  ...cashCommands,
  ...visitCommands,
  ...dueCommands,
  ...planCommands,
  ...broadcastCommands,
  ...staffCommands,
  ...generalCommands,
  setup,
  ...customerOwnCommands,
]
