import type { Db, Tx } from '../db/pool.ts';
import { describeViolation, type Violation } from '../ledger/audit-check.ts';
import { auditNext, type Pass } from '../ledger/audit-slices.ts';
import { setPause } from './pause.ts';

type Needs = {
  readonly db: Db;
  readonly monotonicMs: () => number;
  /** How often a pass over the ledger is due, over all processes; 0 = never. */
  readonly everyMs: number;
  /** When the first pass is made; a moment after the start, to be out of its way. */
  readonly firstAfterMs?: number;
  /** The record of what was done and by whom. */
  readonly recordAction: (
    tx: Tx,
    action: {
      readonly actor: string;
      readonly action: string;
      readonly subject: string;
      readonly detail: { readonly reason: string };
    },
  ) => Promise<unknown>;
  /** For people to see at once. Told once per finding, not at every pass. */
  readonly onViolation: (violation: Violation, text: string) => void;
  readonly onError: (error: unknown) => void;
};

export type LedgerWatch = {
  /** One pass, if one is due; undefined: another process has just made it. */
  pass(): Promise<Pass | undefined>;
  /** What was read since the start, and how many violations the last pass found. For metrics. */
  figures(): LedgerFigures;
  stop(): Promise<void>;
};

export type LedgerFigures = {
  readonly passes: number;
  readonly postings: number;
  readonly payouts: number;
  readonly violations: number;
  readonly failures: number;
};

const actor = 'system:audit';
/** Of a minute: enough for ten million payouts in some hours, little enough not to be felt. */
const budgetShare = 0.05;
const budgetMaxMs = 3_000;
const reasonMax = 1_000;

/**
 * The audit beside the work: what it finds wrong with an account opens an incident and stops the sending of that
 * account's payouts until a person lifts the pause. A finding whose incident is still open stops nothing anew, so that
 * whoever lifts the pause has the last word.
 */
export function watchLedger(needs: Needs): LedgerWatch {
  let figures: LedgerFigures = { passes: 0, postings: 0, payouts: 0, violations: 0, failures: 0 };
  let isStopped = false;
  let running: Promise<unknown> = Promise.resolve();

  async function pass(): Promise<Pass | undefined> {
    const { everyMs, monotonicMs } = needs;
    const budgetMs = Math.min(everyMs * budgetShare, budgetMaxMs);
    const done = await auditNext(needs.db, { everyMs, budgetMs, monotonicMs });
    if (done === undefined) return undefined;
    for (const violation of done.violations) await report(needs, violation);
    figures = {
      ...figures,
      passes: figures.passes + 1,
      postings: figures.postings + done.postings,
      payouts: figures.payouts + done.payouts,
      violations: done.violations.length,
    };
    return done;
  }

  function turn(): void {
    running = pass()
      .catch((error: unknown) => {
        figures = { ...figures, failures: figures.failures + 1 };
        needs.onError(error);
      })
      .then(() => {
        if (!isStopped) timer = setTimeout(turn, needs.everyMs);
      });
  }

  const firstAfterMs = needs.firstAfterMs ?? Math.min(needs.everyMs, 1_000);
  let timer = needs.everyMs === 0 ? undefined : setTimeout(turn, firstAfterMs);
  return {
    pass,
    figures: () => figures,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

/** The incident and the pause are one transaction: neither is there without the other. */
async function report(needs: Needs, violation: Violation): Promise<void> {
  const text = `${violation.check}: ${describeViolation(violation)}`;
  const { merchantId, accountId } = violation;
  if (merchantId === undefined) return needs.onViolation(violation, text);
  const isNew = await needs.db.tx(async (tx) => {
    if (!(await openIncident(tx, { ...violation, merchantId }))) return false;
    if (accountId === undefined) return true;
    const reason = `the audit found: ${text}`.slice(0, reasonMax);
    const set = await setPause(tx, { scope: 'account', merchantId, accountId, reason, setBy: actor });
    const subject = `merchant:${merchantId}/account:${accountId}`;
    if (set.isNew) await needs.recordAction(tx, { actor, action: 'pause.set', subject, detail: { reason } });
    return true;
  });
  if (isNew) needs.onViolation(violation, text);
}

/** false: it is known already, and nobody has closed it. */
async function openIncident(tx: Tx, violation: Violation & { readonly merchantId: bigint }): Promise<boolean> {
  const { merchantId, payoutId, accountId, check, detail } = violation;
  const shown = { check, ...(accountId === undefined ? {} : { account_id: accountId }), detail: detail ?? '' };
  // Two processes must not both find it absent.
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('vyplata audit incident', $1))`, [merchantId]);
  const opened = await tx.query(
    `insert into incident (merchant_id, payout_id, kind, detail)
     select $1::bigint, $2::bigint, 'audit', $3::jsonb where not exists (
       select 1 from incident where merchant_id = $1 and closed_at is null and kind = 'audit'
         and payout_id is not distinct from $2 and detail ->> 'check' = $3::jsonb ->> 'check'
         and detail ->> 'account_id' is not distinct from $3::jsonb ->> 'account_id')
     returning 1`,
    [merchantId, payoutId ?? null, JSON.stringify(shown)],
  );
  return opened.length > 0;
}
