// npm run sim              as many seeds as fit into a minute
// npm run sim -- --seed 7  one seed, with what it found; --mutant name breaks the design on purpose
import { parseArgs } from 'node:util';
import { mutants } from './mutants.ts';
import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: { seed: { type: 'string' }, mutant: { type: 'string' }, seconds: { type: 'string', default: '60' } },
});
const mutant = mutants.find(({ name }) => name === values.mutant);
if (values.mutant !== undefined && mutant === undefined) {
  throw new Error(`There is no mutant ${values.mutant}. There are: ${mutants.map(({ name }) => name).join(', ')}`);
}
const until = performance.now() + Number(values.seconds) * 1_000;
const startedAt = performance.now();
let [seeds, payouts, virtualMs, wrong] = [0, 0, 0, 0];
let seed = values.seed === undefined ? 1 : Number(values.seed);
do {
  const result = await simulate(seed, mutant);
  seeds += 1;
  payouts += result.payouts;
  virtualMs += result.virtualMs;
  if (result.violations.length > 0) wrong += 1;
  for (const violation of result.violations) process.stdout.write(`seed ${seed}: ${violation}\n`);
  seed += 1;
} while (values.seed === undefined && performance.now() < until);
const minutes = (performance.now() - startedAt) / 60_000;
process.stdout.write(
  `${seeds} seeds, ${payouts} payouts, ${(virtualMs / 3_600_000).toFixed(0)} virtual hours, ` +
    `${(payouts / minutes).toFixed(0)} payouts a minute, ${wrong} seeds with violations\n`,
);
process.exitCode = wrong > 0 ? 1 : 0;
