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
  lease_ms bigint,
  payout_id bigint,
  old_minor bigint
);

create type accept_item_v2 as (
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
  recipient_hash bigint,
  currency text,
  amount_minor bigint,
  due_minor bigint,
  debit_minor bigint,
  commission_minor bigint,
  percent_minor bigint,
  connectors text[],
  endpoint_id integer,
  endpoint_url text,
  lease_ms bigint,
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
  signature_rule text not null default 'v1'::text,
  created_at timestamp with time zone not null default now(),
  constraint account_pkey PRIMARY KEY (merchant_id, account_id),
  constraint account_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id),
  constraint account_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text)),
  constraint account_mode_check CHECK ((mode = ANY (ARRAY['live'::text, 'sandbox'::text]))),
  constraint account_name_check CHECK ((length(name) <= 200)),
  constraint account_notification_method_check CHECK ((notification_method = ANY (ARRAY['POST'::text, 'GET'::text]))),
  constraint account_signature_rule_check CHECK ((signature_rule = ANY (ARRAY['v1'::text, 'v1_or_v2'::text, 'v2'::text]))),
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

create table approval (
  approval_id bigint not null generated by default as identity,
  action text not null,
  request_sealed bytea not null,
  shown jsonb not null,
  state text not null default 'pending'::text,
  requested_by bigint not null,
  requested_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  decided_by bigint,
  decided_at timestamp with time zone,
  outcome text,
  constraint approval_pkey PRIMARY KEY (approval_id),
  constraint approval_decided_by_fkey FOREIGN KEY (decided_by) REFERENCES operator_user(user_id),
  constraint approval_requested_by_fkey FOREIGN KEY (requested_by) REFERENCES operator_user(user_id),
  constraint approval_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'approved'::text, 'done'::text, 'refused'::text, 'failed'::text]))),
  constraint approval_takes_two CHECK (((decided_by IS NULL) OR (state = 'refused'::text) OR (decided_by <> requested_by)))
);

create table archived_payout (
  merchant_id bigint not null,
  payout_id bigint not null,
  account_id uuid not null,
  order_id text not null,
  state text not null,
  version integer not null,
  attempts integer not null,
  service_code text not null,
  recipient_kind text not null,
  recipient_mask text not null,
  recipient_sealed bytea not null,
  recipient_hash bigint,
  recipient_deleted_at timestamp with time zone,
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
  connectors text[] not null,
  provider_id text,
  endpoint_id integer,
  created_at timestamp with time zone not null,
  final_at timestamp with time zone not null,
  told_at timestamp with time zone,
  archived_at timestamp with time zone not null default clock_timestamp(),
  constraint archived_payout_pkey PRIMARY KEY (merchant_id, payout_id),
  constraint archived_payout_check CHECK ((debit_minor = (due_minor + commission_minor))),
  constraint archived_payout_check1 CHECK (((state = 'paid'::text) = (fail_reason IS NULL))),
  constraint archived_payout_state_check CHECK ((state = ANY (ARRAY['paid'::text, 'fail'::text, 'cancel'::text])))
) with (autovacuum_vacuum_insert_threshold=100000);

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
) with (fillfactor=80, autovacuum_vacuum_threshold=50000, autovacuum_vacuum_insert_threshold=100000);

create table audit_checkpoint (
  merchant_id bigint not null,
  account_id uuid not null,
  posting_id bigint not null,
  available_after_minor bigint not null,
  available_minor bigint not null,
  held_minor bigint not null,
  clearing_minor bigint not null,
  frozen_minor bigint not null,
  reserve_minor bigint not null,
  receivable_minor bigint not null,
  paid_minor bigint not null,
  commission_minor bigint not null,
  funding_minor bigint not null,
  constraint audit_checkpoint_pkey PRIMARY KEY (merchant_id, account_id)
);

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

create table audit_progress (
  only_row boolean not null default true,
  next_pass_at timestamp with time zone not null default now(),
  accounts_after_merchant_id bigint not null default 0,
  accounts_after_id uuid not null default '00000000-0000-0000-0000-000000000000'::uuid,
  payouts_after_merchant_id bigint not null default 0,
  payouts_after_id bigint not null default 0,
  last_pass_at timestamp with time zone,
  constraint audit_progress_pkey PRIMARY KEY (only_row),
  constraint audit_progress_only_row_check CHECK (only_row)
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

create table count_mark (
  merchant_id bigint not null,
  account_id uuid not null,
  posting_id bigint not null,
  constraint count_mark_pkey PRIMARY KEY (merchant_id, account_id)
);

create table count_progress (
  only_row boolean not null default true,
  counted_at timestamp with time zone,
  constraint count_progress_pkey PRIMARY KEY (only_row),
  constraint count_progress_only_row_check CHECK (only_row)
);

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
) with (autovacuum_vacuum_insert_threshold=100000);

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
  reason text,
  posting_id bigint,
  constraint incident_pkey PRIMARY KEY (merchant_id, incident_id)
);

