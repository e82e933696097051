import type { Callback, Connector } from '../connectors/connector.ts';
import type { Sql, Statement } from '../db/pool.ts';
import { type Needs as SettleNeeds, type Settlement, settlePayout } from './settle.ts';
import { connectorOf } from './store.ts';

export type Needs = SettleNeeds & { readonly workDb: Sql };

const findAttempt: Statement = {
  name: 'find_attempt_by_reference',
  text: `select p.merchant_id, p.payout_id, a.attempt_no,
      extract(epoch from clock_timestamp() - a.started_at)::float8 * 1000 as age_ms
    from payout p
    join attempt a on a.merchant_id = p.merchant_id and a.payout_id = p.payout_id
    where p.payout_id = $1 and a.reference = $2 and a.connector = $3`,
};

type Row = { merchant_id: bigint; payout_id: bigint; attempt_no: number; age_ms: number };

const referenceForm = /^([1-9][0-9]{0,15})-([1-9][0-9]{0,5})$/;

const findArchivedPayout: Statement = {
  name: 'find_archived_by_id',
  text: `select merchant_id, payout_id, attempts, connectors,
      extract(epoch from clock_timestamp() - created_at)::float8 * 1000 as age_ms
    from archived_payout where payout_id = $1`,
};

type ArchivedRow = Omit<Row, 'attempt_no'> & { readonly attempts: number; readonly connectors: readonly string[] };

/** The attempt that a reference names, of a payout whose attempts were dropped: all of it follows from what is left. */
async function findArchived(
  sql: Sql,
  named: { readonly reference: string; readonly connector: string },
): Promise<Row | undefined> {
  const [, payoutId = '', attemptText = ''] = referenceForm.exec(named.reference) ?? [];
  const [row] = await sql.run<ArchivedRow>(findArchivedPayout, [BigInt(payoutId)]);
  const attemptNo = Number(attemptText);
  if (row === undefined || attemptNo > row.attempts || connectorOf(row, attemptNo) !== named.connector)
    return undefined;
  return { ...row, attempt_no: attemptNo };
}

/** What a provider's callback means for the payout it names; undefined = it names none that went through it. */
export async function settleCallback(
  needs: Needs,
  input: { readonly connector: Connector; readonly callback: Callback },
): Promise<Settlement | undefined> {
  const { connector, callback } = input;
  const payoutId = referenceForm.exec(callback.reference)?.[1];
  if (payoutId === undefined) return undefined;
  const { reference } = callback;
  const [live] = await needs.workDb.run<Row>(findAttempt, [BigInt(payoutId), reference, connector.name]);
  const row = live ?? (await findArchived(needs.workDb, { reference, connector: connector.name }));
  if (row === undefined) return undefined;
  const payout = await needs.reader.findPayout({ merchantId: row.merchant_id, payoutId: row.payout_id });
  if (payout === undefined) return undefined;
  const step = needs.trail?.begin('callback', payout);
  const settlement = await settlePayout(needs, {
    payout,
    event: {
      kind: 'outcome',
      source: 'callback',
      attemptNo: row.attempt_no,
      outcome: callback.outcome,
      facts: connector.facts,
      ageMs: row.age_ms,
    },
    source: { actor: `connector ${connector.name}` },
  });
  step?.end({ connector: connector.name, attemptNo: row.attempt_no, outcome: callback.outcome.kind });
  return settlement;
}
