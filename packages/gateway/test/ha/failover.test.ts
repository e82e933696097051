import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { skipMissing } from '../skip-missing.ts';
import { findMissing } from './patroni.ts';

const run = fileURLToPath(new URL('run.ts', import.meta.url));

test('a replicated database under load: nothing is lost or paid twice, whoever leads', async (context) => {
  if (skipMissing(context, findMissing())) return;
  // A process of its own, so that it may have a network of its own.
  const child = spawn(process.execPath, [run, '--short', '--only=kill-leader,cut-leader'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  for (const line of said.trimEnd().split('\n')) context.diagnostic(line);
  assert.equal(code, 0, said);
  assert.match(
    said,
    /^[1-9]\d* acknowledged, lost 0, executedTwice 0, stuck 0, violated 0, undelivered 0, unresolved 0$/m,
  );
});
