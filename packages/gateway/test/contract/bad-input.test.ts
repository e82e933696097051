import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Pool } from 'undici';
import { type DemoGateway, restartPlain, startDemoGateway } from '../gateway.ts';
import { amountRows } from './bad-input-amount.ts';
import { authorityRows } from './bad-input-authority.ts';
import { fieldRows } from './bad-input-fields.ts';
import { goodRows, spellings } from './good-input.ts';
import { jsonRows } from './bad-input-json.ts';
import { lookupRows } from './bad-input-lookup.ts';
import { recipientRows } from './bad-input-recipient.ts';
import type { Row } from './bad-input-row.ts';
import { urlRows } from './bad-input-url.ts';
import { type Asked, postRow } from './post-row.ts';
import { openStage, type Stage } from './stage.ts';
import { openTraces, type Trace, type Traces } from './traces.ts';

const tables: Readonly<Record<string, readonly Row[]>> = {
  'signature, account and content type': authorityRows,
  JSON: jsonRows,
  amount: amountRows,
  'order_id and number': recipientRows,
  'service, endpoint, extra, customer and project': fieldRows,
  notification_endpoint_url: urlRows,
  'status, balance and info': lookupRows,
};
const rowsMin = 400;
const atOnce = 8;

describe('bad input', () => {
  let gateway: DemoGateway;
  let stage: Stage;
  let traces: Traces;
  let pool: Pool;
  let untouched: Trace;
  const sent: string[] = [];

  before(async () => {
    gateway = await startDemoGateway();
    stage = await openStage(gateway);
    // The demo lets notifications go to this machine; what is for the world does not.
    gateway = await restartPlain(gateway);
    traces = await openTraces(gateway);
    pool = new Pool(gateway.demo.baseUrl, { connections: atOnce });
    untouched = await traces.now();
  });
  after(async () => {
    await Promise.all([pool?.close(), traces?.close()]);
    await gateway?.close();
  });

  /** What is not as it should be, over all rows of a table. */
  async function examine(rows: readonly Row[], firstAt: number): Promise<string[]> {
    const found: string[] = [];
    const waiting = rows.map((row, at) => ({ row, orderId: `bad-${firstAt + at}` }));
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        sent.push(next.orderId);
        const english = await postRow({ pool, stage }, { ...next, language: 'en' });
        const russian = await postRow({ pool, stage }, { ...next, language: 'ru' });
        const faults = [...judge(next.row, english), ...judge(next.row, russian), ...compareTexts(english, russian)];
        if (faults.length > 0) found.push(`${next.row.what}: ${[...new Set(faults)].join('; ')}: ${english.text}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return found;
  }

  let firstAt = 0;
  for (const [name, rows] of Object.entries(tables)) {
    const from = firstAt;
    firstAt += rows.length;
    test(`${name}: ${rows.length} requests, each refused by its field`, async () => {
      assert.deepEqual(await examine(rows, from), []);
    });
  }

  test('nothing was created, held, queued or moved by any of them', async () => {
    assert.ok(sent.length >= rowsMin, `${sent.length} requests`);
    assert.deepEqual(await traces.now(), untouched);
    assert.deepEqual(await traces.createdOf(sent), []);
  });

  test('and status promises so', async () => {
    const asks: Row = { ...statusRow, fields: ['order_id'], saysNotCreated: true };
    for (const orderId of sent.filter((_, at) => at % 16 === 0)) {
      const answer = await postRow({ pool, stage }, { row: asks, orderId, language: 'en' });
      assert.deepEqual(judge(asks, answer), [], orderId);
    }
  });

  test(`what stands next to it is accepted: ${goodRows.length} orders, with the status that was meant`, async () => {
    const found: string[] = [];
    for (const [at, row] of goodRows.entries()) {
      const orderId = row.orderId ?? `good-${at}`;
      const request: Row = { ...row, status: 200, fields: [] };
      const { status, created, text } = await postRow({ pool, stage }, { row: request, orderId, language: 'en' });
      if (status !== 200 || created !== 'yes') found.push(`${row.what}: ${status}, ${text}`);
      const asked = await postRow({ pool, stage }, { row: { ...statusRow, shop: row.shop }, orderId, language: 'en' });
      const said = JSON.parse(asked.text) as Record<string, unknown>;
      for (const [key, value] of Object.entries({ order_id: orderId, ...row.status })) {
        if (said[key] !== value) found.push(`${row.what}: ${key} is ${String(said[key])}, not ${value}`);
      }
    }
    assert.deepEqual(found, []);
    assert.equal(
      (await traces.createdOf(goodRows.map((row, at) => row.orderId ?? `good-${at}`))).length,
      goodRows.length,
    );
  });

  test('one order in the spelling of every language is one payout', async () => {
    const ids = new Map<string, string>();
    for (const [what, text] of Object.entries(spellings)) {
      const row: Row = { what, fields: [], body: () => text };
      const answer = await postRow({ pool, stage }, { row, orderId: 'spelled', language: 'en' });
      assert.equal(answer.status, 200, `${what}: ${answer.text}`);
      assert.equal(answer.replayed, ids.size === 0 ? undefined : 'true', what);
      ids.set(what, answer.text);
    }
    assert.equal(new Set(ids.values()).size, 1);
  });
});

const statusRow: Row = {
  what: 'status',
  fields: [],
  path: '/v1/payout/status',
  body: (orderId) => JSON.stringify({ order_id: orderId }),
};

function judge(row: Row, { status, created, type, errors, text }: Asked): string[] {
  const faults: string[] = [];
  if (status !== (row.status ?? 400)) faults.push(`status ${status}`);
  const said = row.saysNotCreated ?? (row.path ?? '/v1/payout') === '/v1/payout';
  if (created !== (said ? 'no' : undefined)) faults.push(`Payout-Created ${created}`);
  if (!/^application\/json\b/.test(type)) faults.push(`content type ${type}`);
  const fields = Object.keys(errors).toSorted().join(' ');
  if (fields !== row.fields.toSorted().join(' ')) faults.push(`errors of ${fields}, not ${row.fields.join(' ')}`);
  if (Object.values(errors).some((texts) => texts.length === 0 || texts.some((one) => one.length < 10))) {
    faults.push('a text is missing');
  }
  if (row.path === undefined && row.fields.includes('number') && /\d{12}/.test(text)) faults.push('a number is echoed');
  return faults;
}

function compareTexts(english: Asked, russian: Asked): string[] {
  const faults: string[] = [];
  if (english.message === russian.message || english.message === '') faults.push('one message for both languages');
  for (const [field, texts] of Object.entries(english.errors)) {
    const others = russian.errors[field] ?? [];
    if (others.length !== texts.length) faults.push(`${field}: ${others.length} texts in Russian`);
    if (others.some((text) => !/[а-яё]/i.test(text) || texts.includes(text))) faults.push(`${field}: not Russian`);
    if (texts.some((text) => /[а-яё]/i.test(text))) faults.push(`${field}: not English`);
  }
  return faults;
}
