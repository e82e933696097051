import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { maskNumber, recipientSpellings } from '../../src/core/recipient.ts';
import type { Creator } from '../../src/payouts/create.ts';
import {
  createRecipientKeeper,
  forgetRecipients,
  liftRecipientHold,
  setRecipientHold,
} from '../../src/payouts/forget-recipients.ts';
import { openRecipient } from '../../src/payouts/recipient-seal.ts';
import { searchPayouts } from '../../src/payouts/search.ts';
import { createPayoutReader } from '../../src/payouts/store.ts';
import { rotateSealedValues } from '../../src/secrets/rotate.ts';
import { openVault } from '../../src/secrets/seal.ts';
import { type Engine, startEngine } from './engine.ts';
import { checkedOrder, openRoom, type Room } from './harness.ts';

const number = '79005554455';
const page = { beforeId: undefined, limit: 50 };

describe('recipients are found by their number and forgotten in time', () => {
  let room: Room;
  let creator: Creator;
  let engine: Engine;
  let count = 0;
  before(async () => {
    room = await openRoom(1_000_000n);
    creator = await room.openCreator();
    engine = await startEngine(room);
  });
  after(async () => {
    await engine.stop();
    await room.close();
  });
  beforeEach(() => room.db.query('update recipient_walk set next_at = now()'));

  async function create(given: { orderId?: string; creator?: Creator } = {}): Promise<bigint> {
    count += 1;
    const order = checkedOrder(room, { orderId: given.orderId ?? `forget-${count}`, amountMinor: 100n });
    const made = await (given.creator ?? creator).create(order);
    assert.equal(made.kind, 'created');
    return made.kind === 'created' ? made.payoutId : 0n;
  }

  async function paid(orderId?: string): Promise<bigint> {
    const payoutId = await create(orderId === undefined ? {} : { orderId });
    assert.equal((await engine.waitForEnd(payoutId)).state, 'paid');
    return payoutId;
  }

  const found = async (hashes: readonly Buffer[]): Promise<bigint[]> =>
    (await searchPayouts(room.db, { recipientHashes: hashes }, page)).map(({ payoutId }) => payoutId);

  /** Makes payouts, and those before them, as old as that: their age is the only thing a test cannot wait for. */
  async function age(ids: readonly bigint[], given: { createdDays: number; finalDays: number | null }): Promise<void> {
    const day = `interval '1 day'`;
    await room.db.query(
      `update payout set created_at = least(created_at, now() - $2::integer * ${day})
       where payout_id <= (select max(id) from unnest($1::bigint[]) id)`,
      [ids, given.createdDays],
    );
    await room.db.query(
      `update payout set final_at = coalesce(now() - $2::integer * ${day}, final_at) where payout_id = any($1)`,
      [ids, given.finalDays],
    );
  }

  const row = async (payoutId: bigint) => {
    const [one] = await room.db.query<{ sealed: Buffer; hash: Buffer | null; mask: string; at: Date | null }>(
      `select recipient_sealed as sealed, recipient_hash as hash, recipient_mask as mask, recipient_deleted_at as at
       from payout where payout_id = $1`,
      [payoutId],
    );
    assert.ok(one);
    return one;
  };

  const forgetAll = async (keepHours: number, keepMasks = true): Promise<number> => {
    let forgotten = 0;
    for (;;) {
      const done = await forgetRecipients(room.db, { keepHours, keepMasks, countMax: 3 });
      forgotten += done.forgotten;
      if (!done.hasMore) return forgotten;
    }
  };

  test('what a person types finds the stored spelling', () => {
    assert.ok(recipientSpellings(' +7 900 555-44-55 ').includes(number));
    assert.ok(recipientSpellings('de89 3704 0044 0532 0130 00').includes('DE89370400440532013000'));
    assert.equal(maskNumber('4276 1100 1234 3333'), '************3333');
  });

  test('a number is found at once, also after the master key was rotated', async () => {
    const payoutId = await paid();
    assert.deepEqual(await found(room.vault.searchHashes(number)), [payoutId]);
    const rotated = openVault(Buffer.alloc(32, 8), [Buffer.alloc(32, 7)]);
    const later = await create({ creator: await room.openCreator(rotated) });
    assert.deepEqual(await found(rotated.searchHashes(number)), [later, payoutId]);
    assert.deepEqual(await found(room.vault.searchHashes(number)), [payoutId], 'the old key knows nothing of the new');
    assert.deepEqual(await found(rotated.searchHashes('79005554456')), []);
    const stored = await row(payoutId);
    assert.ok(stored.hash !== null && !stored.hash.equals((await row(later)).hash ?? stored.hash));
  });

  test('payouts of the version before are found once the workers have been there', async () => {
    const payoutId = await paid();
    await room.db.query('update payout set recipient_hash = null where payout_id = $1', [payoutId]);
    assert.ok(!(await found(room.vault.searchHashes(number))).includes(payoutId));
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const both = openVault(Buffer.alloc(32, 7), [Buffer.alloc(32, 8)]);
    const round = createRecipientKeeper({ db: room.db, vault: both, keepDays: 0, keepMasks: true, onError });
    await round();
    assert.ok((await found(room.vault.searchHashes(number))).includes(payoutId));
    assert.deepEqual(errors, []);
  });

  test('only what ended long enough ago goes, and everything of it goes', async () => {
    const [old, young, slow] = [await paid(), await paid('slow-1'), await paid()];
    await age([old], { createdDays: 40, finalDays: 31 });
    await age([slow], { createdDays: 40, finalDays: 29 });
    assert.equal(await forgetAll(30 * 24), 1);
    const gone = await row(old);
    assert.deepEqual([gone.sealed.length, gone.hash, gone.mask], [0, null, '*******4455']);
    assert.ok(gone.at instanceof Date);
    for (const kept of [young, slow]) {
      const { sealed, hash, at } = await row(kept);
      assert.ok(sealed.length > 0 && hash !== null && at === null);
    }
    assert.ok(!(await found(room.vault.searchHashes(number))).includes(old));
    // Passed by once, its day comes all the same.
    await room.db.query(`update recipient_later set final_after = final_after - interval '2 days'`);
    await age([slow], { createdDays: 42, finalDays: 31 });
    await room.db.query('update recipient_walk set next_at = now()');
    assert.equal(await forgetAll(30 * 24), 1);
    assert.equal((await row(slow)).sealed.length, 0);
  });

  test('without masks nothing of the number is left', async () => {
    const payoutId = await paid();
    await age([payoutId], { createdDays: 100, finalDays: 100 });
    await forgetAll(30 * 24, false);
    assert.equal((await row(payoutId)).mask, '');
  });

  test('a payout that is not final keeps its recipient however old it is', async () => {
    const payoutId = await create();
    await engine.waitForEnd(payoutId);
    // As if it had stood in review since then.
    await room.db.query(
      `update payout set state = 'review', final_at = null, final_paid_minor = null, final_commission_minor = null
       where payout_id = $1`,
      [payoutId],
    );
    await age([payoutId], { createdDays: 400, finalDays: null });
    await forgetAll(30 * 24);
    const reader = createPayoutReader({ db: room.db, overloaded: () => new Error('overloaded') });
    const stored = await reader.findPayout({ merchantId: room.merchantId, payoutId });
    assert.ok(stored !== undefined);
    assert.equal(openRecipient(room.vault, stored).number, number);
    await room.db.query(
      `update payout set state = 'paid', final_at = now(), final_paid_minor = due_minor, final_commission_minor = 0
       where payout_id = $1`,
      [payoutId],
    );
  });

  test('under a legal hold nothing goes, and afterwards everything that was due', async () => {
    const payoutId = await paid();
    await age([payoutId], { createdDays: 100, finalDays: 100 });
    const { merchantId } = room;
    await room.db.tx((tx) => setRecipientHold(tx, { merchantId, reason: 'a court', setBy: 'operator:anna' }));
    assert.equal(await forgetAll(24), 0);
    assert.ok((await row(payoutId)).sealed.length > 0);
    await room.db.tx((tx) => liftRecipientHold(tx, merchantId));
    await assert.rejects(
      room.db.tx((tx) => liftRecipientHold(tx, merchantId)),
      { name: 'Refusal' },
    );
    assert.equal(await forgetAll(30 * 24), 1);
  });

  test('several at once, some of them cut off half way, forget each payout once', async () => {
    const ids: bigint[] = [];
    for (let made = 0; made < 12; made += 1) ids.push(await paid());
    await age(ids, { createdDays: 100, finalDays: 100 });
    await assert.rejects(
      room.db.tx(async (tx) => {
        await forgetRecipients(tx, { keepHours: 720, keepMasks: true, countMax: 5 });
        throw new Error('the power is gone');
      }),
    );
    assert.ok((await row(ids[0] ?? 0n)).sealed.length > 0, 'what was not committed was not done');
    const rounds = Array.from({ length: 8 }, () => forgetAll(720));
    const done = (await Promise.all(rounds)).reduce((sum, one) => sum + one, 0) + (await forgetAll(720));
    assert.equal(done, ids.length);
    for (const id of ids) assert.equal((await row(id)).sealed.length, 0);
  });

  test('the same order still gets the same id, another one is still refused, and keys can be rotated', async () => {
    const payoutId = await paid('kept-order');
    await age([payoutId], { createdDays: 100, finalDays: 100 });
    await forgetAll(24);
    assert.equal((await row(payoutId)).sealed.length, 0);
    const again = await creator.create(checkedOrder(room, { orderId: 'kept-order', amountMinor: 100n }));
    assert.deepEqual(again, { kind: 'created', payoutId, isReplay: true });
    const other = await creator.create(checkedOrder(room, { orderId: 'kept-order', amountMinor: 101n }));
    assert.equal(other.kind, 'refused');
    const rotated = openVault(Buffer.alloc(32, 9), [Buffer.alloc(32, 8), Buffer.alloc(32, 7)]);
    await rotateSealedValues({ db: room.db, vault: rotated }, () => {});
    assert.equal((await row(payoutId)).sealed.length, 0);
  });
});
