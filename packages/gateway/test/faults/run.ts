// npm run faults                             every scenario, at length
// npm run faults -- worker-killed --short    one of them, briefly
import { forms, type Skipped } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { type Figures, sumUp } from './verify.ts';

const findingsShown = 10;
const words = process.argv.slice(2);
const form = words.includes('--short') ? forms.short : forms.full;
const names = words.filter((word) => word !== '--short');
const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name));
if (unknown.length > 0) {
  throw new Error(`No scenario ${unknown.join(', ')}. There are: ${scenarios.map(({ name }) => name).join(', ')}.`);
}

type Row = { readonly mark: 'ok' | 'WRONG' | 'skipped'; readonly text: string; readonly findings: readonly string[] };

function describe(result: Figures | Skipped): Row {
  if ('skipped' in result) return { mark: 'skipped', text: result.skipped, findings: [] };
  const { isClean, text } = sumUp(result);
  const recovered = `recovered in ${(result.recoveredMs / 1_000).toFixed(1)} s`;
  return {
    mark: isClean ? 'ok' : 'WRONG',
    text: `${text}, ${recovered}`,
    findings: result.findings.slice(0, findingsShown),
  };
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const marks: string[] = [];
for (const { name, run } of scenarios.filter((scenario) => names.length === 0 || names.includes(scenario.name))) {
  const { mark, text, findings } = await run(form).then(describe, (error: unknown): Row => {
    return {
      mark: 'WRONG',
      text: error instanceof Error ? (error.stack ?? error.message) : String(error),
      findings: [],
    };
  });
  marks.push(mark);
  process.stdout.write(`${mark.padEnd(8)}${name.padEnd(18)}${text}\n`);
  for (const finding of findings) process.stdout.write(`          ${finding}\n`);
}
const count = (mark: Row['mark']): number => marks.filter((one) => one === mark).length;
process.stdout.write(`${count('ok')} clean, ${count('WRONG')} wrong, ${count('skipped')} skipped\n`);
process.exitCode = count('WRONG') > 0 || count('ok') === 0 ? 1 : 0;
