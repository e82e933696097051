-- Payouts whose details were dropped: what is left of them, and what holds that nothing else is lost.

-- What status, people, the audit and a late provider need of a payout that ended long ago; a row per payout, written in
-- the transaction that deletes its row in payout and everything that happened to it. Its amounts and its end are never
-- changed again. The recipient goes in its own time (forget_recipients_v1), which is mostly later.
create table archived_payout (
  merchant_id bigint not null,
  payout_id bigint not null,
  account_id uuid not null,
  order_id text not null,
  state text not null check (state in ('paid', 'fail', 'cancel')),
  version integer not null,
  attempts integer not null,
  service_code text not null,
  recipient_kind text not null,
  recipient_mask text not null,
  recipient_sealed bytea not null,
  recipient_hash bigint,
  recipient_deleted_at timestamptz,
  currency text not null,
  amount_minor bigint not null,
  due_minor bigint not null,
  debit_minor bigint not null,
  commission_minor bigint not null,
  percent_minor bigint not null,
  old_available_minor bigint not null,
  final_paid_minor bigint not null,
  final_commission_minor bigint not null,
  fail_reason text,
  rrn text,
  -- As in the payout, in order: attempt n went through the n-th of the different ones.
  connectors text[] not null,
  -- How the provider named the last attempt: what people ask it about after years.
  provider_id text,
  endpoint_id integer,
  created_at timestamptz not null,
  final_at timestamptz not null,
  -- When the merchant first acknowledged a notification; null: never, or there was nobody to tell.
  told_at timestamptz,
  archived_at timestamptz not null default clock_timestamp(),
  primary key (merchant_id, payout_id),
  check (debit_minor = due_minor + commission_minor),
  check ((state = 'paid') = (fail_reason is null))
) with (autovacuum_vacuum_insert_threshold = 100000);
create index archived_payout_by_id on archived_payout (payout_id);
create index archived_payout_by_recipient on archived_payout (recipient_hash) where recipient_hash is not null;
create trigger archived_payout_kept before delete or truncate on archived_payout
  for each statement execute function refuse_rewriting();
create trigger archived_payout_append_only before update of merchant_id, payout_id, account_id, order_id, state,
  version, attempts, service_code, recipient_kind, currency, amount_minor, due_minor, debit_minor, commission_minor,
  percent_minor, old_available_minor, final_paid_minor, final_commission_minor, fail_reason, rrn, connectors,
  provider_id, endpoint_id, created_at, final_at, told_at, archived_at on archived_payout
  for each statement execute function refuse_rewriting();

-- Every payout there is, for whoever looks for any of them. Hot statements read payout alone.
create view every_payout as
select merchant_id, payout_id, account_id, order_id, state, in_review, version, attempts, service_code, recipient_kind,
  recipient_mask, recipient_sealed, recipient_hash, recipient_deleted_at, currency, amount_minor, due_minor,
  debit_minor, commission_minor, percent_minor, old_available_minor, final_paid_minor, final_commission_minor,
  fail_reason, rrn, connectors, null::text as provider_id, endpoint_id, endpoint_url, created_at, final_at,
  null::timestamptz as told_at, null::timestamptz as archived_at
from payout
union all
select merchant_id, payout_id, account_id, order_id, state, false, version, attempts, service_code, recipient_kind,
  recipient_mask, recipient_sealed, recipient_hash, recipient_deleted_at, currency, amount_minor, due_minor,
  debit_minor, commission_minor, percent_minor, old_available_minor, final_paid_minor, final_commission_minor,
  fail_reason, rrn, connectors, provider_id, endpoint_id, null::text, created_at, final_at,
  told_at, archived_at
from archived_payout;

-- Details go with their payout and not otherwise: once its row is in archived_payout, in the same transaction or later.
create function refuse_losing() returns trigger language plpgsql as $$
begin
  if exists (
    select from gone g
    where not exists (
      select from archived_payout a where a.merchant_id = g.merchant_id and a.payout_id = g.payout_id)
  ) then
    raise exception '% is append-only: its rows go with a payout that is archived', tg_table_name;
  end if;
  return null;
end $$;
create trigger payout_goes_archived after delete on payout
  referencing old table as gone for each statement execute function refuse_losing();
create trigger attempt_goes_archived after delete on attempt
  referencing old table as gone for each statement execute function refuse_losing();
create trigger notification_goes_archived after delete on notification
  referencing old table as gone for each statement execute function refuse_losing();
create trigger transition_goes_archived after delete on transition
  referencing old table as gone for each statement execute function refuse_losing();
