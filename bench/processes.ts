import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Load } from './generator.ts';
import type { SignedOrders } from './orders.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export type LoadOptions = {
  readonly port: number;
  readonly orders: SignedOrders;
  readonly from: number;
  readonly count: number;
  readonly connections: number;
  readonly accounts: readonly string[];
  readonly seconds: number;
};

/** Runs the generator and answers what it saw. */
export async function runLoad({ orders, ...task }: LoadOptions): Promise<Load> {
  const child = spawn(process.execPath, [pathOf('generator.ts'), JSON.stringify({ ...task, path: orders.path })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (part: Buffer) => (output += part.toString()));
  await once(child, 'close');
  const load = JSON.parse(output) as Load;
  if (load.firstRefusal !== undefined) throw new Error(`an order of the bench was refused: ${load.firstRefusal}`);
  return load;
}

export type BenchReceiver = { readonly url: string; count(): Promise<number>; stop(): Promise<void> };

export async function startReceiver(): Promise<BenchReceiver> {
  const child = spawn(process.execPath, [pathOf('receiver.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  const url = `http://127.0.0.1:${first.toString().trim()}`;
  return {
    url: `${url}/notifications`,
    count: async () => Number(await (await fetch(`${url}/count`)).text()),
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

export async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
