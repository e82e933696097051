import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { acceptPayouts, type Gateway, openGateway, openShop, type Shop } from './harness.ts';

type Weight = { payouts: number; amounts: object[]; is_cut_off: boolean };

describe('what operators see of the system', () => {
  let gateway: Gateway;
  let shop: Shop;
  let viewer: string;
  before(async () => {
    gateway = await openGateway();
    shop = await openShop(gateway.db);
    viewer = await gateway.hire('viewer');
    await acceptPayouts(gateway.db, shop, [
      { orderId: 'one', amountMinor: 10_000n },
      { orderId: 'two', amountMinor: 25_050n },
    ]);
  });
  after(() => gateway.close());

  const weigh = async (query: string) => {
    const { status, body } = await gateway.ask(`/pauses/weight?${query}`, { token: viewer });
    return { status, body: body as unknown as Weight, errors: body.errors };
  };

  test('versions, database, queues, connections and connectors', async () => {
    const { status, body } = await gateway.ask('/system', { token: viewer });
    assert.equal(status, 200);
    const {
      gateway: own,
      database,
      jobs,
      pools,
      connectors,
      audit,
    } = body as unknown as {
      gateway: { version: string; node: string };
      database: { migration: { number: number }; size_bytes: number; connections: number; connections_max: number };
      jobs: { kind: string; due: number; later: number; oldest_due_at: string | null }[];
      pools: unknown[];
      connectors: object[];
      audit: { next_pass_at: string; is_late: boolean };
    };
    assert.match(own.version, /^\d+\.\d+\.\d+/);
    assert.equal(own.node, process.version);
    const [newest] = await gateway.db.query<{ number: number }>('select max(number) as number from migration');
    assert.equal(database.migration.number, newest?.number);
    assert.ok(database.size_bytes > 1_000_000);
    assert.ok(database.connections >= 1 && database.connections <= database.connections_max);
    const [payouts, notifications] = jobs;
    assert.equal((payouts?.due ?? 0) + (payouts?.later ?? 0), 2);
    assert.deepEqual(
      [notifications?.kind, notifications?.due, notifications?.oldest_due_at],
      ['notification', 0, null],
    );
    assert.ok(Array.isArray(pools));
    assert.deepEqual(connectors, [
      {
        name: 'sandbox',
        idempotent_for_ms: 86_400_000,
        can_inquire: true,
        delivery_delay_max_ms: null,
        has_signed_callbacks: true,
      },
    ]);
    assert.ok(Date.parse(audit.next_pass_at) > 0);
    await gateway.db.query(`update audit_progress set next_pass_at = now() - interval '1 hour'`);
    const later = await gateway.ask('/system', { token: viewer });
    assert.equal((later.body.audit as typeof audit).is_late, true);
  });

  test('a pause is weighed before it is set: payouts that wait, and their amounts', async () => {
    const all = await weigh('scope=all');
    assert.deepEqual(all.body, {
      payouts: 2,
      amounts: [{ currency: 'RUB', payouts: 2, due: '350.50' }],
      is_cut_off: false,
    });
    assert.equal((await weigh('scope=connector&connector=sandbox')).body.payouts, 2);
    assert.equal((await weigh('scope=connector&connector=other')).body.payouts, 0);
    const account = `scope=account&merchant_id=${shop.merchantId}&account_id=${shop.accountId}`;
    assert.equal((await weigh(account)).body.payouts, 2);
    const other = await openShop(gateway.db);
    const elsewhere = `scope=account&merchant_id=${other.merchantId}&account_id=${other.accountId}`;
    assert.deepEqual((await weigh(elsewhere)).body, { payouts: 0, amounts: [], is_cut_off: false });
  });

  test('a scope that names too little or too much is refused', async () => {
    assert.deepEqual(Object.keys((await weigh('scope=account')).errors).toSorted(), ['account_id', 'merchant_id']);
    assert.deepEqual(Object.keys((await weigh('scope=all&connector=sandbox')).errors), ['connector']);
    assert.equal((await weigh('')).status, 400);
  });

  test('a payout shows what its provider was asked, masked, and the signed text of each notification', async () => {
    const [line] = await gateway.db.query<{ payout_id: bigint; account_id: string }>(
      'select payout_id, account_id from payout order by payout_id limit 1',
    );
    const id = line?.payout_id ?? 0n;
    const key = [shop.merchantId, id];
    await gateway.db.query(
      `insert into attempt (merchant_id, payout_id, attempt_no, connector, reference, state)
       values ($1, $2, 1, 'sandbox', 'vyp-1', 'open')`,
      key,
    );
    await gateway.db.query(
      `insert into notification (merchant_id, notification_id, payout_id, account_id, url, method, signed_text, state)
       values ($1, 900, $2, $3, 'https://shop.example/n', 'POST', '{"type":"payout"}', 'pending')`,
      [...key, line?.account_id],
    );
    const { body } = await gateway.ask(`/payouts/${id}`, { token: viewer });
    const { attempts, notifications, payout } = body as unknown as {
      attempts: { request: Record<string, string> }[];
      notifications: { signed_text: string; sign: string | null }[];
      payout: { recipient: string };
    };
    assert.equal(attempts[0]?.request['recipient'], payout.recipient);
    assert.deepEqual([attempts[0]?.request['amount'], attempts[0]?.request['currency']], ['100.00', 'RUB']);
    assert.deepEqual([notifications[0]?.signed_text, notifications[0]?.sign], ['{"type":"payout"}', null]);
  });
});
