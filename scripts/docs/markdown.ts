import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import MarkdownIt from 'markdown-it';
import type { SiteLanguage } from './pages.ts';
import { writeTable } from './tables.ts';

const root = join(import.meta.dirname, '../..');

/**
 * A page's Markdown as HTML. Beside CommonMark it knows
 * - ` ```php include=examples/php/vyplata.php#create `: a part of a file, between the marks `[create]` and `[/create]`;
 * - `<!-- table: errors -->`: a table that is made from the code.
 */
export function renderMarkdown(markdown: string, language: SiteLanguage): string {
  const whole = markdown
    .replace(/^<!-- table: ([a-z-]+) -->$/gm, (_, name: string) => writeTable(name, language))
    .replace(/^```([a-z]+) include=(\S+)\n```$/gm, (_, language_: string, from: string) => {
      return `\`\`\`${language_}\n${readPart(from)}\n\`\`\``;
    });
  const renderer = new MarkdownIt({ html: false, linkify: false });
  const names = new Map<string, number>();
  renderer.core.ruler.push('anchors', (state) => {
    for (const [index, token] of state.tokens.entries()) {
      if (token.type !== 'heading_open') continue;
      const anchor = anchorOf(state.tokens[index + 1]?.content ?? '');
      const times = names.get(anchor) ?? 0;
      names.set(anchor, times + 1);
      token.attrSet('id', times === 0 ? anchor : `${anchor}-${times}`);
    }
  });
  renderer.core.ruler.push('links', (state) => {
    for (const token of state.tokens.flatMap(({ children }) => children ?? [])) {
      const target = token.type === 'link_open' ? String(token.attrGet('href') ?? '') : '';
      if (target !== '') token.attrSet('href', target.replace(/^(?!https?:)([^#]*)\.md(?=#|$)/, '$1.html'));
    }
  });
  renderer.renderer.rules.table_open = () => '<div class="table" tabindex="0"><table>';
  renderer.renderer.rules.table_close = () => '</table></div>';
  renderer.renderer.rules.fence = (tokens, index) => {
    const { info = '', content = '' } = tokens[index] ?? {};
    const [name = ''] = info.split(' ', 1);
    const file = /file=(\S+)/.exec(info)?.[1];
    const caption = file === undefined ? '' : `<figcaption>${escapeHtml(file)}</figcaption>`;
    const code = `<pre tabindex="0"><code class="language-${name}">${escapeHtml(content)}</code></pre>`;
    return `<figure>${caption}${code}</figure>\n`;
  };
  return renderer.render(whole);
}

/** As GitHub names headings, so that one link works there and here. */
function anchorOf(heading: string): string {
  const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  return words.replace(/[^\p{L}\p{M}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
}

/** A part of a file, without the indentation that all of its lines share. */
export function readPart(from: string): string {
  const [path = '', name = ''] = from.split('#');
  const lines = readFileSync(join(root, path), 'utf8').split('\n');
  const begin = lines.findIndex((line) => line.includes(`[${name}]`));
  const end = lines.findIndex((line) => line.includes(`[/${name}]`));
  if (begin < 0 || end < begin) throw new Error(`${path} has no part between [${name}] and [/${name}].`);
  const part = lines.slice(begin + 1, end);
  const indents = part.filter((line) => line.trim() !== '').map((line) => /^\s*/.exec(line)?.[0].length ?? 0);
  const indent = Math.min(...indents);
  return part
    .map((line) => line.slice(indent))
    .join('\n')
    .trim();
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
