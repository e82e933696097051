import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createSandboxConnector } from '../../src/connectors/sandbox.ts';
import type { Db } from '../../src/db/pool.ts';
import { createMerchant } from '../../src/merchants/enroll.ts';
import { resendNotification } from '../../src/notifications/resend.ts';
import { archivePayouts } from '../../src/payouts/archive.ts';
import { settleCallback } from '../../src/payouts/callback.ts';
import type { Creator } from '../../src/payouts/create.ts';
import { readPayoutHistory } from '../../src/payouts/history.ts';
import { searchPayouts } from '../../src/payouts/search.ts';
import { findStatus } from '../../src/payouts/status.ts';
import { afterHours, age, archiveAll, contradictionOf, interrupt, makeOld, type Old, tell } from './archived.ts';
import { type Engine, startEngine } from './engine.ts';
import { assertSound, checkedOrder, openRoom, type Room } from './harness.ts';

/** Every statement of a slice, and one beyond them. */
const statementsMax = 20;

describe('archiving beside everything else', () => {
  let room: Room;
  let engine: Engine;
  let creator: Creator;
  before(async () => {
    room = await openRoom(100_000_000n);
    engine = await startEngine(room);
    creator = await room.openCreator();
  });
  after(async () => {
    await engine.stop();
    await room.close();
  });

  const old = async (orderId: string): Promise<Old> =>
    (await makeOld({ room, engine, creator }, [{ orderId }]))[0] ?? assert.fail();
  const archivedAt = async (payoutId: bigint): Promise<Date | null> => {
    const lines = await searchPayouts(room.db, { payoutId }, { beforeId: undefined, limit: 2 });
    assert.equal(lines.length, 1, 'a payout is there once, wherever it is');
    return lines[0]?.archivedAt ?? null;
  };
  const everything = (): Promise<unknown> =>
    room.db.query(
      `select (select jsonb_agg(t order by payout_id) from payout t) as payout,
         (select jsonb_agg(t order by payout_id) from archived_payout t) as archived,
         (select jsonb_agg(t order by payout_id, version) from transition t) as transition,
         (select jsonb_agg(t order by payout_id, attempt_no) from attempt t) as attempt,
         (select jsonb_agg(t order by notification_id) from notification t) as notification,
         (select jsonb_agg(t order by notification_id, try_no) from delivery t) as delivery,
         (select jsonb_agg(t order by posting_id) from posting t) as posting,
         (select jsonb_agg(t order by order_id) from order_record t) as orders,
         (select jsonb_agg(t order by merchant_id) from recipient_walk t) as walk`,
    );

  test('the archiver’s connection is killed before each of its statements: nothing is half done', async () => {
    await old('killed');
    const whole = await everything();
    let kills = 0;
    for (let at = 1; at <= statementsMax; at += 1) {
      const dying = interrupt(room.db, async (now, tx) => {
        if (now !== at) return;
        kills += 1;
        const [own] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
        await room.db.query('select pg_terminate_backend($1, 5000)', [own?.pid]);
      });
      const died = await archivePayouts(dying, { afterHours }).then(
        () => false,
        () => true,
      );
      if (!died) break;
      // The merchant's walk may have got its row; nothing else is other than before.
      assert.deepEqual(await everything(), whole, `killed before statement ${at}`);
    }
    assert.ok(kills >= 10, `only ${kills} statements were met`);
    await archiveAll(room.db);
    await assertSound(room);
    const left = await room.db.query('select 1 from payout');
    assert.equal(left.length, 0);
  });

  test('many archivers at once archive each payout once', async () => {
    const others = await Promise.all(
      [1, 2, 3].map((at) => room.db.tx((tx) => createMerchant({ tx, vault: room.vault }, { name: `Other ${at}` }))),
    );
    assert.equal(others.length, 3);
    const names = Array.from({ length: 30 }, (_, at) => ({ orderId: `many-${at}` }));
    const payouts = await makeOld({ room, engine, creator }, names);
    const done = await Promise.all(Array.from({ length: 6 }, () => archiveAll(room.db, 4)));
    const archived = done.reduce((sum, one) => sum + one, 0) + (await archiveAll(room.db));
    assert.equal(archived, payouts.length);
    for (const { payoutId } of payouts) assert.ok((await archivedAt(payoutId)) !== null);
    await assertSound(room);
  });

  /** One slice that stops before statement `at`, does `beside` there, and goes on; answers what came of both. */
  async function meet<T>(at: number, beside: () => Promise<T>): Promise<T | undefined> {
    let met: Promise<T> | undefined;
    const db: Db = interrupt(room.db, async (now) => {
      if (now !== at) return;
      met = beside();
      // It may wait for a lock of the slice, which it gets when the slice ends.
      await Promise.race([met.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 40))]);
    });
    await archivePayouts(db, { afterHours });
    return met;
  }

  test('a repeat of the order, before any statement of a slice, gets the same id', async () => {
    for (let at = 1; at <= statementsMax; at += 1) {
      const order = checkedOrder(room, { orderId: `repeat-${at}`, amountMinor: 100n });
      const first = await creator.create(order);
      assert.ok(first.kind === 'created');
      await engine.waitForEnd(first.payoutId);
      await age(room.db, [first.payoutId]);
      const again = await meet(at, () => creator.create(order));
      if (again === undefined) return assert.ok(at > 10);
      assert.deepEqual(again, { kind: 'created', payoutId: first.payoutId, isReplay: true });
      assert.ok((await archivedAt(first.payoutId)) !== null);
    }
    assert.fail('the slice has more statements than the test knows');
  });

  test('status, before any statement of a slice, finds the payout', async () => {
    const needs = { reader: engine.needs.reader, probeDb: room.db };
    for (let at = 1; at <= statementsMax; at += 1) {
      const payout = await old(`status-${at}`);
      const { merchantId, payoutId, orderId } = payout;
      const found = await meet(at, () =>
        Promise.all([{ payoutId }, { orderId }].map((lookup) => findStatus(needs, { merchantId, lookup }))),
      );
      if (found === undefined) return assert.ok(at > 10);
      for (const one of found) assert.ok(one.kind === 'found' && one.payout.state === 'paid');
    }
    assert.fail('the slice has more statements than the test knows');
  });

  test('a contradicting callback, before any statement of a slice, is never lost', async () => {
    const connector = createSandboxConnector({ bookPath: engine.bookPath });
    const needs = { ...engine.needs, workDb: room.db };
    let archived = 0;
    for (let at = 1; at <= statementsMax; at += 1) {
      const payout = await old(`late-${at}`);
      const callback = { reference: `${payout.payoutId}-1`, outcome: contradictionOf(payout) };
      const settled = await meet(at, () => settleCallback(needs, { connector, callback }));
      if (settled === undefined) {
        assert.ok(at > 10 && archived > 3 && archived < at);
        await connector.close();
        await room.db.query(`update incident set closed_at = now(), closed_by = 'test', reason = 'seen'`);
        await archiveAll(room.db);
        return assertSound(room);
      }
      assert.equal(settled.kind, 'applied');
      const { incidents, payout: line } = await readPayoutHistory(room.db, payout.payoutId);
      assert.deepEqual(
        incidents.map(({ kind }) => kind),
        ['refused_after_paid'],
        `before statement ${at}`,
      );
      assert.equal(line.state, 'paid');
      archived += line.archivedAt === null ? 0 : 1;
    }
    assert.fail('the slice has more statements than the test knows');
  });

  test('a resend, before any statement of a slice, is done whole or refused', async () => {
    let refused = 0;
    for (let at = 1; at <= statementsMax; at += 1) {
      const payout = await old(`resend-${at}`);
      const sent = await meet(at, () => resendNotification({ db: room.db, wake: () => {} }, payout));
      const orphans = await room.db.query(
        `select 1 from job j where kind = 'notification' and not exists (
           select from notification n where n.merchant_id = j.merchant_id and n.notification_id = j.subject_id)`,
      );
      assert.equal(orphans.length, 0, `before statement ${at}`);
      if (sent === undefined) return assert.ok(at > 10 && refused > 3 && refused < at);
      if (sent.ok) assert.equal(await archivedAt(payout.payoutId), null);
      else {
        assert.equal(sent.problem.code, 'notification_archived');
        assert.ok((await archivedAt(payout.payoutId)) !== null);
        refused += 1;
      }
      if (sent.ok) await tell(room.db, payout.payoutId).catch(() => {});
      await room.db.query(`delete from job where kind = 'notification'`);
      await archiveAll(room.db);
    }
    assert.fail('the slice has more statements than the test knows');
  });
});
