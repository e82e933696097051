// What does it cost to follow payouts? Nanoseconds per step of a payout's life: when nobody follows, when the log has
// every step, when a collector has, and when it has a hundredth. `node bench/trail.ts [steps]`.
import { createHmac } from 'node:crypto';
import { createTrail, type Needs, type Trail } from '../packages/gateway/src/traces/trail.ts';
import { openCollector } from '../packages/gateway/src/traces/collect.ts';
import { median } from './figure.ts';

const steps = Number(process.argv[2] ?? 200_000);
const rounds = 7;
const payout = { merchantId: 1n, payoutId: 100_000_001n };
const digest = (text: string): Buffer =>
  createHmac('sha256', 'a key of thirty-two bytes, or so.').update(text).digest();
const monotonicMs = (): number => performance.now();

/** As the rooms take a step: with a look whether anybody follows. */
function takeSteps(trail: Trail | undefined): number {
  const startedAt = performance.now();
  for (let at = 0; at < steps; at += 1) {
    const step = trail?.begin('attempt', payout);
    step?.end({ connector: 'sandbox', attemptNo: 1, source: 'send', outcome: 'succeeded' });
  }
  return ((performance.now() - startedAt) * 1e6) / steps;
}

// Nobody listens there: what is measured is what the payouts' own thread has to do, not the sending.
const collector = await openCollector({
  endpoint: 'http://127.0.0.1:9',
  headers: {},
  serviceName: 'bench',
  onTrouble: () => {},
});
const shared: Needs = { digest, monotonicMs };
const log = { debug: (fields: object, text: string) => void JSON.stringify({ ...fields, text }) };
const ways: Readonly<Record<string, Trail | undefined>> = {
  'nobody follows': createTrail(shared),
  'the log has every step': createTrail({ ...shared, log }),
  'a collector has every step': createTrail({ ...shared, collector }),
  'a collector has one of a hundred': createTrail({ ...shared, collector, share: 0.01 }),
};
for (const [way, trail] of Object.entries(ways)) {
  takeSteps(trail);
  const figures = Array.from({ length: rounds }, () => takeSteps(trail));
  process.stdout.write(`${way.padEnd(36)} ${median(figures).toFixed(1).padStart(9)} ns per step\n`);
}
await collector.stop();
