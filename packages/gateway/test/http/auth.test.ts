import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { signBody, signRequestV2 } from '@vyplata/sdk/signature';
import { authenticate } from '../../src/http/auth.ts';
import { setSignatureRule } from '../../src/merchants/accounts.ts';
import { type Directory, openDirectory } from '../../src/merchants/directory.ts';
import { uploadKey } from '../../src/merchants/keys.ts';
import type { SignatureRule } from '../../src/merchants/load.ts';
import { setNetworks } from '../../src/merchants/networks.ts';
import { createVerifier } from '../../src/http/verify-signatures.ts';
import { createNonces, type Nonces, sweepNonces } from '../../src/merchants/nonces.ts';
import { enroll, type Ground, openAccount, openGround } from '../merchants/harness.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const edwards = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const body = Buffer.from('{"order_id":"1"}');

type Sent = { headers: Record<string, string>; path?: string; method?: string; body?: Buffer; address?: string };

describe('who sends a request', () => {
  let ground: Ground;
  let directory: Directory;
  let nonces: Nonces;
  let shop: { merchantId: bigint; accountId: string };
  before(async () => {
    ground = await openGround();
    const log = { warn: () => {}, info: () => {} };
    directory = openDirectory({ db: ground.db, log });
    nonces = createNonces({ db: ground.db, overloaded: () => new Error('overloaded'), onError: assert.ifError });
    const { merchantId } = await enroll(ground.db);
    const { accountId } = await openAccount(ground.db, { merchantId });
    shop = { merchantId, accountId };
    for (const { publicKey } of [rsa, edwards]) {
      const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
      await ground.db.tx((tx) => uploadKey(tx, { merchantId, publicPem }));
    }
  });
  after(async () => {
    await directory.close();
    await ground.close();
  });

  async function setRule(signatureRule: SignatureRule): Promise<void> {
    await ground.db.tx((tx) => setSignatureRule(tx, { ...shop, signatureRule }));
    await directory.refresh();
  }

  /** The codes of the refusal, or `ok`. */
  async function send(sent: Sent): Promise<string> {
    const found = await authenticate(
      { directory, nonces, verifier: createVerifier() },
      {
        rawHeaders: Object.entries({ account: shop.accountId, ...sent.headers }).flat(),
        body: sent.body ?? body,
        method: sent.method ?? 'POST',
        path: sent.path ?? '/v1/payout',
        address: () => sent.address ?? '203.0.113.7',
      },
    );
    return found.ok ? 'ok' : found.problems.map(({ code }) => code).join(' ');
  }

  const v1 = (): Record<string, string> => ({ sign: signBody({ body, key: rsa.privateKey }) });
  const v2 = (key: KeyObject = rsa.privateKey, given: { timeSeconds?: number; nonce?: string } = {}) => ({
    ...signRequestV2({ method: 'POST', path: '/v1/payout', account: shop.accountId, body, ...given }, key),
  });

  test('an account of the first scheme is served by nothing else', async () => {
    assert.equal(await send({ headers: v1() }), 'ok');
    assert.equal(await send({ headers: v2() }), 'sign_missing');
    assert.equal(await send({ headers: { ...v1(), ...v2() } }), 'ok');
  });

  test('both, while a merchant changes over; then the second only', async () => {
    await setRule('v1_or_v2');
    assert.equal(await send({ headers: v1() }), 'ok');
    for (const key of [rsa.privateKey, edwards.privateKey]) assert.equal(await send({ headers: v2(key) }), 'ok');
    await setRule('v2');
    assert.equal(await send({ headers: v1() }), 'sign_v2_needed');
    assert.equal(await send({ headers: { sign: 'AAAA' } }), 'account_unknown sign_wrong');
    assert.equal(await send({ headers: { ...v1(), ...v2() } }), 'ok');
  });

  test('a captured request is worth nothing elsewhere, for another account, later, or a second time', async () => {
    const headers = v2();
    const wrong = 'account_unknown sign_wrong';
    const other = await openAccount(ground.db, { merchantId: shop.merchantId });
    assert.equal(await send({ headers, path: '/v1/payout/status' }), wrong);
    assert.equal(await send({ headers, method: 'PUT' }), wrong);
    assert.equal(await send({ headers, body: Buffer.from('{"order_id":"2"}') }), wrong);
    assert.equal(await send({ headers: { ...headers, account: other.accountId } }), wrong);
    assert.equal(await send({ headers: { ...headers, 'signature-nonce': 'A'.repeat(24) } }), wrong);
    const later = String(Number(headers['signature-time']) + 1);
    assert.equal(await send({ headers: { ...headers, 'signature-time': later } }), wrong);
    assert.equal(await send({ headers: v2(stranger.privateKey) }), wrong);
    assert.equal(await send({ headers }), 'ok');
    assert.equal(await send({ headers }), 'sign_nonce_used');
    const now = Math.floor(Date.now() / 1000);
    for (const timeSeconds of [now - 310, now + 310]) {
      assert.equal(await send({ headers: v2(rsa.privateKey, { timeSeconds }) }), 'sign_time_wrong');
    }
    for (const timeSeconds of [now - 290, now + 290]) {
      assert.equal(await send({ headers: v2(rsa.privateKey, { timeSeconds }) }), 'ok');
    }
  });

  test('of a hundred copies of one request at once exactly one is accepted', async () => {
    const headers = v2();
    const found = await Promise.all(Array.from({ length: 100 }, () => send({ headers })));
    assert.equal(found.filter((code) => code === 'ok').length, 1);
    assert.equal(found.filter((code) => code === 'sign_nonce_used').length, 99);
  });

  test('a header of a wrong form is refused by what is wrong with it', async () => {
    for (const nonce of ['', 'short', 'a'.repeat(65), `${'a'.repeat(20)} `, 'ы'.repeat(20)]) {
      assert.equal(await send({ headers: v2(rsa.privateKey, { nonce }) }), 'sign_nonce_wrong', nonce);
    }
    for (const time of ['', '1', '1e9', '-1', ' 1795000000', '17950000000']) {
      assert.equal(await send({ headers: { ...v2(), 'signature-time': time } }), 'sign_time_wrong', time);
    }
    const signed = v2();
    const spelled = signed['signature-v2'].replace(/=+$/, '');
    assert.equal(await send({ headers: { ...signed, 'signature-v2': spelled } }), 'sign_not_base64');
    assert.equal(await send({ headers: { ...v2(), 'Signature-V2': 'AAAA' } }), 'sign_repeated');
    assert.equal(await send({ headers: { ...v2(), account: 'me' } }), 'account_not_uuid');
  });

  test('nonces are kept longer than any signature holds, and then forgotten', async () => {
    const headers = v2();
    assert.equal(await send({ headers }), 'ok');
    await ground.db.query(`update signature_nonce set expires_at = expires_at - interval '14 minutes'`);
    await sweepNonces(ground.db);
    assert.equal(await send({ headers }), 'sign_nonce_used');
    await ground.db.query(`update signature_nonce set expires_at = expires_at - interval '2 minutes'`);
    await sweepNonces(ground.db);
    const [row] = await ground.db.query<{ count: bigint }>('select count(*) from signature_nonce');
    assert.equal(row?.count, 0n);
  });

  test('without the database nothing of the second scheme is believed', async () => {
    const failing = createNonces({
      db: { run: () => Promise.reject(new Error('gone')), query: () => Promise.reject(new Error('gone')) },
      overloaded: () => new Error('overloaded'),
      onError: () => {},
    });
    assert.equal(await failing.take({ merchantId: 1n, nonce: randomBytes(18).toString('base64url') }), 'unknown');
  });

  test('a merchant that names its addresses is served from these alone, whoever signs', async () => {
    const { merchantId } = shop;
    const set = async (networks: string[]) => {
      await ground.db.tx((tx) => setNetworks(tx, { merchantId, networks }));
      await directory.refresh();
    };
    await setRule('v1_or_v2');
    await set(['203.0.113.0/24']);
    assert.equal(await send({ headers: v1() }), 'ok');
    assert.equal(await send({ headers: v1(), address: '::ffff:203.0.113.200' }), 'ok');
    assert.equal(await send({ headers: v1(), address: '198.51.100.1' }), 'address_not_allowed');
    assert.equal(await send({ headers: v2(), address: '198.51.100.1' }), 'address_not_allowed');
    const forged = { headers: { sign: v1().sign ?? '' }, body: Buffer.from('{}'), address: '198.51.100.1' };
    assert.equal(await send(forged), 'account_unknown sign_wrong', 'a stranger does not learn that there is a list');
    await set([]);
    assert.equal(await send({ headers: v1(), address: '198.51.100.1' }), 'ok');
  });
});
