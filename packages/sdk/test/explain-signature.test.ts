import assert from 'node:assert/strict';
import { constants, createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { explainNotification } from '../src/explain-notification.ts';
import { explainSignature } from '../src/explain-signature.ts';
import { signTestNotification } from '../src/notification.ts';
import { signBody } from '../src/signature.ts';
import { parseJson, readVector } from './vectors.ts';

const password = readVector('payout/password.txt').trim();
const key = createPrivateKey({ key: readVector('payout/private.pem'), passphrase: password });
const keys = [
  { name: 'other', key: createPublicKey(readVector('notification/public.pem')) },
  { name: 'own', key: createPublicKey(readVector('payout/public.pem')) },
];
const body = '{"order_id":"a/б","amount":"500.00","url":"https://shop.example/<x>"}';
const good = signBody({ body, key });

function explain(given: { body?: string; sign?: string | undefined }) {
  return explainSignature({ body, sign: good, keys, ...given });
}

test('a right signature names its key and digest', () => {
  const sha256 = signBody({ body, key, digest: 'sha256' });
  assert.deepEqual(explain({}).findings, [{ code: 'valid', key: 'own', digest: 'sha1' }]);
  assert.deepEqual(explain({ sign: sha256 }).findings, [{ code: 'valid', key: 'own', digest: 'sha256' }]);
  assert.equal(explain({}).valid, true);
  assert.equal(explain({}).body.sha1, createHash('sha1').update(body).digest('hex'));
});

test('another spelling of the right bytes is not valid, and the canonical one is shown', () => {
  const raw = Buffer.from(good, 'base64');
  const spellings: [string, string][] = [
    ['base64url', raw.toString('base64url')],
    ['hex', raw.toString('hex')],
    ['white_space', good.replace(/(.{64})/g, '$1\n')],
    ['unpadded', good.replace(/=+$/, '')],
    ['quoted', `"${good}"`],
  ];
  for (const [spelling, written] of spellings) {
    const { valid, findings } = explain({ sign: written });
    assert.equal(valid, false, spelling);
    // A text without - and _ is plain base64 that only lacks its padding.
    const expected = spelling === 'base64url' && !/[-_]/.test(written) ? 'unpadded' : spelling;
    assert.deepEqual(findings[0], { code: 'sign_spelling', spelling: expected, canonical: good });
    assert.equal(findings[1]?.code, 'valid');
  }
});

test('what is no signature at all', () => {
  const codeOf = (written: string | undefined) => explain({ sign: written }).findings.map(({ code }) => code);
  assert.deepEqual(codeOf(undefined), ['sign_missing']);
  assert.deepEqual(codeOf('  '), ['sign_missing']);
  assert.deepEqual(codeOf('ключ!'), ['sign_not_base64']);
  assert.deepEqual(codeOf(Buffer.alloc(128).toString('base64')), ['sign_length']);
  assert.deepEqual(codeOf(Buffer.alloc(256, 7).toString('base64')), ['other_key']);
});

test('a wrong key, padding or algorithm is told apart from a wrong body', () => {
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  assert.deepEqual(explain({ sign: signBody({ body, key: stranger }) }).findings, [{ code: 'other_key' }]);
  const pss = sign('sha256', Buffer.from(body), { key, padding: constants.RSA_PKCS1_PSS_PADDING }).toString('base64');
  assert.deepEqual(explain({ sign: pss }).findings, [{ code: 'other_padding', key: 'own' }]);
  const sha512 = sign('sha512', Buffer.from(body), key).toString('base64');
  assert.deepEqual(explain({ sign: sha512 }).findings, [{ code: 'other_digest', key: 'own', digest: 'sha512' }]);
  const narrow = explainSignature({ body, sign: signBody({ body, key, digest: 'sha256' }), keys, digests: ['sha1'] });
  assert.deepEqual(narrow.findings, [{ code: 'other_digest', key: 'own', digest: 'sha256' }]);
});

test('what was signed instead of the body is found among the ways to write it', () => {
  const php = JSON.stringify(parseJson(body)).replaceAll('/', '\\/').replace('б', '\\u0431');
  const python = '{"order_id": "a/\\u0431", "amount": "500.00", "url": "https://shop.example/<x>"}';
  const go = '{"amount":"500.00","order_id":"a/б","url":"https://shop.example/\\u003cx\\u003e"}';
  const cases: [string, string][] = [
    [`${body}\n`, 'with a line break at its end'],
    [php, 'json_encode of PHP'],
    [python, 'json.dumps of Python'],
    [go, 'json.Marshal of Go'],
    [createHash('sha1').update(body).digest('hex'), 'the SHA-1 of the body in hexadecimal'],
  ];
  for (const [signed, variant] of cases) {
    const [finding] = explain({ sign: signBody({ body: signed, key }) }).findings;
    assert.deepEqual(finding, { code: 'other_body', key: 'own', digest: 'sha1', variant });
  }
  const [unknown] = explain({ sign: signBody({ body: 'something else', key }) }).findings;
  assert.deepEqual(unknown, { code: 'other_body', key: 'own', digest: 'sha1', variant: undefined });
});

test('a notification that does not verify says why', async () => {
  const privateKey = createPrivateKey(readVector('notification/private.pem'));
  const publicKey = createPublicKey(privateKey);
  const fields = { desc: 'a + b', order_id: 'x y' };
  const post = await signTestNotification({ key: privateKey, fields });
  const values = parseJson(post.body);
  const findings: [string, Record<string, unknown>, 'POST' | 'GET'][] = [
    ['values_changed', { ...values, amount: '900.00' }, 'POST'],
    ['types_changed', { ...values, id: String(values.id), is_partial_payment: 0 }, 'POST'],
    ['other_method', values, 'GET'],
    ['plus_or_space', { ...values, order_id: 'x+y' }, 'POST'],
    ['white_space', { ...values, desc: ' a + b' }, 'POST'],
  ];
  for (const [finding, changed, method] of findings) {
    assert.equal(explainNotification({ values: changed, method, key: publicKey }), finding);
  }
  const own = createPublicKey(readVector('payout/public.pem'));
  assert.equal(explainNotification({ values, method: 'POST', key: own }), 'other_key');
});
