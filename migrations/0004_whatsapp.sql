-- ── The bot's own WhatsApp number ────────────────────────────────────────────────────────────────────

-- The number that a business linked, the way WhatsApp Web is linked. creds is the account itself: sealed with
-- SECRET_KEY, and gone the moment the link ends; the row stays and says when and why. A number belongs to one
-- business (H05); only whoever holds the phone can link it, so this unique key tells nobody anything new.
create table whatsapp_number (
  business_id  bigint not null references business,
  phone        text   not null check (phone ~ '^[1-9]\d{7,14}$'),
  creds        bytea,                                          -- sealed
  linked_at    timestamptz not null,
  ended_at     timestamptz,
  end_reason   text   check (end_reason in ('removed', 'unlinked')), -- on the phone, or by us
  primary key (business_id),
  check ((creds is null) = (ended_at is not null))
);
create unique index whatsapp_number_phone on whatsapp_number (phone) where creds is not null;

-- Signal's keys and sessions with everybody the number talks to; sealed, written together or not at all (C12).
-- What the protocol forgets keeps its row without a value.
create table whatsapp_key (
  business_id  bigint not null references business,
  type         text   not null,
  id           text   not null,
  value        bytea,                                          -- sealed
  primary key (business_id, type, id)
);

-- Which account stands behind a phone number, as WhatsApp said it first. Another account on the same phone may be
-- another person, who bought the number: staff rights wait until an owner says that it is still theirs (H04).
create table whatsapp_contact (
  business_id  bigint not null references business,
  phone        text   not null check (phone ~ '^[1-9]\d{7,14}$'),
  lid          text   not null,                                -- the account's hidden number
  learned_at   timestamptz not null,
  other_lid    text,                                           -- an account that is not trusted yet
  other_at     timestamptz,
  primary key (business_id, phone)
);
create index whatsapp_contact_lid on whatsapp_contact (business_id, lid);

-- When a person of the business last wrote by hand into a customer's chat: the bot is silent there for a while.
alter table conversation add column typed_at timestamptz;
