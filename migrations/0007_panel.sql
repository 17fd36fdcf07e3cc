-- Who may come into the panel, and for how long. Of every token only a digest is kept: whoever reads the database, or
-- a backup of it, cannot sign in with what stands here. A token begins with its business, so that no directory has to be
-- asked before the books are open.

-- argon2id with its salt and cost in one text; null until the person chose one.
alter table staff add column password text;

-- A link that signs in once: printed on the console, or sent by the bot to the person it is for.
create table access_link (
  business_id  bigint not null references business,
  digest       text   not null,
  staff_id     bigint,                                         -- null: there is no owner yet, this link sets one up
  made_at      timestamptz not null,
  expires_at   timestamptz not null,
  used_at      timestamptz,                                    -- used, or replaced by a newer one
  primary key (business_id, digest),
  foreign key (business_id, staff_id) references staff
);
create index access_link_open on access_link (business_id, staff_id) where used_at is null;

-- A browser that is signed in.
create table session (
  business_id  bigint not null references business,
  digest       text   not null,
  staff_id     bigint,                                         -- null: set-up before there is an owner
  made_at      timestamptz not null,
  seen_at      timestamptz not null,
  expires_at   timestamptz not null,
  ended_at     timestamptz,
  primary key (business_id, digest),
  foreign key (business_id, staff_id) references staff
);
create index session_open on session (business_id, staff_id) where ended_at is null;

-- Tries to sign in with a password, counted per account and per address (S04). key is a digest of either.
create table sign_in_try (
  business_id  bigint not null references business,
  key          text   not null,
  since        timestamptz not null,
  count        int    not null check (count >= 0),
  primary key (business_id, key)
);

-- Forms that were done: the second press of a button, or a retry of the browser, is nothing (M17).
create table form_use (
  business_id  bigint not null references business,
  token        text   not null,
  digest       text   not null,                                -- keyed: a form can hold a password
  at           timestamptz not null,
  primary key (business_id, token)
);

-- A new time zone holds from tomorrow on (rules 33).
alter table business
  add column next_zone    text,
  add column next_zone_at timestamptz,
  add check ((next_zone is null) = (next_zone_at is null));
