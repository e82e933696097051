// npm run ha                          a replicated database under load, every blow three times
// npm run ha -- --short               each once
// npm run ha -- --only=pause-leader   these alone: names with commas between them
import { findMissing } from './patroni.ts';
import { type BlowName, blowNames, runFailover } from './failover.ts';
import { reenterOwnNetwork } from './network.ts';
import { sumUp } from '../faults/verify.ts';

const missing = findMissing();
if (missing !== undefined) {
  process.stdout.write(`skipped: ${missing}\n`);
  process.exit(1);
}
const inside = await reenterOwnNetwork();
if (inside !== undefined) process.exit(inside);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const figures = await runFailover({
  blows: readBlows(process.argv.slice(2)),
  onBlow: ({ what, outageMs }) =>
    void process.stdout.write(`${what}: orders are accepted again after ${(outageMs / 1_000).toFixed(1)} s\n`),
});
const { isClean, text } = sumUp(figures);
process.stdout.write(`${text}\n`);
for (const finding of figures.findings.slice(0, 20)) process.stdout.write(`  ${finding}\n`);
process.exitCode = isClean ? 0 : 1;

function readBlows(words: readonly string[]): BlowName[] {
  const only = words.find((word) => word.startsWith('--only='))?.slice('--only='.length);
  const isNamed = (name: string): boolean => only === undefined || only.split(',').includes(name);
  const blows = blowNames.filter(isNamed);
  if (blows.length === 0) throw new Error(`--only names none of ${blowNames.join(', ')}`);
  return words.includes('--short') ? blows : [...blows, ...blows, ...blows];
}
