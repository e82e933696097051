import type { BenchDatabase } from './database.ts';

/** What must be true after any load: speed that breaks one of these counts for nothing. */
export async function verifyLedger({ db }: BenchDatabase): Promise<void> {
  const [row] = await db.query<{ wrong: bigint; unheld: bigint; twice: bigint }>(
    `select
       (select count(*) from balance b join (
          select merchant_id, account_id, sum(available_minor) as available, sum(held_minor) as held,
            sum(clearing_minor) as clearing, sum(paid_minor) as paid from posting group by 1, 2
        ) p using (merchant_id, account_id)
        where (b.available_minor, b.held_minor, b.clearing_minor, b.paid_minor)
          <> (p.available, p.held, p.clearing, p.paid)) as wrong,
       (select count(*) from (
          select b.account_id, b.held_minor + b.clearing_minor - coalesce(sum(p.debit_minor), 0) as off
          from balance b left join payout p on p.merchant_id = b.merchant_id and p.account_id = b.account_id
            and p.state in ('queued', 'sent', 'review')
          group by b.merchant_id, b.account_id, b.held_minor, b.clearing_minor) h where h.off <> 0) as unheld,
       (select count(*) from (
          select 1 from posting where kind = 'capture' group by merchant_id, payout_id having count(*) > 1
        ) t) as twice`,
  );
  if (row === undefined || row.wrong + row.unheld + row.twice > 0n) {
    throw new Error(`the ledger is wrong after the load: ${row?.wrong}, ${row?.unheld}, ${row?.twice}`);
  }
}
