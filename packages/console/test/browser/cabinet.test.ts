import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSign } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { readKeyArchive } from '@vyplata/sdk/archive';
import type { Browser, Page } from 'playwright-core';
import { sandboxScripts } from '../../../gateway/src/connectors/sandbox-script.ts';
import { type DemoGateway, startDemoGateway } from '../../../gateway/test/gateway.ts';
import { skipMissing } from '../../../gateway/test/skip-missing.ts';
import { checkAccess, openBrowser, openVisit, signIn, takeShot, tellExit, type Visit, waitLoaded } from './browser.ts';

const run = promisify(execFile);
const paid = sandboxScripts.find(({ name }) => name === 'paid')?.phone ?? '';
const password = 'three words and a lamp';

describe('journeys of a merchant', () => {
  let gateway: DemoGateway;
  let browser: Browser;
  let visit: Visit;
  let page: Page;
  let archive: Buffer;
  let folder: string;
  before(async () => {
    gateway = await startDemoGateway();
    folder = await mkdtemp(join(tmpdir(), 'vyplata-cabinet-'));
    browser = await openBrowser();
    visit = await openVisit(browser);
    ({ page } = visit);
  });
  after(async () => {
    await browser?.close();
    if (gateway !== undefined) tellExit(gateway);
    await gateway?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const cabinetUrl = (): string => `${gateway.demo.baseUrl}/cabinet/`;
  const open = async (path: string): Promise<void> => {
    await page.goto(cabinetUrl() + path);
    await waitLoaded(page);
  };
  const dialog = () => page.getByRole('dialog');
  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).first().click();

  test('an operator invites; whoever opens the link chooses a password and sees their own', async () => {
    const operator = await openVisit(browser);
    await signIn(operator, gateway, 'merchants/1');
    await waitLoaded(operator.page);
    await operator.page.getByRole('button', { name: 'Invite' }).click();
    const form = operator.page.getByRole('dialog');
    await form.getByLabel('Login').fill('shop@example.org');
    await form.getByRole('button', { name: 'Invite' }).click();
    const link = (await operator.page.getByRole('dialog').locator('pre').textContent()) ?? '';
    assert.match(link, /\/cabinet\/#invitation=[\w-]{43}$/);
    await page.goto(link);
    await page.locator('input[name="password"]').fill('short');
    await press('Choose and sign in');
    await page.getByRole('alert').waitFor();
    await checkAccess(visit, 'an invitation');
    await takeShot(page, 'invitation');
    await page.locator('input[name="password"]').fill(password);
    await press('Choose and sign in');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await waitLoaded(page);
    await page.getByText('Demo RUB · RUB').waitFor();
    assert.equal(await page.getByText('Audit log').count(), 0, 'nothing of the operators');
    await takeShot(page, 'cabinet-overview');
    await operator.context.close();
  });

  test('the operators’ pages and their API are not for them', async () => {
    await open('merchants');
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    const answer = await visit.context.request.get(`${gateway.demo.baseUrl}/operator/v1/merchants`);
    assert.equal(answer.status(), 401);
  });

  test('a payout is checked by the form, with its price and everything wrong at once, then ordered', async () => {
    await open('order');
    await press('Check');
    await page.getByText('Would be refused').waitFor();
    assert.ok((await page.locator('[aria-invalid="true"]').count()) >= 3);
    await page.getByLabel('Account').selectOption({ label: 'Demo RUB · RUB' });
    await page.getByLabel('Service').selectOption('qiwi_rub');
    await page.getByLabel('Recipient’s number').fill(paid);
    await page.getByLabel('Amount, RUB').fill('250,50');
    await press('Check');
    await page.getByText('Can be ordered').waitFor();
    await checkAccess(visit, 'an order that was checked');
    await takeShot(page, 'cabinet-order');
    await press('Order the payout');
    await page.getByText('The payout is accepted.').waitFor();
    await page.getByRole('link', { name: /^Payout \d+$/ }).click();
    await page.locator('.timeline').getByText('Paid', { exact: true }).waitFor();
    await page.getByText('The sandbox').count();
    assert.equal(await page.getByText('sandbox').count(), 0, 'providers are not their business');
    await checkAccess(visit, 'an own payout');
    await takeShot(page, 'cabinet-payout');
  });

  test('the table of payouts has no operators’ columns, and opens a payout', async () => {
    await open('payouts');
    await page.getByRole('button', { name: 'Columns' }).click();
    assert.equal(await page.getByLabel('Connector').count(), 0);
    await page.keyboard.press('Escape');
    await page.locator('[data-payout]').first().click();
    await page.waitForURL(/\/cabinet\/payouts\/\d+$/);
  });

  test('a key takes the password again; its archive comes once', async () => {
    await page.goto(`${gateway.demo.baseUrl}/cabinet/form/setting-api-certs`);
    await page.getByRole('heading', { name: 'Certificates', exact: true }).waitFor();
    await waitLoaded(page);
    await press('Generate key');
    await dialog().getByLabel('Current password').fill('not this one');
    await dialog().getByRole('button', { name: 'Generate key' }).click();
    await dialog().getByText('The login or the password is wrong.').waitFor();
    await dialog().getByLabel('Current password').fill(password);
    await dialog().getByRole('button', { name: 'Generate key' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog().getByRole('link', { name: 'Download' }).click(),
    ]);
    archive = await readFile(await download.path());
    await dialog().getByText('Close', { exact: true }).click();
    const files = readKeyArchive(archive);
    await writeFile(join(folder, 'private.pem'), files.privatePem);
    await writeFile(join(folder, 'password.txt'), files.password);
    await waitLoaded(page);
    await checkAccess(visit, 'own keys');
  });

  test('the debugger says what is wrong with a signature', async () => {
    const body = '{"order_id":"1","amount":"10.00"}';
    const sign = createSign('RSA-SHA1').update(`${body}\n`).sign(readKeyArchive(archive).key, 'base64');
    await open('debugger');
    await page.getByLabel('Body, exactly as it was sent').fill(body);
    await page.getByLabel('Sign header').fill(sign);
    await press('Explain');
    await page.getByText('The signature does not fit').waitFor();
    await page
      .locator('.problems')
      .getByText(/line break|newline/i)
      .first()
      .waitFor();
    await checkAccess(visit, 'the debugger');
    await takeShot(page, 'cabinet-debugger');
    await page.getByLabel('Line breaks').selectOption('newline');
    await press('Explain');
    await page.getByText('The signature is right').waitFor();
  });

  const programs = [
    ['PHP', 'create.php', 'php', ['create.php']],
    ['Node.js', 'create.mjs', process.execPath, ['create.mjs']],
    ['Python', 'create.py', 'python3', ['create.py']],
    ['Go', 'create.go', 'go', ['run', 'create.go']],
    ['curl', 'create.sh', 'bash', ['create.sh']],
  ] as const;

  for (const [language, file, program, args] of programs) {
    test(`the code in ${language} runs as it stands`, async (t) => {
      await open('integration');
      await page.getByLabel('Account').selectOption({ label: 'Demo RUB · RUB' });
      await page.getByLabel('Language').selectOption(language);
      await page.waitForFunction(() => document.querySelector('.snippet')?.textContent?.includes('_rub') === true);
      await writeFile(join(folder, file), (await page.locator('.snippet').textContent()) ?? '');
      const env = { ...process.env, GOCACHE: join(folder, 'go'), HOME: folder };
      const done = await run(program, [...args], { cwd: folder, env, timeout: 120_000 }).catch((error: unknown) => {
        const isMissing = (error as { code?: string }).code === 'ENOENT';
        if (isMissing) return undefined;
        throw error;
      });
      if (skipMissing(t, done === undefined ? `${program} is not installed here` : undefined)) return;
      assert.match(done?.stdout ?? '', /"payment_status":"wait","id":\d+/);
    });
  }

  test('what was sent is in the delivery log, with its exact text, and can be sent again', async () => {
    await open('endpoints');
    await page
      .getByRole('button', { name: /^Tries: / })
      .first()
      .click();
    await dialog().getByText('"type":"payout"').waitFor();
    await takeShot(page, 'cabinet-delivery');
    await dialog().getByRole('button', { name: 'Close' }).click();
    await page
      .getByRole('button', { name: /^Send again: / })
      .first()
      .click();
    await dialog().getByRole('button', { name: 'Send again' }).click();
    await dialog().waitFor({ state: 'detached' });
    await page.getByText('It is being sent again.').first().waitFor();
  });

  test('every page stands axe in both languages and colours, and a phone', async () => {
    const storage = await visit.context.storageState();
    for (const language of ['en', 'ru'] as const) {
      for (const colours of ['light', 'dark'] as const) {
        const width = colours === 'dark' ? 390 : 1360;
        const other = await openVisit(browser, { language, colours, width });
        await other.context.addCookies(storage.cookies);
        for (const path of [
          '',
          'payouts',
          'order',
          'accounts',
          'keys',
          'endpoints',
          'integration',
          'debugger',
          'own',
        ]) {
          await other.page.goto(cabinetUrl() + path);
          await waitLoaded(other.page);
          const wide = await other.page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(wide <= width, `${path} is ${wide} wide`);
          await checkAccess(other, `cabinet/${path} in ${language}, ${colours}`);
          await takeShot(other.page, `cabinet-${path || 'overview'}-${language}-${colours}`);
        }
        assert.deepEqual(other.problems, []);
        await other.context.close();
      }
    }
  });

  test('an account has its prices and its statement; the documented address leads there', async () => {
    await page.goto(`${gateway.demo.baseUrl}/cabinet/resources/project-accounts`);
    await page.getByRole('heading', { name: 'Accounts' }).waitFor();
    await page.getByRole('link', { name: gateway.demo.accounts[0]?.id ?? '' }).click();
    await page.getByRole('heading', { name: 'Statement' }).waitFor();
    await waitLoaded(page);
    assert.ok((await page.getByRole('row').count()) > 5);
    await checkAccess(visit, 'an own account');
  });

  test('signing out ends it; an operator who opens a documented address is led to the operators’ page', async () => {
    await press('Sign out');
    await page.locator('input[name="login"]').waitFor();
    await signIn(visit, gateway);
    await page.goto(`${gateway.demo.baseUrl}/cabinet/form/setting-api-certs`);
    await page.waitForURL(/\/console\/merchants\/1$/);
    assert.deepEqual(visit.problems, []);
  });
});
