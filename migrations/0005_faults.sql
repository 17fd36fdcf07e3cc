-- What has to hold under faults, and stay cheap when there is much of it.

-- The next message to leave is found without looking at all that wait: answers first, then the running broadcasts in
-- order. With five thousand waiting, sorting them for every message took longer than sending it.
create index message_next on message (business_id, channel, id) where status = 'waiting' and broadcast_id is null;
create index message_next_of_broadcast on message (business_id, broadcast_id, id)
  where status = 'waiting' and broadcast_id is not null;
create index message_sending on message (business_id, channel) where status = 'sending';

-- When an order is asked about next; empty once nothing can come of it any more. An order that was closed because its
-- bill was paid another way can still be paid on the page that stands open, and one that expired was perhaps paid in
-- its last minute: both are asked about once more (faults P04, P12, M15).
alter table payment_order add column ask_at timestamptz;
-- The policy, forced, shows the rows of no business to the owner of the tables.
alter table payment_order no force row level security;
update payment_order set ask_at = least(coalesce(asked_at, made_at) + interval '15 minutes', expires_at)
 where state in ('made', 'open');
update payment_order set ask_at = expires_at + interval '24 hours' where state in ('closed', 'expired');
alter table payment_order force row level security;
create index payment_order_ask on payment_order (business_id, ask_at) where ask_at is not null;

-- Midtrans took back what it had called paid (Permata, Mandiri and Indomaret do within minutes): flagged, the owner
-- knows, the ledger stays as it is (faults P16).
alter table payment_order drop constraint payment_order_state_check;
alter table payment_order add constraint payment_order_state_check
  check (state in ('made', 'open', 'paid', 'differs', 'expired', 'closed', 'reversed'));

-- A notification that could not be worked on yet (Midtrans does not answer, its order is not here) is taken up again
-- then. The row is the truth and a job only a nudge (faults P06, N17).
alter table notification add column retry_at timestamptz;
alter table notification no force row level security;
update notification set retry_at = received_at where state = 'received';
alter table notification force row level security;
alter table notification add check ((state = 'received') = (retry_at is not null));
create index notification_retry on notification (business_id, retry_at) where retry_at is not null;
