// Runs a program of this package with a Node that is new enough: this one, or the one that came along.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const needed = [24, 7];

/** @returns whether this Node goes on; otherwise another one runs the same program, and its end is ours */
export function isNodeFit(program) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > needed[0] || (major === needed[0] && minor >= needed[1])) return true;
  const node = findNode();
  if (node === undefined) {
    process.stderr.write(
      `Node ${needed.join('.')} or newer is needed; this is ${process.versions.node}. ` +
        'Install it, or install this package with its optional dependencies.\n',
    );
    process.exit(1);
  }
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
  return false;
}

function findNode() {
  const require = createRequire(import.meta.url);
  try {
    const path = join(dirname(require.resolve(`node-linux-${process.arch}/package.json`)), 'bin/node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}
