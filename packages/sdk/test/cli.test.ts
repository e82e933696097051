import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { signTestNotification } from '../src/notification.ts';
import { verifySignature } from '../src/signature.ts';
import * as net from './receiver.ts';
import { run } from './run-cli.ts';
import { parseJson, readVector, requestVectors } from './vectors.ts';

const vectors = fileURLToPath(new URL('vectors', import.meta.url));
const account = '93d5df06-996c-48c3-9847-348d6b580b80';
const folder = await mkdtemp(join(tmpdir(), 'vyplata-cli-'));
after(() => rm(folder, { recursive: true }));

function envFor(url: string): Record<string, string> {
  return { VYPLATA_URL: url, VYPLATA_ACCOUNT: account, VYPLATA_CERT_DIR: join(vectors, 'payout') };
}

const create = ['payout', 'create', '--amount', '1000.44', '--number', '4276380000000008', '--service'];
const order = [...create, 'payment_card_rub', '--order-id', 'order-1'];

test('payout create signs and orders; --json prints one document', async () => {
  await using server = await net.startServer([net.reply(200, net.ACCEPTED)]);
  const extra = ['--extra', 'card_holder=A=B', '--customer-code', 'sberbank', '--notification-id', '5'];
  const { code, out, err } = await run([...order, ...extra, '--json'], { env: envFor(server.url) });
  assert.deepEqual([code, err], [0, '']);
  assert.equal(parseJson(out).id, 100_001_524);
  const { body, sign } = server.received[0] ?? assert.fail();
  assert.deepEqual(parseJson(body), {
    amount: '1000.44',
    number: '4276380000000008',
    order_id: 'order-1',
    service: 'payment_card_rub',
    notification_endpoint_id: 5,
    extra: { card_holder: 'A=B' },
    customer_code: 'sberbank',
  });
  const key = createPublicKey(readVector('payout/public.pem'));
  assert.ok(verifySignature({ body, sign, key, digest: 'sha1' }));
});

test('exit codes: refused 1, unknown 3, not paid 4, conflict 5', async () => {
  const poor = net.reply(400, net.refusal({ amount: ['Not enough funds.'] }), net.NO);
  const taken = net.reply(400, net.refusal({ order_id: ['Other values.'] }), {
    'payout-created': 'yes',
    'payout-id': '7',
  });
  const cancelled = net.reply(200, net.statusOf({ payment_status: 'cancel' }));
  const cases: [net.Step[], string[], number, RegExp][] = [
    [[poor], order, 1, /refused[\s\S]*amount: Not enough funds\.\nNothing was created\./],
    [[net.reply(404, '<html>')], order, 3, /not known whether the payout exists/],
    [[taken], order, 5, /already exists[\s\S]*payout 7/],
    [[net.reply(200, net.ACCEPTED), cancelled], [...order, '--wait'], 4, /^$/],
    [[cancelled], ['payout', 'wait', '--order-id', 'order-1'], 4, /^$/],
    [[net.reply(200, net.statusOf())], ['payout', 'wait', '--id', '5', '--timeout', '0.2'], 3, /not final yet/],
    [[net.reply(400, net.refusal({ id: ['Not found.'] }))], ['payout', 'status', '--id', '5'], 1, /no such payout/],
    [[net.reply(400, net.refusal({ sign: ['Wrong.'] }))], ['balance'], 1, /refused[\s\S]*sign: Wrong\.\n$/],
  ];
  await Promise.all(
    cases.map(async ([steps, args, expected, message]) => {
      await using server = await net.startServer(steps);
      const { code, err } = await run(args, { env: envFor(server.url) });
      assert.equal(code, expected, `${args.join(' ')}: ${err}`);
      assert.match(err, message);
    }),
  );
});

test('an interrupted create says that the outcome is unknown', async () => {
  const asked = Promise.withResolvers<void>();
  await using server = await net.startServer([() => asked.resolve()]);
  const { code, out } = await run([...order, '--json'], { env: envFor(server.url), interruptWhen: asked.promise });
  assert.equal(code, 3);
  const error = parseJson(out).error as Record<string, unknown>;
  assert.deepEqual([error.code, error.created], ['aborted', 'unknown']);
});

