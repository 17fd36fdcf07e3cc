import { z } from 'zod'
import { handleSetup } from '../answers/setup.ts'
import { command } from '../command.ts'
import { wholeText } from '../words.ts'

/** The questions of a new business; nobody types it, its questions carry it on. */
export const setup = command({
  id: 'setup',
  roles: ['owner'],
  says: [],
  takes: { text: wholeText() },
  alsoAnswers: ['plan.add', 'plan.edit', 'plan.list', 'due.align', 'confirm.yes'],
  summary: 'Menyiapkan usaha baru.',
  examples: [],
  keeps: { step: z.enum(['names', 'plans', 'dueDay']) },
  handle: handleSetup,
})
