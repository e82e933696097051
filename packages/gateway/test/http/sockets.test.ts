import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer } from '../../src/http/server.ts';

const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

test('whoever resets a connection after CONNECT ends that connection and nothing else', async () => {
  const server = createServer({ log: silent, trustedProxies: [] });
  server.post('/slow', () => sleep(100, {}));
  await server.listen({ port: 0, host: '127.0.0.1' });
  const address = server.server.address();
  assert.ok(address !== null && typeof address === 'object');
  const broken: unknown[] = [];
  const note = (error: unknown): void => void broken.push(error);
  process.on('uncaughtException', note);
  const asked = 'POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n';
  for (const before of ['', asked]) {
    for (const resetAfterMs of [1, 20]) {
      const socket = connect({ port: address.port, host: '127.0.0.1' });
      socket.on('error', () => {});
      socket.write(`${before}CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n`);
      await sleep(resetAfterMs);
      socket.resetAndDestroy();
    }
  }
  await sleep(300);
  await server.close();
  process.off('uncaughtException', note);
  assert.deepEqual(broken, []);
});
