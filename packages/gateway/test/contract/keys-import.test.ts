import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, generatePrimeSync, type KeyObject } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { signBody } from '@vyplata/sdk/signature';
import { type DemoGateway, startDemoGateway } from '../gateway.ts';
import { anOrder, type HttpAnswer, merchantWith, send } from './merchant.ts';
import { openOperator, type TestOperator } from './operator.ts';
import { openNeighbour } from './stage.ts';
import { openTraces } from './traces.ts';

const good = generateKeyPairSync('rsa', { modulusLength: 2048 });
const goodPem = pemOf(good.publicKey);
const goodModulus = modulusOf(good.publicKey);

function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function modulusOf(key: KeyObject): bigint {
  return BigInt(`0x${Buffer.from(key.export({ format: 'jwk' }).n ?? '', 'base64url').toString('hex')}`);
}

function bytesOf(value: bigint): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
}

/** The public key with any modulus and exponent, good or not. */
function rsaPem({ modulus = goodModulus, exponent = 65_537n }: { modulus?: bigint; exponent?: bigint }): string {
  const [n, e] = [modulus, exponent].map((value) => bytesOf(value).toString('base64url'));
  return pemOf(createPublicKey({ key: { kty: 'RSA', n: n ?? '', e: e ?? '' }, format: 'jwk' }));
}

/** An odd number of so many bits: all that a check of the length looks at. */
function oddOf(bits: number): bigint {
  return (1n << BigInt(bits - 1)) + 1_234_567n;
}

/** The X.509 form of a curve point, whose 32 bytes may be anything. */
function edwardsPem(point: Buffer): string {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), point]).toString('base64');
  return `-----BEGIN PUBLIC KEY-----\n${der}\n-----END PUBLIC KEY-----\n`;
}

function base64Of(pem: string): string {
  return pem.replaceAll(/-----[^-]+-----|\s/g, '');
}

const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
const cubic = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
const curve = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const edwards = generateKeyPairSync('ed25519');
const passphrase = 'secret words';
const p = generatePrimeSync(1024, { bigint: true });
const q = generatePrimeSync(1024, { bigint: true });

/** What must never verify a signature, and a word of why. */
const refused: Readonly<Record<string, readonly [pem: unknown, why: RegExp]>> = {
  'exponent 1': [rsaPem({ exponent: 1n }), /exponent/],
  'exponent 2': [rsaPem({ exponent: 2n }), /exponent/],
  'exponent 3': [pemOf(cubic.publicKey), /exponent/],
  'exponent 17': [rsaPem({ exponent: 17n }), /exponent/],
  'exponent 65535': [rsaPem({ exponent: 65_535n }), /exponent/],
  'exponent 65536': [rsaPem({ exponent: 65_536n }), /exponent/],
  'exponent 65538': [rsaPem({ exponent: 65_538n }), /exponent/],
  'exponent of 33 bits': [rsaPem({ exponent: 2n ** 32n + 1n }), /exponent/],
  '512 bits': [pemOf(generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey), /shorter than 2048/],
  '1024 bits': [pemOf(small.publicKey), /shorter than 2048/],
  '1024 bits, exponent 1': [rsaPem({ modulus: modulusOf(small.publicKey), exponent: 1n }), /shorter than 2048/],
  '2047 bits': [rsaPem({ modulus: oddOf(2047) }), /shorter than 2048/],
  '4097 bits': [rsaPem({ modulus: oddOf(4097) }), /longer than 4096/],
  '8192 bits': [rsaPem({ modulus: oddOf(8192) }), /longer than 4096/],
  '16384 bits': [rsaPem({ modulus: oddOf(16_384) }), /longer than 4096/],
  'an even modulus': [rsaPem({ modulus: goodModulus + 1n }), /factored|weak/i],
  'a modulus with a small factor': [
    rsaPem({ modulus: generatePrimeSync(2040, { bigint: true }) * 9973n }),
    /factored|weak/i,
  ],
  'a prime modulus': [rsaPem({ modulus: generatePrimeSync(2048, { bigint: true }) }), /factored|weak/i],
  'a square modulus': [rsaPem({ modulus: p > q ? p * p : q * q }), /factored|weak|shorter/i],
  'a curve': [pemOf(curve.publicKey), /Only RSA/],
  'another curve': [pemOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey), /Only RSA/],
  Ed448: [pemOf(generateKeyPairSync('ed448').publicKey), /Only RSA/],
  X25519: [pemOf(generateKeyPairSync('x25519').publicKey), /Only RSA/],
  'RSA-PSS': [pemOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey), /Only RSA/],
  'an Ed25519 point of order 1': [edwardsPem(Buffer.from(`01${'00'.repeat(31)}`, 'hex')), /factored|weak/i],
  'an Ed25519 point of order 4': [edwardsPem(Buffer.alloc(32)), /factored|weak/i],
  'a private key': [good.privateKey.export({ type: 'pkcs8', format: 'pem' }), /private key/],
  'a private key of the old form': [good.privateKey.export({ type: 'pkcs1', format: 'pem' }), /private key/],
  'a private key under a password': [
    good.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }),
    /private key/,
  ],
  'a private key behind the public one': [
    goodPem + good.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    /private key/,
  ],
  'an OpenSSH private key': [
    '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----',
    /private key/,
  ],
  'two public keys': [goodPem + pemOf(cubic.publicKey), /several PEM blocks/],
  'the same key twice': [goodPem + goodPem, /several PEM blocks/],
  'a certificate': ['-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', /not a public key/],
  'a request for a certificate': [
    '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----',
    /not a public key/,
  ],
  'a PGP key': [
    '-----BEGIN PGP PUBLIC KEY BLOCK-----\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----',
    /not a (?:public key|whole PEM)/,
  ],
  'an SSH key': ['ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ== anna', /not a whole PEM block/],
  'a JSON key': [JSON.stringify(good.publicKey.export({ format: 'jwk' })), /not a whole PEM block/],
  'base64 alone': [base64Of(goodPem), /not a whole PEM block/],
  'half a block': [goodPem.slice(0, 200), /not a whole PEM block/],
  'a block without its last line': [goodPem.replace(/-----END.*/s, ''), /not a whole PEM block/],
  'a block with another last line': [goodPem.replace('END PUBLIC KEY', 'END RSA PUBLIC KEY'), /not a whole PEM block/],
  'bytes cut out': [goodPem.replace(/\n(.{20}).{8}/, '\n$1'), /not a whole PEM block/],
  'text before the block': [`my key:\n${goodPem}`, /not a whole PEM block/],
  'text behind the block': [`${goodPem}thanks`, /not a whole PEM block/],
  'a header in the block': [goodPem.replace('-----\n', '-----\nComment: x\n\n'), /not a whole PEM block/],
  'nothing inside': ['-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----', /not a whole PEM block/],
  'no text': ['', /not a whole PEM block|must not be empty/],
  spaces: ['   ', /not a whole PEM block/],
  'a very long text': [goodPem + ' '.repeat(9_000), /too long/],
  'a number': [5, /./],
  'no value': [null, /./],
  'a list': [[goodPem], /./],
  'nothing at all': [undefined, /./],
};