create table invitation (
  secret_hash bytea not null,
  user_id bigint not null,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  constraint invitation_pkey PRIMARY KEY (secret_hash),
  constraint invitation_user_id_fkey FOREIGN KEY (user_id) REFERENCES operator_user(user_id)
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

create table merchant_limit (
  merchant_id bigint not null,
  limit_id bigint not null generated by default as identity,
  account_id uuid,
  kind text not null,
  limit_value bigint not null,
  created_at timestamp with time zone not null default now(),
  constraint merchant_limit_pkey PRIMARY KEY (merchant_id, limit_id),
  constraint merchant_limit_merchant_id_account_id_kind_key UNIQUE NULLS NOT DISTINCT (merchant_id, account_id, kind),
  constraint merchant_limit_merchant_id_account_id_fkey FOREIGN KEY (merchant_id, account_id) REFERENCES account(merchant_id, account_id),
  constraint merchant_limit_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id),
  constraint merchant_limit_check CHECK (((kind = 'orders_per_minute'::text) OR (account_id IS NOT NULL))),
  constraint merchant_limit_kind_check CHECK ((kind = ANY (ARRAY['orders_per_minute'::text, 'amount_per_day'::text]))),
  constraint merchant_limit_limit_value_check CHECK ((limit_value >= 0))
);

create table merchant_limit_use (
  merchant_id bigint not null,
  limit_id bigint not null,
  window_at timestamp with time zone not null,
  used bigint not null,
  constraint merchant_limit_use_pkey PRIMARY KEY (merchant_id, limit_id),
  constraint merchant_limit_use_merchant_id_limit_id_fkey FOREIGN KEY (merchant_id, limit_id) REFERENCES merchant_limit(merchant_id, limit_id) ON DELETE CASCADE
);

create table merchant_network (
  merchant_id bigint not null,
  network cidr not null,
  created_at timestamp with time zone not null default now(),
  constraint merchant_network_pkey PRIMARY KEY (merchant_id, network),
  constraint merchant_network_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id)
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
  is_dead boolean not null generated always as ((state = 'dead'::text)) stored,
  tries integer not null default 0,
  tries_before integer not null default 0,
  created_at timestamp with time zone not null default now(),
  ended_at timestamp with time zone,
  constraint notification_pkey PRIMARY KEY (merchant_id, notification_id),
  constraint notification_method_check CHECK ((method = ANY (ARRAY['POST'::text, 'GET'::text]))),
  constraint notification_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'dead'::text])))
) with (fillfactor=70, autovacuum_vacuum_threshold=50000, autovacuum_vacuum_insert_threshold=100000);

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
  constraint operator_session_kind_check CHECK ((kind = ANY (ARRAY['session'::text, 'half'::text, 'token'::text])))
);

create table operator_user (
  user_id bigint not null generated by default as identity,
  login text not null,
  password_hash text not null,
  role text not null,
  state text not null default 'active'::text,
  created_at timestamp with time zone not null default now(),
  merchant_id bigint,
  constraint operator_user_pkey PRIMARY KEY (user_id),
  constraint operator_user_login_key UNIQUE (login),
  constraint operator_user_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id),
  constraint operator_user_login_check CHECK (((length(login) >= 1) AND (length(login) <= 100))),
  constraint operator_user_of_merchant CHECK (((role = 'merchant'::text) = (merchant_id IS NOT NULL))),
  constraint operator_user_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'approver'::text, 'owner'::text, 'merchant'::text]))),
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
) with (autovacuum_vacuum_insert_threshold=100000);

create table outcome_count (
  connector text not null,
  hour_at timestamp with time zone not null,
  state text not null,
  bucket integer not null,
  payouts bigint not null,
  constraint outcome_count_pkey PRIMARY KEY (connector, hour_at, state, bucket),
  constraint outcome_count_bucket_check CHECK (((bucket >= 0) AND (bucket <= 200))),
  constraint outcome_count_state_check CHECK ((state = ANY (ARRAY['paid'::text, 'fail'::text, 'cancel'::text])))
);

