import type { Sql, Statement } from '../../src/db/pool.ts';
import {
  type AcceptInput,
  acceptItems,
  applyChange,
  copyStore,
  restoreStore,
  type Store,
  writeTombstone,
} from './store.ts';
import type { Program, World } from './world.ts';

export type Line = {
  readonly world: World;
  readonly store: Store;
  readonly standby: Standby;
  /** How often the connection is cut on the way there or back; a cut on the way back hides a commit. */
  readonly cutShare: () => number;
  /** Until then the database answers nothing. */
  readonly frozenUntil: () => number;
};

/**
 * The server that takes over. While it does not follow, a commit waits for it with its locks in hand, and so does
 * whoever comes after. When it takes over, what waited is lost or not, and every connection is.
 */
export type Standby = {
  /** Calls `happen` now or, behind a commit that waits, never. Throws when the connection is lost meanwhile. */
  pass<T>(happen: () => T): Promise<T>;
  takeOver(): Promise<void>;
};

const followsAgainMaxMs = 3_000;

type StandbyNeeds = {
  readonly world: World;
  readonly store: Store /** Nobody waits for it. */;
  readonly isIgnored: boolean;
};

export function openStandby({ world, store, isIgnored }: StandbyNeeds): Standby {
  let behindUntil = 0;
  let saved: Store | undefined;
  return {
    async pass(happen) {
      if (world.now() >= behindUntil) return happen();
      const isFirst = saved === undefined;
      if (isFirst) saved = copyStore(store);
      const result = isFirst || isIgnored ? happen() : undefined;
      if (isIgnored) return result as ReturnType<typeof happen>;
      await world.sleep(behindUntil - world.now());
      throw new Error('the server that had this connection is gone');
    },
    async takeOver() {
      if (world.now() < behindUntil) return;
      behindUntil = world.now() + world.between(100, followsAgainMaxMs);
      await world.sleep(behindUntil - world.now());
      if (saved !== undefined && world.chance(0.5)) restoreStore(store, saved);
      saved = undefined;
    },
  };
}

/** A statement travels, happens at once, and its answer travels back. */
export async function travel<T>(line: Line, program: Program, happen: () => T): Promise<T> {
  const { world, standby, cutShare, frozenUntil } = line;
  await program.wait(world.between(0.2, 3));
  if (world.chance(cutShare())) throw new Error('the connection was cut on the way there');
  if (frozenUntil() > world.now()) await world.sleep(frozenUntil() - world.now());
  // Once sent, a statement happens whether or not its sender lives; only the answer needs somebody to read it.
  const result = await standby.pass(happen);
  await program.wait(world.between(0.2, 3));
  if (world.chance(cutShare())) throw new Error('the connection was cut on the way back');
  return result;
}

/** A connection of one program to the simulated database. */
export function openLine(line: Line, program: Program): Sql {
  const { store } = line;

  function act(statement: Statement, values: readonly unknown[]): object[] {
    switch (statement.name) {
      case 'accept_payouts':
        return acceptItems(store, JSON.parse(String(values[0])) as AcceptInput[], (values[1] as Date).getTime());
      case 'apply_payouts': {
        const changes = JSON.parse(String(values[0])) as Record<string, unknown>[];
        return changes.filter((change) => applyChange(store, change)).map((change) => ({ item: change['item'] }));
      }
      case 'write_tombstone':
        writeTombstone(store, String(values[1]));
        return [];
      case 'find_order_record': {
        const order = store.orders.get(String(values[1]));
        if (order?.payoutId === undefined) return [];
        const digest = Buffer.from(order.digest.slice(2), 'hex');
        return [{ payout_id: order.payoutId, digest, digest_key: order.digestKey }];
      }
      default:
        throw new Error(`the simulated database does not know ${statement.name}`);
    }
  }

  return {
    query: () => Promise.reject(new Error('the simulated database knows named statements only')),
    run: <R>(statement: Statement, values: readonly unknown[] = []) =>
      travel(line, program, () => act(statement, values)) as Promise<R[]>,
  };
}
