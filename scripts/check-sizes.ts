import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { listFiles } from './list-files.ts';

export const fileLinesMax = 400;
export const functionLinesMax = 70;
export const lineLengthMax = 120;

const folders = ['packages/*/src', 'packages/*/test', 'packages/*/migrations', 'scripts', 'bench'];
const project = join(import.meta.dirname, '..');

/** Answers one line per file, function and line that is too long. */
export async function checkSizes(root: string): Promise<string[]> {
  const paths = await listFiles({ root, folders, endings: ['.ts', '.tsx', '.sql'] });
  const texts = new Map<string, string[]>();
  for (const path of paths) texts.set(path, (await readFile(join(root, path), 'utf8')).trimEnd().split('\n'));
  const problems = [...texts].flatMap(([path, lines]) => [
    ...(lines.length > fileLinesMax ? [`${path} has ${lines.length} lines, ${fileLinesMax} are allowed`] : []),
    ...lines.flatMap((line, index) => {
      const length = [...line].length;
      return length > lineLengthMax ? [`${path}:${index + 1} is ${length} wide, ${lineLengthMax} are allowed`] : [];
    }),
  ]);
  return [...problems, ...(await findLongFunctions(root, texts))];
}

type Finding = { filename: string; message: string; labels: { span: { line: number } }[] };

/** A `describe` is a chapter, not a function: the tests in it are measured one by one. */
async function findLongFunctions(root: string, texts: ReadonlyMap<string, readonly string[]>): Promise<string[]> {
  const paths = [...texts.keys()].filter((path) => !path.endsWith('.sql'));
  if (paths.length === 0) return [];
  const oxlint = join(project, 'node_modules/.bin/oxlint');
  const config = join(import.meta.dirname, 'sizes.oxlintrc.json');
  const args = ['--config', config, '--format', 'json', '--no-ignore', ...paths];
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024 };
  // oxlint answers 1 when it found something; only an answer that is not JSON is a failure.
  const answer = await promisify(execFile)(oxlint, args, options).catch((error: { stdout?: string }) => error);
  const { diagnostics } = JSON.parse(answer.stdout ?? '') as { diagnostics: Finding[] };
  const problems = diagnostics.flatMap(({ filename, message, labels }) => {
    const line = labels[0]?.span.line ?? 1;
    const text = texts.get(filename)?.[line - 1] ?? '';
    return /^\s*(describe|suite)\(/.test(text) ? [] : [`${filename}:${line} ${message}`];
  });
  return problems.sort();
}
