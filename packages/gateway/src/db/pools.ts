import { type Connection, type Db, openPool } from './pool.ts';

export type Pools = {
  /** Commits groups of orders. */
  readonly acceptDb: Db;
  /** Finds out what became of a lost answer. */
  readonly probeDb: Db;
  /** Status, balances and the operator API. */
  readonly readDb: Db;
  /** Workers: claims, changes of payouts, records of deliveries. */
  readonly workDb: Db;
};

export type PoolsOptions = {
  readonly connection: Connection;
  readonly connectionsMax: { readonly accept: number; readonly read: number; readonly work: number };
  readonly namedStatements: boolean;
  readonly onError: (error: Error) => void;
};

/** Each stage has its own connections, so that a storm of orders cannot hide outcomes, status and balances. */
export function openPools({ connection, connectionsMax, namedStatements, onError }: PoolsOptions): Pools {
  const open = (name: string, max: number, withinMs: { statement: number; query: number }): Db =>
    openPool({
      connection,
      namedStatements,
      onError,
      name: `vyplata ${name}`,
      connectionsMax: max,
      statementTimeoutMs: withinMs.statement,
      queryTimeoutMs: withinMs.query,
    });
  // Create answers within 12 s: an accept may take 8 s, and a probe after it 3 s.
  return {
    acceptDb: open('accept', connectionsMax.accept, { statement: 8_000, query: 8_000 }),
    probeDb: open('probe', 4, { statement: 2_500, query: 2_900 }),
    readDb: open('read', connectionsMax.read, { statement: 20_000, query: 22_000 }),
    workDb: open('work', connectionsMax.work, { statement: 20_000, query: 25_000 }),
  };
}

export async function closePools(pools: Pools): Promise<void> {
  await Promise.all([pools.acceptDb, pools.probeDb, pools.readDb, pools.workDb].map((pool) => pool.close()));
}
