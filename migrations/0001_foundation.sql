-- The data of Tagih. This file is the manual of the tables: what each row is, and what can never be.
--
-- Every table of a business has business_id first in its keys and a policy of row-level security, so that a
-- forgotten condition shows nothing instead of a neighbour's books (faults G8). Statuses are text with a
-- check: an enum's equality is not leakproof and would lose its index under the policy.
-- No default is now(): every time comes from the program's clock.

-- ── Who ──────────────────────────────────────────────────────────────────────────────────────────────

-- One tenant. Sealed columns are encrypted with SECRET_KEY (domain/secret.ts).
create table business (
  id                 bigint generated always as identity primary key,
  slug               text    not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$'),
  name               text    not null check (name <> ''),
  zone               text    not null default 'Asia/Jakarta',
  package            text    not null default 'dasar' check (package in ('dasar', 'bisnis')),
  service            text    not null default 'internet',      -- what its bills are for: "tagihan internet Desember"
  bank_account       text,                                     -- shown on bills as written: "BCA 0000123456 a.n. Joko"
  quiet_from         text    not null default '20:00' check (quiet_from  ~ '^([01]\d|2[0-3]):[0-5]\d$'),
  quiet_until        text    not null default '07:00' check (quiet_until ~ '^([01]\d|2[0-3]):[0-5]\d$'),
  pace_seconds       int     not null default 8 check (pace_seconds >= 0), -- between two messages of a broadcast
  hourly_cap         int     check (hourly_cap > 0),
  daily_cap          int     check (daily_cap > 0),
  fonnte_token       bytea,                                    -- sealed
  fonnte_secret      text    not null,                         -- the unguessable part of its webhook address
  midtrans_key       bytea,                                    -- sealed server key
  midtrans_production boolean not null default false,
  created_at         timestamptz not null
);

-- What must be found before a business is known. No policy, and nothing of a customer in it.
create table directory (
  kind         text   not null check (kind in ('slug')),
  key          text   not null,
  business_id  bigint not null references business,
  primary key (kind, key)
);

create table staff (
  business_id  bigint not null references business,
  id           bigint generated always as identity,
  name         text   not null,
  call_name    text,                                           -- how the bot addresses them: "Pak Joko"
  phone        text   not null check (phone ~ '^[1-9]\d{7,14}$'),
  role         text   not null check (role in ('owner', 'admin', 'collector', 'technician', 'viewer')),
  added_at     timestamptz not null,
  removed_at   timestamptz,
  primary key (business_id, id)
);
create unique index staff_phone on staff (business_id, phone) where removed_at is null;

-- Who pays. name is as the owner wrote it; name_key is what is searched: lower case, without titles.
create table customer (
  business_id  bigint not null references business,
  id           bigint generated always as identity,
  number       text   not null,                                -- No Pelanggan: the owner's, else one we gave
  name         text   not null check (name <> ''),
  name_key     text   not null check (name_key <> ''),
  address      text,
  area         text,
  area_key     text   not null default '',                     -- "rt 5 rw 4": the form in which areas are compared
  email        text,
  note         text,
  debt_note    text,                                           -- a debt noted in the imported sheet, not billed yet (rules 11)
  opted_out_at timestamptz,                                    -- wants no unasked messages
  wrote_at     timestamptz,                                    -- has written to us at least once (error 463)
  import_id    bigint,
  added_at     timestamptz not null,
  withdrawn_at timestamptz,                                    -- taken back; matching and lists ignore it (rules 40)
  primary key (business_id, id)
);
create unique index customer_number on customer (business_id, lower(number)) where withdrawn_at is null;
create index customer_name on customer (business_id, name_key);

-- One phone may belong to several customers (a landlord), one customer may have several.
create table customer_phone (
  business_id  bigint not null,
  customer_id  bigint not null,
  phone        text   not null check (phone ~ '^[1-9]\d{7,14}$'),
  kind         text   not null check (kind in ('mobile', 'landline')),
  position     int    not null default 0,                      -- 0 is the one that bills go to
  primary key (business_id, customer_id, phone),
  foreign key (business_id, customer_id) references customer
);
create index customer_phone_phone on customer_phone (business_id, phone);

-- ── What is sold ─────────────────────────────────────────────────────────────────────────────────────

