-- What merchants are told, and each try to tell them.

create sequence notification_id as bigint;

create table notification (
  merchant_id bigint not null,
  notification_id bigint not null,
  payout_id bigint not null,
  account_id uuid not null,
  endpoint_id integer,
  url text not null,
  method text not null check (method in ('POST', 'GET')),
  signed_text text not null,
  sign text,
  state text not null check (state in ('pending', 'delivered', 'dead')),
  is_dead boolean not null generated always as (state = 'dead') stored,
  tries integer not null default 0,
  -- Sent again, it goes through the whole schedule once more: its place there is counted from here.
  tries_before integer not null default 0,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (merchant_id, notification_id)
) with (fillfactor = 70);
create index notification_of_payout on notification (payout_id);
alter table notification alter signed_text set statistics 0, alter sign set statistics 0;
create index notification_dead on notification (merchant_id, notification_id) where is_dead;

create table delivery (
  merchant_id bigint not null,
  notification_id bigint not null,
  try_no integer not null,
  started_at timestamptz not null,
  duration_ms integer not null,
  status_code integer,
  error text,
  answer text,
  primary key (merchant_id, notification_id, try_no)
);
alter table delivery alter answer set statistics 0;
create trigger delivery_append_only before update on delivery
  for each statement execute function refuse_rewriting();
