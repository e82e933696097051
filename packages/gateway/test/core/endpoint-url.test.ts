import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkEndpointUrl, isPublicAddress } from '../../src/core/endpoint-url.ts';

function check(text: string, allowLoopback = false) {
  return checkEndpointUrl(text, { allowLoopback });
}

test('ordinary URLs are accepted', () => {
  const texts = [
    'https://merchant.example/notify',
    'http://merchant.example',
    'HTTPS://Merchant.Example:443/a?b=1&c=2#d',
  ];
  texts.push(
    'http://merchant.example:80/',
    'https://merchant.example:8443/x',
    'https://8.8.8.8/',
    'https://пример.рф/путь',
  );
  texts.push('https://[2606:4700:4700::1111]/', 'https://merchant.example./', 'https://a.b/?u=user@host&p=%20');
  texts.push(
    'http://merchant.example:1024/',
    'http://merchant.example:65535/',
    'https://local.example/',
    'https://a.locals/',
  );
  for (const text of texts) assert.equal(check(text), undefined, text);
});

test('255 characters are the limit, counted as characters', () => {
  const start = 'https://a.example/';
  assert.equal(check(start + 'x'.repeat(255 - start.length)), undefined);
  assert.equal(check(start + 'x'.repeat(256 - start.length)), 'field_too_long');
  assert.equal(check(start + '😀'.repeat(255 - start.length)), undefined);
});

test('only http and https', () => {
  for (const text of [
    'javascript:alert(1)',
    'ftp://a.example/',
    'file:///etc/passwd',
    'gopher://a.example',
    'data:,x',
  ]) {
    assert.equal(check(text), 'url_scheme', text);
  }
  for (const text of [
    '',
    'a.example',
    '//a.example',
    'http:',
    'http://',
    'https:///a.example',
    'http:/a.example',
    'http:a.example',
  ]) {
    assert.equal(check(text), 'url_wrong', text);
  }
});

test('no spaces, control characters, backslashes or broken hosts', () => {
  const texts = [
    'https://a.example/a b',
    ' https://a.example',
    'https://a.example\n',
    'https://a.exa\tmple/',
    'https://a.example\\@b',
  ];
  texts.push(
    'https://a.example/\u0000',
    'https://a.example/\u007f',
    'https://a.example/\u00a0',
    'https://a.example/\u202e',
  );
  texts.push(
    'https://a.example:99999/',
    'https://a.example:x/',
    'https://[::1',
    'https://a%00.example/',
    'https://1.2.3.4.5.6/',
  );
  for (const text of texts) assert.equal(check(text), 'url_wrong', JSON.stringify(text));
});

test('no user info, not even an empty one', () => {
  for (const text of [
    'https://u@a.example/',
    'https://u:p@a.example/',
    'https://:p@a.example',
    'https://@a.example/',
    'https://:@a.example/',
  ]) {
    assert.equal(check(text), 'url_user_info', text);
  }
});

const hostsNotPublic = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '127.0.0.1.',
  '１２７.０.０.１',
  '127。0。0。1',
  '①②⑦.⓪.⓪.①',
  '%31%32%37.0.0.1',
  '0',
  '0.0.0.0',
  '10.0.0.1',
  '10.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '0xa9fea9fe',
  '100.64.0.1',
  '192.0.0.1',
  '192.0.2.1',
  '198.18.0.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '[::1]',
  '[::]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::7f00:1]',
  '[::127.0.0.1]',
  '[fe80::1]',
  '[fc00::1]',
  '[fd12:3456::1]',
  '[ff02::1]',
  '[fec0::1]',
  '[2001:db8::1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::808:808]',
  '[2002:7f00:1::]',
  '[2002:a00:1::1]',
  '[::ffff:0:7f00:1]',
  '[100::1]',
  '[5f00::1]',
  '[4000::1]',
  'localhost',
  'LOCALHOST',
  'localhost.',
  'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
  'a.localhost',
  'db.local',
  'x.internal',
  'metadata.google.internal',
  'router.lan',
  'nas.home',
  'x.home.arpa',
  'x.localdomain',
  'x.onion',
  'intranet',
  'a',
  'a..example',
  'a.example..',
  '.example',
];

