import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { decidePayout, type Policy } from '../../src/core/payout.ts';
import type { Sql } from '../../src/db/pool.ts';
import { loadAccount } from '../../src/merchants/load.ts';
import { sweepNonces } from '../../src/merchants/nonces.ts';
import { listApprovals } from '../../src/operators/approvals.ts';
import { readFactors } from '../../src/operators/factors.ts';
import { inviteAgain, inviteUser } from '../../src/operators/invite.ts';
import { listPasskeys } from '../../src/operators/passkeys.ts';
import { listDeadNotifications, listIncidents, readPayoutHistory } from '../../src/payouts/history.ts';
import { listUsers } from '../../src/operators/users.ts';
import { createRecipientKeeper } from '../../src/payouts/forget-recipients.ts';
import { readOverview } from '../../src/payouts/overview.ts';
import { searchPayouts } from '../../src/payouts/search.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { createDeliveryStore } from '../../src/notifications/store.ts';
import { acceptOrders, sweepTombstones } from '../../src/payouts/accept.ts';
import { createRecorder } from '../../src/payouts/record.ts';
import { createPayoutReader, type StoredPayout } from '../../src/payouts/store.ts';
import { checkedOrder, monotonicMs, openRoom, type Room } from './harness.ts';

/**
 * The plans of the hot statements, as PostgreSQL makes them on tables that are empty: such a plan is kept by its
 * connection while the tables grow to millions of rows, so it must look up every row by its whole key.
 */
let plans = new Map<string, string>();
let hotPlans = plans;
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
    plans.set(
      text.trim().replace(/\s+/g, ' '),
      message.slice(message.lastIndexOf('\n', message.indexOf('(cost=')) + 1),
    );
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
    searchHash: 1n,
  };
  const [accepted] = await acceptOrders({ acceptDb: db, clock, monotonicMs, wake: () => {} }, [item], 60_000);
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

/** What people, sweeps and the directory ask once in a while, each once. */
async function readOnce(db: Sql): Promise<void> {
  // A table of some size, as these statements meet it: nothing of them is planned for long before.
  await client.query(
    `insert into notification (merchant_id, notification_id, payout_id, account_id, url, method, signed_text, state)
     select $1::bigint, -n, -n, gen_random_uuid(), '', 'POST', '', 'pending' from generate_series(1, 5000) n`,
    [room.merchantId],
  );
  await client.query('analyze notification');
  await client.query('set enable_seqscan = off');
  const page = { beforeId: undefined, limit: 50 };
  const [payout] = await searchPayouts(db, {}, page);
  assert.ok(payout !== undefined);
  await readPayoutHistory(db, payout.payoutId);
  await searchPayouts(db, { merchantId: room.merchantId, states: ['review'] }, page);
  await searchPayouts(db, { recipientHashes: [1n] }, page);
  await listIncidents(db, { ...page, merchantId: room.merchantId, isOpen: true });
  await listDeadNotifications(db, { ...page, merchantId: room.merchantId });
  await loadAccount(db, room.accountId);
  await sweepNonces(db);
  await sweepTombstones(db);
  await listPasskeys(db, 1n);
  await readFactors(db, 1n);
  await listApprovals(db, { ...page, state: 'pending' });
  await readOverview(db);
  await createRecipientKeeper({
    db,
    vault: room.vault,
    keepDays: 1,
    keepMasks: true,
    onError: (error) => assert.fail(String(error)),
  })();
  const tx = { ...db, isTx: true } as const;
  await listUsers(db, room.merchantId);
  const { user } = await inviteUser(tx, { merchantId: room.merchantId, login: 'shop' });
  await inviteAgain(tx, { merchantId: room.merchantId, userId: user.userId });
}

/** These hold a rule, whether or not anything is looked up by them. */
const rules = new Set(['attempt_live', 'notification_key_active']);

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
    const db = await openExplained();
    await liveOnce(db);
    hotPlans = plans;
    plans = new Map();
    await readOnce(db);
  });

  after(async () => {
    await client.end();
    await room.close();
  });

  test('no hot statement reads a table from end to end', () => {
    assert.ok(hotPlans.size > 15, `only ${hotPlans.size} plans were seen`);
    const whole = [...hotPlans].filter(([, plan]) => /Seq Scan|Hash Join|Merge Join/.test(plan));
    assert.deepEqual(
      whole.map(([text, plan]) => `${text}\n${plan}`),
      [],
    );
  });

  test('every index that a hot statement uses is a key, and it is looked up by all its columns', () => {
    let lookedUp = 0;
    for (const [text, plan] of hotPlans) {
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
    const claims = [...hotPlans].filter(([text]) => text.includes('skip locked'));
    assert.ok(claims.length > 0);
    for (const [, plan] of claims) {
      assert.match(plan, /Index Scan using job_due/);
      assert.doesNotMatch(plan, /Sort/);
    }
  });

  test('every index that holds no rule is used by a statement', async () => {
    const rows = await room.db.query<{ name: string }>(
      `select c.relname as name from pg_index i join pg_class c on c.oid = i.indexrelid
       where c.relnamespace = 'public'::regnamespace and not i.indisprimary
         and not exists (select 1 from pg_constraint k where k.conindid = c.oid)`,
    );
    const unused = rows.filter(({ name }) => {
      const isUsed = [...hotPlans.values(), ...plans.values()].some((plan) =>
        new RegExp(`Scan (?:Backward )?(?:using|on) ${name}\\b`).test(plan),
      );
      return !isUsed && !rules.has(name);
    });
    assert.ok(rows.length > 10);
    assert.deepEqual(unused, []);
  });
});
