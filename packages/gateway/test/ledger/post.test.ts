import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { freeze, type Movement, topUp, unfreeze, withdraw } from '../../src/ledger/post.ts';
import { readBalance, readStatement } from '../../src/ledger/read.ts';
import { codesOf, enroll, type Ground, openAccount, openGround } from '../merchants/harness.ts';

describe('movements of the ledger', () => {
  let ground: Ground;
  before(async () => {
    ground = await openGround();
  });
  after(() => ground.close());

  async function openFunded(amountMinor: bigint) {
    const { merchantId } = await enroll(ground.db);
    const { accountId } = await openAccount(ground.db, { merchantId });
    const movement = (amount: bigint, requestKey: string = randomUUID()): Movement => ({
      merchantId,
      accountId,
      amountMinor: amount,
      requestKey,
      actor: 'operator:1',
      reason: 'a test',
    });
    if (amountMinor > 0n) await ground.db.tx((tx) => topUp(tx, movement(amountMinor)));
    return { merchantId, accountId, movement };
  }

  test('each kind moves between the ledger accounts it names, and the statement tells it', async () => {
    const { db } = ground;
    const { movement, ...account } = await openFunded(1_000n);
    await db.tx((tx) => freeze(tx, movement(300n)));
    await db.tx((tx) => unfreeze(tx, movement(100n)));
    await db.tx((tx) => withdraw(tx, movement(50n)));
    const balance = await readBalance(db, account);
    assert.deepEqual(
      [balance.availableMinor, balance.frozenMinor, balance.fundingMinor, balance.heldMinor],
      [750n, 200n, -950n, 0n],
    );
    const lines = await readStatement(db, { ...account, beforeId: undefined, limit: 10 });
    assert.deepEqual(
      lines.map(({ kind, availableMinor, availableAfterMinor }) => [kind, availableMinor, availableAfterMinor]),
      [
        ['withdrawal', -50n, 750n],
        ['unfreeze', 100n, 800n],
        ['freeze', -300n, 700n],
        ['top_up', 1_000n, 1_000n],
      ],
    );
    assert.deepEqual([lines[0]?.actor, lines[0]?.reason], ['operator:1', 'a test']);
    const page = await readStatement(db, { ...account, beforeId: lines[1]?.postingId, limit: 1 });
    assert.deepEqual(
      page.map(({ postingId }) => postingId),
      [lines[2]?.postingId],
    );
  });

  test('more than there is moves nothing', async () => {
    const { db } = ground;
    const { movement, ...account } = await openFunded(100n);
    for (const move of [withdraw, freeze]) {
      assert.deepEqual(await codesOf(db.tx((tx) => move(tx, movement(101n)))), ['amount amount_exceeds']);
    }
    assert.deepEqual(await codesOf(db.tx((tx) => unfreeze(tx, movement(1n)))), ['amount amount_exceeds']);
    assert.equal((await readBalance(db, account)).availableMinor, 100n);
    await assert.rejects(
      db.tx((tx) => topUp(tx, movement(0n))),
      RangeError,
    );
    await assert.rejects(
      db.tx((tx) => topUp(tx, movement(-5n))),
      RangeError,
    );
  });

  test('the same key moves money once; with other values it is refused', async () => {
    const { db } = ground;
    const { movement, ...account } = await openFunded(100n);
    const once = await Promise.all(Array.from({ length: 8 }, () => db.tx((tx) => topUp(tx, movement(7n, 'key-1')))));
    assert.equal(new Set(once.map(({ posting }) => posting.postingId)).size, 1);
    assert.equal(once.filter(({ isReplay }) => !isReplay).length, 1);
    assert.equal((await readBalance(db, account)).availableMinor, 107n);
    const others = [movement(8n, 'key-1'), { ...movement(7n, 'key-1'), reason: 'another' }];
    for (const other of others) {
      assert.deepEqual(await codesOf(db.tx((tx) => topUp(tx, other))), ['request_key request_key_used']);
    }
    assert.deepEqual(await codesOf(db.tx((tx) => withdraw(tx, movement(7n, 'key-1')))), [
      'request_key request_key_used',
    ]);
    const colleague = await db.tx((tx) => topUp(tx, { ...movement(7n, 'key-1'), actor: 'operator:2' }));
    assert.equal(colleague.isReplay, true);
  });

  test('the same key at the same time on two accounts of a merchant moves money on one', async () => {
    const { db } = ground;
    const { movement, merchantId } = await openFunded(0n);
    const { accountId } = await openAccount(db, { merchantId });
    const results = await Promise.allSettled([
      db.tx((tx) => topUp(tx, movement(5n, 'both'))),
      db.tx((tx) => topUp(tx, { ...movement(5n, 'both'), accountId })),
    ]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  test('writers that drain one account at once never overdraw it', async () => {
    const { db } = ground;
    const { movement, ...account } = await openFunded(1_000n);
    const tries = Array.from({ length: 40 }, () => db.tx((tx) => withdraw(tx, movement(70n))));
    const results = await Promise.allSettled(tries);
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 14);
    assert.equal((await readBalance(db, account)).availableMinor, 20n);
  });

  test('another merchant’s account is as unknown as none', async () => {
    const { db } = ground;
    const { movement, accountId } = await openFunded(10n);
    const { merchantId } = await enroll(db);
    const foreign = db.tx((tx) => topUp(tx, { ...movement(5n), merchantId }));
    assert.deepEqual(await codesOf(foreign), ['account_id record_unknown']);
    assert.deepEqual(await codesOf(readBalance(db, { merchantId, accountId })), ['account_id record_unknown']);
  });
});
