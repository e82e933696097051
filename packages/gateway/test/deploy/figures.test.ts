import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dashboardShape, type Panel } from './dashboard-shape.ts';
import { assertNames, read, readRecorded, readRules } from './figures.ts';

const recorded = await readRecorded();

test('every rule asks for figures that are told, and every alert has a runbook', async () => {
  const rules = await readRules();
  for (const { alert, record, expr } of rules) {
    if (!/^vector\([\d.]+\)$/.test(expr)) assertNames(alert ?? record ?? '', expr, recorded);
  }
  const runbooks = await read('docs/runbooks.md');
  const alerts = rules.filter(({ alert }) => alert !== undefined);
  assert.ok(alerts.length >= 25);
  assert.equal(new Set(alerts.map(({ alert }) => alert)).size, alerts.length);
  const sections = new Set([...runbooks.matchAll(/^## (\w+)$/gm)].map(([, title = '']) => title.toLowerCase()));
  const used = new Set<string>();
  for (const { alert = '', labels, annotations } of alerts) {
    assert.ok(['page', 'ticket'].includes(labels['severity'] ?? ''), alert);
    assert.ok((annotations['summary'] ?? '').length > 10, alert);
    const [file, section = ''] = (annotations['runbook'] ?? '').split('#');
    assert.equal(file, 'docs/runbooks.md');
    assert.ok(sections.has(section), `${alert} has no runbook`);
    used.add(section);
  }
  assert.deepEqual(
    [...sections].filter((section) => !used.has(section)),
    [],
    'runbooks of no alert',
  );
});

test('what is asked for by a wrong name or label is noticed', () => {
  assert.throws(() => assertNames('x', 'max(vyplata_nothing)', recorded), /nobody tells/);
  assert.throws(() => assertNames('x', 'vyplata_stage_seconds', recorded), /nobody tells/);
  assert.throws(() => assertNames('x', 'vyplata_jobs{colour="red"}', recorded), /no label colour/);
  assert.throws(() => assertNames('x', 'sum by (colour) (vyplata_jobs)', recorded), /no figure has colour/);
  assert.throws(() => assertNames('x', 'sum(1)', recorded), /no figure/);
});

describe('the dashboard', async () => {
  const dashboard = dashboardShape.parse(JSON.parse(await read('deploy/grafana/vyplata.json')));
  const { panels } = dashboard;

  test('has rows for service levels, stages, connectors and the database', () => {
    const titles = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    assert.deepEqual(titles, ['Service levels', 'Stages', 'Connectors', 'Money and people', 'Database and processes']);
  });

  test('asks for figures that are told', () => {
    for (const { title, targets = [] } of panels) {
      for (const { expr } of targets) assertNames(title, expr, recorded);
      assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
    }
  });

  test('shows every figure of the list or the rules but a few', async () => {
    const shown = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n');
    const { metrics } = await import('../../src/metrics/catalogue.ts');
    const missing = Object.values(metrics).filter(({ name }) => !shown.includes(name));
    assert.deepEqual(
      missing.map(({ name }) => name),
      [],
    );
  });

  test('lays no panel over another, and every panel below the row it belongs to', () => {
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      assert.ok(gridPos.x + gridPos.w <= 24, title);
      for (const place of placesOf(gridPos)) {
        assert.ok(!taken.has(place), `${title} lies over another panel`);
        taken.add(place);
      }
    }
    const heights = panels.map(({ gridPos }) => gridPos.y);
    assert.deepEqual(
      heights,
      heights.toSorted((one, other) => one - other),
    );
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  });

  test('of another shape is refused', () => {
    const first = panels.find(({ type }) => type !== 'row');
    const broken = [
      { ...first, colour: 1 },
      { ...first, targets: [] },
      { ...first, datasource: undefined },
    ];
    for (const panel of broken) {
      assert.equal(dashboardShape.safeParse({ ...dashboard, panels: [panel] }).success, false);
    }
  });
});

function placesOf({ x, y, w, h }: Panel['gridPos']): string[] {
  return Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`);
}
