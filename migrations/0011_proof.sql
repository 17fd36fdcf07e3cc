-- Whose phone it is has to be shown, once and again after a long silence (faults H07, H17).

-- A staff phone has its rights until then; every message from it moves this on. Null: a phone that somebody typed, and
-- nobody has shown to hold. Who is there today is taken as proven. As a default of the column's birth, because a row's
-- policy would hide it from an update.
alter table staff add column proven_until timestamptz default now() + interval '60 days';
alter table staff alter column proven_until drop default;

-- Whose phone a code proves (null: it makes the first owner), and the code itself, sealed, so that the panel can show it
-- as long as it is good.
alter table activation
  add column staff_id bigint,
  add column code bytea,
  add foreign key (business_id, staff_id) references staff;

-- The account (LID) behind an incoming message where it is not the trusted one of its phone: nothing but a code is read
-- from it (H04).
alter table message add column account text;
