import type pg from 'pg'
import { findLateSequences, findOrphans, type Wrong } from './catalog.ts'

/**
 * What must hold in every database (faults, I1–I10), each as SQL that answers what is wrong, in words. `$1` is the
 * business, unless the check is about the whole database.
 */
export type Check = {
  id: string
  /** What holds, for the person who reads the list. */
  says: string
  /** Without one of these tables there is nothing to check yet. */
  needs: readonly string[]
  wrong: string | ((client: pg.ClientBase, businessId: number, limit: number) => Promise<Wrong>)
  /** About the database, not about one business. */
  whole?: boolean
  /** It can be wrong for a moment while the program works: looked at twice. */
  passing?: boolean
  /** It guards the data rather than being part of it: a restore that ends without it is undone. */
  guards?: boolean
}

const LEDGER = `'allocation', 'payment_reversal', 'invoice_line', 'audit', 'due_change'`

/** A message that left, may have left, or is about to. */
const LIVE = `('waiting', 'sending', 'sent', 'uncertain')`

const bills: readonly Check[] = [
  {
    id: 'I1',
    says: 'Satu langganan, satu tagihan tiap periode',
    needs: ['invoice'],
    wrong: `select 'langganan ' || subscription_id || ' periode ' || to_char(period, 'YYYY-MM') from invoice
             where business_id = $1 and kind = 'recurring' group by subscription_id, period having count(*) > 1
             union all
            select 'tagihan sekali ' || min(id) from invoice
             where business_id = $1 and source is not null group by source having count(*) > 1`,
  },
  {
    id: 'I1',
    says: 'Periode tagihan berurutan, tidak bertumpuk',
    needs: ['invoice'],
    wrong: `select 'tagihan ' || id from (
              select id, period, lag(period) over w as before, lag(months) over w as months from invoice
               where business_id = $1 and kind = 'recurring'
              window w as (partition by subscription_id order by period, id)) i
             where period < before + make_interval(months => months)`,
  },
  {
    id: 'I1',
    says: 'Nomor tagihan tidak kembar, penghitungnya tidak tertinggal',
    needs: ['invoice', 'invoice_counter'],
    wrong: `select 'nomor ' || number from invoice where business_id = $1 group by number having count(*) > 1
             union all
            select 'penghitung ' || i.month from (
              select substr(number, 5, 6) as month, max(substr(number, 12)::bigint) as last from invoice
               where business_id = $1 group by 1) i
              left join invoice_counter k on k.business_id = $1 and k.month = to_date(i.month, 'YYYYMM')
             where i.last > coalesce(k.last, 0)`,
  },
  {
    id: 'I2',
    says: 'Yang terbayar pada tagihan sama dengan jumlah buku besarnya',
    needs: ['invoice', 'allocation'],
    wrong: `select 'tagihan ' || i.id || ' ' || i.paid || ' dan ' || coalesce(a.amount, 0) from invoice i
              left join (select invoice_id, sum(amount) as amount from allocation where business_id = $1 group by 1) a
                on a.invoice_id = i.id
             where i.business_id = $1 and i.paid <> coalesce(a.amount, 0)`,
  },
  {
    id: 'I2',
    says: 'Yang terpakai dan kembali dari pembayaran sama dengan jumlah buku besarnya',
    needs: ['payment', 'allocation', 'payment_reversal'],
    wrong: `select 'pembayaran ' || p.id from payment p
              left join (select payment_id, sum(amount) as amount from allocation where business_id = $1 group by 1) a
                on a.payment_id = p.id
              left join (select payment_id, sum(amount) as amount from payment_reversal where business_id = $1 group by 1) r
                on r.payment_id = p.id
             where p.business_id = $1
               and (p.allocated <> coalesce(a.amount, 0) or p.returned <> coalesce(r.amount, 0))`,
  },
  {
    id: 'I2',
    says: 'Total tagihan sama dengan jumlah rinciannya',
    needs: ['invoice', 'invoice_line'],
    wrong: `select 'tagihan ' || i.id from invoice i
              left join (select invoice_id, sum(amount) as amount from invoice_line where business_id = $1 group by 1) l
                on l.invoice_id = i.id
             where i.business_id = $1 and i.total <> coalesce(l.amount, 0)`,
  },
  {
    id: 'I2',
    says: 'Pembayaran yang dibatalkan tidak membayar apa-apa lagi',
    needs: ['payment', 'payment_reversal'],
    wrong: `select 'pembayaran ' || p.id from payment p join payment_reversal r on r.business_id = p.business_id and r.payment_id = p.id
             where p.business_id = $1 and r.kind = 'undo' and (r.amount <> p.amount or p.allocated <> 0)`,
  },
  {
    id: 'I3',
    says: 'Setiap pembayaran punya jejak siapa yang mencatat',
    needs: ['payment', 'audit'],
    wrong: `select 'pembayaran ' || p.id from payment p
             where p.business_id = $1 and not exists (
               select from audit a where a.business_id = $1 and a.act = 'payment.record' and a.subject = 'payment:' || p.id)`,
  },
  // What was moved holds until the invoice of the period that was next then is issued; otherwise the newest invoice says
  // what follows it. Before the first one the date that was asked for stands.
  {
    id: 'R26',
    says: 'Jatuh tempo berikutnya cocok dengan tagihan terbaru dan perubahan terakhir',
    needs: ['subscription', 'invoice', 'due_change'],
    wrong: `select 'langganan ' || s.id || ' ' || s.next_due_on from subscription s
              left join lateral (
                select next_period, next_to, anchor_to from due_change d
                 where d.business_id = $1 and d.subscription_id = s.id order by id desc limit 1) d on true
              left join lateral (
                select due_on, months from invoice i
                 where i.business_id = $1 and i.subscription_id = s.id and i.kind = 'recurring'
                 order by period desc limit 1) n on true
             where s.business_id = $1 and s.status = 'active' and (
                   s.anchor_day <> d.anchor_to
                or s.next_due_on <> case when d.next_period = s.next_period then d.next_to
                                         else next_due(n.due_on, s.anchor_day, n.months) end
                or d.next_to is null and n.due_on is null and extract(day from s.next_due_on) <> least(
                     s.anchor_day, extract(day from date_trunc('month', s.next_due_on) + interval '1 month - 1 day')))`,
  },
  {
    id: 'R26',
    says: 'Periode berikutnya menyambung tagihan terbaru',
    needs: ['subscription', 'invoice'],
    wrong: `select 'langganan ' || s.id from subscription s
              join lateral (
                select (period + make_interval(months => months))::date as next from invoice i
                 where i.business_id = $1 and i.subscription_id = s.id and i.kind = 'recurring'
                 order by period desc limit 1) n on true
             where s.business_id = $1 and s.status = 'active' and s.next_period < n.next`,
  },
]

