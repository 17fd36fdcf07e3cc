import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { freePort } from '../program.ts'
import { eventually, OWNER, SECRET, type Station } from './station.ts'

/** The whole program as a process of its own on a station's database, to be killed; started again it is the same one. */
export type StationProcess = {
  /** Starts it and waits until its number is connected. */
  launch(): Promise<void>
  /** Starts it and waits until it is up, whoever holds the number. */
  launchBeside(): Promise<void>
  /** Ends it without a word. */
  kill(): Promise<void>
}

/** Killed and removed after the file. */
export function makeProcess({ url, fake }: Pick<Station, 'url' | 'fake'>): StationProcess {
  const folder = mkdtempSync(join(tmpdir(), 'tagih-whatsapp-'))
  let child: ChildProcess | undefined
  let output = ''

  const start = async () => {
    output = ''
    const started = spawn(process.execPath, ['test/support/whatsapp/program.ts'], {
      env: {
        ...process.env,
        DATABASE_URL: url,
        DATA_DIR: folder,
        PORT: String(await freePort()),
        SECRET_KEY: SECRET,
        WHATSAPP_URL: fake.url,
        LOG_LEVEL: 'warn',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [started.stdout, started.stderr])
      stream?.on('data', (data) => {
        output += data
      })
    child = started
  }
  const kill = async () => {
    const running = child
    child = undefined
    if (!running || running.exitCode !== null) return
    const ended = new Promise((done) => running.once('close', done))
    running.kill('SIGKILL')
    await ended
  }
  afterAll(async () => {
    await kill()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    async launch() {
      const logins = fake.device(OWNER)?.logins ?? 0
      await start()
      await eventually(() => {
        if (fake.device(OWNER)?.logins !== logins + 1) throw new Error(`is not connected: ${output}`)
      })
    },
    async launchBeside() {
      await start()
      await eventually(() => {
        if (!output.includes('http://')) throw new Error(`did not start: ${output}`)
      })
    },
    kill,
  }
}
