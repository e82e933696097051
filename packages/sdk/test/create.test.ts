import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { type ClientOptions, createClient, type PayoutOrder, VyplataError, verifySignature } from '../src/index.ts';
import * as net from './receiver.ts';
import { parseJson, readVector } from './vectors.ts';

const key = { pem: readVector('payout/private.pem'), password: readVector('payout/password.txt') };
const publicKey = createPublicKey(readVector('payout/public.pem'));
const account = '93d5df06-996c-48c3-9847-348d6b580b80';
const order: PayoutOrder = {
  amount: '1000.44',
  number: '4276 3800 0000 0008',
  orderId: 'order-1',
  service: 'payment_card_rub',
  customerFirstName: 'Иван',
};

function connect(baseUrl: string, options: Partial<ClientOptions> = {}) {
  return createClient({ baseUrl, account, key, retryDelayMs: 2, timeoutMs: 20_000, attemptsMax: 3, ...options });
}

/** Plays the steps and returns what the caller learned, with the requests the server saw. */
async function play(steps: net.Step[], options: Partial<ClientOptions> = {}) {
  await using server = await net.startServer(steps);
  const outcome = await connect(server.url, options)
    .createPayout(order)
    .catch((error: unknown) => error);
  const paths = server.received.map(({ path }) => path.replace('/v1/', ''));
  return { outcome, paths, received: server.received };
}

function failureOf(outcome: unknown): VyplataError {
  assert.ok(outcome instanceof VyplataError, String(outcome));
  return outcome;
}

test('an accepted order: one signed request, the answer under the names of a program', async () => {
  const { outcome, received } = await play([net.reply(200, net.ACCEPTED, { 'x-request-id': 'r-1' })], {
    language: 'ru',
  });
  assert.deepEqual(outcome, {
    id: 100_001_524,
    orderId: 'order-1',
    status: 'wait',
    isReplayed: false,
    foundBy: 'create',
    attempts: 1,
    requestId: 'r-1',
  });
  const [request] = received;
  assert.ok(request);
  assert.equal(request.path, '/v1/payout');
  assert.equal(request.headers['content-type'], 'application/json');
  assert.equal(request.headers['accept-language'], 'ru');
  assert.equal(request.headers.account, account);
  const { body, sign } = request;
  assert.ok(verifySignature({ body, sign, key: publicKey, digest: 'sha1' }));
  assert.equal(
    body,
    '{"amount":"1000.44","number":"4276 3800 0000 0008","order_id":"order-1","service":"payment_card_rub",' +
      '"customer_first_name":"Иван"}',
  );
});

test('lost answers, cut connections, 5xx, 429 and HTML are tried again with the same bytes and signature', async () => {
  const html = net.reply(502, '<html>bad gateway</html>', { 'content-type': 'text/html' });
  const htmlOk = net.reply(200, '<html>maintenance</html>', { 'content-type': 'text/html' });
  const faults = [
    net.hang,
    net.cut,
    net.cutHalfway,
    net.drip,
    html,
    htmlOk,
    net.reply(429, net.refusal({ request: ['…'] })),
  ];
  const replayed = net.reply(200, net.ACCEPTED, { 'idempotent-replayed': 'true' });
  for (const fault of faults) {
    const isSlow = fault === net.hang || fault === net.drip;
    const { outcome, received } = await play([fault, fault, replayed], isSlow ? { timeoutMs: 1_000 } : {});
    assert.deepEqual(
      { ...(outcome as object), requestId: 0 },
      {
        id: 100_001_524,
        orderId: 'order-1',
        status: 'wait',
        isReplayed: true,
        foundBy: 'create',
        attempts: 3,
        requestId: 0,
      },
    );
    assert.equal(new Set(received.map(({ body, sign }) => `${body}|${sign}`)).size, 1);
  }
});

test("'no' when every try said so, with the texts of the last", async () => {
  const busy = net.reply(503, net.refusal({ request: ['Not now.'] }), net.NO);
  const poor = net.reply(400, net.refusal({ amount: ['Not enough funds.'] }), { ...net.NO, 'x-request-id': 'r-2' });
  const { outcome, paths } = await play([busy, poor]);
  const failure = failureOf(outcome);
  assert.deepEqual(failure.toJSON(), {
    message: 'The payout was refused. amount: Not enough funds. Nothing was created.',
    code: 'refused',
    created: 'no',
    fields: { amount: ['Not enough funds.'] },
    status: 400,
    requestId: 'r-2',
    payoutId: undefined,
  });
  assert.deepEqual(paths, ['payout', 'payout']);
  const busyAlways = await play([busy]);
  assert.equal(failureOf(busyAlways.outcome).created, 'no');
  assert.equal(failureOf(busyAlways.outcome).code, 'unreachable');
  assert.equal(busyAlways.paths.length, 3);
});

