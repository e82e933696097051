import type { BenchDatabase } from './database.ts';
import type { BenchMerchant } from './gateway.ts';

const chunk = 100_000;
const amountMinor = 1_000;

/**
 * Final payouts as if they had been paid long ago, with everything that belongs to each: record, postings, attempt,
 * transitions, notification and delivery. The audit of the whole database holds afterwards.
 */
export async function growTables(
  database: BenchDatabase,
  merchant: BenchMerchant,
  given: { readonly count: number; readonly report: (text: string) => void },
): Promise<void> {
  const startedAt = performance.now();
  for (let done = 0; done < given.count; ) {
    const more = Math.min(chunk, given.count - done);
    await growOnce(database, merchant, more);
    done += more;
    const seconds = (performance.now() - startedAt) / 1_000;
    const left = (seconds / done) * (given.count - done);
    given.report(`${done} of ${given.count} final payouts in ${seconds.toFixed(0)} s, ${left.toFixed(0)} s more`);
  }
  // What grew long ago was looked at long ago: none of it is to be done beside what is measured.
  given.report('vacuum, analyze, checkpoint');
  await database.db.query('vacuum (analyze)');
  await database.db.query('checkpoint');
}

async function growOnce({ db }: BenchDatabase, merchant: BenchMerchant, count: number): Promise<void> {
  const accountId = merchant.accounts[0];
  await db.tx(async (tx) => {
    const values = [merchant.merchantId, accountId, amountMinor, count];
    await tx.query(
      `create temporary table old on commit drop as
       select $1::bigint as merchant_id, $2::uuid as account_id, nextval('payout_id') as payout_id,
         nextval('notification_id') as notification_id, nextval('posting_id') as hold_id,
         nextval('posting_id') as send_id, nextval('posting_id') as capture_id, n,
         b.available_minor - (n - 1) * $3::bigint as old_minor, now() - interval '90 days' as at
       from generate_series(1, $4::int) n, balance b where b.merchant_id = $1 and b.account_id = $2 order by n`,
      values,
    );
    for (const text of inserts) await tx.query(text);
    await tx.query(
      `update balance set available_minor = available_minor - $3::bigint * $4::int,
         paid_minor = paid_minor + $3::bigint * $4::int where merchant_id = $1 and account_id = $2`,
      values,
    );
  });
}

const inserts: readonly string[] = [
  `insert into order_record select merchant_id, 'old-' || payout_id, payout_id, sha256(payout_id::text::bytea), 1, at
   from old`,
  `insert into payout (merchant_id, payout_id, account_id, order_id, state, version, service_code, recipient_kind,
     recipient_mask, recipient_sealed, recipient_hash,
     currency, amount_minor, due_minor, debit_minor, commission_minor, percent_minor,
     old_available_minor, final_paid_minor, final_commission_minor, rrn, connectors, attempts, endpoint_id, created_at,
     final_at)
   select merchant_id, payout_id, account_id, 'old-' || payout_id, 'paid', 3, 'qiwi_rub', 'wallet_phone',
     '*******4455', decode(repeat(md5(n::text), 10), 'hex'), hashint8extended(payout_id, 0),
     'RUB', ${amountMinor}, ${amountMinor}, ${amountMinor}, 0,
     0, old_minor, ${amountMinor}, 0, lpad(n::text, 12, '0'), '{sandbox}', 1, 5, at, at
   from old`,
  `insert into posting (merchant_id, account_id, posting_id, kind, payout_id, connector, available_minor, held_minor,
     clearing_minor, paid_minor, available_after_minor, actor, created_at)
   select merchant_id, account_id, p.posting_id, p.kind, payout_id, p.connector, p.available * ${amountMinor},
     p.held * ${amountMinor}, p.clearing * ${amountMinor}, p.paid * ${amountMinor}, old_minor - ${amountMinor},
     'bench', at
   from old cross join lateral (values
     (hold_id, 'hold', null, -1, 1, 0, 0), (send_id, 'send', 'sandbox', 0, -1, 1, 0),
     (capture_id, 'capture', 'sandbox', 0, 0, -1, 1)
   ) as p (posting_id, kind, connector, available, held, clearing, paid)`,
  `insert into attempt (merchant_id, payout_id, attempt_no, connector, reference, state, provider_id, answer,
     started_at, ended_at)
   select merchant_id, payout_id, 1, 'sandbox', payout_id || '-1', 'succeeded', 'sbx_' || left(md5(n::text), 16),
     '{"provider":"sandbox","script":"none","arrivedAt":"2026-08-01T00:00:00.000Z"}', at, at from old`,
  `insert into transition (merchant_id, payout_id, version, from_state, to_state, cause, actor, created_at)
   select merchant_id, payout_id, t.version, t.from_state, t.to_state, 'bench', 'bench', at
   from old cross join (values (2, 'queued', 'sent'), (3, 'sent', 'paid')) as t (version, from_state, to_state)`,
  `insert into notification (merchant_id, notification_id, payout_id, account_id, endpoint_id, url, method, signed_text,
     sign, state, tries, created_at, ended_at)
   select merchant_id, notification_id, payout_id, account_id, 5, 'http://127.0.0.1:9/notifications', 'POST',
     '{"type":"payout","id":' || payout_id || ',"order_id":"old-' || payout_id || '","payment_status":"paid",'
       || '"amount":"10.00","payment_amount":"10.00","commission_amount":"0.00","is_partial_payment":false,"account":"'
       || account_id || '","service":"qiwi_rub","desc":"payout paid"}',
     repeat(md5(n::text), 10), 'delivered', 1, at, at from old`,
  `insert into delivery (merchant_id, notification_id, try_no, started_at, duration_ms, status_code, answer)
   select merchant_id, notification_id, 1, at, 5, 200, 'ok' from old`,
];

/** Makes notifications wait again, all for one receiver that does not answer. */
export async function queueNotifications({ db }: BenchDatabase, count: number): Promise<void> {
  await db.tx(async (tx) => {
    await tx.query(
      `insert into job (kind, merchant_id, subject_id, lane)
       select 'notification', merchant_id, notification_id, merchant_id || ' http://127.0.0.1:9'
       from notification where url = 'http://127.0.0.1:9/notifications' order by notification_id limit $1`,
      [count],
    );
    await tx.query(
      `update notification n set state = 'pending', ended_at = null from job j
       where j.kind = 'notification' and j.merchant_id = n.merchant_id and j.subject_id = n.notification_id
         and n.url = 'http://127.0.0.1:9/notifications'`,
    );
  });
}
