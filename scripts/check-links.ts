import { readFile, stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { listFiles } from './list-files.ts';

/** Answers one line per link in a Markdown file that leads to no file or heading of the project. */
export async function checkLinks(root: string): Promise<string[]> {
  const found = await listFiles({ root, folders: ['.'], endings: ['.md'] });
  // The pages of the site link to one another as they stand when it is built; `npm run docs` judges them there.
  const paths = found.filter((path) => !path.startsWith('docs/site/'));
  const problems = paths.map(async (path) => {
    const prose = withoutCode(await readFile(join(root, path), 'utf8'));
    const judged = readLinks(prose).map(async ({ line, target }) => {
      const problem = await judgeLink({ root, path, target });
      return problem === null ? [] : [`${path}:${line} ${problem}`];
    });
    return (await Promise.all(judged)).flat();
  });
  return (await Promise.all(problems)).flat();
}

function readLinks(prose: string): { line: number; target: string }[] {
  const inline = /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;
  const definition = /^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?\s*$/gm;
  return [...prose.matchAll(inline), ...prose.matchAll(definition)].map((match) => ({
    line: prose.slice(0, match.index).split('\n').length,
    target: match[1] ?? '',
  }));
}

async function judgeLink(link: { root: string; path: string; target: string }): Promise<string | null> {
  const { root, path, target } = link;
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return null;
  const [file = '', anchor] = target.split('#');
  const to = file === '' ? path : normalize(join(file.startsWith('/') ? '' : dirname(path), decodeURI(file)));
  if (to.startsWith('..')) return `links to ${target}, which is outside the project`;
  const found = await stat(join(root, to)).catch(() => null);
  if (found === null) return `links to ${target}, which does not exist`;
  if (!anchor || !found.isFile() || !to.endsWith('.md')) return null;
  const anchors = readAnchors(await readFile(join(root, to), 'utf8'));
  return anchors.has(decodeURIComponent(anchor)) ? null : `links to ${target}, which has no such heading`;
}

/** Headings as GitHub names them; a repeated one gets -1, -2, … */
function readAnchors(text: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutFences(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = words.replace(/[^\p{L}\p{M}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    anchors.add(times === 0 ? slug : `${slug}-${times}`);
  }
  for (const [, id = ''] of text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(id);
  return anchors;
}

/** Code is blanked, line for line, so that line numbers stay true. */
function withoutCode(text: string): string {
  return withoutFences(text).replace(/`[^`\n]*`/g, blank);
}

function withoutFences(text: string): string {
  return text.replace(/^([ \t]*)(```+|~~~+)[\s\S]*?^\1\2/gm, blank);
}

function blank(code: string): string {
  return code.replace(/[^\n]/g, ' ');
}