const messages: readonly Check[] = [
  {
    id: 'I4',
    says: 'Setiap pesan tagihan menyebut tagihannya, milik pelanggan itu',
    needs: ['message', 'message_invoice', 'invoice'],
    wrong: `select 'pesan ' || m.id from message m
             where m.business_id = $1 and m.kind = 'bill'
               and not exists (select from message_invoice l where l.business_id = $1 and l.message_id = m.id)
             union all
            select 'pesan ' || l.message_id || ' tagihan ' || l.invoice_id from message_invoice l
              left join message m on m.business_id = $1 and m.id = l.message_id
              left join invoice i on i.business_id = $1 and i.id = l.invoice_id
             where l.business_id = $1 and (m.kind is distinct from 'bill' or m.customer_id is distinct from i.customer_id)`,
  },
  {
    id: 'I4',
    says: 'Pengiriman satu tagihan bernomor urut tanpa celah',
    needs: ['message_invoice'],
    wrong: `select 'tagihan ' || invoice_id from message_invoice where business_id = $1
             group by invoice_id, purpose having min(round) <> 1 or max(round) <> count(*)`,
  },
  {
    id: 'I5',
    says: 'Satu pengiriman massal, satu pesan tiap pelanggan, dan hanya untuk tagihan yang belum dikirim',
    needs: ['message', 'message_invoice', 'broadcast'],
    wrong: `select 'siaran ' || broadcast_id || ' pelanggan ' || customer_id from message
             where business_id = $1 and broadcast_id is not null and status in ${LIVE}
             group by broadcast_id, customer_id having count(*) > 1
             union all
            select 'pesan ' || m.id from message m
              join broadcast b on b.business_id = m.business_id and b.id = m.broadcast_id and b.kind = 'bills'
             where m.business_id = $1 and m.kind = 'bill' and m.status in ${LIVE} and not exists (
               select from message_invoice l where l.business_id = $1 and l.message_id = m.id and not exists (
                 select from message_invoice o join message e on e.business_id = $1 and e.id = o.message_id
                  where o.business_id = $1 and o.invoice_id = l.invoice_id and o.purpose = l.purpose
                    and o.message_id < m.id and e.status in ('sent', 'uncertain')))`,
  },
  {
    id: 'I5',
    says: 'Tidak ada dua pesan dengan nomor yang sama di gerbangnya',
    needs: ['message'],
    wrong: `select 'pesan ' || min(id) || ' dan ' || max(id) from message
             where business_id = $1 and direction = 'out' and outside_id is not null
             group by channel, outside_id having count(*) > 1`,
  },
  {
    id: 'I6',
    says: 'Setiap pesan keluar jelas keadaannya; yang sedang dikirim ada pengirimnya',
    needs: ['message'],
    passing: true,
    wrong: `select 'pesan ' || id from message m
             where business_id = $1 and direction = 'out' and (
                   status not in ('waiting', 'sending', 'sent', 'failed', 'uncertain', 'cancelled')
                or status in ('sent', 'failed', 'uncertain') and settled_at is null
                or status = 'sending' and not exists (
                     select from pg_locks k where k.locktype = 'advisory' and k.granted
                        and k.database = (select oid from pg_database where datname = current_database())
                        and ((k.classid::bigint << 32) | k.objid::bigint)
                          = hashtextextended('send ' || m.business_id || ' ' || m.channel, 0)))`,
  },
  {
    id: 'I6',
    says: 'Pengiriman yang selesai tidak menyisakan pesan',
    needs: ['message', 'broadcast'],
    wrong: `select 'siaran ' || b.id from broadcast b
             where b.business_id = $1 and b.state = 'done' and exists (
               select from message m where m.business_id = $1 and m.broadcast_id = b.id and m.status in ('waiting', 'sending'))`,
  },
  {
    id: 'I7',
    says: 'Setiap pesan masuk dan kabar Midtrans tersimpan sekali',
    needs: ['message', 'notification'],
    wrong: `select 'pesan ' || min(id) || ' dan ' || max(id) from message
             where business_id = $1 and direction = 'in' group by channel, phone, outside_id having count(*) > 1
             union all
            select 'kabar ' || min(id) || ' dan ' || max(id) from notification
             where business_id = $1 group by provider, digest having count(*) > 1`,
  },
  {
    id: 'I7',
    says: 'Setiap transaksi Midtrans dicatat sekali',
    needs: ['payment', 'payment_order'],
    wrong: `select 'pembayaran ' || min(id) || ' dan ' || max(id) from payment
             where business_id = $1 group by source having count(*) > 1
             union all
            select 'percobaan bayar ' || o.id from payment_order o
             where o.business_id = $1 and o.state in ('paid', 'differs') and not exists (
               select from payment p where p.business_id = $1 and starts_with(p.source, 'midtrans:' || o.transaction_id || ':'))`,
  },
  {
    id: 'C18',
    says: 'Paling banyak satu pertanyaan terbuka tiap orang',
    needs: ['question'],
    wrong: `select 'pertanyaan ' || min(id) || ' dan ' || max(id) from question
             where business_id = $1 and closed_at is null group by phone having count(*) > 1`,
  },
]