create table plan (
  business_id  bigint not null references business,
  id           bigint generated always as identity,
  name         text   not null check (name <> ''),
  name_key     text   not null check (name_key <> ''),
  price        bigint not null check (price >= 0),
  months       int    not null default 1 check (months between 1 and 24),
  lead_days    int    not null default 19,                     -- an invoice is issued so many days before it is due
  billing      text   not null default 'prepaid' check (billing in ('prepaid', 'postpaid')),
  import_id    bigint,
  added_at     timestamptz not null,
  archived_at  timestamptz,
  primary key (business_id, id),
  check (lead_days between 0 and 28 * months)                  -- rules 3
);
create unique index plan_name on plan (business_id, name_key) where archived_at is null;

-- customer × plan. next_due_on is written by issuing, moving, pausing and stopping alone (rules 26);
-- next_period is a chain of its own (rules 5): the first day of the month the next invoice is for.
create table subscription (
  business_id   bigint not null,
  id            bigint generated always as identity,
  customer_id   bigint not null,
  plan_id       bigint not null,
  own_price     bigint check (own_price >= 0),                 -- instead of the plan's
  anchor_day    int    not null check (anchor_day between 1 and 31), -- the day asked for, not the day reached (rules 2)
  next_due_on   date   not null,
  next_period   date   not null check (extract(day from next_period) = 1),
  status        text   not null check (status in ('active', 'paused', 'stopped')),
  started_on    date   not null,                               -- from this day on invoices may be issued for it
  parked_at     timestamptz,                                   -- too many invoices fell due at once: a person decides (rules 4)
  primary key (business_id, id),
  foreign key (business_id, customer_id) references customer,
  foreign key (business_id, plan_id) references plan
);
create index subscription_customer on subscription (business_id, customer_id);
create index subscription_due on subscription (business_id, next_due_on) where status = 'active';

-- ── What is owed ─────────────────────────────────────────────────────────────────────────────────────

-- What is owed for one period: a snapshot, never recomputed (rules 7, faults M05).
create table invoice (
  business_id      bigint not null,
  id               bigint generated always as identity,
  customer_id      bigint not null,
  subscription_id  bigint,
  kind             text   not null check (kind in ('recurring', 'one_off')),
  source           text,                                       -- what asked for a one-off invoice (faults M02)
  number           text   not null check (number ~ '^INV-\d{6}-\d{5,}$'),
  period           date   check (extract(day from period) = 1),
  months           int    not null default 1,
  plan_name        text   not null,
  due_on           date   not null,
  issue_on         date   not null,                            -- the regular day of issue
  issued_on        date   not null,                            -- the day it was issued
  issued_at        timestamptz not null,
  total            bigint not null check (total >= 0),
  paid             bigint not null default 0,                  -- the sum of its allocations; only the trigger writes it
  voided_at        timestamptz,
  void_reason      text,
  status           text   not null generated always as
                     (case when voided_at is not null then 'void' when paid >= total then 'paid' else 'open' end) stored,
  primary key (business_id, id),
  unique (business_id, customer_id, id),
  unique (business_id, number),
  foreign key (business_id, customer_id) references customer,
  foreign key (business_id, subscription_id) references subscription,
  check ((kind = 'recurring') = (subscription_id is not null and period is not null)),
  check (kind = 'recurring' or source is not null),
  check (paid between 0 and total)
);
-- G1, M01: one invoice per subscription and period, whatever crashes or repeats; voided ones included.
create unique index invoice_period on invoice (business_id, subscription_id, period) where kind = 'recurring';
create unique index invoice_source on invoice (business_id, source) where source is not null;
create index invoice_customer on invoice (business_id, customer_id, due_on);
create index invoice_open on invoice (business_id, due_on) where status = 'open';

create table invoice_line (
  business_id  bigint not null,
  invoice_id   bigint not null,
  position     int    not null,
  text         text   not null,
  amount       bigint not null,
  added_at     timestamptz not null,
  added_by     bigint,
  primary key (business_id, invoice_id, position),
  foreign key (business_id, invoice_id) references invoice,
  foreign key (business_id, added_by) references staff
);

-- The last number given in a month; the row is locked while numbers are given (rules 8).
create table invoice_counter (
  business_id  bigint not null references business,
  month        date   not null,
  last         int    not null,
  primary key (business_id, month)
);

-- ── What came in: an append-only ledger (faults M08) ─────────────────────────────────────────────────

