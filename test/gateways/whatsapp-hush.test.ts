import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'

const printed: unknown[][] = []
const before = console.info
console.info = (...words) => void printed.push(words)
const { hushed, hushedLogger, scrub } = await import('../../src/gateways/whatsapp/hush.ts')
afterAll(() => {
  console.info = before
})

test('what the Signal library prints is dropped, also what it prints later; our own words are not', async () => {
  hushed(() => console.info('Closing session:', { privKey: 'rahasia' }))
  await hushed(async () => {
    await sleep(1)
    console.info('Closing session:', { privKey: 'rahasia' })
  })
  console.info('siap')
  expect(printed).toEqual([['siap']])
})

test('the library reaches the log as a sentence without numbers, keys and addresses', () => {
  const lines: unknown[] = []
  const log = {
    warn: (_: object, line: string) => lines.push(line),
    error: (_: object, line: string) => lines.push(line),
  }
  const logger = hushedLogger(log as never, 1)
  const jid = '6281200001474@s.whatsapp.net'
  logger.child({ jid }).warn({ key: { remoteJid: jid } }, `Invalid LID-PN mapping: 111222333444@lid, ${jid}`)
  logger.error(
    { err: new Error('Failed to fetch stream from https://mmg.whatsapp.net/v/x?token=abc') },
    'error in handling message',
  )
  logger.info({ creds: 'rahasia' }, 'pairing configured')
  expect(lines).toEqual([
    'whatsapp: Invalid LID-PN mapping: …@lid, …@s.whatsapp.net',
    'whatsapp: error in handling message: Failed to fetch stream from (url)',
  ])
  expect(scrub(`key ${'A1b2'.repeat(11)}=`)).toBe('key …')
})
