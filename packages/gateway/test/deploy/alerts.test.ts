import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { furtherRows, type Row, rows, type Series, sound } from './alert-rows.ts';
import { dashboardShape } from './dashboard-shape.ts';
import { read, readRules, type Rule, ruleFiles } from './figures.ts';

const files = ruleFiles.map((name) => join(import.meta.dirname, '../../../..', name));
const run = promisify(execFile);

const isThere = await run('promtool', ['--version']).then(
  () => true,
  () => false,
);
// Where everything is checked before it is merged, the tool is installed.
const skip =
  isThere || process.env['CI'] !== undefined ? false : 'promtool, of Debian’s package prometheus, is missing';

describe('the rules for Prometheus', { skip }, () => {
  let own = '';
  let alerts: Map<string, Rule>;
  before(async () => {
    own = await mkdtemp(join(tmpdir(), 'vyplata-rules-'));
    alerts = new Map((await readRules()).flatMap((rule) => (rule.alert ? [[rule.alert, rule]] : [])));
  });
  after(() => rm(own, { recursive: true, force: true }));

  function expect(at: string, alertname: string, labels?: Row['labels']): object {
    const rule = alerts.get(alertname) ?? assert.fail(`there is no alert ${alertname}`);
    const fired = { exp_labels: { ...rule.labels, ...labels }, exp_annotations: rule.annotations };
    return { eval_time: at, alertname, exp_alerts: labels === undefined ? [] : [fired] };
  }

  const expectRow = (row: Row): object[] => [
    expect(row.at, row.alert, row.labels ?? {}),
    ...(row.quiet ?? []).map((name) => expect(row.at, name)),
  ];

  /** What promtool says, empty when all is as expected. */
  function tryRules(
    cases: readonly { readonly series: Series; readonly expected: readonly object[] }[],
  ): Promise<string> {
    const tests = cases.map(({ series, expected }) => ({
      interval: '1m',
      input_series: Object.entries({ ...sound, ...series }).map(([name, values]) => ({ series: name, values })),
      alert_rule_test: expected,
    }));
    return runTests(own, tests);
  }

  test('are ones that Prometheus takes', async () => {
    const { stdout } = await run('promtool', ['check', 'rules', '--lint-fatal', ...files]);
    assert.equal(stdout.match(/SUCCESS/g)?.length, files.length, stdout);
  });

  test('so are the questions of the dashboard', async () => {
    const { panels } = dashboardShape.parse(JSON.parse(await read('deploy/grafana/vyplata.json')));
    const questions = panels
      .flatMap(({ targets = [] }) => targets)
      .map(({ expr }, at) => ({ record: `x:${at}`, expr }));
    assert.ok(questions.length > 30);
    const file = join(own, 'dashboard.yaml');
    const write = (rules: readonly object[]) => writeFile(file, JSON.stringify({ groups: [{ name: 'x', rules }] }));
    await write(questions);
    await run('promtool', ['check', 'rules', file]);
    await write([...questions, { record: 'x:broken', expr: 'sum by (le (vyplata_jobs)' }]);
    await assert.rejects(run('promtool', ['check', 'rules', file]), /broken/);
  });

  test('each alert fires on the trouble that it is for', async () => {
    const named = rows.map(({ alert }) => alert).toSorted();
    assert.deepEqual(named, [...alerts.keys()].toSorted(), 'a row for each alert');
    const cases = [...rows, ...furtherRows].map((row) => ({ series: row.series, expected: expectRow(row) }));
    assert.equal(await tryRules(cases), '');
  });

  test('none fires where all is well', async () => {
    const times = ['30m', '100m', '110m', '125m', '210m', '8h'];
    const expected = times.flatMap((at) => [...alerts.keys()].map((alert) => expect(at, alert)));
    assert.equal(await tryRules([{ series: {}, expected }]), '');
  });

  test('what is expected and does not come, and what comes unexpected, is noticed by these tests', async () => {
    const row = rows.find(({ alert }) => alert === 'LedgerViolated') ?? assert.fail();
    assert.match(await tryRules([{ series: {}, expected: expectRow(row) }]), /FAILED/);
    assert.match(await tryRules([{ series: row.series, expected: [expect(row.at, row.alert)] }]), /FAILED/);
  });
});

async function runTests(folderOfTests: string, tests: readonly object[]): Promise<string> {
  const file = join(folderOfTests, 'rows.yaml');
  await writeFile(file, JSON.stringify({ rule_files: files, evaluation_interval: '1m', tests }));
  return run('promtool', ['test', 'rules', file]).then(
    () => '',
    (error: { stdout: string; stderr: string }) => `${error.stdout}${error.stderr}`,
  );
}
