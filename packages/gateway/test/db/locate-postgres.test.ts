import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { linkLibraries } from '../../src/db/locate-postgres.ts';

describe('library links', () => {
  const links = [
    { source: 'native/lib/libx.so.6.18', target: 'native/lib/libx.so.6' },
    { source: 'native/lib/libx.so.6.18', target: 'native/lib/libx.so' },
  ];
  let scratch = '';

  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'vyplata-links-'));
  });

  after(() => rm(scratch, { recursive: true, force: true }));

  it('are made in the package, by several processes at once, and again', async () => {
    const packageFolder = join(scratch, 'package');
    await mkdir(join(packageFolder, 'native/lib'), { recursive: true });
    const options = { packageFolder, links, linkFolder: join(scratch, 'unused') };
    const answers = await Promise.all(Array.from({ length: 8 }, () => linkLibraries(options)));
    assert.deepEqual(new Set([...answers, await linkLibraries(options)]), new Set([null]));
    for (const name of ['libx.so.6', 'libx.so']) {
      assert.equal(await readlink(join(packageFolder, 'native/lib', name)), 'libx.so.6.18');
    }
  });

  it('go beside the data when the package is read-only, and follow it when it moves', async () => {
    const linkFolder = join(scratch, 'lib');
    for (const packageFolder of ['/sys/kernel', '/sys/class']) {
      assert.equal(await linkLibraries({ packageFolder, links: shallow(links), linkFolder }), linkFolder);
      assert.equal(await readlink(join(linkFolder, 'libx.so')), join(packageFolder, 'libx.so.6.18'));
    }
  });
});

/** /sys takes no links from anybody, root included. */
function shallow(links: readonly { source: string; target: string }[]) {
  return links.map(({ source, target }) => ({
    source: source.replace('native/lib/', ''),
    target: target.replace('native/lib/', ''),
  }));
}
