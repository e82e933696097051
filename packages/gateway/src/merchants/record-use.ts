import type { Sql, Statement } from '../db/pool.ts';

type Use = { readonly merchantId: bigint; readonly firstAt: number; lastAt: number };

export type KeyUses = {
  /** Remembers that the key verified a request just now; costs no query. */
  note(merchantId: bigint, keyId: bigint): void;
  /** Writes what was noted since the last time. Throws what the database throws; the notes are kept then. */
  flush(): Promise<void>;
};

const upsertUses: Statement = {
  name: 'merchant_key_use_upsert',
  text: `
  insert into merchant_key_use as u (merchant_id, key_id, first_used_at, last_used_at)
  select * from unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::timestamptz[])
  on conflict (merchant_id, key_id) do update
    set first_used_at = least(u.first_used_at, excluded.first_used_at),
      last_used_at = greatest(u.last_used_at, excluded.last_used_at)`,
};

/** When each key was first and last used, gathered in memory: one row per request would cost more than the request. */
export function createKeyUses(needs: { readonly db: Sql; readonly clock: { now(): number } }): KeyUses {
  let uses = new Map<bigint, Use>();
  let flushing: Promise<void> | undefined;

  async function write(): Promise<void> {
    if (uses.size === 0) return;
    const taken = uses;
    uses = new Map();
    // In key order: several processes write the same rows and must not wait for each other in a circle.
    const rows = [...taken].sort(([a], [b]) => (a < b ? -1 : 1));
    try {
      await needs.db.run(upsertUses, [
        rows.map(([, use]) => use.merchantId),
        rows.map(([keyId]) => keyId),
        rows.map(([, use]) => new Date(use.firstAt)),
        rows.map(([, use]) => new Date(use.lastAt)),
      ]);
    } catch (error) {
      for (const [keyId, use] of taken) {
        const newer = uses.get(keyId);
        uses.set(keyId, newer === undefined ? use : { ...use, lastAt: newer.lastAt });
      }
      throw error;
    }
  }

  return {
    note(merchantId, keyId) {
      const now = needs.clock.now();
      const use = uses.get(keyId);
      if (use === undefined) uses.set(keyId, { merchantId, firstAt: now, lastAt: now });
      else use.lastAt = now;
    },
    async flush() {
      await flushing?.catch(() => {});
      flushing = write();
      await flushing;
    },
  };
}
