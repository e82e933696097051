import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
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
  // The demo has shown its payout when it prints how to go on.
  const running = await launch({ command: 'dev', shown: 'Ctrl-C', dataDir, port, env: { ...given.env, LANG: 'C' } });
  const demo = JSON.parse(await readFile(join(dataDir, 'demo', 'demo.json'), 'utf8')) as Demo;
  return { demo, dataDir, port, ...running };
}

/**
 * Ends a demo and starts the gateway for the world on its folder and port, as `run` does it: without the demo's leave
 * to send notifications to this machine.
 */
export async function restartPlain(gateway: DemoGateway): Promise<DemoGateway> {
  await gateway.kill('SIGTERM');
  return startPlain(gateway);
}

/** The gateway for the world on the folder and port of a demo that has ended. */
export async function startPlain(
  { demo, dataDir, port }: Pick<DemoGateway, 'demo' | 'dataDir' | 'port'>,
  env: Record<string, string> = {},
): Promise<DemoGateway> {
  return { demo, dataDir, port, ...(await launch({ command: 'run', shown: '"started"', dataDir, port, env })) };
}

/** A command of the program that ends by itself; answers what it printed, or fails with what it said. */
export async function runCommand(words: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...words], { env: { ...process.env, ...env } });
  return stdout;
}

export type FreshGateway = Running & {
  readonly baseUrl: string;
  /** What it printed for the first owner. */
  readonly setupLink: string;
};

/** A gateway as it starts for the first time in the world: nobody can sign in, nothing is there. */
export async function startFreshGateway(env: Record<string, string> = {}): Promise<FreshGateway> {
  const dataDir = await mkdtemp(join(tmpdir(), 'vyplata-fresh-'));
  const port = await findFreePort();
  const running = await launch({ command: 'run', shown: '#setup=', dataDir, port, env });
  const setupLink = /http\S+#setup=[\w-]+/.exec(running.output())?.[0] ?? '';
  return { ...running, baseUrl: `http://127.0.0.1:${port}`, setupLink };
}

/** A process that answers requests only, or does the queued work only, on a database that is there already. */
export function startProcess(given: {
  readonly command: 'serve' | 'work';
  readonly dataDir: string;
  readonly port: number;
  readonly env: Record<string, string>;
}): Promise<Running> {
  return launch({ ...given, shown: '"started"' });
}

type Launch = {
  readonly command: 'dev' | 'run' | 'serve' | 'work';
  /** What it prints when it is ready. */
  readonly shown: string;
  readonly dataDir: string;
  readonly port: number;
  readonly env: Record<string, string>;
};

export type Running = Pick<DemoGateway, 'child' | 'output' | 'kill' | 'close'>;

async function launch({ command, shown, dataDir, port, env }: Launch): Promise<Running> {
  const child = spawn(process.execPath, [main, command], {
    env: { ...process.env, ...env, PORT: String(port), DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  await waitUntilShown({ shown, output: () => output, exited });
  // A test that fails half way must not be kept alive by the gateway it did not stop.
  child.unref();
  for (const stream of [child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref();
  const kill = (signal: NodeJS.Signals): Promise<number | null> => {
    child.ref();
    child.kill(signal);
    return exited;
  };
  return {
    child,
    kill,
    output: () => output,
    async close() {
      await kill('SIGTERM');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

type Start = { readonly shown: string; output(): string; readonly exited: Promise<unknown> };

async function waitUntilShown({ shown, output, exited }: Start): Promise<void> {
  let hasExited = false;
  void exited.then(() => (hasExited = true));
  const givenUpAt = performance.now() + startMaxMs;
  while (!output().includes(shown)) {
    if (hasExited || performance.now() > givenUpAt) throw new Error(`the gateway did not start:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** A port nobody listens on, with the next one free as well: the demo's receiver likes to have it. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : findFreePort();
}
