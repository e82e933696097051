-- Spreads the tables of an empty, migrated database over the workers of a Citus cluster, by merchant.
-- Read docs/scale.md first: the gateway of this version does not run on the result yet, and says there what is missing.
-- psql --single-transaction -v ON_ERROR_STOP=1 -f deploy/citus/distribute.sql

-- Append-only is held by triggers that refuse, and look at rows of the same merchant at most: that is on the same node.
-- On shards Citus calls every trigger unsafe; those with `referencing old table` are to be looked at first.
set citus.enable_unsafe_triggers to on;

-- A table of many nodes cannot point to one that stays on the coordinator. Both rows are written in one transaction.
alter table balance drop constraint balance_merchant_id_account_id_fkey;
alter table merchant_limit drop constraint merchant_limit_merchant_id_fkey;
alter table merchant_limit drop constraint merchant_limit_merchant_id_account_id_fkey;

-- What grows with payouts, or is locked for each: all rows of a merchant are on one node.
select create_distributed_table('order_record', 'merchant_id', colocate_with => 'none', shard_count => 128);
select create_distributed_table('payout', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('archived_payout', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('attempt', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('transition', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('balance', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('posting', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('posting_request', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('notification', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('delivery', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('incident', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('merchant_limit', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('merchant_limit_use', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('signature_nonce', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('recipient_later', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('count_mark', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('payout_count', 'merchant_id', colocate_with => 'order_record');
select create_distributed_table('audit_checkpoint', 'merchant_id', colocate_with => 'order_record');

-- The directory: small, read whole into the memory of each process, changed by people; its triggers raise one number.
select citus_add_local_table_to_metadata('merchant');
select citus_add_local_table_to_metadata('account');
select citus_add_local_table_to_metadata('account_service');
select citus_add_local_table_to_metadata('service');
select citus_add_local_table_to_metadata('endpoint');
select citus_add_local_table_to_metadata('merchant_key');
select citus_add_local_table_to_metadata('merchant_key_use');
select citus_add_local_table_to_metadata('merchant_network');
select citus_add_local_table_to_metadata('notification_key');
select citus_add_local_table_to_metadata('directory_revision');
-- A row per merchant, claimed with skip locked.
select citus_add_local_table_to_metadata('recipient_walk');

-- Queued work is claimed with skip locked over all merchants, which Citus refuses on shards. Never distributed.
select citus_add_local_table_to_metadata('job');

-- The installation's own.
select citus_add_local_table_to_metadata('operator_user');
select citus_add_local_table_to_metadata('operator_session');
select citus_add_local_table_to_metadata('invitation');
select citus_add_local_table_to_metadata('passkey');
select citus_add_local_table_to_metadata('passkey_challenge');
select citus_add_local_table_to_metadata('totp_factor');
select citus_add_local_table_to_metadata('recovery_code');
select citus_add_local_table_to_metadata('sign_in_count');
select citus_add_local_table_to_metadata('approval');
select citus_add_local_table_to_metadata('audit_log');
select citus_add_local_table_to_metadata('audit_progress');
select citus_add_local_table_to_metadata('count_progress');
select citus_add_local_table_to_metadata('outcome_count');
select citus_add_local_table_to_metadata('pause');
select citus_add_local_table_to_metadata('process');
select citus_add_local_table_to_metadata('migration');
