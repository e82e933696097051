import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { packGateway } from '../../../../scripts/pack/gateway.ts';
import { packSdk } from '../../../../scripts/pack/sdk.ts';

const folder = await mkdtemp(join(tmpdir(), 'vyplata-twice-'));
after(() => rm(folder, { recursive: true, force: true }));

/** Who builds a release again gets the release: no time, no path and no order of files is in it. */
for (const [name, pack] of [
  ['the SDK', packSdk],
  ['the gateway', packGateway],
] as const) {
  test(`${name} packed twice, in different folders, is the same bytes`, async () => {
    const hashes: string[] = [];
    for (const place of ['one', 'another/place']) {
      const tarball = await readFile(await pack(join(folder, name.replace(' ', '-'), place)));
      hashes.push(createHash('sha256').update(tarball).digest('hex'));
    }
    assert.equal(hashes[0], hashes[1]);
  });
}
