-- A business that was put back from a backup. What happened between the backup and the loss is known outside and not
-- here: bills were sent, money was paid. So nothing is billed until a person says so who was told that (faults N19,
-- D12). One row for each restore, kept as history; while released_at is empty no bill and no broadcast leaves.
create table restoration (
  business_id  bigint not null references business,
  id           bigint generated always as identity,
  data_until   timestamptz,                                    -- the newest thing the backup knows of
  noticed_at   timestamptz,                                    -- when the program first ran on it, by its own clock
  matter       int,                                            -- asks the owner, once Midtrans was asked
  released_at  timestamptz,
  released_by  bigint,
  primary key (business_id, id),
  foreign key (business_id, matter) references matter,
  foreign key (business_id, released_by) references staff
);
create unique index restoration_held on restoration (business_id) where released_at is null;
