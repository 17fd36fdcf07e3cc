import { expect, test } from 'vitest'
import { qrAsSvg, qrForTerminal } from '../../src/gateways/qr.ts'

const link = `https://wa.me/settings/linked_devices#2@ref,${'A'.repeat(43)}=,${'B'.repeat(43)}=,${'C'.repeat(43)}=,1`

test('the page and the terminal show the same QR, each dark square of it', async () => {
  const terminal = (await qrForTerminal(link)).split('\n').filter((line) => line.trim() !== '')
  const svg = await qrAsSvg(link)
  const width = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)?.[1])
  expect(width).toBeGreaterThan(40)
  // Half blocks: two rows in a line; the edge of the SVG is two squares wide on each side.
  const squares = width - 4
  expect(Math.max(...terminal.map((line) => line.trim().length))).toBe(squares)
  expect(await qrAsSvg(`${link}2`)).not.toBe(svg)
})
