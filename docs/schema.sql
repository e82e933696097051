-- Generated from the migrations by scripts/print-schema.ts; changes here are lost.

-- sequences

create sequence notification_id as bigint start 1 increment 1 minvalue 1 maxvalue 9223372036854775807 cache 1;

create sequence payout_id as bigint start 100000001 increment 1 minvalue 1 maxvalue 9007199254740991 cache 1;

create sequence posting_id as bigint start 1 increment 1 minvalue 1 maxvalue 9223372036854775807 cache 1;

-- records

create type accept_item as (
  item integer,
  merchant_id bigint,
  account_id uuid,
  order_id text,
  digest bytea,
  digest_key integer,
  received_at timestamp with time zone,
  service_code text,
  recipient_kind text,
  recipient_mask text,
  recipient_sealed bytea,
  currency text,
  amount_minor bigint,
  due_minor bigint,
  debit_minor bigint,
  commission_minor bigint,
  percent_minor bigint,
  connectors text[],
  endpoint_id integer,
  endpoint_url text,
  payout_id bigint,
  old_minor bigint
);

create type delivery_record as (
  item integer,
  merchant_id bigint,
  notification_id bigint,
  fence integer,
  sign text,
  try_no integer,
  started_at timestamp with time zone,
  duration_ms integer,
  status_code integer,
  error text,
  answer text,
  state text,
  run_in_ms bigint
);

create type payout_change as (
  item integer,
  merchant_id bigint,
  payout_id bigint,
  account_id uuid,
  version integer,
  fence integer,
  from_state text,
  to_state text,
  cause text,
  actor text,
  evidence jsonb,
  final_paid_minor bigint,
  final_commission_minor bigint,
  fail_reason text,
  rrn text,
  posting_kind text,
  posting_connector text,
  available_minor bigint,
  held_minor bigint,
  clearing_minor bigint,
  paid_minor bigint,
  commission_minor bigint,
  receivable_minor bigint,
  funding_minor bigint,
  attempt_no integer,
  attempt_connector text,
  attempt_reference text,
  attempt_state text,
  attempt_provider_id text,
  attempt_answer jsonb,
  run_in_ms bigint,
  notifications jsonb,
  incident_kind text,
  incident_detail jsonb
);

-- tables

create table account (
  merchant_id bigint not null,
  account_id uuid not null,
  currency text not null,
  name text not null default ''::text,
  state text not null default 'active'::text,
  mode text not null,
  notification_method text not null default 'POST'::text,
  created_at timestamp with time zone not null default now(),
  constraint account_pkey PRIMARY KEY (merchant_id, account_id),
  constraint account_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id),
  constraint account_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint account_mode_check CHECK ((mode = ANY (ARRAY['live'::text, 'sandbox'::text]))),
  constraint account_name_check CHECK ((length(name) <= 200)),
  constraint account_notification_method_check CHECK ((notification_method = ANY (ARRAY['POST'::text, 'GET'::text]))),
  constraint account_state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text])))
);

create table account_service (
  merchant_id bigint not null,
  account_id uuid not null,
  service_code text not null,
  enabled boolean not null default true,
  percent_ppm integer not null default 0,
  fixed_minor bigint not null default 0,
  commission_min_minor bigint not null default 0,
  commission_max_minor bigint,
  bearer text not null default 'account'::text,
  min_minor bigint,
  max_minor bigint,
  constraint account_service_pkey PRIMARY KEY (merchant_id, account_id, service_code),
  constraint account_service_merchant_id_account_id_fkey FOREIGN KEY (merchant_id, account_id) REFERENCES account(merchant_id, account_id),
  constraint account_service_service_code_fkey FOREIGN KEY (service_code) REFERENCES service(service_code),
  constraint account_service_bearer_check CHECK ((bearer = ANY (ARRAY['account'::text, 'recipient'::text]))),
  constraint account_service_check CHECK ((commission_max_minor >= commission_min_minor)),
  constraint account_service_commission_min_minor_check CHECK ((commission_min_minor >= 0)),
  constraint account_service_fixed_minor_check CHECK ((fixed_minor >= 0)),
  constraint account_service_max_minor_check CHECK ((max_minor > 0)),
  constraint account_service_min_minor_check CHECK ((min_minor > 0)),
  constraint account_service_percent_ppm_check CHECK (((percent_ppm >= 0) AND (percent_ppm <= 1000000)))
);

