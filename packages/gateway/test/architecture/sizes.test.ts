import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkSizes, fileLinesMax, functionLinesMax, lineLengthMax } from '../../../../scripts/check-sizes.ts';
import { withProjectCopy, withTree } from './planted-tree.ts';

const body = (lines: number) => 'work();\n'.repeat(lines);

describe('sizes', () => {
  it('catches a long file, SQL and tests included', async () => {
    const files = {
      'packages/gateway/src/core/a.ts': '//\n'.repeat(fileLinesMax + 1),
      'packages/gateway/migrations/0001-a.sql': '--\n'.repeat(fileLinesMax + 1),
      'packages/sdk/test/a.test.ts': '//\n'.repeat(fileLinesMax + 1),
      'scripts/a.ts': '//\n'.repeat(fileLinesMax),
    };
    assert.deepEqual(await withTree(files, checkSizes), [
      'packages/gateway/migrations/0001-a.sql has 401 lines, 400 are allowed',
      'packages/gateway/src/core/a.ts has 401 lines, 400 are allowed',
      'packages/sdk/test/a.test.ts has 401 lines, 400 are allowed',
    ]);
  });

  it('catches a wide line, counting characters', async () => {
    const files = {
      'bench/a.ts': `//\n// ${'я'.repeat(lineLengthMax - 2)}\n`,
      'bench/b.ts': `// ${'я'.repeat(lineLengthMax - 3)}\n`,
    };
    assert.deepEqual(await withTree(files, checkSizes), ['bench/a.ts:2 is 121 wide, 120 are allowed']);
  });

  it('catches a long function, arrow and test, and lets a describe be a chapter', async () => {
    const long = functionLinesMax;
    const files = {
      'packages/gateway/src/core/a.ts': `export function work() {\n${body(long)}}\n`,
      'packages/gateway/src/core/b.ts': `export const work = () => {\n${body(long - 2)}};\n`,
      'packages/gateway/test/a.test.ts': `describe('a', () => {\n  it('b', () => {\n${body(long)}  });\n});\n`,
    };
    const problems = await withTree(files, checkSizes);
    assert.deepEqual(
      problems.map((problem) => problem.split(' ')[0]),
      ['packages/gateway/src/core/a.ts:1', 'packages/gateway/test/a.test.ts:2'],
    );
  });

  it('sees a violation planted among the real sources', async () => {
    const planted = { 'packages/gateway/src/core/planted.ts': `export function work() {\n${body(80)}}\n` };
    const problems = await withProjectCopy(planted, checkSizes);
    assert.ok(problems.some((problem) => problem.startsWith('packages/gateway/src/core/planted.ts:1 ')));
  });
});
