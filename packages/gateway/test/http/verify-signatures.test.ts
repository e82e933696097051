import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { signBody } from '@vyplata/sdk/signature';
import { createVerifier, type Signed } from '../../src/http/verify-signatures.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

function sign(text: string, digest: 'sha1' | 'sha256' = 'sha1'): Signed {
  const body = Buffer.from(text);
  return { body, sign: Buffer.from(signBody({ body, key: privateKey, digest }), 'base64'), key: publicKey, digest };
}

// Two are verified by this thread, more by the thread pool: both have to say the same.
for (const count of [1, 2, 3, 40]) {
  test(`of ${count} signatures gathered in one turn each gets its own verdict`, async () => {
    const verifier = createVerifier();
    const right = Array.from({ length: count }, (_, at) => sign(`{"at":${at}}`, at % 2 === 0 ? 'sha1' : 'sha256'));
    const wrong: Signed[] = right.map((signed) => ({ ...signed, body: Buffer.from('{}') }));
    const short: Signed[] = right.map((signed) => ({ ...signed, sign: signed.sign.subarray(1) }));
    const verdicts = await Promise.all([right, wrong, short].flat().map(verifier.verify));
    assert.deepEqual(verdicts, [...right.map(() => true), ...wrong.map(() => false), ...short.map(() => false)]);
    assert.equal(verifier.waiting(), 0);
  });
}

test('what is not verified yet is counted, and what cannot be verified is counted no longer', async () => {
  const verifier = createVerifier();
  const { publicKey: other } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const asked = [1, 2, 3, 4].map((at) => verifier.verify({ ...sign(`${at}`), key: at === 2 ? other : publicKey }));
  assert.equal(verifier.waiting(), 4);
  const ends = await Promise.allSettled(asked);
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  assert.equal(verifier.waiting(), 0);
});
