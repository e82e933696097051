import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { settings } from '../packages/gateway/src/config.ts';

/**
 * Writes the table in docs/operations.md that says of every setting what the files of a deployment make of it. What a
 * setting means stands in README.md alone.
 */
const root = join(import.meta.dirname, '..');
const page = 'docs/operations.md';
const marks = ['<!-- settings -->', '<!-- end of settings -->'] as const;

type Values = ReadonlyMap<string, string>;

/** What a file sets, by the name of the variable; those of other programs too. */
async function readDeployments(): Promise<ReadonlyMap<string, Values>> {
  const read = (path: string): Promise<string> => readFile(join(root, 'deploy', path), 'utf8');
  const [image, compose, kubernetes, unit] = await Promise.all(
    ['Dockerfile', 'compose.yaml', 'kubernetes/gateway.yaml', 'systemd/vyplata@.service'].map(read),
  );
  const services = parse(compose ?? '', { merge: true }) as {
    readonly services: Record<string, { readonly environment?: Record<string, string> }>;
  };
  const gateways = Object.entries(services.services).filter(([name]) => name !== 'postgres');
  const documents = parseAllDocuments(kubernetes ?? '').map((document) => document.toJS() as { kind: string });
  const maps = documents.filter(
    (one): one is { kind: string; data: Record<string, string> } => one.kind === 'ConfigMap',
  );
  return new Map<string, Values>([
    ['image', readPairs(/^ENV (.*)$/gm, image ?? '')],
    ['compose', new Map(gateways.flatMap(([, { environment }]) => Object.entries(environment ?? {})))],
    ['Kubernetes', new Map(maps.flatMap(({ data }) => Object.entries(data)))],
    ['systemd', readPairs(/^Environment=(.*)$/gm, unit ?? '')],
  ]);
}

function readPairs(line: RegExp, text: string): Values {
  const words = [...text.matchAll(line)].flatMap(([, rest = '']) => rest.split(' '));
  return new Map(words.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
}

/** The table, with a row for each setting; empty where a file leaves it as it is. */
async function printTable(): Promise<string> {
  const deployments = await readDeployments();
  const show = (value: string | null | undefined): string => (value ? `\`${value}\`` : '');
  const rows = settings.map((setting) => {
    const cells = [...deployments.values()].map((values) => show(values.get(setting.name)));
    return `| ${[show(setting.name), show(setting.default), ...cells].join(' | ')} |`.replace(/ {2,}/g, ' ');
  });
  const heads = ['setting', 'default', ...deployments.keys()];
  return [`| ${heads.join(' | ')} |`, `|${' --- |'.repeat(heads.length)}`, ...rows].join('\n');
}

/** The page with the table as it has to be. Throws when the page has no place for it. */
async function printPage(): Promise<string> {
  const text = await readFile(join(root, page), 'utf8');
  const [start, end] = marks.map((mark) => text.indexOf(mark));
  if (start === undefined || end === undefined || start < 0 || end < start) {
    throw new Error(`${page} has no ${marks.join(' … ')}`);
  }
  return `${text.slice(0, start + marks[0].length)}\n\n${await printTable()}\n\n${text.slice(end)}`;
}

if (import.meta.main) {
  if (process.argv.includes('--write')) await writeFile(join(root, page), await printPage());
  else process.stdout.write(await printPage());
}
