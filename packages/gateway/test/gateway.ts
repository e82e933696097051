import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Demo } from '../src/demo/seed.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const startMaxMs = 60_000;

export type DemoGateway = {
  readonly demo: Demo;
  readonly dataDir: string;
  readonly port: number;
  readonly child: ChildProcess;
  /** Everything it printed so far. */
  output(): string;
  /** Ends the process as `signal` does and waits until it is gone. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
  /** Stops it and removes its folder. */
  close(): Promise<void>;
};

/** The real program in its demo mode, as `npm start` starts it, on a free port and in a folder of its own. */
export async function startDemoGateway(
  given: { readonly dataDir?: string; readonly port?: number; readonly env?: Record<string, string> } = {},
): Promise<DemoGateway> {
  const dataDir = given.dataDir ?? (await mkdtemp(join(tmpdir(), 'vyplata-demo-')));
  const port = given.port ?? (await findFreePort());
  const child = spawn(process.execPath, [main, 'dev'], {
    env: { ...process.env, ...given.env, PORT: String(port), DATA_DIR: dataDir, LANG: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  await waitUntilShown(() => output, exited);
  // A test that fails half way must not be kept alive by the gateway it did not stop.
  child.unref();
  for (const stream of [child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref();
  const demo = JSON.parse(await readFile(join(dataDir, 'demo', 'demo.json'), 'utf8')) as Demo;
  const kill = (signal: NodeJS.Signals): Promise<number | null> => {
    child.ref();
    child.kill(signal);
    return exited;
  };
  return {
    demo,
    dataDir,
    port,
    child,
    kill,
    output: () => output,
    async close() {
      await kill('SIGTERM');
      await rm(dataDir, {
        recursive: true,
        force: true,
      });
    },
  };
}

/** The demo has shown its payout when it prints how to go on. */
async function waitUntilShown(output: () => string, exited: Promise<number | null>): Promise<void> {
  let hasExited = false;
  void exited.then(() => (hasExited = true));
  const givenUpAt = performance.now() + startMaxMs;
  while (!output().includes('Ctrl-C')) {
    if (hasExited || performance.now() > givenUpAt) throw new Error(`the demo did not start:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** A port nobody listens on, with the next one free as well: the demo's receiver likes to have it. */
async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : findFreePort();
}
