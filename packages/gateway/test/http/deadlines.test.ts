import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDeadlines } from '../../src/http/deadlines.ts';

test('a request that has no answer in time gets one, and a request that has one does not', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let nowMs = 0;
  const deadlines = createDeadlines({ withinMs: 10_000, monotonicMs: () => nowMs });
  const late: string[] = [];
  const tick = (ms: number): void => {
    nowMs += ms;
    t.mock.timers.tick(ms);
  };

  const first = deadlines.begin(() => late.push('first'));
  const second = deadlines.begin(() => late.push('second'));
  tick(5_000);
  const third = deadlines.begin(() => late.push('third'));
  second.end();
  tick(4_750);
  assert.deepEqual(late, []);
  tick(250);
  assert.deepEqual(late, ['first']);
  assert.equal(first.isLate, true);
  assert.equal(second.isLate, false);
  assert.equal(third.isLate, false);
  first.end();
  tick(5_000);
  assert.deepEqual(late, ['first', 'third']);
});

test('when nothing waits nothing ticks, and the next request is watched again', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let nowMs = 0;
  let looks = 0;
  const deadlines = createDeadlines({
    withinMs: 1_000,
    monotonicMs: () => {
      looks += 1;
      return nowMs;
    },
  });
  const tick = (ms: number): void => {
    nowMs += ms;
    t.mock.timers.tick(ms);
  };

  deadlines.begin(() => assert.fail('it was answered')).end();
  tick(250);
  const seen = looks;
  tick(10_000);
  assert.equal(looks, seen);

  const turn = deadlines.begin(() => {});
  tick(1_250);
  assert.equal(turn.isLate, true);
});
