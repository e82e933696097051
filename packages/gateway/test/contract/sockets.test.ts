import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signBody } from '@vyplata/sdk/signature';
import { type DemoGateway, startDemoGateway } from '../gateway.ts';
import { brokenRequests, textOf, unusualRequests, type WholeRequest } from './broken-requests.ts';
import { anOrder, openMerchant, type TestMerchant } from './merchant.ts';
import { refusalFaults, type Speech, speak, type Talk } from './raw-socket.ts';
import { openTraces, type Traces } from './traces.ts';

/** Longer than the gateway waits for a whole request. */
const tooSlowMs = 11_800;
const slowMaxMs = 12_000;
const atOnce = 16;

describe('raw sockets', () => {
  let gateway: DemoGateway;
  let merchant: TestMerchant;
  let traces: Traces;
  let slow: Readonly<Record<string, Promise<Talk>>>;

  before(async () => {
    gateway = await startDemoGateway();
    merchant = await openMerchant(gateway);
    traces = await openTraces(gateway);
    // These take their time, so they begin now and are looked at last.
    slow = startSlow();
  });
  after(async () => {
    await traces?.close();
    await gateway?.close();
  });

  function orderOf(orderId: string): WholeRequest {
    const body = JSON.stringify({ ...anOrder, amount: '1.00', order_id: orderId });
    const headers = [
      'Host: 127.0.0.1',
      'Content-Type: application/json',
      `Account: ${merchant.account}`,
      `Sign: ${signBody({ body, key: merchant.key })}`,
      `Content-Length: ${body.length}`,
    ];
    return { line: 'POST /v1/payout HTTP/1.1', headers, body };
  }

  function order(orderId: string, ...headers: readonly string[]): string {
    const whole = orderOf(orderId);
    return textOf({ ...whole, headers: [...whole.headers, ...headers] });
  }

  const say = (...parts: Speech['parts']): Promise<Talk> => speak(gateway.port, { parts });

  function startSlow(): Record<string, Promise<Talk>> {
    const late = (orderId: string, at: number): Promise<Talk> => {
      const text = order(orderId);
      return say(text.slice(0, at), tooSlowMs, text.slice(at));
    };
    const drip = order('slow-drip');
    return {
      'slow-line': late('slow-line', 9),
      'slow-headers': late('slow-headers', 60),
      'slow-body': late('slow-body', -1),
      'slow-second': say(order('slow-first') + order('slow-second').slice(0, -1), tooSlowMs, '}'),
      'slow-drip': say(
        drip.slice(0, -24),
        ...drip
          .slice(-24)
          .split('')
          .flatMap((byte) => [600, byte]),
      ),
      'slow-chunks': say(
        order('slow-chunks').replace(/Content-Length: \d+\r\n\r\n.*/, 'Transfer-Encoding: chunked\r\n\r\n5\r\n{"a":'),
        tooSlowMs,
        '\r\n0\r\n\r\n',
      ),
      silent: say(tooSlowMs, order('silent')),
    };
  }

  /** Runs a check over a table, some connections at once; what it finds is listed. */
  async function examine<Value>(
    table: Readonly<Record<string, Value>>,
    check: (value: Value, what: string) => Promise<string[]>,
  ): Promise<string[]> {
    const found: string[] = [];
    const waiting = Object.entries(table);
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [what, value] = next;
        for (const fault of await check(value, what)) found.push(`${what}: ${fault}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return found;
  }

  const shapes = Object.keys(brokenRequests).length;
  test(`${shapes} orders in broken HTTP: refused as JSON, or cut off, and none of them is created`, async () => {
    const found = await examine(brokenRequests, async (broken, what) => {
      const whole = orderOf(`broken ${what}`);
      const text = broken({ ...whole, headers: [...whole.headers, 'Connection: close'] });
      const { answers, rest, isClosed } = await say(text);
      const faults = answers.flatMap(refusalFaults);
      if (answers.length === 0 && !isClosed) faults.push('no answer, and not closed');
      if (rest !== '') faults.push(`half an answer: ${rest.slice(0, 60)}`);
      return faults;
    });
    assert.deepEqual(found, []);
    const created = await traces.createdOf(Object.keys(brokenRequests).map((what) => `broken ${what}`));
    assert.deepEqual(created, []);
  });

  test(`${Object.keys(unusualRequests).length} orders in unusual HTTP that is right are accepted`, async () => {
    const found = await examine(unusualRequests, async (unusual, what) => {
      const whole = orderOf(`unusual ${what}`);
      const { answers } = await say(unusual({ ...whole, headers: [...whole.headers, 'Connection: close'] }));
      const last = answers.at(-1);
      return last?.status === 200 ? [] : [`${last?.status}: ${last?.body}`];
    });
    assert.deepEqual(found, []);
  });

  /** The one answer to a valid order that something else follows on the connection. */
  async function followedBy(what: string, text: string): Promise<string[]> {
    const { answers, rest, isClosed } = await say(order(`followed ${what}`) + text);
    const [first, ...more] = answers;
    const faults = more.flatMap(refusalFaults);
    if (first?.status !== 200) faults.push(`the order got ${first?.status}: ${first?.body}`);
    if (!/^payout-created: yes\r$/im.test(first?.head ?? '')) faults.push('the order is not said to be created');
    if (!isClosed) faults.push('the connection stays open');
    if (rest !== '') faults.push(`half an answer: ${rest.slice(0, 60)}`);
    return faults;
  }

  test('whatever follows a valid order on its connection, the order gets its own 200, and then the end', async () => {
    const junk: Readonly<Record<string, string>> = {
      braces: '{"x":1}',
      'one letter': 'x',
      'a line': 'junk\r\n\r\n',
      bytes: '\u0000\u00ff\u0001',
      'an unknown method': 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n',
      'a connect': 'CONNECT 127.0.0.1:443 HTTP/1.1\r\nHost: a\r\n\r\n',
      'a connect and bytes': 'CONNECT 127.0.0.1:443 HTTP/1.1\r\nHost: a\r\n\r\n\u0016\u0003\u0001',
      'two lengths': 'POST /v1/payout HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}}',
      'headers that are too large': `POST /v1/payout HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      'a bad chunk': 'POST /v1/payout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n',
      'a bare line feed': 'POST /v1/payout HTTP/1.1\nHost: a\n\n',
      'an unknown expectation': 'POST /v1/payout HTTP/1.1\r\nHost: a\r\nExpect: x\r\nContent-Length: 0\r\n\r\n',
      'an unsigned request': 'POST /v1/payout HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
      'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    };
    assert.deepEqual(await examine(junk, (text, what) => followedBy(what, text)), []);
    const created = await traces.createdOf(Object.keys(junk).map((what) => `followed ${what}`));
    assert.equal(created.length, Object.keys(junk).length, 'each order is there');
  });

  test('a body longer than its length: the order is what the length says, and the rest says nothing', async () => {
    const whole = orderOf('longer');
    const { answers } = await say(textOf({ ...whole, body: `${whole.body}${order('smuggled').slice(4)}` }));
    assert.deepEqual([answers.length, answers[0]?.status], [1, 200]);
    assert.deepEqual(await traces.createdOf(['longer', 'smuggled']), ['longer']);
  });

  test('pipelined orders are answered each, in their order, also ten of them, also cut anywhere', async () => {
    const ids = Array.from({ length: 10 }, (_, at) => `pipe-${at}`);
    const text = ids.map((orderId) => order(orderId, ...(orderId === 'pipe-9' ? ['Connection: close'] : []))).join('');
    const { answers } = await say(text.slice(0, 700), 20, text.slice(700, 701), 20, text.slice(701));
    assert.deepEqual(
      answers.map(({ status }) => status),
      ids.map(() => 200),
    );
    for (const [at, orderId] of ids.entries()) {
      const { json } = await merchant.post('/v1/payout/status', { order_id: orderId });
      assert.equal(json['id'], (JSON.parse(answers[at]?.body ?? '{}') as { id: number }).id, orderId);
    }
  });

  test('who sends an order and says "that was all" still hears how it went; half an order is refused', async () => {
    const end = (text: string): Promise<Talk> => speak(gateway.port, { parts: [text], endsItself: true });
    const whole = await end(order('half-closed'));
    assert.deepEqual([whole.answers.length, whole.answers[0]?.status, whole.isClosed], [1, 200, true]);
    const both = await end(order('half-closed-1') + order('half-closed-2'));
    assert.deepEqual([both.answers.map(({ status }) => status), both.isClosed], [[200, 200], true]);
    for (const at of [4, 30, 120, -40, -1]) {
      const cut = await end(order(`cut ${at}`).slice(0, at));
      assert.ok(cut.isClosed, `${at}`);
      assert.deepEqual(cut.answers.flatMap(refusalFaults), [], `${at}`);
      assert.deepEqual(await traces.createdOf([`cut ${at}`]), []);
    }
  });

  test('an order whose client is gone before the answer is created once, and can be asked about', async () => {
    await Promise.all(
      Array.from({ length: 5 }, (_, at) => speak(gateway.port, { parts: [order(`gone-${at}`)], silentMs: 1 })),
    );
    for (let at = 0; at < 5; at += 1) {
      const repeat = await merchant.post('/v1/payout', orderOf(`gone-${at}`).body);
      const status = await merchant.post('/v1/payout/status', { order_id: `gone-${at}` });
      assert.deepEqual([repeat.status, status.json['id']], [200, repeat.json['id']]);
    }
  });

  test('who is too slow is refused within 12 s, and what comes after the refusal is not served', async () => {
    for (const [what, talking] of Object.entries(slow)) {
      const { answers, isClosed, closedMs, rest } = await talking;
      assert.ok(closedMs !== undefined && closedMs < slowMaxMs, `${what}: ${closedMs} ms`);
      const own = what === 'slow-second' ? answers.slice(1) : answers;
      assert.deepEqual([own.flatMap(refusalFaults), rest, isClosed], [[], '', true], what);
      if (what === 'silent') assert.equal(answers.length, 0, 'nobody asked');
      else if (what === 'slow-drip') assert.ok(own.length <= 1, what);
      else
        assert.deepEqual(
          own.map(({ status }) => status),
          [408],
          what,
        );
    }
    assert.deepEqual(await traces.createdOf(['slow-first', ...Object.keys(slow)]), ['slow-first']);
  });
});
