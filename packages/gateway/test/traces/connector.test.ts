import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sandboxScripts } from '../../src/connectors/sandbox-script.ts';
import { createTrail, type Span } from '../../src/traces/trail.ts';
import { startEngine } from '../payouts/engine.ts';
import { checkedOrder, monotonicMs, openRoom } from '../payouts/harness.ts';

test('a connector is told the place of each call in the trace, and an unknown outcome marks its span', async () => {
  const room = await openRoom(1_000n);
  const spans: Span[] = [];
  const collector = { write: (span: Span) => void spans.push(span) };
  const trail = createTrail({ digest: room.vault.digest, monotonicMs, collector });
  const told: (string | undefined)[] = [];
  const engine = await startEngine(room, {
    trail,
    watch: (connector) => ({
      ...connector,
      send(order, signal) {
        told.push(order.traceparent);
        return connector.send(order, signal);
      },
      inquire(inquiry, signal) {
        told.push(inquiry.order.traceparent);
        return connector.inquire(inquiry, signal);
      },
    }),
  });
  try {
    const { phone } = sandboxScripts.find(({ name }) => name === 'garbage_answer') ?? assert.fail();
    const checked = checkedOrder(room, { orderId: 'garbage', amountMinor: 100n });
    const recipient = { number: phone, mask: checked.recipient.mask };
    const creator = await room.openCreator();
    const answer = await creator.create({ ...checked, order: { ...checked.order, number: phone }, recipient });
    assert.ok(answer.kind === 'created');
    assert.equal((await engine.waitForEnd(answer.payoutId)).state, 'paid');
    const calls = spans.filter(({ name }) => name === 'payout.attempt' || name === 'payout.inquiry');
    assert.deepEqual(
      told,
      calls.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`),
    );
    const [attempt, inquiry] = calls;
    assert.deepEqual([attempt?.name, attempt?.attributes['vyplata.is_failed']], ['payout.attempt', true]);
    assert.deepEqual([inquiry?.name, inquiry?.attributes['vyplata.outcome']], ['payout.inquiry', 'succeeded']);
    assert.ok(!JSON.stringify(spans).includes(phone));
  } finally {
    await engine.stop();
    await room.close();
  }
});