-- Money in. `source` names what it came from (a chat message and its line, a Midtrans transaction), so that
-- the same money is never recorded twice (M18, P02). Credit is amount − allocated − returned.
create table payment (
  business_id  bigint not null,
  id           bigint generated always as identity,
  customer_id  bigint not null,
  amount       bigint not null check (amount > 0),
  method       text   not null check (method in ('cash', 'transfer', 'qris', 'va', 'ewallet', 'midtrans')),
  paid_on      date   not null,
  channel      text   not null check (channel in ('chat', 'midtrans')),
  source       text   not null,
  recorded_by  bigint,
  recorded_at  timestamptz not null,
  held         boolean not null default false,                 -- received, and a person has still to say what it is for (rules 21)
  allocated    bigint not null default 0,                      -- only the trigger writes these two
  returned     bigint not null default 0,
  primary key (business_id, id),
  unique (business_id, customer_id, id),
  unique (business_id, source),
  foreign key (business_id, customer_id) references customer,
  foreign key (business_id, recorded_by) references staff,
  check (allocated >= 0 and returned >= 0 and allocated + returned <= amount),
  check (not held or allocated = 0)
);
create index payment_customer on payment (business_id, customer_id, id);
create index payment_day on payment (business_id, paid_on);

-- Which invoice a payment pays. Negative rows take it back. customer_id is in both keys, so that the money
-- of one customer can never pay the invoice of another.
create table allocation (
  business_id  bigint not null,
  id           bigint generated always as identity,
  customer_id  bigint not null,
  payment_id   bigint not null,
  invoice_id   bigint not null,
  amount       bigint not null check (amount <> 0),
  reason       text   not null check (reason in ('payment', 'credit', 'undo')),
  at           timestamptz not null,
  primary key (business_id, id),
  foreign key (business_id, customer_id, payment_id) references payment (business_id, customer_id, id),
  foreign key (business_id, customer_id, invoice_id) references invoice (business_id, customer_id, id)
);
create index allocation_invoice on allocation (business_id, invoice_id);
create index allocation_payment on allocation (business_id, payment_id);

-- Money that went out again, or was never there (an undo). A second undo has no place (M12).
create table payment_reversal (
  business_id  bigint not null,
  id           bigint generated always as identity,
  payment_id   bigint not null,
  kind         text   not null check (kind in ('undo')),
  amount       bigint not null check (amount > 0),
  recorded_by  bigint,
  recorded_at  timestamptz not null,
  primary key (business_id, id),
  foreign key (business_id, payment_id) references payment,
  foreign key (business_id, recorded_by) references staff
);
create unique index payment_reversal_once on payment_reversal (business_id, payment_id) where kind = 'undo';

-- What an invoice shows as paid is the sum of its ledger rows (I2): nobody else may write it.
create function allocation_adds_up() returns trigger language plpgsql security definer set search_path = public as $$
begin
  update invoice i set paid = i.paid + a.amount
    from (select business_id, invoice_id, sum(amount) as amount from added group by 1, 2) a
   where i.business_id = a.business_id and i.id = a.invoice_id;
  update payment p set allocated = p.allocated + a.amount
    from (select business_id, payment_id, sum(amount) as amount from added group by 1, 2) a
   where p.business_id = a.business_id and p.id = a.payment_id;
  return null;
end $$;
create trigger allocation_adds_up after insert on allocation
  referencing new table as added for each statement execute function allocation_adds_up();

create function reversal_adds_up() returns trigger language plpgsql security definer set search_path = public as $$
begin
  update payment set returned = returned + new.amount where business_id = new.business_id and id = new.payment_id;
  return null;
end $$;
create trigger reversal_adds_up after insert on payment_reversal for each row execute function reversal_adds_up();

-- History is never rewritten (G3, I3), not even by the owner of the tables.
create function never_changes() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'integrity_constraint_violation';
end $$;

-- ── Midtrans ─────────────────────────────────────────────────────────────────────────────────────────

-- One try to pay, made before Midtrans is asked (P06). order_id has a fixed length and ends in a letter (P09).
create table payment_order (
  business_id    bigint not null references business,
  id             bigint generated always as identity,
  order_id       text   not null check (order_id ~ '^TGH-[A-Z0-9]{15}[A-Z]$'),
  phone          text   not null,                              -- who asked, and gets the receipt
  amount         bigint not null check (amount > 0),
  state          text   not null check (state in ('made', 'open', 'paid', 'differs', 'expired', 'closed')),
  url            text,
  made_at        timestamptz not null,
  expires_at     timestamptz not null,
  asked_at       timestamptz,                                  -- when the status was last asked
  transaction_id text,
  primary key (business_id, id),
  unique (business_id, order_id)
);
create index payment_order_phone on payment_order (business_id, phone) where state in ('made', 'open');

