import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createClient } from '@vyplata/sdk';
import { findProgram, javaPath } from '../examples/languages.ts';
import { type DemoGateway, startDemoGateway } from '../gateway.ts';

const run = promisify(execFile);
const publishedHost = 'api-merchant.alikassa.com';

type Sample = {
  readonly language: string;
  readonly file: string;
  /** The program that runs it, or undefined when something it needs is not installed. */
  readonly needs: () => string | undefined;
  readonly adapt: (text: string, port: number) => string;
  readonly run: (program: string, folder: string) => Promise<string>;
};

const replaceHost = (text: string, port: number): string =>
  text.replaceAll(`https://${publishedHost}`, `http://127.0.0.1:${port}`);

/** The sample expects BouncyCastle among the providers of the JVM; this adds it behind the first twelve. */
async function runJava(_program: string, folder: string): Promise<string> {
  const properties = join(folder, 'providers.properties');
  await writeFile(properties, 'security.provider.13=org.bouncycastle.jce.provider.BouncyCastleProvider\n');
  await run('javac', ['-cp', javaPath, 'Example.java'], { cwd: folder });
  const security = `-Djava.security.properties=${properties}`;
  return (await run('java', [security, '-cp', `${javaPath}:.`, 'Example'], { cwd: folder })).stdout;
}

const samples: readonly Sample[] = [
  {
    language: 'PHP',
    file: 'create-payout.php',
    needs: () => findProgram(['php'], ['-r', 'exit(function_exists("curl_init") ? 0 : 1);']),
    adapt: replaceHost,
    run: async (program, folder) => (await run(program, ['create-payout.php'], { cwd: folder })).stdout,
  },
  {
    language: 'Node',
    file: 'create-payout.mjs',
    needs: () => process.execPath,
    adapt: (text, port) =>
      text
        .replace(`hostname: '${publishedHost}'`, `hostname: '127.0.0.1', port: ${port}`)
        .replace("import https from 'https'", "import https from 'http'"),
    run: async (program, folder) => (await run(program, ['create-payout.mjs'], { cwd: folder })).stdout,
  },
  {
    language: 'Python',
    file: 'create-payout.py',
    needs: () => findProgram(['python3', '/usr/bin/python3'], ['-c', 'import cryptography, requests']),
    adapt: replaceHost,
    run: async (program, folder) => (await run(program, ['create-payout.py'], { cwd: folder })).stdout,
  },
  {
    language: 'Go',
    file: 'create-payout.go',
    needs: () => findProgram(['go'], ['version']),
    adapt: replaceHost,
    run: async (program, folder) => {
      const env = { ...process.env, GOCACHE: join(folder, 'cache'), GOFLAGS: '-mod=mod', GO111MODULE: 'off' };
      return (await run(program, ['run', 'create-payout.go'], { cwd: folder, env })).stdout;
    },
  },
  {
    language: 'Java',
    file: 'Example.java',
    needs: () => findProgram(['javac'], ['-cp', javaPath, '-version']),
    adapt: replaceHost,
    run: runJava,
  },
];

describe('the published samples, but for the host', () => {
  let gateway: DemoGateway;
  before(async () => {
    gateway = await startDemoGateway();
  });
  after(() => gateway.close());

  for (const sample of samples) {
    const program = sample.needs();
    const skip = program === undefined && `${sample.language} or a library of the sample is not installed`;
    test(`${sample.language}: the sample gets wait and an id, and its payout ends paid`, { skip }, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'vyplata-sample-'));
      await cp(join(gateway.dataDir, 'demo', 'cert'), join(folder, 'cert'), { recursive: true });
      const text = await readFile(join(import.meta.dirname, sample.file), 'utf8');
      const adapted = sample.adapt(text, gateway.port);
      assert.ok(!adapted.includes(publishedHost));
      await writeFile(join(folder, sample.file), adapted);
      const printed = await sample.run(program ?? '', folder);
      assert.match(printed, /payment_status/);
      assert.match(printed, /wait/);
      const id = /\b(1\d{8})(?:\b|e)/.exec(printed)?.[1] ?? /1\.\d+e\+08/.exec(printed)?.[0];
      assert.ok(id !== undefined, `an id in: ${printed}`);
      const client = createClient({
        baseUrl: gateway.demo.baseUrl,
        account: gateway.demo.accounts[0]?.id ?? '',
        key: {
          pem: await readFile(join(gateway.demo.certDir, 'private.pem'), 'utf8'),
          password: await readFile(join(gateway.demo.certDir, 'password.txt'), 'utf8'),
        },
      });
      // Go prints a JSON number as a float: 1.00000007e+08.
      const final = await client.waitUntilFinal({ id: String(Number(id)) }, { timeoutMs: 30_000 });
      assert.equal(final.status, 'paid');
      assert.equal(final.service, 'qiwi_rub');
      await rm(folder, { recursive: true });
    });
  }
});
