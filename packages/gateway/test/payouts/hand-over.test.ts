import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decidePayout } from '../../src/core/payout.ts';
import { openDatabaseClock } from '../../src/db/clock.ts';
import { firstFence, type Reserve, type Seat } from '../../src/jobs/seat.ts';
import { createQueue } from '../../src/jobs/queue.ts';
import { createDeliveryStore, type StoredNotification } from '../../src/notifications/store.ts';
import { createCreator } from '../../src/payouts/create.ts';
import { createRecorder } from '../../src/payouts/record.ts';
import { createPayoutReader, type StoredPayout } from '../../src/payouts/store.ts';
import { checkedOrder, monotonicMs, openRoom, type Room } from './harness.ts';

/** Work that is begun without a claim has to begin with exactly what a claim would have read. */
const leaseMs = 30_000;
const overloaded = (): Error => new Error('overloaded');
const policy = {
  askBaseMs: 1_000,
  askMaxMs: 1_000,
  unknownBudgetMs: 60_000,
  acceptedBudgetMs: 60_000,
  reviewAskMs: 60_000,
  sendWithinMs: 10_000,
};
let room: Room;

before(async () => {
  room = await openRoom(1_000n);
});
after(() => room.close());

type Places<Known> = { readonly taken: Known[]; left: number; readonly reserve: Reserve<Known> };

function openPlaces<Known>(): Places<Known> {
  const seat: Seat<Known> = {
    leaseMs,
    take: (_, known) => void places.taken.push(known),
    leave: () => void (places.left += 1),
  };
  const places: Places<Known> = { taken: [], left: 0, reserve: () => seat };
  return places;
}

type Accepting = { readonly places: Places<StoredPayout>; woken: number };

async function accept(orderId: string, amountMinor: bigint): Promise<Accepting> {
  const accepting: Accepting = { places: openPlaces(), woken: 0 };
  const clock = await openDatabaseClock({ db: room.db, monotonicMs });
  const creator = createCreator({
    acceptDb: room.db,
    probeDb: room.db,
    clock,
    monotonicMs,
    vault: room.vault,
    wake: () => (accepting.woken += 1),
    reserve: accepting.places.reserve,
    waitingMax: 10,
    groupsMax: 1,
    onLostAnswer: (error) => assert.fail(String(error)),
  });
  await creator.create(checkedOrder(room, { orderId, amountMinor }));
  clock.close();
  return accepting;
}

test('an accepted payout is handed over as it is stored, with a job that nobody else may claim', async () => {
  const { places, woken } = await accept('one', 100n);
  const [payout] = places.taken;
  assert.ok(payout !== undefined);
  const stored = await createPayoutReader({ db: room.db, overloaded }).findPayout(payout);
  assert.ok(stored !== undefined);
  assert.ok(Math.abs(stored.createdAt.getTime() - payout.createdAt.getTime()) < 60_000);
  assert.deepEqual({ ...payout, createdAt: stored.createdAt }, stored);
  const claim = { kind: 'payout', countMax: 10, leaseMs, busyLanes: [] } as const;
  assert.deepEqual(await createQueue({ db: room.db }).claim(claim), []);
  const jobs = await room.db.query<{ fence: number }>(
    `select fence from job
     where subject_id = $1 and run_at between now() + interval '20 s' and now() + interval '31 s'`,
    [payout.payoutId],
  );
  assert.deepEqual(jobs, [{ fence: firstFence }]);
  assert.equal(woken, 0, 'there is nothing to claim');
});

test('a refused order gives its place back', async () => {
  const { places } = await accept('too much', 5_000n);
  assert.deepEqual(places.taken, []);
  assert.equal(places.left, 1);
});

test('a notification is handed over as it stands in the database; one without a place is queued', async () => {
  const { places: payouts } = await accept('two', 100n);
  const [payout] = payouts.taken;
  assert.ok(payout !== undefined);
  const places = openPlaces<StoredNotification>();
  const reserve: Reserve<StoredNotification> = (lane) => (lane === 'full' ? undefined : places.reserve(lane));
  let woken = 0;
  const recorder = createRecorder({ db: room.db, overloaded, reserve, wake: () => (woken += 1) });
  const cancel = decidePayout(payout, { kind: 'cancel', reason: 'cancelled_by_operator', evidence: {} }, policy);
  assert.ok(cancel.kind === 'change');
  const announcement = {
    endpoint_id: 5,
    url: 'https://shop.example/',
    method: 'POST',
    signed_text: '{"a":1}',
    lane: '1 https://shop.example',
    dead: false,
  } as const;
  const announcements = [
    { ...announcement, dead: true },
    announcement,
    { ...announcement, lane: 'full' },
    { ...announcement, url: 'https://shop.example/second' },
  ];
  const record = { payout, change: cancel.change, actor: 'test', announcements };
  assert.deepEqual(await Promise.all([recorder.record(record), recorder.record(record)]), [true, false]);
  assert.equal(places.left, 2, 'what was not written gives its places back');
  assert.deepEqual(
    places.taken.map(({ url }) => url),
    ['https://shop.example/', 'https://shop.example/second'],
  );
  const store = createDeliveryStore({ db: room.db, overloaded });
  for (const notification of places.taken) {
    const stored = await store.find(notification);
    assert.ok(stored !== undefined);
    assert.ok(Math.abs(stored.createdAt.getTime() - notification.createdAt.getTime()) < 60_000);
    assert.deepEqual({ ...notification, createdAt: stored.createdAt }, { ...stored });
  }
  assert.equal(woken, 1);
  const claim = { kind: 'notification', countMax: 10, leaseMs, busyLanes: [] } as const;
  const queued = await createQueue({ db: room.db }).claim(claim);
  assert.deepEqual(
    queued.map(({ lane }) => lane),
    ['full'],
  );
});

test('when a group fails as a whole every place is given back', async () => {
  const places = openPlaces<StoredNotification>();
  const broken = { ...room.db, run: () => Promise.reject(new Error('gone')) };
  const recorder = createRecorder({ db: broken, overloaded, reserve: places.reserve });
  const { places: payouts } = await accept('three', 100n);
  const [payout] = payouts.taken;
  assert.ok(payout !== undefined);
  const cancel = decidePayout(payout, { kind: 'cancel', reason: 'cancelled_by_operator', evidence: {} }, policy);
  assert.ok(cancel.kind === 'change');
  const announcements = [
    { endpoint_id: null, url: '', method: 'POST', signed_text: '{}', lane: '', dead: false },
  ] as const;
  await assert.rejects(recorder.record({ payout, change: cancel.change, actor: 'test', announcements }), /gone/);
  assert.equal(places.left, 1);
});
