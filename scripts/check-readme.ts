import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { listFiles } from './list-files.ts';

type Setting = { name: string; default: string | null; meaning: string };
type PackageJson = { scripts?: Record<string, string>; bin?: string | Record<string, string>; name?: string };

const npmOwn = new Set(['ci', 'install', 'test', 'start', 'pack', 'audit', 'version', 'exec']);

/** Answers one line per command of the README that does not exist and per row that its table of settings has wrong. */
export async function checkReadme(root: string): Promise<string[]> {
  const readme = await readFile(join(root, 'README.md'), 'utf8').catch(() => null);
  if (readme === null) return ['README.md is missing'];
  return [...(await checkCommands(root, readme)), ...(await checkSettings(root, readme))];
}

async function checkCommands(root: string, readme: string): Promise<string[]> {
  const scripts = (await readPackage(join(root, 'package.json'))).scripts ?? {};
  const manifests = await listFiles({ root, folders: ['packages/*'], endings: ['/package.json'] });
  const bins = (await Promise.all(manifests.map((path) => readPackage(join(root, path))))).flatMap(readBins);
  const problems = readCommands(readme).map(async ({ line, words }) => {
    const problem = await judgeCommand({ root, words, scripts, bins });
    return problem === null ? [] : [`README.md:${line} ${problem}`];
  });
  return (await Promise.all(problems)).flat();
}

async function judgeCommand(command: {
  root: string;
  words: readonly string[];
  scripts: Record<string, string>;
  bins: readonly string[];
}): Promise<string | null> {
  const { root, words, scripts, bins } = command;
  const [program, first = '', second = ''] = words;
  if (program === 'npm') {
    const script = first === 'run' ? second : first;
    const isKnown = script in scripts || (first !== 'run' && npmOwn.has(first) && !['test', 'start'].includes(first));
    return isKnown ? null : `runs npm script "${script}", which package.json does not have`;
  }
  if (program === 'npx') {
    const bin = words.slice(1).find((word) => !word.startsWith('-')) ?? '';
    return bins.includes(bin) ? null : `runs npx ${bin}, which no package here installs`;
  }
  const path = program === 'node' ? words.slice(1).find((word) => !word.startsWith('-')) : program;
  if (path === undefined || (program !== 'node' && !path.startsWith('./'))) return null;
  const isThere = await access(join(root, path)).then(
    () => true,
    () => false,
  );
  return isThere ? null : `runs ${path}, which does not exist`;
}

/** Commands of shell blocks, without a prompt, environment in front, and comments; `a && b` is two. */
function readCommands(readme: string): { line: number; words: string[] }[] {
  const blocks = readme.matchAll(/^```(?:sh|bash|shell|console)[^\n]*\n([\s\S]*?)^```/gm);
  return [...blocks].flatMap((block) => {
    const first = readme.slice(0, block.index).split('\n').length + 1;
    return (block[1] ?? '').split('\n').flatMap((text, index) => {
      const commands = text.replace(/^\s*\$\s+/, '').split(/&&|\|\||;|\|/);
      return commands.map((command) => ({ line: first + index, words: readWords(command) }));
    });
  });
}

function readWords(command: string): string[] {
  const words = command
    .replace(/(^|\s)#.*$/, '')
    .trim()
    .split(/\s+/);
  const start = words.findIndex((word) => !/^\w+=/.test(word));
  return start < 0 ? [] : words.slice(start).filter((word) => word !== '');
}

async function checkSettings(root: string, readme: string): Promise<string[]> {
  const config = 'packages/gateway/src/config.ts';
  const module = (await import(pathToFileURL(join(root, config)).href).catch((error: Error) => error)) as
    | Error
    | { settings?: readonly Setting[] };
  if (module instanceof Error) return [`${config} cannot be read: ${module.message}`];
  if (module.settings === undefined) return [`${config} exports no "settings"`];
  const expected = new Map(module.settings.map((setting) => [setting.name, formatSetting(setting)]));
  const rows = readme.split('\n').flatMap((line) => {
    const name = line.match(/^\|\s*`([A-Z][A-Z0-9_]*)`\s*\|/)?.[1];
    return name === undefined ? [] : [{ name, row: line.replace(/\s+/g, ' ').trim() }];
  });
  const named = new Set(rows.map(({ name }) => name));
  return [
    ...rows.filter(({ name }) => !expected.has(name)).map(({ name }) => `README.md has ${name}, ${config} does not`),
    ...rows.flatMap(({ name, row }) => {
      const wanted = expected.get(name);
      return wanted === undefined || wanted === row ? [] : [`README.md should say: ${wanted}`];
    }),
    ...[...expected].filter(([name]) => !named.has(name)).map(([, row]) => `README.md lacks the row: ${row}`),
  ];
}

function formatSetting(setting: Setting): string {
  const shown = setting.default === null || setting.default === '' ? '' : `\`${setting.default}\``;
  const meaning = setting.meaning.replaceAll('|', '\\|');
  return `| \`${setting.name}\` | ${shown} | ${meaning} |`.replace(/\s+/g, ' ');
}

async function readPackage(path: string): Promise<PackageJson> {
  return JSON.parse(await readFile(path, 'utf8')) as PackageJson;
}

function readBins({ bin, name }: PackageJson): string[] {
  if (bin === undefined) return [];
  return typeof bin === 'string' ? [name?.split('/').at(-1) ?? ''] : Object.keys(bin);
}
