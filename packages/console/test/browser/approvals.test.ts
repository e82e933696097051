import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readKeyArchive } from '@vyplata/sdk/archive';
import type { Browser } from 'playwright-core';
import { openOperator } from '../../../gateway/test/contract/operator.ts';
import { type DemoGateway, startDemoGateway } from '../../../gateway/test/gateway.ts';
import { openBrowser, openVisit, signIn, type Visit, waitLoaded } from './browser.ts';

const main = fileURLToPath(new URL('../../../gateway/src/main.ts', import.meta.url));
const second = { login: 'second', password: 'three words and a lamp' };

/** The demo is run by one person; here its data is served as an installation of several. */
describe('what takes two people', () => {
  let demo: DemoGateway;
  let served: ChildProcess;
  let browser: Browser;
  before(async () => {
    demo = await startDemoGateway();
    const operator = await openOperator(demo);
    const made = await operator.call('POST', '/users', { ...second, role: 'approver' });
    assert.equal(made.status, 201, made.text);
    await demo.kill('SIGTERM');
    served = spawn(process.execPath, [main, 'run'], {
      env: { ...process.env, PORT: String(demo.port), DATA_DIR: demo.dataDir, ONE_PERSON: 'false' },
      stdio: 'ignore',
    });
    await waitServed(demo.demo.consoleUrl);
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    if (served !== undefined) {
      const ended = once(served, 'exit');
      served.kill('SIGTERM');
      await ended;
    }
    await demo?.close();
  });

  const accountPath = (): string => `merchants/1/accounts/${demo.demo.accounts[0]?.id ?? ''}`;

  async function askTopUp(visit: Visit, amount: string): Promise<void> {
    const { page } = visit;
    await page.goto(demo.demo.consoleUrl + accountPath());
    await waitLoaded(page);
    await page.getByRole('button', { name: 'Top up' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Amount, RUB').fill(amount);
    await dialog.getByLabel('Reason').fill('Arrived today');
    await dialog.getByRole('button', { name: 'Top up' }).click();
    await page.getByText('It is done once a second person approves it.').first().waitFor();
    await page.goto(`${demo.demo.consoleUrl}approvals`);
    await waitLoaded(page);
  }

  test('is done once another person approves it; nobody approves their own', async () => {
    const [asker, approver] = [await openVisit(browser), await openVisit(browser)];
    await signIn(asker, demo);
    await askTopUp(asker, '12.34');
    const own = asker.page.getByRole('row').filter({ hasText: 'account.top_up' });
    await own.waitFor();
    assert.equal(await own.getByRole('button', { name: /^Approve/ }).count(), 0);
    await signIn(approver, { ...demo, demo: { ...demo.demo, operator: second } }, 'approvals');
    await approver.page.getByRole('button', { name: /^Approve: / }).click();
    await approver.page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    await approver.page.getByRole('row').filter({ hasText: 'account.top_up' }).getByText('Done').waitFor();
    await asker.page.goto(demo.demo.consoleUrl + accountPath());
    await asker.page.getByText('12.34').first().waitFor();
    assert.deepEqual([...asker.problems, ...approver.problems], []);
  });

  test('what is shown once is shown to whoever approves: the archive of a key', async () => {
    const [asker, approver] = [await openVisit(browser), await openVisit(browser)];
    await signIn(asker, demo, 'merchants/1');
    await asker.page.getByRole('button', { name: 'Generate key' }).click();
    await asker.page.getByRole('dialog').getByRole('button', { name: 'Generate key' }).click();
    await asker.page.getByText('It is done once a second person approves it.').waitFor();
    await signIn(approver, { ...demo, demo: { ...demo.demo, operator: second } }, 'approvals');
    await approver.page.getByRole('button', { name: /^Approve: / }).click();
    await approver.page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
    const [download] = await Promise.all([
      approver.page.waitForEvent('download'),
      approver.page.getByRole('link', { name: 'Download' }).click(),
    ]);
    const archive = readKeyArchive(await readFile(await download.path()));
    assert.equal(archive.key.asymmetricKeyType, 'rsa');
  });

  test('may be taken back by who asked', async () => {
    const visit = await openVisit(browser);
    await signIn(visit, demo);
    await askTopUp(visit, '56.78');
    await visit.page.getByRole('button', { name: /^Take back: / }).click();
    const dialog = visit.page.getByRole('dialog');
    await dialog.getByLabel('Reason').fill('Entered twice');
    await dialog.getByRole('button', { name: 'Take back' }).click();
    await visit.page.getByText('Refused', { exact: true }).waitFor();
    assert.deepEqual(visit.problems, []);
  });
});

async function waitServed(url: string): Promise<void> {
  const givenUpAt = performance.now() + 60_000;
  while (performance.now() < givenUpAt) {
    const isThere = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the gateway does not answer');
}