create table passkey (
  passkey_id bigint not null generated by default as identity,
  user_id bigint not null,
  credential_id bytea not null,
  public_key bytea not null,
  sign_count bigint not null,
  label text not null,
  created_at timestamp with time zone not null default now(),
  last_used_at timestamp with time zone,
  constraint passkey_pkey PRIMARY KEY (passkey_id),
  constraint passkey_credential_id_key UNIQUE (credential_id),
  constraint passkey_user_id_fkey FOREIGN KEY (user_id) REFERENCES operator_user(user_id),
  constraint passkey_label_check CHECK (((length(label) >= 1) AND (length(label) <= 100)))
);

create table passkey_challenge (
  challenge_hash bytea not null,
  user_id bigint,
  expires_at timestamp with time zone not null,
  constraint passkey_challenge_pkey PRIMARY KEY (challenge_hash),
  constraint passkey_challenge_user_id_fkey FOREIGN KEY (user_id) REFERENCES operator_user(user_id)
);

create table pause (
  pause_id bigint not null generated by default as identity,
  scope text not null,
  connector text,
  merchant_id bigint,
  account_id uuid,
  reason text not null,
  set_by text not null,
  set_at timestamp with time zone not null default clock_timestamp(),
  constraint pause_pkey PRIMARY KEY (pause_id),
  constraint pause_scope_connector_merchant_id_account_id_key UNIQUE NULLS NOT DISTINCT (scope, connector, merchant_id, account_id),
  constraint pause_names_its_scope CHECK ((((scope = 'connector'::text) = (connector IS NOT NULL)) AND ((scope = 'account'::text) = (account_id IS NOT NULL)) AND ((scope = 'account'::text) = (merchant_id IS NOT NULL)))),
  constraint pause_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 1000))),
  constraint pause_scope_check CHECK ((scope = ANY (ARRAY['all'::text, 'connector'::text, 'account'::text])))
);

create table payout (
  merchant_id bigint not null,
  payout_id bigint not null,
  account_id uuid not null,
  order_id text not null,
  state text not null,
  in_review boolean not null generated always as ((state = 'review'::text)) stored,
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
  recipient_hash bigint,
  recipient_deleted_at timestamp with time zone,
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
) with (fillfactor=70, autovacuum_vacuum_threshold=50000, autovacuum_vacuum_insert_threshold=100000);

create table payout_count (
  merchant_id bigint not null,
  currency text not null,
  span text not null,
  starts_at timestamp with time zone not null,
  state text not null,
  payouts bigint not null,
  paid_minor numeric not null,
  constraint payout_count_pkey PRIMARY KEY (merchant_id, currency, span, starts_at, state),
  constraint payout_count_span_check CHECK ((span = ANY (ARRAY['ever'::text, 'day'::text, 'minute'::text]))),
  constraint payout_count_state_check CHECK ((state = ANY (ARRAY['accepted'::text, 'queued'::text, 'sent'::text, 'paid'::text, 'fail'::text, 'cancel'::text])))
);

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
) with (autovacuum_vacuum_insert_threshold=100000);

create table posting_request (
  merchant_id bigint not null,
  request_key text not null,
  account_id uuid not null,
  posting_id bigint not null,
  digest bytea not null,
  constraint posting_request_pkey PRIMARY KEY (merchant_id, request_key),
  constraint posting_request_request_key_check CHECK (((length(request_key) >= 1) AND (length(request_key) <= 128)))
);

create table process (
  process_id uuid not null,
  started_at timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  serves boolean not null,
  works boolean not null,
  payouts_in_hand integer not null,
  notifications_in_hand integer not null,
  finds_archived boolean not null default false,
  constraint process_pkey PRIMARY KEY (process_id)
);

create table recipient_later (
  merchant_id bigint not null,
  payout_id bigint not null,
  final_after timestamp with time zone not null,
  constraint recipient_later_pkey PRIMARY KEY (merchant_id, payout_id)
);