test('usage mistakes end with 2 and a sentence, before anything is sent', async () => {
  await using server = await net.startServer([net.reply(200, net.ACCEPTED)]);
  const env = envFor(server.url);
  const cases: [string[], Record<string, string>, RegExp][] = [
    [['payout', 'create'], env, /required option '--amount/],
    [['payout', 'refund'], env, /unknown command 'refund'/],
    [['payout', 'status'], env, /--order-id or by --id/],
    [[...order, '--extra', 'x'], env, /name=value/],
    [['balance'], {}, /Give --url, set VYPLATA_URL/],
    [['balance', '--cert-dir', join(folder, 'none')], env, /Cannot read .*private\.pem/],
    [['balance', '--account', '5'], env, /not a UUID/],
    [['info', '--demo', folder], {}, /Cannot read .*demo\.json/],
    [['verify', '--query', 'a=b'], {}, /--public-key/],
  ];
  await Promise.all(
    cases.map(async ([args, environment, message]) => {
      const { code, err } = await run(args, { env: environment });
      assert.equal(code, 2, args.join(' '));
      assert.match(err, message);
    }),
  );
  assert.equal(server.received.length, 0);
});

test('help names the exit codes', async () => {
  const { code, out } = await run(['--help']);
  assert.equal(code, 0);
  assert.match(out, /3 {2}outcome unknown/);
});

test('the language of LANG speaks, and asks the gateway to speak it', async () => {
  const balance = { currency: 'RUB', balance: '93.84000000', pending_payouts: '0.00000000' };
  await using server = await net.startServer([net.reply(200, balance)]);
  const russian = await run(['balance'], { env: { ...envFor(server.url), LANG: 'ru_RU.UTF-8' } });
  assert.match(russian.out, /^Валюта +RUB\nДоступно +93\.84000000\n/);
  assert.equal(server.received[0]?.headers['accept-language'], 'ru');
  const english = await run(['balance'], { env: envFor(server.url) });
  assert.match(english.out, /^Currency +RUB\nAvailable +93\.84000000\n/);
});

test('a terminal never obeys what an order id holds', async () => {
  await using server = await net.startServer([net.reply(200, net.statusOf({ order_id: 'a\u001b[2Jb' }))]);
  const { out } = await run(['payout', 'status', '--id', '5'], { env: envFor(server.url) });
  assert.match(out, /a\\u001b\[2Jb/);
});

test('--demo finds address, account by currency, key and public key', async () => {
  const data = join(folder, 'data');
  await mkdir(join(data, 'demo'), { recursive: true });
  await using server = await net.startServer([net.reply(200, { balance: '1.00000000' })]);
  const accounts = [
    { id: '00000000-0000-4000-8000-000000000000', currency: 'EUR' },
    { id: account, currency: 'RUB' },
  ];
  const notificationPublicKey = readVector('notification/public.pem');
  const demo = { baseUrl: server.url, accounts, certDir: join(vectors, 'payout'), notificationPublicKey };
  await writeFile(join(data, 'demo', 'demo.json'), JSON.stringify(demo));
  assert.equal((await run(['balance', '--demo', data, '--account', 'rub'])).code, 0);
  assert.equal(server.received[0]?.headers.account, account);
  assert.equal((await run(['balance', '--demo', data])).code, 0);
  assert.equal(server.received[1]?.headers.account, accounts[0]?.id);
  const key = createPrivateKey(readVector('notification/private.pem'));
  const { body } = await signTestNotification({ key });
  assert.equal((await run(['verify', '--demo', data], { input: body })).code, 0);
});

test('keys generate makes a private folder and an archive, and overwrites nothing', async () => {
  const out = join(folder, 'cert');
  const made = await run(['keys', 'generate', '--out', out]);
  assert.equal(made.code, 0, made.err);
  assert.deepEqual(await readdir(out), ['password.txt', 'private.pem', 'public.pem']);
  assert.equal((await stat(join(out, 'private.pem'))).mode & 0o777, 0o600);
  const before = await readFile(join(out, 'private.pem'), 'utf8');
  const password = await readFile(join(out, 'password.txt'), 'utf8');
  assert.ok(!`${made.out}${made.err}`.includes(password));
  const again = await run(['keys', 'generate', '--out', out]);
  assert.equal(again.code, 2);
  assert.match(again.err, /never overwritten/);
  assert.equal(await readFile(join(out, 'private.pem'), 'utf8'), before);

  const zip = join(folder, 'cert.zip');
  assert.equal((await run(['keys', 'generate', '--out', zip])).code, 0);
  const [ofFolder, ofPublic, ofZip] = await Promise.all(
    [out, join(out, 'public.pem'), zip].map((path) => run(['keys', 'inspect', path, '--json'])),
  );
  const inspected = parseJson(ofFolder?.out);
  assert.deepEqual([inspected.kind, inspected.bits, inspected.isAcceptable], ['folder', 2048, true]);
  assert.equal(parseJson(ofPublic?.out).fingerprint, inspected.fingerprint);
  assert.equal(parseJson(ofZip?.out).kind, 'archive');
});

test('keys inspect says why a key is not acceptable', async () => {
  const n = Buffer.from((2n ** 1023n + 1n).toString(16), 'hex').toString('base64url');
  const short = createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
  const path = join(folder, 'short.pem');
  await writeFile(path, short.export({ type: 'spki', format: 'pem' }));
  const { code, out } = await run(['keys', 'inspect', path]);
  assert.equal(code, 1);
  assert.match(out, /key_too_short: the key is shorter than 2048 bits/);
});

test('sign prints the header for the very bytes', async () => {
  const cert = ['--cert-dir', join(vectors, 'payout')];
  const vector = requestVectors.find(({ name }) => name === 'py json.dumps raw unicode') ?? assert.fail();
  const body = Buffer.from(vector.body_base64, 'base64');
  const file = join(folder, 'body.json');
  await writeFile(file, body);
  assert.equal((await run(['sign', ...cert, file])).out, `${vector.sign}\n`);
  const fromInput = await run(['sign', ...cert, '--json'], { input: body.toString() });
  assert.deepEqual(parseJson(fromInput.out), { sign: vector.sign, digest: 'sha1' });
});

test('verify tells a genuine notification from a changed one', async () => {
  const key = createPrivateKey(readVector('notification/private.pem'));
  const publicKey = ['--public-key', join(vectors, 'notification/public.pem')];
  const post = await signTestNotification({ key });
  const get = await signTestNotification({ key, method: 'GET' });
  const results = await Promise.all([
    run(['verify', ...publicKey], { input: post.body }),
    run(['verify', ...publicKey, '--query', get.query]),
    run(['verify', ...publicKey, '--url', `https://shop.example/hook?${get.query}`, '--json']),
    run(['verify', ...publicKey], { input: post.body.replace('"300.00"', '"900.00"') }),
    run(['verify', ...publicKey, '--json'], { input: '' }),
  ]);
  assert.deepEqual(
    results.map(({ code }) => code),
    [0, 0, 0, 1, 1],
  );
  const { notification } = parseJson(results[2]?.out);
  assert.equal((notification as Record<string, unknown>).amount, '300.00');
  assert.match(results[3]?.out ?? '', /NOT genuine.*sign_mismatch/);
  assert.equal(parseJson(results[4]?.out).reason, 'malformed');
});