describe('keys that merchants bring', () => {
  let gateway: DemoGateway;
  let operator: TestOperator;
  let account: string;
  let keysPath: string;

  before(async () => {
    gateway = await startDemoGateway();
    operator = await openOperator(gateway);
    const neighbour = await openNeighbour(operator, 'Neighbour');
    ({ account } = neighbour);
    keysPath = `${neighbour.path}/keys`;
  });
  after(() => gateway?.close());

  async function keysNow(): Promise<string> {
    return (await operator.call('GET', keysPath)).text;
  }

  async function upload(pem: string, more: object = {}): Promise<number> {
    const { status, text, json } = await operator.call('POST', keysPath, { public_pem: pem, ...more });
    assert.equal(status, 201, text);
    return Number(json['id']);
  }

  /** Asks for the balance; what is signed shows nothing else than that the signature counts. */
  function ask(key: KeyObject, digest: 'sha1' | 'sha256' = 'sha1'): Promise<HttpAnswer> {
    return askWith(signBody({ body: '[]', key, digest }));
  }

  function askWith(sign: string): Promise<HttpAnswer> {
    const headers = { 'Content-Type': 'application/json', Account: account, Sign: sign };
    return send(`${gateway.demo.baseUrl}/v1/account/balance`, { method: 'POST', headers, body: '[]' });
  }

  function assertRefused(answer: HttpAnswer, fields = ['account', 'sign']): void {
    assert.deepEqual([answer.status, Object.keys(answer.json['errors'] as object)], [400, fields], answer.text);
  }

  test(`${Object.keys(refused).length} keys are refused, each with its reason, and none is kept`, async () => {
    const untouched = await keysNow();
    for (const [what, [pem, why]] of Object.entries(refused)) {
      const english = await operator.call('POST', keysPath, { public_pem: pem });
      const russian = await operator.call('POST', keysPath, { public_pem: pem }, 'ru');
      assert.deepEqual([english.status, russian.status], [400, 400], `${what}: ${english.text}`);
      const texts = [english, russian].map(
        (answer) => (answer.json['errors'] as Record<string, string[]>)['public_pem'],
      );
      assert.match(texts[0]?.join(' ') ?? '', why, what);
      assert.match(texts[1]?.join(' ') ?? '', /[а-яё]/i, what);
      assert.ok(
        !english.text.includes('BEGIN RSA') && !/[A-Za-z0-9+/]{60}/.test(english.text),
        `${what}: key material`,
      );
    }
    assert.equal(await keysNow(), untouched);
  });

  test('and what they would have signed is refused, also what needs no private key at all', async () => {
    assertRefused(await ask(small.privateKey));
    assertRefused(await ask(cubic.privateKey));
    assertRefused(await ask(good.privateKey));
    // With exponent 1 the padded digest is its own signature.
    const digest = createHash('sha1').update('[]').digest();
    const info = Buffer.concat([Buffer.from('3021300906052b0e03021a05000414', 'hex'), digest]);
    const padded = Buffer.concat([
      Buffer.from([0, 1]),
      Buffer.alloc(256 - 3 - info.length, 0xff),
      Buffer.from([0]),
      info,
    ]);
    assertRefused(await askWith(padded.toString('base64')));
  });

  test('RSA of 2048 to 4096 bits in both PEM forms signs at once, and never again once retired', async () => {
    for (const [at, bits] of [2048, 3072, 4096].entries()) {
      const pair = generateKeyPairSync('rsa', { modulusLength: bits });
      const pem = pair.publicKey.export({ type: at === 1 ? 'pkcs1' : 'spki', format: 'pem' }).toString();
      const id = await upload(at === 2 ? `\r\n${pem.replaceAll('\n', '\r\n')}\r\n` : pem);
      assert.equal((await ask(pair.privateKey)).status, 200, `${bits}`);
      assertRefused(await ask(pair.privateKey, 'sha256'), ['sign']);
      const again = await operator.call('POST', keysPath, { public_pem: pem });
      assert.deepEqual([again.status, Object.keys(again.json['errors'] as object)], [409, ['public_pem']]);
      assert.equal((await operator.call('POST', `${keysPath}/${id}/retire`)).status, 200);
      assertRefused(await ask(pair.privateKey));
      assert.equal((await operator.call('POST', keysPath, { public_pem: pem })).status, 409, 'retired is for ever');
    }
  });

  test('the setting of a key decides which digest counts', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const id = await upload(pemOf(publicKey), { digest_rule: 'any' });
    assert.deepEqual([(await ask(privateKey)).status, (await ask(privateKey, 'sha256')).status], [200, 200]);
    assert.equal((await operator.call('PATCH', `${keysPath}/${id}`, { digest_rule: 'sha256' })).status, 200);
    assert.equal((await ask(privateKey, 'sha256')).status, 200);
    assertRefused(await ask(privateKey), ['sign']);
  });

  test('a key stops by itself when it expires', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const expiresAt = Date.now() + 1_500;
    await upload(pemOf(publicKey), { expires_at: new Date(expiresAt).toISOString() });
    const first = await ask(privateKey);
    if (Date.now() < expiresAt) assert.equal(first.status, 200);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, expiresAt - Date.now()) + 50));
    assertRefused(await ask(privateKey));
  });

  test('an Ed25519 key is kept for the second scheme and verifies nothing in the first', async () => {
    await upload(pemOf(edwards.publicKey));
    assertRefused(await askWith(Buffer.alloc(64, 1).toString('base64')));
    assertRefused(await askWith(Buffer.alloc(256, 1).toString('base64')));
  });

  test('of all spellings of one right signature exactly the canonical one counts', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await upload(pemOf(publicKey));
    const sign = signBody({ body: '[]', key: privateKey });
    assert.match(sign, /[^=]==$/, '256 bytes leave four bits unused');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const lastAt = alphabet.indexOf(sign.at(-3) ?? '');
    const spellings = [
      ...Array.from({ length: 16 }, (_, bits) => `${sign.slice(0, -3)}${alphabet[(lastAt & 48) | bits]}==`),
      sign.replace(/==$/, ''),
      sign.replace(/==$/, '='),
      `${sign}=`,
      `${sign}==`,
      `${sign}\t.`,
      sign.replaceAll('+', '-').replaceAll('/', '_').replace(/==$/, ''),
      `${sign.slice(0, 64)} ${sign.slice(64)}`,
      `${sign}${sign}`,
      `-${sign}`,
    ];
    const same = spellings.filter((text) => Buffer.from(text, 'base64').equals(Buffer.from(sign, 'base64')));
    assert.ok(same.length >= 20, `${same.length} spellings that a careless reader takes for the same`);
    const accepted: string[] = [];
    for (const text of new Set(spellings)) {
      const answer = await askWith(text);
      if (answer.status === 200) accepted.push(text);
      else assertRefused(answer, ['sign']);
    }
    assert.deepEqual(accepted, [sign]);
  });

  test('an order that is signed with a refused key creates nothing', async () => {
    const traces = await openTraces(gateway);
    const shop = merchantWith(gateway, { account, key: small.privateKey });
    assertRefused(await shop.post('/v1/payout', { ...anOrder, order_id: 'forged' }));
    assert.deepEqual(await traces.createdOf(['forged']), []);
    await traces.close();
  });
});
