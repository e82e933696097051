import { randomUUID } from 'node:crypto';
import type { Sql } from '../db/pool.ts';

export type Presence = {
  /** Says once more that this process is there. */
  note(): Promise<void>;
  leave(): Promise<void>;
};

type Needs = {
  readonly db: Sql;
  readonly does: { readonly serve: boolean; readonly work: boolean };
  readonly inHand: () => { readonly payouts: number; readonly notifications: number };
};

/**
 * A row per process, for people who look. Two things are decided by it: a breaking migration refuses while it sees one,
 * and nothing is archived while a process of an earlier version is there, which would not find it. Rows of processes
 * that died go after a day.
 */
export function openPresence({ db, does, inHand }: Needs): Presence {
  const processId = randomUUID();
  return {
    async note() {
      const { payouts, notifications } = inHand();
      await db.query(
        `insert into process as p (process_id, started_at, seen_at, serves, works, payouts_in_hand,
           notifications_in_hand, finds_archived)
         values ($1, clock_timestamp(), clock_timestamp(), $2, $3, $4, $5, true)
         on conflict (process_id) do update set seen_at = excluded.seen_at,
           payouts_in_hand = excluded.payouts_in_hand, notifications_in_hand = excluded.notifications_in_hand`,
        [processId, does.serve, does.work, payouts, notifications],
      );
      await db.query(`delete from process where seen_at < clock_timestamp() - interval '1 day'`);
    },
    async leave() {
      await db.query('delete from process where process_id = $1', [processId]);
    },
  };
}