test('a documented 400 without the header is a certain no on the first try', async () => {
  const { outcome, paths } = await play([net.reply(400, net.refusal({ amount: ['Wrong.'] }))]);
  assert.equal(failureOf(outcome).created, 'no');
  assert.deepEqual(paths, ['payout']);
});

test('the same 400 after a lost answer proves nothing: the status decides', async () => {
  const refused = net.reply(400, net.refusal({ order_id: ['Already taken.'] }));
  const found = await play([net.cut, refused, net.reply(200, net.statusOf({ payment_status: 'paid' }))]);
  assert.deepEqual(found.paths, ['payout', 'payout', 'payout/status']);
  assert.equal((found.outcome as { foundBy: string }).foundBy, 'status');
  assert.equal((found.outcome as { status: string }).status, 'paid');

  const missing = await play([net.cut, refused, net.reply(400, net.refusal({ order_id: ['Not found.'] }))]);
  assert.equal(failureOf(missing.outcome).created, 'unknown');
  assert.equal(failureOf(missing.outcome).code, 'unresolved');
});

test('unknown after time-outs, cuts or bare 5xx when the status cannot tell', async () => {
  for (const fault of [net.hang, net.cut, net.reply(500, 'oops'), net.reply(404, '<html>no such page</html>')]) {
    const { outcome } = await play([fault], { timeoutMs: 40 });
    const failure = failureOf(outcome);
    assert.equal(failure.created, 'unknown');
    assert.match(failure.message, /do not pay in another way/);
  }
});

test('one unknown try spoils the certainty of all others', async () => {
  const no = net.reply(400, net.refusal({ amount: ['Not enough funds.'] }), net.NO);
  const { outcome, paths } = await play([net.cut, no, net.reply(500, '{}')]);
  assert.equal(failureOf(outcome).created, 'unknown');
  assert.deepEqual(paths, ['payout', 'payout', 'payout/status', 'payout/status', 'payout/status']);
});

test('"not found" resolves to no only from a server whose answers carry the promise', async () => {
  const absent = net.reply(400, net.refusal({ order_id: ['Not found.'] }));
  const unknown = net.reply(500, net.refusal({ request: ['?'] }), { 'payout-created': 'unknown' });
  const ours = await play([unknown, unknown, unknown, absent]);
  assert.equal(failureOf(ours.outcome).created, 'no');
  const cuts = [net.cut, net.cut, net.cut];
  assert.equal(failureOf((await play([...cuts, absent])).outcome).created, 'unknown');
  const promised = net.reply(400, net.refusal({ order_id: ['Not found.'] }), net.NO);
  assert.equal(failureOf((await play([...cuts, promised])).outcome).created, 'no');
});

test('what the status finds must be this order', async () => {
  const others = [{ amount: '1000.45' }, { service_code: 'qiwi_rub' }, { card_mask: '427638******0009' }];
  for (const other of others) {
    const { outcome } = await play([net.cut, net.cut, net.cut, net.reply(200, net.statusOf(other))]);
    const failure = failureOf(outcome);
    assert.equal(failure.code, 'conflict', JSON.stringify(other));
    assert.equal(failure.created, 'yes');
    assert.equal(failure.payoutId, 100_001_524);
  }
});

test('a conflict names the payout that holds the order id', async () => {
  const headers = { 'payout-created': 'yes', 'payout-id': '100000042' };
  const { outcome, paths } = await play([net.reply(400, net.refusal({ order_id: ['Other values.'] }), headers)]);
  const failure = failureOf(outcome);
  assert.deepEqual([failure.code, failure.created, failure.payoutId], ['conflict', 'yes', 100_000_042]);
  assert.deepEqual(paths, ['payout']);
});

test('a taken order id from a server without our headers is looked up', async () => {
  const taken = net.reply(400, net.refusal({ order_id: ['Already taken.'] }));
  const exists = await play([taken, net.reply(200, net.statusOf())]);
  assert.deepEqual([failureOf(exists.outcome).created, failureOf(exists.outcome).payoutId], ['yes', 100_001_524]);
  const invalid = await play([taken, net.reply(400, net.refusal({ order_id: ['Not found.'] }))]);
  assert.equal(failureOf(invalid.outcome).created, 'no');
  const silent = await play([taken, net.cut]);
  assert.equal(failureOf(silent.outcome).created, 'unknown');
});

test('errors in a 200 are a failure', async () => {
  const refused = { ...net.ACCEPTED, errors: { amount: 'Wrong.' } };
  const said = failureOf((await play([net.reply(200, refused, net.NO)])).outcome);
  assert.deepEqual([said.created, said.fields], ['no', { amount: ['Wrong.'] }]);
  const bare = failureOf((await play([net.reply(200, refused), net.cut])).outcome);
  assert.equal(bare.created, 'unknown');
  const harmless = await play([net.reply(200, { ...net.ACCEPTED, errors: null })]);
  assert.equal((harmless.outcome as { id: number }).id, 100_001_524);
});

