import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Compares a file that is kept in the project with what a script prints now. Answers the first line that differs.
 * A file that is not there and is marked `optional` is not checked.
 */
export async function checkGenerated(options: {
  root: string;
  file: string;
  script: string[];
  optional?: boolean;
}): Promise<string[]> {
  const { root, file, script } = options;
  const remedy = `Run: node ${script.join(' ')} > ${file}`;
  const kept = await readFile(join(root, file), 'utf8').catch(() => null);
  if (kept === null) return options.optional ? [] : [`${file} is missing. ${remedy}`];
  const settings = { cwd: root, maxBuffer: 64 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)(process.execPath, script, settings);
  const difference = findDifference(kept, stdout);
  return difference === null ? [] : [`${file} is out of date: ${difference}. ${remedy}`];
}

export function findDifference(kept: string, now: string): string | null {
  if (kept === now) return null;
  const [keptLines, nowLines] = [kept.split('\n'), now.split('\n')];
  const index = nowLines.findIndex((line, at) => line !== keptLines[at]);
  const at = index < 0 ? nowLines.length : index;
  return `line ${at + 1} is ${quote(keptLines[at])} and should be ${quote(nowLines[at])}`;
}

function quote(line: string | undefined): string {
  return line === undefined ? 'missing' : `"${line.trim()}"`;
}
