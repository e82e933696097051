import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { strFromU8, unzipSync } from 'fflate';
import { type Cell, writeCsvRow } from '../../src/http/export-csv.ts';
import { exportPayouts } from '../../src/http/export-payouts.ts';
import { writeXlsx } from '../../src/http/export-xlsx.ts';
import {
  acceptPayouts,
  type Gateway,
  hireForMerchant,
  openGateway,
  openShop,
  queueMany,
  type Shop,
} from './operator/harness.ts';

/** The records of a text by the rules of RFC 4180, read by nothing of ours. */
function readCsv(text: string): string[][] {
  const records: string[][] = [[]];
  for (const [, field = '', end = ''] of text.matchAll(/("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/g)) {
    records.at(-1)?.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
    if (end === '\r\n') records.push([]);
  }
  return records.slice(0, -1);
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

async function* pagesOf(...pages: Cell[][][]): AsyncGenerator<Cell[][]> {
  yield* pages;
}

const hostile = [
  '=cmd|" /C calc"!A0',
  '+1+1',
  '-2+3',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  'a,"b"\r\nc',
  '<script>&amp;',
  'Заказ 1',
];

/** What stands between the cells while the database sends them. */
const withEnds = 'one\u001ftwo\u001ethree';

test('fields are quoted as RFC 4180 says, and no field is a formula', () => {
  assert.equal(writeCsvRow(['a', 1.5, null, 'b,"c"']), 'a,1.5,,"b,""c"""\r\n');
  const [record = []] = readCsv(writeCsvRow(hostile));
  assert.equal(record.length, hostile.length);
  record.forEach((field, at) => {
    assert.doesNotMatch(field, /^[=+\-@\t\r]/);
    assert.ok(field === hostile[at] || field === `'${hostile[at]}`);
  });
});

test('a workbook holds the same, as text, in as many sheets as it takes', async () => {
  const rows = Array.from({ length: 7 }, (_, at): Cell[] => [at, hostile[at] ?? '', null]);
  const bytes = await collect(writeXlsx(['n', 'text', 'none'], pagesOf(rows.slice(0, 2), [], rows.slice(2)), 4));
  const files = unzipSync(bytes);
  const names = Object.keys(files).filter((name) => name.startsWith('xl/worksheets/'));
  assert.deepEqual(
    names,
    [1, 2, 3].map((at) => `xl/worksheets/sheet${at}.xml`),
  );
  const sheets = names.map((name) => strFromU8(files[name] ?? new Uint8Array()));
  for (const sheet of sheets) {
    assert.match(sheet, /^<\?xml .*<row><c t="inlineStr"><is><t xml:space="preserve">n<\/t>/s);
    assert.ok(sheet.endsWith('</sheetData></worksheet>'));
    assert.ok(!sheet.includes('<f>') && !sheet.includes('<script>'));
  }
  const counts = sheets.map((sheet) => sheet.match(/<row>/g)?.length);
  assert.deepEqual(counts, [4, 4, 2]);
  assert.match(sheets[0] ?? '', /<c><v>0<\/v><\/c>.*'=cmd\|&quot; \/C calc&quot;!A0/);
  const types = strFromU8(files['[Content_Types].xml'] ?? new Uint8Array());
  assert.equal(types.match(/sheet\d\.xml/g)?.length, 3);
  assert.equal(strFromU8(files['xl/workbook.xml'] ?? new Uint8Array()).match(/<sheet /g)?.length, 3);
});

test('a large workbook is given out while it is made', async () => {
  let made = 0;
  async function* many(): AsyncGenerator<Cell[][]> {
    for (let page = 0; page < 40; page += 1) {
      made += 1;
      yield Array.from({ length: 500 }, (_, at): Cell[] => [page, `order-${page}-${Math.sin(at)}`]);
    }
  }
  let given = 0;
  let firstAfter = 0;
  for await (const chunk of writeXlsx(['page', 'order'], many())) {
    if (given === 0) firstAfter = made;
    given += chunk.length;
  }
  assert.ok(firstAfter < 10, `the first bytes came after ${firstAfter} of ${made} pages`);
  assert.ok(given > 100_000);
});

describe('payouts as a file', () => {
  let gateway: Gateway;
  let shop: Shop;
  let other: Shop;
  let token: string;
  const count = 1_003;
  before(async () => {
    gateway = await openGateway();
    shop = await openShop(gateway.db, { amountMinor: 1_000_000n });
    other = await openShop(gateway.db);
    token = await gateway.hire('viewer');
    await acceptPayouts(gateway.db, other, [{ orderId: 'theirs' }]);
    await acceptPayouts(
      gateway.db,
      shop,
      [...hostile.filter((text) => !/[\r\n\t]/.test(text)), withEnds].map((orderId) => ({ orderId })),
    );
    await queueMany(gateway.db, shop, count);
  });
  after(() => gateway.close());

  const download = async (path: string, by = token) => {
    const headers = { host: 'gateway.example', authorization: `Bearer ${by}` };
    const answer = await gateway.server.inject({ method: 'GET', url: path, headers });
    return { status: answer.statusCode, headers: answer.headers, bytes: answer.rawPayload, text: answer.body };
  };

  test('all of a filter, page after page, each payout once, newest first', async () => {
    const { status, headers, text } = await download(`/operator/v1/payouts/export?merchant_id=${shop.merchantId}`);
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^text\/csv/);
    assert.match(String(headers['content-disposition']), /^attachment; filename="payouts-[\d-]+\.csv"$/);
    const [names = [], ...records] = readCsv(text);
    assert.deepEqual(names.slice(0, 2), ['id', 'order_id']);
    const ids = records.map(([id]) => Number(id));
    assert.equal(new Set(ids).size, count + 7);
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => b - a),
    );
    for (const record of records) {
      assert.equal(record.length, names.length);
      for (const field of record) assert.doesNotMatch(field, /^[=+\-@\t\r]/);
    }
    const first = records[0] ?? [];
    assert.equal(first[names.indexOf('amount')], '1');
    assert.equal(first[names.indexOf('recipient')], '*******4455');
  });

  test('amounts, moments and what is not known yet, as the list has them', async () => {
    await gateway.db.query(
      `insert into payout (merchant_id, payout_id, account_id, order_id, state, version, service_code, recipient_kind,
         recipient_mask, recipient_sealed, currency, amount_minor, due_minor, debit_minor, commission_minor,
         percent_minor, old_available_minor, final_paid_minor, final_commission_minor, connectors, rrn, created_at,
         final_at)
       select $1, 400000000 + n, $2, 'exact-' || n, case n when 1 then 'paid' else 'queued' end, 1, 'qiwi_rub',
         'wallet_phone', '*******4455', '\\x01', 'RUB', 100029, 100029, 100129, 100, 0, 0,
         case n when 1 then 90001 end, case n when 1 then 7 end, '{sandbox}', case n when 1 then '000000000012' end,
         '2026-02-03 04:05:06+00'::timestamptz + (2 - n) * interval '0.789999 seconds',
         case n when 1 then '2026-02-03 23:59:59.1+00'::timestamptz end
       from generate_series(1, 2) n`,
      [other.merchantId, other.accountId],
    );
    const read = async (payoutId: number) => {
      const { text } = await download(`/operator/v1/payouts/export?id=${payoutId}`);
      const [names = [], record = []] = readCsv(text);
      return Object.fromEntries(names.map((name, at) => [name, record[at]]));
    };
    const paid = await read(400_000_001);
    const { id, amount, due, commission, debit, rrn, created_at: createdAt, final_at: finalAt } = paid;
    assert.deepEqual(
      { id, amount, due, commission, debit, paid: paid['paid'], rrn, createdAt, finalAt },
      {
        id: '400000001',
        amount: '1000.29',
        due: '1000.29',
        commission: '0.07',
        debit: '1001.29',
        paid: '900.01',
        rrn: '000000000012',
        createdAt: '2026-02-03T04:05:06.789Z',
        finalAt: '2026-02-03T23:59:59.100Z',
      },
    );
    const queued = await read(400_000_002);
    assert.equal(queued['commission'], '1');
    assert.deepEqual(
      [queued['payment_status'], queued['paid'], queued['rrn'], queued['created_at'], queued['final_at']],
      ['wait', '', '', '2026-02-03T04:05:06.000Z', ''],
    );
    const book = await download('/operator/v1/payouts/export?id=400000001&format=xlsx');
    const sheet = strFromU8(unzipSync(book.bytes)['xl/worksheets/sheet1.xml'] ?? new Uint8Array());
    assert.match(sheet, /<c><v>1000\.29<\/v><\/c>/);
    assert.match(sheet, /<t xml:space="preserve">000000000012<\/t>/);
  });

  test('an order_id cannot move the cells beside it', async () => {
    const { text } = await download(`/operator/v1/payouts/export?order_id=${encodeURIComponent(withEnds)}`);
    const [names = [], ...records] = readCsv(text);
    assert.equal(records.length, 1);
    const [record = []] = records;
    assert.equal(record.length, names.length);
    assert.equal(record[names.indexOf('order_id')], 'one\ufffdtwo\ufffdthree');
    assert.equal(record[names.indexOf('state')], 'queued');
  });

  test('the filters are those of the list, and wrong ones are refused before anything is sent', async () => {
    const one = await download(`/operator/v1/payouts/export?order_id=${encodeURIComponent('Заказ 1')}`);
    assert.equal(readCsv(one.text).length, 2);
    const wrong = await download('/operator/v1/payouts/export?format=pdf&colour=red&limit=5');
    assert.equal(wrong.status, 400);
    assert.deepEqual(Object.keys((JSON.parse(wrong.text) as { errors: object }).errors).toSorted(), [
      'colour',
      'format',
      'limit',
    ]);
    assert.equal((await download('/operator/v1/payouts/export', 'vyp_nobody')).status, 401);
  });

  test('an empty export has its row of names, also as a workbook', async () => {
    const none = await download('/operator/v1/payouts/export?order_id=nothing');
    assert.equal(readCsv(none.text).length, 1);
    const book = await download('/operator/v1/payouts/export?order_id=nothing&format=xlsx');
    const sheet = strFromU8(unzipSync(book.bytes)['xl/worksheets/sheet1.xml'] ?? new Uint8Array());
    assert.equal(sheet.match(/<row>/g)?.length, 1);
  });

  test('a merchant’s person gets the own payouts and nothing that only operators see', async () => {
    const person = await hireForMerchant(gateway.db, { merchantId: shop.merchantId, login: 'masha' });
    const { status, text } = await download('/merchant/v1/payouts/export', person);
    assert.equal(status, 200);
    const [names = [], ...records] = readCsv(text);
    assert.equal(records.length, count + 7);
    assert.ok(!names.includes('state') && !names.includes('merchant_id') && !text.includes('theirs'));
    const foreign = await download(`/merchant/v1/payouts/export?account_id=${other.accountId}`, person);
    assert.equal(readCsv(foreign.text).length, 1);
  });

  test('who took which payouts away is in the audit log', async () => {
    const rows = await gateway.db.query<{ actor: string; detail: object }>(
      `select actor, detail from audit_log where action = 'payout.export' and detail ->> 'order_id' = 'Заказ 1'`,
    );
    assert.deepEqual(rows, [{ actor: 'operator:viewer', detail: { order_id: 'Заказ 1', format: 'csv' } }]);
  });

  test('a few at a time; a reader that goes away makes room', async () => {
    const open = () => exportPayouts(gateway.db, { filter: {}, format: 'csv', isForOperators: true });
    const files = [open(), open(), open(), open()];
    assert.throws(open, { name: 'Refusal' });
    const busy = await download(`/operator/v1/payouts/export?merchant_id=${shop.merchantId}`);
    assert.equal(busy.status, 429);
    for (const { content } of files) {
      content.destroy();
      await once(content, 'close');
    }
    assert.equal((await download(`/operator/v1/payouts/export?merchant_id=${shop.merchantId}`)).status, 200);
  });
});
