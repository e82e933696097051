import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sandboxScripts } from '../../src/connectors/sandbox-script.ts';
import type { Db, Sql, Statement } from '../../src/db/pool.ts';
import { auditChecks, auditLedger } from '../../src/ledger/audit.ts';
import { auditPayouts } from '../../src/ledger/audit-payouts.ts';
import { cancelPayout } from '../../src/payouts/cancel.ts';
import { judgePayout } from '../../src/payouts/judge.ts';
import { age, archiveAll } from '../payouts/archived.ts';
import { type Engine, startEngine } from '../payouts/engine.ts';
import { checkedOrder, openRoom, type Room } from '../payouts/harness.ts';

/** What breaks each claim; constraints and triggers that forbid it are out of the way for the length of a tx. */
const plants: Readonly<Record<string, string | readonly string[]>> = {
  'every posting is balanced': `update posting set frozen_minor = frozen_minor + 1 where kind = 'capture'`,
  'each line of a statement follows from the line before': `update posting
    set available_after_minor = available_after_minor + 1
    where posting_id = (select max(posting_id) - 1 from posting)`,
  'every balance is the sum of its postings': `update balance set available_minor = available_minor + 1,
    funding_minor = funding_minor - 1`,
  'every account has its balance': `delete from balance`,
  'the entries of each currency are balanced': `update posting set paid_minor = paid_minor + 1 where kind = 'capture'`,
  'what was funded is available, reserved, set aside, paid, commission or owed': `update balance
    set funding_minor = funding_minor + 1`,
  'nothing is below zero that may not be': `update balance set held_minor = -1`,
  'no balance and no posting is without its account': `delete from account`,
  'held and clearing are the debits of payouts that are not final': `update balance set held_minor = held_minor + 5`,
  'the clearing of each connector is what went through it and is not final': `update attempt set state = 'void'
    where state = 'unknown'`,
  'no order_id is recorded for a payout that is not there': [
    `insert into order_record (merchant_id, order_id, payout_id, digest, digest_key, made_at)
      select merchant_id, 'of nobody', 5, '\\x00', 1, now() from merchant`,
    'delete from archived_payout',
    `update archived_payout set order_id = 'another'`,
  ],
  'no attempt, transition, posting or notification is without its payout': [
    `update transition set payout_id = payout_id + 1000000 where to_state = 'paid'`,
    `update posting set payout_id = 7 where kind = 'capture'`,
    `update attempt set payout_id = payout_id + 1000000 where state = 'succeeded'`,
    'delete from archived_payout',
  ],
  'a payout has the currency of its account': [
    `update payout set currency = 'USD'`,
    `update archived_payout set currency = 'USD'`,
  ],
  'a payout is held once, captured once if it is paid, and given back whole if it is not': [
    `delete from posting where kind = 'release'`,
    `delete from posting where kind = 'capture'`,
    `delete from posting where kind = 'hold'`,
    `update posting set available_minor = available_minor - 1, commission_minor = commission_minor + 1
      where kind = 'release'`,
    `update payout set final_paid_minor = final_paid_minor - 1 where state = 'paid'`,
    `update archived_payout set final_paid_minor = final_paid_minor - 1 where state = 'paid'`,
    `update archived_payout set debit_minor = debit_minor + 1, commission_minor = commission_minor + 1`,
    `update archived_payout set state = 'fail', fail_reason = 'x' where state = 'paid'`,
    `update archived_payout set state = 'paid', fail_reason = null where state <> 'paid'`,
  ],
  'a final status is put right at most once, by a posting that a closed incident names': `insert into posting
    (merchant_id, account_id, posting_id, kind, payout_id, available_minor, paid_minor, available_after_minor, actor)
    select merchant_id, account_id, nextval('posting_id'), 'reversal', payout_id, 1, -1, 1, 'test' from payout
    where state = 'paid' limit 1`,
  'what is in clearing for a payout is its live attempt, with the same connector': `update attempt
    set connector = 'other' where state = 'unknown'`,
  'a payout has at most one live attempt, and only while it is not final': `insert into attempt (merchant_id, payout_id,
    attempt_no, connector, reference, state) select merchant_id, payout_id, 9, 'sandbox', 'twice', 'open' from attempt
    where state = 'unknown'`,
  'transitions are a chain that ends in the state of the payout, and none leaves a final state': [
    `insert into transition (merchant_id, payout_id, version, from_state, to_state, cause, actor)
      select merchant_id, payout_id, version + 1, 'paid', 'sent', 'again', 'test' from payout where state = 'paid'`,
    `update payout set state = 'fail', fail_reason = 'x' where state = 'paid'`,
    `update transition set from_state = 'review' where to_state = 'paid'`,
    `delete from transition where to_state = 'sent'`,
    `update transition set version = version + 50 where to_state = 'fail'`,
  ],
  'an attempt succeeded, with evidence, if and only if the payout is paid': [
    `update attempt set answer = null where state = 'succeeded'`,
    `update attempt set state = 'rejected' where state = 'succeeded'`,
    `update attempt set state = 'succeeded' where state = 'rejected'`,
  ],
  'what is not final has a job or stands in review': `with gone as (delete from job)
    update payout set state = 'sent' where state = 'review'`,
  'the order_id of a payout is recorded as its own': [
    `delete from order_record`,
    `update archived_payout set order_id = 'another'`,
  ],
  'ids are below 2^53 and belong to one payout': `update payout set payout_id = 9007199254740992
    where order_id = 'random-1'`,
  'a final payout with a target has its notifications': `update payout set endpoint_id = 5`,
  'no notification tells of a payout that is not final': `insert into notification (merchant_id, notification_id,
    payout_id, account_id, url, method, signed_text, state) select merchant_id, 77, payout_id, account_id, 'https://x',
    'POST', '', 'delivered' from payout where state = 'review'`,
  'a notification that is pending has a job': `insert into notification (merchant_id, notification_id, payout_id,
    account_id, url, method, signed_text, state) select merchant_id, payout_id, payout_id, account_id, 'https://x',
    'POST', '', 'pending' from payout where state = 'paid'`,
  'a notification that was delivered has a try that was acknowledged': `insert into notification (merchant_id,
    notification_id, payout_id, account_id, url, method, signed_text, state) select merchant_id, payout_id, payout_id,
    account_id, 'https://x', 'POST', '', 'delivered' from payout where state = 'paid'`,
  'of an archived payout everything is dropped, and what is left says what its hold said': [
    `update archived_payout set amount_minor = amount_minor + 1`,
    `update archived_payout set old_available_minor = old_available_minor + 1`,
    `insert into transition (merchant_id, payout_id, version, from_state, to_state, cause, actor)
      select merchant_id, payout_id, 2, 'queued', 'sent', 'left', 'test' from archived_payout`,
    `insert into attempt (merchant_id, payout_id, attempt_no, connector, reference, state)
      select merchant_id, payout_id, 1, 'sandbox', payout_id || '-1', 'rejected' from archived_payout`,
    `insert into notification (merchant_id, notification_id, payout_id, account_id, url, method, signed_text, state)
      select merchant_id, payout_id, payout_id, account_id, 'https://x', 'POST', '', 'dead' from archived_payout`,
    `insert into job (kind, merchant_id, subject_id) select 'payout', merchant_id, payout_id from archived_payout`,
    `delete from posting where payout_id in (select payout_id from archived_payout) and kind = 'hold'`,
  ],
};

