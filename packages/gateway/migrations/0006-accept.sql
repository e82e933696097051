-- Accepting a batch of orders: one round trip, one transaction. docs/decisions/0003 tells why this is a function.
-- Each statement of a function sees what was committed before it started, so what is read after the locks is current.
-- Plans are made once per connection and never from a table's size (generic; scans and joins of whole tables off): a
-- plan that was made while a table was empty would go on reading it whole as it grows. What is left is looking up each
-- row by its key, which is right for a group of any size. Planning anew would cost more than the work itself.

-- Sweeping tombstones must not read the orders of all times.
create index order_record_tombstone on order_record (made_at) where payout_id is null;

create type accept_item as (
  item integer, merchant_id bigint, account_id uuid, order_id text, digest bytea, digest_key integer,
  received_at timestamptz, service_code text, recipient_kind text, recipient_mask text, recipient_sealed bytea,
  currency text, amount_minor bigint, due_minor bigint, debit_minor bigint, commission_minor bigint,
  percent_minor bigint, connectors text[], endpoint_id integer, endpoint_url text,
  -- How long the caller owns the payout's job from its first moment on; null: it is queued for whoever claims it.
  lease_ms bigint,
  payout_id bigint, old_minor bigint
);

-- Verdicts: accepted; funds (not enough, nothing written); exists (the order_id has a payout: compare digests);
-- orders_per_minute, amount_per_day (a limit of the merchant, nothing written); barred (a tombstone newer than the
-- request holds the order_id); again (undecided: put it into the next batch).
create function accept_payouts_v1(input json, deadline_at timestamptz)
returns table (item integer, verdict text, payout_id bigint, old_minor bigint, digest bytea, digest_key integer)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  items accept_item[];
  claimed_ids bigint[];
  claimed accept_item[];
  others accept_item[] := '{}';
  taken accept_item[];
  short accept_item[] := '{}';
  short_verdicts text[] := '{}';
  has_limits boolean;
  limit_kind text;
  candidate accept_item;
  previous accept_item;
  left_minor bigint;
  is_covered boolean;
