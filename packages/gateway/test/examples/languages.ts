import { execFile, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const examples = join(import.meta.dirname, '../../../../examples');

export type Ran = { code: number | null; out: string; err: string };
export type Language = {
  readonly name: string;
  /** The program that runs it, or undefined when something it needs is not installed. */
  readonly find: () => string | undefined;
  /** Compiles into `folder` where that is needed; answers the command line before the arguments of both programs. */
  readonly prepare: (program: string, folder: string) => Promise<{ payout: string[]; notification: string[] }>;
};

/** The first of the programs that runs the probe without an error. */
export function findProgram(programs: readonly string[], probe: readonly string[]): string | undefined {
  return programs.find((program) => {
    try {
      execFileSync(program, probe, { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

export const javaPath = ['bcpkix', 'bcprov', 'bcutil', 'jackson-databind', 'jackson-core', 'jackson-annotations']
  .map((name) => `/usr/share/java/${name}.jar`)
  .join(':');

function scripts(folder: string, ending: string) {
  return async (program: string) => ({
    payout: [program, join(examples, folder, `payout.${ending}`)],
    notification: [program, join(examples, folder, `notification.${ending}`)],
  });
}

export const languages: readonly Language[] = [
  {
    name: 'PHP',
    find: () => findProgram(['php'], ['-r', 'exit(function_exists("curl_init") ? 0 : 1);']),
    prepare: scripts('php', 'php'),
  },
  { name: 'Node', find: () => process.execPath, prepare: scripts('node', 'mjs') },
  {
    name: 'Python',
    find: () => findProgram(['python3', '/usr/bin/python3'], ['-c', 'import cryptography, requests']),
    prepare: scripts('python', 'py'),
  },
  {
    name: 'Go',
    find: () => findProgram(['go'], ['version']),
    async prepare(program, folder) {
      const env = { ...process.env, GOFLAGS: '', GO111MODULE: 'on' };
      const binary = join(folder, 'example');
      await run(program, ['build', '-o', binary, '.'], { cwd: join(examples, 'go'), env });
      return { payout: [binary, 'payout'], notification: [binary, 'notification'] };
    },
  },
  {
    name: 'Java',
    find: () => findProgram(['javac'], ['-cp', javaPath, '-version']),
    async prepare(program, folder) {
      const files = ['Vyplata.java', 'Example.java'].map((name) => join(examples, 'java', name));
      await run(program, ['-Xlint:all', '-Xlint:-path', '-cp', javaPath, '-d', folder, ...files]);
      const command = ['java', '-cp', `${javaPath}:${folder}`, 'Example'];
      return { payout: [...command, 'payout'], notification: [...command, 'notification'] };
    },
  },
];

export function runProgram(
  command: readonly string[],
  options: { env?: Record<string, string>; input?: string } = {},
): Promise<Ran> {
  const [program = '', ...args] = command;
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...options.env };
  const child = spawn(program, args, { env, stdio: 'pipe' });
  let [out, err] = ['', ''];
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (err += part.toString()));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}
