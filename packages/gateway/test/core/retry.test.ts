import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffMs, delayWithJitter, notificationDelaysMs } from '../../src/core/retry.ts';

test('notifications are retried after 5 s, 30 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h', () => {
  const hours = notificationDelaysMs.map((delayMs) => delayMs / 3_600_000);
  assert.deepEqual(hours, [5 / 3600, 30 / 3600, 5 / 60, 30 / 60, 2, 5, 10, 14, 20, 24]);
});

test('jitter moves a delay by at most a tenth either way, to a whole millisecond', () => {
  assert.equal(delayWithJitter(5000, 0), 4500);
  assert.equal(delayWithJitter(5000, 0.5), 5000);
  assert.equal(delayWithJitter(5000, 1), 5500);
  assert.equal(delayWithJitter(333, 0.123), 308);
});

test('backoff doubles up to its maximum, also after very many tries', () => {
  const limits = { baseMs: 100, maxMs: 1500 };
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 5000].map((n) => backoffMs(n, limits)),
    [100, 200, 400, 800, 1500, 1500, 1500],
  );
  assert.equal(backoffMs(-1, limits), 100);
});