begin
  -- 1. Each order with the id that its payout has if it is accepted.
  items := array(
    select row(item, merchant_id, account_id, order_id, digest, digest_key, received_at, service_code, recipient_kind,
      recipient_mask, recipient_sealed, currency, amount_minor, due_minor, debit_minor, commission_minor, percent_minor,
      connectors, endpoint_id, endpoint_url, lease_ms, nextval('payout_id'), null)::accept_item
    from json_populate_recordset(null::accept_item, input));

  -- 2. The order_ids, in key order, so that none waits in a circle. A concurrent batch with the same one is waited for
  -- here. A tombstone gives way only to a request that was received after it was made; its time stays.
  with claim as (
    insert into order_record as o (merchant_id, order_id, payout_id, digest, digest_key, made_at)
    select distinct on (i.merchant_id, i.order_id) i.merchant_id, i.order_id, i.payout_id, i.digest, i.digest_key,
      i.received_at
    from unnest(items) i
    order by i.merchant_id, i.order_id, i.item
    on conflict (merchant_id, order_id) do update
      set payout_id = excluded.payout_id, digest = excluded.digest, digest_key = excluded.digest_key
      where o.payout_id is null and o.made_at < excluded.made_at
    returning payout_id
  )
  select coalesce(array_agg(payout_id), '{}') into claimed_ids from claim;
  if cardinality(claimed_ids) = cardinality(items) then
    claimed := items;
  else
    claimed := array(select i from unnest(items) i where i.payout_id = any (claimed_ids));
    others := array(select i from unnest(items) i where i.payout_id <> all (claimed_ids));
  end if;

  -- 3. Balances as late as possible, because the next batch waits for them, and in account order like every other
  -- writer of them.
  perform 1 from balance b
  where (b.merchant_id, b.account_id) in (select i.merchant_id, i.account_id from unnest(claimed) i)
  order by b.merchant_id, b.account_id for no key update;

  -- 4. Past the deadline nothing may commit: whoever asks for this order_id later has to find it free or taken.
  -- Checked after the keys are in, so that a probe by the same key waits for this transaction instead of missing it.
  if clock_timestamp() >= deadline_at then
    raise exception 'the deadline of this accept has passed' using errcode = 'VY001';
  end if;

  -- 5. Account by account in the order of arrival: mostly the balance covers them all.
  select array_agg(row(item, merchant_id, account_id, order_id, digest, digest_key, received_at, service_code,
      recipient_kind, recipient_mask, recipient_sealed, currency, amount_minor, due_minor, debit_minor,
      commission_minor, percent_minor, connectors, endpoint_id, endpoint_url, lease_ms, payout_id,
      available_minor - spent_minor + debit_minor)::accept_item),
    count(*) = cardinality(claimed) and coalesce(bool_and(spent_minor <= available_minor), true)
  into taken, is_covered
  from (
    select i.*, b.available_minor, (sum(i.debit_minor)
      over (partition by i.merchant_id, i.account_id order by i.item))::bigint as spent_minor
    from unnest(claimed) i
    join balance b on b.merchant_id = i.merchant_id and b.account_id = i.account_id
  ) i;

  -- 6. Else, or where a merchant has limits, item by item: what does not fit is refused, the next one may still fit.
  has_limits := exists (
    select 1 from merchant_limit l where l.merchant_id in (select i.merchant_id from unnest(claimed) i));
  if has_limits or not is_covered then
    taken := '{}';
    for candidate in select i.* from unnest(claimed) i order by i.merchant_id, i.account_id, i.item loop
      if candidate.account_id is distinct from previous.account_id then
        select b.available_minor into left_minor from balance b
        where b.merchant_id = candidate.merchant_id and b.account_id = candidate.account_id;
      end if;
      previous := candidate;
      limit_kind := case when candidate.debit_minor > left_minor then 'funds' when has_limits then
        take_limits_v1(candidate.merchant_id, candidate.account_id, candidate.amount_minor) end;
      if limit_kind is null then
        candidate.old_minor := left_minor;
        left_minor := left_minor - candidate.debit_minor;
        taken := taken || candidate;
      else
        short := short || candidate;
        short_verdicts := short_verdicts || limit_kind;
      end if;
    end loop;
    -- A refused order creates nothing: its order_id is free again, or under the tombstone that it had replaced.
    delete from order_record o using unnest(short) i
    where o.merchant_id = i.merchant_id and o.order_id = i.order_id and o.made_at >= i.received_at;
    update order_record o set payout_id = null, digest = null, digest_key = null from unnest(short) i
    where o.merchant_id = i.merchant_id and o.order_id = i.order_id;
  end if;

  -- unnest keeps the order of the decisions, so posting_id grows in the order in which the balance fell.
  with t as materialized (
    select * from unnest(taken)
  ), payouts as (
    insert into payout (merchant_id, payout_id, account_id, order_id, state, service_code, recipient_kind,
      recipient_mask, recipient_sealed, currency, amount_minor, due_minor, debit_minor, commission_minor,
      percent_minor, old_available_minor, connectors, endpoint_id, endpoint_url)
    select merchant_id, payout_id, account_id, order_id, 'queued', service_code, recipient_kind,
      recipient_mask, recipient_sealed, currency, amount_minor, due_minor, debit_minor, commission_minor,
      percent_minor, old_minor, connectors, endpoint_id, endpoint_url
    from t
  ), jobs as (
    insert into job (kind, merchant_id, subject_id, run_at, fence)
    select 'payout', merchant_id, payout_id, clock_timestamp() + coalesce(lease_ms, 0) * interval '1 millisecond',
      case when lease_ms is null then 0 else 1 end
    from t
  ), postings as (
    insert into posting (merchant_id, account_id, posting_id, kind, payout_id, available_minor, held_minor,
      available_after_minor, actor)
    select merchant_id, account_id, nextval('posting_id'), 'hold', payout_id, -debit_minor, debit_minor,
      old_minor - debit_minor, 'merchant'
    from t
  )
  update balance b set available_minor = b.available_minor - n.debit_minor, held_minor = b.held_minor + n.debit_minor
  from (select merchant_id, account_id, sum(debit_minor)::bigint as debit_minor from t group by 1, 2) n
  where b.merchant_id = n.merchant_id and b.account_id = n.account_id;

  -- 7. What was not claimed is looked up once more, now that everything it waited for has ended.
  return query select i.item, 'accepted', i.payout_id, i.old_minor, null::bytea, null::integer
    from unnest(taken) i;
  if cardinality(others) + cardinality(short) > 0 then
    return query
      select (short[n]).item, short_verdicts[n], null::bigint, null::bigint, null::bytea, null::integer
      from generate_subscripts(short, 1) n
      union all
      select i.item,
        case when o.payout_id is not null then 'exists' when o.order_id is not null then 'barred' else 'again' end,
        o.payout_id, null::bigint, o.digest, o.digest_key
      from unnest(others) i
      left join order_record o on o.merchant_id = i.merchant_id and o.order_id = i.order_id;
  end if;
end $$;
