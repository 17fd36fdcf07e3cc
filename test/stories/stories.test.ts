import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { slowClock, startTestProgram } from '../support/program.ts'
import { tell } from '../support/story.ts'

/**
 * Each story is a text file: what people write, and what the real program answers. `UPDATE_STORIES=1 npm test` writes the
 * answers anew; the diff is then read before it is committed.
 */
const folder = import.meta.dirname
const program = await startTestProgram({}, slowClock)

for (const file of readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .sort()) {
  test(basename(file, '.txt'), async () => {
    const written = readFileSync(`${folder}/${file}`, 'utf8')
    const told = await tell(program, written)
    if (process.env.UPDATE_STORIES) writeFileSync(`${folder}/${file}`, told)
    else expect(told).toBe(written)
  })
}
