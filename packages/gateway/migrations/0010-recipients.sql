-- Who was paid: found by the whole number without being readable, and forgotten in time.

-- recipient_hash is a keyed hash of the normalised number (secrets/seal): null for payouts that a process of the
-- version before accepted, until the workers have filled it in, and again once the recipient's data are deleted. Both
-- columns are null at first, so nothing is rewritten; neither changes while a payout lives, so its changes stay on its
-- page.
alter table payout add column recipient_hash bytea, add column recipient_deleted_at timestamptz;
create index payout_by_recipient on payout (recipient_hash) where recipient_hash is not null;
-- What is still to be filled in: nothing of what this version accepts ever enters it.
create index payout_without_hash on payout (payout_id) where recipient_hash is null and recipient_deleted_at is null;

-- accept_payouts_v2 is accept_payouts_v1 with one more column. It is made from the text of v1, so that the two cannot
-- differ in anything else; v1 stays for processes of the version before.
do $$
declare
  attributes text;
begin
  select string_agg(format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod),
    case a.attname when 'recipient_sealed' then ', recipient_hash bytea' else '' end), ', ' order by a.attnum)
  into attributes
  from pg_attribute a where a.attrelid = 'accept_item'::regclass and a.attnum > 0 and not a.attisdropped;
  execute format('create type accept_item_v2 as (%s)', attributes);
  execute replace(replace(replace(pg_get_functiondef('accept_payouts_v1'::regproc), 'accept_payouts_v1',
    'accept_payouts_v2'), 'accept_item', 'accept_item_v2'), 'recipient_sealed', 'recipient_sealed, recipient_hash');
end $$;

-- How far the recipients of each merchant were looked at for deletion, in the order of payouts; a row per merchant.
-- While hold_reason is set (a legal hold) nothing of the merchant is deleted.
create table recipient_walk (
  merchant_id bigint primary key references merchant,
  walked_to bigint not null default 0,
  next_at timestamptz not null default now(),
  hold_reason text check (length(hold_reason) between 1 and 1000),
  hold_set_by text,
  hold_set_at timestamptz,
  check ((hold_reason is null) = (hold_set_by is null) and (hold_reason is null) = (hold_set_at is null))
);

-- Payouts that were passed by although it was not their time yet: they took long to end. final_after: when they ended,
-- or until when they certainly had not.
create table recipient_later (
  merchant_id bigint not null,
  payout_id bigint not null,
  final_after timestamptz not null,
  primary key (merchant_id, payout_id)
);
create index recipient_later_due on recipient_later (merchant_id, final_after);

-- Deletes recipients' data of one merchant, up to count_max payouts that ended at least `keep` ago, in one transaction:
-- a crash leaves it undone and it is done again. Callers at the same time take different merchants. What is left: the
-- amounts, the order_id with its digest (an old order must never pay again), what merchants were told, and, with
-- keep_masks, the mask. No row: no merchant was due.
create function forget_recipients_v1(keep interval, keep_masks boolean, count_max integer, again_ms bigint)
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
    from due d join payout p on p.merchant_id = d.merchant_id and p.payout_id = d.payout_id
    where l.merchant_id = d.merchant_id and l.payout_id = d.payout_id
      and (p.final_at is null or p.final_at >= before)
    returning l.payout_id
  )
  select coalesce(array_agg(d.payout_id), '{}'), count(*) into looked_at, late
  from due d where d.payout_id not in (select a.payout_id from again a);
  delete from recipient_later l where l.merchant_id = walk.merchant_id and l.payout_id = any (looked_at);

  with next as (
    select p.payout_id, p.created_at, p.final_at from payout p
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

  has_more := done = count_max or late = count_max;
  update recipient_walk w set walked_to = coalesce(last_id, w.walked_to),
    next_at = case when has_more then now() else now() + again_ms * interval '1 millisecond' end
  where w.merchant_id = walk.merchant_id;
  forgotten := cardinality(looked_at);
  return next;
end $$;
