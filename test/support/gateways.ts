import fastify from 'fastify'
import { afterAll } from 'vitest'
import { type FonnteFake, fakeFonnte } from '../../src/simulator/fonnte.ts'
import { fakeMidtrans, type MidtransFake } from '../../src/simulator/midtrans.ts'
import { freePort } from './program.ts'

export const FONNTE_TOKEN = 'token-fonnte-percobaan-1234'
export const MIDTRANS_KEY = 'SB-Mid-server-percobaan-5678'

/**
 * Fonnte and Midtrans as servers of their own, which know the two keys above; Midtrans tells `webhook` what happened.
 * Ended after the file.
 */
export async function startGateways(
  webhook?: () => string,
): Promise<{ fonnte: FonnteFake; midtrans: MidtransFake; env: Record<string, string> }> {
  const now = () => Temporal.Now.instant()
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  const fonnte = fakeFonnte({ token: FONNTE_TOKEN, device: '6281200000001', quota: 1_240, now })
  const midtrans = fakeMidtrans({
    serverKey: MIDTRANS_KEY,
    notificationUrl: webhook ?? (() => `${base}/nowhere`),
    merchantName: () => 'Barokah Net',
    now,
    publicBase: () => `${base}/midtrans`,
    load: () => undefined,
    save: () => {},
  })
  const app = fastify()
  app.register(fonnte.routes, { prefix: '/fonnte' })
  app.register(midtrans.routes, { prefix: '/midtrans' })
  await app.listen({ port, host: '127.0.0.1' })
  afterAll(() => app.close())
  return {
    fonnte,
    midtrans,
    env: {
      FONNTE_URL: `${base}/fonnte`,
      MIDTRANS_SNAP_URL: `${base}/midtrans/snap/v1`,
      MIDTRANS_API_URL: `${base}/midtrans`,
    },
  }
}
