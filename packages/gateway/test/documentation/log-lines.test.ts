import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { steps } from '../../src/traces/trail.ts';

const root = join(import.meta.dirname, '../../../..');
const source = join(root, 'packages/gateway/src');
const texts = [
  // What a reporter is made with, and what a log is given; texts with an apostrophe stand in other quotes.
  /\breport\('([^']+)'\)/g,
  /\blog\s*\.(?:error|warn|info)\(\s*(?:\{(?:[^{}]|\{[^{}]*\})*\}|\w+),\s*'([^']+)',?\s*\)/g,
];

/** Calls that write a line, whatever their text: none may be missed by the patterns above without being known. */
const calls = /\blog\s*\.(?:error|warn|info)\(/g;

test('every line that the gateway can log stands in the operators’ guide, and every step of a payout', async () => {
  const guide = (await readFile(join(root, 'docs/operations.md'), 'utf8')).replaceAll('\n', ' ');
  const found = new Set<string>();
  const odd: string[] = [];
  for (const name of await readdir(source, { recursive: true })) {
    if (!name.endsWith('.ts')) continue;
    const text = await readFile(join(source, name), 'utf8');
    const lines = texts.flatMap((pattern) => [...text.matchAll(pattern)].map(([, line = '']) => line));
    for (const line of lines) found.add(line);
    const logged = [...text.matchAll(texts[1] ?? assert.fail())].length;
    const missed = [...text.matchAll(calls)].length - logged;
    if (missed > 0) odd.push(`${name} ${missed}`);
  }
  assert.ok(found.size > 20, [...found].join('\n'));
  for (const line of found) assert.ok(guide.includes(`\`${line}\``), `docs/operations.md does not have: ${line}`);
  for (const { name } of Object.values(steps)) assert.ok(guide.includes(`| \`${name}\` |`), name);
  // Where reporters are made; lines of PostgreSQL and of migrations; those that put their texts together.
  const known = ['app.ts 1', 'commands/connect.ts 2', 'commands/watch-schema.ts 1', 'merchants/directory.ts 2'];
  assert.deepEqual(odd.toSorted(), known);
});
