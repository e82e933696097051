import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { test } from 'node:test';
import { encodePhpJson, encodePhpQuery, notificationText, signNotification } from '../src/notification.ts';
import { notificationVectors, readVector, valuesOf } from './vectors.ts';

const ASCII = String.fromCharCode(...Array(128).keys());
const TEXTS = ['', ASCII, 'é߿ࠀ�￿', '\u2028\u2029\ufeff', 'заказ/1', '😀\u{10ffff}', "a b+c%d~e!f*g'(h)"];

test('control characters, quotes, slashes and characters outside ASCII are escaped as PHP does', () => {
  assert.equal(
    encodePhpJson({ a: '\u0000\u001f\b\f\n\r\t"\\/\u007f' }),
    '{"a":"\\u0000\\u001f\\b\\f\\n\\r\\t\\"\\\\\\/\u007f"}',
  );
  assert.equal(encodePhpJson({ 'é/': 'é😀' }), '{"\\u00e9\\/":"\\u00e9\\ud83d\\ude00"}');
  assert.equal(
    encodePhpJson({ a: 1, b: 2n ** 60n, c: true, d: false, e: null }),
    `{"a":1,"b":${2n ** 60n},"c":true,"d":false,"e":null}`,
  );
  assert.equal(encodePhpJson({}), '[]');
});

test('what PHP would write in another way is refused', () => {
  for (const value of [0.1, Number.NaN, 2 ** 53, '\ud800', 'a\udc00']) {
    assert.throws(() => encodePhpJson({ value }), TypeError);
  }
});

test('a query is encoded as PHP does', () => {
  assert.equal(
    encodePhpQuery({ a: " ~!*'()-_.", b: true, c: false, d: null, e: 5 }),
    'a=+%7E%21%2A%27%28%29-_.&b=1&c=0&e=5',
  );
});

const skip = spawnSync('php', ['-v']).status === 0 ? false : 'php is not installed (Debian: apt-get install php-cli)';

function runPhp(code: string, input: unknown): unknown {
  const run = spawnSync('php', ['-r', code], { input: JSON.stringify(input), encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout);
}

test('PHP itself encodes the same bytes', { skip }, () => {
  const values = TEXTS.map((text) => ({
    [`k${text}`.slice(0, 3)]: text,
    id: 100_000_536,
    yes: true,
    no: false,
    none: null,
  }));
  const code = `$out = [];
    foreach (json_decode(stream_get_contents(STDIN), true) as $v) {
      $out[] = [base64_encode(json_encode($v)), http_build_query($v)];
    }
    echo json_encode($out);`;
  const ours = values.map((value) => [Buffer.from(encodePhpJson(value)).toString('base64'), encodePhpQuery(value)]);
  assert.deepEqual(runPhp(code, values), ours);
});

test("PHP's openssl_verify accepts our notifications over what PHP encodes", { skip }, async () => {
  const key = createPrivateKey(readVector('notification/private.pem'));
  const items = [];
  for (const { method, ...vector } of notificationVectors) {
    const fields = valuesOf({ method, ...vector });
    const sign = await signNotification({ text: notificationText({ fields, method }), key });
    const partial = method === 'GET' ? String(Number(fields.is_partial_payment)) : fields.is_partial_payment;
    items.push({ data: { ...fields, is_partial_payment: partial }, sign });
  }
  const code = `$in = json_decode(stream_get_contents(STDIN), true);
    $key = openssl_pkey_get_public($in['pem']);
    $out = [];
    foreach ($in['items'] as $i) $out[] = openssl_verify(json_encode($i['data']), base64_decode($i['sign']), $key);
    echo json_encode($out);`;
  const answers = runPhp(code, { pem: readVector('notification/public.pem'), items });
  assert.deepEqual(
    answers,
    items.map(() => 1),
  );
});
