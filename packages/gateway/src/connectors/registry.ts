import { Refusal } from '../core/problem.ts';
import type { Connector } from './connector.ts';

export type Registry = {
  find(name: string): Connector | undefined;
  names(): readonly string[];
  close(): Promise<void>;
};

/** All connectors of this installation by their names; a name twice is a mistake of the set-up and throws. */
export function createRegistry(connectors: readonly Connector[]): Registry {
  const byName = new Map(connectors.map((connector) => [connector.name, connector]));
  if (byName.size !== connectors.length) throw new Error('two connectors have the same name: rename one');
  return {
    find: (name) => byName.get(name),
    names: () => [...byName.keys()],
    async close() {
      await Promise.all(connectors.map((connector) => connector.close()));
    },
  };
}

/** Throws a Refusal, of the field that holds the names, when one of them is not installed. */
export function assertInstalled(
  registry: Pick<Registry, 'names'>,
  given: { readonly names: readonly string[]; readonly field: string },
): void {
  const installed = registry.names();
  if (given.names.every((name) => installed.includes(name))) return;
  const values = { installed: installed.join(', ') };
  throw new Refusal([{ code: 'connector_unknown', field: given.field, values }]);
}
