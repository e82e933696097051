import type { Reversal } from '../core/reversal.ts';
import type { Tx } from '../db/pool.ts';

type Owed = { readonly availableMinor: bigint /** 0 or less. */; readonly receivableMinor: bigint };

/**
 * Puts right what a payout's final status left wrong. `decide` sees the balance under its lock. Answers the posting.
 * That it happens once per incident is the caller's to hold, by the incident's lock.
 */
export async function postReversal(
  tx: Tx,
  input: {
    readonly merchantId: bigint;
    readonly accountId: string;
    readonly payoutId: bigint;
    readonly actor: string;
    readonly reason: string;
    readonly decide: (balance: Owed) => Reversal;
  },
): Promise<bigint> {
  const { merchantId, accountId, payoutId, actor, reason } = input;
  const [balance] = await tx.query<Owed>(
    `select available_minor as "availableMinor", receivable_minor as "receivableMinor" from balance
     where merchant_id = $1 and account_id = $2 for no key update`,
    [merchantId, accountId],
  );
  if (balance === undefined) throw new Error(`account ${accountId} of payout ${payoutId} has no balance`);
  const { availableMinor, receivableMinor, paidMinor, commissionMinor } = input.decide(balance);
  const [row] = await tx.query<{ postingId: bigint }>(
    `with moved as (
       update balance set available_minor = available_minor + $3, receivable_minor = receivable_minor + $4,
         paid_minor = paid_minor + $5, commission_minor = commission_minor + $6
       where merchant_id = $1 and account_id = $2
       returning available_minor
     )
     insert into posting (merchant_id, account_id, posting_id, kind, payout_id, available_minor, receivable_minor,
       paid_minor, commission_minor, available_after_minor, actor, reason)
     select $1, $2, nextval('posting_id'), 'reversal', $7, $3, $4, $5, $6, available_minor, $8, $9 from moved
     returning posting_id as "postingId"`,
    [merchantId, accountId, availableMinor, receivableMinor, paidMinor, commissionMinor, payoutId, actor, reason],
  );
  if (row === undefined) throw new Error(`the balance of account ${accountId} is gone although it was locked`);
  return row.postingId;
}
