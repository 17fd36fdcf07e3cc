import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { CHECKS } from '../../src/domain/verify/checks.ts'
import { type Finding, findInLog, showFinding, verify } from '../../src/domain/verify.ts'
import { createTestBusiness, openTestBooks } from '../support/database.ts'
import { liveAMonth } from '../support/life.ts'

const { open, openBooks, database, clock, url } = await openTestBooks()
await open((books) => liveAMonth(books))
const neighbour = await createTestBusiness(database, clock, 'tetangga')
await openBooks(neighbour, (books) => liveAMonth(books))

const superuser = new pg.Client({ connectionString: sameDatabase(inject('superuserUrl')) })
const login = new pg.Client({ connectionString: url })
await Promise.all([superuser.connect(), login.connect()])
afterAll(() => Promise.all([superuser.end(), login.end()]))

function sameDatabase(server: string): string {
  const address = new URL(server)
  address.pathname = new URL(url).pathname
  return address.toString()
}

/** Breaks something with every guard off, and looks as the program's own login would; all of it is undone. */
async function breakAndVerify(damage: string): Promise<Finding[]> {
  await superuser.query('begin')
  try {
    await superuser.query(`set local session_replication_role = replica`)
    await superuser.query(damage)
    await superuser.query('set local role tagih')
    return await verify(superuser)
  } finally {
    await superuser.query('rollback')
  }
}

test('a busy month holds in both businesses', async () => {
  await login.query('begin read only')
  const findings = await verify(login)
  await login.query('rollback')
  expect(findings).toHaveLength(CHECKS.length)
  expect(findings.filter(({ wrong, skipped }) => wrong > 0 || skipped).map(showFinding)).toEqual([])
})

/** The columns of a table that make a row anew, with some of them changed. */
function copyRow(table: string, columns: string, changed: string, where: string): string {
  return `insert into ${table} (${columns}) overriding system value select ${changed} from ${table} where ${where} limit 1`
}

const PAID = `(select id from invoice where business_id = 1 and status = 'paid' limit 1)`
const SENT = `business_id = 1 and direction = 'out' and kind = 'bill'`
const INVOICE =
  'business_id, id, customer_id, subscription_id, kind, number, period, plan_name, due_on, issue_on, issued_on, issued_at, total'
const copyInvoice = (number: string, period: string) =>
  copyRow(
    'invoice',
    INVOICE,
    `business_id, 900000, customer_id, subscription_id, kind, ${number}, ${period}, plan_name, due_on, issue_on, issued_on, issued_at, 0`,
    `business_id = 1 and kind = 'recurring'`,
  )

