import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { type Block, readBlocks } from '../../../../scripts/docs/blocks.ts';
import { readPart } from '../../../../scripts/docs/markdown.ts';
import { pages } from '../../../../scripts/docs/pages.ts';
import { findProgram } from '../examples/languages.ts';
import { startDemoGateway } from '../gateway.ts';
import { frameworks, readersOwn } from './frameworks.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../../..');
const folder = await mkdtemp(join(tmpdir(), 'vyplata-code-'));
after(() => rm(folder, { recursive: true, force: true }));

type Found = Block & { readonly path: string };

const paths = [...new Set(pages.flatMap(({ source }) => (source === undefined ? [] : Object.values(source))))];
const blocks = (
  await Promise.all(
    paths.map(async (path): Promise<Found[]> => {
      return readBlocks(await readFile(join(root, path), 'utf8')).map((block) => ({ ...block, path }));
    }),
  )
).flat();
const of = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language));
const nameOf = ({ path, line }: Found) => `${path}:${line}`;

test('every block is of a kind that is proved here or where it comes from', () => {
  const shown = new Set(['text', 'csv', 'diff']);
  const proved = new Set(['ts', 'js', 'json', 'sh', 'php']);
  const strays = blocks.filter(({ language, marks }) => {
    return !shown.has(language) && !proved.has(language) && marks.include === undefined;
  });
  assert.deepEqual(strays.map(nameOf), []);
  assert.ok(of('ts').length > 10 && of('sh').length > 20 && of('json').length > 5);
});

test('what is taken from a file is there, and a test runs the file', () => {
  const included = blocks.filter(({ marks }) => marks.include !== undefined);
  assert.ok(included.length >= 20);
  for (const { marks } of included) {
    assert.match(marks.include ?? '', /^examples\//);
    assert.ok(readPart(marks.include ?? '').length > 100, marks.include);
  }
});

test('JSON is JSON', () => {
  for (const block of of('json')) assert.doesNotThrow(() => void JSON.parse(block.text), nameOf(block));
});

test('TypeScript and JavaScript compile against the SDK', async () => {
  // One page is one program: later blocks use what earlier ones made.
  const programs = new Map<string, string[]>();
  // What is saved as a file is run by the test of the quick start.
  const written = of('ts', 'js').filter(({ marks }) => marks.include === undefined && marks.file === undefined);
  for (const block of written) {
    const isOwnProgram = block.language === 'js' || !block.path.includes('/sdk.md');
    const name = isOwnProgram ? nameOf(block) : block.path;
    programs.set(name, [...(programs.get(name) ?? []), block.text]);
  }
  const sources = join(folder, 'types');
  await mkdir(sources);
  await writeFile(join(sources, 'reader.d.ts'), readersOwn);
  await writeFile(join(sources, 'frameworks.d.ts'), frameworks);
  for (const [name, texts] of programs) {
    await writeFile(join(sources, `${name.replace(/[^a-z0-9]+/gi, '-')}.mts`), `${texts.join('\n')}\nexport {};\n`);
  }
  const sdk = (name: string) => [join(root, `packages/sdk/src/${name}.ts`)];
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      // Programs of the pages are JavaScript as often as not: what they leave untyped is not looked at.
      noImplicitAny: false,
      noUnusedLocals: false,
      lib: ['es2024', 'dom'],
      skipLibCheck: false,
      typeRoots: [join(root, 'node_modules/@types')],
      paths: {
        '@vyplata/sdk': sdk('index'),
        '@vyplata/sdk/archive': sdk('archive'),
        '@vyplata/sdk/notification': sdk('notification'),
        fastify: [join(root, 'node_modules/fastify/fastify.d.ts')],
      },
    },
    include: [sources],
    exclude: [],
  };
  await writeFile(join(sources, 'tsconfig.json'), JSON.stringify(config));
  const check = () => run(join(root, 'node_modules/.bin/tsc'), ['--noEmit', '-p', join(sources, 'tsconfig.json')]);
  const answer = await check().catch((error: { stdout: string }) => error);
  const ours = answer.stdout.split('\n').filter((line) => line.includes('.mts'));
  assert.deepEqual(ours, []);
  await writeFile(join(sources, 'planted.mts'), "import { createClient } from '@vyplata/sdk';\ncreateClient({});\n");
  const planted = await check().catch((error: { stdout: string }) => error);
  assert.match(planted.stdout, /planted\.mts/);
});

