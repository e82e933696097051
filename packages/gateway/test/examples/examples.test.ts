import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { signTestNotification } from '@vyplata/sdk';
import { makeUntrusted } from '../../../sdk/test/certificate.ts';
import { type DemoGateway, startDemoGateway } from '../gateway.ts';
import { type Language, languages, runProgram } from './languages.ts';
import { startNetwork } from './network.ts';

type Commands = { payout: string[]; notification: string[] };

let gateway: DemoGateway;
let folder = '';
let orders = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vyplata-examples-'));
  gateway = await startDemoGateway();
});
after(async () => {
  await gateway.close();
  await rm(folder, { recursive: true, force: true });
});

function order(commands: Commands, given: { url?: string; orderId?: string; amount?: string; number?: string } = {}) {
  const { url = gateway.demo.baseUrl, amount = '5.00', number = '79005554455' } = given;
  orders += 1;
  const orderId = given.orderId ?? `example-${orders}`;
  const account = gateway.demo.accounts[0]?.id ?? '';
  const env = { VYPLATA_URL: url, VYPLATA_ACCOUNT: account, VYPLATA_CERT_DIR: gateway.demo.certDir };
  return runProgram([...commands.payout, orderId, amount, number, 'qiwi_rub'], { env });
}

// Each waits for time-outs and pauses most of its time.
describe('the examples', { concurrency: languages.length }, () => {
  for (const language of languages) testLanguage(language);
});

function testLanguage(language: Language): void {
  const program = language.find();
  const skip = program === undefined && `${language.name} or a library of the example is not installed`;
  describe(`the example in ${language.name}`, { skip }, () => {
    let commands: Commands;
    before(async () => {
      commands = await language.prepare(program ?? '', await mkdtemp(join(folder, 'built-')));
    });

    test('a payout is paid; a refusal and a failure say so', async () => {
      const paid = await order(commands);
      assert.equal(paid.code, 0, paid.err);
      assert.equal((JSON.parse(paid.out) as Record<string, unknown>).payment_status, 'paid');
      const refused = await order(commands, { amount: '0.00' });
      assert.equal(refused.code, 1, refused.err);
      assert.ok('amount' in (JSON.parse(refused.out) as { errors: object }).errors);
      const failed = await order(commands, { number: '79990000025' });
      assert.equal(failed.code, 4, failed.err);
      assert.match(failed.out, /card_expired/);
    });

    test('another order under the same order_id is refused, the same one is found again', async () => {
      const orderId = `example-same-${language.name}`;
      const first = await order(commands, { orderId });
      const again = await order(commands, { orderId });
      const other = await order(commands, { orderId, amount: '6.00' });
      assert.equal(again.out, first.out);
      assert.equal(other.code, 1, other.err);
      assert.match(other.out, /order_id/);
    });

    test('when answers are lost the same bytes are sent again, and one payout is made', async () => {
      const target = gateway.demo.baseUrl;
      await using network = await startNetwork({ target, fateOf: (at) => (at < 3 ? 'answer_lost' : 'answered') });
      const paid = await order(commands, { url: network.url });
      assert.equal(paid.code, 0, paid.err);
      assert.equal(network.creates.length, 3);
      assert.equal(new Set(network.creates).size, 1);
    });

    test('when no try is answered the status decides: there, or not known', async () => {
      const target = gateway.demo.baseUrl;
      await using deaf = await startNetwork({ target, fateOf: () => 'answer_lost' });
      const found = await order(commands, { url: deaf.url });
      assert.equal(found.code, 0, found.err);
      await using cut = await startNetwork({ target, fateOf: () => 'unreachable' });
      const unknown = await order(commands, { url: cut.url });
      assert.equal(unknown.code, 3, unknown.out);
      assert.match(unknown.err, /Ask the status of order/);
    });

    test('a server that nobody vouches for gets no order', async () => {
      await using server = await startUntrusted();
      const unknown = await order(commands, { url: server.url });
      assert.equal(unknown.code, 3, unknown.out);
      assert.equal(server.requests, 0);
    });

    test('a notification is told from one that was changed, in both methods', () => testNotifications(commands));
  });
}

async function testNotifications(commands: Commands): Promise<void> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const publicFile = join(await mkdtemp(join(folder, 'key-')), 'public.pem');
  await writeFile(publicFile, publicKey.export({ type: 'spki', format: 'pem' }));
  const fields = { order_id: 'заказ / "1" \u{1F600}<&>\u007f', desc: 'a + b' };
  const post = await signTestNotification({ key: privateKey, fields });
  const get = await signTestNotification({ key: privateKey, method: 'GET', fields });
  const judge = (method: string, input: string) =>
    runProgram([...commands.notification, publicFile, method], { input });
  const results = [
    await judge('POST', post.body),
    await judge('GET', get.query),
    await judge('POST', post.body.replace('"300.00"', '"900.00"')),
    await judge('GET', get.query.replace('payment_status=paid', 'payment_status=fail')),
    await judge('POST', post.body.replace(/,"sign":.*/, '}')),
  ];
  assert.deepEqual(
    results.map(({ code }) => code),
    [0, 0, 1, 1, 1],
    results.map(({ err }) => err).join(''),
  );
  assert.match(results[0]?.out ?? '', /^genuine 100000536 paid/);
}

/** A server with a certificate of its own making; counts the requests that were sent to it all the same. */
async function startUntrusted() {
  // One of its own for each: they are made at the same time.
  const untrusted = await makeUntrusted(await mkdtemp(join(folder, 'tls-')));
  const counts = { requests: 0 };
  const server = createServer(untrusted, (_request, response) => {
    counts.requests += 1;
    response.end('{"payment_status":"wait","id":1}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    get requests() {
      return counts.requests;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
