import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Connector, SendOrder } from '../../src/connectors/connector.ts';
import { createSandboxConnector, type SandboxOptions } from '../../src/connectors/sandbox.ts';
import { countExecutions, readBook } from '../../src/connectors/sandbox-book.ts';
import { signCallback, signatureHeader } from '../../src/connectors/sandbox-callback.ts';
import { sandboxScripts } from '../../src/connectors/sandbox-script.ts';
import { connectorContract, inquireOnce, inquireToEnd, sendToEnd } from './contract.ts';
import { findNamed, makeOrder, makeScripted } from './sandbox-order.ts';

const folder = mkdtempSync(join(tmpdir(), 'vyplata-sandbox-'));
const opened: Connector[] = [];
after(async () => {
  for (const connector of opened) await connector.close();
  rmSync(folder, { recursive: true, force: true });
});

const secret = 'shared';

/** Fast: 30 s become 300 ms. */
function open(options: Partial<SandboxOptions> = {}): { readonly connector: Connector; readonly bookPath: string } {
  const bookPath = join(folder, `book-${opened.length}.ndjson`);
  const connector = createSandboxConnector({ bookPath, timeScale: 0.01, ...options });
  opened.push(connector);
  return { connector, bookPath: options.bookPath ?? bookPath };
}

const soon = () => AbortSignal.timeout(150);

connectorContract('the sandbox', () => {
  const callback = { url: 'http://127.0.0.1:1/callbacks/sandbox', secret };
  // Slow enough that an order can be aborted before it is answered.
  const { connector, bookPath } = open({ callback, latencyMs: 5 });
  const names = { paid: 'paid', partial: 'partial', rejected: 'fail_card_expired', later: 'paid_after_5s' } as const;
  const write = (reference: string, at: number) => {
    const body = JSON.stringify({ kind: 'rejected', reference, reason: 'returned' });
    return { headers: { [signatureHeader]: signCallback({ secret, body, at }) }, body: Buffer.from(body) };
  };
  return {
    connector,
    order: (story) => makeScripted(story in names ? names[story as keyof typeof names] : story),
    countExecutions: (payoutId) => countExecutions(bookPath).get(String(payoutId)) ?? 0,
    writeCallback: (reference) => write(reference, Date.now()),
    writeStaleCallback: (reference) => write(reference, Date.now() - 301_000),
    close: () => connector.close(),
  };
});

describe('scripts of the sandbox', () => {
  const { connector, bookPath } = open();
  const executed = (order: SendOrder) => countExecutions(bookPath).get(String(order.payoutId)) ?? 0;

  it('pays everybody outside the table within a second', async () => {
    const real = open({ timeScale: 1 });
    const startedAt = performance.now();
    const orders = Array.from({ length: 20 }, () => makeOrder());
    const outcomes = await Promise.all(orders.map((order) => real.connector.send(order, AbortSignal.timeout(1_000))));
    const tookMs = performance.now() - startedAt;
    for (const [at, outcome] of outcomes.entries()) {
      assert.ok(outcome.kind === 'succeeded' && outcome.paidMinor === orders[at]?.amountMinor);
      assert.match(outcome.rrn ?? '', /^[0-9]{12}$/);
      assert.match(outcome.providerId ?? '', /^sbx_[0-9a-f]{16}$/);
    }
    assert.ok(tookMs >= 20 && tookMs < 1_000, `took ${tookMs} ms`);
  });
  for (const script of sandboxScripts) {
    it(`ends "${script.name}" as the table says`, async () => {
      const order = makeScripted(script.name);
      const byAmount = makeOrder({ amountMinor: BigInt(script.amount.replace('.', '')) });
      for (const each of [order, byAmount]) {
        const outcome = await sendToEnd(connector, each);
        assert.equal(outcome.kind, expectedKind(script.name, script.status));
        if (outcome.kind === 'rejected' || outcome.kind === 'cancelled') {
          assert.ok('reason' in script.ending && outcome.reason === script.ending.reason);
        }
        const isPaid = outcome.kind === 'succeeded';
        assert.equal(executed(each), isPaid ? 1 : 0);
        const half = script.name === 'partial';
        if (isPaid) assert.equal(outcome.paidMinor, half ? each.amountMinor / 2n : each.amountMinor);
      }
    });
  }
  it('accepts what is paid later, and says when to ask', async () => {
    // The sandbox's clock stands still: however slow the machine is, nothing is final yet.
    const standing = open({ clock: { now: () => 1_800_000_000_000 } }).connector;
    for (const name of ['paid_after_5s', 'paid_after_30s', 'paid_by_callback', 'fail_after_5s']) {
      const outcome = await standing.send(makeScripted(name), AbortSignal.timeout(10_000));
      assert.ok(outcome.kind === 'accepted', name);
      assert.equal(outcome.askInMs, findNamed(name).finalAfterMs / 100);
      assert.ok(outcome.providerId);
    }
  });
  it('loses the first send of an order, and executes the repeat once', async () => {
    const order = makeScripted('lost_not_executed');
    assert.equal((await connector.send(order, soon())).kind, 'unknown');
    assert.equal((await inquireOnce(connector, order)).kind, 'not_found');
    assert.equal(executed(order), 0);
    assert.equal((await connector.send(order, soon())).kind, 'succeeded');
    assert.equal((await connector.send(order, soon())).kind, 'succeeded');
    assert.equal((await inquireOnce(connector, order)).kind, 'succeeded');
    assert.equal(executed(order), 1);
  });
  it('answers a repeat of what it executed without an answer', async () => {
    for (const name of ['lost_executed', 'garbage_answer']) {
      const order = makeScripted(name);
      assert.equal((await connector.send(order, soon())).kind, 'unknown');
      const outcome = await connector.send(order, soon());
      assert.deepEqual(outcome, await inquireOnce(connector, order));
      assert.equal(outcome.kind, 'succeeded');
      assert.equal(executed(order), 1);
    }
  });
  it('never tells about an order that it never answers', async () => {
    const order = makeScripted('never_answers');
    for (let turn = 0; turn < 2; turn += 1) {
      assert.equal((await connector.send(order, soon())).kind, 'unknown');
      assert.equal((await inquireOnce(connector, order)).kind, 'unknown');
    }
    assert.equal(executed(order), 0);
  });
  it('pays at least one minor unit of a partial', async () => {
    for (const [amountMinor, paidMinor] of [
      [1n, 1n],
      [2n, 1n],
      [3n, 1n],
    ] as const) {
      const outcome = await connector.send(makeScripted('partial', { amountMinor }), soon());
      assert.ok(outcome.kind === 'succeeded' && outcome.paidMinor === paidMinor);
    }
  });
  it('is unknown when its Book fails', async () => {
    const failing = open({ latencyMs: 0 });
    const outcome = await failing.connector.send(makeOrder({ reference: 'no"good' }), soon());
    assert.equal(outcome.kind, 'unknown');
    assert.match(String(outcome.evidence.fault), /reference/);
    assert.equal([...readBook(failing.bookPath)].length, 0);
  });
});

