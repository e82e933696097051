import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { readKeyArchive } from '@vyplata/sdk/archive';
import { shippedServices } from '../../src/core/catalogue.ts';
import { createAccount, listAccounts, readAccount, updateAccount } from '../../src/merchants/accounts.ts';
import {
  createEndpoint,
  listEndpoints,
  revealEndpointSecret,
  rotateEndpointSecret,
  updateEndpoint,
} from '../../src/merchants/endpoints.ts';
import { revealWebhookSecret, rotateWebhookSecret } from '../../src/merchants/enroll.ts';
import { generateKey, listKeys, retireKey, updateKey, uploadKey } from '../../src/merchants/keys.ts';
import { listNotificationKeys, rotateNotificationKey } from '../../src/merchants/notification-keys.ts';
import {
  createService,
  listAccountServices,
  listServices,
  seedServices,
  setAccountService,
  updateService,
} from '../../src/merchants/services.ts';
import { codesOf, enroll, type Ground, openAccount, openGround, vault } from './harness.ts';

const secretForm = /^whsec_[A-Za-z0-9+/]{32}$/;

describe('merchants', () => {
  let ground: Ground;
  before(async () => {
    ground = await openGround();
    await ground.db.tx((tx) => seedServices(tx, shippedServices));
  });
  after(() => ground.close());

  test('a new merchant has a sealed secret and a sealed notification key', async () => {
    const { db } = ground;
    const { merchantId } = await enroll(db, 'Лавка');
    const secret = await revealWebhookSecret({ tx: db, vault }, merchantId);
    assert.match(secret, secretForm);
    const [row] = await db.query<{ text: string }>(
      `select encode(webhook_secret_sealed, 'escape') || encode(private_sealed, 'escape') as text
       from merchant join notification_key using (merchant_id) where merchant_id = $1`,
      [merchantId],
    );
    assert.doesNotMatch(row?.text ?? 'BEGIN', /BEGIN|whsec/);
    const next = await db.tx((tx) => rotateWebhookSecret({ tx, vault }, merchantId));
    assert.notEqual(next, secret);
    assert.equal(await revealWebhookSecret({ tx: db, vault }, merchantId), next);
    assert.deepEqual(await codesOf(revealWebhookSecret({ tx: db, vault }, 424242n)), ['merchant_id record_unknown']);
  });

  test('rotation leaves exactly one active notification key', async () => {
    const { db } = ground;
    const { merchantId } = await enroll(db);
    const [first] = await listNotificationKeys(db, merchantId);
    const second = await db.tx((tx) => rotateNotificationKey({ tx, vault }, merchantId));
    const keys = await listNotificationKeys(db, merchantId);
    assert.deepEqual(
      keys.map(({ keyId, state }) => [keyId, state]),
      [
        [second.keyId, 'active'],
        [first?.keyId, 'retired'],
      ],
    );
    assert.notEqual(second.publicPem, first?.publicPem);
  });

  test('an account starts with an empty balance; its id is taken for every merchant', async () => {
    const { db } = ground;
    const [one, two] = [await enroll(db), await enroll(db)];
    const accountId = randomUUID();
    const input = { accountId, currency: 'EUR', mode: 'sandbox' } as const;
    const made = await db.tx((tx) => createAccount(tx, { ...input, merchantId: one.merchantId }));
    assert.deepEqual([made.state, made.notificationMethod, made.name], ['active', 'POST', '']);
    const rows = await db.query<{ sum: bigint }>(
      'select available_minor + held_minor as sum from balance where merchant_id = $1 and account_id = $2',
      [one.merchantId, accountId],
    );
    assert.deepEqual(rows, [{ sum: 0n }]);
    const again = db.tx((tx) => createAccount(tx, { ...input, merchantId: two.merchantId }));
    assert.deepEqual(await codesOf(again), ['account_id record_exists']);
    const strange = db.tx((tx) => createAccount(tx, { merchantId: two.merchantId, currency: 'XXX', mode: 'live' }));
    assert.deepEqual(await codesOf(strange), ['currency currency_unknown']);
    const nobody = db.tx((tx) => createAccount(tx, { merchantId: 424242n, currency: 'EUR', mode: 'live' }));
    assert.deepEqual(await codesOf(nobody), ['merchant_id record_unknown']);
    const foreign = readAccount(db, { merchantId: two.merchantId, accountId });
    assert.deepEqual(await codesOf(foreign), ['account_id record_unknown']);
    const change = { merchantId: two.merchantId, accountId, state: 'disabled' } as const;
    assert.deepEqual(await codesOf(db.tx((tx) => updateAccount(tx, change))), ['account_id record_unknown']);
    const own = await db.tx((tx) => updateAccount(tx, { ...change, merchantId: one.merchantId }));
    assert.deepEqual([own.state, own.mode, own.currency], ['disabled', 'sandbox', 'EUR']);
    assert.deepEqual(await listAccounts(db, two.merchantId), []);
  });

  test('a generated key exists as an archive once and as its public half here', async () => {
    const { db } = ground;
    const { merchantId } = await enroll(db);
    const { key, archive } = await db.tx((tx) => generateKey(tx, { merchantId }));
    assert.equal(readKeyArchive(archive.zip).publicPem, key.publicPem);
    assert.equal(key.digestRule, 'sha1');
    const [row] = await db.query<{ text: string }>(
      'select merchant_key::text as text from merchant_key where key_id = $1',
      [key.keyId],
    );
    assert.doesNotMatch(row?.text ?? 'PRIVATE', /PRIVATE/);
    assert.ok(!row?.text.includes(archive.password));
  });

  test('an uploaded key is vetted; a key once used is never taken again', async () => {
    const { db } = ground;
    const { merchantId } = await enroll(db);
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const key = await db.tx((tx) => uploadKey(tx, { merchantId, publicPem, digestRule: 'sha256' }));
    assert.deepEqual([key.state, key.digestRule, key.firstUsedAt], ['active', 'sha256', null]);
    const retired = await db.tx((tx) => retireKey(tx, { merchantId, keyId: key.keyId }));
    assert.equal(retired.state, 'retired');
    const refused = async (pem: string) => codesOf(db.tx((tx) => uploadKey(tx, { merchantId, publicPem: pem })));
    assert.deepEqual(await refused(publicPem), ['public_pem record_exists']);
    const privatePem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    assert.deepEqual(await refused(privatePem), ['public_pem key_is_private']);
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    assert.deepEqual(await refused(small.export({ type: 'spki', format: 'pem' }).toString()), [
      'public_pem key_too_short',
    ]);
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    assert.deepEqual(await refused(curve.export({ type: 'spki', format: 'pem' }).toString()), [
      'public_pem key_not_rsa',
    ]);
    const update = db.tx((tx) => updateKey(tx, { merchantId, keyId: key.keyId, digestRule: 'any' }));
    assert.deepEqual(await codesOf(update), ['key_id key_retired']);
  });

  test('digest rule and expiry change; the past is refused; a foreign key is unknown', async () => {
    const { db } = ground;
    const [one, two] = [await enroll(db), await enroll(db)];
    const { key } = await db.tx((tx) => generateKey(tx, { merchantId: one.merchantId }));
    const id = { merchantId: one.merchantId, keyId: key.keyId };
    const expiresAt = new Date(Date.now() + 86_400_000);
    const changed = await db.tx((tx) => updateKey(tx, { ...id, digestRule: 'any', expiresAt }));
    assert.deepEqual([changed.digestRule, changed.expiresAt], ['any', expiresAt]);
    const kept = await db.tx((tx) => updateKey(tx, { ...id, digestRule: 'sha1' }));
    assert.deepEqual(kept.expiresAt, expiresAt);
    const cleared = await db.tx((tx) => updateKey(tx, { ...id, expiresAt: null }));
    assert.equal(cleared.expiresAt, null);
    const past = db.tx((tx) => updateKey(tx, { ...id, expiresAt: new Date(Date.now() - 1_000) }));
    assert.deepEqual(await codesOf(past), ['expires_at date_not_future']);
    const foreign = db.tx((tx) => retireKey(tx, { merchantId: two.merchantId, keyId: key.keyId }));
    assert.deepEqual(await codesOf(foreign), ['key_id record_unknown']);
    assert.equal((await listKeys(db, one.merchantId))[0]?.state, 'active');
  });

  test('seeding twice adds nothing and keeps what an operator changed', async () => {
    const { db } = ground;
    await db.tx((tx) => updateService(tx, { code: 'virtual_account_idr', enabled: false, connectors: ['bank'] }));
    assert.equal(await db.tx((tx) => seedServices(tx, shippedServices)), 0);
    const service = (await listServices(db)).find(({ code }) => code === 'virtual_account_idr');
    assert.deepEqual([service?.enabled, service?.connectors, service?.minMinor], [false, ['bank'], 100n]);
    assert.equal((await listServices(db)).length, shippedServices.length);
  });

  test('a service of one’s own, its limits, and what an account may do with it', async () => {
    const { db } = ground;
    const { merchantId } = await enroll(db);
    const { accountId } = await openAccount(db, { merchantId });
    const service = {
      code: 'wallet_rub',
      method: 'wallet',
      currency: 'RUB',
      recipientKind: 'text',
      minMinor: 100n,
      maxMinor: 1_000n,
      connectors: ['sandbox'],
      names: { en: 'Wallet', ru: 'Кошелёк' },
      enabled: true,
    } as const;
    assert.deepEqual(await db.tx((tx) => createService(tx, service)), service);
    assert.deepEqual(await codesOf(db.tx((tx) => createService(tx, service))), ['service_code record_exists']);
    const crossed = db.tx((tx) => createService(tx, { ...service, code: 'x_rub', maxMinor: 1n, currency: 'XXX' }));
    assert.deepEqual(await codesOf(crossed), ['max limits_crossed', 'currency currency_unknown']);
    const use = { merchantId, accountId, serviceCode: 'wallet_rub' };
    await db.tx((tx) => setAccountService(tx, { ...use, maxMinor: 500n }));
    const listed = (await listAccountServices(db, use)).find((row) => row.service.code === 'wallet_rub');
    assert.deepEqual([listed?.use?.enabled, listed?.use?.maxMinor, listed?.use?.minMinor], [true, 500n, null]);
    const impossible = db.tx((tx) => setAccountService(tx, { ...use, minMinor: 2_000n }));
    assert.deepEqual(await codesOf(impossible), ['max limits_crossed']);
    const foreign = db.tx((tx) => setAccountService(tx, { ...use, serviceCode: 'payment_card_eur' }));
    assert.deepEqual(await codesOf(foreign), ['service_code service_other_currency']);
  });

  test('endpoints are numbered per merchant, and each has its own secret', async () => {
    const { db } = ground;
    const [one, two] = [await enroll(db), await enroll(db)];
    const add = (merchantId: bigint, endpointId?: number) =>
      db.tx((tx) =>
        createEndpoint({ tx, vault, allowLoopback: false }, { merchantId, endpointId, url: 'https://shop.example/n' }),
      );
    const made = await Promise.all([add(one.merchantId), add(one.merchantId), add(one.merchantId)]);
    assert.deepEqual(
      made.map(({ endpoint }) => endpoint.endpointId).sort((a, b) => a - b),
      [1, 2, 3],
    );
    assert.equal((await add(two.merchantId)).endpoint.endpointId, 1);
    assert.equal((await add(two.merchantId, 5)).endpoint.endpointId, 5);
    assert.equal((await add(two.merchantId)).endpoint.endpointId, 6);
    assert.deepEqual(await codesOf(add(two.merchantId, 5)), ['endpoint_id record_exists']);
    const id = { merchantId: two.merchantId, endpointId: 5 };
    const secret = await revealEndpointSecret({ tx: db, vault }, id);
    assert.match(secret, secretForm);
    const next = await db.tx((tx) => rotateEndpointSecret({ tx, vault }, id));
    assert.notEqual(next, secret);
    assert.equal(await revealEndpointSecret({ tx: db, vault }, id), next);
    const foreign = revealEndpointSecret({ tx: db, vault }, { merchantId: one.merchantId, endpointId: 5 });
    assert.deepEqual(await codesOf(foreign), ['endpoint_id record_unknown']);
    const needs = (url: string) => db.tx((tx) => updateEndpoint({ tx, allowLoopback: false }, { ...id, url }));
    assert.deepEqual(await codesOf(needs('http://127.0.0.1:9000/x')), ['url url_host_not_public']);
    assert.equal((await needs('https://other.example/n')).url, 'https://other.example/n');
    assert.equal((await listEndpoints(db, two.merchantId)).length, 3);
  });
});
