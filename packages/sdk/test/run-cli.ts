import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../src/cli.ts', import.meta.url));

export type Run = { code: number | null; out: string; err: string };
export type RunOptions = {
  env?: Record<string, string>;
  input?: string;
  interruptWhen?: Promise<unknown>;
  killWhen?: Promise<unknown>;
};

/** The program in a process of its own, with nothing of the caller's environment but PATH. */
export async function run(args: string[], options: RunOptions = {}): Promise<Run> {
  return startCli(args, options).ended;
}

/** The same, while it still runs: `printed` resolves with everything it wrote, once that matches. */
export function startCli(args: string[], options: RunOptions = {}) {
  const env = { PATH: process.env.PATH ?? '', LANG: 'C', ...options.env };
  const child = spawn(process.execPath, [program, ...args], { env, stdio: 'pipe' });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  child.stdin.end(options.input ?? '');
  void options.interruptWhen?.then(() => child.kill('SIGINT'));
  void options.killWhen?.then(() => child.kill('SIGKILL'));
  const ended = new Promise<Run>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  const printed = (form: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => form.test(out) && resolve(out);
      child.stdout.on('data', look);
      look();
      void ended.then(() => reject(new Error(`it ended without ${form}: ${out}${err}`)));
    });
  return { ended, printed, stop: () => child.kill('SIGINT') };
}
