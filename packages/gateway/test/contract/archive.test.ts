import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { signCallback, signatureHeader } from '../../src/connectors/sandbox-callback.ts';
import { sandboxScripts } from '../../src/connectors/sandbox-script.ts';
import { openVault } from '../../src/secrets/seal.ts';
import { connectionTo, openClient } from '../cluster.ts';
import { type DemoGateway, startDemoGateway } from '../gateway.ts';
import { anOrder, type HttpAnswer, openMerchant, send, type TestMerchant } from './merchant.ts';
import { openOperator, type TestOperator } from './operator.ts';

const scripts = ['paid', 'partial', 'cancelled', 'fail_returned'] as const;

/** What a program could notice of an answer. */
const shown = ({ status, text, headers }: HttpAnswer) => ({
  status,
  text,
  created: headers.get('payout-created'),
  id: headers.get('payout-id'),
  replayed: headers.get('idempotent-replayed'),
});

describe('a merchant notices nothing of archiving', () => {
  let gateway: DemoGateway;
  let merchant: TestMerchant;
  let operator: TestOperator;
  let database: pg.Client;
  const orders = scripts.map((name) => {
    const number = sandboxScripts.find((script) => script.name === name)?.phone ?? '';
    return { ...anOrder, number, order_id: `old-${name}`, notification_endpoint_id: 5 };
  });
  const ids: number[] = [];
  const earlier = new Map<string, object>();

  const lookups = () =>
    orders.flatMap(({ order_id }, at) => [
      { order_id },
      { id: ids[at] },
      { order_id, id: ids[at] },
      { id: `${ids[at]}` },
    ]);
  const askAll = async (): Promise<Map<string, object>> => {
    const answers = new Map<string, object>();
    for (const lookup of lookups()) {
      answers.set(JSON.stringify(lookup), shown(await merchant.post('/v1/payout/status', lookup)));
    }
    for (const order of orders) {
      answers.set(`again ${order.order_id}`, shown(await merchant.post('/v1/payout', order)));
      const other = await merchant.post('/v1/payout', { ...order, amount: '499.00' });
      answers.set(`other ${order.order_id}`, shown(other));
    }
    answers.set('balance', shown(await merchant.post('/v1/account/balance', '[]')));
    return answers;
  };
  const count = async (query: string): Promise<number> =>
    Number((await database.query<{ count: string }>(`select count(*) as count from ${query}`)).rows[0]?.count);
  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    const untilAt = performance.now() + 180_000;
    while (!(await isSo())) {
      assert.ok(performance.now() < untilAt, `after three minutes not yet: ${isSo.toString()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const openDatabase = () => openClient(connectionTo(join(gateway.dataDir, 'socket'), 'vyplata'));

  before(async () => {
    const first = await startDemoGateway();
    gateway = first;
    merchant = await openMerchant(gateway);
    for (const order of orders) {
      const created = await merchant.post('/v1/payout', order);
      assert.equal(created.status, 200, created.text);
      ids.push(Number(created.json['id']));
      await merchant.waitFinal({ order_id: order.order_id });
    }
    for (const [key, answer] of await askAll()) earlier.set(key, answer);
    database = await openDatabase();
    await until(async () => (await count(`notification where state = 'pending'`)) === 0);
    const uncounted = `posting g left join count_mark m using (merchant_id, account_id)
      where g.posting_id > coalesce(m.posting_id, 0)`;
    await until(async () => (await count(uncounted)) === 0);
    await database.query(
      `update payout set created_at = now() - interval '9 days', final_at = now() - interval '9 days'`,
    );
    await database.query('update recipient_walk set archive_at = now()');
    await database.end();
    await first.kill('SIGTERM');
    gateway = await startDemoGateway({ ...first, env: { ARCHIVE_AFTER_DAYS: '5' } });
    operator = await openOperator(gateway);
    database = await openDatabase();
    await until(async () => (await count('archived_payout')) >= orders.length);
  });
  after(async () => {
    await database?.end();
    await gateway?.close();
  });

  test('status, repeats and refusals are the same, byte for byte', async () => {
    for (const table of ['payout', 'transition', 'attempt', 'notification']) {
      assert.equal(await count(`${table} where payout_id in (${ids.join(', ')})`), 0, table);
    }
    const answers = await askAll();
    for (const [key, answer] of answers) {
      // The demo pays one more when it starts.
      if (key !== 'balance') assert.deepEqual(answer, earlier.get(key), key);
    }
    assert.equal(answers.size, earlier.size);
  });

  test('operators find it in lists, on its page and in the export, and see that details were dropped', async () => {
    const found = await operator.call('GET', `/payouts?order_id=old-paid`);
    const [line] = found.json['items'] as Record<string, unknown>[];
    assert.deepEqual([line?.['id'], typeof line?.['archived_at']], [ids[0], 'string']);
    const page = await operator.call('GET', `/payouts/${ids[0]}`);
    const history = page.json as Record<string, unknown[]> & { payout: Record<string, unknown> };
    assert.equal(history.payout['state'], 'paid');
    assert.ok(typeof history.payout['told_at'] === 'string' && typeof history.payout['provider_id'] === 'string');
    for (const list of ['transitions', 'attempts', 'notifications', 'deliveries']) {
      assert.deepEqual(history[list], [], list);
    }
    assert.equal(history['postings']?.length, 3);
    const search = await operator.call('POST', '/payouts/search', { recipient: orders[0]?.number ?? '' });
    assert.ok((search.json['items'] as { id: number }[]).some(({ id }) => id === ids[0]));
    const token = await operator.call('POST', '/tokens', { label: 'export', days: 1 });
    const headers = { Authorization: `Bearer ${String(token.json['secret'])}` };
    const file = await fetch(`${gateway.demo.baseUrl}/operator/v1/payouts/export?order_id=old-partial`, { headers });
    assert.match(await file.text(), new RegExp(`^${ids[1]},old-partial,`, 'm'));
  });

  test('a notification that went with it cannot be sent again, and the answer says why in two languages', async () => {
    const last = await database.query<{ it: string }>('select max(dropped_to) as it from recipient_walk');
    const merchantId = Number(operator.merchantPath.split('/').at(-1));
    const path = `/notifications/${last.rows[0]?.it}/resend`;
    const english = await operator.call('POST', path, { merchant_id: merchantId });
    assert.equal(english.status, 410);
    assert.match(english.text, /archived/);
    const russian = await operator.call('POST', path, { merchant_id: merchantId }, 'ru');
    assert.match(russian.text, /архив/);
  });

  test('a provider that contradicts it late is acknowledged, changes nothing and is shown to people', async () => {
    const key = Buffer.from((await readFile(join(gateway.dataDir, 'master.key'), 'utf8')).trim(), 'base64');
    const secret = openVault(key).digest('sandbox callbacks').toString('hex');
    const callBack = (message: object): Promise<HttpAnswer> => {
      const body = JSON.stringify(message);
      const headers = { [signatureHeader]: signCallback({ secret, body, at: Date.now() }) };
      const json = { 'Content-Type': 'application/json' };
      return send(`${gateway.demo.baseUrl}/callbacks/sandbox`, {
        method: 'POST',
        headers: { ...json, ...headers },
        body,
      });
    };
    const reference = `${ids[0]}-1`;
    const late = await callBack({ kind: 'rejected', reference, reason: 'returned' });
    assert.deepEqual([late.status, late.text], [200, '{"received":true}']);
    assert.equal((await callBack({ kind: 'rejected', reference: `${ids[0]}-2`, reason: 'returned' })).status, 400);
    const status = await merchant.post('/v1/payout/status', { id: ids[0] });
    assert.deepEqual(shown(status), earlier.get(JSON.stringify({ id: ids[0] })));
    const { json } = await operator.call('GET', '/incidents?open=true');
    const [incident] = json['items'] as { id: number; payout_id: number; kind: string }[];
    assert.deepEqual([incident?.payout_id, incident?.kind], [ids[0], 'refused_after_paid']);
    const reversed = await operator.call('POST', `/incidents/${incident?.id}/reverse`, { evidence: 'the statement' });
    assert.ok(reversed.status === 200 || reversed.status === 202, reversed.text);
  });
});
