import type { Db, Tx } from '../db/pool.ts';
import { setPause } from './pause.ts';
import { type Needs as SettleNeeds, settlePayout } from './settle.ts';

type Needs = SettleNeeds & {
  readonly db: Db;
  readonly recordAction: (
    tx: Tx,
    action: {
      readonly actor: string;
      readonly action: string;
      readonly subject: string;
      readonly detail: { readonly reason: string; readonly ids_skipped: number };
    },
  ) => Promise<unknown>;
};

export type Quarantined = {
  /** Payouts that waited to be sent, and may have been since. */
  readonly doubted: number;
  /** The first id a new payout can get. */
  readonly nextPayoutId: bigint;
};

/** Ids that merchants and providers may have seen are never given to anything else. */
const sequences = ['payout_id', 'posting_id', 'notification_id'] as const;
const pagePayouts = 500;

/**
 * To be done once after the database was set back to an earlier state, before anything works on it. Nothing is sent
 * until people lift the pause; whatever waited to be sent is asked about first, since it may have been sent in the time
 * that is missing; and new ids begin beyond those that were given in that time. May be run again at any moment.
 */
export async function quarantine(
  needs: Needs,
  input: {
    readonly actor: string;
    readonly reason: string /** More than were given since. */;
    readonly idsSkipped: number;
  },
): Promise<Quarantined> {
  const { actor, reason, idsSkipped } = input;
  await needs.db.tx(async (tx) => {
    const { pause, isNew } = await setPause(tx, { scope: 'all', reason, setBy: actor });
    // Whoever lifts it has to know that this is why, whatever it was set for first.
    if (!isNew)
      await tx.query('update pause set reason = $2, set_by = $3 where pause_id = $1', [pause.pauseId, reason, actor]);
    for (const name of sequences)
      await tx.query(`select setval($1::regclass, nextval($1::regclass) + $2)`, [name, idsSkipped]);
    const detail = { reason, ids_skipped: idsSkipped };
    await needs.recordAction(tx, { actor, action: 'database.quarantine', subject: 'database', detail });
  });
  let doubted = 0;
  for (let page = await listQueued(needs.db); page.length > 0; page = await listQueued(needs.db)) {
    const done = await Promise.all(page.map((key) => doubtPayout(needs, key, actor)));
    doubted += done.filter(Boolean).length;
    if (!done.includes(true)) throw new Error('payouts cannot be taken into quarantine: does a gateway work on them?');
  }
  await backdateAttempts(needs.db);
  const [next] = await needs.db.query<{ id: bigint }>('select last_value + 1 as id from payout_id');
  return { doubted, nextPayoutId: next?.id ?? 0n };
}

type Key = { readonly merchantId: bigint; readonly payoutId: bigint };

function listQueued(db: Db): Promise<Key[]> {
  return db.query<Key>(
    `select merchant_id as "merchantId", payout_id as "payoutId" from payout where state = 'queued'
     order by payout_id limit $1`,
    [pagePayouts],
  );
}

async function doubtPayout(needs: Needs, key: Key, actor: string): Promise<boolean> {
  const payout = await needs.reader.findPayout(key);
  if (payout === undefined) return false;
  const settlement = await settlePayout(needs, { payout, event: { kind: 'restore' }, source: { actor } });
  return settlement.kind === 'applied';
}

/** If it was sent, then at some time since it was accepted: a provider's memory of it is counted from there. */
async function backdateAttempts(db: Db): Promise<void> {
  await db.query(
    `update attempt a set started_at = p.created_at
     from payout p, transition t
     where a.state in ('open', 'accepted', 'unknown') and (p.merchant_id, p.payout_id) = (a.merchant_id, a.payout_id)
       and (t.merchant_id, t.payout_id) = (a.merchant_id, a.payout_id) and t.cause = 'restored'
       and a.started_at > p.created_at`,
  );
}
