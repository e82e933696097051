-- Applying decided changes to payouts, a batch at a time: the only writer of payouts after they were accepted.
-- What happens is decided in core/payout; this function writes an item whole or not at all.

create type payout_change as (
  item integer, merchant_id bigint, payout_id bigint, account_id uuid, version integer, fence integer,
  from_state text, to_state text, cause text, actor text, evidence jsonb,
  final_paid_minor bigint, final_commission_minor bigint, fail_reason text, rrn text,
  posting_kind text, posting_connector text, available_minor bigint, held_minor bigint, clearing_minor bigint,
  paid_minor bigint, commission_minor bigint, receivable_minor bigint, funding_minor bigint,
  attempt_no integer, attempt_connector text, attempt_reference text, attempt_state text, attempt_provider_id text,
  attempt_answer jsonb,
  -- null ends the payout's job, -1 leaves it to the lease of whoever has it
  run_in_ms bigint, notifications jsonb, incident_kind text, incident_detail jsonb
);

-- Returns a row for each item that was applied, and one more for each of its notifications with its id, in the order
-- in which they were given. Of the other items nothing was written: the payout has moved on since it was read
-- (version), or another worker owns its job now (fence).
create function apply_payouts_v1(input json) returns table (item integer, notification_id bigint)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  changes payout_change[];
  written integer[];
  live payout_change[];
  told_items integer[];
  told_ids bigint[];
