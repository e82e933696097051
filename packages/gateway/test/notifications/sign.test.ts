import assert from 'node:assert/strict';
import { createPublicKey, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { fingerprintKey } from '@vyplata/sdk/archive';
import { verifySignature } from '@vyplata/sdk/signature';
import { Webhook } from 'standardwebhooks';
import type { MerchantEntry } from '../../src/merchants/directory.ts';
import { makeNotificationPair } from '../../src/merchants/notification-keys.ts';
import { makeWebhookSecret, sealContexts } from '../../src/merchants/secrets.ts';
import { createSigner } from '../../src/notifications/sign.ts';
import { openVault, type Vault } from '../../src/secrets/seal.ts';

const vault = openVault(randomBytes(32));
const text = '{"type":"payout","order_id":"\\u044f"}';

/** Counts what is opened: the dear part that the signer keeps. */
function counting(inner: Vault): Vault & { readonly opened: () => number } {
  let opened = 0;
  return {
    ...inner,
    opened: () => opened,
    open(sealed, context) {
      opened += 1;
      return inner.open(sealed, context);
    },
  };
}

async function makeMerchant(merchantId: bigint, keyId = 1n): Promise<MerchantEntry & { secret: string; own: string }> {
  const pair = await makeNotificationPair();
  const publicFingerprint = fingerprintKey(createPublicKey(pair.publicPem));
  const [secret, own] = [makeWebhookSecret(), makeWebhookSecret()];
  const endpoint = { endpointId: 5, url: 'https://shop.example/', method: 'POST', state: 'active' } as const;
  const secretSealed = vault.seal(own, sealContexts.endpointSecret(merchantId, 5));
  return {
    merchantId,
    name: 'Shop',
    state: 'active',
    endpoints: new Map([
      [
        5,
        {
          ...endpoint,
          subscribed: false,
          secretSealed,
        },
      ],
    ]),
    webhookSecretSealed: vault.seal(secret, sealContexts.webhookSecret(merchantId)),
    notificationKey: {
      keyId,
      publicPem: pair.publicPem,
      publicFingerprint,
      privateSealed: vault.seal(pair.privatePem, sealContexts.notificationKey(merchantId, publicFingerprint)),
    },
    secret,
    own,
  };
}

const directoryOf = (...merchants: MerchantEntry[]) => ({
  findMerchant: async (merchantId: bigint) => {
    const merchant = merchants.findLast((one) => one.merchantId === merchantId);
    if (merchant === undefined) throw new Error('there is no such merchant');
    return merchant;
  },
});

function isSignedBy(merchant: MerchantEntry, sign: string): boolean {
  const key = createPublicKey(merchant.notificationKey.publicPem);
  return verifySignature({ body: text, sign, key, digest: 'sha1' });
}

describe('signatures of notifications', () => {
  it('are made with the key of the merchant, opened once', async () => {
    const [one, two] = [await makeMerchant(1n), await makeMerchant(2n)];
    const seen = counting(vault);
    const signer = createSigner({ vault: seen, directory: directoryOf(one, two) });
    const sign = await signer.sign({ merchantId: 1n, text });
    assert.equal(await signer.sign({ merchantId: 1n, text }), sign);
    assert.equal(isSignedBy(one, sign), true);
    assert.equal(isSignedBy(two, sign), false);
    assert.equal(isSignedBy(two, await signer.sign({ merchantId: 2n, text })), true);
    assert.equal(seen.opened(), 2);
    await assert.rejects(signer.sign({ merchantId: 3n, text }), /no such merchant/);
  });

  it('follow a rotation of the key', async () => {
    const merchants = [await makeMerchant(1n)];
    const signer = createSigner({
      vault,
      directory: { findMerchant: (id) => directoryOf(...merchants).findMerchant(id) },
    });
    await signer.sign({ merchantId: 1n, text });
    const rotated = await makeMerchant(1n, 2n);
    merchants.push(rotated);
    assert.equal(isSignedBy(rotated, await signer.sign({ merchantId: 1n, text })), true);
  });

  it('keep a bounded number of keys', async () => {
    const merchants = [await makeMerchant(1n), await makeMerchant(2n), await makeMerchant(3n)];
    const seen = counting(vault);
    const signer = createSigner({ vault: seen, directory: directoryOf(...merchants), keysMax: 2 });
    for (const merchantId of [1n, 2n, 1n, 3n, 1n, 3n]) await signer.sign({ merchantId, text });
    assert.equal(seen.opened(), 3, 'the one unused for longest goes first');
    await signer.sign({ merchantId: 2n, text });
    assert.equal(seen.opened(), 4);
  });

  it('refuse a key that was sealed for another merchant', async () => {
    const one = await makeMerchant(1n);
    const moved = { ...one, merchantId: 2n };
    await assert.rejects(createSigner({ vault, directory: directoryOf(moved) }).sign({ merchantId: 2n, text }));
  });
});

describe('the headers of the Standard Webhooks', () => {
  const body = '{"a":"я"}';

  it('are verified by its library: secret of the endpoint, else of the merchant', async () => {
    const merchant = await makeMerchant(1n);
    const signer = createSigner({ vault, directory: directoryOf(merchant) });
    const timed = { merchantId: 1n, webhookId: 'ntf_9', body, now: new Date() };
    const ofEndpoint = await signer.makeHeaders({ ...timed, endpointId: 5 });
    assert.equal(ofEndpoint['webhook-id'], 'ntf_9');
    assert.deepEqual(new Webhook(merchant.own).verify(body, ofEndpoint), { a: 'я' });
    assert.throws(() => new Webhook(merchant.secret).verify(body, ofEndpoint));
    for (const endpointId of [null, 404]) {
      const ofMerchant = await signer.makeHeaders({ ...timed, endpointId });
      assert.deepEqual(new Webhook(merchant.secret).verify(body, ofMerchant), { a: 'я' });
    }
    const empty = await signer.makeHeaders({ ...timed, endpointId: 5, body: '' });
    assert.equal(new Webhook(merchant.own).verify('', empty), undefined);
  });

  it('are fresh for each try, and follow a new secret', async () => {
    const merchants = [await makeMerchant(1n)];
    const directory = { findMerchant: (id: bigint) => directoryOf(...merchants).findMerchant(id) };
    const signer = createSigner({ vault, directory });
    const timed = { merchantId: 1n, endpointId: 5, webhookId: 'ntf_9', body };
    const first = await signer.makeHeaders({ ...timed, now: new Date(1_800_000_000_999) });
    const later = await signer.makeHeaders({ ...timed, now: new Date(1_800_000_030_000) });
    assert.equal(first['webhook-timestamp'], '1800000000');
    assert.equal(later['webhook-timestamp'], '1800000030');
    assert.notEqual(first['webhook-signature'], later['webhook-signature']);
    const renewed = await makeMerchant(1n);
    merchants.push(renewed);
    const now = new Date();
    assert.ok(new Webhook(renewed.own).verify(body, await signer.makeHeaders({ ...timed, now })));
  });
});
