import QRCode from 'qrcode'

/** A QR as an SVG, for a page. */
export function qrAsSvg(text: string): Promise<string> {
  return QRCode.toString(text, { type: 'svg', margin: 2 })
}

/** A QR in half blocks, for a terminal. */
export function qrForTerminal(text: string): Promise<string> {
  return QRCode.toString(text, { type: 'utf8' })
}
