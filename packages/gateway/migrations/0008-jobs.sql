-- Claiming queued work, and recording what became of deliveries.

-- Claims up to count_max due jobs of a kind: their next claim lies past the lease, by the database's clock. Lanes that
-- already have all the work they may have are passed over, so that one dead endpoint never fills every hand.
create function claim_jobs_v1(of_kind text, count_max integer, lease_ms bigint, busy_lanes text[])
returns table (merchant_id bigint, subject_id bigint, lane text, fence integer, late_ms double precision)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
  return query
  with due as (
    select j.ctid, j.run_at
    from job j
    where j.kind = of_kind and j.run_at <= now() and j.lane <> all (busy_lanes)
    order by j.run_at
    limit count_max
    for update skip locked
  )
  update job j set run_at = clock_timestamp() + lease_ms * interval '1 millisecond', fence = j.fence + 1
  -- Locked just now, so they stay where they are.
  from due d where j.ctid = d.ctid
  returning j.merchant_id, j.subject_id, j.lane, j.fence,
    extract(epoch from clock_timestamp() - d.run_at)::double precision * 1000;
end $$;

create type delivery_record as (
  item integer, merchant_id bigint, notification_id bigint, fence integer, sign text, try_no integer,
  started_at timestamptz, duration_ms integer, status_code integer, error text, answer text,
  state text, run_in_ms bigint
);

-- Returns the items that were recorded; of the others the job belongs to another worker by now.
create function record_deliveries_v1(input json) returns setof integer
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
declare
  records delivery_record[];
  live delivery_record[];
begin
  records := array(select t from json_populate_recordset(null::delivery_record, input) t);

  perform 1
  from (select r.merchant_id, r.notification_id from unnest(records) r order by 1, 2) r
  cross join lateral (
    select 1 from job j
    where j.kind = 'notification' and j.merchant_id = r.merchant_id and j.subject_id = r.notification_id
    limit 1 for update
  ) locked;

  live := array(
    select r from unnest(records) r
    cross join lateral (
      select j.fence from job j
      where j.kind = 'notification' and j.merchant_id = r.merchant_id and j.subject_id = r.notification_id limit 1
    ) j
    where j.fence = r.fence);

  insert into delivery (merchant_id, notification_id, try_no, started_at, duration_ms, status_code, error, answer)
  select merchant_id, notification_id, try_no, started_at, duration_ms, status_code, error, answer from unnest(live);

  update notification n set tries = r.try_no, sign = r.sign, state = r.state,
    ended_at = case when r.state <> 'pending' then clock_timestamp() end
  from unnest(live) r
  where n.merchant_id = r.merchant_id and n.notification_id = r.notification_id;

  delete from job j using (
    select own.ctid from unnest(live) r
    cross join lateral (
      select j.ctid from job j
      where j.kind = 'notification' and j.merchant_id = r.merchant_id and j.subject_id = r.notification_id limit 1
    ) own
    where r.run_in_ms is null
  ) done where j.ctid = done.ctid;

  update job j set run_at = clock_timestamp() + again.run_in_ms * interval '1 millisecond'
  from (
    select own.ctid, r.run_in_ms from unnest(live) r
    cross join lateral (
      select j.ctid from job j
      where j.kind = 'notification' and j.merchant_id = r.merchant_id and j.subject_id = r.notification_id limit 1
    ) own
    where r.run_in_ms is not null
  ) again where j.ctid = again.ctid;

  return query select r.item from unnest(live) r;
end $$;

-- These tables only grow and are looked up by key: cleaning them every few seconds while they are small costs more than
-- it saves. What is dead in them is pruned by the next update of its page; the shares of a table that autovacuum waits
-- for count on from here. They are analyzed as often as any other: the audit joins them.
alter table order_record set (autovacuum_vacuum_insert_threshold = 100000);
alter table posting set (autovacuum_vacuum_insert_threshold = 100000);
alter table transition set (autovacuum_vacuum_insert_threshold = 100000);
alter table delivery set (autovacuum_vacuum_insert_threshold = 100000);
alter table payout set (autovacuum_vacuum_threshold = 50000, autovacuum_vacuum_insert_threshold = 100000);
alter table attempt set (autovacuum_vacuum_threshold = 50000, autovacuum_vacuum_insert_threshold = 100000);
alter table notification set (autovacuum_vacuum_threshold = 50000, autovacuum_vacuum_insert_threshold = 100000);
