import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sandboxScripts } from '../../src/connectors/sandbox-script.ts';
import { auditLedger } from '../../src/ledger/audit.ts';
import { auditChecks } from '../../src/ledger/audit-checks.ts';
import { type Engine, startEngine } from '../payouts/engine.ts';
import { checkedOrder, openRoom, type Room } from '../payouts/harness.ts';

/** What breaks each claim; constraints and triggers that forbid it are out of the way for the length of a tx. */
const plants: Readonly<Record<string, string>> = {
  'postings are balanced': `update posting set paid_minor = paid_minor + 1 where kind = 'capture'`,
  'entries of each currency are balanced': `update posting set paid_minor = paid_minor + 1 where kind = 'capture'`,
  'balances are the sums of their postings': `update balance set available_minor = available_minor + 1,
    funding_minor = funding_minor - 1`,
  'every account has a balance, and no balance is without an account': `delete from balance`,
  'nothing is below zero that may not be': `update balance set held_minor = -1, available_minor = available_minor + 1`,
  'the statement of each account is a chain': `update posting set available_after_minor = available_after_minor + 1
    where posting_id = (select max(posting_id) - 1 from posting)`,
  'held and clearing are the debits of payouts that are not final': `update balance set held_minor = held_minor + 5`,
  'clearing of each connector is what went through it and is not final': `update attempt set state = 'void'
    where state = 'unknown'`,
  'a payout has the currency of its account': `update payout set currency = 'USD'`,
  'a payout is held once, captured once if it is paid, and given back whole if it is not': `delete from posting
    where kind = 'release'`,
  'a payout has at most one live attempt': `insert into attempt (merchant_id, payout_id, attempt_no, connector,
    reference, state) select merchant_id, payout_id, 9, 'sandbox', 'twice', 'open' from attempt
    where state = 'unknown'`,
  'a payout is where its last transition led, and final is final': `update payout set state = 'queued', final_at = null,
    final_paid_minor = null, final_commission_minor = null where state = 'paid'`,
  'transitions follow each other and none leaves a final state': `insert into transition (merchant_id, payout_id,
    version, from_state, to_state, cause, actor) select merchant_id, payout_id, 99, 'sent', 'paid', 'again', 'test'
    from payout where state = 'paid'`,
  'paid has an attempt with evidence': `update attempt set answer = null where state = 'succeeded'`,
  'fail and cancel have no attempt that is live or succeeded': `update attempt set state = 'succeeded'
    where state = 'rejected'`,
  'what is not final has a job or stands in review': `with gone as (delete from job)
    update payout set state = 'sent' where state = 'review'`,
  'a payout and the record of its order_id belong to each other': `delete from order_record`,
  'a final payout with a target has its notifications': `update payout set endpoint_id = 5`,
  'no notification tells of a payout that is not final': `insert into notification (merchant_id, notification_id,
    payout_id, account_id, url, method, signed_text, state) select merchant_id, 77, payout_id, account_id, 'https://x',
    'POST', '', 'delivered' from payout where state = 'review'`,
  'a pending notification has a job, a delivered one an acknowledged try': `insert into notification (merchant_id,
    notification_id, payout_id, account_id, url, method, signed_text, state) select merchant_id, payout_id, payout_id,
    account_id, 'https://x', 'POST', '', 'pending' from payout where state = 'paid'`,
};

const unguarded = `
  set local session_replication_role = replica;
  alter table posting drop constraint posting_is_balanced, drop constraint posting_available_after_minor_check;
  alter table balance drop constraint balance_is_balanced, drop constraint balance_held_minor_check;
  alter table payout drop constraint payout_final_is_whole;
  drop index attempt_live`;

class Undo extends Error {}

describe('the audit', () => {
  let room: Room;
  let engine: Engine;
  before(async () => {
    room = await openRoom(1_000_000n);
    engine = await startEngine(room);
    const creator = await room.openCreator();
    // One of every kind of end, and a few plain ones at the same time.
    const orders = sandboxScripts.map((script) => ({ orderId: script.name, number: script.phone }));
    const plain = Array.from({ length: 20 }, (_, at) => ({ orderId: `plain-${at}`, number: '79005554455' }));
    const answers = await Promise.all(
      [...orders, ...plain].map(({ orderId, number }) => {
        const checked = checkedOrder(room, { orderId, amountMinor: 1_001n });
        return creator.create({ ...checked, order: { ...checked.order, number }, recipient: { number, mask: '*' } });
      }),
    );
    for (const answer of answers) {
      assert.ok(answer.kind === 'created');
      await engine.waitForEnd(answer.payoutId);
    }
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

  for (const check of auditChecks) {
    test(`finds what breaks: ${check.name}`, async () => {
      let found: string[] = [];
      await room.db
        .tx(async (tx) => {
          await tx.query(unguarded);
          await tx.query(plants[check.name] ?? assert.fail());
          found = (await tx.query<{ what: string }>(check.violations)).map((row) => row.what);
          throw new Undo();
        })
        .catch((error: unknown) => {
          if (!(error instanceof Undo)) throw error;
        });
      assert.ok(found.length > 0);
      assert.ok(
        found.every((what) => /merchant \d+ (account|payout|order|notification)|RUB/.test(what)),
        found[0],
      );
    });
  }
});
