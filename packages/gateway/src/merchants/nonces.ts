import { createBatch } from '../db/batch.ts';
import { isStatementRefused, type Sql, type Statement } from '../db/pool.ts';

type Nonce = { readonly merchantId: bigint; readonly nonce: string };

export type Nonces = {
  /** `unknown`: the database did not answer, so the request must not be believed. */
  take(nonce: Nonce): Promise<'fresh' | 'used' | 'unknown'>;
};

export type NoncesOptions = {
  readonly db: Sql;
  readonly overloaded: () => Error;
  readonly onError: (error: unknown) => void;
};

/** Three times as long as a signed time may be away from the clock: clocks of gateways and database differ a little. */
const keptMinutes = 15;

// In one order, so that two groups with the same nonces never wait for each other in a circle.
const takeNonces: Statement = {
  name: 'take_nonces',
  text: `insert into signature_nonce (merchant_id, nonce, expires_at)
    select merchant_id, nonce, clock_timestamp() + ${keptMinutes} * interval '1 minute'
    from unnest($1::bigint[], $2::text[]) as n (merchant_id, nonce) order by merchant_id, nonce
    on conflict (merchant_id, nonce) do nothing returning merchant_id, nonce`,
};

/** Remembers the nonces of signed requests, so that a captured request is worth nothing a second time. */
export function createNonces({ db, overloaded, onError }: NoncesOptions): Nonces {
  const batch = createBatch<Nonce, boolean>({
    itemsMax: 300,
    groupsMax: 2,
    waitingMax: 2_000,
    overloaded,
    isRetrySafe: isStatementRefused,
    async run(items) {
      const rows = await db.run<{ merchant_id: bigint; nonce: string }>(takeNonces, [
        items.map(({ merchantId }) => merchantId),
        items.map(({ nonce }) => nonce),
      ]);
      const fresh = new Set(rows.map((row) => `${row.merchant_id} ${row.nonce}`));
      // Of two in one group the first has it.
      return items.map(({ merchantId, nonce }) => fresh.delete(`${merchantId} ${nonce}`));
    },
  });
  return {
    async take(nonce) {
      try {
        return (await batch.add(nonce)) ? 'fresh' : 'used';
      } catch (error) {
        onError(error);
        return 'unknown';
      }
    },
  };
}

/** What is older than any signature that could still be accepted. */
export async function sweepNonces(sql: Sql): Promise<void> {
  await sql.query('delete from signature_nonce where expires_at < now()');
}