create table attempt (
  merchant_id bigint not null,
  payout_id bigint not null,
  attempt_no integer not null,
  connector text not null,
  reference text not null,
  state text not null,
  provider_id text,
  asks integer not null default 0,
  answer jsonb,
  started_at timestamp with time zone not null default now(),
  ended_at timestamp with time zone,
  constraint attempt_pkey PRIMARY KEY (merchant_id, payout_id, attempt_no),
  constraint attempt_state_check CHECK ((state = ANY (ARRAY['open'::text, 'accepted'::text, 'unknown'::text, 'succeeded'::text, 'rejected'::text, 'void'::text])))
) with (fillfactor=80);

create table audit_log (
  row_no bigint not null,
  actor text not null,
  action text not null,
  subject text not null,
  detail jsonb not null,
  created_at timestamp with time zone not null,
  previous_hash bytea not null,
  row_hash bytea not null,
  constraint audit_log_pkey PRIMARY KEY (row_no)
);

create table balance (
  merchant_id bigint not null,
  account_id uuid not null,
  available_minor bigint not null default 0,
  held_minor bigint not null default 0,
  clearing_minor bigint not null default 0,
  frozen_minor bigint not null default 0,
  reserve_minor bigint not null default 0,
  receivable_minor bigint not null default 0,
  paid_minor bigint not null default 0,
  commission_minor bigint not null default 0,
  funding_minor bigint not null default 0,
  constraint balance_pkey PRIMARY KEY (merchant_id, account_id),
  constraint balance_merchant_id_account_id_fkey FOREIGN KEY (merchant_id, account_id) REFERENCES account(merchant_id, account_id),
  constraint balance_available_minor_check CHECK ((available_minor >= 0)),
  constraint balance_clearing_minor_check CHECK ((clearing_minor >= 0)),
  constraint balance_commission_minor_check CHECK ((commission_minor >= 0)),
  constraint balance_frozen_minor_check CHECK ((frozen_minor >= 0)),
  constraint balance_held_minor_check CHECK ((held_minor >= 0)),
  constraint balance_is_balanced CHECK ((((((((((available_minor + held_minor) + clearing_minor) + frozen_minor) + reserve_minor) + receivable_minor) + paid_minor) + commission_minor) + funding_minor) = 0)),
  constraint balance_paid_minor_check CHECK ((paid_minor >= 0)),
  constraint balance_receivable_minor_check CHECK ((receivable_minor <= 0)),
  constraint balance_reserve_minor_check CHECK ((reserve_minor >= 0))
) with (fillfactor=50);

create table delivery (
  merchant_id bigint not null,
  notification_id bigint not null,
  try_no integer not null,
  started_at timestamp with time zone not null,
  duration_ms integer not null,
  status_code integer,
  error text,
  answer text,
  constraint delivery_pkey PRIMARY KEY (merchant_id, notification_id, try_no)
);

create table directory_revision (
  only_row boolean not null default true,
  number bigint not null default 0,
  constraint directory_revision_pkey PRIMARY KEY (only_row),
  constraint directory_revision_only_row_check CHECK (only_row)
);

create table endpoint (
  merchant_id bigint not null,
  endpoint_id integer not null,
  name text not null default ''::text,
  url text not null,
  method text not null default 'POST'::text,
  state text not null default 'active'::text,
  subscribed boolean not null default false,
  secret_sealed bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint endpoint_pkey PRIMARY KEY (merchant_id, endpoint_id),
  constraint endpoint_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id),
  constraint endpoint_endpoint_id_check CHECK ((endpoint_id > 0)),
  constraint endpoint_method_check CHECK ((method = ANY (ARRAY['POST'::text, 'GET'::text]))),
  constraint endpoint_name_check CHECK ((length(name) <= 200)),
  constraint endpoint_state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text]))),
  constraint endpoint_url_check CHECK (((length(url) >= 1) AND (length(url) <= 255)))
);

create table incident (
  merchant_id bigint not null,
  incident_id bigint not null generated by default as identity,
  payout_id bigint,
  kind text not null,
  detail jsonb not null,
  opened_at timestamp with time zone not null default now(),
  closed_at timestamp with time zone,
  closed_by text,
  constraint incident_pkey PRIMARY KEY (merchant_id, incident_id)
);

create table job (
  kind text not null,
  merchant_id bigint not null,
  subject_id bigint not null,
  lane text not null default ''::text,
  run_at timestamp with time zone not null default now(),
  fence integer not null default 0,
  constraint job_pkey PRIMARY KEY (kind, merchant_id, subject_id)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=1000, autovacuum_vacuum_cost_delay=0);

create table merchant (
  merchant_id bigint not null generated by default as identity,
  name text not null,
  state text not null default 'active'::text,
  webhook_secret_sealed bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint merchant_pkey PRIMARY KEY (merchant_id),
  constraint merchant_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
  constraint merchant_state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text])))
);

