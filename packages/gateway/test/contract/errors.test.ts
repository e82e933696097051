import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { signBody } from '@vyplata/sdk/signature';
import { type DemoGateway, startDemoGateway } from '../gateway.ts';
import { anOrder, openMerchant, send, type TestMerchant } from './merchant.ts';

type RawAnswer = { readonly status: number; readonly head: string; readonly body: string };

describe('errors of every kind', () => {
  let gateway: DemoGateway;
  let merchant: TestMerchant;
  before(async () => {
    gateway = await startDemoGateway();
    merchant = await openMerchant(gateway);
  });
  after(() => gateway.close());

  /** Everything the gateway says on one connection until it closes it or has been silent for a while. */
  function speak(text: string, silentMs = 400): Promise<RawAnswer[]> {
    return new Promise((resolve, reject) => {
      let received = '';
      const socket = connect(gateway.port, '127.0.0.1', () => socket.write(text, 'latin1'));
      const end = (): void => {
        socket.destroy();
        resolve(readAnswers(received));
      };
      socket.setTimeout(silentMs, end);
      socket.on('data', (part) => (received += part.toString('latin1')));
      socket.on('close', end);
      socket.on('error', (error: Error & { code?: string }) => (error.code === 'ECONNRESET' ? end() : reject(error)));
    });
  }

  function readAnswers(text: string): RawAnswer[] {
    const answers: RawAnswer[] = [];
    let rest = text;
    while (rest.startsWith('HTTP/1.1 ')) {
      const headEnd = rest.indexOf('\r\n\r\n') + 4;
      const head = rest.slice(0, headEnd);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      answers.push({ status: Number(head.slice(9, 12)), head, body: rest.slice(headEnd, headEnd + length) });
      rest = rest.slice(headEnd + length);
    }
    assert.equal(rest, '', 'nothing but whole answers');
    return answers;
  }

  function assertRefusal({ status, body }: { status: number; body: string }, what: string): void {
    assert.ok(status >= 400, `${what}: ${status}`);
    const { message, errors } = JSON.parse(body) as { message: string; errors: Record<string, string[]> };
    assert.ok(message.length > 0, what);
    assert.ok(Object.keys(errors).length > 0, what);
    for (const texts of Object.values(errors))
      assert.ok(texts.length > 0 && texts.every((text) => text.length > 5), what);
  }

  async function payoutsNow(): Promise<number> {
    const { json } = await merchant.post('/v1/account/balance', '[]');
    return Number(json['pending_payouts']) * 1e6 + Number(json['balance']);
  }

  test('unknown paths, wrong methods, wrong types and encodings are JSON with errors, in both languages', async () => {
    const { baseUrl } = gateway.demo;
    const type = { 'Content-Type': 'application/json' };
    const cases: [string, RequestInit, number][] = [
      ['/v1/nothing', { method: 'POST', headers: type, body: '{}' }, 404],
      ['/v1/payout/', { method: 'POST', headers: type, body: '{}' }, 404],
      ['/v1/%zz', { method: 'POST', headers: type, body: '{}' }, 404],
      ['/v1/payout', { method: 'GET' }, 405],
      ['/v1/payout', { method: 'PUT', headers: type, body: '{}' }, 405],
      ['/v1/account/balance', { method: 'DELETE' }, 405],
      ['/v1/payout', { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: '{}' }, 415],
      ['/v1/payout', { method: 'POST', headers: { ...type, 'Content-Encoding': 'gzip' }, body: '{}' }, 415],
      ['/v1/payout', { method: 'POST', headers: type, body: 'x'.repeat(33 * 1024) }, 413],
      ['/v1/payout', { method: 'POST', headers: type, body: '{}' }, 400],
      ['/v1/payout', { method: 'POST' }, 400],
    ];
    for (const [path, init, status] of cases) {
      const english = await send(baseUrl + path, init);
      const headers = { ...(init.headers as Record<string, string>), 'Accept-Language': 'ru' };
      const russian = await send(baseUrl + path, { ...init, headers });
      assert.equal(english.status, status, `${init.method} ${path}: ${english.text}`);
      assertRefusal({ status, body: english.text }, path);
      assertRefusal({ status, body: russian.text }, path);
      assert.match(russian.text, /[а-я]/, path);
      if (path === '/v1/payout') assert.equal(english.headers.get('payout-created'), 'no', `${init.method} ${status}`);
    }
  });

  test('junk on the socket is answered in the same shape or the connection is closed', async () => {
    const huge = 'x'.repeat(20_000);
    const shapes = [
      'junk\r\n\r\n',
      'GET /v1/payout HTTP/9.9\r\n\r\n',
      `POST /v1/payout HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}}`,
      'POST /v1/payout HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'POST /v1/payout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n',
      `POST /v1/payout HTTP/1.1\r\nHost: a\r\nX: ${huge}\r\n\r\n`,
      'POST /v1/payout HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
      'POST /v1/payout HTTP/1.1\r\nHost : a\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'CONNECT /v1/payout HTTP/1.1\r\nHost: a\r\n\r\n',
      'POST /v1/payout HTTP/1.1\r\nHost: a\r\nExpect: something\r\nContent-Length: 0\r\n\r\n',
      'POST /v1/payout HTTP/1.1\r\nContent-Length: 0\r\n\r\n',
      '\u0000\u0001\u0002\u0003',
    ];
    const moneyBefore = await payoutsNow();
    for (const shape of shapes) {
      const answers = await speak(shape);
      for (const answer of answers) {
        assertRefusal(answer, shape.slice(0, 60));
        assert.match(answer.head, /payout-created: no/i, shape.slice(0, 60));
        assert.match(answer.head, /application\/json/i);
      }
    }
    assert.equal(await payoutsNow(), moneyBefore, 'nothing was created');
  });

  function requestOf(orderId: string): string {
    const body = JSON.stringify({ ...anOrder, order_id: orderId });
    const head = [
      'POST /v1/payout HTTP/1.1',
      'Host: 127.0.0.1',
      'Content-Type: application/json',
      `Account: ${merchant.account}`,
      `Sign: ${signBody({ body, key: merchant.key })}`,
      `Content-Length: ${body.length}`,
    ];
    return `${head.join('\r\n')}\r\n\r\n${body}`;
  }

  test('junk behind a valid order on the same connection never turns its 200 into a refusal', async () => {
    for (let at = 0; at < 10; at += 1) {
      const orderId = `junk-${at}`;
      const answers = await speak(`${requestOf(orderId)}{"x":1}\r\n\r\n`, 1_000);
      assert.equal(answers[0]?.status, 200, JSON.stringify(answers));
      assert.equal(answers.length, 1, 'and nothing is said about the junk');
      const status = await merchant.post('/v1/payout/status', { order_id: orderId });
      assert.equal(status.status, 200);
    }
  });

  test('two orders in one packet are both answered, in their order', async () => {
    const answers = await speak(requestOf('pipe-1') + requestOf('pipe-2'), 1_000);
    assert.deepEqual(
      answers.map((answer) => answer.status),
      [200, 200],
    );
    const [first, second] = answers.map((answer) => (JSON.parse(answer.body) as { id: number }).id);
    assert.ok(first !== undefined && second !== undefined && first !== second);
  });

  test('unknown account, foreign account and wrong signature get the same answer', async () => {
    const body = JSON.stringify({ ...anOrder, order_id: 'foreign' });
    const post = (account: string, sign: string) =>
      send(`${gateway.demo.baseUrl}/v1/payout`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Account: account, Sign: sign },
        body,
      });
    const sign = signBody({ body, key: merchant.key });
    const other = signBody({ body: `${body} `, key: merchant.key });
    const unknown = await post('11111111-2222-4333-8444-555555555555', sign);
    const wrong = await post(merchant.account, other);
    assert.equal(unknown.status, 400);
    assert.equal(unknown.text, wrong.text);
    assert.deepEqual(Object.keys(unknown.json['errors'] as object), ['account', 'sign']);
  });

  test('all wrong fields of an order are named at once, also those that need the account', async () => {
    const order = {
      amount: '0.001',
      number: '',
      service: 'payment_card_eur',
      order_id: ' ',
      notification_endpoint_id: 77,
      notification_endpoint_url: 'ftp://x',
      customer_email: 'nobody',
      extra: { card_country: 'XX1' },
    };
    const { json, headers } = await merchant.post('/v1/payout', order);
    assert.deepEqual(Object.keys(json['errors'] as object).toSorted(), [
      'amount',
      'customer_email',
      'extra.card_country',
      'notification_endpoint_id',
      'notification_endpoint_url',
      'number',
      'order_id',
      'service',
    ]);
    assert.equal(headers.get('payout-created'), 'no');
  });
});
