import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startTestProgram } from './support/program.ts'
import { tell } from './support/story.ts'

/** Nothing stands in the README that is not so. */
const root = new URL('../', import.meta.url)
const readme = readFileSync(new URL('README.md', root), 'utf8')

test('its chat is what the program answers, shortened to first lines', async () => {
  const shown = /```story\n([\s\S]*?)```/.exec(readme)?.[1]?.trim().split('\n') ?? []
  const isAnswer = (line: string) => line.startsWith('Bot')
  const told = (await tell(await startTestProgram(), shown.filter((line) => !isAnswer(line)).join('\n'))).split('\n')
  expect(shown.filter(isAnswer).length).toBeGreaterThan(3)
  let at = 0
  for (const line of shown) {
    const found = told.indexOf(line, at)
    expect(found, `${line}\nis not told in order in\n${told.join('\n')}`).toBeGreaterThanOrEqual(0)
    at = found + 1
  }
})

test('its commands are scripts, its files are there, and its settings are the ones that are read', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  const named = [
    ...readme.matchAll(/npm (?:run )?(?:-s )?(demo|start|test|check|bench|chaos|verify|backup|restore|understand)\b/g),
  ]
  for (const [, script] of named) expect(scripts).toHaveProperty(script as string)
  for (const [, path] of readme.matchAll(/`((?:src|test|docs|migrations)\/[^`\s]*)`/g))
    expect(existsSync(new URL(path as string, root)), path).toBe(true)
  for (const [, path] of readme.matchAll(/\]\(([^)#]+)\)/g))
    expect(existsSync(new URL(path as string, root)), path).toBe(true)
  const settings = readFileSync(new URL('src/settings.ts', root), 'utf8')
  const table = readme.slice(readme.indexOf('## Settings'))
  const documented = [...table.matchAll(/`([A-Z][A-Z_]{3,})`/g)].map(([, name]) => name)
  const read = [...settings.matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name]) => name)
  expect(new Set(documented)).toEqual(new Set(read))
})
