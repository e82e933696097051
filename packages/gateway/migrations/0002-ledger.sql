-- The ledger. A posting is one row whose columns are its entries, one per ledger account; they sum to 0 by CHECK.
-- A balance is one row per merchant's account; it is the sum of its postings and sums to 0 as well (funding is the
-- outside world's side). docs/decisions/0002 tells why entries are columns.

create table balance (
  merchant_id bigint not null,
  account_id uuid not null,
  available_minor bigint not null default 0 check (available_minor >= 0),
  held_minor bigint not null default 0 check (held_minor >= 0),
  clearing_minor bigint not null default 0 check (clearing_minor >= 0),
  frozen_minor bigint not null default 0 check (frozen_minor >= 0),
  reserve_minor bigint not null default 0 check (reserve_minor >= 0),
  receivable_minor bigint not null default 0 check (receivable_minor <= 0),
  paid_minor bigint not null default 0 check (paid_minor >= 0),
  commission_minor bigint not null default 0 check (commission_minor >= 0),
  funding_minor bigint not null default 0,
  primary key (merchant_id, account_id),
  foreign key (merchant_id, account_id) references account,
  constraint balance_is_balanced check (available_minor + held_minor + clearing_minor + frozen_minor + reserve_minor
    + receivable_minor + paid_minor + commission_minor + funding_minor = 0)
) with (fillfactor = 50);

create sequence posting_id as bigint;

create table posting (
  merchant_id bigint not null,
  account_id uuid not null,
  posting_id bigint not null,
  kind text not null check (kind in ('top_up', 'withdrawal', 'freeze', 'unfreeze', 'hold', 'send', 'recall', 'capture',
    'release', 'reversal', 'correction')),
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
  available_after_minor bigint not null check (available_after_minor >= 0),
  actor text not null,
  reason text,
  created_at timestamptz not null default now(),
  primary key (merchant_id, account_id, posting_id),
  constraint posting_is_balanced check (available_minor + held_minor + clearing_minor + frozen_minor + reserve_minor
    + receivable_minor + paid_minor + commission_minor + funding_minor = 0)
);
create index posting_of_payout on posting (merchant_id, payout_id) where payout_id is not null;

-- A repeated top-up or withdrawal of one operator's request must not move money twice.
create table posting_request (
  merchant_id bigint not null,
  request_key text not null check (length(request_key) between 1 and 128),
  account_id uuid not null,
  posting_id bigint not null,
  digest bytea not null,
  primary key (merchant_id, request_key)
);

-- The same postings as lines, for people and for the audit: one signed amount per ledger account.
create view entry as
  select p.merchant_id, p.account_id, p.posting_id, p.payout_id, p.connector, line.ledger_account, line.amount_minor
  from posting p
  cross join lateral (values
    ('available', p.available_minor), ('held', p.held_minor), ('clearing', p.clearing_minor),
    ('frozen', p.frozen_minor), ('reserve', p.reserve_minor), ('receivable', p.receivable_minor),
    ('paid', p.paid_minor), ('commission', p.commission_minor), ('funding', p.funding_minor)
  ) as line (ledger_account, amount_minor)
  where line.amount_minor <> 0;

create function refuse_rewriting() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: write a correction as a new row', tg_table_name;
end $$;

create trigger posting_append_only before update or delete or truncate on posting
  for each statement execute function refuse_rewriting();
