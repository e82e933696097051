import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createMerchant } from '../../src/merchants/enroll.ts';
import { archivePayouts } from '../../src/payouts/archive.ts';
import { cancelPayout } from '../../src/payouts/cancel.ts';
import type { Creator } from '../../src/payouts/create.ts';
import { forgetRecipients, liftRecipientHold, setRecipientHold } from '../../src/payouts/forget-recipients.ts';
import { readPayoutHistory } from '../../src/payouts/history.ts';
import { judgePayout } from '../../src/payouts/judge.ts';
import { reversePayout } from '../../src/payouts/reverse.ts';
import { searchPayouts } from '../../src/payouts/search.ts';
import { settlePayout } from '../../src/payouts/settle.ts';
import { findStatus } from '../../src/payouts/status.ts';
import { settleCallback } from '../../src/payouts/callback.ts';
import { createSandboxConnector } from '../../src/connectors/sandbox.ts';
import { resendNotification } from '../../src/notifications/resend.ts';
import { rotateSealedValues } from '../../src/secrets/rotate.ts';
import { openVault } from '../../src/secrets/seal.ts';
import { afterHours, age, archiveAll, contradictionOf, facts, makeOld, type Old } from './archived.ts';
import { type Engine, startEngine } from './engine.ts';
import { assertSound, checkedOrder, openRoom, type Room } from './harness.ts';