const everywhere: readonly Check[] = [
  { id: 'I8', says: 'Setiap baris dan induknya milik usaha yang sama', needs: ['business'], wrong: findOrphans },
  {
    id: 'I8',
    says: 'Setiap usaha ada di direktori dengan alamatnya',
    needs: ['directory', 'business'],
    wrong: `select 'usaha ' || b.id from business b
             where b.id = $1 and not exists (
               select from directory d where d.kind = 'slug' and d.business_id = b.id and d.key = b.slug)`,
  },
  {
    id: 'ID',
    says: 'Penghitung nomor baris tidak tertinggal',
    needs: ['business'],
    wrong: findLateSequences,
  },
  {
    id: 'G8',
    says: 'Setiap tabel usaha dijaga aturannya, dan aturannya berlaku juga untuk pemiliknya',
    needs: ['business'],
    whole: true,
    guards: true,
    wrong: `select c.relname from pg_class c
             where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'directory'
               and (c.relname = 'business' or exists (
                 select from pg_attribute a where a.attrelid = c.oid and a.attname = 'business_id' and not a.attisdropped))
               and not (c.relrowsecurity and c.relforcerowsecurity and (
                 select count(*) = 1 and bool_and(pg_get_expr(p.polqual, p.polrelid) like '%app.business_id%')
                   from pg_policy p where p.polrelid = c.oid))`,
  },
  {
    id: 'I3',
    says: 'Buku besar hanya bisa ditambah, dan jumlahnya dijaga database',
    needs: ['allocation', 'payment_reversal', 'invoice_line', 'audit'],
    whole: true,
    guards: true,
    wrong: `select t.name || ' tanpa ' || t.guard from (values
              ('allocation', 'never_changes'), ('payment_reversal', 'never_changes'), ('invoice_line', 'never_changes'),
              ('audit', 'never_changes'), ('due_change', 'never_changes'), ('allocation', 'allocation_adds_up'), ('payment_reversal', 'reversal_adds_up')) t (name, guard)
             where to_regclass(t.name) is not null
               and not exists (select from pg_trigger g where g.tgrelid = to_regclass(t.name) and g.tgname = t.guard and g.tgenabled in ('O', 'A'))
             union all
            select table_name || ' boleh ' || lower(privilege_type) from information_schema.role_table_grants
             where grantee = (select rolname from pg_roles where oid = (select relowner from pg_class where oid = 'allocation'::regclass)) || '_app'
               and table_schema = 'public' and privilege_type in ('UPDATE', 'DELETE', 'TRUNCATE')
               and (privilege_type <> 'UPDATE' or table_name in (${LEDGER}))
             union all
            select conname || ' belum diperiksa' from pg_constraint
             where connamespace = 'public'::regnamespace and not convalidated`,
  },
  {
    id: 'I9',
    says: 'Antrean pekerjaan tidak memuat nomor HP atau kunci',
    needs: ['pgboss.job'],
    whole: true,
    wrong: `select 'pekerjaan ' || name || ' ' || id from pgboss.job
             where (coalesce(data::text, '') || coalesce(output::text, '')) ~ '\\m(62|0)8\\d{8,11}\\M|Mid-server-|Mid-client-'`,
  },
  {
    id: 'I10',
    says: 'Tidak ada transaksi yang terbuka lebih dari 60 detik',
    needs: [],
    whole: true,
    // A backup reads for as long as it takes, and holds nobody up.
    wrong: `select 'koneksi ' || pid || ' (' || application_name || ')' from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid() and application_name <> 'tagih backup'
               and xact_start < clock_timestamp() - interval '60 seconds'`,
  },
  {
    id: 'I10',
    says: 'Tidak ada pekerjaan yang macet tanpa pekerja',
    needs: ['pgboss.job'],
    whole: true,
    // Six heartbeats: supervision has had every chance to start it again.
    wrong: `select 'pekerjaan ' || name || ' ' || id from pgboss.job
             where state = 'active' and (started_on + expire_seconds * interval '1 second' < clock_timestamp()
                or heartbeat_on + 6 * heartbeat_seconds * interval '1 second' < clock_timestamp())`,
  },
]

export const CHECKS: readonly Check[] = [...bills, ...messages, ...everywhere]
