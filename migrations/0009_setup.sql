-- Setting a business up: who its first owner is, and what they said about it.

-- The code with which a phone becomes the first owner (faults H17): shown to whoever has the server or the panel, sent from
-- that phone to the business's number, once, within minutes. Only its digest is kept.
create table activation (
  business_id  bigint not null references business,
  code_hash    text not null,
  expires_at   timestamptz not null,
  tries        int not null default 0,
  used_at      timestamptz,
  primary key (business_id)
);

-- The day on which this business's customers usually fall due, where they all do: taken when none is typed.
alter table business add column due_day int check (due_day between 1 and 31);
