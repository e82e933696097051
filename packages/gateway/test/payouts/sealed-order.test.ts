import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Connector, SendOrder } from '../../src/connectors/connector.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { readBalance } from '../../src/ledger/read.ts';
import { advancePayout, type Needs } from '../../src/payouts/dispatch.ts';
import { type Engine, startEngine } from './engine.ts';
import { checkedOrder, openRoom, type Room } from './harness.ts';

describe('what is sent is what was stored', () => {
  let room: Room;
  let engine: Engine;
  let needs: Needs;
  const sent: SendOrder[] = [];
  const bugs: unknown[] = [];

  before(async () => {
    room = await openRoom(10_000n);
    engine = await startEngine(room);
    // The engine's own worker would take the jobs away.
    await engine.stop();
    const spy: Connector = {
      name: 'sandbox',
      facts: { idempotentForMs: 0, canInquire: false, deliveryDelayMaxMs: undefined, hasSignedCallbacks: false },
      send(order) {
        sent.push(order);
        return Promise.resolve({ kind: 'succeeded', paidMinor: order.amountMinor, evidence: {} });
      },
      inquire: () => assert.fail('it cannot be asked'),
      readCallback: () => undefined,
      close: () => Promise.resolve(),
    };
    const pauses = { find: () => Promise.resolve(undefined), park: () => Promise.resolve() };
    const account = { currency: { digits: 2 }, notificationMethod: 'POST', endpoints: new Map() } as const;
    const directory = { findAccount: () => Promise.resolve(account) };
    needs = { ...engine.needs, pauses, directory, connectors: { find: () => spy }, onBug: (error) => bugs.push(error) };
  });
  after(() => room.close());

  async function accept(orderId: string, number: string): Promise<bigint> {
    const checked = checkedOrder(room, { orderId, amountMinor: 1_234n });
    const order = { ...checked.order, number, customer: { firstName: 'Zoë' }, extra: { purpose: 'a "quote"' } };
    const creator = await room.openCreator();
    const recipient = { number, mask: checked.recipient.mask };
    const answer = await creator.create({ ...checked, order, recipient });
    assert.ok(answer.kind === 'created');
    return answer.payoutId;
  }

  async function sendAll(): Promise<void> {
    const jobs = await createQueue({ db: room.db }).claim({
      kind: 'payout',
      countMax: 10,
      leaseMs: 60_000,
      busyLanes: [],
    });
    for (const job of jobs) await advancePayout(needs, job).catch((error: unknown) => bugs.push(error));
  }

  test('amount, currency, recipient, person and extra fields, to the character', async () => {
    const payoutId = await accept('one', '79005554455');
    await sendAll();
    assert.equal(sent.length, 1);
    const { reference, customer, extra, ...rest } = sent[0] ?? assert.fail();
    assert.equal(reference, `${payoutId}-1`);
    assert.deepEqual(rest, {
      payoutId,
      amountMinor: 1_234n,
      currency: 'RUB',
      digits: 2,
      serviceCode: 'qiwi_rub',
      recipientKind: 'wallet_phone',
      number: '79005554455',
    });
    assert.deepEqual([customer, extra], [{ firstName: 'Zoë' }, { purpose: 'a "quote"' }]);
  });

  test('a recipient that was exchanged in the database is not paid: a person looks at it', async () => {
    sent.length = 0;
    bugs.length = 0;
    const [honest, stolen] = [await accept('honest', '79005554455'), await accept('thief', '79990001122')];
    await room.db.query(
      `update payout set recipient_sealed = (select recipient_sealed from payout where payout_id = $2)
       where payout_id = $1`,
      [honest, stolen],
    );
    await sendAll();
    assert.deepEqual(
      sent.map(({ payoutId }) => payoutId),
      [stolen],
    );
    const payout = await needs.reader.findPayout({ merchantId: room.merchantId, payoutId: honest });
    assert.deepEqual([payout?.state, payout?.attempt], ['review', undefined]);
    const { heldMinor } = await readBalance(room.db, room);
    assert.equal(heldMinor, 1_234n);
    const incidents = await room.db.query('select kind from incident where payout_id = $1', [honest]);
    assert.deepEqual(incidents, [{ kind: 'recipient_unreadable' }]);
    assert.ok(bugs.length > 0, 'it is in the log as well');
  });
});
