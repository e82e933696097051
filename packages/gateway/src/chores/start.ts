// Owns what is done again and again beside the work: sweeping, counting, forgetting, archiving, saying what is there.
// Promises that a chore that fails is reported and tried again, and that none runs twice at once in a process.
// Refuses to know what a chore does: each room has its own.
import type { Db } from '../db/pool.ts';
import { openPresence } from '../jobs/presence.ts';
import { type Rounds, startRounds } from '../jobs/rounds.ts';
import { sweepNonces } from '../merchants/nonces.ts';
import { forgetAnswers } from '../notifications/forget-answers.ts';
import { dropOldRecords, type KeepDays } from '../operators/drop-old.ts';
import { sweepSignIns } from '../operators/factors.ts';
import { sweepTombstones } from '../payouts/accept.ts';
import { archivePayouts } from '../payouts/archive.ts';
import { countPayouts } from '../payouts/count-payouts.ts';
import { createRecipientKeeper } from '../payouts/forget-recipients.ts';
import type { Vault } from '../secrets/seal.ts';

/** How long everything is kept that is not kept for ever. */
export type KeepOptions = {
  /** How long recipients' data are kept after the end of their payouts; 0 days: for ever. */
  readonly recipients: { readonly keepDays: number; readonly keepMasks: boolean };
  /** After the end of a payout; 0: payouts are not archived. */
  readonly archiveAfterDays: number;
  /** 0: what receivers answered is kept until the payout is archived. */
  readonly answerKeepDays: number;
  readonly keepDays: KeepDays;
};

type Needs = KeepOptions & {
  readonly does: { readonly serve: boolean; readonly work: boolean };
  readonly db: Db;
  readonly vault: Vault;
  readonly report: (text: string) => (error: unknown) => void;
  readonly inHand: Parameters<typeof openPresence>[0]['inHand'];
};

const minuteMs = 60_000;
const countEveryMs = 2_000;
const presenceEveryMs = 10_000;
/** Between slices: what is old can wait, and the work goes first. */
const sliceEveryMs = 250;

type Chore = Parameters<typeof startRounds>[0];

export function startChores(needs: Needs): Rounds {
  const presence = openPresence(needs);
  const sayPresent: Chore = {
    run: () => presence.note().then(() => false),
    everyMs: presenceEveryMs,
    onError: needs.report('this process could not say that it is there'),
  };
  const ofWorkers = needs.does.work ? [...listKeepers(needs), count(needs)] : [];
  // Whoever finds a merchant's rows held by another chore comes back a minute later: then not at the same moment again.
  const rounds = [sayPresent, ...listSweeps(needs), ...ofWorkers].map((chore, at) =>
    startRounds({ ...chore, firstAfterMs: 1_000 + at * 150 }),
  );
  return {
    async stop() {
      await Promise.all(rounds.map((round) => round.stop()));
      // When the database is gone, seen_at tells the same.
      await presence.leave().catch(() => {});
    },
  };
}

/** What every process clears away that has done its work. */
function listSweeps({ db, report }: Needs): Chore[] {
  const sweep = (run: () => Promise<unknown>, onError: Chore['onError']): Chore => ({
    run: () => run().then(() => false),
    everyMs: minuteMs,
    onError,
  });
  return [
    sweep(() => sweepTombstones(db), report('tombstones could not be swept')),
    sweep(() => sweepNonces(db), report('nonces could not be swept')),
    sweep(() => sweepSignIns(db), report('tries to sign in could not be swept')),
  ];
}

/** What goes by its age, a slice at a time. */
function listKeepers({ db, vault, report, ...keep }: Needs): Chore[] {
  const more = (done: Promise<{ readonly hasMore: boolean }>): Promise<boolean> => done.then(({ hasMore }) => hasMore);
  const slice = { everyMs: minuteMs, moreAfterMs: sliceEveryMs };
  const [afterHours, keepHours] = [keep.archiveAfterDays * 24, keep.answerKeepDays * 24];
  const onRecipientError = report('recipients could not be looked after');
  const keepRecipients = createRecipientKeeper({ db, vault, ...keep.recipients, onError: onRecipientError });
  const archiving: Chore = {
    ...slice,
    run: () => more(archivePayouts(db, { afterHours })),
    onError: report('payouts could not be archived'),
  };
  const forgetting: Chore = {
    ...slice,
    run: () => more(forgetAnswers(db, { keepHours })),
    onError: report('answers of receivers could not be forgotten'),
  };
  const dropping: Chore = {
    ...slice,
    run: () => dropOldRecords(db, keep.keepDays),
    onError: report('old records could not be dropped'),
  };
  return [
    { run: keepRecipients, everyMs: minuteMs, onError: onRecipientError },
    ...(keep.archiveAfterDays > 0 ? [archiving] : []),
    ...(keep.answerKeepDays > 0 ? [forgetting] : []),
    dropping,
  ];
}

function count({ db, report }: Needs): Chore {
  return { run: () => countPayouts(db), everyMs: countEveryMs, onError: report('payouts could not be counted') };
}
