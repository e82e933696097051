-- What a person did about an incident, and the posting that put the ledger right.
alter table incident add column reason text, add column posting_id bigint;
create index incident_of_payout on incident (merchant_id, payout_id) where payout_id is not null;
