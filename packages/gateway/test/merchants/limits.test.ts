import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { type LimitOwner, type Limits, readLimits, setLimits } from '../../src/merchants/limits.ts';
import { codesOf, enroll, type Ground, openAccount, openGround } from './harness.ts';

let ground: Ground;
let shop: { merchantId: bigint; accountId: string };
before(async () => {
  ground = await openGround();
});
beforeEach(async () => {
  const { merchantId } = await enroll(ground.db);
  const { accountId } = await openAccount(ground.db, { merchantId });
  shop = { merchantId, accountId };
  await awaitRoomyMinute();
});
after(() => ground.close());

/** A minute that ends in the middle of a test would count twice. */
async function awaitRoomyMinute(): Promise<void> {
  const leftMs = 60_000 - (Date.now() % 60_000);
  if (leftMs < 8_000) await new Promise((resolve) => setTimeout(resolve, leftMs + 50));
}

const set = (owner: LimitOwner, change: Partial<Limits>): Promise<Limits> =>
  ground.db.tx((tx) => setLimits(tx, owner, change));

/** Takes as an accept does; answers null or the kind of the limit that has no room. */
async function take(amountMinor = 100n, accountId = shop.accountId): Promise<string | null> {
  const [row] = await ground.db.query<{ kind: string | null }>('select take_limits_v1($1, $2, $3) as kind', [
    shop.merchantId,
    accountId,
    amountMinor,
  ]);
  return row?.kind ?? null;
}

test('of a thousand orders at once a limit of N a minute lets exactly N through', async () => {
  await set(shop, { ordersPerMinute: 137 });
  const taken = await Promise.all(Array.from({ length: 1_000 }, () => take()));
  assert.equal(taken.filter((kind) => kind === null).length, 137);
  assert.equal(taken.filter((kind) => kind === 'orders_per_minute').length, 863);
});

test('of a thousand amounts at once exactly the limit of the day is ordered', async () => {
  await set(shop, { amountPerDayMinor: 5_550n });
  const taken = await Promise.all(Array.from({ length: 1_000 }, () => take(100n)));
  assert.equal(taken.filter((kind) => kind === null).length, 55);
  assert.equal(await take(50n), null, 'the rest fits a smaller one');
  assert.equal(await take(1n), 'amount_per_day');
});

test('a limit of all accounts holds for them together, and what one limit refuses takes from none', async () => {
  const { accountId } = await openAccount(ground.db, { merchantId: shop.merchantId });
  await set({ merchantId: shop.merchantId }, { ordersPerMinute: 10 });
  await set(shop, { amountPerDayMinor: 300n });
  const first = await Promise.all(Array.from({ length: 20 }, () => take(100n)));
  assert.equal(first.filter((kind) => kind === null).length, 3);
  const other = await Promise.all(Array.from({ length: 20 }, () => take(100n, accountId)));
  assert.equal(other.filter((kind) => kind === null).length, 7);
  assert.equal(await take(100n, randomUUID()), 'orders_per_minute');
});

test('what is rolled back was not taken', async () => {
  await set(shop, { ordersPerMinute: 1 });
  await assert.rejects(
    ground.db.tx(async (tx) => {
      await tx.query('select take_limits_v1($1, $2, 1)', [shop.merchantId, shop.accountId]);
      throw new Error('the accept failed');
    }),
  );
  assert.equal(await take(), null);
  assert.equal(await take(), 'orders_per_minute');
});

test('the next minute and the next day count anew, and an earlier one never comes back', async () => {
  await set(shop, { ordersPerMinute: 1, amountPerDayMinor: 100n });
  assert.equal(await take(), null);
  await ground.db.query(`update merchant_limit_use set window_at = window_at - interval '1 day'`);
  assert.equal(await take(), null);
  await ground.db.query(`update merchant_limit_use set window_at = window_at + interval '1 day'`);
  assert.notEqual(await take(), null, 'a clock that was set back gives nothing');
});

test('a changed limit keeps what was used, a removed one lets everything through', async () => {
  assert.deepEqual(await readLimits(ground.db, shop), { ordersPerMinute: null, amountPerDayMinor: null });
  await set(shop, { ordersPerMinute: 5 });
  for (let count = 0; count < 5; count += 1) assert.equal(await take(), null);
  assert.deepEqual(await set(shop, { ordersPerMinute: 6 }), { ordersPerMinute: 6, amountPerDayMinor: null });
  assert.deepEqual([await take(), await take()], [null, 'orders_per_minute']);
  await set(shop, { ordersPerMinute: null });
  assert.equal(await take(), null);
  await set(shop, { ordersPerMinute: 0 });
  assert.equal(await take(), 'orders_per_minute');
  const unknown = { merchantId: shop.merchantId, accountId: randomUUID() };
  assert.deepEqual(await codesOf(set(unknown, { ordersPerMinute: 1 })), ['account_id record_unknown']);
});
