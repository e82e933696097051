import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createClient } from '@vyplata/sdk';
import type { Browser, Page } from 'playwright-core';
import { sandboxScripts } from '../../../gateway/src/connectors/sandbox-script.ts';
import { type DemoGateway, startDemoGateway } from '../../../gateway/test/gateway.ts';
import { checkAccess, openBrowser, openVisit, signIn, takeShot, tellExit, type Visit, waitLoaded } from './browser.ts';

const paid = sandboxScripts.find(({ name }) => name === 'paid')?.phone ?? '';

/** What keeps harm small: pauses, limits, addresses, and many rows at once. */
describe('keeping payouts safe', () => {
  let gateway: DemoGateway;
  let browser: Browser;
  let visit: Visit;
  let page: Page;
  let demo: ReturnType<typeof createClient>;
  before(async () => {
    gateway = await startDemoGateway();
    browser = await openBrowser();
    visit = await openVisit(browser);
    ({ page } = visit);
    const pem = await readFile(join(gateway.demo.certDir, 'private.pem'), 'utf8');
    const password = await readFile(join(gateway.demo.certDir, 'password.txt'), 'utf8');
    demo = createClient({ baseUrl: gateway.demo.baseUrl, account: account(), key: { pem, password } });
    await signIn(visit, gateway);
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
  const order = (orderId: string, amount: string) =>
    demo.createPayout({ orderId, amount, number: paid, service: 'qiwi_rub', notificationEndpointId: 5 });

  test('everything is paused; each page says so, with what it holds back in numbers', async () => {
    await open('pauses#add');
    await dialog().getByText('0 payouts').waitFor();
    await dialog().getByRole('button', { name: 'Pause', exact: true }).click();
    await dialog().locator('textarea[aria-invalid="true"]').waitFor();
    await dialog().getByLabel('Reason').fill('The provider <i>answers</i> oddly');
    await confirm('Pause');
    // Workers look for pauses now and then.
    await page.waitForTimeout(2_500);
    await order('held-1', '100.00');
    await order('held-2', '250.50');
    await order('held-3', '1000.00');
    await open('services');
    const banner = page.locator('.banner');
    await banner.getByText('3 payouts, 1\u202f350.50\u00a0RUB').waitFor();
    await banner.getByText('The provider <i>answers</i> oddly').waitFor();
    await checkAccess(visit, 'a page under a pause');
    await banner.getByRole('link').click();
    await page.getByRole('heading', { name: 'Pauses' }).waitFor();
    await waitLoaded(page);
    await takeShot(page, 'pauses-standing');
  });

  test('marked rows are cancelled at once: what it does in numbers, then how each went', async () => {
    await open('payouts');
    const row = (orderId: string) => page.getByRole('row').filter({ hasText: orderId });
    await row('held-1').getByRole('checkbox').click();
    await row('held-2').getByRole('checkbox').click();
    const bar = page.getByRole('region', { name: 'Marked payouts' });
    await bar.getByText('2 marked').waitFor();
    await takeShot(page, 'payouts-marked');
    // One of them ends while the other person is still thinking.
    await bar.getByRole('button', { name: 'Cancel payout: 2' }).click();
    await dialog().getByText('2 payouts are not sent, and 350.50\u00a0RUB go back').waitFor();
    await cancelElsewhere('held-2');
    await dialog().getByLabel('Reason').fill('Ordered twice');
    await dialog().getByRole('button', { name: 'Cancel 2 payouts' }).click();
    await dialog().getByText('Ended: done 1, refused 1, not begun 0.').waitFor();
    await checkAccess(visit, 'results of many');
    await takeShot(page, 'bulk');
    await dialog().getByRole('button', { name: 'Close' }).last().click();
    assert.equal((await demo.waitUntilFinal({ orderId: 'held-1' })).status, 'cancel');
  });

  async function cancelElsewhere(orderId: string): Promise<void> {
    const { id } = await demo.payoutStatus({ orderId });
    const body = JSON.stringify({ reason: 'elsewhere' });
    const headers = { 'X-Vyplata-Request': '1', 'Content-Type': 'application/json', Origin: gateway.demo.baseUrl };
    const url = `${gateway.demo.baseUrl}/operator/v1/payouts/${id}/cancel`;
    const answer = await visit.context.request.post(url, { data: body, headers });
    assert.equal(answer.status(), 200, await answer.text());
  }

  test('going on says what is sent at once; then the rest is paid and the banner is gone', async () => {
    await open('pauses');
    await page.getByRole('button', { name: /^Go on: / }).click();
    await dialog().getByText('1 payout, 1\u202f000.00\u00a0RUB').waitFor();
    await confirm('Go on');
    await page.getByText('Nothing is paused. Payouts are being sent.').waitFor();
    assert.equal((await demo.waitUntilFinal({ orderId: 'held-3' })).status, 'paid');
    await page.locator('.banner').waitFor({ state: 'detached' });
  });

  test('the merchant is told again about marked payouts, marked by keyboard', async () => {
    await open('payouts?order_id=held-3');
    await page.locator('.payouts').focus();
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.getByRole('button', { name: 'Tell the merchant again: 1' }).click();
    await dialog().getByRole('button', { name: 'Tell again about 1 payout' }).click();
    await dialog().getByText('Ended: done 1, refused 0, not begun 0.').waitFor();
    await dialog().getByRole('button', { name: 'Close' }).last().click();
    await page.locator('[data-payout]').click();
    await page.locator('.timeline').getByText('try 2: HTTP 200').waitFor();
  });

  test('one account is paused on its page', async () => {
    await open(`merchants/1/accounts/${account()}`);
    await press('Pause account');
    await dialog().getByLabel('Reason').fill('Odd orders');
    await confirm('Pause account');
    await page.locator('.banner').getByText('Payouts of one account are paused.').waitFor();
    await open('pauses');
    await page.getByRole('button', { name: /^Go on: / }).click();
    await confirm('Go on');
    await page.getByText('Nothing is paused').waitFor();
  });

  test('limits, addresses and the signature of an account; what is refused keeps what was typed', async () => {
    await open('merchants/1');
    await press('Limits');
    await dialog()
      .getByLabel(/Orders per minute/)
      .fill('many');
    await dialog().getByRole('button', { name: 'Save' }).click();
    await dialog().locator('[aria-invalid="true"]').waitFor();
    assert.equal(
      await dialog()
        .getByLabel(/Orders per minute/)
        .inputValue(),
      'many',
    );
    await dialog()
      .getByLabel(/Orders per minute/)
      .fill('600');
    await confirm('Save');
    await page.locator('.facts').getByText('600').waitFor();
    await press('Addresses');
    await dialog()
      .getByLabel(/Allowed addresses/)
      .fill('127.0.0.0/8\n2001:db8::/32');
    await dialog().getByText('from 2 addresses and networks, and from nowhere else').waitFor();
    await confirm('Save');
    await page.locator('.facts').getByText('127.0.0.0/8, 2001:db8::/32').waitFor();
    await open(`merchants/1/accounts/${account()}`);
    await press('Signature');
    await dialog().getByLabel('Signature').selectOption('v1_or_v2');
    await dialog().getByText('Both schemes work').waitFor();
    await confirm('Save');
    await page.locator('.facts').getByText('v1 or v2').waitFor();
  });

  test('a service is added, changed, and its connectors are checked', async () => {
    await open('services#add');
    await dialog().getByLabel('Method').fill('gift_card');
    await dialog().getByText('Its code will be gift_card_rub.').waitFor();
    await dialog().getByLabel('Recipient', { exact: true }).selectOption('text');
    await dialog().getByLabel('Name in English').fill('Gift <card>');
    await dialog().getByLabel('Name in Russian').fill('Подарочная карта');
    await dialog()
      .getByLabel(/Connectors/)
      .fill('sandbox');
    await confirm('Add service');
    const row = page.getByRole('row').filter({ hasText: 'gift_card_rub' });
    await row.getByText('Gift <card>').waitFor();
    await row.getByRole('button', { name: 'Change: gift_card_rub' }).click();
    await dialog().getByLabel(/^To/).fill('5000,00');
    await confirm('Save');
    await row.getByText('5\u202f000.00').waitFor();
  });

  test('the audit log is filtered by who and what, and its chain is verified', async () => {
    await open('audit-log?action=pause.set');
    const rows = page.locator('table.records tbody tr');
    assert.equal(await rows.count(), 2);
    await press('Verify the chain');
    await page.getByText(/Whole: \d+ rows\./).waitFor();
    await takeShot(page, 'audit-log');
    await press('Clear');
    await page.waitForFunction(() => document.querySelectorAll('table.records tbody tr').length > 5);
    assert.deepEqual(visit.problems, []);
  });
});
