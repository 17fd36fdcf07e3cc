-- Runs after the numbered files, every time: gives each table of a business its policy and the program its
-- rights. `<login>_app` is the role that every business transaction becomes; it owns nothing.
do $$
declare
  app    text := current_user || '_app';
  t      record;
  -- Ledger tables take new rows only; these columns of the others never change after the insert.
  ledger text[] := array['allocation', 'payment_reversal', 'invoice_line', 'audit', 'file', 'message_invoice',
                         'payment_order_invoice', 'directory', 'due_change'];
begin
  execute format('grant usage on schema public to %I', app);
  for t in
    select c.relname as name, exists (
             select from pg_attribute a where a.attrelid = c.oid and a.attname = 'business_id' and not a.attisdropped
           ) and c.relname <> 'directory' as own
      from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'migration'
  loop
    execute format('revoke all on %I from %I', t.name, app);
    if t.name = 'invoice' then
      execute format('grant select, insert, update (due_on, issue_on, voided_at, void_reason) on invoice to %I', app);
    elsif t.name = 'payment' then
      execute format('grant select, insert, update (held) on payment to %I', app);
    elsif t.name = any (ledger) then
      execute format('grant select, insert on %I to %I', t.name, app);
    else
      execute format('grant select, insert, update on %I to %I', t.name, app);
    end if;

    if t.own or t.name = 'business' then
      execute format('alter table %I enable row level security', t.name);
      execute format('alter table %I force row level security', t.name);
      execute format('drop policy if exists own on %I', t.name);
      -- The subselect is read once a statement instead of once a row.
      execute format(
        $p$create policy own on %I using (%I = (select nullif(current_setting('app.business_id', true), '')::bigint))$p$,
        t.name, case t.name when 'business' then 'id' else 'business_id' end);
    end if;
  end loop;
end $$;
