import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SANDBOX_SCRIPTS, sandboxPhone } from '@vyplata/sdk/sandbox-scripts';
import { sandboxScripts } from '../../src/connectors/sandbox-script.ts';

test('the SDK names every script of the sandbox, with the phone that plays it', () => {
  const played = Object.fromEntries(sandboxScripts.map(({ name, phone }) => [name, phone]));
  const names = Object.keys(SANDBOX_SCRIPTS) as (keyof typeof SANDBOX_SCRIPTS)[];
  assert.deepEqual(Object.fromEntries(names.map((name) => [name, sandboxPhone(name)])), played);
});
