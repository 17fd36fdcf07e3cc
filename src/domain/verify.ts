import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { listEveryBusiness, nameBusiness } from './backup/tables.ts'
import type { Wrong } from './verify/catalog.ts'
import { CHECKS, type Check } from './verify/checks.ts'

/** What a check found: how many rows are wrong, and some of them. Nothing was checked where its tables are missing. */
export type Finding = { check: Check; wrong: number; samples: string[]; skipped: boolean }

/** A full phone number or a key of Midtrans. */
const SECRETS = /(?<!\d)(62|0)8\d{8,11}(?!\d)|Mid-(server|client)-/

/** A running program may be between two steps that belong together; a second later it is past them. */
const PASSING_MS = 1_000

/** So many of the wrong ones are named. */
const SAMPLES = 3

/**
 * Checks the invariants of the data in the open transaction: once what concerns the whole database, then business by
 * business, each under its own policy.
 */
export async function verify(client: pg.ClientBase): Promise<Finding[]> {
  const businesses = await listEveryBusiness(client)
  const findings: Finding[] = []
  for (const check of CHECKS) {
    if (!(await hasTables(client, check.needs))) {
      findings.push({ check, wrong: 0, samples: [], skipped: true })
      continue
    }
    let finding = await look(client, check, businesses)
    if (finding.wrong > 0 && check.passing) {
      await sleep(PASSING_MS)
      finding = await look(client, check, businesses)
    }
    findings.push(finding)
  }
  return findings
}

/** What a check says of the whole database, or of each business in turn. */
async function look(
  client: pg.ClientBase,
  check: Check,
  businesses: readonly { id: number; slug: string }[],
): Promise<Finding> {
  const finding: Finding = { check, wrong: 0, samples: [], skipped: false }
  for (const business of check.whole ? [undefined] : businesses) {
    if (business) await nameBusiness(client, business.id)
    const { wrong, samples } = await runCheck(client, check, business?.id)
    finding.wrong += wrong
    const room = SAMPLES - finding.samples.length
    finding.samples.push(...samples.slice(0, room).map((what) => (business ? `${business.slug}: ${what}` : what)))
  }
  return finding
}

async function hasTables(client: pg.ClientBase, names: readonly string[]): Promise<boolean> {
  const { rows } = await client.query('select bool_and(to_regclass(n) is not null) as all from unnest($1::text[]) n', [
    names,
  ])
  return rows[0].all ?? true
}

async function runCheck(client: pg.ClientBase, check: Check, businessId?: number): Promise<Wrong> {
  if (typeof check.wrong !== 'string') return check.wrong(client, businessId as number, SAMPLES)
  const { rows } = await client.query<Wrong>(
    `with found (what) as (${check.wrong})
     select (select count(*)::int from found) as wrong, array(select what::text from found limit ${SAMPLES}) as samples`,
    check.whole ? [] : [businessId],
  )
  return rows[0] as Wrong
}

const IN_LOG: Check = { id: 'I9', says: 'Catatan PostgreSQL tidak memuat nomor HP atau kunci', needs: [], wrong: '' }

/** Reads a log for what must never stand in one. */
export async function findInLog(file: string): Promise<Finding> {
  const finding: Finding = { check: IN_LOG, wrong: 0, samples: [], skipped: false }
  let number = 0
  for await (const line of createInterface({ input: createReadStream(file) })) {
    number++
    if (!SECRETS.test(line)) continue
    finding.wrong++
    if (finding.samples.length < SAMPLES) finding.samples.push(`baris ${number}`)
  }
  return finding
}

/** One line for a check, as `npm run verify` prints it. */
export function showFinding({ check, wrong, samples, skipped }: Finding): string {
  if (skipped) return `- ${check.id} ${check.says} (tabelnya belum ada)`
  if (wrong === 0) return `✓ ${check.id} ${check.says}`
  return `✗ ${check.id} ${check.says}: ${wrong} salah, contoh ${samples.join('; ')}`
}