test('PHP on its own is PHP', {
  skip: findProgram(['php'], ['-v']) === undefined && 'PHP is not installed',
}, async () => {
  for (const block of of('php').filter(({ marks }) => marks.include === undefined)) {
    const file = join(folder, 'block.php');
    await writeFile(file, `<?php\n${block.text}`);
    execFileSync('php', ['-l', file], { stdio: 'ignore' });
  }
});

test('shell is shell, and names programs and scripts that exist', async () => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: object };
  for (const block of of('sh')) {
    const file = join(folder, 'block.sh');
    await writeFile(file, block.text);
    execFileSync('bash', ['-n', file]);
    for (const [, name = ''] of block.text.matchAll(/npm run ([a-z:]+)/g)) assert.ok(name in scripts, nameOf(block));
    for (const [, path = ''] of block.text.matchAll(/(?:node|php|python3) ((?:packages|examples)\/\S+)/g)) {
      await readFile(join(root, path));
    }
  }
});

test('every command of the program is one that it has, with options that it has', async () => {
  const texts = of('sh').flatMap((block) => {
    const inner = [...block.text.matchAll(/\$\(([^)]*)\)/g)].map(([, line = '']) => line);
    const lines = [...block.text.replace(/\$\([^)]*\)/g, 'X').split('\n'), ...inner];
    return lines.map((line) => ({ line, name: nameOf(block) }));
  });
  const commands = texts.flatMap(({ line, name }) =>
    [...line.matchAll(/(?:npx )?vyplata ([a-z][^|>]*)/g)].map(([, words = '']) => ({ words: words.trim(), name })),
  );
  const cli = join(root, 'packages/sdk/src/cli.ts');
  const helps = new Map<string, Promise<string>>();
  const helpOf = (path: readonly string[]) => {
    const name = path.join(' ');
    const known = helps.get(name) ?? run(process.execPath, [cli, ...path, '--help']).then(({ stdout }) => stdout);
    helps.set(name, known);
    return known;
  };
  assert.ok(commands.length > 30);
  const pathOf = (words: string) => {
    const plain = words.split(' ').filter((word) => !word.startsWith('-'));
    return ['payout', 'keys', 'operator'].includes(plain[0] ?? '') ? plain.slice(0, 2) : plain.slice(0, 1);
  };
  await Promise.all(commands.map(({ words }) => helpOf(pathOf(words))));
  for (const { words, name } of commands) {
    const path = pathOf(words);
    const help = await helpOf(path);
    assert.match(help, new RegExp(`^Usage: vyplata ${path.join(' ')}\\b`), name);
    for (const [option] of words.matchAll(/--[a-z-]+/g)) assert.ok(help.includes(option), `${name}: ${option}`);
  }
});

test('the page of the command line was run', async () => {
  const gateway = await startDemoGateway();
  const bin = join(folder, 'bin');
  const work = join(folder, 'work');
  await Promise.all([mkdir(bin), mkdir(work)]);
  // `npx vyplata` without a package around it.
  const npx = `#!/bin/sh\nshift\nexec "${process.execPath}" "${join(root, 'packages/sdk/src/cli.ts')}" "$@"\n`;
  await writeFile(join(bin, 'npx'), npx);
  await chmod(join(bin, 'npx'), 0o755);
  const own = {
    PATH: `${bin}:${process.env.PATH ?? ''}`,
    LANG: 'C',
    VYPLATA_URL: gateway.demo.baseUrl,
    VYPLATA_ACCOUNT: gateway.demo.accounts[0]?.id ?? '',
    VYPLATA_CERT_DIR: gateway.demo.certDir,
  };
  const page = blocks.filter(({ path }) => path === 'docs/site/en/cli.md');
  const printed: string[] = [];
  try {
    for (const { language, marks, text } of page) {
      if (marks.file !== undefined) await writeFile(join(work, marks.file), text);
      if (language !== 'sh' || marks.run === undefined) continue;
      printed.push((await run('bash', ['-ec', text], { cwd: work, env: own })).stdout);
    }
  } finally {
    await gateway.close();
  }
  assert.equal(printed.length, 7);
  assert.match(printed[0] ?? '', /All is well/);
  assert.match(printed[1] ?? '', /"status":"paid"/);
  assert.match(printed[2] ?? '', /to send: 2[\s\S]*paid: 2/);
  assert.match(printed[4] ?? '', /The signature is right/);
  assert.match(printed[5] ?? '', /Partial payment +yes/);
  assert.deepEqual(
    (await readdir(work)).filter((name) => name.endsWith('.results.csv')),
    ['payouts.csv.results.csv'],
  );
});
