-- As before, at a third of the price: postings of one kind, minute and outcome are counted together before anything is
-- made of them, and the logarithm of a float takes a twentieth of the time that one of a numeric takes.
create or replace function count_payouts_v1(count_max integer) returns integer
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
    select f.merchant_id, f.account_id, f.kind, f.connector, date_trunc('minute', f.created_at, 'UTC') as minute_at,
      case f.kind when 'hold' then 'accepted' else e.state end as state,
      least(200, ceil(4 * ln(greatest(e.took_ms, 1)) / ln(2::float8)))::integer as bucket,
      count(*) as payouts, sum(f.paid_minor) as paid_minor
    from fresh f
    left join lateral (
      select p.state, extract(epoch from f.created_at - p.created_at)::float8 * 1000 as took_ms from payout p
      where f.kind in ('capture', 'release') and p.merchant_id = f.merchant_id and p.payout_id = f.payout_id
    ) e on true
    where f.payout_id is not null and f.kind in ('hold', 'send', 'recall', 'capture', 'release')
    group by 1, 2, 3, 4, 5, 6, 7
  ), change as (
    -- Where it was, and where it is.
    select s.merchant_id, a.currency, 'ever' as span, '-infinity'::timestamptz as starts_at, d.state,
      d.payouts * s.payouts as payouts, case d.state when 'paid' then s.paid_minor else 0 end as paid_minor
    from step s
    join account a on a.merchant_id = s.merchant_id and a.account_id = s.account_id
    cross join lateral (values
      ('queued', case s.kind when 'hold' then 1 when 'recall' then 1 when 'send' then -1
        when 'release' then case when s.connector is null then -1 end end),
      ('sent', case s.kind when 'send' then 1 when 'recall' then -1 when 'capture' then -1
        when 'release' then case when s.connector is not null then -1 end end),
      (s.state, case when s.kind in ('capture', 'release') then 1 end)
    ) as d (state, payouts)
    where d.payouts is not null and d.state is not null
    union all
    select s.merchant_id, a.currency, t.span, date_trunc(t.span, s.minute_at, 'UTC'), s.state, s.payouts, s.paid_minor
    from step s
    join account a on a.merchant_id = s.merchant_id and a.account_id = s.account_id
    cross join (values ('day'), ('minute')) as t (span)
    where s.kind in ('hold', 'capture', 'release') and s.state in ('accepted', 'paid', 'fail', 'cancel')
  ), counts as (
    insert into payout_count as c (merchant_id, currency, span, starts_at, state, payouts, paid_minor)
    select merchant_id, currency, span, starts_at, state, sum(payouts), sum(paid_minor) from change
    group by 1, 2, 3, 4, 5
    on conflict (merchant_id, currency, span, starts_at, state) do update
      set payouts = c.payouts + excluded.payouts, paid_minor = c.paid_minor + excluded.paid_minor
  ), outcomes as (
    insert into outcome_count as c (connector, hour_at, state, bucket, payouts)
    select connector, date_trunc('hour', minute_at, 'UTC'), state, bucket, sum(payouts)
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
