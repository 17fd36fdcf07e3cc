-- Which payment a message is the receipt of, so that whoever takes the payment back finds it.
alter table message
  add column payment_id bigint,
  add foreign key (business_id, payment_id) references payment;
create index message_payment on message (business_id, payment_id) where payment_id is not null;

-- Until now the undo of a payment named its receipt. Without the policies, which would hide the rows; policies.sql sets them.
alter table message no force row level security;
alter table undo no force row level security;
alter table payment no force row level security;
update message m set payment_id = known.payment_id
  from (select u.business_id, p.id::bigint as payment_id, r.id::bigint as message_id
          from undo u
         cross join lateral jsonb_array_elements_text(u.args -> 'paymentIds') with ordinality as p (id, place)
          join lateral jsonb_array_elements_text(u.args -> 'receiptIds') with ordinality as r (id, place) using (place)
         where u.command = 'payment.record') known
 where m.business_id = known.business_id and m.id = known.message_id;