create table merchant_key (
  merchant_id bigint not null,
  key_id bigint not null generated by default as identity,
  fingerprint text not null,
  public_pem text not null,
  digest_rule text not null default 'sha1'::text,
  state text not null default 'active'::text,
  expires_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  retired_at timestamp with time zone,
  constraint merchant_key_pkey PRIMARY KEY (merchant_id, key_id),
  constraint merchant_key_merchant_id_fingerprint_key UNIQUE (merchant_id, fingerprint),
  constraint merchant_key_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id),
  constraint merchant_key_digest_rule_check CHECK ((digest_rule = ANY (ARRAY['sha1'::text, 'any'::text, 'sha256'::text]))),
  constraint merchant_key_state_check CHECK ((state = ANY (ARRAY['active'::text, 'retired'::text])))
);

create table merchant_key_use (
  merchant_id bigint not null,
  key_id bigint not null,
  first_used_at timestamp with time zone not null,
  last_used_at timestamp with time zone not null,
  constraint merchant_key_use_pkey PRIMARY KEY (merchant_id, key_id)
);

create table migration (
  number integer not null,
  name text not null,
  checksum text not null,
  breaking boolean not null,
  applied_at timestamp with time zone not null default clock_timestamp(),
  constraint migration_pkey PRIMARY KEY (number)
);

create table notification (
  merchant_id bigint not null,
  notification_id bigint not null,
  payout_id bigint not null,
  account_id uuid not null,
  endpoint_id integer,
  url text not null,
  method text not null,
  signed_text text not null,
  sign text,
  state text not null,
  tries integer not null default 0,
  tries_before integer not null default 0,
  created_at timestamp with time zone not null default now(),
  ended_at timestamp with time zone,
  constraint notification_pkey PRIMARY KEY (merchant_id, notification_id),
  constraint notification_method_check CHECK ((method = ANY (ARRAY['POST'::text, 'GET'::text]))),
  constraint notification_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'dead'::text])))
) with (fillfactor=70);

create table notification_key (
  merchant_id bigint not null,
  key_id bigint not null generated by default as identity,
  private_sealed bytea not null,
  public_pem text not null,
  state text not null default 'active'::text,
  created_at timestamp with time zone not null default now(),
  retired_at timestamp with time zone,
  constraint notification_key_pkey PRIMARY KEY (merchant_id, key_id),
  constraint notification_key_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id),
  constraint notification_key_state_check CHECK ((state = ANY (ARRAY['active'::text, 'retired'::text])))
);

create table operator_session (
  session_id bigint not null generated by default as identity,
  user_id bigint not null,
  secret_hash bytea not null,
  kind text not null,
  label text not null default ''::text,
  created_at timestamp with time zone not null default now(),
  last_used_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  revoked_at timestamp with time zone,
  constraint operator_session_pkey PRIMARY KEY (session_id),
  constraint operator_session_secret_hash_key UNIQUE (secret_hash),
  constraint operator_session_user_id_fkey FOREIGN KEY (user_id) REFERENCES operator_user(user_id),
  constraint operator_session_kind_check CHECK ((kind = ANY (ARRAY['session'::text, 'token'::text])))
);

create table operator_user (
  user_id bigint not null generated by default as identity,
  login text not null,
  password_hash text not null,
  role text not null,
  state text not null default 'active'::text,
  created_at timestamp with time zone not null default now(),
  constraint operator_user_pkey PRIMARY KEY (user_id),
  constraint operator_user_login_key UNIQUE (login),
  constraint operator_user_login_check CHECK (((length(login) >= 1) AND (length(login) <= 100))),
  constraint operator_user_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'approver'::text, 'owner'::text]))),
  constraint operator_user_state_check CHECK ((state = ANY (ARRAY['active'::text, 'disabled'::text])))
);

create table order_record (
  merchant_id bigint not null,
  order_id text not null,
  payout_id bigint,
  digest bytea,
  digest_key integer,
  made_at timestamp with time zone not null,
  constraint order_record_pkey PRIMARY KEY (merchant_id, order_id),
  constraint order_record_check CHECK (((payout_id IS NULL) = (digest IS NULL)))
);