test('hosts that are plainly not public, in every spelling', () => {
  for (const host of hostsNotPublic) assert.equal(check(`http://${host}/`), 'url_host_not_public', host);
});

test('a host that does not parse at all is refused too', () => {
  for (const host of [
    '256.0.0.1',
    '1.2.3.256',
    '0x100000000',
    '127.0.0.0x1ff',
    '[::g]',
    '[127.0.0.1]',
    '[fe80::1%25eth0]',
  ]) {
    assert.equal(check(`http://${host}/`), 'url_wrong', host);
  }
});

test('ports below 1024 are refused but for 80 and 443', () => {
  for (const port of ['0', '1', '22', '25', '79', '81', '442', '444', '1023']) {
    assert.equal(check(`http://a.example:${port}/`), 'url_port', port);
  }
  assert.equal(check('https://a.example:80/'), undefined);
  assert.equal(check('http://a.example:443/'), undefined);
});

test('the development setting allows loopback at any port and nothing else', () => {
  for (const text of [
    'http://127.0.0.1:22/',
    'http://127.9.9.9:8080',
    'http://localhost:3000/x',
    'http://[::1]:9/',
    'http://127.1/',
  ]) {
    assert.equal(check(text, true), undefined, text);
    assert.notEqual(check(text), undefined, text);
  }
  for (const host of ['10.0.0.1', '0.0.0.0', '[::ffff:7f00:1]', 'x.local', 'a', '169.254.169.254', '192.168.0.1']) {
    assert.equal(check(`http://${host}/`, true), 'url_host_not_public', host);
  }
  assert.equal(check('http://u@localhost/', true), 'url_user_info');
  assert.equal(check('ftp://localhost/', true), 'url_scheme');
});

test('addresses that may be connected to', () => {
  const ips = [
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '223.255.255.255',
  ];
  ips.push(
    '2606:4700:4700::1111',
    '2a00:1450:4010::64',
    '::ffff:8.8.8.8',
    '::ffff:808:808',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  );
  // Teredo: server 8.8.8.8, client 1.1.1.1 with its bits inverted.
  ips.push('2001:0:808:808:0:0:fefe:fefe');
  for (const ip of ips) assert.ok(isPublicAddress(ip), ip);
});

test('addresses that may never be connected to', () => {
  const ips = [
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.0',
    '100.64.0.0',
    '100.127.255.255',
    '127.0.0.1',
    '169.254.0.1',
    '172.16.0.0',
    '172.31.0.0',
  ];
  ips.push(
    '192.0.0.8',
    '192.0.2.0',
    '192.88.99.1',
    '192.168.0.0',
    '198.18.0.0',
    '198.19.255.255',
    '198.51.100.7',
    '203.0.113.9',
  );
  ips.push(
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:0:0',
    '::10.0.0.1',
  );
  ips.push(
    '::8.8.8.8',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fec0::1',
    'fc00::',
    'fdff::1',
    'ff00::1',
    'ff0e::1',
    '100::',
    '2001:db8::',
  );
  ips.push(
    '2001:2::1',
    '2001:10::1',
    '2001:20::1',
    '3fff::1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::8.8.8.8',
  );
  ips.push(
    '2002:7f00:1::1',
    '2002:c0a8:101::',
    '::ffff:0:8.8.8.8',
    '4000::',
    '8000::1',
    '5f00::1',
    '1fff::1',
    '2606:4700::1%eth0',
  );
  // Teredo with a private client, and with a private server.
  ips.push('2001:0:808:808:0:0:f5ff:fffe', '2001:0:a00:1:0:0:fefe:fefe');
  for (const ip of ips) assert.ok(!isPublicAddress(ip), ip);
});

test('what is no plain IP address is not public', () => {
  for (const ip of [
    '',
    'a',
    '8.8.8',
    '08.8.8.8',
    '010.8.8.8',
    '0x8.8.8.8',
    '134744072',
    '8.8.8.8.8',
    ' 8.8.8.8',
    '[2606:4700::1]',
    '8.8.8.256',
  ]) {
    assert.ok(!isPublicAddress(ip), ip);
  }
});
