import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { settings } from '../../src/config.ts';
import { metrics } from '../../src/metrics/catalogue.ts';

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

type Rule = {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
};

/** Every name of a figure in an expression has to be one that is told. */
function assertNames(where: string, expression: string): void {
  const known = new Map(Object.values(metrics).map((spec) => [spec.name as string, spec]));
  const names = [...expression.matchAll(/\b(vyplata_\w+)(?:\{([^}]*)\})?/g)];
  assert.ok(names.length > 0 || /\b(nodejs|process)_/.test(expression), `${where} asks for no figure`);
  for (const [, name = '', selector = ''] of names) {
    const spec = known.get(name.replace(/_(bucket|count|sum)$/, '')) ?? known.get(name);
    assert.ok(spec !== undefined, `${where} asks for ${name}, which nobody tells`);
    for (const [, label = ''] of selector.matchAll(/(\w+)\s*[=!]/g)) {
      assert.ok((spec.labels as readonly string[]).includes(label), `${name} has no label ${label}`);
    }
  }
}

test('every alert asks for figures that are told, and has a runbook', async () => {
  const { groups } = parse(await read('deploy/prometheus/alerts.yaml')) as {
    groups: { name: string; rules: Rule[] }[];
  };
  const runbooks = await read('docs/runbooks.md');
  const rules = groups.flatMap((group) => group.rules);
  assert.ok(rules.length >= 12);
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  const sections = new Set([...runbooks.matchAll(/^## (\w+)$/gm)].map(([, title = '']) => title.toLowerCase()));
  for (const { alert, expr, labels, annotations } of rules) {
    assertNames(alert, expr);
    assert.ok(['page', 'ticket'].includes(labels.severity) && annotations.summary.length > 10);
    const [file, section = ''] = annotations.runbook.split('#');
    assert.equal(file, 'docs/runbooks.md');
    assert.ok(
      sections.delete(section) ||
        rules.some((other) => other.alert !== alert && other.annotations.runbook === annotations.runbook),
      `${alert} has no runbook`,
    );
  }
  assert.deepEqual([...sections], [], 'runbooks of no alert');
});

test('every panel of the dashboard asks for figures that are told, and none lies over another', async () => {
  const dashboard = JSON.parse(await read('deploy/grafana/vyplata.json')) as {
    readonly uid: string;
    readonly schemaVersion: number;
    readonly panels: readonly {
      readonly id: number;
      readonly title: string;
      readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
      readonly targets: readonly { readonly refId: string; readonly expr: string }[];
    }[];
  };
  assert.ok(dashboard.uid && dashboard.schemaVersion > 30);
  const taken = new Set<string>();
  for (const { title, gridPos, targets } of dashboard.panels) {
    for (const { expr } of targets) assertNames(title, expr);
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        assert.ok(!taken.has(`${x} ${y}`), `${title} lies over another panel`);
        taken.add(`${x} ${y}`);
      }
    }
  }
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
});
