import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { writeOverview } from '../../src/http/schemas/operator/overview.ts';
import type { Creator } from '../../src/payouts/create.ts';
import { cancelPayout } from '../../src/payouts/cancel.ts';
import { countPayouts } from '../../src/payouts/count-payouts.ts';
import { overviewQueries, readOverview } from '../../src/payouts/overview.ts';
import { searchPayouts } from '../../src/payouts/search.ts';
import { forgetRecipients } from '../../src/payouts/forget-recipients.ts';
import { openPresence } from '../../src/jobs/presence.ts';
import { type Engine, startEngine } from './engine.ts';
import { checkedOrder, openRoom, type Room } from './harness.ts';

/** Recipients that end each in its own way in the sandbox. */
const numbers = ['79005554455', '79990000001', '79990000005', '79990000021', '79990000006', '79990000008'];

describe('the overview counts what was posted', () => {
  let room: Room;
  let creator: Creator;
  let engine: Engine;
  before(async () => {
    room = await openRoom(10_000_000n);
    creator = await room.openCreator();
    engine = await startEngine(room);
  });
  // The first test stops the engine: what is queued then stays queued.
  after(() => room.close());

  let count = 0;
  async function create(number: string): Promise<bigint> {
    count += 1;
    const order = checkedOrder(room, { orderId: `overview-${count}`, amountMinor: 1_000n });
    const made = await creator.create({
      ...order,
      recipient: { number, mask: '*' },
      order: { ...order.order, number },
    });
    assert.equal(made.kind, 'created');
    return made.kind === 'created' ? made.payoutId : 0n;
  }

  async function countAll(postings?: number): Promise<void> {
    while (await countPayouts(room.db, postings));
  }

  /** The same by looking at every payout. */
  async function look(): Promise<Record<string, number>> {
    const rows = await room.db.query<{ state: string; count: number }>(
      `select case state when 'review' then 'sent' else state end as state, count(*)::integer as count
       from payout group by 1`,
    );
    return {
      queued: 0,
      sent: 0,
      paid: 0,
      fail: 0,
      cancel: 0,
      ...Object.fromEntries(rows.map((r) => [r.state, r.count])),
    };
  }

  test('counts are those of the payouts, however small the pieces, and counting again adds nothing', async () => {
    const ids = await Promise.all(Array.from({ length: 60 }, (_, at) => create(numbers[at % numbers.length] ?? '')));
    for (const id of ids) await engine.waitForEnd(id);
    await engine.stop();
    const left = await create('79005554455');
    const stopped = await create('79005554455');
    const cancelled = await cancelPayout(engine.needs, {
      merchantId: room.merchantId,
      payoutId: stopped,
      actor: 'test',
      reason: 'a test',
    });
    assert.equal(cancelled.ok, true);
    assert.ok(left > 0n);
    await countAll(7);
    const first = writeOverview(await readOverview(room.db));
    assert.deepEqual(first.states, await look());
    await countAll();
    const again = writeOverview(await readOverview(room.db));
    assert.deepEqual(again.states, first.states);
    assert.ok(again.counted_at !== null);
    const total = (name: 'accepted' | 'paid' | 'fail' | 'cancel') => (sum: number, span: Record<string, unknown>) =>
      sum + Number(span[name]);
    for (const spans of [first.minutes, first.days]) {
      assert.equal(spans.reduce(total('accepted'), 0), 62);
      assert.equal(spans.reduce(total('paid'), 0), first.states.paid);
      assert.equal(spans.reduce(total('fail'), 0), first.states.fail);
      assert.equal(spans.reduce(total('cancel'), 0), first.states.cancel);
    }
    const { available, held, clearing } = first.money[0] ?? {};
    assert.deepEqual([first.money[0]?.currency, held, clearing], ['RUB', '10.00', '0.00']);
    assert.ok(Number(available) > 0);
  });

  test('success and time to final are those of the payouts, within the width of a bucket', async () => {
    const [connector] = writeOverview(await readOverview(room.db)).connectors;
    assert.ok(connector !== undefined);
    const [exact] = await room.db.query<{ paid: number; fail: number; p50: number; p95: number }>(
      `select count(*) filter (where p.state = 'paid')::integer as paid,
         count(*) filter (where p.state = 'fail')::integer as fail,
         percentile_disc(0.5) within group (order by took_ms)::float8 as p50,
         percentile_disc(0.95) within group (order by took_ms)::float8 as p95
       from payout p join posting l on l.merchant_id = p.merchant_id and l.payout_id = p.payout_id
       cross join lateral (select extract(epoch from l.created_at - p.created_at) * 1000 as took_ms) took
       where l.kind in ('capture', 'release') and l.connector = 'sandbox'`,
    );
    assert.ok(exact !== undefined);
    assert.deepEqual([connector.paid, connector.fail], [exact.paid, exact.fail]);
    assert.equal(connector.success_rate, exact.paid / (exact.paid + exact.fail));
    for (const [shown, real] of [
      [connector.final_ms_p50, exact.p50],
      [connector.final_ms_p95, exact.p95],
    ] as const) {
      assert.ok(
        shown !== null && shown >= Math.floor(real) && shown <= Math.ceil(real * 1.2) + 1,
        `${shown} for ${real}`,
      );
    }
  });

  test('two who count at once count once', async () => {
    const earlier = await look();
    await Promise.all([create('79005554455'), create('79005554455')]);
    await Promise.all([countAll(), countAll(), countAll()]);
    await countAll();
    const { states } = writeOverview(await readOverview(room.db));
    assert.deepEqual(states, { ...earlier, queued: (earlier['queued'] ?? 0) + 2 });
  });

  test('processes say that they are there, and leave', async () => {
    const inHand = () => ({ payouts: 3, notifications: 4 });
    const presence = openPresence({ db: room.db, does: { serve: false, work: true }, inHand });
    await presence.note();
    await presence.note();
    const { processes } = writeOverview(await readOverview(room.db));
    assert.deepEqual(
      processes.map((one) => [one.serves, one.works, one.payouts_in_hand, one.notifications_in_hand]),
      [[false, true, 3, 4]],
    );
    await presence.leave();
    assert.deepEqual((await readOverview(room.db)).processes, []);
  });
});

