import { Refusal } from '../core/problem.ts';
import type { Sql, Statement, Tx } from '../db/pool.ts';

/** What is paused: everything, whatever would go through one connector, or the payouts of one account. */
export type PauseScope =
  | { readonly scope: 'all' }
  | { readonly scope: 'connector'; readonly connector: string }
  | { readonly scope: 'account'; readonly merchantId: bigint; readonly accountId: string };

/** While it stands, no new attempt of what it names is started. */
export type Pause = PauseScope & {
  readonly pauseId: bigint;
  readonly reason: string;
  readonly setBy: string;
  readonly setAt: Date;
};

type Row = {
  pause_id: bigint;
  scope: 'all' | 'connector' | 'account';
  connector: string | null;
  merchant_id: bigint | null;
  account_id: string | null;
  reason: string;
  set_by: string;
  set_at: Date;
};

const selectPauses: Statement = {
  name: 'list_pauses',
  text: `select pause_id, scope, connector, merchant_id, account_id, reason, set_by, set_at
    from pause order by pause_id`,
};

/** All of them, oldest first: there are few. */
export async function listPauses(sql: Sql): Promise<Pause[]> {
  return (await sql.run<Row>(selectPauses)).map(toPause);
}

/** What is paused already stays paused, with the reason it was given first; `isNew` says which it was. */
export async function setPause(
  tx: Tx,
  input: PauseScope & { readonly reason: string; readonly setBy: string },
): Promise<{ readonly pause: Pause; readonly isNew: boolean }> {
  const connector = input.scope === 'connector' ? input.connector : null;
  const { merchantId, accountId } = input.scope === 'account' ? input : { merchantId: null, accountId: null };
  const added = await tx.query<Row>(
    `insert into pause (scope, connector, merchant_id, account_id, reason, set_by) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing returning *`,
    [input.scope, connector, merchantId, accountId, input.reason, input.setBy],
  );
  const [row] =
    added.length > 0
      ? added
      : await tx.query<Row>(
          `select * from pause where scope = $1 and connector is not distinct from $2
             and merchant_id is not distinct from $3 and account_id is not distinct from $4`,
          [input.scope, connector, merchantId, accountId],
        );
  if (row === undefined) throw new Error('a pause was lifted at the moment it was set: set it again');
  return { pause: toPause(row), isNew: added.length > 0 };
}

/** Throws a Refusal when there is no such pause. */
export async function liftPause(tx: Tx, pauseId: bigint): Promise<Pause> {
  const [row] = await tx.query<Row>('delete from pause where pause_id = $1 returning *', [pauseId]);
  if (row === undefined) throw new Refusal([{ code: 'record_unknown', field: 'pause_id' }]);
  return toPause(row);
}

function toPause(row: Row): Pause {
  const { pause_id: pauseId, reason, set_by: setBy, set_at: setAt } = row;
  return { ...scopeOf(row), pauseId, reason, setBy, setAt };
}

function scopeOf(row: Row): PauseScope {
  switch (row.scope) {
    case 'all':
      return { scope: 'all' };
    case 'connector':
      return { scope: 'connector', connector: row.connector ?? '' };
    case 'account':
      return { scope: 'account', merchantId: row.merchant_id ?? 0n, accountId: row.account_id ?? '' };
    default:
      return row.scope satisfies never;
  }
}
