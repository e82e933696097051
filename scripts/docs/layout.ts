import { escapeHtml } from './markdown.ts';
import { type Page, pages, type SiteLanguage } from './pages.ts';

const words = {
  en: {
    skip: 'To the text',
    site: 'Documentation',
    other: 'По-русски',
    contents: 'Pages',
    before: 'Before',
    after: 'Next',
  },
  ru: {
    skip: 'К тексту',
    site: 'Документация',
    other: 'In English',
    contents: 'Страницы',
    before: 'Назад',
    after: 'Далее',
  },
} as const;

/** A whole page. Every address in it is relative: the site works from a folder, without a server. */
export function layOut(given: { page: Page; language: SiteLanguage; content: string }): string {
  const { page, language, content } = given;
  const text = words[language];
  const other = language === 'en' ? 'ru' : 'en';
  const title = `${page.name[language]} — Vyplata`;
  const links = pages.map(({ slug, name }) => {
    const current = slug === page.slug ? ' aria-current="page"' : '';
    return `<li><a href="${slug}.html"${current}>${escapeHtml(name[language])}</a></li>`;
  });
  const index = pages.indexOf(page);
  const [before, after] = [pages[index - 1], pages[index + 1]];
  const step = (to: Page | undefined, label: string, rel: string) =>
    to === undefined ? '' : `<a rel="${rel}" href="${to.slug}.html">${label}: ${escapeHtml(to.name[language])}</a>`;
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="../style.css">
<link rel="alternate" hreflang="${other}" href="../${other}/${page.slug}.html">
</head>
<body>
<a class="skip" href="#text">${text.skip}</a>
<header><a class="brand" href="index.html">Vyplata</a> <span>${text.site}</span>
<a class="language" lang="${other}" hreflang="${other}" href="../${other}/${page.slug}.html">${text.other}</a></header>
<nav aria-label="${text.contents}"><ul>
${links.join('\n')}
</ul></nav>
<main id="text">
${content}
<p class="steps">${step(before, text.before, 'prev')} ${step(after, text.after, 'next')}</p>
</main>
</body>
</html>
`;
}