describe('payouts that ended long ago are archived', () => {
  let room: Room;
  let engine: Engine;
  let creator: Creator;
  let made = 0;
  before(async () => {
    room = await openRoom(1_000_000n);
    engine = await startEngine(room);
    creator = await room.openCreator();
  });
  after(async () => {
    await engine.stop();
    await room.close();
  });

  const old = async (script = 'paid', orderId = `old-${(made += 1)}`): Promise<Old> => {
    const [one] = await makeOld({ room, engine, creator }, [{ orderId, script }]);
    return one ?? assert.fail();
  };
  const isArchived = async ({ payoutId }: { payoutId: bigint }): Promise<boolean> => {
    const [payout] = await searchPayouts(room.db, { payoutId }, { beforeId: undefined, limit: 1 });
    return (payout ?? assert.fail()).archivedAt !== null;
  };
  const status = (lookup: { orderId?: string; payoutId?: bigint }) =>
    findStatus({ reader: engine.needs.reader, probeDb: room.db }, { merchantId: room.merchantId, lookup });
  const counts = async (): Promise<unknown> =>
    room.db.query(
      `select (select count(*) from payout) as payout, (select count(*) from archived_payout) as archived,
         (select count(*) from transition) as transition, (select count(*) from attempt) as attempt,
         (select count(*) from notification) as notification, (select count(*) from delivery) as delivery,
         (select count(*) from posting) as posting, (select count(*) from order_record) as orders`,
    );

  test('what status and people see of it stays, its details go, and the audit still proves the ledger', async () => {
    const payouts = [await old('paid'), await old('partial'), await old('fail_returned'), await old('cancelled')];
    const lines = await searchPayouts(room.db, {}, { beforeId: undefined, limit: 50 });
    const postings = await room.db.query('select * from posting order by posting_id');
    assert.equal(await archiveAll(room.db), payouts.length);
    const left = { archivedAt: undefined, recipientSealed: undefined, attempt: undefined, providerId: undefined };
    const unseen = { attemptStartedAt: undefined, attemptAgeMs: 0, endpointUrl: undefined, notificationId: undefined };
    for (const payout of payouts) {
      const { payoutId, orderId } = payout;
      for (const lookup of [{ payoutId }, { orderId }, { payoutId, orderId }]) {
        const found = await status(lookup);
        assert.ok(found.kind === 'found' && found.payout.archivedAt instanceof Date);
        const [row] = await room.db.query<{ at: Date }>(
          'select final_at as at from archived_payout where payout_id = $1',
          [payoutId],
        );
        const aged = { finalAt: row?.at, createdAt: found.payout.createdAt };
        assert.deepEqual({ ...found.payout, ...left, ...unseen }, { ...payout, ...left, ...unseen, ...aged });
        assert.deepEqual(found.payout.attempt?.reference, payout.attempt?.reference);
        assert.equal(found.payout.providerId, payout.providerId);
      }
      const history = await readPayoutHistory(room.db, payoutId);
      assert.deepEqual(
        [history.transitions, history.attempts, history.notifications, history.deliveries].map((list) => list.length),
        [0, 0, 0, 0],
      );
      assert.ok(history.postings.length >= 2 && history.payout.toldAt instanceof Date);
    }
    const linesLeft = await searchPayouts(room.db, {}, { beforeId: undefined, limit: 50 });
    const bare = (line: object) => ({ ...line, archivedAt: 0, toldAt: 0, providerId: 0, endpointUrl: 0, finalAt: 0 });
    assert.deepEqual(
      linesLeft.map((line) => bare({ ...line, createdAt: 0 })),
      lines.map((line) => bare({ ...line, createdAt: 0 })),
    );
    assert.deepEqual(await room.db.query('select * from posting order by posting_id'), postings);
    await assertSound(room);
  });

  test('a repeat of its order gets its id, and another order under its order_id is refused', async () => {
    const { payoutId, orderId } = await old();
    await archiveAll(room.db);
    const order = checkedOrder(room, { orderId, amountMinor: 1_000n });
    const number = (await searchPayouts(room.db, { payoutId }, { beforeId: undefined, limit: 1 }))[0]?.recipientMask;
    assert.equal(number, '*******4455');
    const same = { ...order, order: { ...order.order, number: '79005554455', endpointUrl: 'https://shop.example/n' } };
    const scripted = await creator.create(same);
    // The digest knows the number that was ordered, whatever is left of it.
    assert.ok(scripted.kind === 'refused' && scripted.payoutId === payoutId);
    const plain = checkedOrder(room, { orderId: 'plain', amountMinor: 100n });
    const first = await creator.create(plain);
    assert.ok(first.kind === 'created');
    await engine.waitForEnd(first.payoutId);
    await age(room.db, [first.payoutId]);
    await archiveAll(room.db);
    assert.ok(await isArchived(first));
    assert.deepEqual(await creator.create(plain), { kind: 'created', payoutId: first.payoutId, isReplay: true });
    const other = await creator.create(checkedOrder(room, { orderId: 'plain', amountMinor: 101n }));
    assert.ok(other.kind === 'refused' && other.problem.code === 'order_id_used');
  });

  test('what must not go yet stays: young, not told yet, looked at by a person, not counted, unsound', async () => {
    const [young, pending, watched, uncounted, crooked, resent, unhashed] = [
      await old(),
      await old(),
      await old('fail_returned'),
      await old(),
      await old(),
      await old(),
      await old(),
    ];
    await age(room.db, [young.payoutId], 399);
    await room.db.query(`update notification set state = 'pending' where payout_id = $1`, [pending.payoutId]);
    const incident = await room.db.query<{ id: bigint }>(
      `insert into incident (merchant_id, payout_id, kind, detail) values ($1, $2, 'test', '{}')
       returning incident_id as id`,
      [room.merchantId, watched.payoutId],
    );
    const [mark] = await room.db.query<{ id: bigint }>(
      `select min(posting_id) as id from posting where payout_id = $1 and kind = 'capture'`,
      [uncounted.payoutId],
    );
    await room.db.query('update payout set final_paid_minor = 999 where payout_id = $1', [crooked.payoutId]);
    const resend = resendNotification({ db: room.db, wake: () => {} }, resent);
    assert.deepEqual(await resend, { ok: true });
    await room.db.query('update payout set recipient_hash = null where payout_id = $1', [unhashed.payoutId]);
    await room.db.query('update count_mark set posting_id = $1', [(mark?.id ?? 0n) - 1n]);
    const kept = [young, pending, watched, uncounted, crooked, resent, unhashed];
    await archiveAll(room.db);
    for (const [at, payout] of kept.entries()) assert.equal(await isArchived(payout), false, `${at}`);
    await room.db.query('update count_mark set posting_id = (select max(posting_id) from posting)');
    await room.db.query('update payout set final_paid_minor = 1000 where payout_id = $1', [crooked.payoutId]);
    await room.db.query(`update notification set state = 'delivered' where payout_id = $1`, [pending.payoutId]);
    await room.db.query(`delete from job where kind = 'notification'`);
    await room.db.query('update incident set closed_at = now() where incident_id = $1', [incident[0]?.id]);
    await room.db.query('update payout set recipient_hash = 1 where payout_id = $1', [unhashed.payoutId]);
    await age(room.db, [young.payoutId], 401);
    assert.equal(await archiveAll(room.db), kept.length);
    await assertSound(room);
  });

  test('nothing is archived while a process is there that would not find it', async () => {
    const payout = await old();
    await room.db.query(
      `insert into process (process_id, started_at, seen_at, serves, works, payouts_in_hand, notifications_in_hand)
       values (gen_random_uuid(), now(), now(), true, true, 0, 0)`,
    );
    assert.equal(await archiveAll(room.db), 0);
    await room.db.query(`update process set seen_at = now() - interval '2 minutes'`);
    assert.equal(await archiveAll(room.db), 1);
    assert.ok(await isArchived(payout));
  });

  test('a legal hold keeps all of it, also against a slice that is under way', async () => {
    const payout = await old();
    const { merchantId } = room;
    await room.db.tx((tx) => setRecipientHold(tx, { merchantId, reason: 'a court', setBy: 'operator:anna' }));
    assert.equal(await archiveAll(room.db), 0);
    assert.equal(await isArchived(payout), false);
    await room.db.tx((tx) => liftRecipientHold(tx, merchantId));
    // Whoever sets a hold waits for the slice in hand; whoever is setting one is not waited for.
    await room.db.tx(async (tx) => {
      await setRecipientHold(tx, { merchantId, reason: 'a court', setBy: 'operator:anna' });
      assert.equal(await archiveAll(room.db), 0);
    });
    assert.equal(await isArchived(payout), false);
    await room.db.tx((tx) => liftRecipientHold(tx, merchantId));
    assert.equal(await archiveAll(room.db), 1);
  });

  test('late evidence against its end opens one incident and changes nothing', async () => {
    for (const [script, kind] of [
      ['paid', 'refused_after_paid'],
      ['fail_returned', 'paid_after_end'],
    ] as const) {
      const payout = await old(script);
      await archiveAll(room.db);
      const row = await room.db.query('select * from archived_payout where payout_id = $1', [payout.payoutId]);
      const held = await counts();
      const outcome = contradictionOf(payout);
      const connector = createSandboxConnector({ bookPath: engine.bookPath });
      const reference = `${payout.payoutId}-1`;
      const needs = { ...engine.needs, workDb: room.db };
      const tellLate = () => settleCallback(needs, { connector, callback: { reference, outcome } });
      assert.equal((await tellLate())?.kind, 'applied');
      await tellLate();
      const other = { reference: `${payout.payoutId}-2`, outcome };
      assert.equal(await settleCallback(needs, { connector, callback: other }), undefined, 'it had no second attempt');
      const { incidents } = await readPayoutHistory(room.db, payout.payoutId);
      assert.deepEqual(
        incidents.map((incident) => incident.kind),
        [kind],
      );
      assert.deepEqual(
        await room.db.query('select * from archived_payout where payout_id = $1', [payout.payoutId]),
        row,
      );
      assert.deepEqual(await counts(), held);
      // The same as before is no news.
      const same =
        payout.state === 'paid'
          ? ({ kind: 'succeeded', paidMinor: 1_000n, evidence: {} } as const)
          : ({ kind: 'rejected', reason: 'returned', evidence: {} } as const);
      const known = await settleCallback(needs, { connector, callback: { reference, outcome: same } });
      assert.deepEqual(known, { kind: 'refused', why: 'already_known' });
      await connector.close();
    }
    await assertSound(room);
  });

  test('it can be put right in the ledger as ever, once; it cannot be judged or cancelled', async () => {
    const failed = await old('fail_returned');
    await archiveAll(room.db);
    const found = await engine.needs.reader.findPayout(failed);
    const event = {
      kind: 'outcome',
      source: 'callback',
      attemptNo: 1,
      outcome: contradictionOf(failed),
      facts,
    } as const;
    await settlePayout(engine.needs, {
      payout: found ?? assert.fail(),
      event: { ...event, ageMs: 0 },
      source: { actor: 'test' },
    });
    const [incident] = (await readPayoutHistory(room.db, failed.payoutId)).incidents;
    const input = { incidentId: incident?.incidentId ?? 0n, paidMinor: undefined, actor: 'operator:anna', reason: 'x' };
    const reverse = () => room.db.tx((tx) => reversePayout(tx, input));
    const answers = await Promise.allSettled([reverse(), reverse()]);
    assert.deepEqual(answers.map(({ status: how }) => how).toSorted(), ['fulfilled', 'rejected']);
    await assertSound(room);
    const who = { ...failed, actor: 'operator:anna' };
    const judged = await judgePayout(engine.needs, { ...who, verdict: 'not_executed', evidence: 'x' });
    assert.ok(!judged.ok && judged.problem.code === 'payout_not_in_review');
    const cancelled = await cancelPayout(engine.needs, { ...who, reason: 'x' });
    assert.ok(!cancelled.ok && cancelled.problem.code === 'payout_not_cancellable');
  });

  test('a notification that went with it is refused by name, one that never was is not', async () => {
    const { merchantId, notificationId } = await old();
    await archiveAll(room.db);
    const again = (id: bigint) =>
      resendNotification({ db: room.db, wake: () => {} }, { merchantId, notificationId: id });
    const gone = await again(notificationId);
    assert.ok(!gone.ok && gone.problem.code === 'notification_archived');
    assert.equal(gone.problem.values?.['last'], notificationId.toString());
    const never = await again(notificationId + 1_000n);
    assert.ok(!never.ok && never.problem.code === 'record_unknown');
    const other = await room.db.tx((tx) => createMerchant({ tx, vault: room.vault }, { name: 'Other' }));
    const foreign = await resendNotification(
      { db: room.db, wake: () => {} },
      { merchantId: other.merchantId, notificationId },
    );
    assert.ok(!foreign.ok && foreign.problem.code === 'record_unknown');
    const jobs = await room.db.query(`select 1 from job where kind = 'notification'`);
    assert.equal(jobs.length, 0);
  });

  test('its recipient is found by the number, sealed under a new key, and forgotten in its own time', async () => {
    const payout = await old('paid', 'recipient');
    await archiveAll(room.db);
    const number = '79005554455';
    await room.db.query('update archived_payout set recipient_hash = $2 where payout_id = $1', [
      payout.payoutId,
      room.vault.searchHash(number),
    ]);
    const find = async () => {
      const filter = { recipientHashes: room.vault.searchHashes(number) };
      return (await searchPayouts(room.db, filter, { beforeId: undefined, limit: 500 })).map((one) => one.payoutId);
    };
    assert.ok((await find()).includes(payout.payoutId));
    const sealed = async () =>
      (
        await room.db.query<{ sealed: Buffer; at: Date | null }>(
          `select recipient_sealed as sealed, recipient_deleted_at as at from archived_payout where payout_id = $1`,
          [payout.payoutId],
        )
      )[0] ?? assert.fail();
    const first = (await sealed()).sealed;
    await rotateSealedValues({ db: room.db, vault: openVault(Buffer.alloc(32, 8), [Buffer.alloc(32, 7)]) }, () => {});
    assert.notDeepEqual((await sealed()).sealed, first);
    await room.db.query('update recipient_walk set next_at = now(), walked_to = 0');
    while ((await forgetRecipients(room.db, { keepHours: 600 * 24, keepMasks: true, countMax: 3 })).hasMore);
    assert.ok((await sealed()).sealed.length > 0, 'it is not its time yet');
    await room.db.query('update recipient_walk set next_at = now(), walked_to = 0');
    while ((await forgetRecipients(room.db, { keepHours: 450 * 24, keepMasks: true, countMax: 3 })).hasMore);
    const gone = await sealed();
    assert.deepEqual([gone.sealed.length, gone.at instanceof Date], [0, true]);
    assert.ok(!(await find()).includes(payout.payoutId));
    const left = await room.db.query(
      `select 1 from archived_payout where recipient_deleted_at is null and final_at < now() - interval '450 days'`,
    );
    assert.equal(left.length, 0);
    await assertSound(room);
  });

  test('the database itself refuses to lose details, and to rewrite what is left', async () => {
    await old();
    for (const table of ['payout', 'attempt', 'transition', 'notification']) {
      await assert.rejects(room.db.query(`delete from ${table}`), /append-only/, table);
    }
    await assert.rejects(room.db.query('delete from archived_payout'), /append-only/);
    await assert.rejects(room.db.query(`update archived_payout set state = 'fail'`), /append-only/);
    await assert.rejects(room.db.query('update archived_payout set final_paid_minor = 1'), /append-only/);
    await archiveAll(room.db);
  });

  test('a slice is a bounded piece of work, and merchants take turns', async () => {
    await Promise.all([1, 2, 3, 4, 5].map((at) => old('paid', `slice-${at}`)));
    const merchants = await room.db.query('select 1 from merchant');
    const rounds = await Promise.all(merchants.map(() => archivePayouts(room.db, { afterHours, countMax: 2 })));
    assert.equal(
      rounds.reduce((sum, { archived }) => sum + archived, 0),
      2,
    );
    assert.equal(await archiveAll(room.db), 3);
    assert.deepEqual(await archivePayouts(room.db, { afterHours }), { archived: 0, hasMore: false });
  });
});
