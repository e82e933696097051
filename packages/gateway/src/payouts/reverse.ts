import type { PayoutState } from '../core/payout.ts';
import { Refusal } from '../core/problem.ts';
import { reversePaid, type Reversal, reverseUnpaid } from '../core/reversal.ts';
import type { Tx } from '../db/pool.ts';
import { postReversal } from '../ledger/reverse.ts';
import { closeIncident, type IncidentLine } from './history.ts';

type Contradicted = {
  readonly merchantId: bigint;
  readonly accountId: string;
  readonly payoutId: bigint;
  readonly kind: string;
  readonly isClosed: boolean;
  readonly state: PayoutState;
  readonly dueMinor: bigint;
  readonly debitMinor: bigint;
  readonly commissionMinor: bigint;
  readonly percentMinor: bigint;
  readonly finalPaidMinor: bigint | null;
  readonly finalCommissionMinor: bigint | null;
  readonly isReversed: boolean;
};

export type ReverseInput = {
  readonly incidentId: bigint;
  /** What the recipient of a payout got that had ended without money; undefined = all that was due. */
  readonly paidMinor: bigint | undefined;
  readonly actor: string;
  readonly reason: string;
};

/**
 * A person found that the later evidence is true: the money of a failed payout went out after all, or that of a paid
 * one came back. The final status stays, the ledger follows the money, and the incident is closed with the posting, all
 * at once. What the account cannot pay it owes, and pays with the next money that comes. Throws a Refusal when the
 * incident is closed, or is none of these two.
 */
export async function reversePayout(tx: Tx, input: ReverseInput): Promise<IncidentLine> {
  const { incidentId, actor, reason } = input;
  const found = await lockIncident(tx, incidentId);
  if (found.isClosed) throw new Refusal([{ code: 'incident_closed', field: 'incident_id' }]);
  const { merchantId, accountId, payoutId } = found;
  const postingId = await postReversal(tx, {
    merchantId,
    accountId,
    payoutId,
    actor,
    reason,
    decide: (balance) => decideReversal(found, { ...balance, paidMinor: input.paidMinor }),
  });
  return closeIncident(tx, { incidentId, actor, reason, postingId });
}

/**
 * The lock of the incident makes a second request wait and then find it closed; the lock of the payout makes its other
 * incidents wait. A statement does not see what was committed while it waited, so what counts is read by the next one.
 */
async function lockIncident(tx: Tx, incidentId: bigint): Promise<Contradicted> {
  await tx.query(`select 1 from incident where incident_id = $1 for no key update`, [incidentId]);
  // An incident that is open keeps its payout from being archived, so it stays where it is from here on.
  for (const table of ['payout', 'archived_payout']) {
    await tx.query(
      `select 1 from ${table} p where (p.merchant_id, p.payout_id) =
         (select i.merchant_id, i.payout_id from incident i where i.incident_id = $1) for no key update`,
      [incidentId],
    );
  }
  const [row] = await tx.query<Contradicted>(
    `select i.merchant_id as "merchantId", p.account_id as "accountId", p.payout_id as "payoutId", i.kind,
       i.closed_at is not null as "isClosed", p.state, p.due_minor as "dueMinor", p.debit_minor as "debitMinor",
       p.commission_minor as "commissionMinor", p.percent_minor as "percentMinor",
       p.final_paid_minor as "finalPaidMinor", p.final_commission_minor as "finalCommissionMinor",
       exists (select 1 from incident o where o.merchant_id = i.merchant_id and o.payout_id = i.payout_id
         and o.posting_id is not null) as "isReversed"
     from incident i join every_payout p using (merchant_id, payout_id)
     where i.incident_id = $1`,
    [incidentId],
  );
  if (row === undefined) throw new Refusal([{ code: 'record_unknown', field: 'incident_id' }]);
  return row;
}

type Balance = {
  readonly availableMinor: bigint;
  readonly receivableMinor: bigint;
  readonly paidMinor: bigint | undefined;
};

function decideReversal(found: Contradicted, { availableMinor, receivableMinor, paidMinor }: Balance): Reversal {
  const { kind, state, isReversed } = found;
  if (kind === 'paid_after_end' && (state === 'fail' || state === 'cancel') && !isReversed) {
    const gotMinor = paidMinor ?? found.dueMinor;
    if (gotMinor <= 0n || gotMinor > found.dueMinor) {
      throw new Refusal([{ code: 'verdict_amount', field: 'paid_amount' }]);
    }
    return reverseUnpaid({ charge: found, paidMinor: gotMinor, availableMinor });
  }
  if (kind === 'refused_after_paid' && state === 'paid' && !isReversed) {
    // Whoever names a part of it would not expect that everything moves.
    if (paidMinor !== undefined) throw new Refusal([{ code: 'returns_whole', field: 'paid_amount' }]);
    const paid = { paidMinor: found.finalPaidMinor ?? 0n, commissionMinor: found.finalCommissionMinor ?? 0n };
    return reversePaid({ ...paid, receivableMinor });
  }
  throw new Refusal([{ code: 'incident_not_reversible', field: 'incident_id' }]);
}
