import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { decidePayout, type Policy } from '../../src/core/payout.ts';
import type { Sql } from '../../src/db/pool.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { createDeliveryStore } from '../../src/notifications/store.ts';
import { acceptOrders } from '../../src/payouts/accept.ts';
import { createRecorder } from '../../src/payouts/record.ts';
import { createPayoutReader, type StoredPayout } from '../../src/payouts/store.ts';
import { checkedOrder, openRoom, type Room } from './harness.ts';

/**
 * The plans of the hot statements, as PostgreSQL makes them on tables that are empty: such a plan is kept by its
 * connection while the tables grow to millions of rows, so it must look up every row by its whole key.
 */
const plans = new Map<string, string>();
const overloaded = (): Error => new Error('overloaded');
const policy: Policy = {
  askBaseMs: 1_000,
  askMaxMs: 1_000,
  unknownBudgetMs: 60_000,
  acceptedBudgetMs: 60_000,
  reviewAskMs: 60_000,
  sendWithinMs: 10_000,
};

let room: Room;
let client: pg.Client;

/** The room's database through one connection that tells the plan of everything it does. */
async function openExplained(): Promise<Sql> {
  const [place] = await room.db.query<{ socket: string; name: string }>(
    `select split_part(current_setting('unix_socket_directories'), ',', 1) as socket, current_database() as name`,
  );
  const getTypeParser = (oid: number, format?: 'text' | 'binary') =>
    oid === 20 ? BigInt : pg.types.getTypeParser(oid, format);
  client = new pg.Client({
    host: place?.socket.replaceAll('"', '') ?? '',
    port: 5432,
    user: 'vyplata',
    database: place?.name ?? '',
    types: { getTypeParser },
  });
  await client.connect();
  client.on('notice', ({ message = '' }) => {
    const text = /Query Text: ([^]*?)\n(?=\S.*\(cost=)/.exec(message)?.[1] ?? '';
    plans.set(text.trim().replace(/\s+/g, ' '), message.slice(message.indexOf('(cost=')));
  });
  await client.query(`load 'auto_explain'`);
  for (const setting of ['log_min_duration = 0', 'log_nested_statements = on', `log_level = 'notice'`]) {
    await client.query(`set auto_explain.${setting}`);
  }
  return {
    query: async <R>(text: string, values: readonly unknown[] = []) =>
      (await client.query({ text, values: [...values] })).rows as R[],
    run: async <R>({ name, text }: { name: string; text: string }, values: readonly unknown[] = []) =>
      (await client.query({ name, text, values: [...values] })).rows as R[],
  };
}

/** A payout's whole life, once; then nothing in these tables was ever analyzed and every plan is made. */
async function liveOnce(db: Sql): Promise<void> {
  const reader = createPayoutReader({ db, overloaded });
  const recorder = createRecorder({ db, overloaded });
  const queue = createQueue({ db: db as Parameters<typeof createQueue>[0]['db'] });
  const store = createDeliveryStore({ db, overloaded });
  const clock = {
    at: (ms: number) => new Date(Date.now() + ms - performance.now()),
    sync: () => Promise.resolve(),
    close: () => {},
  };
  const item = {
    ...checkedOrder(room, { orderId: 'one', amountMinor: 100n }),
    digest: Buffer.alloc(32),
    digestKey: 1,
    sealed: Buffer.alloc(80),
    searchHash: Buffer.alloc(16),
  };
  const [accepted] = await acceptOrders({ acceptDb: db, clock }, [item], 60_000);
  assert.equal(accepted?.verdict, 'accepted');
  const [job] = await queue.claim({ kind: 'payout', countMax: 8, leaseMs: 60_000, busyLanes: [] });
  assert.ok(job !== undefined);
  const payout = await reader.findPayout({ merchantId: room.merchantId, payoutId: job.subjectId });
  assert.ok(payout !== undefined);
  assert.ok((await reader.findByOrderId({ merchantId: room.merchantId, orderId: 'one' })) !== undefined);
  const sent = decidePayout(payout, { kind: 'send' }, policy);
  assert.ok(sent.kind !== 'refused' && sent.change.attempt !== undefined);
  const { fence } = job;
  assert.ok(await recorder.record({ payout, change: sent.change, actor: 'test', fence, announcements: [] }));
  const attempt = { ...sent.change.attempt, asks: 0 };
  const under: StoredPayout = { ...payout, state: 'sent', version: payout.version + 1, attempt };
  const facts = { idempotentForMs: 1, canInquire: true, deliveryDelayMaxMs: 1, hasSignedCallbacks: true };
  const outcome = {
    kind: 'succeeded',
    paidMinor: 100n,
    providerId: 'p',
    rrn: '1',
    evidence: { provider: 'test' },
  } as const;
  const event = { kind: 'outcome', source: 'send', attemptNo: 1, outcome, facts, ageMs: 0 } as const;
  const ended = decidePayout(under, event, policy);
  assert.ok(ended.kind !== 'refused');
  const announcement = {
    endpoint_id: null,
    url: 'https://shop.example/',
    method: 'POST',
    signed_text: '{}',
    lane: '',
    dead: false,
  } as const;
  const announcements = [announcement];
  assert.ok(await recorder.record({ payout: under, change: ended.change, actor: 'test', fence, announcements }));
  const [told] = await queue.claim({ kind: 'notification', countMax: 8, leaseMs: 60_000, busyLanes: [] });
  assert.ok(told !== undefined);
  assert.ok(await store.find({ merchantId: room.merchantId, notificationId: told.subjectId }));
  const made = { isAcknowledged: true, statusCode: 200, error: null, answer: null, durationMs: 1 };
  const record = {
    job: told,
    tryNo: 1,
    sign: 's',
    startedAt: new Date(),
    made,
    state: 'delivered',
    runInMs: null,
  } as const;
  assert.ok(await store.record(record));
}

/** Where a hot statement may look rows up: whole keys, the id that is unique by itself, and jobs in order of due. */
const keys = new Set([
  'payout_pkey',
  'payout_by_id',
  'order_record_pkey',
  'attempt_pkey',
  'balance_pkey',
  'job_pkey',
  'job_due',
  'notification_pkey',
  'merchant_limit_merchant_id_account_id_kind_key',
  'merchant_limit_pkey',
]);

/** The last column of a key: a look-up without it reads what all rows of a merchant share. */
const columnsOf: Readonly<Record<string, readonly string[]>> = {
  payout_pkey: ['payout_id'],
  order_record_pkey: ['order_id'],
  attempt_pkey: ['payout_id'],
  balance_pkey: ['account_id'],
  job_pkey: ['subject_id'],
  notification_pkey: ['notification_id'],
};

describe('plans of the hot statements', () => {
  before(async () => {
    room = await openRoom(1_000n);
    await liveOnce(await openExplained());
  });

  after(async () => {
    await client.end();
    await room.close();
  });

  test('no hot statement reads a table from end to end', () => {
    assert.ok(plans.size > 15, `only ${plans.size} plans were seen`);
    const whole = [...plans].filter(([, plan]) => /Seq Scan|Hash Join|Merge Join/.test(plan));
    assert.deepEqual(
      whole.map(([text, plan]) => `${text}\n${plan}`),
      [],
    );
  });

  test('every index that a hot statement uses is a key, and it is looked up by all its columns', () => {
    let lookedUp = 0;
    for (const [text, plan] of plans) {
      for (const [, index = '', rest = ''] of plan.matchAll(/Scan using (\S+) on [^\n]*\n([^]*?)(?=->|$)/g)) {
        assert.ok(keys.has(index), `${index} is used by ${text}\n${plan}`);
        const condition = /Index Cond: (.*)/.exec(rest)?.[1] ?? '';
        for (const column of columnsOf[index] ?? []) {
          assert.ok(condition.includes(column), `${index} by ${condition}: ${text}`);
        }
        lookedUp += 1;
      }
    }
    assert.ok(lookedUp > 15, `only ${lookedUp} look-ups were seen`);
  });

  test('a claim takes due jobs in the order of their index, without sorting the queue', () => {
    const claims = [...plans].filter(([text]) => text.includes('skip locked'));
    assert.ok(claims.length > 0);
    for (const [, plan] of claims) {
      assert.match(plan, /Index Scan using job_due/);
      assert.doesNotMatch(plan, /Sort/);
    }
  });
});