const unguarded = `
  set local session_replication_role = replica;
  alter table posting drop constraint posting_is_balanced, drop constraint posting_available_after_minor_check;
  alter table balance drop constraint balance_is_balanced, drop constraint balance_held_minor_check;
  alter table payout drop constraint payout_final_is_whole;
  alter table transition drop constraint transition_is_listed;
  drop index attempt_live`;

class Undo extends Error {}

describe('the audit', () => {
  let room: Room;
  let engine: Engine;
  before(async () => {
    room = await openRoom(1_000_000n);
    engine = await startEngine(room);
    const creator = await room.openCreator();
    // One of every kind of end, many at random at the same time, and people who cancel and judge in between.
    const orders = sandboxScripts.map((script) => ({ orderId: script.name, number: script.phone }));
    const random = Array.from({ length: 60 }, (_, at) => {
      const script = sandboxScripts[Math.floor(Math.random() * sandboxScripts.length)];
      return { orderId: `random-${at}`, number: at % 2 === 0 ? '79005554455' : (script?.phone ?? '') };
    });
    await Promise.all(
      [...orders, ...random].map(async ({ orderId, number }) => {
        const amountMinor = BigInt(500 + Math.floor(Math.random() * 5_000));
        const checked = checkedOrder(room, { orderId, amountMinor });
        const order = { ...checked.order, number };
        const answer = await creator.create({ ...checked, order, recipient: { number, mask: '*' } });
        assert.ok(answer.kind === 'created');
        const input = { merchantId: room.merchantId, payoutId: answer.payoutId, actor: 'operator test' };
        const isRandom = orderId.startsWith('random');
        if (isRandom && Math.random() < 0.3) await cancelPayout(engine.needs, { ...input, reason: 'test' });
        const { state } = await engine.waitForEnd(answer.payoutId);
        if (!isRandom || state !== 'review') return;
        const verdict = Math.random() < 0.5 ? { verdict: 'paid', paidMinor: 200n } : { verdict: 'not_executed' };
        await judgePayout(engine.needs, { ...input, ...(verdict as { verdict: 'paid' }), evidence: 'statement' });
      }),
    );
    // Some of every kind are archived.
    const some = await room.db.query<{ id: bigint }>(
      `select payout_id as id from (select payout_id, row_number() over (partition by state order by payout_id) as place
         from payout where state in ('paid', 'fail', 'cancel') and order_id <> 'random-1') p where place <= 3`,
    );
    await age(
      room.db,
      some.map(({ id }) => id),
    );
    // All but what a callback contradicted: somebody has to look at that.
    assert.ok((await archiveAll(room.db)) >= 5);
  });
  after(async () => {
    await engine.stop();
    await room.close();
  });

  test('finds nothing after a busy run', async () => {
    const results = await auditLedger(room.db);
    assert.equal(results.length, auditChecks.length);
    assert.deepEqual(
      results.flatMap((result) => result.violations),
      [],
    );
  });

  test('every claim has a planted violation', () => {
    assert.deepEqual(
      Object.keys(plants),
      auditChecks.map((check) => check.name),
    );
  });

  for (const { name } of auditChecks) {
    test(`finds what breaks: ${name}`, async () => {
      for (const plant of [plants[name] ?? assert.fail()].flat()) {
        const found = await auditWith(room.db, plant);
        const own = found.get(name) ?? [];
        assert.ok(own.length > 0, `${plant}: ${[...found.keys()].join(', ')}`);
        assert.ok(
          own.every((what) => /merchant \d+ (account|payout)|RUB/.test(what)),
          own[0],
        );
      }
    });
  }
});

/** What the audit finds after `plant`, by the name of the check. */
async function auditWith(db: Db, plant: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  await db
    .tx(async (tx) => {
      await tx.query(unguarded);
      await tx.query(plant);
      for (const { name, violations } of await auditLedger(tx)) if (violations.length > 0) found.set(name, violations);
      throw new Undo();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });
  return found;
}

test('a slice costs the same on tables that nobody analyzed: no rows are compared pair by pair', async () => {
  const room = await openRoom(1_000_000n);
  try {
    let plan = '';
    const explained: Pick<Sql, 'run'> = {
      async run<R>(statement: Statement, values: readonly unknown[] = []) {
        const rows = await room.db.query<Record<string, string>>(`explain ${statement.text}`, values);
        plan = rows.map((row) => row['QUERY PLAN']).join('\n');
        return [] as R[];
      },
    };
    await auditPayouts(explained as Sql, { merchantId: 1n, afterId: 0n, toId: 10_000n });
    assert.match(plan, /Full Join/);
    // What a nested loop cannot look up by a key it compares row by row, and calls that so.
    assert.doesNotMatch(plan, /Join Filter/);
  } finally {
    await room.close();
  }
});