create table payout (
  merchant_id bigint not null,
  payout_id bigint not null,
  account_id uuid not null,
  order_id text not null,
  state text not null,
  version integer not null default 1,
  service_code text not null,
  recipient_kind text not null,
  recipient_mask text not null,
  recipient_sealed bytea not null,
  currency text not null,
  amount_minor bigint not null,
  due_minor bigint not null,
  debit_minor bigint not null,
  commission_minor bigint not null,
  percent_minor bigint not null,
  old_available_minor bigint not null,
  final_paid_minor bigint,
  final_commission_minor bigint,
  fail_reason text,
  rrn text,
  connectors text[] not null,
  attempts integer not null default 0,
  endpoint_id integer,
  endpoint_url text,
  created_at timestamp with time zone not null default now(),
  final_at timestamp with time zone,
  constraint payout_pkey PRIMARY KEY (merchant_id, payout_id),
  constraint payout_amount_minor_check CHECK ((amount_minor > 0)),
  constraint payout_check CHECK ((debit_minor = (due_minor + commission_minor))),
  constraint payout_check1 CHECK (((percent_minor >= 0) AND (percent_minor <= commission_minor))),
  constraint payout_commission_minor_check CHECK ((commission_minor >= 0)),
  constraint payout_due_minor_check CHECK ((due_minor > 0)),
  constraint payout_fail_has_reason CHECK (((state = ANY (ARRAY['fail'::text, 'cancel'::text])) = (fail_reason IS NOT NULL))),
  constraint payout_final_is_whole CHECK (((state = ANY (ARRAY['paid'::text, 'fail'::text, 'cancel'::text])) = ((final_at IS NOT NULL) AND (final_paid_minor IS NOT NULL) AND (final_commission_minor IS NOT NULL)))),
  constraint payout_paid_within_due CHECK (((final_paid_minor >= 0) AND (final_paid_minor <= due_minor))),
  constraint payout_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'sent'::text, 'review'::text, 'paid'::text, 'fail'::text, 'cancel'::text])))
) with (fillfactor=70);

create table posting (
  merchant_id bigint not null,
  account_id uuid not null,
  posting_id bigint not null,
  kind text not null,
  payout_id bigint,
  connector text,
  available_minor bigint not null default 0,
  held_minor bigint not null default 0,
  clearing_minor bigint not null default 0,
  frozen_minor bigint not null default 0,
  reserve_minor bigint not null default 0,
  receivable_minor bigint not null default 0,
  paid_minor bigint not null default 0,
  commission_minor bigint not null default 0,
  funding_minor bigint not null default 0,
  available_after_minor bigint not null,
  actor text not null,
  reason text,
  created_at timestamp with time zone not null default now(),
  constraint posting_pkey PRIMARY KEY (merchant_id, account_id, posting_id),
  constraint posting_available_after_minor_check CHECK ((available_after_minor >= 0)),
  constraint posting_is_balanced CHECK ((((((((((available_minor + held_minor) + clearing_minor) + frozen_minor) + reserve_minor) + receivable_minor) + paid_minor) + commission_minor) + funding_minor) = 0)),
  constraint posting_kind_check CHECK ((kind = ANY (ARRAY['top_up'::text, 'withdrawal'::text, 'freeze'::text, 'unfreeze'::text, 'hold'::text, 'send'::text, 'recall'::text, 'capture'::text, 'release'::text, 'reversal'::text, 'correction'::text])))
);

create table posting_request (
  merchant_id bigint not null,
  request_key text not null,
  account_id uuid not null,
  posting_id bigint not null,
  digest bytea not null,
  constraint posting_request_pkey PRIMARY KEY (merchant_id, request_key),
  constraint posting_request_request_key_check CHECK (((length(request_key) >= 1) AND (length(request_key) <= 128)))
);

create table service (
  service_code text not null,
  method text not null,
  currency text not null,
  recipient_kind text not null,
  min_minor bigint not null,
  max_minor bigint,
  connectors text[] not null default '{}'::text[],
  name_en text not null,
  name_ru text not null,
  enabled boolean not null default true,
  created_at timestamp with time zone not null default now(),
  constraint service_pkey PRIMARY KEY (service_code),
  constraint service_check CHECK ((max_minor >= min_minor)),
  constraint service_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint service_min_minor_check CHECK ((min_minor > 0)),
  constraint service_recipient_kind_check CHECK ((recipient_kind = ANY (ARRAY['card'::text, 'phone'::text, 'sbp_phone'::text, 'wallet_phone'::text, 'iban'::text, 'russian_account'::text, 'text'::text]))),
  constraint service_service_code_check CHECK ((service_code ~ '^[a-z0-9_]{1,100}$'::text))
);

