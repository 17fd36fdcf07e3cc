-- Debts noted in an imported sheet become one-off invoices only after the owner said so (rules 11).
alter table customer
  add column debt_amount     bigint check (debt_amount >= 0),  -- what the note seems to come to; null: it does not say
  add column debt_decided_at timestamptz;                      -- somebody said what becomes of it: an invoice, or none

-- The customers whose debt waits for a word.
create index customer_debt on customer (business_id, id)
  where debt_note is not null and debt_decided_at is null and withdrawn_at is null;

-- Answers that go on instead of closing: a "tidak" to one of several questions is the next question.
alter table question
  add column on_yes jsonb,                                     -- what a "ya" adds to args where the question is a free one
  add column on_no  jsonb;                                     -- what a "tidak" adds to args; null: it closes the question
