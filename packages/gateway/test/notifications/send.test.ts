import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { notificationText, signTestNotification, verifyNotification } from '@vyplata/sdk/notification';
import type { Agent } from 'undici';
import { makeGuards, openReceivers } from '../../src/notifications/connect.ts';
import { composeMessage, makeSafeText, sendMessage, type Try } from '../../src/notifications/send.ts';
import { accept, openReceiver, type Receiver, withStatus } from './receiver.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const deadlineMs = 250;

async function compose(url: string, method: 'POST' | 'GET') {
  const { fields, sign } = await signTestNotification({ key: privateKey, method });
  return composeMessage({ url, method, signedText: notificationText({ fields, method }), sign });
}

describe('one try to send a notification', () => {
  let receiver: Receiver;
  let receivers: Agent;
  before(async () => {
    receiver = await openReceiver();
    receivers = openReceivers({ guards: makeGuards({ allowLoopback: true }), deadlineMs });
  });
  beforeEach(() => {
    receiver.answer = accept;
    receiver.received.length = 0;
  });
  after(async () => {
    await receivers.destroy();
    await receiver.close();
  });

  const send = async (url = receiver.url, method: 'POST' | 'GET' = 'POST'): Promise<Try> =>
    sendMessage({ receivers, deadlineMs }, await compose(url, method), { 'webhook-id': 'ntf_1' });

  it('posts JSON that the SDK verifies', async () => {
    const made = await send();
    assert.deepEqual(
      { ...made, durationMs: 0 },
      {
        isAcknowledged: true,
        statusCode: 200,
        error: null,
        answer: 'OK',
        durationMs: 0,
      },
    );
    const [received] = receiver.received;
    assert.equal(received?.method, 'POST');
    assert.equal(received?.headers['content-type'], 'application/json');
    assert.match(received?.headers['user-agent'] ?? '', /^Vyplata\/\d+\.\d+\.\d+$/);
    assert.equal(received?.headers['webhook-id'], 'ntf_1');
    assert.equal(verifyNotification({ publicKey, method: 'POST', body: received?.body ?? '' }).valid, true);
  });

  it('gets with a query string that the SDK verifies, after the query that the URL has', async () => {
    await send(`${receiver.url}?shop=%D1%8F&x=1#part`, 'GET');
    const [received] = receiver.received;
    assert.equal(received?.method, 'GET');
    assert.equal(received?.body, '');
    assert.ok(received?.url.startsWith('/notify?shop=%D1%8F&x=1&type=payout&id='), received?.url);
    assert.equal(verifyNotification({ publicKey, method: 'GET', url: received?.url ?? '' }).valid, true);
    await send(receiver.url, 'GET');
    assert.ok(receiver.received[1]?.url.startsWith('/notify?type=payout&id='));
  });

  it('takes any 2xx for an acknowledgement and nothing else', async () => {
    for (const status of [200, 201, 204, 299]) {
      receiver.answer = withStatus(status);
      assert.equal((await send()).isAcknowledged, true, String(status));
    }
    for (const status of [300, 304, 400, 401, 404, 410, 429, 500, 503]) {
      receiver.answer = withStatus(status);
      const made = await send();
      assert.equal(made.isAcknowledged, false, String(status));
      assert.equal(made.statusCode, status);
    }
  });

  it('follows no redirect', async () => {
    receiver.answer = withStatus(307, { location: receiver.url });
    const made = await send();
    assert.equal(receiver.received.length, 1);
    assert.equal(made.isAcknowledged, false);
    assert.match(made.error ?? '', /Redirects are not followed/);
  });

  it('gives up at the deadline: no answer, and headers that drip', async () => {
    const closed = Promise.withResolvers<void>();
    receiver.answer = ({ socket }) => socket?.once('close', () => closed.resolve());
    const made = await send();
    await closed.promise;
    assert.equal(made.error, 'No answer within 0.25 s.');
    assert.equal(made.statusCode, null);
    assert.ok(made.durationMs >= deadlineMs - 5 && made.durationMs < deadlineMs + 200, String(made.durationMs));
    const timers: NodeJS.Timeout[] = [];
    receiver.answer = ({ socket }) => {
      socket?.write('HTTP/1.1 200 OK\r\n');
      timers.push(setInterval(() => socket?.write('x: y\r\n'), 20));
    };
    const dripped = await send();
    timers.forEach(clearInterval);
    assert.equal(dripped.isAcknowledged, false);
    assert.equal(dripped.error, 'No answer within 0.25 s.');
    assert.ok(dripped.durationMs < deadlineMs + 200);
  });

  it('gives up at the deadline before there is a connection, and sends nothing afterwards', async () => {
    const found = Promise.withResolvers<string[]>();
    const guards = makeGuards({ allowLoopback: true });
    const slow = openReceivers({ guards, deadlineMs, resolve: () => found.promise });
    const { href } = Object.assign(new URL(receiver.url), { hostname: 'shop.example' });
    const made = await sendMessage({ receivers: slow, deadlineMs }, await compose(href, 'POST'), {});
    assert.equal(made.error, 'No answer within 0.25 s.');
    assert.ok(made.durationMs < deadlineMs + 200, String(made.durationMs));
    const seen = receiver.connections();
    found.resolve(['127.0.0.1']);
    while (receiver.connections() === seen) await setImmediate();
    await slow.close();
    assert.equal(receiver.received.length, 0, 'the connection came too late');
  });

  it('waits for the answer behind informational ones, and takes no other protocol for one', async () => {
    receiver.answer = (response) => {
      response.writeProcessing();
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.writeHead(500).end('no');
    };
    const made = await send();
    assert.deepEqual([made.isAcknowledged, made.statusCode, made.answer], [false, 500, 'no']);
    receiver.answer = ({ socket }) =>
      socket?.end('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    const switched = await send();
    assert.deepEqual([switched.isAcknowledged, switched.statusCode], [false, null]);
    assert.ok(switched.durationMs < deadlineMs);
  });

  it('counts the status when the body never ends, and stops reading at the deadline', async () => {
    const timers: NodeJS.Timeout[] = [];
    receiver.answer = (response) => {
      response.writeHead(200);
      timers.push(setInterval(() => response.write('.'), 10));
    };
    const made = await send();
    timers.forEach(clearInterval);
    assert.equal(made.isAcknowledged, true);
    assert.match(made.answer ?? '', /^\.+$/);
    assert.ok(made.durationMs < deadlineMs + 200, String(made.durationMs));
  });

  it('reads at most 64 KiB of an answer and keeps 500 characters', async () => {
    let written = 0;
    const closed = Promise.withResolvers<void>();
    receiver.answer = (response) => {
      response.once('close', () => closed.resolve());
      response.writeHead(500);
      const write = () => {
        while (response.writable && written < 64 * 2 ** 20) {
          written += 65_536;
          if (!response.write('z'.repeat(65_536))) return;
        }
        response.end();
      };
      response.on('drain', write);
      write();
    };
    const made = await send();
    await closed.promise;
    assert.equal(made.answer, 'z'.repeat(500));
    assert.equal(made.statusCode, 500);
    assert.ok(written < 32 * 2 ** 20, `${written} bytes were taken`);
  });

  it('says why there was no answer', async () => {
    receiver.answer = ({ socket }) => socket?.destroy();
    assert.match((await send()).error ?? '', /closed before an answer came/);
    receiver.answer = ({ socket }) => socket?.end('SSH-2.0-OpenSSH\r\n');
    const garbage = await send();
    assert.equal(garbage.isAcknowledged, false);
    assert.equal(garbage.error, 'The answer is not HTTP. (HTTPParserError)');
    assert.match((await send('http://127.0.0.1:1/')).error ?? '', /refused.*ECONNREFUSED/);
    assert.match((await send('http://10.0.0.1/')).error ?? '', /not public/);
    const secure = await openReceiver({ isTls: true });
    assert.match((await send(secure.url)).error ?? '', /certificate.*DEPTH_ZERO_SELF_SIGNED_CERT/);
    assert.match((await send(receiver.url.replace('http', 'https'))).error ?? '', /SSL|TLS|closed/);
    await secure.close();
    assert.equal(secure.received.length, 0);
  });

  it('uses a connection again', async () => {
    await send();
    const seen = receiver.connections();
    await send();
    assert.equal(receiver.connections(), seen);
  });
});

describe('what is kept of an answer', () => {
  it('has no card numbers', () => {
    assert.equal(makeSafeText('card 4276111111113333 ok'), 'card **************** ok');
    assert.equal(makeSafeText('4276 1111-1111 3333'), '**** ****-**** ****');
    assert.equal(makeSafeText(`${'x'.repeat(490)}4276111111113333`), `${'x'.repeat(490)}**********`);
    assert.equal(makeSafeText('id 100000536, 2026-11-24 12:00'), 'id 100000536, 2026-11-24 12:00');
    assert.equal(makeSafeText('123456789012'), '************');
    assert.equal(makeSafeText('1234567890123456789'), '*'.repeat(19));
  });

  it('has no control characters and no half characters', () => {
    assert.equal(makeSafeText('a\n\u0000\u001b[31m\u202e\u2028'), 'a\\u{a}\\u{0}\\u{1b}[31m\\u{202e}\\u{2028}');
    const cut = makeSafeText(`${'x'.repeat(499)}😀`);
    assert.ok(cut.isWellFormed());
    assert.ok(cut.length <= 500);
    assert.ok(makeSafeText('\ud800').isWellFormed());
  });
});

describe('a message', () => {
  it('is never sent when it would read otherwise than what was signed', async () => {
    const { fields, sign } = await signTestNotification({ key: privateKey });
    const signedText = notificationText({ fields, method: 'POST' }).replace('"id":', '"id": ');
    const input = { url: 'https://shop.example/', method: 'POST', signedText, sign } as const;
    assert.throws(() => composeMessage(input), /reads differently/);
  });
});
