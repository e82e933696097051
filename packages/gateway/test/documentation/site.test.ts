import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readBlocks } from '../../../../scripts/docs/blocks.ts';
import { buildSite } from '../../../../scripts/docs/build.ts';
import { checkSite } from '../../../../scripts/docs/check-site.ts';
import { pages, siteLanguages } from '../../../../scripts/docs/pages.ts';
import { merchantCodes } from '../../../../scripts/docs/tables.ts';

const root = join(import.meta.dirname, '../../../..');
const read = (path: string) => readFile(join(root, path), 'utf8');

describe('the documentation site', () => {
  let folder = '';
  let problems: string[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vyplata-site-'));
    problems = await buildSite(folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('every page is there in both languages, and every link leads somewhere', async () => {
    assert.deepEqual(problems, []);
    for (const language of siteLanguages) {
      for (const { slug, name } of pages) {
        const html = await readFile(join(folder, language, `${slug}.html`), 'utf8');
        assert.match(html, new RegExp(`<html lang="${language}">`));
        assert.ok(html.includes(`aria-current="page">${name[language]}<`), `${language}/${slug}`);
        assert.equal(html.match(/<h1/g)?.length, 1, `${language}/${slug} has one main heading`);
        assert.ok(!/<script/.test(html));
      }
    }
  });

  test('a broken link, a missing anchor and something from another host are found', async () => {
    const planted = '<a href="gone.html"></a><a href="#gone"></a><img src="https://cdn.example/x.png"><p id="a"></p>';
    const page = join(folder, 'en', 'planted.html');
    await writeFile(page, `${planted}<p id="a"></p><a href="../../../etc/passwd"></a>`);
    const found = await checkSite(folder);
    await rm(page);
    assert.deepEqual(
      found.map((problem) => problem.replace(/^en\/planted\.html /, '')),
      [
        'has the anchor "a" twice',
        'links to gone.html, which does not exist',
        'links to #gone, which has no such anchor',
        'fetches https://cdn.example/x.png from another host (img src)',
        'links to ../../../etc/passwd, which does not exist',
      ],
    );
  });

  test('the page of errors has every refusal a merchant can meet, in words', async () => {
    for (const language of siteLanguages) {
      const html = await readFile(join(folder, language, 'errors.html'), 'utf8');
      for (const code of merchantCodes) assert.ok(html.includes(`<code>${code}</code>`), `${language} ${code}`);
      assert.ok(!/undefined|NaN|\[object/.test(html));
    }
  });

  test('the reference has every call of the OpenAPI file', async () => {
    const html = await readFile(join(folder, 'en', 'reference.html'), 'utf8');
    const { paths } = JSON.parse(await read('packages/gateway/openapi.json')) as { paths: Record<string, object> };
    for (const [path, methods] of Object.entries(paths)) {
      for (const method of Object.keys(methods)) {
        assert.ok(html.includes(`<code>${method.toUpperCase()} ${path}</code>`), `${method} ${path}`);
      }
    }
  });

  test('both languages have the same headings in number and the same code', async () => {
    for (const { slug, source } of pages) {
      // The English contract and the sandbox are documents of their own, with more in them than a translation needs.
      if (source === undefined || !source.en.startsWith('docs/site/')) continue;
      const [english, russian] = await Promise.all([read(source.en), read(source.ru)]);
      const levels = (text: string) => text.replace(/^```[\s\S]*?^```$/gm, '').match(/^#+ /gm);
      assert.deepEqual(levels(russian), levels(english), slug);
      const code = (text: string) =>
        readBlocks(text).map(({ language, marks, text: block }) => [language, marks, block]);
      assert.deepEqual(code(russian), code(english), slug);
    }
  });
});
