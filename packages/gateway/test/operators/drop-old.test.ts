import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { forgetAnswers } from '../../src/notifications/forget-answers.ts';
import { dropOldRecords } from '../../src/operators/drop-old.ts';
import { createToken, openSession } from '../../src/operators/sessions.ts';
import { createUser } from '../../src/operators/users.ts';
import { liftRecipientHold, setRecipientHold } from '../../src/payouts/forget-recipients.ts';
import { openRoom, type Room } from '../payouts/harness.ts';

const never = { sessions: 0, approvals: 0, incidents: 0, counts: 0 };

describe('what is old goes by its kind', () => {
  let room: Room;
  let userId: bigint;
  before(async () => {
    room = await openRoom(1_000n);
    userId = (
      await room.db.tx((tx) => createUser(tx, { login: 'anna', password: 'correct horse battery', role: 'owner' }))
    ).userId;
  });
  after(() => room.close());

  const count = async (table: string): Promise<number> =>
    Number((await room.db.query<{ count: bigint }>(`select count(*) as count from ${table}`))[0]?.count);

  test('sessions and tokens some time after their end, invitations after theirs; what lives stays', async () => {
    await room.db.tx(async (tx) => {
      for (const _ of [1, 2, 3]) await openSession(tx, userId);
      await createToken(tx, { userId, label: 'program', days: 300 });
      await tx.query(
        `insert into invitation (secret_hash, user_id, expires_at, used_at) values
           ('\\x01', $1, now() + interval '1 day', now() - interval '91 days'),
           ('\\x02', $1, now() - interval '91 days', null), ('\\x03', $1, now() - interval '89 days', null)`,
        [userId],
      );
      await tx.query(
        `update operator_session set revoked_at = now() - interval '91 days' where session_id = (
           select min(session_id) from operator_session)`,
      );
      await tx.query(
        `update operator_session set expires_at = now() - interval '89 days' where session_id = (
           select min(session_id) + 1 from operator_session)`,
      );
    });
    assert.equal(await dropOldRecords(room.db, never), false);
    assert.deepEqual([await count('operator_session'), await count('invitation')], [4, 3]);
    await dropOldRecords(room.db, { ...never, sessions: 90 });
    assert.deepEqual([await count('operator_session'), await count('invitation')], [3, 1]);
  });

  test('approvals once decided or run out, but none that is being carried out', async () => {
    await room.db.query(
      `insert into approval (action, request_sealed, shown, state, requested_by, expires_at, decided_at)
       select 'key.upload', '', '{}', state, $1, now() - days * interval '1 day', decided_at
       from (values ('refused', 40, now() - interval '31 days'), ('pending', 31, null), ('pending', 29, null),
         ('approved', 60, now() - interval '60 days')) as a (state, days, decided_at)`,
      [userId],
    );
    await dropOldRecords(room.db, { ...never, approvals: 30 });
    const left = await room.db.query<{ state: string }>('select state from approval order by state');
    assert.deepEqual(
      left.map(({ state }) => state),
      ['approved', 'pending'],
    );
  });

  test('closed incidents, but not those that moved money or stand under a legal hold', async () => {
    const { merchantId } = room;
    await room.db.query(
      `insert into incident (merchant_id, kind, detail, closed_at, posting_id) values
         ($1, 'open', '{}', null, null), ($1, 'money', '{}', now() - interval '9 years', 1),
         ($1, 'old', '{}', now() - interval '9 years', null), ($1, 'young', '{}', now(), null)`,
      [merchantId],
    );
    await room.db.tx((tx) => setRecipientHold(tx, { merchantId, reason: 'a court', setBy: 'operator:anna' }));
    await dropOldRecords(room.db, { ...never, incidents: 30 });
    assert.equal(await count('incident'), 4);
    await room.db.tx((tx) => liftRecipientHold(tx, merchantId));
    await dropOldRecords(room.db, { ...never, incidents: 30 });
    const left = await room.db.query<{ kind: string }>('select kind from incident order by kind');
    assert.deepEqual(
      left.map(({ kind }) => kind),
      ['money', 'open', 'young'],
    );
  });

  test('counts of days, in bounded pieces; counts of everything stay', async () => {
    await room.db.query(
      `insert into payout_count (merchant_id, currency, span, starts_at, state, payouts, paid_minor)
       select $1::bigint, 'RUB', 'day', now() - n * interval '1 day', 'paid', 1, 1 from generate_series(1, 1500) n
       union all select $1::bigint, 'RUB', 'ever', '-infinity'::timestamptz, 'paid', 1500, 1500`,
      [room.merchantId],
    );
    const keep = { ...never, counts: 100 };
    assert.equal(await dropOldRecords(room.db, keep), true);
    assert.equal(await dropOldRecords(room.db, keep), false);
    assert.equal(await count(`payout_count where span = 'day' and starts_at > now() - interval '100 days'`), 99);
    assert.equal(await count('payout_count'), 100);
  });

  test('what receivers answered, a slice at a time; that and when they acknowledged stays', async () => {
    const { merchantId, accountId } = room;
    await room.db.query(
      `with told as (
         insert into notification (merchant_id, notification_id, payout_id, account_id, url, method, signed_text, state,
           created_at)
         select $1, n, n, $2, 'https://shop.example/', 'POST', '{}', 'delivered',
           now() - case when n <= 7 then 40 else 20 end * interval '1 day'
         from generate_series(1, 9) n
         returning merchant_id, notification_id, created_at)
       insert into delivery (merchant_id, notification_id, try_no, started_at, duration_ms, status_code, answer)
       select merchant_id, notification_id, 1, created_at, 5, 200, 'thanks' from told`,
      [merchantId, accountId],
    );
    await room.db.query('insert into recipient_walk (merchant_id) values ($1) on conflict do nothing', [merchantId]);
    await room.db.tx((tx) => setRecipientHold(tx, { merchantId, reason: 'a court', setBy: 'operator:anna' }));
    const keepHours = 30 * 24;
    assert.deepEqual(await forgetAnswers(room.db, { keepHours }), { hasMore: false });
    await room.db.tx((tx) => liftRecipientHold(tx, merchantId));
    const rounds = [1, 2, 3].map(() => forgetAnswers(room.db, { keepHours, countMax: 3 }));
    await Promise.all(rounds);
    while ((await forgetAnswers(room.db, { keepHours, countMax: 3 })).hasMore);
    const rows = await room.db.query<{ answer: string | null; code: number }>(
      'select answer, status_code as code from delivery order by notification_id',
    );
    assert.deepEqual(
      rows.map(({ answer, code }) => [answer, code]),
      Array.from({ length: 9 }, (_, at) => [at < 7 ? null : 'thanks', 200]),
    );
    await assert.rejects(room.db.query('update delivery set status_code = 500'), /append-only/);
  });
});
