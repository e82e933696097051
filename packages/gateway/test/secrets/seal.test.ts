import assert from 'node:assert/strict';
import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { openVault } from '../../src/secrets/seal.ts';

const first = randomBytes(32);
const second = randomBytes(32);

test('what was sealed opens to the same text, in its own context only', () => {
  const vault = openVault(first);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.string(), (text, context, other) => {
      const clean = text.toWellFormed();
      const sealed = vault.seal(clean, context);
      assert.equal(vault.open(sealed, context), clean);
      if (other !== context) assert.throws(() => vault.open(sealed, other));
    }),
  );
});

test('a change of any byte is noticed, and two seals of one text share nothing', () => {
  const vault = openVault(first);
  const sealed = vault.seal('4276380000000005', 'row 1');
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(() => vault.open(changed, 'row 1'), `byte ${at}`);
  }
  const again = vault.seal('4276380000000005', 'row 1');
  assert.ok(!sealed.subarray(5, 80).equals(again.subarray(5, 80)));
  assert.ok(!sealed.toString('latin1').includes('4276380000000005'));
});

test('a new master key opens old values while the old one is there, and rewrapping sets them free of it', () => {
  const old = openVault(first);
  const both = openVault(second, [first]);
  const sealed = old.seal('secret', 'row 1');
  assert.equal(both.open(sealed, 'row 1'), 'secret');
  const rewrapped = both.rewrap(sealed) ?? assert.fail();
  assert.equal(both.rewrap(rewrapped), undefined);
  assert.equal(openVault(second).open(rewrapped, 'row 1'), 'secret');
  assert.throws(() => openVault(second).open(sealed, 'row 1'), /master key \d+ is not in this installation/);
  assert.throws(() => old.open(rewrapped, 'row 1'));
});

test('digests recognise an order after a rotation, and numbers are found under every key', () => {
  const old = openVault(first);
  const both = openVault(second, [first]);
  assert.notEqual(old.digestKey, both.digestKey);
  assert.deepEqual(both.digest('order', old.digestKey), old.digest('order'));
  assert.notDeepEqual(both.digest('order'), old.digest('order'));
  assert.ok(both.digestKey > 0 && both.digestKey < 2 ** 31);
  const [hash] = old.searchHashes('4276380000000005');
  assert.ok(both.searchHashes('4276380000000005').includes(hash ?? 0n));
  assert.ok(!both.searchHashes('4276380000000013').includes(hash ?? 0n));
});

test('a master key of another length is refused', () => {
  assert.throws(() => openVault(randomBytes(16)), /exactly 32 bytes, not 16/);
});

test('digests and search hashes are HMAC-SHA-256 under keys derived from the master key', () => {
  const vault = openVault(first);
  const hmac = (purpose: string, text: string): Buffer => {
    const key = Buffer.from(hkdfSync('sha256', first, Buffer.alloc(0), `vyplata ${purpose}`, 32));
    return createHmac('sha256', key).update(text).digest();
  };
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      assert.deepEqual(vault.digest(text), hmac('order digest', text));
      assert.equal(vault.searchHash(text), hmac('recipient search', text).readBigInt64BE());
    }),
  );
});
