import { relative } from 'node:path';
import { run } from 'node:test';
import { inspect } from 'node:util';
import { clusterVariable, startTestCluster } from '../packages/gateway/test/cluster.ts';
import { listFiles } from './list-files.ts';

/**
 * npm test [words of paths …]: runs the test files, all of them on one PostgreSQL, and says what failed. Those that
 * need a browser or a cluster of servers are run only when a word names their folder, as npm run test:browser does.
 */
const root = process.cwd();
const concurrency = 2;
const fileTimeoutMs = 600_000;
const namedOnly = ['browser', 'test/ha'];

type Result = {
  name: string;
  file?: string;
  line?: number;
  nesting: number;
  skip?: string | boolean;
  todo?: string | boolean;
  details: { duration_ms: number; type?: string | undefined; error?: Error & { failureType?: string } };
};
type Tally = { passed: number; skipped: number; failures: string[]; output: string };

const words = process.argv.slice(2);
const paths = (await listFiles({ root, folders: ['packages/*/test'], endings: ['.test.ts'] })).filter(
  (path) =>
    (words.length === 0 || words.some((word) => path.includes(word))) &&
    namedOnly.every((folder) => !path.includes(`/${folder}/`) || words.some((word) => word.includes(folder))),
);
const tallies = new Map<string, Tally>();
const cluster = paths.some((path) => path.startsWith('packages/gateway/')) ? await startTestCluster() : null;
if (cluster !== null) process.env[clusterVariable] = cluster.socket;
try {
  await runFiles();
} finally {
  await cluster?.close();
}
summarise();

async function runFiles(): Promise<void> {
  if (paths.length === 0) return;
  const events = run({ files: paths, concurrency, timeout: fileTimeoutMs, cwd: root });
  events.on('test:pass', (result) => record(result, false));
  events.on('test:fail', (result) => record(result, true));
  events.on('test:stdout', ({ file, message }) => void (tallyOf(file).output += message));
  events.on('test:stderr', ({ file, message }) => void (tallyOf(file).output += message));
  events.on('test:summary', ({ file, duration_ms: durationMs }) => {
    if (file !== undefined) report(relative(root, file), durationMs);
  });
  // The stream ends when every file has.
  for await (const _ of events);
}

function tallyOf(file: string | undefined): Tally {
  const path = file === undefined ? '?' : relative(root, file);
  const tally = tallies.get(path) ?? { passed: 0, skipped: 0, failures: [], output: '' };
  tallies.set(path, tally);
  return tally;
}

/** A suite counts only when it fails by itself; a file stands for itself when it crashed or holds no test. */
function record(result: Result, hasFailed: boolean): void {
  const tally = tallyOf(result.file);
  const isFile = result.file !== undefined && relative(root, result.name) === relative(root, result.file);
  const { error } = result.details;
  if (hasFailed) {
    if (error?.failureType === 'subtestsFailed') return;
    const place = `${result.file === undefined ? '' : relative(root, result.file)}:${result.line ?? 1}`;
    tally.failures.push(`✖ ${result.name} (${place})\n${indent(inspect(error?.cause ?? error, { depth: 6 }))}`);
  } else if (isFile) {
    tally.failures.push(`✖ ${relative(root, result.name)} holds no test`);
  } else if (result.details.type !== 'suite') {
    if (result.skip !== undefined || result.todo !== undefined) tally.skipped += 1;
    else tally.passed += 1;
  }
}

function report(path: string, durationMs: number): void {
  const tally = tallyOf(path);
  const skipped = tally.skipped > 0 ? `, ${tally.skipped} skipped` : '';
  const mark = tally.failures.length > 0 ? '✖' : '✔';
  console.log(`${mark} ${path}: ${tally.passed} passed${skipped} (${(durationMs / 1000).toFixed(1)} s)`);
  // What a test measures is for people to read; whether it passes does not depend on it.
  for (const [line] of tally.output.matchAll(/^measured: .*$/gm)) console.log(indent(line));
}

function summarise(): void {
  let [passed, failed, skipped] = [0, 0, 0];
  for (const [path, tally] of tallies) {
    passed += tally.passed;
    failed += tally.failures.length;
    skipped += tally.skipped;
    if (tally.failures.length === 0) continue;
    console.log(`\n${path}`);
    for (const failure of tally.failures) console.log(indent(failure));
    if (tally.output.trim() !== '') console.log(indent(`It printed:\n${indent(tally.output.trimEnd())}`));
  }
  if (passed + failed === 0) console.log(`No test was run${words.length > 0 ? ` for ${words.join(' ')}` : ''}.`);
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
