import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listFiles } from './list-files.ts';

/** A file or room of these names has no subject. */
const emptyWords = /^(utils?|helpers?|commons?|managers?|misc|types?|shared|stuff|lib|base)$/;
const emptyClass = /^\s*(export\s+)?(abstract\s+)?class\s+\w*(Service|Manager|Helper|Util|Utils)\b/;
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?\.(ts|tsx|sql)$/;
const room = /^[a-z]+(-[a-z]+)*$/;

const folders = ['packages/*/src', 'packages/*/test', 'packages/*/migrations', 'scripts', 'bench'];

/** Answers one line per file or room whose name says nothing, and per gateway room that does not say what it owns. */
export async function checkNames(root: string): Promise<string[]> {
  const paths = await listFiles({ root, folders, endings: ['.ts', '.tsx', '.sql'] });
  const problems = paths.flatMap(judgePath);
  for (const path of paths) {
    const lines = (await readFile(join(root, path), 'utf8')).split('\n');
    const index = lines.findIndex((line) => emptyClass.test(line));
    if (index >= 0)
      problems.push(`${path}:${index + 1} names a class for its place in a framework, not for what it is`);
  }
  return [...problems, ...(await findSilentRooms(root, paths))];
}

function judgePath(path: string): string[] {
  const names = path.split('/').slice(path.startsWith('packages/') ? 3 : 1);
  const file = names.at(-1) ?? '';
  const words = [...names.slice(0, -1), file.replace(/(\.test)?\.[a-z]+$/, '')];
  const problems = words
    .filter((word) => emptyWords.test(word))
    .map((word) => `${path} is named "${word}"; name its subject`);
  if (!kebab.test(file)) problems.push(`${path} is not in kebab-case`);
  for (const name of names.slice(0, -1))
    if (!room.test(name)) problems.push(`${path} stands in "${name}", not kebab-case`);
  return problems;
}

/** In each room one file opens with three lines: what the room owns, what it promises, what it refuses to know. */
async function findSilentRooms(root: string, paths: readonly string[]): Promise<string[]> {
  const rooms = new Map<string, boolean>();
  for (const path of paths) {
    const name = path.match(/^packages\/gateway\/src\/([^/]+)\/[^/]+\.ts$/)?.[1];
    if (name === undefined) continue;
    const opening = (await readFile(join(root, path), 'utf8')).split('\n', 5).join(' ');
    const speaks = [/\bowns\b/i, /\bpromises\b/i, /\brefuses to know\b/i].every((word) => word.test(opening));
    rooms.set(name, speaks || rooms.get(name) === true);
  }
  const silent = [...rooms].filter(([, speaks]) => !speaks).map(([name]) => name);
  const wanted = '"Owns …", "Promises …", "Refuses to know …"';
  return silent.map((name) => `packages/gateway/src/${name} has no file that opens with three lines ${wanted}`);
}
