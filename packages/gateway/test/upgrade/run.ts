// npm run upgrade-test               each pair of versions at length
// npm run upgrade-test -- --short    as npm test does it
import { forms } from '../faults/scenario.ts';
import { sumUp } from '../faults/verify.ts';
import { pairs } from './pairs.ts';

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const form = process.argv.includes('--short') ? forms.short : forms.full;
let failed = 0;
for (const { name, run } of pairs) {
  const result = await run(form).catch((error: unknown) => error);
  if (typeof result !== 'object' || result === null || result instanceof Error) {
    failed += 1;
    process.stdout.write(`WRONG   ${name}\n        ${result instanceof Error ? result.stack : String(result)}\n`);
    continue;
  }
  const figures = result as Awaited<ReturnType<typeof run>>;
  if ('skipped' in figures) {
    process.stdout.write(`skipped ${name}: ${figures.skipped}\n`);
    continue;
  }
  const { isClean, text } = sumUp(figures);
  if (!isClean) failed += 1;
  process.stdout.write(`${isClean ? 'ok     ' : 'WRONG  '} ${name}\n`);
  process.stdout.write(`        ${text}\n`);
  for (const finding of figures.findings.slice(0, 10)) process.stdout.write(`        ${finding}\n`);
}
process.exitCode = failed > 0 ? 1 : 0;
