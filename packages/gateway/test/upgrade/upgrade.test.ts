import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { assertClean } from '../faults/assert-clean.ts';
import { sleep } from '../faults/load.ts';
import { forms } from '../faults/scenario.ts';
import { openSite } from '../faults/site.ts';
import { pairs } from './pairs.ts';

describe('upgrades under load', () => {
  for (const { name, run } of pairs) {
    test(name, async (context) => {
      assertClean(context, await run(forms.short), 100);
    });
  }

  test('a process at work stops in good order on a schema that was broken under it', async () => {
    const site = await openSite();
    assert.ok(site !== undefined);
    try {
      const child = await site.start('work');
      const exited = once(child, 'exit');
      while ((await site.db().query('select 1 from process')).length === 0) await sleep(50);
      await site
        .db()
        .query(`insert into migration (number, name, checksum, breaking) values (999, '0999-future.sql', '', true)`);
      assert.deepEqual(await exited, [0, null]);
      const { code, said } = await site.run(['work']);
      assert.equal(code, 1);
      assert.match(
        said,
        /newer migration 0999-future\.sql, which this version cannot run on\. Start the newer version/,
      );
    } finally {
      await site.close();
    }
  });
});
