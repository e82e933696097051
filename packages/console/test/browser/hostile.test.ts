import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createClient } from '@vyplata/sdk';
import type { Browser } from 'playwright-core';
import { sandboxScripts } from '../../../gateway/src/connectors/sandbox-script.ts';
import { openOperator, type TestOperator } from '../../../gateway/test/contract/operator.ts';
import { type DemoGateway, startDemoGateway } from '../../../gateway/test/gateway.ts';
import { checkAccess, openBrowser, openVisit, signIn, takeShot, tellExit, waitLoaded } from './browser.ts';

/** Markup, templates, formulas, letters that turn the line around, and a word without end. */
const strings = {
  markup: `<img src=x onerror="window.hit=1"><script>window.hit=1</script>`,
  attribute: `"'><svg/onload=window.hit=1>`,
  template: '{{constructor.constructor("window.hit=1")()}} ${window.hit=1} $t(pages.own)',
  turned: 'order\u202e0001\u2066 \u05d0\u05d1\u05d2',
  formula: '=HYPERLINK("https://evil.example";"open")',
  long: 'x'.repeat(120),
  script: 'javascript:window.hit=1',
} as const;

describe('hostile strings in whatever a merchant may choose', () => {
  let gateway: DemoGateway;
  let browser: Browser;
  let operator: TestOperator;
  const merchantIds: number[] = [];
  const payoutIds: number[] = [];
  before(async () => {
    gateway = await startDemoGateway();
    operator = await openOperator(gateway);
    const pem = await readFile(join(gateway.demo.certDir, 'private.pem'), 'utf8');
    const password = await readFile(join(gateway.demo.certDir, 'password.txt'), 'utf8');
    const account = gateway.demo.accounts[0]?.id ?? '';
    const demo = createClient({ baseUrl: gateway.demo.baseUrl, account, key: { pem, password } });
    const number = sandboxScripts.find(({ name }) => name === 'paid')?.phone ?? '';
    for (const text of Object.values(strings)) {
      const order = { orderId: text, amount: '10.00', number, service: 'qiwi_rub' } as const;
      const url = `https://shop.example/?q=${encodeURIComponent(text).slice(0, 150)}`;
      const { id } = await demo.createPayout({ ...order, notificationEndpointUrl: url });
      payoutIds.push(id);
      const made = await operator.call('POST', '/merchants', { name: text });
      const path = `/merchants/${String(made.json['id'])}`;
      merchantIds.push(Number(made.json['id']));
      assert.equal(
        (await operator.call('POST', `${path}/accounts`, { currency: 'RUB', mode: 'live', name: text })).status,
        201,
      );
      const endpoint = await operator.call('POST', `${path}/endpoints`, { url, name: text });
      assert.equal(endpoint.status, 201, endpoint.text);
    }
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    if (gateway !== undefined) tellExit(gateway);
    await gateway?.close();
  });

  for (const language of ['en', 'ru'] as const) {
    test(`they are text and nothing else, on every page that shows them (${language})`, async () => {
      const visit = await openVisit(browser, { language, width: language === 'ru' ? 390 : 1360 });
      const { page } = visit;
      await signIn(visit, gateway);
      const width = page.viewportSize()?.width ?? 0;
      const pages: [path: string, texts: readonly string[]][] = [
        ['payouts', Object.values(strings)],
        ['merchants', Object.values(strings)],
        ...merchantIds.map((id, at): [string, string[]] => [`merchants/${id}`, [Object.values(strings)[at] ?? '']]),
        ...payoutIds.map((id, at): [string, string[]] => [`payouts/${id}`, [Object.values(strings)[at] ?? '']]),
        ['audit-log', [strings.turned]],
      ];
      for (const [path, texts] of pages) {
        await page.goto(gateway.demo.consoleUrl + path);
        await waitLoaded(page);
        const shown = (await page.locator('body').textContent()) ?? '';
        for (const text of texts) assert.ok(shown.includes(text), `${path} shows ${text}`);
        assert.equal(await page.locator('img, svg[onload], a[href^="javascript:"]').count(), 0, path);
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${path} fits`);
      }
      await checkAccess(visit, 'the last of them');
      await page.goto(`${gateway.demo.consoleUrl}payouts`);
      await waitLoaded(page);
      await takeShot(page, `hostile-${language}`);
      assert.equal(await page.evaluate(() => 'hit' in globalThis), false, 'nothing of it ran');
      assert.deepEqual(visit.problems, [], 'and nothing tried to');
      await visit.context.close();
    });
  }
});