create table payment_order_invoice (
  business_id  bigint not null,
  order_id     bigint not null,
  position     int    not null,
  customer_id  bigint not null,
  invoice_id   bigint not null,
  amount       bigint not null check (amount > 0),
  primary key (business_id, order_id, position),
  foreign key (business_id, order_id) references payment_order,
  foreign key (business_id, customer_id, invoice_id) references invoice (business_id, customer_id, id)
);
create index payment_order_invoice_invoice on payment_order_invoice (business_id, invoice_id);

-- A notification is first a row, then work. The digest of its body makes the second delivery nothing.
create table notification (
  business_id  bigint not null references business,
  id           bigint generated always as identity,
  provider     text   not null check (provider in ('midtrans')),
  digest       text   not null,
  body         jsonb  not null,
  state        text   not null check (state in ('received', 'handled')),
  result       text,
  received_at  timestamptz not null,
  handled_at   timestamptz,
  primary key (business_id, id),
  unique (business_id, provider, digest)
);

-- ── Words in and out ─────────────────────────────────────────────────────────────────────────────────

create table file (
  business_id  bigint not null references business,
  id           bigint generated always as identity,
  name         text   not null,
  mime         text   not null,
  bytes        bytea  not null,
  at           timestamptz not null,
  primary key (business_id, id)
);

-- Many messages started by one act.
create table broadcast (
  business_id  bigint not null references business,
  id           bigint generated always as identity,
  kind         text   not null check (kind in ('bills', 'reminders')),
  state        text   not null check (state in ('running', 'stopped', 'done')),
  stop_reason  text,
  started_by   bigint not null,
  started_at   timestamptz not null,
  finished_at  timestamptz,
  primary key (business_id, id),
  foreign key (business_id, started_by) references staff
);

-- Every message, in and out; the outgoing ones are the queue. An incoming one is stored under its outside
-- identity before anything is done with it (C04); an outgoing one is claimed, sent and marked (N01):
--   in:  received → handled | failed
--   out: waiting → sending → sent | failed | uncertain, or cancelled
create table message (
  business_id  bigint not null references business,
  id           bigint generated always as identity,
  direction    text   not null check (direction in ('in', 'out')),
  channel      text   not null check (channel in ('bot', 'fonnte')),
  outside_id   text,                                           -- theirs, or ours chosen before the first try
  phone        text   not null check (phone ~ '^[1-9]\d{7,14}$'),
  kind         text   not null,
  text         text   not null default '',
  file_id      bigint,
  quoted_id    bigint,
  cause_id     bigint,                                         -- the incoming message that led to this one
  broadcast_id bigint,
  customer_id  bigint,
  status       text   not null,
  reason       text,
  understood   jsonb,                                          -- what was read from an incoming message
  at           timestamptz not null,
  not_before   timestamptz not null,
  claimed_at   timestamptz,
  settled_at   timestamptz,
  attempts     int    not null default 0,
  primary key (business_id, id),
  foreign key (business_id, file_id) references file,
  foreign key (business_id, broadcast_id) references broadcast,
  foreign key (business_id, customer_id) references customer,
  check (case direction
           when 'in' then status in ('received', 'handled', 'failed')
           else status in ('waiting', 'sending', 'sent', 'failed', 'uncertain', 'cancelled') end)
);
create unique index message_outside on message (business_id, channel, phone, outside_id) where direction = 'in';
create index message_unhandled on message (business_id, phone, id) where direction = 'in' and status = 'received';
create index message_waiting on message (business_id, channel, id) where status in ('waiting', 'sending');
create index message_broadcast on message (business_id, broadcast_id, status) where broadcast_id is not null;
create index message_phone on message (business_id, phone, id);
create index message_cause on message (business_id, cause_id) where cause_id is not null;
create index message_claimed on message (business_id, channel, claimed_at) where broadcast_id is not null;

-- Which invoices a message is about. One message per invoice, purpose and round (I4); a deliberate repeat
-- is the next round. Two people who start the same run meet here.
create table message_invoice (
  business_id  bigint not null,
  invoice_id   bigint not null,
  purpose      text   not null check (purpose in ('bill')),
  round        int    not null,
  message_id   bigint not null,
  primary key (business_id, invoice_id, purpose, round),
  foreign key (business_id, invoice_id) references invoice,
  foreign key (business_id, message_id) references message
);
create index message_invoice_message on message_invoice (business_id, message_id);

-- One row per phone that wrote: locked while a turn is taken, and what the bot remembers of its manners.
create table conversation (
  business_id  bigint not null references business,
  phone        text   not null,
  hinted_at    timestamptz,                                    -- when it last said that it did not understand
  primary key (business_id, phone)
);

