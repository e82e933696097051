import { countExecutions } from '../../src/connectors/sandbox-book.ts';
import { auditLedger } from '../../src/ledger/audit.ts';
import { type Answer, post } from './load.ts';
import type { Shop, Site } from './site.ts';

export type Figures = {
  readonly acknowledged: number;
  readonly lost: number;
  readonly executedTwice: number;
  readonly stuck: number;
  readonly violated: number;
  readonly undelivered: number;
  /** Creates whose answer left it open, and which status could not settle. */
  readonly unresolved: number;
  readonly recoveredMs: number;
};

const recoverMaxMs = 90_000;

/** Waits until nothing is under way, and counts what must be zero. */
export async function verifySite(site: Site, shop: Shop, answers: readonly Answer[]): Promise<Figures> {
  const startedAt = performance.now();
  while ((await countOpen(site, shop)) > 0 && performance.now() - startedAt < recoverMaxMs) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const recoveredMs = performance.now() - startedAt;
  const rows = await site
    .db()
    .query<{ id: bigint; orderId: string; state: string }>(
      'select payout_id as id, order_id as "orderId", state from payout where merchant_id = $1',
      [shop.merchantId],
    );
  const byOrder = new Map(rows.map((row) => [row.orderId, row]));
  const acknowledged = answers.filter((answer) => answer.status === 200);
  const book = countExecutions(site.bookPath);
  const audit = await auditLedger(site.db());
  return {
    acknowledged: acknowledged.length,
    lost: acknowledged.filter(({ orderId, id }) => Number(byOrder.get(orderId)?.id) !== id).length,
    executedTwice: [...book.values()].filter((count) => count > 1).length,
    stuck: rows.filter((row) => row.state !== 'paid').length,
    violated: audit.filter((result) => result.violations.length > 0).length + countPaidMismatch(rows, book),
    undelivered: await countUndelivered(site, shop),
    unresolved: await countUnresolved(site, shop, { answers, byOrder }),
    recoveredMs,
  };
}

async function countOpen(site: Site, shop: Shop): Promise<number> {
  const [row] = await site
    .db()
    .query<{ count: bigint }>('select count(*) from job where merchant_id = $1', [shop.merchantId]);
  return Number(row?.count);
}

function countPaidMismatch(rows: readonly { id: bigint; state: string }[], book: ReadonlyMap<string, number>): number {
  return rows.filter((row) => (row.state === 'paid') !== (book.get(row.id.toString()) === 1)).length;
}

async function countUndelivered(site: Site, shop: Shop): Promise<number> {
  const [row] = await site.db().query<{ count: bigint }>(
    `select count(*) from payout p where p.merchant_id = $1 and not exists (select 1 from notification n
      where n.merchant_id = p.merchant_id and n.payout_id = p.payout_id and n.state = 'delivered')`,
    [shop.merchantId],
  );
  return Number(row?.count);
}

type Seen = { readonly answers: readonly Answer[]; readonly byOrder: ReadonlyMap<string, unknown> };

/** "no" has to be true, and what was left open has to be answered by status as the database knows it. */
async function countUnresolved(site: Site, shop: Shop, { answers, byOrder }: Seen): Promise<number> {
  let wrong = answers.filter((answer) => answer.created === 'no' && byOrder.has(answer.orderId)).length;
  for (const { orderId } of answers.filter((answer) => answer.created === 'unknown' || answer.created === 'cut')) {
    const { status } = await post(site, shop, { path: '/v1/payout/status', body: `{"order_id":"${orderId}"}` });
    if ((status === 200) !== byOrder.has(orderId)) wrong += 1;
  }
  return wrong;
}
