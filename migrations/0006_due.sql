-- What moved a subscription's due date other than issuing (rules 23–26): a fact with who and when, so that next_due_on
-- can be computed again by anybody (verify) and one *batal* takes a whole act back.
create table due_change (
  business_id     bigint not null,
  id              bigint generated always as identity,
  subscription_id bigint not null,
  cause           text   not null,                             -- the act it belongs to: 'message:12'
  kind            text   not null check (kind in ('move', 'align', 'skip', 'undo')),
  -- The period that was next then: what is set here holds until that period's invoice is issued.
  next_period     date   not null check (extract(day from next_period) = 1),
  anchor_from     int    not null,
  anchor_to       int    not null check (anchor_to between 1 and 31),
  next_from       date   not null,
  next_to         date   not null,
  invoice_id      bigint,                                      -- the invoice whose due date moved with it
  invoice_from    date,
  invoice_to      date,
  staff_id        bigint,
  at              timestamptz not null,
  primary key (business_id, id),
  foreign key (business_id, subscription_id) references subscription,
  foreign key (business_id, invoice_id) references invoice,
  foreign key (business_id, staff_id) references staff,
  check ((invoice_id is null) = (invoice_from is null) and (invoice_id is null) = (invoice_to is null))
);
create index due_change_subscription on due_change (business_id, subscription_id, id);
create index due_change_cause on due_change (business_id, cause);
create trigger never_changes before update or delete on due_change for each row execute function never_changes();
