import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createSandboxConnector, type SandboxConnector } from '../../src/connectors/sandbox.ts';
import { countExecutions } from '../../src/connectors/sandbox-book.ts';
import { chooseScript, judgeSandboxFields } from '../../src/connectors/sandbox-choice.ts';
import { findNamed, makeOrder, makeScripted } from './sandbox-order.ts';

const folder = mkdtempSync(join(tmpdir(), 'vyplata-choice-'));
const opened: SandboxConnector[] = [];
after(async () => {
  for (const connector of opened) await connector.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(bookName: string): { connector: SandboxConnector; bookPath: string } {
  const bookPath = join(folder, bookName);
  const connector = createSandboxConnector({ bookPath, latencyMs: 0 });
  opened.push(connector);
  return { connector, bookPath };
}

const never = new AbortController().signal;

describe('what an order wishes of the sandbox', () => {
  test('a script by its name wins over the recipient, and a delay over the script’s own', () => {
    const order = makeScripted('paid', { extra: { sandbox_script: 'fail_after_5s', sandbox_after: '60' } });
    assert.deepEqual(
      [chooseScript(order)?.name, chooseScript(order)?.finalAfterMs, chooseScript(makeScripted('partial'))?.name],
      ['fail_after_5s', 60_000, 'partial'],
    );
    const called = chooseScript(makeScripted('duplicate_callbacks', { extra: { sandbox_after: '10' } }));
    const own = findNamed('duplicate_callbacks');
    const shifts = called?.callbacks.map(({ afterMs }, index) => afterMs - (own.callbacks[index]?.afterMs ?? 0));
    assert.ok(shifts?.every((shift) => shift === 10_000 - own.finalAfterMs));
    assert.equal(chooseScript(makeOrder({ extra: { sandbox_after: '3' } }))?.name, 'paid');
    assert.equal(chooseScript(makeOrder()), undefined);
  });

  test('a seed decides, the same each time, and over many orders everything happens', () => {
    const draw = (seed: string, amountMinor: bigint) =>
      chooseScript(makeOrder({ amountMinor, extra: { sandbox_chaos: seed } }))?.name ?? 'none';
    const amounts = Array.from({ length: 500 }, (_, index) => BigInt(index + 1));
    const first = amounts.map((amount) => draw('42', amount));
    assert.deepEqual(
      amounts.map((amount) => draw('42', amount)),
      first,
    );
    assert.notDeepEqual(
      amounts.map((amount) => draw('43', amount)),
      first,
    );
    const seen = new Set(first);
    for (const name of ['paid', 'partial', 'paid_after_5s', 'lost_executed', 'duplicate_callbacks', 'cancelled']) {
      assert.ok(seen.has(name), name);
    }
    assert.ok(!seen.has('never_answers') && !seen.has('none'));
  });

  test('wishes that cannot be are refused by name', () => {
    const codes = (extra: Record<string, unknown>) => judgeSandboxFields(extra).map(({ code, field }) => [code, field]);
    assert.deepEqual(codes({ sandbox_script: 'partial', sandbox_after: '0', sandbox_chaos: 'x', other: '1' }), []);
    assert.deepEqual(codes({ sandbox_script: null, sandbox_after: null, sandbox_chaos: null }), []);
    assert.deepEqual(codes({ sandbox_script: 'explode', sandbox_after: '-1', sandbox_chaos: {} }), [
      ['sandbox_script_unknown', 'extra.sandbox_script'],
      ['sandbox_after_wrong', 'extra.sandbox_after'],
      ['field_not_text', 'extra.sandbox_chaos'],
    ]);
    assert.equal(judgeSandboxFields({ sandbox_after: '86401' }).length, 1);
  });
});

describe('a delay that is skipped', () => {
  test('the ending is final at once, for every process on the Book, and executed once', async () => {
    const { connector, bookPath } = open('skip.ndjson');
    const order = makeOrder({ extra: { sandbox_after: '3600' } });
    const inquiry = { order, sentAt: new Date(), providerId: undefined };
    assert.equal((await connector.send(order, never)).kind, 'accepted');
    assert.equal(connector.skipDelay(order.reference, 60_000), false, 'not within a minute');
    assert.equal((await connector.inquire(inquiry, never)).kind, 'accepted');
    assert.equal(connector.skipDelay(order.reference, 3_600_000), true);
    const { connector: other } = open('skip.ndjson');
    assert.equal((await other.inquire(inquiry, never)).kind, 'succeeded');
    assert.equal((await connector.send(order, never)).kind, 'succeeded', 'a repeat of the same reference');
    assert.deepEqual([...countExecutions(bookPath).values()], [1]);
  });

  test('what the sandbox does not know or will never say stays as it is', async () => {
    const { connector } = open('silent.ndjson');
    assert.equal(connector.skipDelay('nothing-1', 1e9), false);
    const silent = makeScripted('never_answers');
    const gone = new AbortController();
    const sent = connector.send(silent, gone.signal);
    gone.abort();
    await sent;
    assert.equal(connector.skipDelay(silent.reference, 1e9), false);
  });
});