/** What is broken, and the line that must tell. */
const damages: [says: RegExp, damage: string][] = [
  [/satu tagihan tiap periode/, `drop index invoice_period; ${copyInvoice(`'INV-202612-90000'`, 'period')}`],
  [
    /Periode tagihan berurutan/,
    `update invoice set months = 3 where business_id = 1 and kind = 'recurring'; ${copyInvoice(`'INV-202612-90000'`, `(period + interval '2 months')::date`)}`,
  ],
  [
    /Nomor tagihan tidak kembar/,
    `alter table invoice drop constraint invoice_business_id_number_key; ${copyInvoice('number', `(period + interval '1 month')::date`)}`,
  ],
  [/penghitungnya tidak tertinggal/, `update invoice_counter set last = last - 1 where business_id = 1`],
  [/Yang terbayar pada tagihan/, `update invoice set paid = paid - 1 where id = ${PAID}`],
  [/Yang terbayar pada tagihan/, `delete from allocation where business_id = 1 and invoice_id = ${PAID}`],
  [/Yang terpakai dan kembali/, `update payment set allocated = allocated - 1 where business_id = 1 and allocated > 0`],
  [/Yang terpakai dan kembali/, `delete from payment_reversal where business_id = 1`],
  [/Total tagihan/, `update invoice_line set amount = amount + 1 where business_id = 1`],
  [
    /Pembayaran yang dibatalkan/,
    `update payment_reversal set amount = amount - 1 where business_id = 1; update payment set returned = returned - 1 where business_id = 1 and returned > 0`,
  ],
  [/jejak siapa yang mencatat/, `delete from audit where business_id = 1 and act = 'payment.record'`],
  [/Jatuh tempo berikutnya/, `update subscription set next_due_on = next_due_on + 1 where business_id = 1`],
  [
    /Jatuh tempo berikutnya/,
    `update subscription s set next_due_on = i.due_on from invoice i where i.business_id = 1 and s.business_id = 1 and i.subscription_id = s.id`,
  ],
  [
    /Jatuh tempo berikutnya/,
    `delete from invoice where business_id = 1; update subscription set next_due_on = next_due_on + 1 where business_id = 1`,
  ],
  [
    /Periode berikutnya/,
    `update subscription set next_period = (next_period - interval '1 month')::date where business_id = 1`,
  ],
  [/menyebut tagihannya/, `delete from message_invoice where business_id = 1`],
  [/menyebut tagihannya/, `update message set customer_id = customer_id + 1 where ${SENT}`],
  [/bernomor urut tanpa celah/, `update message_invoice set round = 2 where business_id = 1`],
  [
    /satu pesan tiap pelanggan/,
    `update message set customer_id = (select max(customer_id) from message where ${SENT}) where ${SENT}`,
  ],
  [
    /hanya untuk tagihan yang belum dikirim/,
    `insert into message (business_id, id, direction, channel, outside_id, phone, kind, broadcast_id, customer_id, status, at, not_before, settled_at) overriding system value
     select business_id, 900000 + id, direction, channel, 'again' || id, phone, kind, null, customer_id, status, at, not_before, settled_at from message where ${SENT};
     insert into message_invoice select business_id, invoice_id, purpose, 2, 900000 + message_id from message_invoice where business_id = 1;
     insert into broadcast (business_id, id, kind, state, started_by, started_at) overriding system value select business_id, 900000, kind, state, started_by, started_at from broadcast where business_id = 1;
     update message set broadcast_id = 900000 where id > 900000`,
  ],
  [/nomor yang sama di gerbangnya/, `update message set outside_id = 'x' where ${SENT}`],
  [/jelas keadaannya/, `update message set settled_at = null where ${SENT}`],
  [/yang sedang dikirim ada pengirimnya/, `update message set status = 'sending' where ${SENT}`],
  [/tidak menyisakan pesan/, `update message set status = 'waiting' where ${SENT}`],
  [
    /tersimpan sekali/,
    `drop index message_outside; insert into message (business_id, id, direction, channel, outside_id, phone, kind, status, at, not_before) overriding system value
     select business_id, 900000, direction, channel, outside_id, phone, kind, status, at, not_before from message where business_id = 1 and direction = 'in' limit 1`,
  ],
  [
    /tersimpan sekali/,
    `alter table notification drop constraint notification_business_id_provider_digest_key; insert into notification (business_id, id, provider, digest, body, state, received_at) overriding system value
     select business_id, 900000, provider, digest, body, state, received_at from notification where business_id = 1`,
  ],
  [/Setiap transaksi Midtrans/, `update payment set source = 'x' where business_id = 1 and channel = 'midtrans'`],
  [
    /satu pertanyaan terbuka/,
    `drop index question_open; insert into question (business_id, id, phone, command, args, awaits, asked_at, expires_at) overriding system value
     select business_id, 900000, phone, command, args, awaits, asked_at, expires_at from question where business_id = 1`,
  ],
  [
    /milik usaha yang sama/,
    `update invoice set customer_id = (select min(id) from customer where business_id = 2) where id = ${PAID}`,
  ],
  [
    /milik usaha yang sama/,
    `update message set cause_id = (select min(id) from message where business_id = 2) where business_id = 1 and cause_id is not null`,
  ],
  [/ada di direktori/, `delete from directory where business_id = 1`],
  [
    /Penghitung nomor baris/,
    `select setval(pg_get_serial_sequence('payment', 'id'), 1); update payment set source = source`,
  ],
  [/dijaga aturannya/, `alter table payment no force row level security`],
  [/dijaga aturannya/, `drop policy own on customer; create policy own on customer using (true)`],
  [/dijaga aturannya/, `create table rahasia (business_id bigint not null, id bigint)`],
  [/Buku besar hanya bisa ditambah/, `alter table allocation disable trigger never_changes`],
  [/Buku besar hanya bisa ditambah/, `drop trigger allocation_adds_up on allocation`],
  [/Buku besar hanya bisa ditambah/, `grant update on payment_reversal to tagih_app`],
  [
    /Buku besar hanya bisa ditambah/,
    `alter table staff drop constraint staff_business_id_fkey; alter table staff add constraint staff_business_id_fkey foreign key (business_id) references business not valid`,
  ],
  [
    /Antrean pekerjaan/,
    `insert into pgboss.job_common (name, output) values ('errand', '{"message": "phone 6285700001101"}')`,
  ],
  [
    /pekerjaan yang macet/,
    `insert into pgboss.job_common (name, state, started_on, expire_seconds) values ('errand', 'active', clock_timestamp() - interval '1 hour', 60)`,
  ],
]

test.each(damages)('%s fails when that is broken: %s', async (says, damage) => {
  const findings = await breakAndVerify(damage)
  const found = findings.find(({ check }) => says.test(check.says)) as Finding
  expect(found.wrong, showFinding(found)).toBeGreaterThan(0)
  expect(found.samples.length).toBeGreaterThan(0)
  expect(showFinding(found)).toMatch(/^✗ /)
})

test('every check has something here that breaks it', () => {
  const untried = CHECKS.filter(({ says }) => !damages.some(([line]) => line.test(says))).map(({ says }) => says)
  // This one needs a transaction that stood open for a minute; the next test waits for none.
  expect(untried).toEqual(['Tidak ada transaksi yang terbuka lebih dari 60 detik'])
})

test('a transaction that stays open is found', async () => {
  const check = CHECKS.find(({ says }) => says.includes('terbuka lebih dari 60 detik'))
  await login.query('begin')
  await login.query('select 1')
  const { rows } = await superuser.query(String(check?.wrong).replace('60 seconds', '0 seconds'))
  await login.query('rollback')
  expect(rows.length).toBeGreaterThan(0)
})

test('a neighbour’s damage is named as the neighbour’s', async () => {
  const findings = await breakAndVerify(`update invoice set paid = 1 where business_id = 2 and paid = 0`)
  const found = findings.find(({ check }) => check.says.startsWith('Yang terbayar')) as Finding
  expect(found.samples).toHaveLength(3)
  expect(found.samples.every((sample) => sample.startsWith('tetangga: tagihan '))).toBe(true)
})

describe('a log', () => {
  const read = (text: string) => {
    const file = join(tmpdir(), `tagih-log-${randomUUID()}`)
    writeFileSync(file, text)
    return findInLog(file)
  }

  test('with a phone number or a key is found, by its line', async () => {
    const found = await read('LOG: ready\nDETAIL: Key (phone)=(6285700001101)\nx SB-Mid-server-abc y\n')
    expect(found).toMatchObject({ wrong: 2, samples: ['baris 2', 'baris 3'] })
  })

  test('with nothing but times and numbers is fine', async () => {
    expect(await read('2026-11-24 09:00:00 UTC [1795709214595] LOG: 62 checkpoints 0812\n')).toMatchObject({ wrong: 0 })
  })
})
