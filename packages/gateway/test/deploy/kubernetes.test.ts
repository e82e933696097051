import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { type Manifest, type Pod, readManifest } from './kinds.ts';

const path = join(import.meta.dirname, '../../../../deploy/kubernetes/gateway.yaml');
const documents = parseAllDocuments(await readFile(path, 'utf8')).map((document) => {
  assert.deepEqual([document.errors, document.warnings], [[], []]);
  return document.toJS() as Record<string, unknown>;
});

type Of<Kind extends Manifest['kind']> = Extract<Manifest, { kind: Kind }>;

function ofKind<Kind extends Manifest['kind']>(kind: Kind): Of<Kind>[] {
  return documents.map(readManifest).filter((one): one is Of<Kind> => one.kind === kind);
}

function podsOf(): { readonly labels: Record<string, string>; readonly spec: Pod }[] {
  return [...ofKind('Job'), ...ofKind('Deployment')].map(({ spec: { template } }) => ({
    labels: template.metadata.labels,
    spec: template.spec,
  }));
}

const isSelected = (labels: Record<string, string>, wanted: Record<string, string>): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);

describe('Kubernetes manifests', () => {
  test('say what their kinds want, and nothing that a cluster would drop', () => {
    assert.ok(documents.length >= 11);
    const names = documents.map(readManifest).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    assert.equal(new Set(names).size, names.length);
  });

  test('a wrong, missing or unknown field does not pass', () => {
    const deployment = documents.find(({ kind }) => kind === 'Deployment');
    const change = (text: string, by: string): string => {
      const planted = JSON.stringify(deployment).replace(text, by);
      assert.notEqual(planted, JSON.stringify(deployment), text);
      return planted;
    };
    const planted = [
      change('"readOnlyRootFilesystem":true', '"readOnlyRootFilesystem":false'),
      change('"runAsNonRoot":true', '"runAsNonroot":true'),
      change('"terminationGracePeriodSeconds":45', '"terminationGracePeriodSeconds":30'),
      change('"replicas":2', '"replicas":"2"'),
      change('vyplata:0.1.0', 'vyplata:latest'),
      change('"limits":{', '"limit":{'),
      change('"sizeLimit":"64Mi"', '"sizeLimit":"64MB"'),
    ];
    for (const text of planted) assert.throws(() => readManifest(JSON.parse(text)), text);
  });

  test('run the three commands with what they mount and with the settings that are there', () => {
    const pods = podsOf();
    assert.deepEqual(
      pods.map(({ spec }) => spec.containers[0]?.args),
      [['migrate'], ['serve'], ['work']],
    );
    const settings = new Set(ofKind('ConfigMap').map(({ metadata }) => metadata.name));
    const accounts = new Set(ofKind('ServiceAccount').map(({ metadata }) => metadata.name));
    for (const { spec } of pods) {
      assert.ok(accounts.has(spec.serviceAccountName));
      const volumes = spec.volumes.map(({ name }) => name).sort();
      for (const { volumeMounts, envFrom, ports = [], ...container } of spec.containers) {
        assert.deepEqual(volumeMounts.map(({ name }) => name).sort(), volumes);
        const secret = volumeMounts.find(({ name }) => name === 'secrets');
        assert.equal(secret?.readOnly, true);
        for (const { configMapRef } of envFrom) assert.ok(settings.has(configMapRef.name));
        const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];
        const named = new Set(ports.map(({ name }) => name));
        for (const probe of probes) if (probe !== undefined) assert.ok(named.has(probe.httpGet.port));
        const pause = container.lifecycle?.preStop.sleep.seconds ?? 0;
        assert.ok(spec.terminationGracePeriodSeconds - pause >= 35, 'time for a graceful stop of 30 s');
      }
    }
    const data = ofKind('ConfigMap')[0]?.data ?? {};
    for (const [name, value] of Object.entries(data)) {
      if (name.endsWith('_FILE')) assert.ok(value.startsWith('/secrets/'), `${name} is a mounted secret`);
      else assert.ok(!/KEY|PASSWORD|SECRET|DATABASE_URL/.test(name), `${name} belongs into a secret`);
    }
  });

  test('each deployment is probed, spread, kept during evictions and reached by its own selectors alone', () => {
    for (const { metadata, spec } of ofKind('Deployment')) {
      const { labels } = spec.template.metadata;
      assert.ok(isSelected(labels, spec.selector.matchLabels));
      const [container] = spec.template.spec.containers;
      assert.ok(container?.startupProbe !== undefined && container.livenessProbe !== undefined, metadata.name);
      const spreads = spec.template.spec.topologySpreadConstraints ?? [];
      assert.ok(spreads.some(({ labelSelector }) => isSelected(labels, labelSelector.matchLabels)));
      const budgets = ofKind('PodDisruptionBudget').filter((one) => isSelected(labels, one.spec.selector.matchLabels));
      assert.equal(budgets.length, 1, metadata.name);
      assert.ok((budgets[0]?.spec.minAvailable ?? 0) < spec.replicas, 'one of them can be moved');
    }
    const [service] = ofKind('Service');
    const reached = podsOf().filter(({ labels }) => isSelected(labels, service?.spec.selector ?? {}));
    assert.deepEqual(
      reached.map(({ spec }) => spec.containers[0]?.args),
      [['serve']],
    );
    const ports = reached[0]?.spec.containers[0]?.ports?.map(({ name }) => name) ?? [];
    for (const { targetPort } of service?.spec.ports ?? []) assert.ok(ports.includes(targetPort));
    const [serve] = reached;
    assert.ok(serve?.spec.containers[0]?.readinessProbe !== undefined);
  });

  test('the network lets in the proxy and Prometheus; workers alone reach the world, no private address', () => {
    const policies = ofKind('NetworkPolicy');
    for (const { labels } of podsOf()) {
      const own = policies.filter(({ spec }) => isSelected(labels, spec.podSelector.matchLabels));
      for (const type of ['Ingress', 'Egress'] as const) {
        assert.ok(
          own.some(({ spec }) => spec.policyTypes.includes(type)),
          `${labels['part']} is closed for ${type}`,
        );
      }
      const targets = own.flatMap(({ spec }) => spec.egress ?? []).flatMap(({ to }) => to);
      const world = targets.filter((target) => 'ipBlock' in target && target.ipBlock.cidr === '0.0.0.0/0');
      assert.equal(world.length, labels['part'] === 'work' ? 1 : 0, labels['part']);
      for (const target of world) {
        const except = 'ipBlock' in target ? (target.ipBlock.except ?? []) : [];
        for (const range of ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', '127.0.0.0/8']) {
          assert.ok(except.includes(range), range);
        }
      }
      const admitted = own.flatMap(({ spec }) => spec.ingress ?? []);
      const entrances = admitted.flatMap(({ ports }) => ports.map(({ port }) => port));
      assert.deepEqual(
        entrances.sort((one, other) => one - other),
        labels['part'] === 'serve' ? [8080, 9464] : [9464],
      );
    }
  });
});
