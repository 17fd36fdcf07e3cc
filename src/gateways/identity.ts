import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { StartError } from '../domain/database.ts'

/** As whom the server runs: PostgreSQL refuses root. */
export type Identity = { uid?: number; gid?: number; namespace?: true }

/**
 * PostgreSQL does not run as root. As root it runs as the owner of the data folder, as `postgres` or as
 * `nobody`; where none of them may enter the folder (a 0700 home), as nobody of a user namespace.
 */
export function chooseIdentity(base: string, program: string): Identity {
  if (process.getuid?.() !== 0) return {}
  const owner = statSync(base)
  const candidates: (Identity | undefined)[] = [
    owner.uid === 0 ? undefined : { uid: owner.uid, gid: owner.gid },
    userNamed('postgres'),
    userNamed('nobody'),
    { namespace: true },
  ]
  for (const identity of candidates) {
    if (!identity) continue
    const run = as(identity, 'sh', ['-c', 'cd "$1" && "$0" --version', program, base])
    if (spawnSync(run.command, run.args, { ...run.options, stdio: 'ignore' }).status === 0) return identity
  }
  throw new StartError(
    `DATA_DIR: sebagai root, PostgreSQL tidak bisa memakai ${base}; jalankan sebagai pengguna biasa atau pilih folder lain.`,
  )
}

/** A command as that identity, far from the caller's folder and settings. */
export function as(identity: Identity, command: string, args: string[]) {
  const { uid, gid, namespace } = identity
  const options = { uid, gid, cwd: '/', env: environment() }
  return namespace
    ? { command: 'unshare', args: ['--user', '--map-user=65534', '--map-group=65534', '--', command, ...args], options }
    : { command, args, options }
}

function userNamed(name: string): { uid: number; gid: number } | undefined {
  const fields = existsSync('/etc/passwd')
    ? readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .find((line) => line.startsWith(`${name}:`))
        ?.split(':')
    : undefined
  return fields && { uid: Number(fields[2]), gid: Number(fields[3]) }
}

/** Nothing of the machine's own PostgreSQL settings may reach ours. */
function environment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('PG') && !name.startsWith('LC_'))
  return { ...Object.fromEntries(entries), LC_ALL: 'C' }
}
