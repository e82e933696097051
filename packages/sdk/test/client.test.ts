import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeKeyArchive } from '../src/archive.ts';
import { type ClientOptions, createClient, VyplataError, verifySignature } from '../src/index.ts';
import * as net from './receiver.ts';
import { readVector } from './vectors.ts';

const key = { pem: readVector('payout/private.pem'), password: readVector('payout/password.txt') };
const account = '93d5df06-996c-48c3-9847-348d6b580b80';
const order = { amount: '1000.44', number: '4276380000000008', orderId: 'order-1', service: 'payment_card_rub' };

function connect(baseUrl: string, options: Partial<ClientOptions> = {}) {
  return createClient({ baseUrl, account, key, retryDelayMs: 2, timeoutMs: 20_000, attemptsMax: 3, ...options });
}

async function failureOf(promise: Promise<unknown>): Promise<VyplataError> {
  const error = await promise.then(
    () => assert.fail('It should have failed.'),
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof VyplataError, String(error));
  return error;
}

test('a status under the names of a program, asked by either id', async () => {
  const paid = net.statusOf({ payment_status: 'paid', payment_amount: '500.00', is_partial_payment: true, RRN: '12' });
  await using server = await net.startServer([net.reply(200, paid)]);
  const client = connect(server.url);
  const status = await client.payoutStatus({ orderId: 'order-1' });
  assert.deepEqual(status, {
    id: 100_001_524,
    status: 'paid',
    isFinal: true,
    orderId: 'order-1',
    amount: '1000.44',
    paymentAmount: '500.00',
    isPartialPayment: true,
    accountPaymentAmount: '1010.44',
    commissionAmount: '10.00',
    service: 'payment_card_rub',
    cardMask: '427638******0008',
    rrn: '12',
    accountOldBalance: '5000.00',
    accountNewBalance: '3989.56',
    failReason: undefined,
  });
  await client.payoutStatus({ id: 100_001_524 });
  await client.payoutStatus({ id: '100001524' });
  assert.deepEqual(
    server.received.map(({ path, body }) => [path, body]),
    [
      ['/v1/payout/status', '{"order_id":"order-1"}'],
      ['/v1/payout/status', '{"id":100001524}'],
      ['/v1/payout/status', '{"id":100001524}'],
    ],
  );
  await assert.rejects(client.payoutStatus({ id: '1e3' }), TypeError);
});

test('balance and info', async () => {
  const row = { method: 'card', currency: 'RUB', service_code: 'payment_card_rub', status: 'active', min: '1.00' };
  const balance = { currency: 'RUB', balance: '93.84000000', hold: '0.00000000', pending_payouts: '1234.00000000' };
  const info = { is_allowed_payment: false, is_allowed_payout: true, payments: [], payouts: [row] };
  await using server = await net.startServer([
    net.cut,
    net.reply(200, balance),
    net.reply(503, '{}'),
    net.reply(200, info),
  ]);
  const client = connect(`${server.url}/v1/`);
  assert.deepEqual(await client.accountBalance(), {
    currency: 'RUB',
    balance: '93.84000000',
    hold: '0.00000000',
    rollingReserve: undefined,
    pendingPayouts: '1234.00000000',
  });
  const { payouts, ...rest } = await client.accountInfo();
  assert.deepEqual(rest, { isAllowedPayment: false, isAllowedPayout: true, payments: [] });
  assert.equal(payouts[0]?.service, 'payment_card_rub');
  assert.equal(payouts[0]?.isActive, true);
  const paths = server.received.map(({ path }) => path);
  assert.deepEqual(paths, ['/v1/account/balance', '/v1/account/balance', '/v1/account/info', '/v1/account/info']);
});

test('reading calls tell a refusal, a missing payout, a wrong address and silence apart', async () => {
  const cases: [net.Step, string][] = [
    [net.reply(400, net.refusal({ sign: ['The signature is wrong.'] })), 'refused'],
    [net.reply(400, net.refusal({ order_id: ['Not found.'] })), 'not_found'],
    [net.reply(200, net.refusal({ order_id: ['Not found.'] })), 'refused'],
    [net.reply(404, '<html>'), 'bad_answer'],
    [net.reply(200, '<html>'), 'bad_answer'],
    [net.reply(200, { id: 5, payment_status: 'unheard of' }), 'bad_answer'],
    [net.reply(500, '<html>'), 'unreachable'],
    [net.cut, 'unreachable'],
  ];
  for (const [step, code] of cases) {
    await using server = await net.startServer([step]);
    const failure = await failureOf(connect(server.url).payoutStatus({ orderId: 'order-1' }));
    assert.equal(failure.code, code);
    assert.equal(failure.created, 'unknown');
  }
});

