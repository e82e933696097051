import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkGenerated } from '../../../../scripts/check-generated.ts';
import { checkLinks } from '../../../../scripts/check-links.ts';
import { checkReadme } from '../../../../scripts/check-readme.ts';
import { withTree } from './planted-tree.ts';

describe('README', () => {
  const config = `export const settings = [
    { name: 'PORT', default: '8080', meaning: 'Where it listens' },
    { name: 'DATABASE_URL', default: null, meaning: 'PostgreSQL of your own' },
  ];`;
  const table = '| Variable | Default | Meaning |\n| --- | --- | --- |\n';
  const rows = '| `PORT` | `8080` | Where it listens |\n| `DATABASE_URL` |  | PostgreSQL of your own |\n';
  const files = {
    'package.json': '{ "type": "module", "scripts": { "start": "node a.ts", "check": "node b.ts" } }',
    'packages/sdk/package.json': '{ "name": "sdk", "bin": { "vyplata": "src/cli.ts" } }',
    'packages/gateway/src/config.ts': config,
    'scripts/there.ts': '',
  };
  const check = (readme: string) => withTree({ ...files, 'README.md': readme }, checkReadme);
  const shell = (commands: string) => `${table}${rows}\n\`\`\`sh\n${commands}\n\`\`\`\n`;

  it('passes when commands and settings are true', async () => {
    const commands = ['$ npm ci && npm start # starts', 'PORT=1 npm run check', 'node scripts/there.ts'];
    commands.push('npx vyplata keys', './scripts/there.ts', '');
    assert.deepEqual(await check(shell(commands.join('\n'))), []);
  });

  it('catches commands that do not exist', async () => {
    const problems = await check(shell('npm ci\nnpm run shine && npm test\nnode scripts/gone.ts\nnpx other x\n./gone'));
    assert.deepEqual(problems, [
      'README.md:8 runs npm script "shine", which package.json does not have',
      'README.md:8 runs npm script "test", which package.json does not have',
      'README.md:9 runs scripts/gone.ts, which does not exist',
      'README.md:10 runs npx other, which no package here installs',
      'README.md:11 runs ./gone, which does not exist',
    ]);
  });

  it('catches a table of settings that is not the code’s', async () => {
    const wrong = '| `PORT` | `80` | Where it listens |\n| `COLOUR` | | Old |\n';
    assert.deepEqual(await check(`${table}${wrong}`), [
      'README.md has COLOUR, packages/gateway/src/config.ts does not',
      'README.md should say: | `PORT` | `8080` | Where it listens |',
      'README.md lacks the row: | `DATABASE_URL` | | PostgreSQL of your own |',
    ]);
  });

  it('catches a missing README', async () => {
    assert.deepEqual(await withTree(files, checkReadme), ['README.md is missing']);
  });
});

describe('links', () => {
  it('catches links to no file and to no heading', async () => {
    const files = {
      'README.md': '# A\n\n[one](docs/gone.md)\n[two](docs/b.md#no-such)\n[three](../out.md)\n\n[four]: gone.txt\n',
      'docs/b.md': '# B\n[back](../README.md#b)\n',
    };
    assert.deepEqual((await withTree(files, checkLinks)).sort(), [
      'README.md:3 links to docs/gone.md, which does not exist',
      'README.md:4 links to docs/b.md#no-such, which has no such heading',
      'README.md:5 links to ../out.md, which is outside the project',
      'README.md:7 links to gone.txt, which does not exist',
      'docs/b.md:2 links to ../README.md#b, which has no such heading',
    ]);
  });

  it('follows what is there, and no code', async () => {
    const files = {
      'README.md': [
        '# Run it: `npm start`',
        '## Again',
        '## Again',
        '[x](docs/b.md#ещё-раз) [y](#run-it-npm-start) [z](#again-1) [web](https://example.org/x) [folder](docs/)',
        '[between](#between-two-blocks)',
        '`[code](nowhere.md)`',
        '```md',
        '[fence](nowhere.md)',
        '```',
        '',
        '```sh',
        'one',
        '```',
        '## Between two blocks',
        '',
        '```sh',
        'two',
        '```',
      ].join('\n'),
      'docs/b.md': '## Ещё раз!\n',
    };
    assert.deepEqual(await withTree(files, checkLinks), []);
  });
});

describe('generated files', () => {
  const script = ['print.ts'];
  const files = { 'print.ts': `process.stdout.write('one\\ntwo\\n');` };

  it('are compared with what the script prints', async () => {
    const check = (kept: Record<string, string>, optional = false) =>
      withTree({ ...files, ...kept }, (root) => checkGenerated({ root, file: 'kept.txt', script, optional }));
    assert.deepEqual(await check({ 'kept.txt': 'one\ntwo\n' }), []);
    assert.deepEqual(await check({ 'kept.txt': 'one\n2\n' }), [
      'kept.txt is out of date: line 2 is "2" and should be "two". Run: node print.ts > kept.txt',
    ]);
    assert.match((await check({ 'kept.txt': 'one\ntwo\nthree\n' })).join(), /line 3 is "three" and should be ""/);
    assert.deepEqual(await check({}), ['kept.txt is missing. Run: node print.ts > kept.txt']);
    assert.deepEqual(await check({}, true), []);
  });
});
