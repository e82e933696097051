import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkNames } from '../../../../scripts/check-names.ts';
import { withProjectCopy, withTree } from './planted-tree.ts';

const opening = '// Owns a.\n// Promises b.\n// Refuses to know c.\n';

describe('names', () => {
  const empty = ['utils.ts', 'helpers/read.ts', 'common.ts', 'manager.ts', 'types.ts', 'misc/a.ts'];
  for (const path of empty) {
    it(`catches ${path}`, async () => {
      const files = { 'packages/gateway/src/core/first.ts': opening, [`packages/gateway/src/core/${path}`]: '' };
      const problems = await withTree(files, checkNames);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', /is named "(utils|helpers|common|manager|types|misc)"; name its subject/);
    });
  }

  it('catches names that are not in kebab-case', async () => {
    const files = { 'scripts/checkAll.ts': '', 'packages/sdk/src/my_key.ts': '', 'packages/sdk/src/Keys/a.ts': '' };
    assert.deepEqual(await withTree(files, checkNames), [
      'packages/sdk/src/Keys/a.ts stands in "Keys", not kebab-case',
      'packages/sdk/src/my_key.ts is not in kebab-case',
      'scripts/checkAll.ts is not in kebab-case',
    ]);
  });

  it('catches a class named for its place in a framework', async () => {
    const files = { 'packages/sdk/src/pay.ts': '//\nexport class PayoutService {}\n' };
    assert.match((await withTree(files, checkNames)).join(), /pay\.ts:2 names a class/);
  });

  it('catches a room that does not say what it owns', async () => {
    const files = {
      'packages/gateway/src/jobs/worker.ts': 'export const a = 1;\n',
      'packages/gateway/src/ledger/post.ts': opening,
      'packages/gateway/src/app.ts': '',
    };
    const problems = await withTree(files, checkNames);
    assert.equal(problems.length, 1, problems.join('\n'));
    assert.match(problems[0] ?? '', /^packages\/gateway\/src\/jobs has no file that opens with three lines/);
  });

  it('sees a violation planted among the real sources', async () => {
    const problems = await withProjectCopy({ 'packages/gateway/src/core/utils.ts': '' }, checkNames);
    assert.ok(problems.includes('packages/gateway/src/core/utils.ts is named "utils"; name its subject'));
  });
});