begin
  changes := array(select t from json_populate_recordset(null::payout_change, input) t);

  -- 1. The job and then the payout, in key order. What may be written: the fence is the present owner's, and the
  -- version decided upon is still the present one; both are looked at again after whatever had to be waited for. Of
  -- several changes to one payout in a batch the first counts. Jobs are looked up one by one (lateral, limit): a queue
  -- that was empty when the plan was made looks so small to the planner that it would read all jobs of the kind for
  -- each.
  with fenced as (
    select c.*
    from (
      select distinct on (c.merchant_id, c.payout_id) c.* from unnest(changes) c
      order by c.merchant_id, c.payout_id, c.item
    ) c
    left join lateral (
      select j.fence from job j
      where j.kind = 'payout' and j.merchant_id = c.merchant_id and j.subject_id = c.payout_id limit 1 for update
    ) j on true
    where c.fence is null or j.fence = c.fence
  ), written as (
    update payout p set state = c.to_state, version = p.version + 1,
      final_paid_minor = coalesce(c.final_paid_minor, p.final_paid_minor),
      final_commission_minor = coalesce(c.final_commission_minor, p.final_commission_minor),
      fail_reason = coalesce(c.fail_reason, p.fail_reason),
      rrn = coalesce(c.rrn, p.rrn),
      final_at = case when c.from_state <> c.to_state and c.to_state in ('paid', 'fail', 'cancel')
        then clock_timestamp() else p.final_at end,
      attempts = greatest(p.attempts, coalesce(c.attempt_no, 0))
    from fenced c
    where p.merchant_id = c.merchant_id and p.payout_id = c.payout_id
      and p.version = c.version and p.state = c.from_state
    returning c.item
  )
  select coalesce(array_agg(item), '{}') into written from written;
  if cardinality(written) = cardinality(changes) then
    live := changes;
  else
    live := array(select c from unnest(changes) c where c.item = any (written));
  end if;

  -- 2. How it came to this, and what follows: the notifications with their jobs, the payout's own next step, and what a
  -- person must see.
  with c as materialized (
    select * from unnest(live)
  ), transitions as (
    insert into transition (merchant_id, payout_id, version, from_state, to_state, cause, actor, evidence, created_at)
    select merchant_id, payout_id, version + 1, from_state, to_state, cause, actor, evidence, clock_timestamp()
    from c where from_state <> to_state
  ), attempts as (
    insert into attempt as a (merchant_id, payout_id, attempt_no, connector, reference, state, provider_id, answer,
      started_at, ended_at)
    select merchant_id, payout_id, attempt_no, attempt_connector, attempt_reference, attempt_state,
      attempt_provider_id, attempt_answer, clock_timestamp(),
      case when attempt_state in ('succeeded', 'rejected', 'void') then clock_timestamp() end
    from c where attempt_no is not null
    on conflict (merchant_id, payout_id, attempt_no) do update
      set state = excluded.state, provider_id = coalesce(excluded.provider_id, a.provider_id),
        answer = coalesce(excluded.answer, a.answer), asks = a.asks + 1, ended_at = excluded.ended_at
  ), new as materialized (
    -- lease_ms: how long the caller owns the notification's job from its first moment on; null: it is queued.
    select c.item, c.merchant_id, c.account_id, c.payout_id, nextval('notification_id') as notification_id, n.*
    from c
    cross join lateral jsonb_to_recordset(c.notifications)
      as n (endpoint_id integer, url text, method text, signed_text text, lane text, dead boolean, lease_ms bigint)
    where c.notifications is not null
  ), notifications as (
    insert into notification (merchant_id, notification_id, payout_id, account_id, endpoint_id, url, method,
      signed_text, state, ended_at)
    select merchant_id, notification_id, payout_id, account_id, endpoint_id, url, method, signed_text,
      case when dead then 'dead' else 'pending' end, case when dead then clock_timestamp() end
    from new
  ), announced as (
    insert into job (kind, merchant_id, subject_id, lane, run_at, fence)
    select 'notification', merchant_id, notification_id, lane,
      clock_timestamp() + coalesce(lease_ms, 0) * interval '1 millisecond',
      case when lease_ms is null then 0 else 1 end
    from new where not dead
  ), done as (
    -- The rows are locked, so they stay where they are.
    delete from job j using (
      select own.ctid from c
      cross join lateral (
        select j.ctid from job j
        where j.kind = 'payout' and j.merchant_id = c.merchant_id and j.subject_id = c.payout_id limit 1
      ) own
      where c.run_in_ms is null
    ) done where j.ctid = done.ctid
  ), again as (
    insert into job (kind, merchant_id, subject_id, run_at)
    select 'payout', merchant_id, payout_id, clock_timestamp() + run_in_ms * interval '1 millisecond'
    from c where run_in_ms >= 0
    on conflict (kind, merchant_id, subject_id) do update set run_at = excluded.run_at
  ), incidents as (
    insert into incident (merchant_id, payout_id, kind, detail)
    select merchant_id, payout_id, incident_kind, incident_detail from c where incident_kind is not null
  )
  -- Ids were taken in the order of the announcements.
  select array_agg(item order by notification_id), array_agg(notification_id order by notification_id)
  into told_items, told_ids from new;

  -- 3. Balances last, because the next batch waits for them, and in account order like every other writer of them.
  perform 1 from balance b
  where (b.merchant_id, b.account_id) in (
    select c.merchant_id, c.account_id from unnest(live) c where c.posting_kind is not null)
  order by b.merchant_id, b.account_id for no key update;

  with c as materialized (
    select * from unnest(live) where posting_kind is not null order by merchant_id, account_id, item
  ), postings as (
    insert into posting (merchant_id, account_id, posting_id, kind, payout_id, connector, available_minor, held_minor,
      clearing_minor, paid_minor, commission_minor, receivable_minor, funding_minor, available_after_minor, actor)
    select c.merchant_id, c.account_id, nextval('posting_id'), c.posting_kind, c.payout_id, c.posting_connector,
      c.available_minor, c.held_minor, c.clearing_minor, c.paid_minor, c.commission_minor, c.receivable_minor,
      c.funding_minor, c.available_after_minor, c.actor
    from (
      select c.*, b.available_minor + (sum(c.available_minor)
        over (partition by c.merchant_id, c.account_id order by c.item))::bigint as available_after_minor
      from c
      join balance b on b.merchant_id = c.merchant_id and b.account_id = c.account_id
    ) c
  )
  update balance b set available_minor = b.available_minor + m.available_minor,
    held_minor = b.held_minor + m.held_minor, clearing_minor = b.clearing_minor + m.clearing_minor,
    paid_minor = b.paid_minor + m.paid_minor, commission_minor = b.commission_minor + m.commission_minor,
    receivable_minor = b.receivable_minor + m.receivable_minor, funding_minor = b.funding_minor + m.funding_minor
  from (
    select merchant_id, account_id, sum(available_minor)::bigint as available_minor,
      sum(held_minor)::bigint as held_minor, sum(clearing_minor)::bigint as clearing_minor,
      sum(paid_minor)::bigint as paid_minor, sum(commission_minor)::bigint as commission_minor,
      sum(receivable_minor)::bigint as receivable_minor, sum(funding_minor)::bigint as funding_minor
    from c group by 1, 2
  ) m
  where b.merchant_id = m.merchant_id and b.account_id = m.account_id;

  return query
    select c.item, null::bigint from unnest(live) c
    union all select * from unnest(told_items, told_ids);
end $$;
