// npm run faults                         every scenario
// npm run faults -- --short worker-killed   one of them, briefly
import { scenarios } from './scenarios.ts';
import type { Figures } from './verify.ts';

const words = process.argv.slice(2);
const times = words.includes('--short') ? 2 : 6;
const names = words.filter((word) => !word.startsWith('--'));
const chosen = scenarios.filter(({ name }) => names.length === 0 || names.includes(name));
if (chosen.length === 0) throw new Error(`There are: ${scenarios.map(({ name }) => name).join(', ')}`);

const zeros = ['lost', 'executedTwice', 'stuck', 'violated', 'undelivered', 'unresolved'] as const;

function describe(figures: Figures): string {
  const counts = zeros.map((name) => `${name} ${figures[name]}`).join(', ');
  return `${figures.acknowledged} acknowledged, ${counts}, recovered in ${(figures.recoveredMs / 1_000).toFixed(1)} s`;
}

let failed = 0;
for (const scenario of chosen) {
  const figures = await scenario.run(times);
  const isClean = zeros.every((name) => figures[name] === 0) && figures.acknowledged > 0;
  if (!isClean) failed += 1;
  process.stdout.write(`${isClean ? 'ok    ' : 'WRONG '} ${scenario.name.padEnd(16)} ${describe(figures)}\n`);
}
process.stdout.write(`${chosen.length - failed} scenarios clean, ${failed} not\n`);
process.exitCode = failed > 0 ? 1 : 0;
