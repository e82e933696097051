// npm run ha              a replicated database under load: failovers, a standby that stands still, new gateways
// npm run ha -- --short   each once
import { findMissing } from './cluster.ts';
import { runFailover } from './failover.ts';
import { wrongs } from '../faults/verify.ts';

const missing = findMissing();
if (missing !== undefined) {
  process.stdout.write(`skipped: ${missing}\n`);
  process.exit(1);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const figures = await runFailover({ rounds: process.argv.includes('--short') ? 1 : 3 });
for (const { what, outageMs } of figures.blows) {
  process.stdout.write(`${what}: orders are accepted again after ${(outageMs / 1_000).toFixed(1)} s\n`);
}
const isClean = figures.acknowledged > 0 && wrongs.every((wrong) => figures[wrong] === 0);
process.stdout.write(
  `${figures.acknowledged} acknowledged, ${wrongs.map((one) => `${one} ${figures[one]}`).join(', ')}\n`,
);
for (const finding of figures.findings.slice(0, 20)) process.stdout.write(`  ${finding}\n`);
process.exitCode = isClean ? 0 : 1;
