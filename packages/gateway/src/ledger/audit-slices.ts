import type { Sql, Statement } from '../db/pool.ts';
import {
  type AccountKey,
  accountsPerStep,
  auditAccounts,
  beforeAllAccounts,
  keepCheckpoints,
  listCheckpoints,
} from './audit-accounts.ts';
import { describeViolation, type Violation } from './audit-check.ts';
import { auditPayouts, findNewest, findSlice, nextMerchant, type Slice } from './audit-payouts.ts';
import { auditTotal, reservedCheck } from './audit-totals.ts';

export type Pass = {
  readonly accounts: number;
  readonly postings: number;
  readonly payouts: number;
  readonly violations: readonly Violation[];
};

export type PassOptions = {
  /** How often a pass is due, over all processes. */
  readonly everyMs: number;
  /** No new step begins after this long; a step takes a fraction of a second. */
  readonly budgetMs: number;
  readonly monotonicMs: () => number;
};

/** Past this many the queue itself is the news; summing it up each minute would only slow it down. */
const queuedMax = 100_000;
const newestPayouts = 1_000;
/** Clocks and timers of processes differ a little: a pass that is due almost now is due. */
const dueShare = 0.8;

type Progress = {
  readonly accounts_after_merchant_id: bigint;
  readonly accounts_after_id: string;
  readonly payouts_after_merchant_id: bigint;
  readonly payouts_after_id: bigint;
};

/** One process at a time. Two at once would only do the same reading twice. */
const beginPass: Statement = {
  name: 'audit_begin',
  text: `update audit_progress set next_pass_at = clock_timestamp() + $1 * interval '1 millisecond'
    where next_pass_at <= clock_timestamp() returning *`,
};
const endPass: Statement = { name: 'audit_end', text: 'update audit_progress set last_pass_at = clock_timestamp()' };
const keepAccounts: Statement = {
  name: 'audit_keep_accounts',
  text: 'update audit_progress set accounts_after_merchant_id = $1, accounts_after_id = $2',
};
const keepPayouts: Statement = {
  name: 'audit_keep_payouts',
  text: 'update audit_progress set payouts_after_merchant_id = $1, payouts_after_id = $2',
};
const countQueued: Statement = {
  name: 'audit_count_queued',
  text: `select count(*)::int as count from (select 1 from job where kind = 'payout' limit ${queuedMax + 1}) j`,
};
/**
 * What a minute allows: the postings that are new on each account, whether what is reserved belongs to the payouts in
 * the queue, the payouts accepted last, and a piece of the walk over all the others. undefined: no pass is due yet.
 */
export async function auditNext(sql: Sql, options: PassOptions): Promise<Pass | undefined> {
  const startedAt = options.monotonicMs();
  const [progress] = await sql.run<Progress>(beginPass, [options.everyMs * dueShare]);
  if (progress === undefined) return undefined;
  const isOver = (share: number) => () => options.monotonicMs() - startedAt >= options.budgetMs * share;
  const reserved = await auditReserved(sql);
  const statements = await auditNewPostings(sql, progress, isOver(0.5));
  const payouts = await auditSomePayouts(sql, progress, isOver(1));
  await sql.run(endPass);
  const found = [...reserved, ...statements.violations, ...payouts.violations];
  // A payout may have been read twice: among the newest, and on the walk.
  const violations = [...new Map(found.map((one) => [`${one.check}: ${describeViolation(one)}`, one])).values()];
  return { ...statements, ...payouts, violations };
}

async function auditReserved(sql: Sql): Promise<Violation[]> {
  const [queued] = await sql.run<{ count: number }>(countQueued);
  return queued === undefined || queued.count > queuedMax ? [] : auditTotal(sql, reservedCheck);
}

/** When the next pass is due, whoever makes it. It is overdue where no process makes any. */
export async function readNextPass(sql: Sql): Promise<Date> {
  const [row] = await sql.query<{ next_pass_at: Date }>('select next_pass_at from audit_progress');
  if (row === undefined) throw new Error('the row of the audit beside the work is gone: restore it from a backup');
  return row.next_pass_at;
}

type Found = { readonly violations: Violation[] };

/** From account to account, from each one's checkpoint on, at most once around. What is wrong is found again. */
async function auditNewPostings(
  sql: Sql,
  progress: Progress,
  isOver: () => boolean,
): Promise<Found & { readonly accounts: number; readonly postings: number }> {
  const violations: Violation[] = [];
  let accounts = 0;
  let postings = 0;
  let after: AccountKey = { merchant_id: progress.accounts_after_merchant_id, account_id: progress.accounts_after_id };
  do {
    const some = await listCheckpoints(sql, after);
    let left = some;
    do {
      const steps = await auditAccounts(sql, left);
      const sound = steps.filter((step) => step.violations.length === 0);
      const moved = sound.filter((step) => step.postings > 0).map(({ checkpoint }) => checkpoint);
      await keepCheckpoints(sql, moved);
      for (const step of steps) violations.push(...step.violations);
      postings += steps.reduce((sum, step) => sum + step.postings, 0);
      left = sound.filter((step) => !step.isRead).map(({ checkpoint }) => checkpoint);
    } while (left.length > 0 && !isOver());
    accounts += some.length;
    const last = some.length < accountsPerStep ? undefined : some.at(-1);
    after = last ?? beforeAllAccounts;
    await sql.run(keepAccounts, [after.merchant_id, after.account_id]);
  } while (after !== beforeAllAccounts && !isOver());
  return { violations, accounts, postings };
}

/** Those accepted last, and then on from where the pass before stopped, at most once around. */
async function auditSomePayouts(
  sql: Sql,
  progress: Progress,
  isOver: () => boolean,
): Promise<Found & { readonly payouts: number }> {
  const violations: Violation[] = [];
  let payouts = 0;
  const read = async (slice: Slice, count: number): Promise<void> => {
    violations.push(...(await auditPayouts(sql, slice)));
    payouts += count;
  };
  for (const { count, ...slice } of await findNewest(sql, newestPayouts)) if (!isOver()) await read(slice, count);
  let merchantId: bigint | undefined = progress.payouts_after_merchant_id;
  let afterId = progress.payouts_after_id;
  do {
    const piece = await findSlice(sql, { merchantId, afterId });
    if (piece !== undefined) await read(piece.slice, piece.count);
    if (piece === undefined) merchantId = await nextMerchant(sql, merchantId);
    afterId = piece?.slice.toId ?? 0n;
  } while (merchantId !== undefined && !isOver());
  await sql.run(keepPayouts, [merchantId ?? 0n, afterId]);
  return { violations, payouts };
}