drop trigger transition_append_only on transition;
create trigger transition_append_only before update or truncate on transition
  for each statement execute function refuse_rewriting();

-- What a receiver answered is forgotten before the rest of a delivery is.
drop trigger delivery_append_only on delivery;
create trigger delivery_append_only before update of merchant_id, notification_id, try_no, started_at, duration_ms,
  status_code, error on delivery for each statement execute function refuse_rewriting();

-- How far the payouts and the answers of receivers of each merchant were looked at, beside its recipients: whoever
-- deletes anything of a merchant by its age holds this row, and the legal hold is in it. dropped_to: the highest
-- notification that went with its payout.
alter table recipient_walk
  add column archived_to bigint not null default 0,
  add column archive_at timestamptz not null default now(),
  add column dropped_to bigint not null default 0,
  add column answers_to bigint not null default 0,
  add column answers_at timestamptz not null default now();

-- A process of the version before would not find an archived payout: nothing is archived while one is there.
alter table process add column finds_archived boolean not null default false;

-- As before, and in archived payouts as well. A payout that is archived meanwhile is found in the second table: the
-- walk's lock keeps the two apart.
create or replace function forget_recipients_v1(keep interval, keep_masks boolean, count_max integer, again_ms bigint)
returns table (forgotten integer)
language plpgsql as $$
declare
  before timestamptz := now() - keep;
  walk recipient_walk;
  looked_at bigint[];
  last_id bigint;
  done integer := 0;
  late integer := 0;
  has_more boolean;
begin
  insert into recipient_walk (merchant_id)
  select m.merchant_id from merchant m
  where not exists (select from recipient_walk w where w.merchant_id = m.merchant_id) on conflict do nothing;
  select w.* into walk from recipient_walk w
  where w.hold_reason is null and w.next_at <= now() order by w.next_at limit 1 for update skip locked;
  if not found then
    return;
  end if;

  -- Those that were left for later, and whose time has come; then the next ones in order.
  with due as (
    select l.merchant_id, l.payout_id from recipient_later l
    where l.merchant_id = walk.merchant_id and l.final_after < before
    order by l.final_after limit count_max
  ), again as (
    update recipient_later l set final_after = coalesce(p.final_at, now())
    from due d join every_payout p on p.merchant_id = d.merchant_id and p.payout_id = d.payout_id
    where l.merchant_id = d.merchant_id and l.payout_id = d.payout_id
      and (p.final_at is null or p.final_at >= before)
    returning l.payout_id
  )
  select coalesce(array_agg(d.payout_id), '{}'), count(*) into looked_at, late
  from due d where d.payout_id not in (select a.payout_id from again a);
  delete from recipient_later l where l.merchant_id = walk.merchant_id and l.payout_id = any (looked_at);

  with next as (
    select p.payout_id, p.created_at, p.final_at from every_payout p
    where p.merchant_id = walk.merchant_id and p.payout_id > walk.walked_to order by p.payout_id limit count_max
  ), old as (
    -- Up to the first that is too young: ids grow with time.
    select n.* from (select *, bool_and(created_at < before) over (order by payout_id) as is_old from next) n
    where n.is_old
  ), later as (
    insert into recipient_later (merchant_id, payout_id, final_after)
    select walk.merchant_id, o.payout_id, coalesce(o.final_at, now()) from old o
    where o.final_at is null or o.final_at >= before
  )
  select max(o.payout_id), count(*),
    looked_at || coalesce(array_agg(o.payout_id) filter (where o.final_at < before), '{}')
  into last_id, done, looked_at from old o;

  update payout p set recipient_sealed = '', recipient_hash = null, recipient_deleted_at = clock_timestamp(),
    recipient_mask = case when keep_masks then p.recipient_mask else '' end
  where p.merchant_id = walk.merchant_id and p.payout_id = any (looked_at) and p.recipient_deleted_at is null;
  update archived_payout p set recipient_sealed = '', recipient_hash = null, recipient_deleted_at = clock_timestamp(),
    recipient_mask = case when keep_masks then p.recipient_mask else '' end
  where p.merchant_id = walk.merchant_id and p.payout_id = any (looked_at) and p.recipient_deleted_at is null;

  has_more := done = count_max or late = count_max;
  update recipient_walk w set walked_to = coalesce(last_id, w.walked_to),
    next_at = case when has_more then now() else now() + again_ms * interval '1 millisecond' end
  where w.merchant_id = walk.merchant_id;
  forgotten := cardinality(looked_at);
  return next;
end $$;