describe('lists, the overview and deletion hold with many payouts', () => {
  let room: Room;
  const many = 30_000;
  before(async () => {
    room = await openRoom(1_000n);
    await room.db.query(
      `insert into payout (merchant_id, payout_id, account_id, order_id, state, service_code, recipient_kind,
         recipient_mask, recipient_sealed, recipient_hash, currency, amount_minor, due_minor, debit_minor,
         commission_minor, percent_minor, old_available_minor, final_paid_minor, final_commission_minor, connectors,
         created_at, final_at)
       select $1, 200000000 + n, $2, 'many-' || n, 'paid', 'qiwi_rub', 'wallet_phone', '*', '\\x01',
         hashtextextended(n::text, 1), 'RUB', 100, 100, 100, 0, 0, 0, 100, 0, '{sandbox}',
         now() - (${many} - n) * interval '1 minute', now()
       from generate_series(1, ${many}) n`,
      [room.merchantId, room.accountId],
    );
    await room.db.query(
      `insert into notification (merchant_id, notification_id, payout_id, account_id, url, method, signed_text, state)
       select $1, n, 200000000 + n, $2, 'https://shop.example/', 'POST', '{}',
         case when n % 1000 = 0 then 'dead' when n % 500 = 0 then 'pending' else 'delivered' end
       from generate_series(1, ${many}) n`,
      [room.merchantId, room.accountId],
    );
    await room.db.query(
      `insert into job (kind, merchant_id, subject_id, run_at)
       select case when n % 2 = 0 then 'payout' else 'notification' end, $1, n, now() + n * interval '1 second'
       from generate_series(1, ${many}) n`,
      [room.merchantId],
    );
    await room.db.query(
      `insert into transition (merchant_id, payout_id, version, from_state, to_state, cause, actor)
       select $1, 200000000 + n, 2, 'queued', 'sent', 'sent', 'test' from generate_series(1, ${many}) n`,
      [room.merchantId],
    );
    await room.db.query('analyze');
  });
  after(() => room.close());

  /** The plan of whatever `work` asks. */
  async function explain(work: (sql: Room['db']) => Promise<unknown>): Promise<string> {
    const plans: string[] = [];
    const ask = async (text: string, values: readonly unknown[] = []): Promise<never[]> => {
      const rows = await room.db.query<{ 'QUERY PLAN': string }>(`explain ${text}`, values);
      plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
      return [];
    };
    await work({
      ...room.db,
      query: ask,
      run: ({ text }, values) => ask(text, values),
    });
    return plans.join('\n');
  }

  const grows = /Seq Scan on (?:payout|posting|notification|transition|attempt|delivery|job)\b/;

  for (const [name, query] of Object.entries(overviewQueries)) {
    test(`the overview’s ${name} reads no growing table from end to end`, async () => {
      const plan = await explain((sql) => sql.query(query));
      // A queue is read up to a limit, in whatever order: the limit is what bounds it.
      if (/->\s+Limit|^Limit/m.test(plan))
        assert.doesNotMatch(plan, /Seq Scan on (?:payout|posting|transition|attempt)\b/);
      else assert.doesNotMatch(plan, grows, plan);
    });
  }

  test('a whole number is looked up by its index', async () => {
    const filter = { recipientHashes: [1n, 2n] };
    const plan = await explain((sql) => searchPayouts(sql, filter, { beforeId: undefined, limit: 51 }));
    assert.match(plan, /payout_by_recipient/);
    assert.doesNotMatch(plan, grows);
  });

  test('a page of a list or an export is read in the order of an index, and stops', async () => {
    for (const [filter, index] of [
      [{}, /Index Scan Backward using payout_by_id/],
      [{ merchantId: room.merchantId }, /Index Scan Backward using payout_(?:by_id|pkey)/],
    ] as const) {
      const plan = await explain((sql) => searchPayouts(sql, filter, { beforeId: 200_010_000n, limit: 1_000 }));
      assert.match(plan, index);
      assert.match(plan, /Index Scan Backward using archived_payout_/);
      assert.doesNotMatch(plan, /Sort {2}\(/);
    }
  });

  test('payouts without a hash are found by the index that holds nothing else', async () => {
    const plan = await explain((sql) =>
      sql.query(
        `select payout_id from payout where recipient_hash is null and recipient_deleted_at is null and payout_id > $1
         order by payout_id limit 500`,
        [0],
      ),
    );
    assert.match(plan, /payout_without_hash/);
  });

  test('deleting goes on where it stopped and reads what it deletes', async () => {
    // The first half is old enough.
    const keepHours = Math.floor(many / 2 / 60);
    await room.db.query(`update payout set final_at = created_at + interval '1 second'`);
    const first = await forgetRecipients(room.db, { keepHours, keepMasks: true, countMax: 1_000 });
    assert.deepEqual(first, { forgotten: 1_000, hasMore: true });
    const [walk] = await room.db.query<{ id: bigint }>('select walked_to as id from recipient_walk');
    assert.equal(walk?.id, 200_001_000n);
    let forgotten = first.forgotten;
    for (let hasMore = true; hasMore; ) {
      const next = await forgetRecipients(room.db, { keepHours, keepMasks: true, countMax: 5_000 });
      forgotten += next.forgotten;
      ({ hasMore } = next);
    }
    assert.ok(Math.abs(forgotten - many / 2) < 120, `${forgotten} of ${many}`);
  });
});
