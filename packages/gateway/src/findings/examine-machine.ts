import { readFile, stat, statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { normaliseNetwork } from '../core/network.ts';
import { type Finding, fine, refuse, warn } from './finding.ts';

const freeMinBytes = 1e9;
const freeMinPercent = 5;
const filesMin = 8_192;
const threadsByDefault = 4;
/** Names that the server understands beside addresses. */
const namedNetworks = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** Who may look into the folder, and whether there is room. */
export async function examineFolder(dataDir: string): Promise<Finding[]> {
  const path = resolve(dataDir);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return [fine('folder_absent', { path }), await examineDisk(await findParent(path))];
  const mode = (found.mode & 0o777).toString(8);
  const isOpen = (found.mode & 0o077) !== 0;
  return [isOpen ? warn('folder_open', { path, mode }) : fine('folder_fine', { path }), await examineDisk(path)];
}

async function findParent(path: string): Promise<string> {
  const parent = dirname(path);
  if (parent === path) return path;
  return (await stat(parent).catch(() => undefined)) === undefined ? findParent(parent) : parent;
}

async function examineDisk(path: string): Promise<Finding> {
  const { bavail, blocks, bsize } = await statfs(path);
  const percent = blocks === 0 ? 0 : Math.round((bavail / blocks) * 100);
  const values = { path, free: ((bavail * bsize) / 1e9).toFixed(1), percent };
  const isLow = bavail * bsize < freeMinBytes || percent < freeMinPercent;
  return isLow ? warn('disk_low', values) : fine('disk_fine', values);
}

/** Not every system tells. */
export async function examineFiles(): Promise<Finding[]> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const [, text] = /^Max open files\s+(\S+)/m.exec(limits) ?? [];
  if (text === undefined) return [];
  const count = text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
  return [count < filesMin ? warn('files_few', { count }) : fine('files_fine', { count: text })];
}

/** `given`: UV_THREADPOOL_SIZE, if it is set. */
export function examineThreads(given: number | undefined, cores: number = availableParallelism()): Finding {
  const threads = given ?? threadsByDefault;
  return threads < cores ? warn('threads_few', { threads, cores }) : fine('threads_fine', { threads, cores });
}

export function examineProxies(trusted: readonly string[], publicUrl: string | undefined): Finding[] {
  const addresses = trusted.filter((entry) => !namedNetworks.has(entry));
  const unusable = addresses.filter((entry) => normaliseNetwork(entry) === undefined);
  if (unusable.length > 0) return unusable.map((entry) => refuse('proxies_unusable', { entry }));
  const wide = addresses.filter((entry) => /\/[0-7]$/.test(entry));
  if (wide.length > 0) return wide.map((entry) => warn('proxies_wide', { entry }));
  if (trusted.length === 0 && publicUrl?.startsWith('https:') === true) return [warn('proxies_missing')];
  return [fine('proxies_fine', { count: trusted.length })];
}

/** `host`: where figures are served; absent: nowhere. */
export function examineMetrics(host: string | undefined): Finding {
  if (host === undefined) return fine('metrics_off');
  const range = ipaddr.isValid(host) ? ipaddr.process(host).range() : host === 'localhost' ? 'loopback' : 'unknown';
  const isOwn = ['loopback', 'private', 'linkLocal', 'uniqueLocal', 'carrierGradeNat'].includes(range);
  return isOwn ? fine('metrics_fine', { host }) : warn('metrics_public', { host });
}
