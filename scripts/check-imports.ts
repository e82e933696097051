import { readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { listFiles } from './list-files.ts';

/** Imports point down this list. Rooms of one line do not know each other. */
const levels = [
  ['core'],
  ['db'],
  ['jobs', 'ledger', 'secrets', 'traces'],
  ['merchants', 'connectors'],
  ['notifications'],
  ['payouts'],
  ['metrics', 'findings'],
  ['operators'],
  ['http', 'chores'],
  ['demo'],
  ['app'],
  ['config'],
  ['commands'],
  ['main'],
];
/** Files beside the rooms: only main and its commands may import the others, and nobody main. */
const tops = new Set(['app', 'config', 'main']);
const levelOf = new Map(levels.flatMap((rooms, level) => rooms.map((room) => [room, level] as const)));

/** Packages that one room keeps to itself. */
const owners = [
  { names: /^pg(-[a-z-]+)?(\/|$)/, room: 'db' },
  { names: /^prom-client(\/|$)/, room: 'metrics' },
  { names: /^@opentelemetry\/.+/, room: 'traces' },
  { names: /^(fastify(-[a-z-]+)?|@fastify\/.+)(\/|$)/, room: 'http' },
  // The demo orders its payout like any merchant's program.
  { names: /^@vyplata\/sdk$/, room: 'demo' },
];
const sdkEntries = new Set(
  ['archive', 'signature', 'notification', 'explain-signature'].map((name) => `@vyplata/sdk/${name}`),
);

const gateway = 'packages/gateway/src/';
const sdk = 'packages/sdk/';

export type Import = { line: number; from: string | null };

/** Answers one line per import that breaks the house's order. */
export async function checkImports(root: string): Promise<string[]> {
  const folders = ['packages/gateway/src', 'packages/sdk'];
  const paths = await listFiles({ root, folders, endings: ['.ts', '.tsx', '.mts', '.js', '.mjs'] });
  const graph = new Map<string, string[]>();
  const problems: string[] = [];
  for (const path of paths) {
    const imports = readImports(await readFile(join(root, path), 'utf8'));
    const judge = path.startsWith(gateway) ? judgeGatewayImport : judgeSdkImport;
    for (const { line, from } of imports) {
      const problem = from === null ? 'imports a name that is only known at run time' : judge(path, from);
      if (problem !== null) problems.push(`${path}:${line} ${problem}`);
    }
    graph.set(
      path,
      imports.flatMap(({ from }) => (from?.startsWith('.') ? [resolveImport(path, from)] : [])),
    );
  }
  return [...problems, ...findCycles(graph).map((cycle) => `${cycle[0]} is in a cycle: ${cycle.join(' -> ')}`)];
}

/** Every module specifier of a source text: static, re-exported, type-only, dynamic, and `import('x').T`. */
export function readImports(text: string): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));
  const statement = /^[ \t]*(?:import|export)\b(?:[^'"`;=()]*?\bfrom)?\s*(['"])([^'"\n]+)\1/gm;
  const call = /(?<![\w.$])(?:import|require|import\.meta\.resolve)\s*\(\s*(?:(['"`])([^'"`$\n]+)\1\s*[),]|(\S))/g;
  const found: { index: number; from: string | null }[] = [];
  for (const match of code.matchAll(statement)) found.push({ index: match.index, from: match[2] ?? null });
  for (const match of code.matchAll(call)) {
    const lineStart = code.lastIndexOf('\n', match.index) + 1;
    if (!code.slice(lineStart, match.index).includes('//')) found.push({ index: match.index, from: match[2] ?? null });
  }
  const lineOf = (index: number) => code.slice(0, index).split('\n').length;
  return found.sort((a, b) => a.index - b.index).map(({ index, from }) => ({ line: lineOf(index), from }));
}

function judgeGatewayImport(path: string, from: string): string | null {
  const room = roomOf(path);
  if (!levelOf.has(room)) return `stands in "${room}", which is not in the import order`;
  if (from.startsWith('.')) return judgeRelative(path, from);
  if (from.startsWith('node:')) return room === 'core' ? `is in core, which is pure, and imports ${from}` : null;
  if (from.startsWith('@vyplata/') && from !== '@vyplata/sdk') {
    return sdkEntries.has(from) ? null : `imports ${from}; only ${[...sdkEntries].join(', ')} are for the gateway`;
  }
  const owner = owners.find(({ names }) => names.test(from));
  return owner === undefined || owner.room === room ? null : `imports ${from}, which only ${owner.room} may know`;
}

function judgeRelative(path: string, from: string): string | null {
  const target = resolveImport(path, from);
  if (!target.startsWith(gateway)) return `imports ${from}, which is outside the gateway's source`;
  const [room, other] = [roomOf(path), roomOf(target)];
  if (other === room) return null;
  if (tops.has(other) && room !== 'main' && room !== 'commands') return `imports ${other}, which only main may import`;
  if (other === 'main') return 'imports main, which nobody may import';
  const [level = 0, otherLevel] = [levelOf.get(room), levelOf.get(other)];
  if (otherLevel === undefined) return `imports "${other}", which is not in the import order`;
  if (room === 'connectors' && other === 'db') return 'is a connector, which gets no database, and imports db';
  if (otherLevel === level) return `is in ${room} and imports ${other}, which stands beside it`;
  return otherLevel > level ? `is in ${room} and imports ${other}, which stands above it` : null;
}

function judgeSdkImport(path: string, from: string): string | null {
  const target = from.startsWith('.') ? resolveImport(path, from) : from;
  const isInside = from.startsWith('.') ? target.startsWith(sdk) : !target.startsWith('@vyplata/gateway');
  return isInside ? null : `is in the sdk, which stands alone, and imports ${from}`;
}

function roomOf(path: string): string {
  return (
    path
      .slice(gateway.length)
      .split('/')[0]
      ?.replace(/\.[a-z]+$/, '') ?? ''
  );
}

function resolveImport(path: string, from: string): string {
  return normalize(join(dirname(path), from));
}

/** Each cycle once, from its first file in alphabetical order. */
function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of [...graph.keys()].sort()) visit(path, []);
  return cycles;
}
