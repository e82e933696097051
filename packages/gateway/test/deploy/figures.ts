import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { metrics } from '../../src/metrics/catalogue.ts';

const root = join(import.meta.dirname, '../../../..');
export const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

export type Rule = {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};

export const ruleFiles = ['deploy/prometheus/alerts.yaml', 'deploy/prometheus/levels.yaml'] as const;

export async function readRules(): Promise<readonly Rule[]> {
  const texts = await Promise.all(ruleFiles.map(read));
  return texts.flatMap((text) => (parse(text) as { groups: { rules: Rule[] }[] }).groups).flatMap(({ rules }) => rules);
}

/** Figures that rules make of others, with the labels that they give them. */
export async function readRecorded(): Promise<Map<string, readonly string[]>> {
  const recorded = (await readRules()).filter(({ record }) => record !== undefined);
  return new Map(recorded.map(({ record = '', labels }) => [record, Object.keys(labels ?? {})]));
}

const ofNode: Readonly<Record<string, readonly string[]>> = {
  nodejs_eventloop_lag_p99_seconds: [],
  process_resident_memory_bytes: [],
  process_cpu_seconds_total: [],
};

/** Every name of a figure in an expression has to be one that is told, and each label one that it has. */
export function assertNames(where: string, expression: string, recorded: ReadonlyMap<string, readonly string[]>): void {
  const known = new Map<string, readonly string[]>([...recorded, ...Object.entries(ofNode)]);
  for (const { name, kind, labels } of Object.values(metrics)) {
    if (kind !== 'histogram') known.set(name, labels);
    else {
      for (const [part, own] of Object.entries({ bucket: ['le'], sum: [], count: [] })) {
        known.set(`${name}_${part}`, [...labels, ...own]);
      }
    }
  }
  const names = [...expression.matchAll(/\b((?:vyplata|nodejs|process)[_:][\w:]+)(?:\{([^}]*)\})?/g)];
  assert.ok(names.length > 0, `${where} asks for no figure`);
  for (const [, name = '', selector = ''] of names) {
    const labels = known.get(name);
    assert.ok(labels !== undefined, `${where} asks for ${name}, which nobody tells`);
    for (const [, label = ''] of selector.matchAll(/(\w+)\s*(?:=|!=|=~|!~)"/g)) {
      assert.ok(labels.includes(label), `${name} has no label ${label}`);
    }
  }
  // What a figure is put together by has to be a label of one of them, or one that Prometheus adds.
  const all = new Set([...names.flatMap(([, name = '']) => known.get(name) ?? []), 'instance']);
  for (const [, list = ''] of expression.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)) {
    for (const label of list.split(',')) assert.ok(all.has(label.trim()), `${where}: no figure has ${label.trim()}`);
  }
}
