-- Which payment a message is the receipt of, so that whoever takes the payment back finds it.
alter table message
  add column payment_id bigint,
  add foreign key (business_id, payment_id) references payment;
create index message_payment on message (business_id, payment_id) where payment_id is not null;
