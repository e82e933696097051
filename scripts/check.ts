import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { checkGenerated } from './check-generated.ts';
import { checkImports } from './check-imports.ts';
import { checkLinks } from './check-links.ts';
import { checkNames } from './check-names.ts';
import { checkReadme } from './check-readme.ts';
import { checkSizes } from './check-sizes.ts';
import { checkSupply } from './check-supply.ts';

/** npm run check [names …]: everything about the project that a machine can judge without running it. */
const root = join(import.meta.dirname, '..');
const bin = join(root, 'node_modules/.bin');

type Check = { name: string; find: () => Promise<string[]> };

const checks: Check[] = [
  { name: 'types', find: () => runTool(['tsc', '--noEmit', '-p', 'tsconfig.json']) },
  { name: 'console types', find: () => runTool(['tsc', '--noEmit', '-p', 'packages/console/tsconfig.json']) },
  { name: 'lint', find: () => runTool(['oxlint', '--format', 'unix']) },
  { name: 'format', find: () => runTool(['biome', 'format', '--reporter=summary', '.']) },
  { name: 'unused', find: () => runTool(['knip', '--no-progress']) },
  { name: 'imports', find: () => checkImports(root) },
  { name: 'sizes', find: () => checkSizes(root) },
  { name: 'names', find: () => checkNames(root) },
  { name: 'readme', find: () => checkReadme(root) },
  { name: 'supply', find: () => checkSupply(root) },
  {
    name: 'licences',
    find: () => checkGenerated({ root, file: 'docs/licences.md', script: ['scripts/supply/print-licences.ts'] }),
  },
  {
    name: 'settings',
    find: () => checkGenerated({ root, file: 'docs/operations.md', script: ['scripts/print-settings.ts'] }),
  },
  { name: 'links', find: () => checkLinks(root) },
  {
    name: 'openapi',
    find: () =>
      checkGenerated({
        root,
        file: 'packages/gateway/openapi.json',
        script: ['packages/gateway/src/http/openapi.ts', '--print'],
        optional: true,
      }),
  },
  {
    name: 'schema',
    find: () => checkGenerated({ root, file: 'docs/schema.sql', script: ['scripts/print-schema.ts'] }),
  },
];

const words = process.argv.slice(2);
const chosen = checks.filter(({ name }) => words.length === 0 || words.includes(name));
let failed = 0;
for (const { name, find } of chosen) {
  const begun = performance.now();
  const problems = await find().catch((error: Error) => [error.stack ?? error.message]);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${problems.length === 0 ? 'ok    ' : 'failed'} ${name} (${seconds} s)`);
  for (const problem of problems) console.log(problem.replace(/^(?=.)/gm, '  '));
  if (problems.length > 0) failed += 1;
}
if (chosen.length === 0) console.log(`There is no check named ${words.join(', ')}.`);
console.log(`\n${chosen.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 || chosen.length === 0 ? 1 : 0;

/** A tool's own output is its list of problems. */
async function runTool([program = '', ...args]: string[]): Promise<string[]> {
  const env = { ...process.env, NO_COLOR: '1', PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  const child = spawn(join(bin, program), args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  return code === 0 ? [] : [output.trimEnd() || `${program} ended with ${code}`];
}