test('an answer without an end is given up', async () => {
  const endless: net.Step = (answer) => {
    answer.writeHead(200);
    const more = () => answer.destroyed || void answer.write('x'.repeat(65_536), () => setImmediate(more));
    more();
  };
  await using server = await net.startServer([endless]);
  const failure = await failureOf(connect(server.url, { attemptsMax: 1, timeoutMs: 5000 }).accountBalance());
  assert.match(failure.message, /too large/);
});

test('waiting goes on through trouble until the status is final', async () => {
  const wait = net.reply(200, net.statusOf());
  const steps = [
    wait,
    net.cut,
    net.reply(500, ''),
    net.reply(502, ''),
    wait,
    net.reply(200, net.statusOf({ payment_status: 'fail' })),
  ];
  await using server = await net.startServer(steps);
  const client = connect(server.url, { attemptsMax: 1 });
  const status = await client.waitUntilFinal({ orderId: 'order-1' }, { intervalMs: 5 });
  assert.equal(status.status, 'fail');
  assert.equal(server.received.length, 6);
});

test('waiting ends by time or by signal, and says that the payout lives on', async () => {
  await using server = await net.startServer([net.reply(200, net.statusOf())]);
  const client = connect(server.url);
  const late = await failureOf(client.waitUntilFinal({ orderId: 'order-1' }, { intervalMs: 5, timeoutMs: 2_000 }));
  assert.deepEqual([late.code, late.created, late.payoutId], ['timeout', 'yes', 100_001_524]);
  const signal = AbortSignal.timeout(40);
  const stopped = await failureOf(client.waitUntilFinal({ id: 7 }, { intervalMs: 5, signal }));
  assert.equal(stopped.code, 'aborted');
});

test('waiting stops at once on a refusal', async () => {
  await using server = await net.startServer([net.reply(400, net.refusal({ order_id: ['Not found.'] }))]);
  const failure = await failureOf(connect(server.url).waitUntilFinal({ orderId: 'x' }));
  assert.equal(failure.code, 'not_found');
});

test('createAndWait returns the end, and never forgets that the payout exists', async () => {
  const final = net.reply(200, net.statusOf({ payment_status: 'paid' }));
  await using good = await net.startServer([net.reply(200, net.ACCEPTED), final]);
  assert.equal((await connect(good.url).createAndWait(order)).status, 'paid');
  await using bad = await net.startServer([net.reply(200, net.ACCEPTED), net.reply(400, net.refusal({ sign: ['?'] }))]);
  const failure = await failureOf(connect(bad.url).createAndWait(order));
  assert.deepEqual([failure.code, failure.created, failure.payoutId], ['refused', 'yes', 100_001_524]);
});

test('a key may be a key, a PEM, an archive or the path of one', async () => {
  const made = await makeKeyArchive();
  const folder = await mkdtemp(join(tmpdir(), 'vyplata-sdk-'));
  const path = join(folder, 'keys.zip');
  await writeFile(path, made.zip);
  await using server = await net.startServer([net.reply(200, { balance: '1.00000000' })]);
  const pem = { pem: made.privatePem, password: `${made.password}\n` };
  for (const one of [pem, { archive: made.zip }, { archive: path }]) {
    await connect(server.url, { key: one, digest: 'sha256' }).accountBalance();
    const { body, sign } = server.received.at(-1) ?? assert.fail();
    assert.ok(verifySignature({ body, sign, key: createPublicKey(made.publicPem), digest: 'sha256' }));
  }
  const missing = connect(server.url, { key: { archive: join(folder, 'nothing.zip') } });
  await assert.rejects(missing.accountBalance(), /ENOENT/);
  await rm(folder, { recursive: true });
});

test('options that cannot work are TypeErrors at once', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const wrong: Partial<ClientOptions>[] = [
    { baseUrl: 'pay.example.com' },
    { baseUrl: 'ftp://pay.example.com' },
    { baseUrl: 'https://user@pay.example.com' },
    { account: '42' },
    { attemptsMax: 0 },
    { timeoutMs: Number.NaN },
    { key: publicKey },
  ];
  for (const options of wrong) assert.throws(() => connect('https://pay.example.com', options), TypeError);
  assert.throws(
    () => connect('https://pay.example.com', { key: { ...key, password: 'x' } }),
    /password does not belong/,
  );
});

test('an injected fetch is used', async () => {
  const seen: string[] = [];
  const client = connect('https://pay.example.com/base/', {
    fetch: async (input) => {
      seen.push(input instanceof Request ? input.url : input.toString());
      return Response.json({ balance: '1.00000000' });
    },
  });
  await client.accountBalance();
  assert.deepEqual(seen, ['https://pay.example.com/base/v1/account/balance']);
});
