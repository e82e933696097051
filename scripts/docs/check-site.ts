import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';

/**
 * Answers one line per link of a built site that leads nowhere, per address that is the same twice on a page, and per
 * thing that a page would fetch from another host.
 */
export async function checkSite(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.html'));
  const pages = new Map<string, string>();
  for (const file of files) pages.set(file, await readFile(join(folder, file), 'utf8'));
  const ids = new Map([...pages].map(([file, html]) => [file, readIds(html)]));
  const problems: string[] = [];
  for (const [file, html] of pages) {
    const seen = readIds(html);
    const repeated = seen.filter((id, index) => seen.indexOf(id) !== index);
    problems.push(...repeated.map((id) => `${file} has the anchor "${id}" twice`));
    for (const { attribute, target, tag } of readTargets(html)) {
      if (/^https?:/.test(target)) {
        if (tag !== 'a') problems.push(`${file} fetches ${target} from another host (${tag} ${attribute})`);
        continue;
      }
      const [path = '', anchor] = target.split('#');
      const to = path === '' ? file : normalize(join(dirname(file), decodeURI(path)));
      const found = await stat(join(folder, to)).catch(() => undefined);
      const isInside = !relative(folder, join(folder, to)).startsWith('..');
      if (!isInside || found?.isFile() !== true) problems.push(`${file} links to ${target}, which does not exist`);
      else if (anchor && ids.get(to)?.includes(decodeURIComponent(anchor)) === false) {
        problems.push(`${file} links to ${target}, which has no such anchor`);
      }
    }
  }
  return problems;
}

function readIds(html: string): string[] {
  return [...html.matchAll(/<[a-z0-9]+[^>]*\sid="([^"]+)"/g)].map(([, id = '']) => id);
}

function readTargets(html: string): { tag: string; attribute: string; target: string }[] {
  return [...html.matchAll(/<([a-z0-9]+)[^>]*?\s(href|src)="([^"]+)"/g)].map(
    ([, tag = '', attribute = '', target = '']) => ({
      tag,
      attribute,
      target,
    }),
  );
}
