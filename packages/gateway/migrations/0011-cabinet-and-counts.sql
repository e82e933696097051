-- People of merchants: they sign in like operators do, and see and do what is their own merchant's.

-- The role says which of the two APIs a user is let into; a user of a merchant is bound to it for ever. Code that does
-- not know the role merchant ranks it below every role it knows.
alter table operator_user
  drop constraint operator_user_role_check,
  add constraint operator_user_role_check check (role in ('viewer', 'operator', 'approver', 'owner', 'merchant')),
  add column merchant_id bigint references merchant,
  add constraint operator_user_of_merchant check ((role = 'merchant') = (merchant_id is not null));
create index operator_user_by_merchant on operator_user (merchant_id) where merchant_id is not null;

-- Who has the secret chooses the user's password, once. A new one ends the ones before.
create table invitation (
  secret_hash bytea primary key,
  user_id bigint not null references operator_user,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index invitation_by_user on invitation (user_id);

-- What the overview shows, counted as postings come in: looking at millions of payouts each time somebody opens a page
-- would cost more than all the work. Counted is what is posted: each step of a payout is one posting.

-- span ever: how many there are in a state now (queued: not sent; sent: with a provider, be it in review), or ended so.
-- minute and day (UTC): how many were accepted, and how many ended how, in it. Minutes are kept for two hours.
create table payout_count (
  merchant_id bigint not null,
  currency text not null,
  span text not null check (span in ('ever', 'day', 'minute')),
  starts_at timestamptz not null,
  state text not null check (state in ('accepted', 'queued', 'sent', 'paid', 'fail', 'cancel')),
  payouts bigint not null,
  paid_minor numeric not null,
  primary key (merchant_id, currency, span, starts_at, state)
);
create index payout_count_by_span on payout_count (span, starts_at);

-- How payouts ended that a connector had, by hour, and how long they took: bucket n holds those of up to 2^(n/4)
-- milliseconds from accepted to final, so a quantile read from it is at most a fifth too high. Kept for eight days.
create table outcome_count (
  connector text not null,
  hour_at timestamptz not null,
  state text not null check (state in ('paid', 'fail', 'cancel')),
  bucket integer not null check (bucket between 0 and 200),
  payouts bigint not null,
  primary key (connector, hour_at, state, bucket)
);

-- The postings of each account up to posting_id are counted. Within an account, postings are committed in the order of
-- their ids, because whoever takes an id holds the balance's lock: none can appear later on this side of the mark.
create table count_mark (
  merchant_id bigint not null,
  account_id uuid not null,
  posting_id bigint not null,
  primary key (merchant_id, account_id)
);
-- One process counts at a time; its row is the lock.
create table count_progress (
  only_row boolean primary key default true check (only_row),
  counted_at timestamptz
);
insert into count_progress default values;

-- Counts up to count_max postings that are new, together with the marks: a crash leaves both undone. Returns how many
-- there were; null: another process is counting.
create function count_payouts_v1(count_max integer) returns integer
language plpgsql as $$
declare
  counted integer;
begin
  perform 1 from count_progress for update skip locked;
  if not found then
    return null;
  end if;
  insert into count_mark (merchant_id, account_id, posting_id)
  select a.merchant_id, a.account_id, 0 from account a
  where not exists (select from count_mark m where m.merchant_id = a.merchant_id and m.account_id = a.account_id);

  with fresh as materialized (
    -- Whoever was counted last comes last: a busy account does not keep the others waiting.
    select n.* from (select m.* from count_mark m order by m.posting_id) m
    cross join lateral (
      select p.merchant_id, p.account_id, p.posting_id, p.kind, p.payout_id, p.connector, p.paid_minor, p.created_at
      from posting p
      where p.merchant_id = m.merchant_id and p.account_id = m.account_id and p.posting_id > m.posting_id
      order by p.posting_id limit count_max
    ) n
    limit count_max
  ), marked as (
    update count_mark m set posting_id = f.last_id
    from (select merchant_id, account_id, max(posting_id) as last_id from fresh group by 1, 2) f
    where m.merchant_id = f.merchant_id and m.account_id = f.account_id
  ), step as materialized (
    select f.*, a.currency, case f.kind when 'hold' then 'accepted' else e.state end as state, e.took_ms
    from fresh f
    join account a on a.merchant_id = f.merchant_id and a.account_id = f.account_id
    left join lateral (
      select p.state, extract(epoch from f.created_at - p.created_at) * 1000 as took_ms from payout p
      where f.kind in ('capture', 'release') and p.merchant_id = f.merchant_id and p.payout_id = f.payout_id
    ) e on true
    where f.payout_id is not null and f.kind in ('hold', 'send', 'recall', 'capture', 'release')
  ), change as (
    -- Where it was, and where it is.
    select merchant_id, currency, 'ever' as span, '-infinity'::timestamptz as starts_at, d.state, d.payouts,
      case d.state when 'paid' then paid_minor else 0 end as paid_minor
    from step cross join lateral (values
      ('queued', case kind when 'hold' then 1 when 'recall' then 1 when 'send' then -1
        when 'release' then case when connector is null then -1 end end),
      ('sent', case kind when 'send' then 1 when 'recall' then -1 when 'capture' then -1
        when 'release' then case when connector is not null then -1 end end),
      (state, case when kind in ('capture', 'release') then 1 end)
    ) as d (state, payouts)
    where d.payouts is not null and d.state is not null
    union all
    select merchant_id, currency, s.span, date_trunc(s.span, created_at, 'UTC'), state, 1, paid_minor
    from step cross join (values ('day'), ('minute')) as s (span)
    where kind in ('hold', 'capture', 'release') and state in ('accepted', 'paid', 'fail', 'cancel')
  ), counts as (
    insert into payout_count as c (merchant_id, currency, span, starts_at, state, payouts, paid_minor)
    select merchant_id, currency, span, starts_at, state, sum(payouts), sum(paid_minor) from change
    group by 1, 2, 3, 4, 5
    on conflict (merchant_id, currency, span, starts_at, state) do update
      set payouts = c.payouts + excluded.payouts, paid_minor = c.paid_minor + excluded.paid_minor
  ), outcomes as (
    insert into outcome_count as c (connector, hour_at, state, bucket, payouts)
    select connector, date_trunc('hour', created_at, 'UTC'), state,
      least(200, greatest(0, ceil(4 * log(2, greatest(took_ms, 1)::numeric))))::integer, count(*)
    from step
    where kind in ('capture', 'release') and connector is not null and state in ('paid', 'fail', 'cancel')
    group by 1, 2, 3, 4
    on conflict (connector, hour_at, state, bucket) do update set payouts = c.payouts + excluded.payouts
  )
  select count(*) into counted from fresh;

  delete from payout_count where span = 'minute' and starts_at < now() - interval '2 hours';
  delete from outcome_count where hour_at < now() - interval '8 days';
  update count_progress set counted_at = clock_timestamp();
  return counted;
end $$;

-- Each process says that it is there, and how much it has in hand.
create table process (
  process_id uuid primary key,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  serves boolean not null,
  works boolean not null,
  payouts_in_hand integer not null,
  notifications_in_hand integer not null
);

alter table audit_progress add column last_pass_at timestamptz;