create table recipient_walk (
  merchant_id bigint not null,
  walked_to bigint not null default 0,
  next_at timestamp with time zone not null default now(),
  hold_reason text,
  hold_set_by text,
  hold_set_at timestamp with time zone,
  archived_to bigint not null default 0,
  archive_at timestamp with time zone not null default now(),
  dropped_to bigint not null default 0,
  answers_to bigint not null default 0,
  answers_at timestamp with time zone not null default now(),
  constraint recipient_walk_pkey PRIMARY KEY (merchant_id),
  constraint recipient_walk_merchant_id_fkey FOREIGN KEY (merchant_id) REFERENCES merchant(merchant_id),
  constraint recipient_walk_check CHECK ((((hold_reason IS NULL) = (hold_set_by IS NULL)) AND ((hold_reason IS NULL) = (hold_set_at IS NULL)))),
  constraint recipient_walk_hold_reason_check CHECK (((length(hold_reason) >= 1) AND (length(hold_reason) <= 1000)))
);

create table recovery_code (
  code_hash bytea not null,
  user_id bigint not null,
  used_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  constraint recovery_code_pkey PRIMARY KEY (code_hash),
  constraint recovery_code_user_id_fkey FOREIGN KEY (user_id) REFERENCES operator_user(user_id)
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

create table sign_in_count (
  key_hash bytea not null,
  tries integer not null,
  since timestamp with time zone not null,
  constraint sign_in_count_pkey PRIMARY KEY (key_hash)
);

create table signature_nonce (
  merchant_id bigint not null,
  nonce text not null,
  expires_at timestamp with time zone not null,
  constraint signature_nonce_pkey PRIMARY KEY (merchant_id, nonce)
);

create table totp_factor (
  user_id bigint not null,
  secret_sealed bytea not null,
  last_step bigint not null default 0,
  confirmed_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  constraint totp_factor_pkey PRIMARY KEY (user_id),
  constraint totp_factor_user_id_fkey FOREIGN KEY (user_id) REFERENCES operator_user(user_id)
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
) with (autovacuum_vacuum_insert_threshold=100000);

-- indexes

CREATE INDEX account_by_id ON public.account USING btree (account_id);

CREATE INDEX approval_pending ON public.approval USING btree (approval_id) WHERE (state = 'pending'::text);

CREATE INDEX archived_payout_by_id ON public.archived_payout USING btree (payout_id);

CREATE INDEX archived_payout_by_recipient ON public.archived_payout USING btree (recipient_hash) WHERE (recipient_hash IS NOT NULL);

CREATE UNIQUE INDEX attempt_live ON public.attempt USING btree (merchant_id, payout_id) WHERE (state = ANY (ARRAY['open'::text, 'accepted'::text, 'unknown'::text]));

CREATE INDEX incident_of_payout ON public.incident USING btree (merchant_id, payout_id) WHERE (payout_id IS NOT NULL);

CREATE INDEX incident_open ON public.incident USING btree (merchant_id, incident_id) WHERE (closed_at IS NULL);

CREATE INDEX invitation_by_user ON public.invitation USING btree (user_id);

CREATE INDEX job_due ON public.job USING btree (kind, run_at);

CREATE INDEX notification_dead ON public.notification USING btree (merchant_id, notification_id) WHERE is_dead;

CREATE INDEX notification_of_payout ON public.notification USING btree (payout_id);

CREATE UNIQUE INDEX notification_key_active ON public.notification_key USING btree (merchant_id) WHERE (state = 'active'::text);

CREATE INDEX order_record_tombstone ON public.order_record USING btree (made_at) WHERE (payout_id IS NULL);

CREATE INDEX passkey_by_user ON public.passkey USING btree (user_id);

CREATE INDEX payout_by_id ON public.payout USING btree (payout_id);

CREATE INDEX payout_by_recipient ON public.payout USING btree (recipient_hash) WHERE (recipient_hash IS NOT NULL);

CREATE INDEX payout_in_review ON public.payout USING btree (merchant_id, payout_id) WHERE in_review;

CREATE INDEX payout_without_hash ON public.payout USING btree (payout_id) WHERE ((recipient_hash IS NULL) AND (recipient_deleted_at IS NULL));

CREATE INDEX payout_count_by_span ON public.payout_count USING btree (span, starts_at);

CREATE INDEX posting_of_payout ON public.posting USING btree (merchant_id, payout_id) WHERE (payout_id IS NOT NULL);

CREATE INDEX recipient_later_due ON public.recipient_later USING btree (merchant_id, final_after);

CREATE INDEX recovery_code_by_user ON public.recovery_code USING btree (user_id);

CREATE INDEX signature_nonce_expires ON public.signature_nonce USING btree (expires_at);

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

create view every_payout as
 SELECT payout.merchant_id,
    payout.payout_id,
    payout.account_id,
    payout.order_id,
    payout.state,
    payout.in_review,
    payout.version,
    payout.attempts,
    payout.service_code,
    payout.recipient_kind,
    payout.recipient_mask,
    payout.recipient_sealed,
    payout.recipient_hash,
    payout.recipient_deleted_at,
    payout.currency,
    payout.amount_minor,
    payout.due_minor,
    payout.debit_minor,
    payout.commission_minor,
    payout.percent_minor,
    payout.old_available_minor,
    payout.final_paid_minor,
    payout.final_commission_minor,
    payout.fail_reason,
    payout.rrn,
    payout.connectors,
    NULL::text AS provider_id,
    payout.endpoint_id,
    payout.endpoint_url,
    payout.created_at,
    payout.final_at,
    NULL::timestamp with time zone AS told_at,
    NULL::timestamp with time zone AS archived_at
   FROM payout
UNION ALL
 SELECT archived_payout.merchant_id,
    archived_payout.payout_id,
    archived_payout.account_id,
    archived_payout.order_id,
    archived_payout.state,
    false AS in_review,
    archived_payout.version,
    archived_payout.attempts,
    archived_payout.service_code,
    archived_payout.recipient_kind,
    archived_payout.recipient_mask,
    archived_payout.recipient_sealed,
    archived_payout.recipient_hash,
    archived_payout.recipient_deleted_at,
    archived_payout.currency,
    archived_payout.amount_minor,
    archived_payout.due_minor,
    archived_payout.debit_minor,
    archived_payout.commission_minor,
    archived_payout.percent_minor,
    archived_payout.old_available_minor,
    archived_payout.final_paid_minor,
    archived_payout.final_commission_minor,
    archived_payout.fail_reason,
    archived_payout.rrn,
    archived_payout.connectors,
    archived_payout.provider_id,
    archived_payout.endpoint_id,
    NULL::text AS endpoint_url,
    archived_payout.created_at,
    archived_payout.final_at,
    archived_payout.told_at,
    archived_payout.archived_at
   FROM archived_payout;

-- functions

CREATE OR REPLACE FUNCTION public.accept_payouts_v1(input json, deadline_at timestamp with time zone)
 RETURNS TABLE(item integer, verdict text, payout_id bigint, old_minor bigint, digest bytea, digest_key integer)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
end $function$
;

CREATE OR REPLACE FUNCTION public.accept_payouts_v2(input json, deadline_at timestamp with time zone)
 RETURNS TABLE(item integer, verdict text, payout_id bigint, old_minor bigint, digest bytea, digest_key integer)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
#variable_conflict use_column
declare
  items accept_item_v2[];
  claimed_ids bigint[];
  claimed accept_item_v2[];
  others accept_item_v2[] := '{}';
  taken accept_item_v2[];
  short accept_item_v2[] := '{}';
  short_verdicts text[] := '{}';
  has_limits boolean;
  limit_kind text;
  candidate accept_item_v2;
  previous accept_item_v2;
  left_minor bigint;
  is_covered boolean;
begin
  -- 1. Each order with the id that its payout has if it is accepted.
  items := array(
    select row(item, merchant_id, account_id, order_id, digest, digest_key, received_at, service_code, recipient_kind,
      recipient_mask, recipient_sealed, recipient_hash, currency, amount_minor, due_minor, debit_minor, commission_minor, percent_minor,
      connectors, endpoint_id, endpoint_url, lease_ms, nextval('payout_id'), null)::accept_item_v2
    from json_populate_recordset(null::accept_item_v2, input));

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
      recipient_kind, recipient_mask, recipient_sealed, recipient_hash, currency, amount_minor, due_minor, debit_minor,
      commission_minor, percent_minor, connectors, endpoint_id, endpoint_url, lease_ms, payout_id,
      available_minor - spent_minor + debit_minor)::accept_item_v2),
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
      recipient_mask, recipient_sealed, recipient_hash, currency, amount_minor, due_minor, debit_minor, commission_minor,
      percent_minor, old_available_minor, connectors, endpoint_id, endpoint_url)
    select merchant_id, payout_id, account_id, order_id, 'queued', service_code, recipient_kind,
      recipient_mask, recipient_sealed, recipient_hash, currency, amount_minor, due_minor, debit_minor, commission_minor,
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
end $function$
;

