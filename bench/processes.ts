import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Load, LoadTask } from './load.ts';
import type { SignedRequests } from './requests.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export type LoadOptions = Omit<LoadTask, 'path' | 'target' | 'from' | 'count'> & {
  readonly requests: SignedRequests;
  readonly from?: number;
  readonly count?: number;
  /** Whether refusals are part of the question. */
  readonly mayRefuse?: boolean;
};

/** Runs the generator and answers what it saw. */
export async function runLoad({ requests, mayRefuse = false, ...rest }: LoadOptions): Promise<Load> {
  const task: LoadTask = { from: 0, count: requests.count, ...rest, target: requests.target, path: requests.path };
  const child = spawn(process.execPath, [pathOf('generator.ts'), JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (part: Buffer) => (output += part.toString()));
  await once(child, 'close');
  const load = JSON.parse(output) as Load;
  if (mayRefuse) return load;
  if (load.firstRefusal !== undefined) throw new Error(`a request of the bench was refused: ${load.firstRefusal}`);
  if (load.broken > 0) throw new Error(`${load.broken} connections of the bench ended before an answer came`);
  return load;
}

export type BenchReceiver = {
  readonly port: number;
  readonly url: string;
  count(): Promise<number>;
  stop(): Promise<void>;
};

export async function startReceiver(): Promise<BenchReceiver> {
  // Its input is open as long as the bench lives.
  const child = spawn(process.execPath, [pathOf('receiver.ts')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(first.toString());
  return {
    port,
    url: `http://127.0.0.1:${port}/notifications`,
    count: async () => Number(await (await fetch(`http://127.0.0.1:${port}/count`)).text()),
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
