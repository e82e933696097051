import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from '@vyplata/sdk';
import type { Sql } from '../db/pool.ts';
import type { Receiver } from './receiver.ts';
import type { Demo } from './seed.ts';
import { demoTexts } from './texts.ts';

export type Needs = {
  readonly demo: Demo;
  readonly db: Sql;
  readonly receiver: Receiver;
  readonly print: (line: string) => void;
  readonly language: 'en' | 'ru';
};

const pollMs = 20;
const waitMaxMs = 60_000;

/** Orders one real payout over HTTP, signed like any merchant's, and prints its life as it happens. */
export async function showPayout(needs: Needs): Promise<void> {
  const { demo, print } = needs;
  const texts = demoTexts[needs.language];
  const account = demo.accounts[0]?.id ?? '';
  const client = createClient({
    baseUrl: demo.baseUrl,
    account,
    key: {
      pem: await readFile(join(demo.certDir, 'private.pem'), 'utf8'),
      password: await readFile(join(demo.certDir, 'password.txt'), 'utf8'),
    },
  });
  const before = await client.accountBalance();
  print(texts.before(before.balance ?? '', before.currency ?? ''));
  const orderId = `demo-${Date.now()}`;
  const created = await client.createPayout({
    orderId,
    amount: '500.00',
    number: '79005554455',
    service: 'qiwi_rub',
    notificationEndpointId: 5,
  });
  print(texts.accepted(String(created.id), orderId));
  const held = await client.payoutStatus({ orderId });
  print(texts.held(held.accountPaymentAmount ?? ''));
  await printTransitions(needs, BigInt(created.id));
  const received = await needs.receiver.waitFor(orderId);
  print(texts.notified(received.status, received.isVerified));
  const after = await client.accountBalance();
  print(texts.after(after.balance ?? '', after.currency ?? ''));
}

/** Prints each transition when it is there, until the payout is final. */
async function printTransitions(needs: Needs, payoutId: bigint): Promise<void> {
  const texts = demoTexts[needs.language];
  const givenUpAt = performance.now() + waitMaxMs;
  let seen = 0;
  while (performance.now() < givenUpAt) {
    const rows = await needs.db.query<{ to_state: string }>(
      `select t.to_state from transition t join payout p using (merchant_id, payout_id)
       where p.payout_id = $1 order by t.version`,
      [payoutId],
    );
    for (const row of rows.slice(seen)) needs.print(texts.state(row.to_state));
    seen = rows.length;
    if (['paid', 'fail', 'cancel'].includes(rows.at(-1)?.to_state ?? '')) return;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error(`the demo payout ${payoutId} was not final within ${waitMaxMs / 1000} s: see the log`);
}
