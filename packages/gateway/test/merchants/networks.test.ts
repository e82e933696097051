import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isAddressIn, normaliseNetwork, toNetwork } from '../../src/core/network.ts';
import { readNetworks, setNetworks } from '../../src/merchants/networks.ts';
import { codesOf, enroll, type Ground, openGround } from './harness.ts';

let ground: Ground;
before(async () => {
  ground = await openGround();
});
after(() => ground.close());

test('a network has one spelling; what different programs read differently is refused', () => {
  const cases: readonly [string, string | undefined][] = [
    ['203.0.113.7', '203.0.113.7/32'],
    [' 203.0.113.7/24 ', '203.0.113.0/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::1', '2001:db8::1/128'],
    ['2001:db8:0:1::/48', '2001:db8::/48'],
    ['010.0.0.1', undefined],
    ['0x7f.1', undefined],
    ['127.1', undefined],
    ['203.0.113.7/33', undefined],
    ['203.0.113.7/08', undefined],
    ['203.0.113.7/', undefined],
    ['203.0.113.7/24/8', undefined],
    ['fe80::1%eth0', undefined],
    ['shop.example', undefined],
    ['', undefined],
  ];
  for (const [text, expected] of cases) assert.equal(normaliseNetwork(text), expected, text);
});

test('an address is in a network in both of its forms, and in no network of the other kind', () => {
  const networks = ['203.0.113.0/24', '2001:db8::/32'].map(toNetwork);
  for (const address of ['203.0.113.255', '::ffff:203.0.113.9', '2001:db8:ffff::1']) {
    assert.ok(isAddressIn(networks, address), address);
  }
  for (const address of ['203.0.114.1', '2001:db9::1', '::1', 'unknown', '', '203.0.113.9, 1.1.1.1']) {
    assert.ok(!isAddressIn(networks, address), address);
  }
  assert.ok(!isAddressIn([toNetwork('::/0')], '203.0.113.9'), 'an IPv4 address is not in ::/0');
});

test('a list takes the place of the one before, whole or not at all', async () => {
  const { merchantId } = await enroll(ground.db);
  const set = (networks: string[]) => ground.db.tx((tx) => setNetworks(tx, { merchantId, networks }));
  assert.deepEqual(await set(['203.0.113.7/24', '203.0.113.0/24', '2001:db8::1']), [
    '203.0.113.0/24',
    '2001:db8::1/128',
  ]);
  assert.deepEqual(await codesOf(set(['1.1.1.1', 'x', 'y/8'])), [
    'networks.1 network_wrong',
    'networks.2 network_wrong',
  ]);
  assert.equal((await readNetworks(ground.db, merchantId)).length, 2);
  assert.deepEqual(await set([]), []);
});