create table transition (
  merchant_id bigint not null,
  payout_id bigint not null,
  version integer not null,
  from_state text not null,
  to_state text not null,
  cause text not null,
  actor text not null,
  evidence jsonb,
  created_at timestamp with time zone not null default now(),
  constraint transition_pkey PRIMARY KEY (merchant_id, payout_id, version),
  constraint transition_is_listed CHECK (((((((((((((from_state = 'queued'::text) AND (to_state = 'sent'::text)) OR ((from_state = 'queued'::text) AND (to_state = 'cancel'::text))) OR ((from_state = 'queued'::text) AND (to_state = 'review'::text))) OR ((from_state = 'sent'::text) AND (to_state = 'paid'::text))) OR ((from_state = 'sent'::text) AND (to_state = 'fail'::text))) OR ((from_state = 'sent'::text) AND (to_state = 'cancel'::text))) OR ((from_state = 'sent'::text) AND (to_state = 'queued'::text))) OR ((from_state = 'sent'::text) AND (to_state = 'review'::text))) OR ((from_state = 'review'::text) AND (to_state = 'paid'::text))) OR ((from_state = 'review'::text) AND (to_state = 'fail'::text))) OR ((from_state = 'review'::text) AND (to_state = 'cancel'::text))))
);

-- indexes

CREATE INDEX account_by_id ON public.account USING btree (account_id);

CREATE UNIQUE INDEX attempt_live ON public.attempt USING btree (merchant_id, payout_id) WHERE (state = ANY (ARRAY['open'::text, 'accepted'::text, 'unknown'::text]));

CREATE INDEX incident_open ON public.incident USING btree (merchant_id, incident_id) WHERE (closed_at IS NULL);

CREATE INDEX job_due ON public.job USING btree (kind, run_at);

CREATE INDEX notification_dead ON public.notification USING btree (merchant_id, notification_id) WHERE (state = 'dead'::text);

CREATE INDEX notification_of_payout ON public.notification USING btree (merchant_id, payout_id);

CREATE UNIQUE INDEX notification_key_active ON public.notification_key USING btree (merchant_id) WHERE (state = 'active'::text);

CREATE INDEX payout_by_id ON public.payout USING btree (payout_id);

CREATE INDEX payout_in_review ON public.payout USING btree (merchant_id, payout_id) WHERE (state = 'review'::text);

CREATE INDEX posting_of_payout ON public.posting USING btree (merchant_id, payout_id) WHERE (payout_id IS NOT NULL);

-- views

create view entry as
 SELECT p.merchant_id,
    p.account_id,
    p.posting_id,
    p.payout_id,
    p.connector,
    line.ledger_account,
    line.amount_minor
   FROM (posting p
     CROSS JOIN LATERAL ( VALUES ('available'::text,p.available_minor), ('held'::text,p.held_minor), ('clearing'::text,p.clearing_minor), ('frozen'::text,p.frozen_minor), ('reserve'::text,p.reserve_minor), ('receivable'::text,p.receivable_minor), ('paid'::text,p.paid_minor), ('commission'::text,p.commission_minor), ('funding'::text,p.funding_minor)) line(ledger_account, amount_minor))
  WHERE (line.amount_minor <> 0);

-- functions

CREATE OR REPLACE FUNCTION public.accept_payouts_v1(input json, deadline_at timestamp with time zone)
 RETURNS TABLE(item integer, verdict text, payout_id bigint, digest bytea, digest_key integer)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
#variable_conflict use_column
declare
  items accept_item[];
  candidate accept_item;
  previous accept_item;
  claimed accept_item[] := '{}';
  taken accept_item[] := '{}';
  short accept_item[] := '{}';
  others accept_item[] := '{}';
  left_minor bigint;
