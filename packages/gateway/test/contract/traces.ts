import assert from 'node:assert/strict';
import { joinEmbedded } from '../../src/db/join-embedded.ts';
import { openPool } from '../../src/db/pool.ts';
import type { DemoGateway } from '../gateway.ts';

/** Everything that an order leaves behind, in figures: two of them are equal when nothing was created between. */
export type Trace = Readonly<Record<string, unknown>>;

export type Traces = {
  now(): Promise<Trace>;
  /** Which of these order_ids have a payout, a record of one, or a hold. */
  createdOf(orderIds: readonly string[]): Promise<string[]>;
  close(): Promise<void>;
};

/** Tombstones are not counted: asking for an order that does not exist writes one. */
const countAll = `
  select (select count(*) from payout) as payouts,
    (select count(*) from order_record where payout_id is not null) as records,
    (select count(*) from posting) as postings, (select count(*) from attempt) as attempts,
    (select count(*) from transition) as transitions, (select count(*) from job) as jobs,
    (select count(*) from notification) as notifications, (select count(*) from delivery) as deliveries,
    (select count(*) from incident) as incidents,
    (select string_agg(b::text, ' ' order by b.merchant_id, b.account_id) from balance b) as balances`;

const selectCreated = `
  select order_id as "orderId" from payout where order_id = any($1)
  union select order_id from order_record where order_id = any($1) and payout_id is not null`;

/** Looks into the database of a running gateway, past everything that it says over HTTP. */
export async function openTraces(gateway: Pick<DemoGateway, 'dataDir'>): Promise<Traces> {
  const connection = await joinEmbedded(gateway.dataDir);
  assert.ok(connection !== undefined, 'the gateway has its database in its folder');
  const db = openPool({ connection, name: 'traces', connectionsMax: 1 });
  return {
    async now() {
      const [row] = await db.query<Trace>(countAll);
      return row ?? {};
    },
    async createdOf(orderIds) {
      const rows = await db.query<{ orderId: string }>(selectCreated, [orderIds]);
      return rows.map(({ orderId }) => orderId);
    },
    close: () => db.close(),
  };
}
