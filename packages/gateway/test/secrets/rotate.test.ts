import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRecipient } from '../../src/payouts/recipient-seal.ts';
import { createPayoutReader } from '../../src/payouts/store.ts';
import { rotateSealedValues } from '../../src/secrets/rotate.ts';
import { openVault } from '../../src/secrets/seal.ts';
import { checkedOrder, openRoom } from '../payouts/harness.ts';

test('after a rotation everything opens with the new key alone, and the old orders are still recognised', async () => {
  const room = await openRoom(10_000n);
  const creator = await room.openCreator();
  const answer = await creator.create(checkedOrder(room, { orderId: 'before', amountMinor: 100n }));
  assert.ok(answer.kind === 'created');
  const fresh = Buffer.alloc(32, 9);
  const both = openVault(fresh, [Buffer.alloc(32, 7)]);
  const lines: string[] = [];
  const count = await rotateSealedValues({ db: room.db, vault: both }, (line) => lines.push(line));
  assert.equal(count, 3, lines.join('\n'));
  assert.equal(await rotateSealedValues({ db: room.db, vault: both }, () => {}), 0);
  const reader = createPayoutReader({ db: room.db, overloaded: () => new Error('overloaded') });
  const payout = await reader.findPayout({ merchantId: room.merchantId, payoutId: answer.payoutId });
  assert.equal(openRecipient(openVault(fresh), payout ?? assert.fail()).number, '79005554455');
  const repeats = await room.openCreator(both);
  const again = await repeats.create(checkedOrder(room, { orderId: 'before', amountMinor: 100n }));
  assert.deepEqual(again, { kind: 'created', payoutId: answer.payoutId, isReplay: true });
  await room.close();
});
