-- What the bench showed to be slow (docs/kinerja.md).

-- The same function as in 0001, without `strict`: PostgreSQL writes the body of a strict one with `least` into no query,
-- but calls it row by row.
create or replace function next_due(due_on date, anchor_day int, months int) returns date
  language sql immutable parallel safe as $$
  select least(
    (date_trunc('month', due_on::timestamp) + make_interval(months => months))::date + (anchor_day - 1),
    (date_trunc('month', due_on::timestamp) + make_interval(months => months + 1))::date - 1)
$$;

-- A recurring invoice belongs to the customer of its subscription: one key says so, and that the customer is there. Only
-- a one-off invoice has to name its customer by a key of its own; its column is empty for all others.
-- Without its own policy, which would hide every row from the check of what is there (policies.sql sets it again).
alter table invoice no force row level security;
alter table subscription no force row level security;
alter table customer no force row level security;
alter table subscription add unique (business_id, customer_id, id);
drop index subscription_customer;
alter table invoice
  add column one_off_customer_id bigint generated always as (case when subscription_id is null then customer_id end) stored,
  drop constraint invoice_business_id_subscription_id_fkey,
  drop constraint invoice_business_id_customer_id_fkey,
  add foreign key (business_id, customer_id, subscription_id) references subscription (business_id, customer_id, id),
  add foreign key (business_id, one_off_customer_id) references customer;
