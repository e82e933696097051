import type { Sql, Statement } from '../../src/db/pool.ts';
import { type AcceptInput, acceptItems, applyChange, type Store, writeTombstone } from './store.ts';
import type { Program, World } from './world.ts';

export type Line = {
  readonly world: World;
  readonly store: Store;
  /** How often the connection is cut on the way there or back; a cut on the way back hides a commit. */
  readonly cutShare: () => number;
  /** Until then the database answers nothing. */
  readonly frozenUntil: () => number;
};

/** A connection of one program to the simulated database: each statement travels, happens at once, and travels back. */
export function openLine({ world, store, cutShare, frozenUntil }: Line, program: Program): Sql {
  async function travel<T>(happen: () => T): Promise<T> {
    await program.wait(world.between(0.2, 3));
    if (world.chance(cutShare())) throw new Error('the connection was cut on the way there');
    if (frozenUntil() > world.now()) await world.sleep(frozenUntil() - world.now());
    // Once sent, a statement happens whether or not its sender lives; only the answer needs somebody to read it.
    const result = happen();
    await program.wait(world.between(0.2, 3));
    if (world.chance(cutShare())) throw new Error('the connection was cut on the way back');
    return result;
  }

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
      travel(() => act(statement, values)) as Promise<R[]>,
  };
}
