import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Figure, sleep } from './figure.ts';
import { findFreePort } from './processes.ts';

/** Resident memory of a process. */
export function readMemoryMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

export function measureMemory(pid: number, given: { readonly question: string; readonly mostMb: number }): Figure {
  const mb = readMemoryMb(pid);
  const { question, mostMb } = given;
  return { question, value: `${mb.toFixed(0)} MB`, target: `≤ ${mostMb} MB`, isMet: mb <= mostMb };
}

/** `npm start` until the first 200: on an empty folder, and on the same folder again. */
export async function measureStart(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'vyplata-bench-start-'));
  try {
    const emptyMs = await startOnce(folder);
    const existingMs = await startOnce(folder);
    return [
      startFigure({ question: 'start from an empty folder', ms: emptyMs, mostMs: 4_000 }),
      startFigure({ question: 'start on an existing folder', ms: existingMs, mostMs: 1_500 }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function startFigure({ question, ms, mostMs }: { question: string; ms: number; mostMs: number }): Figure {
  const show = (value: number): string => `${(value / 1_000).toFixed(1)} s`;
  return { question, value: show(ms), target: `≤ ${show(mostMs)}`, isMet: ms <= mostMs };
}

async function startOnce(folder: string): Promise<number> {
  const port = await findFreePort();
  const startedAt = performance.now();
  const env = { ...process.env, PORT: String(port), DATA_DIR: join(folder, 'data') };
  const child = spawn('npm', ['start', '--silent'], {
    cwd: join(import.meta.dirname, '..'),
    env,
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    for (;;) {
      const isReady = await fetch(`http://127.0.0.1:${port}/health/ready`).then(
        (answer) => answer.ok,
        () => false,
      );
      if (isReady) return performance.now() - startedAt;
      if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}`);
      await sleep(10);
    }
  } finally {
    // The whole group: npm, its shell and the gateway.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    await sleep(1_500);
  }
}
