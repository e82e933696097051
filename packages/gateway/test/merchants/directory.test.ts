import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Sql } from '../../src/db/pool.ts';
import { updateAccount } from '../../src/merchants/accounts.ts';
import { openDirectory } from '../../src/merchants/directory.ts';
import { createEndpoint } from '../../src/merchants/endpoints.ts';
import { updateMerchant } from '../../src/merchants/enroll.ts';
import { generateKey, listKeys, retireKey } from '../../src/merchants/keys.ts';
import { openNotificationKey } from '../../src/merchants/secrets.ts';
import { seedServices, setAccountService } from '../../src/merchants/services.ts';
import { shippedServices } from '../../src/core/catalogue.ts';
import { enroll, type Ground, openAccount, openGround, vault } from './harness.ts';

const silent = { warn() {}, info() {} };
const farMs = 3_600_000;

/** Counts the statements that reach the database, by name. */
function counting(sql: Sql): Sql & { readonly counts: Map<string, number> } {
  const counts = new Map<string, number>();
  return {
    counts,
    query: (text, values) => sql.query(text, values),
    run: (statement, values) => {
      counts.set(statement.name, (counts.get(statement.name) ?? 0) + 1);
      return sql.run(statement, values);
    },
  };
}

describe('the directory of merchants', () => {
  let ground: Ground;
  before(async () => {
    ground = await openGround();
    await ground.db.tx((tx) => seedServices(tx, shippedServices));
  });
  after(() => ground.close());

  test('an account comes with its keys, services, limits and endpoints', async () => {
    const { db } = ground;
    const { merchantId } = await enroll(db);
    const account = await openAccount(db, { merchantId });
    const { key } = await db.tx((tx) => generateKey(tx, { merchantId, digestRule: 'any' }));
    await db.tx((tx) =>
      createEndpoint({ tx, vault, allowLoopback: false }, { merchantId, endpointId: 5, url: 'https://shop.example/n' }),
    );
    await db.tx((tx) => {
      const commission = {
        percentPpm: 15_000,
        fixedMinor: 5n,
        minMinor: 1n,
        maxMinor: 9n,
        bearer: 'recipient',
      } as const;
      const { accountId } = account;
      return setAccountService(tx, { merchantId, accountId, serviceCode: 'qiwi_rub', commission, minMinor: 500n });
    });
    const directory = openDirectory({ db, log: silent, pollMs: farMs });
    const entry = await directory.findAccount(account.accountId.toUpperCase());
    assert.ok(entry);
    assert.equal(entry.merchantId, merchantId);
    assert.deepEqual(entry.currency, { code: 'RUB', digits: 2 });
    assert.deepEqual(
      entry.keys.map(({ keyId, digestRule }) => [keyId, digestRule]),
      [[key.keyId, 'any']],
    );
    assert.deepEqual(entry.services.get('qiwi_rub')?.commission, {
      percentPpm: 15_000,
      fixedMinor: 5n,
      minMinor: 1n,
      maxMinor: 9n,
      bearer: 'recipient',
    });
    assert.equal(entry.services.get('qiwi_rub')?.minMinor, 500n);
    assert.equal(entry.services.get('payment_card_rub')?.enabled, false);
    assert.deepEqual(
      entry.allServices.map(({ service }) => service.currency),
      ['RUB', 'RUB', 'RUB', 'RUB'],
    );
    assert.equal(entry.services.get('payment_card_eur')?.service.currency, 'EUR');
    assert.equal(entry.endpoints.get(5)?.url, 'https://shop.example/n');
    const merchant = await directory.findMerchant(merchantId);
    assert.match(openNotificationKey(vault, merchant), /^-----BEGIN PRIVATE KEY-----/);
    assert.equal(merchant.endpoints.size, 1);
    await directory.close();
  });

  test('a known account needs no query, and those who ask together load it once', async () => {
    const { merchantId } = await enroll(ground.db);
    const { accountId } = await openAccount(ground.db, { merchantId });
    const db = counting(ground.db);
    const directory = openDirectory({ db, log: silent, pollMs: farMs });
    await Promise.all(Array.from({ length: 20 }, () => directory.findAccount(accountId)));
    await directory.findAccount(accountId);
    await Promise.all([directory.findMerchant(merchantId), directory.findMerchant(merchantId)]);
    assert.deepEqual(Object.fromEntries(db.counts), { directory_account: 1, directory_merchant: 1 });
    await directory.close();
  });

  test('the account unused for longest goes first', async () => {
    const { merchantId } = await enroll(ground.db);
    const made = [];
    for (let count = 0; count < 3; count += 1) made.push((await openAccount(ground.db, { merchantId })).accountId);
    const [first = '', second = '', third = ''] = made;
    const db = counting(ground.db);
    const directory = openDirectory({ db, log: silent, pollMs: farMs, entriesMax: 2 });
    for (const id of [first, second, first, third, first]) await directory.findAccount(id);
    assert.equal(db.counts.get('directory_account'), 3);
    await directory.findAccount(second);
    assert.equal(db.counts.get('directory_account'), 4);
    await directory.close();
  });

  test('"no such account" is believed for a short time only, and text that is no UUID never asks', async () => {
    const db = counting(ground.db);
    const clock = { at: 0, now: () => clock.at };
    const directory = openDirectory({ db, log: silent, pollMs: farMs, clock, absentMs: 1_000 });
    const id = randomUUID();
    assert.equal(await directory.findAccount(id), undefined);
    assert.equal(await directory.findAccount(id), undefined);
    assert.equal(await directory.findAccount("' or true"), undefined);
    assert.equal(db.counts.get('directory_account'), 1);
    clock.at = 1_000;
    await directory.findAccount(id);
    assert.equal(db.counts.get('directory_account'), 2);
    await assert.rejects(directory.findMerchant(999_999n), /there is no merchant 999999/);
    await directory.close();
  });

  test('any change is seen after a refresh here, and after a poll elsewhere', async () => {
    const { db } = ground;
    const { merchantId } = await enroll(db);
    const account = await openAccount(db, { merchantId });
    const { key } = await db.tx((tx) => generateKey(tx, { merchantId }));
    const here = openDirectory({ db, log: silent, pollMs: farMs });
    const elsewhere = openDirectory({ db, log: silent, pollMs: 10 });
    for (const directory of [here, elsewhere]) {
      assert.equal((await directory.findAccount(account.accountId))?.keys.length, 1);
    }
    await db.tx((tx) => retireKey(tx, { merchantId, keyId: key.keyId }));
    await db.tx((tx) => updateAccount(tx, { merchantId, accountId: account.accountId, state: 'disabled' }));
    await db.tx((tx) => updateMerchant(tx, { merchantId, state: 'disabled' }));
    assert.equal((await here.findAccount(account.accountId))?.keys.length, 1, 'nothing is read before the refresh');
    await here.refresh();
    const entry = await here.findAccount(account.accountId);
    assert.deepEqual([entry?.keys.length, entry?.state, entry?.merchantState], [0, 'disabled', 'disabled']);
    const until = Date.now() + 5_000;
    while ((await elsewhere.findAccount(account.accountId))?.keys.length !== 0) {
      assert.ok(Date.now() < until, 'the poll never dropped the old view');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all([here.close(), elsewhere.close()]);
  });

  test('a key is gone at the moment of its expiry, without a query', async () => {
    const { merchantId } = await enroll(ground.db);
    const { accountId } = await openAccount(ground.db, { merchantId });
    const expiresAt = new Date(Date.now() + 60_000);
    await ground.db.tx((tx) => generateKey(tx, { merchantId, expiresAt }));
    await ground.db.tx((tx) => generateKey(tx, { merchantId }));
    const db = counting(ground.db);
    const clock = { at: expiresAt.getTime() - 1, now: () => clock.at };
    const directory = openDirectory({ db, log: silent, pollMs: farMs, clock });
    assert.equal((await directory.findAccount(accountId))?.keys.length, 2);
    clock.at += 1;
    assert.equal((await directory.findAccount(accountId))?.keys.length, 1);
    assert.equal((await directory.findAccount(accountId))?.keys[0]?.expiresAt, undefined);
    assert.equal(db.counts.get('directory_account'), 1);
    await directory.close();
  });

  test('a database that cannot be asked keeps the present view, is logged once, and is asked again', async () => {
    const { merchantId } = await enroll(ground.db);
    const { accountId } = await openAccount(ground.db, { merchantId });
    let isBroken = false;
    const db: Sql = {
      query: (text, values) => ground.db.query(text, values),
      run: (statement, values) =>
        isBroken ? Promise.reject(new Error('connection refused')) : ground.db.run(statement, values),
    };
    const lines: string[] = [];
    const note = (_facts: object, text: string) => void lines.push(text);
    const directory = openDirectory({ db, log: { warn: note, info: note }, pollMs: 5 });
    await directory.refresh();
    await directory.findAccount(accountId);
    isBroken = true;
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal((await directory.findAccount(accountId))?.accountId, accountId);
    await assert.rejects(directory.findAccount(randomUUID()), /connection refused/);
    assert.equal(lines.length, 1);
    isBroken = false;
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(lines.length, 2);
    await directory.close();
  });

  test('first and last use of a key are written in one statement, also on close', async () => {
    const { merchantId } = await enroll(ground.db);
    const { key } = await ground.db.tx((tx) => generateKey(tx, { merchantId }));
    const db = counting(ground.db);
    const clock = { at: 1_000_000, now: () => clock.at };
    const directory = openDirectory({ db, log: silent, pollMs: farMs, keyUseMs: farMs, clock });
    for (let count = 0; count < 100; count += 1) {
      clock.at += 1_000;
      directory.noteKeyUse(merchantId, key.keyId);
    }
    await directory.close();
    assert.equal(db.counts.get('merchant_key_use_upsert'), 1);
    const again = openDirectory({ db, log: silent, pollMs: farMs, clock });
    clock.at = 5_000_000;
    again.noteKeyUse(merchantId, key.keyId);
    await again.close();
    const [listed] = await listKeys(ground.db, merchantId);
    assert.equal(listed?.firstUsedAt?.getTime(), 1_001_000);
    assert.equal(listed?.lastUsedAt?.getTime(), 5_000_000);
  });
});