begin
  items := array(select t from json_populate_recordset(null::accept_item, input) t);

  -- 1. Balances first, in account order: every writer of balances locks in this order, so none waits in a circle.
  perform 1 from balance b
  where (b.merchant_id, b.account_id) in (select i.merchant_id, i.account_id from unnest(items) i)
  order by b.merchant_id, b.account_id for no key update;

  -- 2. The order_ids, in key order. A concurrent batch with the same one is waited for here. A tombstone gives way
  -- only to a request that was received after it was made.
  for candidate in select i.* from unnest(items) i order by i.merchant_id, i.order_id, i.item loop
    if candidate.merchant_id = previous.merchant_id and candidate.order_id = previous.order_id then
      others := others || candidate;
      continue;
    end if;
    previous := candidate;
    insert into order_record as o (merchant_id, order_id, payout_id, digest, digest_key, made_at)
    values (candidate.merchant_id, candidate.order_id, nextval('payout_id'), candidate.digest, candidate.digest_key,
      clock_timestamp())
    on conflict (merchant_id, order_id) do update
      set payout_id = excluded.payout_id, digest = excluded.digest, digest_key = excluded.digest_key,
        made_at = excluded.made_at
      where o.payout_id is null and o.made_at < candidate.received_at
    returning o.payout_id into candidate.payout_id;
    if found then
      claimed := claimed || candidate;
    else
      others := others || candidate;
    end if;
  end loop;

  -- 3. Past the deadline nothing may commit: whoever asks for this order_id later has to find it free or taken.
  -- Checked after the keys are in, so that a probe by the same key waits for this transaction instead of missing it.
  if clock_timestamp() >= deadline_at then
    raise exception 'the deadline of this accept has passed' using errcode = 'VY001';
  end if;

  -- 4. Item by item in the order of arrival, account by account.
  previous := null;
  for candidate in select i.* from unnest(claimed) i order by i.merchant_id, i.account_id, i.item loop
    if candidate.account_id is distinct from previous.account_id then
      select b.available_minor into left_minor from balance b
      where b.merchant_id = candidate.merchant_id and b.account_id = candidate.account_id;
    end if;
    previous := candidate;
    if candidate.debit_minor <= left_minor then
      candidate.old_minor := left_minor;
      left_minor := left_minor - candidate.debit_minor;
      taken := taken || candidate;
    else
      short := short || candidate;
    end if;
  end loop;

  -- 5. A refused order creates nothing: its order_id is free again.
  if cardinality(short) > 0 then
    delete from order_record o using unnest(short) i
    where o.merchant_id = i.merchant_id and o.order_id = i.order_id;
  end if;

  if cardinality(taken) > 0 then
    insert into payout (merchant_id, payout_id, account_id, order_id, state, service_code, recipient_kind,
      recipient_mask, recipient_sealed, currency, amount_minor, due_minor, debit_minor, commission_minor,
      percent_minor, old_available_minor, connectors, endpoint_id, endpoint_url)
    select merchant_id, payout_id, account_id, order_id, 'queued', service_code, recipient_kind,
      recipient_mask, recipient_sealed, currency, amount_minor, due_minor, debit_minor, commission_minor,
      percent_minor, old_minor, connectors, endpoint_id, endpoint_url
    from unnest(taken);

    insert into job (kind, merchant_id, subject_id)
    select 'payout', merchant_id, payout_id from unnest(taken);

    -- unnest keeps the order of the loop, so posting_id grows in the order in which the balance fell.
    insert into posting (merchant_id, account_id, posting_id, kind, payout_id, available_minor, held_minor,
      available_after_minor, actor)
    select merchant_id, account_id, nextval('posting_id'), 'hold', payout_id, -debit_minor, debit_minor,
      old_minor - debit_minor, 'merchant'
    from unnest(taken);

    update balance b set available_minor = b.available_minor - n.debit_minor, held_minor = b.held_minor + n.debit_minor
    from (select merchant_id, account_id, sum(debit_minor)::bigint as debit_minor from unnest(taken) group by 1, 2) n
    where b.merchant_id = n.merchant_id and b.account_id = n.account_id;
  end if;

  -- 6. What was not claimed is looked up once more, now that everything it waited for has ended.
  return query
    select i.item, 'accepted', i.payout_id, null::bytea, null::integer from unnest(taken) i
    union all
    select i.item, 'funds', null::bigint, null::bytea, null::integer from unnest(short) i
    union all
    select i.item,
      case when o.payout_id is not null then 'exists' when o.order_id is not null then 'barred' else 'again' end,
      o.payout_id, o.digest, o.digest_key
    from unnest(others) i
    left join order_record o on o.merchant_id = i.merchant_id and o.order_id = i.order_id;
end $function$
;

CREATE OR REPLACE FUNCTION public.apply_payouts_v1(input json)
 RETURNS SETOF integer
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
#variable_conflict use_column
declare
  changes payout_change[];
  live payout_change[];
