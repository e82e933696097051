import assert from 'node:assert/strict';
import { checkPrimeSync, createPublicKey, generateKeyPairSync, generatePrimeSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { fingerprintKey, vetPublicKey } from '../src/archive.ts';
import { isWeakModulus } from '../src/modulus.ts';
import { readVector } from './vectors.ts';

const good = readVector('payout/public.pem');

function toBase64Url(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
}

function makePem(numbers: { n: bigint; e?: bigint }): string {
  const key = { kty: 'RSA', n: toBase64Url(numbers.n), e: toBase64Url(numbers.e ?? 65_537n) };
  return createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
}

function readModulus(pem: string): bigint {
  const { n } = createPublicKey(pem).export({ format: 'jwk' });
  return BigInt(`0x${Buffer.from(n ?? '', 'base64url').toString('hex')}`);
}

function codeOf(pem: string): string {
  const vetted = vetPublicKey(pem);
  return vetted.ok ? 'ok' : vetted.code;
}

const prime = (bits: number) => generatePrimeSync(bits, { bigint: true });

test('a good key is normalised and named by its fingerprint', () => {
  const pkcs1 = createPublicKey(good).export({ type: 'pkcs1', format: 'pem' }).toString();
  for (const pem of [good, `\n${good}\n`, good.replaceAll('\n', '\r\n'), pkcs1]) {
    const vetted = vetPublicKey(pem);
    assert.ok(vetted.ok);
    assert.equal(vetted.publicPem.trim(), good.trim());
    assert.match(vetted.fingerprint, /^[0-9a-f]{64}$/);
    assert.equal(vetted.fingerprint, fingerprintKey(createPublicKey(good)));
  }
});

test('what is not one RSA public key is refused', () => {
  const pairs = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = { type: 'spki', format: 'pem' } as const;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export(spki).toString();
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey.export(spki).toString();
  assert.equal(codeOf(''), 'not_pem');
  assert.equal(codeOf('hello'), 'not_pem');
  assert.equal(codeOf(good.replace('MII', 'AII')), 'not_pem');
  assert.equal(codeOf(`text before\n${good}`), 'not_pem');
  assert.equal(codeOf(good.replace('-----END PUBLIC KEY-----', '')), 'not_pem');
  assert.equal(codeOf(good + good), 'several_blocks');
  assert.equal(codeOf(good + 'x'.repeat(9000)), 'too_large');
  assert.equal(codeOf(pairs.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()), 'private_key');
  assert.equal(codeOf(readVector('payout/private.pem')), 'private_key');
  assert.equal(codeOf(good.replaceAll('PUBLIC KEY', 'CERTIFICATE')), 'not_public_key');
  assert.equal(codeOf(ec), 'not_rsa');
  assert.equal(codeOf(pss), 'not_rsa');
});

test('the size is bounded on both sides', () => {
  assert.equal(codeOf(makePem({ n: prime(256) * prime(256) })), 'key_too_short');
  assert.equal(codeOf(makePem({ n: (2n ** 2047n - 1n) | 1n })), 'key_too_short');
  assert.equal(codeOf(makePem({ n: 2n ** 4096n + 1n })), 'key_too_long');
});

test('an exponent nobody should use is refused, above all 1', () => {
  const n = readModulus(good);
  for (const e of [1n, 3n, 17n, 65_535n, 65_538n, 2n ** 31n + 1n, 2n ** 63n + 1n]) {
    assert.equal(codeOf(makePem({ n, e })), 'bad_exponent', String(e));
  }
  assert.equal(codeOf(makePem({ n, e: 65_539n })), 'ok');
});

test('a modulus that can be factored at once is refused', () => {
  const p = prime(1024);
  const next = (from: bigint) => {
    let candidate = from + 2n;
    while (!checkPrimeSync(candidate)) candidate += 2n;
    return candidate;
  };
  const top = 2n ** 2048n;
  assert.equal(codeOf(makePem({ n: readModulus(good) + 1n })), 'weak_modulus', 'even');
  assert.equal(codeOf(makePem({ n: prime(2040) * 9973n })), 'weak_modulus', 'small factor');
  assert.equal(codeOf(makePem({ n: generatePrimeSync(2048, { bigint: true }) })), 'weak_modulus', 'prime');
  assert.ok(p * p < top && codeOf(makePem({ n: p * p })) === 'weak_modulus', 'square');
  assert.equal(codeOf(makePem({ n: p * next(p) })), 'weak_modulus', 'close primes');
});

/** A prime as the generator of CVE-2017-15361 makes it: k * M + (65537^a mod M), M the product of 126 primes. */
function makeRocaPrime(): bigint {
  let product = 1n;
  for (let n = 2n, count = 0; count < 126; n += 1n) {
    if (!checkPrimeSync(n)) continue;
    product *= n;
    count += 1;
  }
  for (;;) {
    let residue = 1n;
    for (let a = randomBytes(2).readUInt16BE(); a > 0; a -= 1) residue = (residue * 65_537n) % product;
    const k = BigInt(`0x${randomBytes(6).toString('hex')}`) | (3n << 48n);
    for (let step = 0n; step < 400n; step += 1n) {
      const candidate = (k + step) * product + residue;
      if (checkPrimeSync(candidate)) return candidate;
    }
  }
}

test('a modulus of the ROCA generator is recognised, fresh good ones are not', () => {
  assert.equal(isWeakModulus(makeRocaPrime() * makeRocaPrime()), true);
  for (let round = 0; round < 5; round += 1) assert.equal(isWeakModulus(prime(1024) * prime(1024)), false);
});
