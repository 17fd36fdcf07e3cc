import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import {
  cleanUp,
  databasePid,
  freePort,
  killDatabase,
  launch,
  newFolder,
  post,
  type Running,
  ready,
  say,
} from '../support/process.ts'

afterEach(cleanUp)

/** Whether the program answers again within a while; says what it printed where it does not. */
async function recovers(program: Running): Promise<void> {
  const deadline = Date.now() + 30_000
  while (program.child.exitCode === null && Date.now() < deadline) {
    const up = await fetch(`${program.url}/healthz`).then(
      (response) => response.ok,
      () => false,
    )
    if (up) return
    await sleep(50)
  }
  throw new Error(`did not recover: ${program.output()}`)
}

/** PostgreSQL's main process and those of its connections. */
function processesOf(pid: number): number[] {
  const all = existsSync('/proc/self/stat')
    ? readdirSync('/proc').flatMap((name) => {
        const stat =
          /^\d+$/.test(name) && existsSync(`/proc/${name}/stat`) && readFileSync(`/proc/${name}/stat`, 'utf8')
        return stat ? [[Number(name), Number(stat.split(') ')[1]?.split(' ')[1])]] : []
      })
    : spawnSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' })
        .stdout.trim()
        .split('\n')
        .map((row) => row.trim().split(/\s+/).map(Number))
  return [pid, ...all.flatMap(([child, parent]) => (parent === pid && child ? [child] : []))]
}

const notify = (program: Running, body: object = { order_id: 'TGH-AAAAAAAAAAAAAAAA' }) =>
  fetch(`${program.url}/webhooks/midtrans/demo`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    // As long as Midtrans itself waits; this throws when there is no answer by then.
    signal: AbortSignal.timeout(15_000),
  }).then((response) => response.status)

describe('when PostgreSQL dies under the running program', () => {
  test('it is started again on the same port, at rest and at work, and nothing confirmed is lost (D01, D10)', async () => {
    const folder = newFolder()
    const program = await ready(launch(folder, await freePort()))
    const before = databasePid(folder)
    await killDatabase(folder)
    await recovers(program)
    expect(databasePid(folder)).not.toBe(before)
    await say(program, 'tambah paket Kilat 9 Mbps 10rb')

    // Now in the middle of work: transactions under way die with it, the program does not.
    const told: string[] = []
    let stop = false
    const busy = (async () => {
      for (let index = 0; !stop; index++) {
        const letters = index.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)] as string)
        const name = `Kilat X${letters} 9 Mbps`
        const { replies } = await say(program, `tambah paket ${name} 10rb`).catch(() => ({ replies: [] }))
        if (replies?.some(({ text }) => text.includes(name))) told.push(name)
      }
    })()
    for (let death = 0; death < 3; death++) {
      await sleep(150)
      await killDatabase(folder)
      await recovers(program)
    }
    stop = true
    await busy
    await post(program, '/simulator/settle')
    const plans = await say(program, 'lihat paket')
    expect(told.length).toBeGreaterThan(0)
    for (const name of ['Kilat 9 Mbps', ...told]) expect(plans.replies.map(({ text }) => text).join()).toContain(name)
    expect(program.child.exitCode).toBeNull()
  })

  test('a notification meanwhile is answered with 503 in good time, never with 404 or 500 (P11)', async () => {
    const folder = newFolder()
    const program = await ready(launch(folder, await freePort()))
    expect(await notify(program)).toBe(403)
    // Stopped it takes what it is asked and never answers, on connections that stand as on new ones.
    const server = processesOf(databasePid(folder) as number)
    for (const pid of server) process.kill(pid, 'SIGSTOP')
    const answers = await Promise.all(Array.from({ length: 30 }, () => notify(program)))
    for (const pid of server) process.kill(pid, 'SIGCONT')
    expect(new Set(answers)).toEqual(new Set([503]))
    await recovers(program)

    const seen = new Set<number>()
    const asking = (async () => {
      for (const end = Date.now() + 1_500; Date.now() < end; ) seen.add(await notify(program))
    })()
    await killDatabase(folder)
    await asking
    expect([...seen].filter((status) => status !== 503 && status !== 403)).toEqual([])
    await recovers(program)
    expect(await notify(program)).toBe(403)
  })

  test('while the program starts, nobody is answered with anything that Midtrans would take as final', async () => {
    const port = await freePort()
    const program = launch(newFolder(), port)
    const seen = new Set<number>()
    let up = false
    const started = ready(program).then(() => {
      up = true
    })
    while (!up) {
      await notify(program).then(
        (status) => seen.add(status),
        () => {},
      )
      await sleep(5)
    }
    await started
    expect([...seen].filter((status) => status !== 503 && status !== 403)).toEqual([])
  })

  test('one that cannot be started again ends the program with one line', async () => {
    const folder = newFolder()
    const program = await ready(launch(folder, await freePort(), { LOG_LEVEL: 'silent' }))
    // As a disk that came back empty would.
    rmSync(join(folder, 'postgres', 'global'), { recursive: true })
    await killDatabase(folder)
    expect(await program.ended).toBe(1)
    expect(program.output().trim().split('\n').at(-1)).toMatch(/^DATA_DIR: PostgreSQL di .* tidak mau menyala/)
  })
})
