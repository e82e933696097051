import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
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

type ComposeService = {
  readonly command?: string[];
  readonly depends_on?: Record<string, object>;
  readonly secrets?: string[];
  readonly networks?: string[];
  readonly read_only?: boolean;
  readonly cap_drop?: string[];
  readonly security_opt?: string[];
  readonly healthcheck?: { readonly test?: string[]; readonly disable?: boolean };
  readonly stop_grace_period: string;
  readonly mem_limit?: string;
  readonly pids_limit?: number;
};

test('compose waits for the migration, and gives each gateway its secrets and no more', async () => {
  const { services, secrets, networks } = parse(await read('deploy/compose.yaml'), { merge: true }) as {
    readonly services: Record<string, ComposeService>;
    readonly secrets: Record<string, object>;
    readonly networks: Record<string, { readonly internal?: boolean }>;
  };
  for (const name of ['serve', 'work']) {
    assert.deepEqual(services[name]?.command, [name]);
    assert.deepEqual(services[name]?.depends_on, { migrate: { condition: 'service_completed_successfully' } });
    assert.notEqual(services[name]?.healthcheck?.disable, true);
  }
  for (const [name, service] of Object.entries(services)) {
    for (const secret of service.secrets ?? []) assert.ok(secret in secrets, secret);
    for (const network of service.networks ?? []) assert.ok(network in networks, network);
    assert.ok(service.security_opt?.includes('no-new-privileges:true') && (service.pids_limit ?? 0) > 0, name);
    if (name === 'postgres') continue;
    assert.deepEqual([service.read_only, service.cap_drop], [true, ['ALL']], name);
    assert.ok(Number.parseInt(service.stop_grace_period, 10) > 30 && service.mem_limit !== undefined, name);
  }
  assert.deepEqual(services['postgres']?.networks, ['database']);
  assert.equal(networks['database']?.internal, true);
  for (const file of ['.gitignore', '.dockerignore']) assert.match(await read(file), /^deploy\/secrets\/?$/m, file);
});

test('the unit stops gracefully, takes its secrets as credentials and gives up what it does not need', async () => {
  const text = await read('deploy/systemd/vyplata@.service');
  const values = new Map([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
  assert.ok(Number(values.get('TimeoutStopSec')) > 30);
  for (const name of ['DATABASE_URL_FILE', 'MASTER_KEY_FILE']) assert.match(text, new RegExp(`${name}=%d/`));
  const wanted = { DynamicUser: 'yes', NoNewPrivileges: 'yes', ProtectSystem: 'strict', CapabilityBoundingSet: '' };
  for (const [name, value] of Object.entries(wanted)) assert.equal(values.get(name), value, name);
  assert.ok(text.includes('SystemCallFilter=@system-service') && values.has('MemoryMax'));
});

test('the migration ends by itself, and is confined like the processes that follow it', async () => {
  const [lasting, once] = await Promise.all(
    ['vyplata@.service', 'vyplata-migrate.service'].map((name) => read(`deploy/systemd/${name}`)),
  );
  const linesOf = (text = ''): Set<string> => new Set(text.split('\n').filter((line) => /^\w+=/.test(line)));
  const own = (mine: Set<string>, other: Set<string>): string[] => [...mine].filter((line) => !other.has(line)).sort();
  const program = '/opt/vyplata/packages/gateway/src/main.ts';
  assert.deepEqual(own(linesOf(once), linesOf(lasting)), [
    'Description=Vyplata payout gateway (migration)',
    `ExecStart=/usr/bin/node ${program} migrate`,
    'TimeoutStartSec=1h',
    'Type=oneshot',
  ]);
  assert.deepEqual(own(linesOf(lasting), linesOf(once)), [
    'Description=Vyplata payout gateway (%i)',
    // Whoever lives long is told how much memory to keep.
    `ExecStart=/usr/bin/node --max-semi-space-size=16 --max-old-space-size=1024 ${program} %i`,
    'Restart=always',
    'RestartSec=1',
    'Type=exec',
    'WantedBy=multi-user.target',
  ]);
  // They share a folder of state, and each unit without a name for its user would get another one.
  assert.match(lasting ?? '', /^User=vyplata$/m);
});