/** `never_answers` and `lost_not_executed` end at the gateway: one by a person, one by a repeat. */
function expectedKind(name: string, status: string): string {
  if (name === 'lost_not_executed') return 'not_found';
  return { paid: 'succeeded', fail: 'rejected', cancel: 'cancelled', wait: 'unknown' }[status] ?? status;
}

describe('processes that share the Book of the sandbox', () => {
  it('know each other’s orders', async () => {
    const one = open();
    const other = open({ bookPath: one.bookPath });
    const order = makeScripted('paid_after_5s');
    const answer = await one.connector.send(order, soon());
    const elsewhere = await inquireOnce(other.connector, order);
    assert.deepEqual([answer.kind, elsewhere.kind], ['accepted', 'accepted']);
    const [end, otherEnd] = [await inquireToEnd(one.connector, order), await inquireToEnd(other.connector, order)];
    assert.equal(end.kind, 'succeeded');
    assert.deepEqual(end, otherEnd);
  });
  it('tell the truth about an order whose process was killed', async () => {
    const ends = {
      paid_by_callback: 'succeeded',
      lost_executed: 'succeeded',
      fail_after_5s: 'rejected',
      lost_not_executed: 'not_found',
    };
    const check = async ([name, kind]: readonly [string, string]) => {
      const { connector, bookPath } = open();
      await sendAndKill(bookPath, name);
      const order = makeScripted(name, { reference: 'sent-1', payoutId: 1n });
      assert.equal((await inquireToEnd(connector, order)).kind, kind, name);
      assert.equal(countExecutions(bookPath).get('1') ?? 0, kind === 'succeeded' ? 1 : 0);
      assert.equal((await inquireOnce(connector, makeOrder())).kind, 'not_found');
    };
    await Promise.all(Object.entries(ends).map(check));
  });
  it('are not kept alive by callbacks that are still to come', async () => {
    const { bookPath } = open();
    const sender = fileArguments(bookPath, 'paid_by_callback', 'http://127.0.0.1:1/callbacks/sandbox');
    const child = spawn(process.execPath, sender, { stdio: ['ignore', 'ignore', 'inherit'], timeout: 20_000 });
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
    assert.equal(countExecutions(bookPath).get('1'), 1);
  });
});

function fileArguments(...rest: readonly string[]): string[] {
  return [join(import.meta.dirname, 'sandbox-sender.ts'), ...rest];
}

async function sendAndKill(bookPath: string, script: string): Promise<void> {
  const child = spawn(process.execPath, fileArguments(bookPath, script), { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await closed;
}