-- A command that has some of its words and waits for one more. One open question per person (C18).
create table question (
  business_id  bigint not null,
  id           bigint generated always as identity,
  phone        text   not null,
  command      text   not null,
  args         jsonb  not null,
  awaits       text   not null,                                -- 'yes', 'choice', 'more' or the name of an argument
  choices      jsonb,
  firm         boolean not null default false,                 -- "ok" is asked once more (mass sending)
  asked_at     timestamptz not null,
  expires_at   timestamptz not null,
  closed_at    timestamptz,
  primary key (business_id, id),
  foreign key (business_id, phone) references conversation
);
create unique index question_open on question (business_id, phone) where closed_at is null;

-- Work of a turn that needs the outside or much time; done outside any transaction, finished in a second one.
create table errand (
  business_id  bigint not null references business,
  id           uuid   not null,
  cause_id     bigint not null,
  phone        text   not null,
  kind         text   not null,
  args         jsonb  not null,
  state        text   not null check (state in ('open', 'done', 'failed')),
  attempts     int    not null default 0,
  at           timestamptz not null,
  done_at      timestamptz,
  primary key (business_id, id),
  foreign key (business_id, cause_id) references message
);

-- An act that can be taken back, and how.
create table undo (
  business_id  bigint not null,
  id           bigint generated always as identity,
  staff_id     bigint not null,
  command      text   not null,
  args         jsonb  not null,
  summary      text   not null,
  at           timestamptz not null,
  undone_at    timestamptz,
  undone_by    bigint,
  primary key (business_id, id),
  foreign key (business_id, staff_id) references staff
);
create index undo_staff on undo (business_id, staff_id, id);

-- What reached a person unasked and waits for an answer by its number: "ya 15" (voice, principle 13).
create table matter (
  business_id  bigint not null references business,
  number       int    not null,
  kind         text   not null,
  args         jsonb  not null,
  summary      text   not null,
  opened_at    timestamptz not null,
  closed_at    timestamptz,
  closed_by    bigint,
  decision     text   check (decision in ('yes', 'no')),
  primary key (business_id, number)
);

-- ── Import ───────────────────────────────────────────────────────────────────────────────────────────

-- A customer list that was sent. Its rows are kept as read, so that the preview, the answer and the file that goes
-- back speak of the same thing, and a crash loses nothing.
create table import (
  business_id  bigint not null references business,
  id           bigint generated always as identity,
  file_id      bigint not null,
  staff_id     bigint not null,
  state        text   not null check (state in ('read', 'applied', 'withdrawn')),
  reading      jsonb  not null,                                -- headings, skipped rows, what is missing
  at           timestamptz not null,
  primary key (business_id, id),
  foreign key (business_id, file_id) references file,
  foreign key (business_id, staff_id) references staff
);

create table import_row (
  business_id  bigint not null,
  import_id    bigint not null,
  position     int    not null,
  sheet        text   not null,
  row_number   int    not null,                                -- as the sheet program shows it
  outcome      text   not null check (outcome in ('ready', 'rejected')),
  facts        jsonb  not null,                                -- what was read, or why it could not be
  primary key (business_id, import_id, position),
  foreign key (business_id, import_id) references import
);

-- ── Time and trace ───────────────────────────────────────────────────────────────────────────────────

-- Which daily acts were started for which day: a tick asks what is missing, so an outage heals itself (J01).
create table daily_run (
  business_id  bigint not null references business,
  act          text   not null,
  day          date   not null,
  at           timestamptz not null,
  primary key (business_id, act, day)
);

create table audit (
  business_id  bigint not null references business,
  id           bigint generated always as identity,
  at           timestamptz not null,
  actor        text   not null,                                -- 'staff:3', 'customer:62…', 'system'
  act          text   not null,
  subject      text,                                           -- 'payment:12'
  facts        jsonb  not null default '{}',
  primary key (business_id, id)
);

do $$
declare t text;
begin
  foreach t in array array['allocation', 'payment_reversal', 'invoice_line', 'audit'] loop
    execute format('create trigger never_changes before update or delete on %I for each row execute function never_changes()', t);
  end loop;
end $$;

-- The due date that follows: months on, on the anchor day or the last day of a shorter month. The same as
-- nextDue in calendar.ts, for set-based issuing.
create function next_due(due_on date, anchor_day int, months int) returns date
  language sql immutable strict parallel safe as $$
  select least(
    (date_trunc('month', due_on::timestamp) + make_interval(months => months))::date + (anchor_day - 1),
    (date_trunc('month', due_on::timestamp) + make_interval(months => months + 1))::date - 1)
$$;
