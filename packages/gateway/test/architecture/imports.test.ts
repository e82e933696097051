import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkImports, readImports } from '../../../../scripts/check-imports.ts';
import { withProjectCopy, withTree } from './planted-tree.ts';

const src = 'packages/gateway/src';

describe('import order', () => {
  const violations: [name: string, path: string, text: string, expected: RegExp][] = [
    ['upwards', 'core/a.ts', `import { x } from '../db/b.ts';`, /is in core and imports db, which stands above it/],
    ['upwards, type only', 'jobs/a.ts', `import type { X } from '../payouts/b.ts';`, /imports payouts, .*above/],
    ['upwards, re-export', 'db/a.ts', `export { x } from '../jobs/b.ts';`, /imports jobs, .*above/],
    ['upwards, all of it', 'db/a.ts', `export * from '../jobs/b.ts';`, /imports jobs, .*above/],
    ['upwards, dynamic', 'db/a.ts', `const b = await import('../http/b.ts');`, /imports http, .*above/],
    ['upwards, import type', 'db/a.ts', `let b: import('../http/b.ts').X;`, /imports http, .*above/],
    ['upwards, for effect', 'db/a.ts', `import '../http/b.ts';`, /imports http, .*above/],
    ['upwards, many lines', 'db/a.ts', `import {\n  x,\n  type Y,\n} from '../http/b.ts';`, /a\.ts:1 .*http, .*above/],
    ['sideways: jobs, ledger', 'jobs/a.ts', `import { x } from '../ledger/b.ts';`, /imports ledger, .*beside/],
    ['sideways: ledger, secrets', 'ledger/a.ts', `import { x } from '../secrets/b.ts';`, /imports secrets, .*beside/],
    ['sideways: merchants', 'merchants/a.ts', `import { x } from '../connectors/b.ts';`, /connectors, .*beside/],
    ['the app', 'http/a.ts', `import type { App } from '../app.ts';`, /imports app, which only main may import/],
    ['the config', 'app.ts', `import { settings } from './config.ts';`, /imports config, which only main/],
    ['main', 'app.ts', `import { x } from './main.ts';`, /imports main, which only main may/],
    ['node in core', 'core/a.ts', `import { randomUUID } from 'node:crypto';`, /core, which is pure, .*node:crypto/],
    ['pg outside db', 'ledger/a.ts', `import pg from 'pg';`, /imports pg, which only db may know/],
    ['a part of pg', 'ledger/a.ts', `import c from 'pg-cursor';`, /imports pg-cursor, which only db/],
    ['fastify outside http', 'app.ts', `import type { F } from 'fastify';`, /imports fastify, which only http/],
    ['a fastify plugin', 'operators/a.ts', `import c from '@fastify/cookie';`, /@fastify\/cookie, which only http/],
    ['db in a connector', 'connectors/a.ts', `import { x } from '../db/b.ts';`, /connector, which gets no database/],
    ['the whole sdk', 'http/a.ts', `import { Client } from '@vyplata/sdk';`, /@vyplata\/sdk, which only demo may know/],
    ['the sdk by path', 'http/a.ts', `import { x } from '../../../sdk/src/key.ts';`, /outside the gateway's source/],
    ['a new room', 'wallets/a.ts', `import { x } from '../core/b.ts';`, /"wallets", which is not in the import order/],
    ['an unknown name', 'http/a.ts', 'const b = await import(name);', /a name that is only known at run time/],
  ];
  for (const [name, path, text, expected] of violations) {
    it(`catches: ${name}`, async () => {
      const problems = await withTree({ [`${src}/${path}`]: text }, checkImports);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', expected);
    });
  }

  it('catches a cycle within one room, of types too', async () => {
    const files = {
      [`${src}/core/a.ts`]: `import type { B } from './b.ts';`,
      [`${src}/core/b.ts`]: `import { c } from './c.ts';`,
      [`${src}/core/c.ts`]: `import { a } from './a.ts';`,
    };
    const [problem, ...others] = await withTree(files, checkImports);
    assert.match(problem ?? '', /core\/a\.ts is in a cycle: .*a\.ts -> .*b\.ts -> .*c\.ts -> .*a\.ts$/);
    assert.deepEqual(others, []);
  });

  it('catches the sdk reaching into the gateway', async () => {
    const files = {
      'packages/sdk/src/a.ts': `import { x } from '../../gateway/src/core/b.ts';`,
      'packages/sdk/test/b.test.ts': `import { x } from '@vyplata/gateway';`,
    };
    const problems = await withTree(files, checkImports);
    assert.deepEqual(
      problems.map((problem) => problem.replace(/ .*/, '')),
      ['packages/sdk/src/a.ts:1', 'packages/sdk/test/b.test.ts:1'],
    );
  });

  it('lets through what the order allows', async () => {
    const files = {
      [`${src}/core/a.ts`]: `import { isValidIBAN } from 'ibantools';\nimport { b } from './b.ts';`,
      [`${src}/core/b.ts`]: '// import { x } from "../http/a.ts"\nexport const b = 1;\n',
      [`${src}/db/a.ts`]: `import pg from 'pg';\nimport { readFile } from 'node:fs/promises';`,
      [`${src}/http/routes/a.ts`]: `import fastify from 'fastify';\nimport { x } from '../../operators/a.ts';`,
      [`${src}/notifications/a.ts`]: `import { sign } from '@vyplata/sdk/signature';`,
      [`${src}/app.ts`]: `import { x } from './http/routes/a.ts';`,
      [`${src}/main.ts`]: `import { app } from './app.ts';\nimport { settings } from './config.ts';`,
    };
    assert.deepEqual(await withTree(files, checkImports), []);
  });

  it('sees a violation planted among the real sources', async () => {
    const planted = { [`${src}/core/planted.ts`]: `export type { Db } from '../db/pool.ts';\n` };
    const problems = await withProjectCopy(planted, checkImports);
    assert.ok(
      problems.some((problem) => problem.startsWith(`${src}/core/planted.ts:1 `)),
      problems.join('\n'),
    );
  });
});

describe('reading imports', () => {
  it('ignores words in texts and comments', () => {
    const text = [
      `/* import { x } from 'a'; */`,
      `const s = "please import { x } from 'b'";`,
      `export const from = 'c';`,
      `export type T = { from: 'd' };`,
      `// await import('e')`,
      `export function take(from: string) { return from === 'f'; }`,
    ].join('\n');
    assert.deepEqual(readImports(text), []);
  });

  it('names each line', () => {
    const text = `import a from 'a';\n\nimport {\n  b,\n} from "b";\nconst c = import('c');\n`;
    assert.deepEqual(readImports(text), [
      { line: 1, from: 'a' },
      { line: 3, from: 'b' },
      { line: 6, from: 'c' },
    ]);
  });
});
