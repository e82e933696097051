import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

/** Runs a program for which the optional packages are not installed; the API alone comes with prom-client. */
async function runWithout(program: string): Promise<string> {
  const hooks = `import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) {
      if (/^@opentelemetry.(sdk|resources|exporter)/.test(name)) throw new Error('not installed: ' + name);
      return next(name, context);
    } });
    process.chdir(${JSON.stringify(import.meta.dirname)});`;
  const script = `${hooks}\n${program}`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
  });
  return stdout;
}

test('without traces the optional packages are not loaded', async () => {
  const program = `const { startApp } = await import('../../src/app.ts'); console.log(typeof startApp);`;
  assert.equal(await runWithout(program), 'function\n');
});

test('traces without the packages are refused in a sentence that says what to do', async () => {
  const program = `const { openCollector } = await import('../../src/traces/collect.ts');
    const options = { endpoint: 'http://127.0.0.1:9', headers: {}, serviceName: 'test', onTrouble() {} };
    await openCollector(options).catch((error) => console.log(error.message));`;
  assert.match(await runWithout(program), /packages of OpenTelemetry are not installed\. Install what/);
});
