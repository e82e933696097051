import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from '../../src/db/pool.ts';
import { exportMerchant } from '../../src/http/export-merchant.ts';
import {
  acceptPayouts,
  type Gateway,
  hireForMerchant,
  openGateway,
  openShop,
  queueMany,
  type Shop,
} from './operator/harness.ts';

type Line = { readonly type: string; readonly data: Record<string, unknown> };

describe('everything about a merchant as a file', () => {
  let gateway: Gateway;
  let own: Shop;
  let other: Shop;
  let owner: string;
  let person: string;
  const many = 2_500;

  before(async () => {
    gateway = await openGateway();
    const { db } = gateway;
    owner = await gateway.hire('owner', 'boss');
    own = await furnish('mine');
    other = await furnish('theirs');
    person = await hireForMerchant(db, { merchantId: own.merchantId, login: 'masha' });
    await queueMany(db, own, many);
  });
  after(() => gateway.close());

  /** A merchant with something of every type. */
  async function furnish(word: string): Promise<Shop> {
    const { db } = gateway;
    const shop = await openShop(db);
    const base = `/merchants/${shop.merchantId}`;
    assert.equal((await gateway.ask(`${base}/keys/generate`, { token: owner, body: {} })).status, 201);
    const endpoint = { url: `https://${word}.example/n`, name: word };
    assert.equal((await gateway.ask(`${base}/endpoints`, { token: owner, body: endpoint })).status, 201);
    const [payoutId, archivedId] = await acceptPayouts(db, shop, [{ orderId: word }, { orderId: `old-${word}` }]);
    await db.query(
      `with told as (
         insert into notification (merchant_id, notification_id, payout_id, account_id, url, method, signed_text, state)
         select $1, nextval('notification_id'), $2, $3, 'https://' || $4 || '.example/n', 'POST',
           '{"of":"' || $4 || '"}', 'delivered'
         from generate_series(1, 1200) returning merchant_id, notification_id)
       insert into delivery (merchant_id, notification_id, try_no, started_at, duration_ms, status_code, answer)
       select merchant_id, notification_id, try_no, now(), 5, 200, 'ok' from told, generate_series(1, 2) try_no`,
      [shop.merchantId, payoutId, shop.accountId, word],
    );
    await db.query(
      `insert into archived_payout (merchant_id, payout_id, account_id, order_id, state, version, attempts,
         service_code, recipient_kind, recipient_mask, recipient_sealed, currency, amount_minor, due_minor, debit_minor,
         commission_minor, percent_minor, old_available_minor, final_paid_minor, final_commission_minor, connectors,
         created_at, final_at)
       select merchant_id, payout_id, account_id, order_id, 'paid', 3, 1, service_code, recipient_kind, recipient_mask,
         recipient_sealed, currency, amount_minor, due_minor, debit_minor, commission_minor, percent_minor,
         old_available_minor, due_minor, commission_minor, connectors, created_at, now()
       from payout where payout_id = $1`,
      [archivedId],
    );
    await db.query('delete from payout where payout_id = $1', [archivedId]);
    return shop;
  }

  const download = async (path: string, by: string) => {
    const headers = { host: 'gateway.example', authorization: `Bearer ${by}` };
    const answer = await gateway.server.inject({ method: 'GET', url: path, headers });
    const lines = answer.body.split('\n').slice(0, -1);
    return { answer, text: answer.body, lines: () => lines.map((line) => JSON.parse(line) as Line) };
  };
  const ofType = (lines: readonly Line[], type: string) => lines.filter((line) => line.type === type);

  test('it holds each record once, says so at its end, and is the same from both sides', async () => {
    const { answer, lines } = await download('/merchant/v1/export', person);
    assert.equal(answer.statusCode, 200);
    assert.match(String(answer.headers['content-type']), /^application\/x-ndjson/);
    assert.match(String(answer.headers['content-disposition']), /filename="merchant-\d+-[\d-]+\.ndjson"/);
    const all = lines();
    const { counts } = (all.at(-1) ?? assert.fail()).data as { counts: Record<string, number> };
    assert.deepEqual([all[0]?.type, all.at(-1)?.type], ['export', 'end']);
    for (const [type, count] of Object.entries(counts)) {
      const found = ofType(all, type);
      assert.equal(found.length, count, type);
      const keys = found.map(({ data }) => JSON.stringify([data['id'], data['notification_id'], data['try_no']]));
      if (type !== 'account_service') assert.equal(new Set(keys).size, count, type);
    }
    const { action: _, ...kept } = counts;
    assert.deepEqual(kept, {
      merchant: 1,
      key: 1,
      notification_key: 1,
      endpoint: 1,
      person: 1,
      account: 1,
      posting: 3,
      payout: many + 2,
      notification: 1_200,
      delivery: 2_400,
    });
    const archived = ofType(all, 'payout').filter(({ data }) => data['archived_at'] !== null);
    assert.deepEqual(
      archived.map(({ data }) => data['order_id']),
      ['old-mine'],
    );
    const operators = await download(`/operator/v1/merchants/${own.merchantId}/export`, owner);
    const stable = (some: readonly Line[]) => some.filter(({ type }) => !['export', 'end', 'action'].includes(type));
    assert.deepEqual(stable(operators.lines()), stable(all));
  });

  test('nothing of another merchant is in it, no secret, no sealed value, no operator’s name or words', async () => {
    const { text } = await download('/merchant/v1/export', person);
    for (const foreign of ['theirs', other.accountId, `merchant-${other.merchantId}`]) {
      assert.ok(!text.includes(foreign), foreign);
    }
    assert.doesNotMatch(text, /whsec_|PRIVATE KEY|scrypt|sealed|boss|evidence|connector/);
    const fingerprints = await gateway.db.query<{ it: string }>(
      'select fingerprint as it from merchant_key where merchant_id = $1',
      [own.merchantId],
    );
    assert.ok(fingerprints.every(({ it }) => text.includes(it)));
  });

  test('what was done about the merchant is in it: by its own people whole, by operators without a name', async () => {
    await gateway.ask(`/merchants/${own.merchantId}/recipient-hold`, {
      method: 'PUT',
      token: owner,
      body: { reason: 'a secret inquiry' },
    });
    const { text, lines } = await download('/merchant/v1/export', person);
    const actions = ofType(lines(), 'action').map(({ data }) => data);
    assert.ok(actions.some(({ action, actor }) => action === 'merchant.export' && actor === 'merchant-user:masha'));
    const hold = actions.find(({ action }) => action === 'recipient_hold.set');
    assert.deepEqual([hold?.['actor'], hold?.['detail']], ['operator', undefined]);
    assert.ok(!text.includes('a secret inquiry'));
    assert.ok(actions.every(({ subject }) => !String(subject).startsWith(`merchant:${other.merchantId}`)));
  });

  test('only an owner takes a merchant’s file away, and the audit log has who did', async () => {
    for (const role of ['viewer', 'operator', 'approver'] as const) {
      const token = await gateway.hire(role);
      const refused = await download(`/operator/v1/merchants/${own.merchantId}/export`, token);
      assert.equal(refused.answer.statusCode, 403);
    }
    assert.equal((await download(`/operator/v1/merchants/${own.merchantId}/export`, person)).answer.statusCode, 403);
    assert.equal((await download('/operator/v1/merchants/987654/export', owner)).answer.statusCode, 404);
    const rows = await gateway.db.query<{ actor: string; subject: string }>(
      `select distinct actor, subject from audit_log where action = 'merchant.export' order by 1`,
    );
    const subject = `merchant:${own.merchantId}`;
    assert.deepEqual(rows, [
      { actor: 'merchant-user:masha', subject },
      { actor: 'operator:boss', subject },
    ]);
  });

  test('it is read no faster than it is taken, and ends with its reader', async () => {
    let asked = 0;
    const counted = <T>(work: () => T): T => {
      asked += 1;
      return work();
    };
    const sql: Sql = {
      query: (text, values) => counted(() => gateway.db.query(text, values)),
      run: (statement, values) => counted(() => gateway.db.run(statement, values)),
    };
    const whole = exportMerchant(sql, own.merchantId);
    for await (const _ of whole.content);
    const all = asked;
    asked = 0;
    const { content } = exportMerchant(sql, own.merchantId);
    await once(content, 'readable');
    await sleep(300);
    assert.ok(asked < all / 2, `${asked} of ${all} statements were asked before anything was taken`);
    content.destroy();
    await once(content, 'close');
    const ended = asked;
    await sleep(100);
    assert.equal(asked, ended);
  });
});