test('Retry-After is respected, and not waited for when it is too long', async () => {
  const started = performance.now();
  const soon = net.reply(429, net.refusal({ request: ['Too fast.'] }), { ...net.NO, 'retry-after': '1' });
  const { outcome } = await play([soon, net.reply(200, net.ACCEPTED)]);
  assert.equal((outcome as { attempts: number }).attempts, 2);
  assert.ok(performance.now() - started >= 990);
  const late = net.reply(429, net.refusal({ request: ['Too fast.'] }), { ...net.NO, 'retry-after': '3600' });
  const gaveUp = await play([late]);
  assert.equal(gaveUp.paths.length, 1);
  assert.equal(failureOf(gaveUp.outcome).created, 'no');
});

test('a redirect is never followed with a signed order', async () => {
  await using other = await net.startServer([net.reply(200, net.ACCEPTED)]);
  const { outcome } = await play([net.reply(307, '', { location: `${other.url}/v1/payout` })]);
  assert.equal(failureOf(outcome).created, 'unknown');
  assert.equal(other.received.length, 0);
});

test('an abort in flight is unknown, before the first byte it is no', async () => {
  const caller = new AbortController();
  await using server = await net.startServer([() => caller.abort()]);
  const client = connect(server.url);
  const inFlight = client.createPayout(order, { signal: caller.signal });
  const failure = failureOf(await inFlight.catch((error: unknown) => error));
  assert.deepEqual([failure.code, failure.created], ['aborted', 'unknown']);
  const before = client.createPayout(order, { signal: AbortSignal.abort() });
  const early = failureOf(await before.catch((error: unknown) => error));
  assert.deepEqual([early.code, early.created, server.received.length], ['aborted', 'no', 1]);
});

test('a service that is not there at all is unknown, and nothing secret is in the error', async () => {
  const client = connect('http://127.0.0.1:9', { attemptsMax: 1 });
  const failure = failureOf(await client.createPayout(order).catch((error: unknown) => error));
  assert.equal(failure.created, 'unknown');
  assert.doesNotMatch(`${JSON.stringify(failure)} ${failure.stack} ${String(failure.cause)}`, /4276|PRIVATE KEY/);
});

test('an amount is never a float', async () => {
  const client = connect('http://127.0.0.1:9');
  for (const amount of [500, 0.1, Number.NaN, null, undefined, '', true, 0n, -5n]) {
    const wrong = { ...order, amount: amount as string };
    await assert.rejects(client.createPayout(wrong), { name: 'TypeError', message: /"1000\.44"/ }, String(amount));
  }
});

test('minor units become decimal text', async () => {
  await using server = await net.startServer([net.reply(200, net.ACCEPTED)]);
  const cases: [bigint, number, string][] = [
    [100_044n, 2, '1000.44'],
    [5n, 2, '0.05'],
    [50n, 2, '0.50'],
    [7n, 0, '7'],
  ];
  for (const [amount, minorDigits, text] of cases) {
    await connect(server.url, { minorDigits }).createPayout({ ...order, amount });
    assert.equal(parseJson(server.received.at(-1)?.body).amount, text);
  }
});

test('every field of an order has its name on the wire', async () => {
  await using server = await net.startServer([net.reply(200, net.ACCEPTED)]);
  await connect(server.url).createPayout({
    ...order,
    notificationEndpointId: 5,
    notificationEndpointUrl: 'https://shop.example/hook',
    card: { expYear: '27', expMonth: '01', holder: 'CARD HOLDER', country: 'DE', recipientBirthDate: '1999-12-15' },
    extra: { note: 'x' },
    customerPhone: '79001112233',
    customerEmail: 'a@shop.example',
    customerCode: 'sberbank',
    customerLastName: 'I',
    customerCountry: 'DEU',
    projectUrl: 'https://shop.example',
  });
  assert.deepEqual(parseJson(server.received[0]?.body), {
    amount: '1000.44',
    number: '4276 3800 0000 0008',
    order_id: 'order-1',
    service: 'payment_card_rub',
    notification_endpoint_id: 5,
    notification_endpoint_url: 'https://shop.example/hook',
    extra: {
      card_exp_year: '27',
      card_exp_month: '01',
      card_holder: 'CARD HOLDER',
      card_country: 'DE',
      card_recipient_birth_date: '1999-12-15',
      note: 'x',
    },
    customer_phone: '79001112233',
    customer_email: 'a@shop.example',
    customer_code: 'sberbank',
    customer_first_name: 'Иван',
    customer_last_name: 'I',
    customer_country: 'DEU',
    project_url: 'https://shop.example',
  });
});
