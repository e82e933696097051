import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createClient } from '@vyplata/sdk';
import type { Browser, Page } from 'playwright-core';
import { sandboxScripts } from '../../../gateway/src/connectors/sandbox-script.ts';
import { type DemoGateway, startDemoGateway } from '../../../gateway/test/gateway.ts';
import { openBrowser, openVisit, signIn, takeShot, tellExit, type Visit, waitLoaded } from './browser.ts';

const phoneOf = (name: string): string => sandboxScripts.find((script) => script.name === name)?.phone ?? '';

/** The whole way of a person who sets a merchant up and looks after payouts, on the real program. */
describe('journeys of an operator', () => {
  let gateway: DemoGateway;
  let browser: Browser;
  let visit: Visit;
  let page: Page;
  let demo: ReturnType<typeof createClient>;
  before(async () => {
    gateway = await startDemoGateway({
      env: { ONE_PERSON: 'true', UNKNOWN_BUDGET_MS: '1000', CALL_DEADLINE_MS: '500' },
    });
    browser = await openBrowser();
    visit = await openVisit(browser);
    ({ page } = visit);
    const pem = await readFile(join(gateway.demo.certDir, 'private.pem'), 'utf8');
    const password = await readFile(join(gateway.demo.certDir, 'password.txt'), 'utf8');
    demo = createClient({ baseUrl: gateway.demo.baseUrl, account: account(), key: { pem, password } });
  });
  after(async () => {
    await browser?.close();
    if (gateway !== undefined) tellExit(gateway);
    await gateway?.close();
  });

  const account = (): string => gateway.demo.accounts.find(({ currency }) => currency === 'RUB')?.id ?? '';
  const open = async (path: string): Promise<void> => {
    await page.goto(gateway.demo.consoleUrl + path);
    await waitLoaded(page);
  };
  const dialog = () => page.getByRole('dialog');
  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).first().click();
  const confirm = async (name: string): Promise<void> => {
    await dialog().getByRole('button', { name, exact: true }).click();
    await dialog().waitFor({ state: 'detached' });
  };
  const fill = (label: string, text: string): Promise<void> => dialog().getByLabel(label, { exact: true }).fill(text);

  test('a wrong password is refused in words, the right one opens the page that was asked for', async () => {
    await page.goto(`${gateway.demo.consoleUrl}services`);
    await page.locator('input[name="login"]').fill('demo');
    await page.locator('input[name="password"]').fill('not this one');
    await page.locator('form button[type="submit"]').click();
    await page.getByRole('alert').waitFor();
    assert.equal(await page.locator('input[name="login"]').inputValue(), 'demo', 'what was typed stays');
    await signIn(visit, gateway, 'services');
    await page.getByRole('heading', { name: 'Services' }).waitFor();
  });

  test('a merchant, an account, money, a service and a key; with its archive the merchant orders', async () => {
    await open('merchants');
    await press('Add merchant');
    await fill('Name', 'Lantern & <b>Sons</b>');
    await confirm('Add merchant');
    await page.getByRole('heading', { name: 'Lantern & <b>Sons</b>' }).waitFor();
    const merchantUrl = page.url();
    await press('Generate key');
    await dialog().getByRole('button', { name: 'Generate key' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog().getByRole('link', { name: 'Download' }).click(),
    ]);
    const archive = await readFile(await download.path());
    await dialog().getByText('Close', { exact: true }).click();
    await press('Add account');
    await dialog().getByLabel('Mode').selectOption('sandbox');
    await confirm('Add account');
    await page.getByRole('heading', { name: 'Balance' }).waitFor();
    const accountId = page.url().split('/').at(-1) ?? '';
    await press('Top up');
    await fill('Amount, RUB', '5000,00');
    await fill('Reason', 'Bank statement of today');
    await confirm('Top up');
    await page.locator('.facts').getByText('5\u202f000.00').waitFor();
    await page.getByRole('button', { name: 'Set: qiwi_rub' }).click();
    await dialog().getByLabel('Percent of the amount').fill('1.5');
    await dialog().getByText('account is debited 1\u202f015.00\u00a0RUB').waitFor();
    await takeShot(page, 'commission');
    await confirm('Save');
    const merchant = createClient({ baseUrl: gateway.demo.baseUrl, account: accountId, key: { archive } });
    const order = { orderId: 'lantern-1', amount: '1000.00', number: phoneOf('paid'), service: 'qiwi_rub' };
    await merchant.createPayout(order);
    const status = await merchant.waitUntilFinal({ orderId: 'lantern-1' });
    assert.equal(status.status, 'paid');
    assert.equal(status.commissionAmount, '15.00');
    await page.goto(merchantUrl);
  });

  test('an order is seen with everything that happened, down to its delivered notification', async () => {
    await demo.createPayout(orderOf('seen-1', phoneOf('paid'), { notificationEndpointId: 5 }));
    await demo.waitUntilFinal({ orderId: 'seen-1' });
    await open('');
    await page.keyboard.press('/');
    await page.keyboard.type('seen-1');
    await page.keyboard.press('Enter');
    await page.waitForURL(/order_id=seen-1/);
    await page.locator('.payouts a').click();
    await page
      .locator('.timeline')
      .getByText(/try 1: HTTP 200/)
      .waitFor();
    for (const text of ['Posting: hold', 'Sent → Paid', /Attempt 1 through sandbox: succeeded/]) {
      assert.equal(await page.locator('.timeline').getByText(text).count(), 1, String(text));
    }
    await takeShot(page, 'payout');
  });

  test('a notification that could not be delivered is seen and sent again', async () => {
    await open('merchants/1');
    // Accepted while the endpoint is on, final once it is off.
    await demo.createPayout(orderOf('undelivered-1', phoneOf('paid_after_5s'), { notificationEndpointId: 5 }));
    await page.getByRole('button', { name: 'Switch off: 5' }).click();
    await confirm('Switch off');
    await demo.waitUntilFinal({ orderId: 'undelivered-1' });
    await page.getByRole('button', { name: 'Switch on: 5' }).click();
    await confirm('Switch on');
    await open('notifications');
    await page
      .getByRole('button', { name: /^Send again: / })
      .first()
      .click();
    await confirm('Send again');
    await page.getByText('Every notification was delivered').waitFor();
    await open('payouts?order_id=undelivered-1');
    await page.locator('.payouts a').click();
    await page
      .locator('.timeline')
      .getByText(/HTTP 200/)
      .waitFor();
  });

  test('a payout with an unknown outcome waits in review and ends by a verdict with its evidence', async () => {
    await demo.createPayout(orderOf('unknown-1', phoneOf('never_answers')));
    await open('reviews');
    const row = page.getByRole('row').filter({ hasText: 'unknown-1' });
    await row.waitFor({ timeout: 40_000 });
    await row.getByRole('button').click();
    await dialog().getByLabel('What did you find out?').selectOption('not_executed');
    await dialog().getByText('RUB go back to the account').waitFor();
    await dialog().getByRole('button', { name: 'End the payout' }).click();
    await dialog().getByText(/./).first().waitFor();
    assert.equal(await dialog().count(), 1, 'without evidence nothing is decided');
    await fill('Evidence', 'Statement of the provider, line 17');
    await takeShot(page, 'verdict');
    await confirm('End the payout');
    await page.getByText('Nothing waits for a verdict.').waitFor();
    const status = await demo.waitUntilFinal({ orderId: 'unknown-1' });
    assert.equal(status.status, 'fail');
  });

  test('a key is rotated: both work until the old one is retired', async () => {
    await open('merchants/2');
    await press('Generate key');
    await dialog().getByRole('button', { name: 'Generate key' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog().getByRole('link', { name: 'Download' }).click(),
    ]);
    await dialog().getByText('Close', { exact: true }).click();
    const retire = page.getByRole('button', { name: /^Retire: / });
    await page.waitForFunction(() => document.querySelectorAll('[aria-label^="Retire: "]').length === 2);
    await retire.last().click();
    await confirm('Retire');
    await page.getByText('Retired', { exact: true }).waitFor();
    const accountLink = await page.locator('a[href*="/accounts/"]').first().getAttribute('href');
    const archive = await readFile(await download.path());
    const key = { archive };
    const merchant = createClient({
      baseUrl: gateway.demo.baseUrl,
      account: accountLink?.split('/').at(-1) ?? '',
      key,
    });
    assert.equal((await merchant.accountBalance()).currency, 'RUB');
  });

  test('the overview shows what flows, what waits and how connectors do', async () => {
    for (let count = 0; count < 30; count += 1) {
      const failed = count % 9 === 4;
      await demo.createPayout(orderOf(`flow-${count}`, phoneOf(failed ? 'fail_recipient_blocked' : 'paid')));
    }
    await demo.waitUntilFinal({ orderId: 'flow-29' });
    await open('');
    // Workers count once a while.
    await page.waitForFunction(() => document.querySelectorAll('.chart canvas').length === 2);
    const sandbox = page.getByRole('region', { name: 'Connectors, last 24 hours' }).getByRole('row').last();
    await sandbox.getByText(/^\d\d+ \/ [1-9]/).waitFor({ timeout: 60_000 });
    assert.match(
      (await page.getByRole('img', { name: /^In the last hour/ }).getAttribute('aria-label')) ?? '',
      /In the last hour \d\d payouts were accepted/,
    );
    await takeShot(page, 'overview');
    await page.locator('.figure').filter({ hasText: 'Incidents' }).getByRole('link').click();
    await page.waitForURL(/incidents/);
  });

  test('the keyboard alone opens pages and commands, and says what it can do', async () => {
    await open('');
    await page.keyboard.press('?');
    await dialog().getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await dialog().getByRole('combobox').waitFor();
    await page.keyboard.type('audit l');
    await page.keyboard.press('Enter');
    await page.waitForURL(/audit-log/);
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.waitForURL(/merchants/);
  });

  test('signing out ends the session for good', async () => {
    await press('Sign out');
    await page.locator('input[name="login"]').waitFor();
    await page.reload();
    await page.locator('input[name="login"]').waitFor();
    assert.deepEqual(visit.problems, []);
  });
});

type Order = Parameters<ReturnType<typeof createClient>['createPayout']>[0];

function orderOf(orderId: string, number: string, more: Partial<Order> = {}): Order {
  return { orderId, number, amount: '500.00', service: 'qiwi_rub', ...more };
}
