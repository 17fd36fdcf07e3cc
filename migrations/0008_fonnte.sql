-- Messages that come in by Fonnte's webhook. Nothing in them is signed, so money and mass commands need a one-time code
-- that only the phone's owner can have read (faults H01).
alter table business add column fonnte_device text check (fonnte_device ~ '^[1-9]\d{7,14}$'); -- the number of its Fonnte device

-- An incoming message that echoed the code which was sent to its phone.
alter table message add column proven boolean not null default false;

-- A question that awaits a code keeps its digest; one that a proven turn asked may be answered with a plain *ya*.
alter table question
  add column code_hash text,
  add column tries int not null default 0,
  add column proven boolean not null default false,
  add check ((awaits = 'code') = (code_hash is not null));