begin
  changes := array(select t from json_populate_recordset(null::payout_change, input) t);

  -- 1. The payouts, then their jobs, each in key order.
  perform 1 from payout p
  where (p.merchant_id, p.payout_id) in (select c.merchant_id, c.payout_id from unnest(changes) c)
  order by p.merchant_id, p.payout_id for no key update;

  perform 1 from job j
  where (j.kind, j.merchant_id, j.subject_id) in (select 'payout', c.merchant_id, c.payout_id from unnest(changes) c)
  order by j.merchant_id, j.subject_id for update;

  -- 2. What may be written: the version decided upon is still the present one, and the fence is the present owner's.
  -- Of several changes to one payout in a batch the first counts; a new statement sees what the locks waited for.
  live := array(
    select c from (
      select distinct on (c.merchant_id, c.payout_id) c
      from unnest(changes) c
      join payout p on p.merchant_id = c.merchant_id and p.payout_id = c.payout_id
        and p.version = c.version and p.state = c.from_state
      left join job j on j.kind = 'payout' and j.merchant_id = c.merchant_id and j.subject_id = c.payout_id
      where c.fence is null or j.fence = c.fence
      order by c.merchant_id, c.payout_id, c.item
    ) fit order by (c).account_id, (c).item);

  -- 3. Balances, in account order like every other writer of them.
  perform 1 from balance b
  where (b.merchant_id, b.account_id) in (
    select c.merchant_id, c.account_id from unnest(live) c where c.posting_kind is not null)
  order by b.merchant_id, b.account_id for no key update;

  update payout p set state = c.to_state, version = p.version + 1,
    final_paid_minor = coalesce(c.final_paid_minor, p.final_paid_minor),
    final_commission_minor = coalesce(c.final_commission_minor, p.final_commission_minor),
    fail_reason = coalesce(c.fail_reason, p.fail_reason),
    rrn = coalesce(c.rrn, p.rrn),
    final_at = case when c.from_state <> c.to_state and c.to_state in ('paid', 'fail', 'cancel')
      then clock_timestamp() else p.final_at end,
    attempts = greatest(p.attempts, coalesce(c.attempt_no, 0))
  from unnest(live) c
  where p.merchant_id = c.merchant_id and p.payout_id = c.payout_id;

  insert into transition (merchant_id, payout_id, version, from_state, to_state, cause, actor, evidence, created_at)
  select c.merchant_id, c.payout_id, c.version + 1, c.from_state, c.to_state, c.cause, c.actor, c.evidence,
    clock_timestamp()
  from unnest(live) c where c.from_state <> c.to_state;

  insert into attempt as a (merchant_id, payout_id, attempt_no, connector, reference, state, provider_id, answer,
    started_at, ended_at)
  select c.merchant_id, c.payout_id, c.attempt_no, c.attempt_connector, c.attempt_reference, c.attempt_state,
    c.attempt_provider_id, c.attempt_answer, clock_timestamp(),
    case when c.attempt_state in ('succeeded', 'rejected', 'void') then clock_timestamp() end
  from unnest(live) c where c.attempt_no is not null
  on conflict (merchant_id, payout_id, attempt_no) do update
    set state = excluded.state, provider_id = coalesce(excluded.provider_id, a.provider_id),
      answer = coalesce(excluded.answer, a.answer), asks = a.asks + 1, ended_at = excluded.ended_at;

  insert into posting (merchant_id, account_id, posting_id, kind, payout_id, connector, available_minor, held_minor,
    clearing_minor, paid_minor, commission_minor, receivable_minor, funding_minor, available_after_minor, actor)
  select c.merchant_id, c.account_id, nextval('posting_id'), c.posting_kind, c.payout_id, c.posting_connector,
    c.available_minor, c.held_minor, c.clearing_minor, c.paid_minor, c.commission_minor, c.receivable_minor,
    c.funding_minor, c.available_after_minor, c.actor
  from (
    select c.*, b.available_minor + (sum(c.available_minor)
      over (partition by c.merchant_id, c.account_id order by c.item))::bigint as available_after_minor
    from unnest(live) c
    join balance b on b.merchant_id = c.merchant_id and b.account_id = c.account_id
    where c.posting_kind is not null
    order by c.merchant_id, c.account_id, c.item
  ) c;

  update balance b set available_minor = b.available_minor + m.available_minor,
    held_minor = b.held_minor + m.held_minor, clearing_minor = b.clearing_minor + m.clearing_minor,
    paid_minor = b.paid_minor + m.paid_minor, commission_minor = b.commission_minor + m.commission_minor,
    receivable_minor = b.receivable_minor + m.receivable_minor, funding_minor = b.funding_minor + m.funding_minor
  from (
    select merchant_id, account_id, sum(available_minor)::bigint as available_minor,
      sum(held_minor)::bigint as held_minor, sum(clearing_minor)::bigint as clearing_minor,
      sum(paid_minor)::bigint as paid_minor, sum(commission_minor)::bigint as commission_minor,
      sum(receivable_minor)::bigint as receivable_minor, sum(funding_minor)::bigint as funding_minor
    from unnest(live) where posting_kind is not null group by 1, 2
  ) m
  where b.merchant_id = m.merchant_id and b.account_id = m.account_id;

  -- 4. What follows: the notifications with their jobs, the payout's own next step, and what a person must see.
  with new as (
    select c.merchant_id, c.account_id, c.payout_id, nextval('notification_id') as notification_id, n.*
    from unnest(live) c
    cross join lateral jsonb_to_recordset(c.notifications)
      as n (endpoint_id integer, url text, method text, signed_text text, lane text, dead boolean)
    where c.notifications is not null
  ), notifications as (
    insert into notification (merchant_id, notification_id, payout_id, account_id, endpoint_id, url, method,
      signed_text, state, ended_at)
    select merchant_id, notification_id, payout_id, account_id, endpoint_id, url, method, signed_text,
      case when dead then 'dead' else 'pending' end, case when dead then clock_timestamp() end
    from new
  )
  insert into job (kind, merchant_id, subject_id, lane, run_at)
  select 'notification', merchant_id, notification_id, lane, clock_timestamp() from new where not dead;

  delete from job j using unnest(live) c
  where c.run_in_ms is null and j.kind = 'payout' and j.merchant_id = c.merchant_id and j.subject_id = c.payout_id;

  insert into job (kind, merchant_id, subject_id, run_at)
  select 'payout', c.merchant_id, c.payout_id, clock_timestamp() + c.run_in_ms * interval '1 millisecond'
  from unnest(live) c where c.run_in_ms is not null
  on conflict (kind, merchant_id, subject_id) do update set run_at = excluded.run_at;

  insert into incident (merchant_id, payout_id, kind, detail)
  select c.merchant_id, c.payout_id, c.incident_kind, c.incident_detail
  from unnest(live) c where c.incident_kind is not null;

  return query select c.item from unnest(live) c;
