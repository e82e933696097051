import { execFile } from 'node:child_process';
import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** npm lists each file that it packs. */
const listBytesMax = 64 * 1024 * 1024;

/** Packs a folder as npm does, into a file of that path. */
export async function packFolder(staged: string, tarball: string): Promise<void> {
  const words = ['pack', '--json', '--pack-destination', dirname(tarball)];
  const { stdout } = await run('npm', words, { cwd: staged, maxBuffer: listBytesMax });
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, { filename: string }>);
  if (packed === undefined) throw new Error(`npm pack names no tarball: ${stdout}`);
  await rename(`${dirname(tarball)}/${packed.filename}`, tarball);
}
