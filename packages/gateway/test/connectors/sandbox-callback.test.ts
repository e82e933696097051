import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallbackRequest, Connector } from '../../src/connectors/connector.ts';
import { createSandboxConnector } from '../../src/connectors/sandbox.ts';
import { readMessage, signCallback, signatureHeader } from '../../src/connectors/sandbox-callback.ts';
import { inquireOnce } from './contract.ts';
import { makeScripted } from './sandbox-order.ts';

const secret = 'shared with the gateway';
const now = 1_800_000_000_000;

describe('callbacks of the sandbox', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vyplata-callback-'));
  const received: CallbackRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks) });
      response.end('{}');
    });
  });
  let url = '';
  let connector: Connector;

  before(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callbacks/sandbox`;
    connector = open('book.ndjson');
  });
  after(async () => {
    await connector.close();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function open(file: string): Connector {
    const bookPath = join(folder, file);
    return createSandboxConnector({ bookPath, latencyMs: 0, timeScale: 0.3, callback: { url, secret } });
  }
  const readAll = (reference: string) =>
    received.map((request) => connector.readCallback(request)).filter((callback) => callback?.reference === reference);

  /** Sends, and waits until so many callbacks have come, and a moment for one too many. */
  async function sendAndListen(name: string, count: number) {
    const order = makeScripted(name);
    const answer = await connector.send(order, AbortSignal.timeout(10_000));
    while (readAll(order.reference).length < count) await sleep(10);
    await sleep(50);
    return { order, answer, callbacks: readAll(order.reference) };
  }

  it('tell the same end as an inquiry, once', async () => {
    const { order, answer, callbacks } = await sendAndListen('paid_by_callback', 1);
    assert.equal(answer.kind, 'accepted');
    // 2 s until the callback and 3 s of grace, scaled.
    assert.ok(answer.kind === 'accepted' && answer.askInMs <= 1_500);
    const inquired = await inquireOnce(connector, order);
    assert.equal(callbacks.length, 1);
    assert.deepEqual({ ...callbacks[0]?.outcome, evidence: {} }, { ...inquired, evidence: {} });
    assert.ok(!Buffer.from(received[0]?.body ?? []).includes(order.number));
  });
  it('come three times where the script says so, also if the order was repeated', async () => {
    const { order, callbacks } = await sendAndListen('duplicate_callbacks', 3);
    assert.deepEqual(
      callbacks.map((callback) => callback?.outcome.kind),
      ['succeeded', 'succeeded', 'succeeded'],
    );
    await connector.send(order, AbortSignal.timeout(1_000));
    await sleep(800);
    assert.equal(readAll(order.reference).length, 3);
  });
  it('may contradict what was paid', async () => {
    const { order, answer, callbacks } = await sendAndListen('contradicting_callback', 1);
    assert.equal(answer.kind, 'succeeded');
    assert.deepEqual(callbacks[0]?.outcome, {
      kind: 'rejected',
      reason: 'returned',
      evidence: { provider: 'sandbox', callback: true },
    });
    assert.equal((await inquireOnce(connector, order)).kind, 'succeeded');
  });
  it('do not come after close', async () => {
    const closing = open('closing.ndjson');
    const order = makeScripted('paid_by_callback');
    assert.equal((await closing.send(order, AbortSignal.timeout(1_000))).kind, 'accepted');
    await closing.close();
    await sleep(800);
    assert.equal(readAll(order.reference).length, 0);
  });
  it('are not believed without a secret', () => {
    const silent = createSandboxConnector({ bookPath: join(folder, 'silent.ndjson') });
    assert.ok(received.length > 0);
    for (const request of received) assert.equal(silent.readCallback(request), undefined);
    return silent.close();
  });
});

describe('the signature of a callback', () => {
  const message = { kind: 'rejected', reference: '7-1', reason: 'card_expired' };
  const write = (value: unknown, more: { readonly at?: number; readonly secret?: string } = {}) => {
    const body = typeof value === 'string' ? value : JSON.stringify(value);
    const signature = signCallback({ secret, body, at: now, ...more });
    return { headers: { [signatureHeader]: signature }, body: Buffer.from(body), secret, now };
  };

  it('is valid for five minutes both ways', () => {
    for (const at of [now - 300_000, now, now + 300_000])
      assert.deepEqual(readMessage(write(message, { at })), message);
    for (const at of [now - 300_001, now + 300_001, 0]) assert.equal(readMessage(write(message, { at })), undefined);
  });
  it('covers its time', () => {
    const request = write(message, { at: now - 400_000 });
    const signature = request.headers[signatureHeader]?.replace(/t=\d+/, `t=${now}`) ?? '';
    assert.equal(readMessage({ ...request, headers: { [signatureHeader]: signature } }), undefined);
  });
  it('needs the secret', () => {
    assert.equal(readMessage(write(message, { secret: 'another' })), undefined);
  });
  it('stands in one header, in one form', () => {
    const request = write(message);
    const valid = request.headers[signatureHeader] ?? '';
    const wrong = [
      '',
      'v1',
      valid.slice(0, -1),
      `${valid}0`,
      valid.toUpperCase(),
      ` ${valid}`,
      `${valid},v1=00`,
      [valid],
    ];
    for (const signature of wrong) {
      assert.equal(
        readMessage({ ...request, headers: { [signatureHeader]: signature } }),
        undefined,
        String(signature),
      );
    }
  });
  it('does not make sense of what makes none', () => {
    const executed = { kind: 'executed', reference: '7-1', paidMinor: '5', providerId: 'p', rrn: '1' };
    assert.deepEqual(readMessage(write(executed)), { ...executed, paidMinor: 5n });
    const wrong = [
      '',
      '{',
      'null',
      '[]',
      ...['0', '-5', '1e3', ' 5', 5].map((paidMinor) => ({ ...executed, paidMinor })),
    ];
    const unknown = [
      { ...message, reason: 'mood' },
      { ...message, kind: 'paid' },
      { ...message, reference: '' },
    ];
    for (const value of [...wrong, ...unknown]) {
      assert.equal(readMessage(write(value)), undefined, JSON.stringify(value));
    }
    assert.equal(readMessage(write({ ...message, more: 'x'.repeat(5_000) })), undefined);
  });
});
