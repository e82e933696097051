import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { loadPrivateKey } from '../src/archive.ts';
import { decodeCanonicalBase64, signBody, verifySignature } from '../src/signature.ts';
import { readVector, requestVectors } from './vectors.ts';

const publicKey = createPublicKey(readVector('payout/public.pem'));
const privateKey = loadPrivateKey({
  pem: readVector('payout/private.pem'),
  password: readVector('payout/password.txt'),
});

for (const vector of requestVectors) {
  test(`request vector: ${vector.name}`, () => {
    const body = Buffer.from(vector.body_base64, 'base64');
    const { sign, digest, valid } = vector;
    assert.equal(verifySignature({ body, sign, key: publicKey, digest }), valid);
    if (valid) assert.equal(signBody({ body, key: privateKey, digest }), sign);
  });
}

test('text is signed as UTF-8', () => {
  const body = '{"customer_first_name":"Иван 😀"}';
  assert.equal(signBody({ body, key: privateKey }), signBody({ body: Buffer.from(body), key: privateKey }));
});

test('a signature under the other digest does not verify', () => {
  const sign = signBody({ body: '[]', key: privateKey, digest: 'sha256' });
  assert.equal(verifySignature({ body: '[]', sign, key: publicKey, digest: 'sha256' }), true);
  assert.equal(verifySignature({ body: '[]', sign, key: publicKey, digest: 'sha1' }), false);
});

test('only the canonical spelling of base64 decodes', () => {
  assert.deepEqual(decodeCanonicalBase64('+/8='), Buffer.from([0xfb, 0xff]));
  assert.deepEqual(decodeCanonicalBase64(''), Buffer.alloc(0));
  for (const text of ['+/8', '-_8=', '+/9=', '+/8=\n', ' +/8=', '+/8==', '+/8=AAAA', '+/\n8=', '+/8=%', 'а']) {
    assert.equal(decodeCanonicalBase64(text), undefined, JSON.stringify(text));
  }
});

test('a signature of another length is refused before OpenSSL sees it', () => {
  for (const length of [0, 1, 255, 257, 512]) {
    const sign = Buffer.alloc(length, 1).toString('base64');
    assert.equal(verifySignature({ body: '[]', sign, key: publicKey, digest: 'sha1' }), false);
  }
});

test('keys that are not RSA are a mistake of the program', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  assert.throws(() => signBody({ body: '[]', key: ec.privateKey }), /RSA key is needed, this one is ec/);
  assert.throws(() => verifySignature({ body: '[]', sign: 'AA==', key: ec.publicKey, digest: 'sha1' }), TypeError);
  assert.throws(() => signBody({ body: '[]', key: publicKey }), /private key is needed/);
});

test('an unencrypted private key loads without a password', () => {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  assert.ok(loadPrivateKey({ pem }).equals(createPrivateKey(pem)));
});