CREATE OR REPLACE FUNCTION public.apply_payouts_v1(input json)
 RETURNS TABLE(item integer, notification_id bigint)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
end $function$
;

CREATE OR REPLACE FUNCTION public.claim_jobs_v1(of_kind text, count_max integer, lease_ms bigint, busy_lanes text[])
 RETURNS TABLE(merchant_id bigint, subject_id bigint, lane text, fence integer, late_ms double precision)
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
end $function$
;

CREATE OR REPLACE FUNCTION public.count_payouts_v1(count_max integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
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
end $function$
;

CREATE OR REPLACE FUNCTION public.forget_recipients_v1(keep interval, keep_masks boolean, count_max integer, again_ms bigint)
 RETURNS TABLE(forgotten integer)
 LANGUAGE plpgsql
AS $function$
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
end $function$
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
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
end $function$
;

CREATE OR REPLACE FUNCTION public.refuse_losing()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if exists (
    select from gone g
    where not exists (
      select from archived_payout a where a.merchant_id = g.merchant_id and a.payout_id = g.payout_id)
  ) then
    raise exception '% is append-only: its rows go with a payout that is archived', tg_table_name;
  end if;
  return null;
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

CREATE OR REPLACE FUNCTION public.take_limits_v1(of_merchant bigint, of_account uuid, amount_minor bigint)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
declare
  one record;
  present timestamptz;
  used_before bigint;
begin
  for one in
    select l.limit_id, l.kind, l.limit_value from merchant_limit l
    where l.merchant_id = of_merchant and (l.account_id is null or l.account_id = of_account)
    order by l.limit_id
  loop
    present := date_trunc(case one.kind when 'amount_per_day' then 'day' else 'minute' end, clock_timestamp(), 'UTC');
    insert into merchant_limit_use as u (merchant_id, limit_id, window_at, used)
    values (of_merchant, one.limit_id, present, 0)
    on conflict (merchant_id, limit_id) do update
      set used = case when u.window_at >= excluded.window_at then u.used else 0 end,
        window_at = greatest(u.window_at, excluded.window_at)
    returning u.used into used_before;
    if used_before + (case one.kind when 'amount_per_day' then amount_minor else 1 end) > one.limit_value then
      return one.kind;
    end if;
  end loop;
  update merchant_limit_use u
  set used = u.used + (case l.kind when 'amount_per_day' then amount_minor else 1 end)
  from merchant_limit l
  where l.merchant_id = of_merchant and (l.account_id is null or l.account_id = of_account)
    and u.merchant_id = l.merchant_id and u.limit_id = l.limit_id;
  return null;
end $function$
;

-- triggers

CREATE TRIGGER account_changed AFTER INSERT OR DELETE OR UPDATE ON public.account FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER account_service_changed AFTER INSERT OR DELETE OR UPDATE ON public.account_service FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER archived_payout_append_only BEFORE UPDATE OF merchant_id, payout_id, account_id, order_id, state, version, attempts, service_code, recipient_kind, currency, amount_minor, due_minor, debit_minor, commission_minor, percent_minor, old_available_minor, final_paid_minor, final_commission_minor, fail_reason, rrn, connectors, provider_id, endpoint_id, created_at, final_at, told_at, archived_at ON public.archived_payout FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER archived_payout_kept BEFORE DELETE OR TRUNCATE ON public.archived_payout FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER attempt_goes_archived AFTER DELETE ON public.attempt REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION refuse_losing();

CREATE TRIGGER audit_log_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER delivery_append_only BEFORE UPDATE OF merchant_id, notification_id, try_no, started_at, duration_ms, status_code, error ON public.delivery FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER endpoint_changed AFTER INSERT OR DELETE OR UPDATE ON public.endpoint FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER merchant_changed AFTER INSERT OR DELETE OR UPDATE ON public.merchant FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER merchant_key_changed AFTER INSERT OR DELETE OR UPDATE ON public.merchant_key FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER merchant_network_changed AFTER INSERT OR DELETE OR UPDATE ON public.merchant_network FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER notification_goes_archived AFTER DELETE ON public.notification REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION refuse_losing();

CREATE TRIGGER notification_key_changed AFTER INSERT OR DELETE OR UPDATE ON public.notification_key FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER payout_goes_archived AFTER DELETE ON public.payout REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION refuse_losing();

CREATE TRIGGER posting_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.posting FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER service_changed AFTER INSERT OR DELETE OR UPDATE ON public.service FOR EACH STATEMENT EXECUTE FUNCTION raise_directory_revision();

CREATE TRIGGER transition_append_only BEFORE UPDATE OR TRUNCATE ON public.transition FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TRIGGER transition_goes_archived AFTER DELETE ON public.transition REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION refuse_losing();
