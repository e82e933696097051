import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerInTime } from '../../src/http/answer-in-time.ts';
import { answerOk } from '../../src/http/answer.ts';
import { createServer, sendAnswer } from '../../src/http/server.ts';

test('who waits too long is told so, and the late answer harms nobody', async () => {
  const errors: object[] = [];
  const log = { error: (fields: object) => void errors.push(fields), warn() {}, info() {}, debug() {} };
  const server = createServer({ log, trustedProxies: [] });
  const finish = Promise.withResolvers<void>();
  server.register((scope, _options, done) => {
    answerInTime(scope, 30);
    scope.get('/slow', async (_request, reply) => {
      await finish.promise;
      return sendAnswer(reply, answerOk('{"late":true}'));
    });
    scope.get('/broken', async () => {
      await finish.promise;
      throw new Error('too late to matter');
    });
    scope.get('/quick', (_request, reply) => sendAnswer(reply, answerOk('{"quick":true}')));
    done();
  });
  const base = await server.listen({ host: '127.0.0.1', port: 0 });
  const [slow, broken] = await Promise.all([fetch(`${base}/slow`), fetch(`${base}/broken`)]);
  for (const answer of [slow, broken]) {
    assert.equal(answer.status, 504);
    assert.deepEqual(Object.keys(((await answer.json()) as { errors: object }).errors), ['request']);
  }
  finish.resolve();
  await sleep(60);
  const quick = await fetch(`${base}/quick`);
  assert.deepEqual([quick.status, await quick.json()], [200, { quick: true }]);
  assert.deepEqual(errors, []);
  await server.close();
});

test('a file that takes longer than an answer may is sent to its end', async () => {
  const errors: object[] = [];
  const log = { error: (fields: object) => void errors.push(fields), warn() {}, info() {}, debug() {} };
  const server = createServer({ log, trustedProxies: [] });
  async function* writeSlowly(): AsyncGenerator<string> {
    yield 'first\n';
    await sleep(120);
    yield 'last\n';
  }
  server.register((scope, _options, done) => {
    answerInTime(scope, 30);
    scope.get('/file', (_request, reply) => reply.send(Readable.from(writeSlowly(), { objectMode: false })));
    done();
  });
  const base = await server.listen({ host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${base}/file`);
  assert.equal(await answer.text(), 'first\nlast\n');
  assert.deepEqual(errors, []);
  await server.close();
});
