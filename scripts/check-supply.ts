import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listFiles } from './list-files.ts';
import { allowedLicences, allowedOfTools, isAllowed, readLicence } from './supply/judge-licence.ts';
import { keyOf, listInstalled, type Lock, readLock } from './supply/read-lock.ts';

type Ranges = Readonly<Record<string, string>>;
type Manifest = {
  readonly dependencies?: Ranges;
  readonly devDependencies?: Ranges;
  readonly optionalDependencies?: Ranges;
  readonly peerDependencies?: Ranges;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
};

/** Answers one line for each package that could be another one tomorrow, run code at install, or may not be used. */
export async function checkSupply(root: string): Promise<string[]> {
  const manifests = await listFiles({ root, folders: ['packages/*'], endings: ['/package.json'] });
  const read = async (path: string): Promise<[string, Manifest]> => [
    path,
    JSON.parse(await readFile(join(root, path), 'utf8')) as Manifest,
  ];
  const [top, ...others] = await Promise.all(['package.json', ...manifests].map(read));
  if (top === undefined) return ['package.json is missing'];
  const lock = await readLock(root);
  return [
    ...[top, ...others].flatMap(([path, manifest]) => findRanges(path, manifest)),
    ...findUnsealed(lock),
    ...findScripts(lock, top[1].allowScripts ?? {}),
    ...findLicences(lock),
  ];
}

function findRanges(path: string, manifest: Manifest): string[] {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = manifest;
  const parts = [dependencies, devDependencies, optionalDependencies, peerDependencies];
  return parts.flatMap((part) =>
    Object.entries(part ?? {})
      .filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/.test(version))
      .map(([name, version]) => `${path}: ${name} is ${version}, which is not one version`),
  );
}

/** What the lock says of a package has to be enough to refuse anything else that a registry or a mirror answers. */
function findUnsealed(lock: Lock): string[] {
  const installed = listInstalled(lock);
  const hosts = new Set(installed.flatMap(({ resolved }) => (resolved === undefined ? [] : [originOf(resolved)])));
  const problems = installed
    .filter(({ integrity }) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''))
    .map((one) => `package-lock.json: ${keyOf(one)} has no SHA-512`);
  if (hosts.size > 1) problems.push(`package-lock.json: packages come from ${[...hosts].sort().join(' and ')}`);
  for (const host of hosts) if (!host.startsWith('https://')) problems.push(`package-lock.json: ${host} is not https`);
  return problems;
}

function originOf(url: string): string {
  return URL.canParse(url) && new URL(url).host !== '' ? new URL(url).origin : url;
}

/** A script of a dependency runs with the rights of whoever installs. None does; a new one has to be looked at. */
function findScripts(lock: Lock, answers: Readonly<Record<string, boolean>>): string[] {
  const names = new Set(listInstalled(lock).flatMap((one) => (one.hasInstallScript === true ? one.name : [])));
  const problems = [...names]
    .filter((name) => answers[name] !== false)
    .map((name) => `package.json: ${name} has an install script, and allowScripts does not refuse it`);
  const stale = Object.keys(answers).filter((name) => !names.has(name));
  return [...problems, ...stale.map((name) => `package.json: allowScripts names ${name}, which has no script`)];
}

function findLicences(lock: Lock): string[] {
  return listInstalled(lock).flatMap((one) => {
    const licence = readLicence(one.license);
    if (isAllowed(licence, one.dev === true ? allowedOfTools : allowedLicences)) return [];
    return `package-lock.json: ${keyOf(one)} has the licence ${licence ?? 'nobody knows'}, which is not on the list`;
  });
}
