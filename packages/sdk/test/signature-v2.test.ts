import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { createClient } from '../src/client.ts';
import { signRequestV2, verifyRequestV2 } from '../src/signature.ts';
import { vetPublicKey } from '../src/key.ts';
import { signedText } from '../src/signature-v2.ts';

const account = '93d5df06-996c-48c3-9847-348d6b580b80';
const parts = {
  method: 'POST',
  path: '/v1/payout',
  account,
  body: '{"a":1}',
  timeSeconds: 1_795_000_000,
  nonce: 'n'.repeat(16),
};
const keys = [generateKeyPairSync('rsa', { modulusLength: 2048 }), generateKeyPairSync('ed25519')];

describe('the second signature scheme', () => {
  it('signs these seven lines', () => {
    assert.equal(
      signedText({ ...parts, account: account.toUpperCase() }),
      `vyplata-v2\nPOST\n/v1/payout\n${account}\n1795000000\nnnnnnnnnnnnnnnnn\n` +
        '015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862',
    );
  });

  it('verifies with RSA and Ed25519, and not when any part differs', () => {
    for (const { privateKey, publicKey: key } of keys) {
      const base64 = signRequestV2(parts, privateKey)['signature-v2'];
      assert.ok(verifyRequestV2(parts, { base64, key }));
      for (const change of [
        { method: 'GET' },
        { path: '/v1/payout/status' },
        { account: account.replace('9', '8') },
        { timeSeconds: 1_795_000_001 },
        { nonce: 'm'.repeat(16) },
        { body: '{"a":2}' },
      ]) {
        assert.ok(!verifyRequestV2({ ...parts, ...change }, { base64, key }), JSON.stringify(change));
      }
      assert.ok(!verifyRequestV2(parts, { base64: `${base64} `, key }));
    }
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    assert.throws(() => signRequestV2(parts, curve.privateKey), TypeError);
    assert.throws(() => signRequestV2(parts, curve.publicKey), TypeError);
  });

  it('is made anew for each try of the client, over the same bytes', async () => {
    const [rsa] = keys;
    assert.ok(rsa !== undefined);
    const seen: { headers: Headers; body: string }[] = [];
    const client = createClient({
      baseUrl: 'https://pay.example',
      account,
      key: rsa.privateKey,
      signature: 'v2',
      retryDelayMs: 1,
      fetch: (_url, init) => {
        seen.push({ headers: new Headers(init?.headers), body: Buffer.from(init?.body as Uint8Array).toString() });
        if (seen.length === 1) return Promise.reject(new TypeError('the connection was cut'));
        return Promise.resolve(new Response('{"payment_status":"wait","id":100000001}'));
      },
    });
    await client.createPayout({ amount: '5.00', number: '79005554455', orderId: '1', service: 'qiwi_rub' });
    assert.equal(seen.length, 2);
    assert.equal(seen[0]?.body, seen[1]?.body);
    const nonces = seen.map(({ headers, body }) => {
      assert.equal(headers.get('sign'), null);
      const nonce = headers.get('signature-nonce') ?? '';
      const timeSeconds = Number(headers.get('signature-time'));
      const base64 = headers.get('signature-v2') ?? '';
      const sent = { method: 'POST', path: '/v1/payout', account, body, timeSeconds, nonce };
      assert.ok(verifyRequestV2(sent, { base64, key: rsa.publicKey }));
      return nonce;
    });
    assert.notEqual(nonces[0], nonces[1]);
  });

  it('takes an Ed25519 key where that is asked for, unless anybody can forge for it', () => {
    const pem = keys[1]?.publicKey.export({ type: 'spki', format: 'pem' }).toString() ?? '';
    assert.equal(vetPublicKey(pem).ok, false);
    assert.equal(vetPublicKey(pem, { allowEd25519: true }).ok, true);
    const prefix = Buffer.from('302a300506032b6570032100', 'hex');
    for (const first of [0, 1]) {
      const point = Buffer.alloc(32);
      point[0] = first;
      const der = Buffer.concat([prefix, point]).toString('base64');
      const weak = vetPublicKey(`-----BEGIN PUBLIC KEY-----\n${der}\n-----END PUBLIC KEY-----`, { allowEd25519: true });
      assert.deepEqual(weak, { ok: false, code: 'weak_modulus' });
    }
  });
});
