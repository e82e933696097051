import type { Db } from '../db/pool.ts';
import { forgetAnswers } from '../notifications/forget-answers.ts';
import { archivePayouts } from '../payouts/archive.ts';
import { dropOldRecords, type KeepDays } from './drop-old.ts';

/** How many days things are kept. */
export type Retention = {
  /** After the end of a payout; 0: payouts are not archived. */
  readonly archiveAfter: number;
  /** 0: what receivers answered is kept until the payout is archived. */
  readonly answers: number;
  readonly records: KeepDays;
};

/** What goes by its age, a slice with each run, which answers whether there is more to do now. */
export function listSlices(
  db: Db,
  { archiveAfter, answers, records }: Retention,
): readonly { readonly what: string; readonly run: () => Promise<boolean> }[] {
  const archive = async () => (await archivePayouts(db, { afterHours: archiveAfter * 24 })).hasMore;
  const forget = async () => (await forgetAnswers(db, { keepHours: answers * 24 })).hasMore;
  return [
    ...(archiveAfter === 0 ? [] : [{ what: 'old payouts', run: archive }]),
    ...(answers === 0 ? [] : [{ what: 'answers of receivers', run: forget }]),
    { what: 'old records', run: () => dropOldRecords(db, records) },
  ];
}
