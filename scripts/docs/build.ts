import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkSite } from './check-site.ts';
import { layOut } from './layout.ts';
import { renderMarkdown } from './markdown.ts';
import { pages, siteLanguages } from './pages.ts';
import { openApiFile, renderReference } from './reference.ts';

/** npm run docs [-- folder]: the documentation as static pages in two languages; fails when a link leads nowhere. */
const root = join(import.meta.dirname, '../..');

export async function buildSite(folder: string): Promise<string[]> {
  await rm(folder, { recursive: true, force: true });
  for (const language of siteLanguages) {
    await mkdir(join(folder, language), { recursive: true });
    for (const page of pages) {
      const { source } = page;
      const content =
        source === undefined
          ? renderReference(language)
          : renderMarkdown(await readFile(join(root, source[language]), 'utf8'), language);
      await writeFile(join(folder, language, `${page.slug}.html`), layOut({ page, language, content }));
    }
  }
  await copyFile(join(root, 'docs/site/style.css'), join(folder, 'style.css'));
  await copyFile(openApiFile, join(folder, 'openapi.json'));
  await writeFile(join(folder, 'index.html'), entrance);
  return checkSite(folder);
}

const entrance = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Vyplata</title><link rel="stylesheet" href="style.css"></head>
<body><main id="text"><h1>Vyplata</h1>
<p><a href="en/index.html">Documentation in English</a></p>
<p><a lang="ru" href="ru/index.html">Документация по-русски</a></p>
</main></body>
</html>
`;

if (import.meta.main) {
  const folder = resolve(process.argv[2] ?? join(root, 'docs/site/dist'));
  const problems = await buildSite(folder);
  for (const problem of problems) console.error(problem);
  console.log(`${pages.length * siteLanguages.length} pages in ${folder}, ${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