end $function$
;

CREATE OR REPLACE FUNCTION public.claim_jobs_v1(of_kind text, count_max integer, lease_ms bigint, busy_lanes text[])
 RETURNS TABLE(merchant_id bigint, subject_id bigint, lane text, fence integer, late_ms double precision)
 LANGUAGE sql
 SET enable_seqscan TO 'off'
AS $function$
  with due as (
    select j.merchant_id, j.subject_id, j.run_at
    from job j
    where j.kind = of_kind and j.run_at <= now() and j.lane <> all (busy_lanes)
    order by j.run_at
    limit count_max
    for update skip locked
  )
  update job j set run_at = clock_timestamp() + lease_ms * interval '1 millisecond', fence = j.fence + 1
  from due d
  where j.kind = of_kind and j.merchant_id = d.merchant_id and j.subject_id = d.subject_id
  returning j.merchant_id, j.subject_id, j.lane, j.fence, extract(epoch from clock_timestamp() - d.run_at) * 1000
$function$
;

CREATE OR REPLACE FUNCTION public.raise_directory_revision()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update directory_revision set number = number + 1;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION public.record_deliveries_v1(input json)
 RETURNS SETOF integer
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
#variable_conflict use_column
declare
  records delivery_record[];
  live delivery_record[];
begin
  records := array(select t from json_populate_recordset(null::delivery_record, input) t);

  perform 1 from job j
  where (j.kind, j.merchant_id, j.subject_id) in (
    select 'notification', r.merchant_id, r.notification_id from unnest(records) r)
  order by j.merchant_id, j.subject_id for update;

  live := array(
    select r from unnest(records) r
    join job j on j.kind = 'notification' and j.merchant_id = r.merchant_id and j.subject_id = r.notification_id
      and j.fence = r.fence);

  insert into delivery (merchant_id, notification_id, try_no, started_at, duration_ms, status_code, error, answer)
  select merchant_id, notification_id, try_no, started_at, duration_ms, status_code, error, answer from unnest(live);

  update notification n set tries = r.try_no, sign = r.sign, state = r.state,
    ended_at = case when r.state <> 'pending' then clock_timestamp() end
  from unnest(live) r
  where n.merchant_id = r.merchant_id and n.notification_id = r.notification_id;

  delete from job j using unnest(live) r
  where r.run_in_ms is null
    and j.kind = 'notification' and j.merchant_id = r.merchant_id and j.subject_id = r.notification_id;

  update job j set run_at = clock_timestamp() + r.run_in_ms * interval '1 millisecond'
  from unnest(live) r
  where r.run_in_ms is not null
    and j.kind = 'notification' and j.merchant_id = r.merchant_id and j.subject_id = r.notification_id;

  return query select r.item from unnest(live) r;
end $function$
;

CREATE OR REPLACE FUNCTION public.refuse_rewriting()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception '% is append-only: write a correction as a new row', tg_table_name;
end $function$
;

-- triggers

CREATE TRIGGER account_changed AFTER INSERT OR DELETE OR UPDATE ON public.account FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER account_service_changed AFTER INSERT OR DELETE OR UPDATE ON public.account_service FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER audit_log_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER delivery_append_only BEFORE UPDATE ON public.delivery FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER endpoint_changed AFTER INSERT OR DELETE OR UPDATE ON public.endpoint FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER merchant_changed AFTER INSERT OR DELETE OR UPDATE ON public.merchant FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER merchant_key_changed AFTER INSERT OR DELETE OR UPDATE ON public.merchant_key FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER notification_key_changed AFTER INSERT OR DELETE OR UPDATE ON public.notification_key FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER posting_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.posting FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER service_changed AFTER INSERT OR DELETE OR UPDATE ON public.service FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER transition_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.transition FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
