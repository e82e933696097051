import { createHash } from 'node:crypto';
import { Refusal } from '../core/problem.ts';
import type { Db } from '../db/pool.ts';

export type SignInGuard = {
  /**
   * Counts one try for each key before it is made, or for none of them: then it throws a Refusal. Counting afterwards
   * would let a thousand tries at once all pass before the first of them has failed.
   */
  take(keys: readonly string[], triesMax?: number): Promise<void>;
  /** The try was a success, or was never made: it does not count. */
  giveBack(keys: readonly string[]): Promise<void>;
  /** Whoever holds this key proved who they are: its failures are forgotten. */
  clear(keys: readonly string[]): Promise<void>;
};

export type GuardOptions = {
  readonly db: Db;
  readonly triesMax?: number;
  readonly windowMs?: number;
};

/**
 * Ten failed tries per key within a quarter of an hour, and that key waits for the rest of it. Counted in the database:
 * all gateways on it count together, and exactly. A password of twelve characters, and six digits that change, stand
 * the few tries this leaves.
 */
export function createSignInGuard({ db, triesMax = 10, windowMs = 900_000 }: GuardOptions): SignInGuard {
  return {
    async take(keys, ofKeysMax = triesMax) {
      await db.tx(async (tx) => {
        // In one order, so that two tries with the same keys never wait for each other.
        for (const key of hashKeys(keys)) {
          const taken = await tx.query(takeOne, [key, ofKeysMax, windowMs]);
          if (taken.length > 0) continue;
          const [row] = await tx.query<{ seconds: number }>(readWait, [key, windowMs]);
          throw new Refusal([{ code: 'too_fast', field: 'request', values: { seconds: row?.seconds ?? 1 } }]);
        }
      });
    },
    async giveBack(keys) {
      for (const key of hashKeys(keys)) {
        await db.query('update sign_in_count set tries = tries - 1 where key_hash = $1 and tries > 0', [key]);
      }
    },
    async clear(keys) {
      for (const key of hashKeys(keys)) await db.query('delete from sign_in_count where key_hash = $1', [key]);
    },
  };
}

const takeOne = `
  insert into sign_in_count as c (key_hash, tries, since) values ($1, 1, clock_timestamp())
  on conflict (key_hash) do update
    set tries = case when c.since <= clock_timestamp() - $3 * interval '1 millisecond' then 1 else c.tries + 1 end,
      since = case when c.since <= clock_timestamp() - $3 * interval '1 millisecond' then excluded.since
        else c.since end
    where c.tries < $2 or c.since <= clock_timestamp() - $3 * interval '1 millisecond'
  returning tries`;

const readWait = `
  select greatest(1, ceil(extract(epoch from since + $2 * interval '1 millisecond' - clock_timestamp())))::integer
    as seconds
  from sign_in_count where key_hash = $1`;

/** Hashed: people type passwords into the field of the login now and then. */
function hashKeys(keys: readonly string[]): Buffer[] {
  return keys.map((key) => createHash('sha256').update(key).digest()).toSorted(Buffer.compare);
}
